"""The brand of a tenant: two colours, a logo, texts of its own. What follows from them for pages and mails, and what is refused.

Colours enter as `#rrggbb` and nothing else, texts as plain text: neither can carry a rule or a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from housekey.core.colours import TEXT, clean, contrast, darkened, mixed, on, ratio, readable
from housekey.core.errors import Invalid
from housekey.core.languages import nearest

MOST_TEXT, MOST_ALT = 300, 100
"""Characters."""
MOST_MAILED = 102_400
"""Bytes of a logo that still travels in each mail."""
MAILED = frozenset({"image/png", "image/jpeg", "image/gif"})
"""Kinds that mail programs show: some do not know WebP."""

LIGHT, DARK = "light", "dark"
SURFACE = {LIGHT: "#ffffff", DARK: "#171b22"}
"""What the pages' cards are made of in each colour scheme: the tokens of housekey.css."""
GROUND = {LIGHT: "#f5f6f8", DARK: "#0f1217"}
SOFT = {LIGHT: "#565f70", DARK: "#a3adbd"}
"""The faintest text that stands on the ground."""
SHIPPED = {LIGHT: "#2c4fc1", DARK: "#4366d8"}
_DIMMEST = 0.007
"""The luminance of a ground in the dark scheme, at most: the card on it stays the brighter one."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that a tenant may replace. `default` is what is shipped, in English; `""`: nothing stands there."""

    label: str
    default: str
    hint: str = ""


TEXTS: dict[str, Text] = {
    "login_heading": Text("Heading of the sign-in page", "Sign In"),
    "login_lead": Text("Sentence below that heading", "", "Such as: With the account of your school."),
    "password_lead": Text("Sentence on the page to set a password", "", "Stands below the sentence that names the user."),
    "invited": Text("Sentence after the first password", "Your account is open. Sign in with your new password."),
    "reset": Text("Sentence after a new password", "Sign in with your new password. You were signed out everywhere else."),
    "recover_lead": Text("Sentence on the page for a forgotten password",
                         "Tell us your username. We send a message to the address or number we have for it."),
    "footer": Text("Line at the foot of the pages", "", "Such as an address, or who runs this service."),
    "mail_footer": Text("Line at the foot of e-mails", "", "Such as the postal address of your organisation."),
}
"""Key of a text -> what it is. The keys are stored and named in templates."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Brand:
    """What a tenant has stored; empty parts look as Housekey does. `mark` differs whenever anything was saved, `""` without a brand.

    `texts`: key -> locale -> what it says.
    """

    primary: str = ""
    background: str = ""
    logo_type: str = ""
    logo_alt: str = ""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    version: int = 0
    mark: str = ""

    @property
    def coloured(self) -> bool:
        return bool(self.primary or self.background)

    def own(self, key: str, locale: str) -> str:
        """What the tenant says in exactly this language, or in the one it is a variant of. `""` where it says nothing."""
        said = self.texts.get(key, {})
        return said.get(nearest(locale, said, kin=False), "")


PLAIN = Brand()


def clean_text(key: str, value: str) -> str:
    """A text as it is stored: on one line, white space around it gone. Raises Invalid; KeyError for a key that does not exist."""
    text = " ".join(value.split())
    if len(text) > MOST_TEXT:
        raise Invalid(f"A text can have at most {MOST_TEXT} characters.", field=key)
    if _UNSEEN.search(text):
        raise Invalid("There is a character in this text that nobody can see. Please take it out.", field=key)
    return "" if text == TEXTS[key].default else text


def clean_alt(value: str, *, logo: bool) -> str:
    """What is read out in place of a logo. Raises Invalid: without it a logo says nothing to people who do not see it."""
    text = " ".join(value.split())
    if logo and not text:
        raise Invalid("Please say in words what the logo shows, such as the name of your organisation.", field="logo_alt")
    if len(text) > MOST_ALT or _UNSEEN.search(text):
        raise Invalid(f"The words for the logo can have at most {MOST_ALT} characters, all of them visible.", field="logo_alt")
    return text


def clean_colours(primary: str, background: str) -> tuple[str, str]:
    """Both as they are stored. Raises Invalid for what is no colour, and for a ground on which text could not be read."""
    primary, background = clean(primary, "primary"), clean(background, "background")
    if background and contrast(SOFT[LIGHT], background) < TEXT:
        raise Invalid(
            f"Text on this background would have a contrast of {ratio(SOFT[LIGHT], background)}; it needs 4.5:1. Choose a lighter colour.",
            field="background",
        )
    return primary, background


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of one scheme. `on_brand` is the text on a button, `strong` a button under the pointer."""

    brand: str
    on_brand: str
    strong: str
    link: str
    ground: str
    surface: str


def look(brand: Brand, scheme: str) -> Look:
    """What a page or mail looks like. Text on a button and links have at least 4.5:1, whatever was chosen."""
    ground = brand.background or GROUND[scheme]
    if brand.background and scheme == DARK:
        ground = darkened(brand.background, _DIMMEST)
    primary = brand.primary or SHIPPED[scheme]
    link = readable(primary, (SURFACE[scheme], ground))
    return Look(primary, on(primary), _strong(primary), link, ground, SURFACE[scheme])


def _strong(primary: str) -> str:
    """A shade away from the text on it, so that it is read no worse."""
    return mixed(primary, "#000000" if on(primary) == "#ffffff" else "#ffffff", 0.16)


def style_sheet(brand: Brand, *, only: str = "", tokens: Mapping[str, str] | None = None) -> str:
    """The custom properties of the pages that differ from the shipped ones; `only` one scheme, whatever the reader prefers, with the
    `tokens` that this scheme has besides."""
    if only:
        return f":root{{color-scheme:{only};{(tokens or {}).get(only, '')}{_tokens(brand, only)}}}\n{_MARKS}"
    return f":root{{{_tokens(brand, LIGHT)}}}\n@media (prefers-color-scheme:dark){{:root{{{_tokens(brand, DARK)}}}}}\n{_MARKS}"


_MARKS = ".choices input{accent-color:var(--link)}\n"
"""A ticked box has to be seen, as text has: the brand's colour itself need not be."""


def _tokens(brand: Brand, scheme: str) -> str:
    seen = look(brand, scheme)
    changed: dict[str, str] = {}
    if brand.primary:
        changed |= {"brand": seen.brand, "on-brand": seen.on_brand, "brand-strong": seen.strong, "link": seen.link}
    if brand.background:
        changed["ground"] = seen.ground
    return ";".join(f"--{name}:{value}" for name, value in changed.items())


@dataclass(frozen=True, slots=True)
class Verdict:
    """A contrast in words: `sentence` is English with `{names}` for `values`. `tone`: good, info (something is adapted) or bad."""

    sentence: str
    tone: str
    values: dict[str, str] = field(default_factory=dict)


def judge(primary: str, background: str) -> Iterator[Verdict]:
    """What becomes of two clean colours, `""` for none."""
    brand = Brand(primary, background)
    if primary:
        text = on(primary)
        yield Verdict("Text on buttons is white, with a contrast of {ratio}; 4.5:1 is needed." if text == "#ffffff" else
                      "Text on buttons is black, with a contrast of {ratio}; 4.5:1 is needed.", "good", {"ratio": ratio(text, primary)})
        yield from (_of_links(brand, scheme) for scheme in (LIGHT, DARK))
    if background:
        found = ratio(SOFT[LIGHT], background)
        if contrast(SOFT[LIGHT], background) < TEXT:
            yield Verdict("Text on the background has {ratio}; 4.5:1 is needed. Choose a lighter colour.", "bad", {"ratio": found})
        else:
            yield Verdict("Text on the background has {ratio}; 4.5:1 is needed. At night it becomes {colour}.", "good",
                          {"ratio": found, "colour": look(brand, DARK).ground})


_LINKS = {
    LIGHT: ("Links by day have {ratio}; 4.5:1 is needed.",
            "Links by day would have {ratio}; 4.5:1 is needed. They are written in {colour} instead, with {better}."),
    DARK: ("Links at night have {ratio}; 4.5:1 is needed.",
           "Links at night would have {ratio}; 4.5:1 is needed. They are written in {colour} instead, with {better}."),
}


def _of_links(brand: Brand, scheme: str) -> Verdict:
    seen = look(brand, scheme)
    worst = min((seen.surface, seen.ground), key=lambda ground: contrast(brand.primary, ground))
    enough, adapted = _LINKS[scheme]
    values = {"ratio": ratio(brand.primary, worst)}
    if seen.link == brand.primary:
        return Verdict(enough, "good", values)
    return Verdict(adapted, "info", values | {"colour": seen.link, "better": ratio(seen.link, worst)})
