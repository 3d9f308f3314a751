"""The templates of messages as tenants may write them: which names are filled in, what each kind is for, and what is wrong with a text.

Templates are data: `{{name}}` is all they can say. Everything else in braces stays as it is written (A-111).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as part_of
from difflib import get_close_matches

from housekey.core import markup
from housekey.core.errors import Invalid
from housekey.core.languages import nearest as nearest
from housekey.core.messages import EMAIL, SMS
from housekey.core.scenario import SCENARIOS

PLACEHOLDER = re.compile(r"\{\{([A-Za-z][\w.:-]*)\}\}")
LOCALE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
CUSTOM_KIND = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _-]{0,48}[A-Za-z0-9])?")
"""WSO2's rule for the name of a type."""

MOST_SUBJECT, MOST_HTML, MOST_TEXT, MOST_SMS, MOST_LINES, MOST_PLACEHOLDERS = 255, 100_000, 20_000, 1_000, 2_000, 200
"""Characters; for `MOST_HTML` and `MOST_TEXT` bytes; lines; names to fill in."""

LINK, CODE, EXPIRES = "link", "confirmation-code", "expires"
MEANINGS: dict[str, str] = {
    "recipient-name": "The first name, or the user name where there is none.",
    "user-name": "The user name.",
    "user.claim.givenname": "The first name. Empty where there is none.",
    "user.claim.lastname": "The last name. Empty where there is none.",
    "organization-name": "The name of your organisation.",
    "organization.support.mail": "Whom to ask for help.",
    "organization.copyright.text": "The line at the foot of e-mails from Styles & Text, else © and the name of your organisation.",
    "organization.logo.altText": "Your logo in words, or the name of your organisation.",
    "organization.color.primary": "The main colour. For a style or bgcolor, like the other colours.",
    "organization.button.font.color": "The colour of text on the main colour.",
    "organization.color.background": "The colour around the message.",
    "organization.theme.background.color": "The colour behind the text.",
    "organization.theme.border.color": "The colour of lines.",
    "organization.font": "The font of e-mails.",
    "organization.font.color": "The colour of text.",
    "organization.logo.img": "The address of your logo inside the e-mail, for an <img>. Empty without a logo.",
    LINK: "The address that opens the page for this person. It works once.",
    CODE: "The one-time code. In a mail with a link, the secret part of that link.",
    EXPIRES: "How long the link or code works, such as “until 31 January 2026, 08:00 UTC”.",
    "site-url": "The address of the sign-in page.",
    "authentication.endpoint-url": "The beginning of the sign-in page’s address: /login.do follows.",
    "account.recovery.endpoint-url": "The beginning of the addresses of the password pages.",
    "carbon.product-url": "The address of this server.",
    "origin-host": "The host name of this server. Phones look for it in the last line of a text message.",
    "tenant-domain": "The domain of this tenant.",
    "userstore-domain": "The user store the person is in.",
}
"""Every name that is filled in. `url:` before it percent-encodes the value."""
_OF_CODES = frozenset({LINK, CODE, EXPIRES})

PURPOSES: dict[str, str] = {
    "AskPassword": "Invites a new user with a link to choose a password.",
    "resendAskPassword": "Invites a new user once more, with a new link.",
    "AskPasswordEmailOTP": "Invites a new user with a code to sign in with.",
    "AskPasswordResendEmailOTP": "Invites a new user once more, with a new code.",
    "askPasswordSMSOTP": "Invites a new user with a code to sign in with.",
    "askPasswordResendSMSOTP": "Invites a new user once more, with a new code.",
    "AdminForcedPasswordReset": "Tells a user that an administrator asks for a new password, with a link or a code.",
    "resendAdminForcedPasswordReset": "Reminds a user of the new password, with a new link or code.",
    "AdminForcedPasswordResetWithOTP": "Tells a user that an administrator asks for a new password, with a code.",
    "resendAdminForcedPasswordResetWithOTP": "Reminds a user of the new password, with a new code.",
    "PasswordReset": "Goes to somebody who forgot the password, with a link or a code.",
    "resendPasswordReset": "Goes to somebody who forgot the password and asks once more.",
    "PasswordResetOTP": "Goes to somebody who forgot the password, with a code.",
    "resendPasswordResetOTP": "Goes to somebody who forgot the password and asks once more, with a code.",
    "EmailConfirm": "Asks the owner of an address to confirm it, with a link.",
    "EmailConfirmWithOTP": "Asks the owner of an address to confirm it, with a code.",
    "accountActivationSuccess": "Tells a user that the password is set and the account open.",
    "askPasswordSetSuccess": "Tells a user that the password is set and the account open.",
    "passwordResetSucess": "Tells a user that the password was changed.",
    "notifyOnExistingEmailUpdateWithoutVerification": "Goes to the old address when the e-mail address of a user was changed.",
    "HousekeyTest": "Goes out when an administrator tries the mail server.",
}
"""When each shipped kind is sent. A name that both channels have goes by the capitals of the mail."""
_CUSTOM = "Kept for programs that ask for it. Nothing here sends it."
_PURPOSE_BY_KEY = {name.lower(): sentence for name, sentence in PURPOSES.items()}


def key_of(kind: str) -> str:
    """A kind as it is compared: without spaces, in lower case (reference server 8.1)."""
    return kind.replace(" ", "").lower()


def purpose_of(kind: str) -> str:
    return _PURPOSE_BY_KEY.get(key_of(kind), _CUSTOM)


_NEEDS = {(item.channel, key_of(kind)): CODE if item.otp else LINK for item in SCENARIOS for kind in (item.first, item.again) if kind}


def needs(channel: str, kind: str) -> str:
    """What a message of this kind is nothing without: LINK, CODE or `""`."""
    return _NEEDS.get((channel, key_of(kind)), "")


def names_of(channel: str, kind: str, *, shipped: bool = True) -> dict[str, str]:
    """The names that a message of this kind fills in, with what each means. A kind of somebody else's may use all."""
    wanted = needs(channel, kind)
    left_out = _OF_CODES if shipped and not wanted else {LINK} if wanted == CODE else frozenset()
    return {name: meaning for name, meaning in MEANINGS.items() if name not in left_out}


_USUAL_REGION = {"en": "US", "de": "DE", "es": "ES", "fr": "FR", "ja": "JP", "nl": "NL"}
_USUAL_SCRIPT = {"zh-CN": "zh-Hans", "zh-SG": "zh-Hans", "zh-Hans-CN": "zh-Hans"}


def tag(locale: str) -> str:
    """A locale in one spelling: `de_AT` -> `de-AT`. A language in its home country is the language: `en_US` -> `en`. `""` for no locale."""
    if not LOCALE.fullmatch(locale):
        return ""
    first, *rest = locale.replace("_", "-").split("-")
    parts = [first.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)]
    if len(parts) == 2 and _USUAL_REGION.get(parts[0]) == parts[1]:
        return parts[0]
    return _USUAL_SCRIPT.get("-".join(parts), "-".join(parts))


def wso2_locale(locale: str) -> str:
    """A locale as WSO2's clients write it: `en` -> `en_US`, `zh-Hans` -> `zh_CN`."""
    if locale == "zh-Hans":
        return "zh_CN"
    return f"{locale}_{_USUAL_REGION[locale]}" if locale in _USUAL_REGION else locale.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a text. `sentence` is English with `{names}` for `values`. `harmless`: a hint; it can be saved all the same."""

    field: str
    sentence: str
    values: dict[str, str] = part_of(default_factory=dict)
    line: int = 0
    harmless: bool = False

    def say(self, translate: Callable[[str], str] = str) -> str:
        """The whole sentence, in the language of `translate`."""
        said = translate(self.sentence).format(**self.values)
        return f"{translate('Line {line}:').format(line=self.line)} {said}" if self.line else said


class Unfit(Invalid):
    """A template that cannot be saved. `problems` holds everything that is wrong with it, by field and line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.say() for problem in problems[:5]), field=problems[0].field)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Words:
    """What a template says. Of a text message only `text`; a mail that lacks one of `html` and `text` gets it from the other."""

    subject: str
    html: str
    text: str

    @property
    def whole_html(self) -> str:
        return self.html if self.html.strip() else markup.to_html(self.text)

    @property
    def whole_text(self) -> str:
        return self.text if self.text.strip() else markup.to_text(self.html)


def tidied(subject: str, html: str, text: str) -> Words:
    """As it is stored: line ends of one kind, no white space around."""
    parts = (part.replace("\r\n", "\n").replace("\r", "\n") for part in (subject, html, text))
    return Words(*(part.strip() for part in parts))


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ODD = re.compile(
    r"\{\{[^{}\n]{0,200}\}\}|\$\{[^{}\n]{0,200}\}|\{%[^{}\n]{0,200}%\}|(?<![{$])\{[A-Za-z_][^{}\s]{0,200}\}(?!\})|%\(\w{1,60}\)s"
    r"|(?m:^[ \t]*)#(?:set|if|foreach|parse|include|evaluate)\b"
)


def judge(channel: str, kind: str, words: Words, *, shipped: bool = True) -> list[Problem]:
    """Everything there is to say about a text, worst first: what keeps it from being saved, then hints."""
    found = [*_sizes(channel, words)]
    if found:
        return found
    for part, text in (("subject", words.subject), ("html", words.html), ("text", words.text)):
        found += _names(part, text, names_of(channel, kind, shipped=shipped))
        found += _odd(part, text)
        if part == "text" and (word := markup.elsewhere(text)):
            found.append(Problem(part, markup.ELSEWHERE, {"text": word[:40]}, text.count("\n", 0, text.index(word)) + 1))
    found += [Problem("html", item.sentence, item.values, item.line) for item in markup.findings(words.html)]
    if not any(not item.harmless for item in found):
        found += _way_in(channel, kind, words)
    return sorted(found, key=lambda item: item.harmless)[:40]


def check(channel: str, kind: str, words: Words, *, shipped: bool = True) -> None:
    """Raises Unfit."""
    problems = [item for item in judge(channel, kind, words, shipped=shipped) if not item.harmless]
    if problems:
        raise Unfit(problems)


def _sizes(channel: str, words: Words) -> Iterator[Problem]:
    most = {"subject": MOST_SUBJECT, "html": MOST_HTML, "text": MOST_TEXT}
    for part, limit in most.items():
        value: str = getattr(words, part)
        if hidden := _CONTROLS.search(value):
            line = value.count("\n", 0, hidden.start()) + 1
            yield Problem(part, "There is a character here that nobody can see. Please take it out.", line=line)
        elif len(value if part == "subject" else value.encode()) > limit:
            yield Problem(part, "This is longer than {limit} characters.", {"limit": f"{limit:,}"})
        elif value.count("\n") >= MOST_LINES:
            yield Problem(part, "These are more than {limit} lines.", {"limit": f"{MOST_LINES:,}"})
        elif len(PLACEHOLDER.findall(value)) > MOST_PLACEHOLDERS:
            yield Problem(part, "More than {limit} names are filled in here.", {"limit": str(MOST_PLACEHOLDERS)})
    if channel == SMS and len(words.text) > MOST_SMS:
        yield Problem("text", "This is longer than {limit} characters.", {"limit": f"{MOST_SMS:,}"})
    if channel == SMS and (words.subject or words.html):
        yield Problem("subject" if words.subject else "html", "A text message has only its text.")
    if channel == SMS and not words.text:
        yield Problem("text", "Please write the text of the message.")
    if channel == EMAIL:
        yield from _parts_of_a_mail(words)


def _parts_of_a_mail(words: Words) -> Iterator[Problem]:
    if not words.subject:
        yield Problem("subject", "Please write a subject.")
    if re.search("[\n\t\u2028\u2029]", words.subject):
        yield Problem("subject", "The subject must be a single line.")
    if not words.html and not words.text:
        yield Problem("html", "Please write the message.")


def _names(part: str, text: str, known: dict[str, str]) -> Iterator[Problem]:
    for match in PLACEHOLDER.finditer(text):
        name, line = match[1], text.count("\n", 0, match.start()) + 1
        bare = name.removeprefix("url:")
        if bare not in known:
            yield _unknown(part, bare, known, line)
        elif part == "subject" and bare in {LINK, CODE}:
            yield Problem(part, "The subject is shown on locked screens and kept in logs: {{{{{name}}}}} belongs into the message.",
                          {"name": name})


def _unknown(part: str, name: str, known: dict[str, str], line: int) -> Problem:
    if name in MEANINGS:
        sentence = "This message carries no {{{{{name}}}}}."
        return Problem(part, sentence, {"name": name}, line if part != "subject" else 0)
    like = get_close_matches(name[:60], known, 1, 0.5)
    sentence = "There is no {{{{{name}}}}}. Did you mean {{{{{like}}}}}?" if like else "There is no {{{{{name}}}}}. See the list of names."
    return Problem(part, sentence, {"name": name[:60], "like": like[0] if like else ""}, line if part != "subject" else 0)


def _odd(part: str, text: str) -> Iterator[Problem]:
    """Braces that no name stands in: said as a hint, but refused where somebody only put a blank into a name."""
    for match in _ODD.finditer(text):
        written, line = match[0].strip(), text.count("\n", 0, match.start()) + 1 if part != "subject" else 0
        inner = written.strip("{}").strip()
        if PLACEHOLDER.fullmatch(written):
            continue
        if written.startswith("{{") and inner.removeprefix("url:") in MEANINGS:
            yield Problem(part, "Write {{{{{name}}}}} without blanks, or it is not filled in.", {"name": inner}, line)
        else:
            sentence = "{text} stays as it is written: only names from the list are filled in."
            yield Problem(part, sentence, {"text": written[:60]}, line, harmless=True)


_LINK_BY_HAND = f"confirmation={{{{{CODE}}}}}"
"""How WSO2's own templates write the link (reference server 8.3)."""
_FIRST_LINK = re.compile(r"<a\s[^>]*?href\s*=\s*[\"']([^\"']*)", re.IGNORECASE)


def _carries(needed: str, text: str) -> bool:
    return f"{{{{{needed}}}}}" in text or (needed == LINK and _LINK_BY_HAND in text)


def _way_in(channel: str, kind: str, words: Words) -> Iterator[Problem]:
    """The link or code that the message is nothing without, in each part that people may read."""
    needed = needs(channel, kind)
    if not needed:
        return
    for part, text in (("html", words.html), ("text", words.text)):
        if text and not _carries(needed, text):
            sentence = ("Without {{{{link}}}} nobody can do what this message asks for." if needed == LINK
                        else "Without {{{{confirmation-code}}}} nobody can do what this message asks for.")
            yield Problem(part, sentence)
    first = _FIRST_LINK.search(words.html)
    if needed == LINK and first and not _carries(LINK, first[1]):
        yield Problem("html", "The first link of a mail should be {{{{link}}}}: some programs open only that one.", harmless=True)
    if needed == LINK and words.html and not first:
        yield Problem("html", "Nothing here can be clicked. Write <a href=\"{{{{link}}}}\">…</a> around some words.", harmless=True)


_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Length:
    """How a text message counts: its characters as the networks count them, the parts it is sent in, and whether it needs Unicode."""

    characters: int
    parts: int
    unicode: bool


def length_of(text: str) -> Length:
    """160 characters in one part, 153 in each of several; with any character beyond the old alphabet 70 and 67 (3GPP TS 23.038)."""
    if set(text) <= _GSM | _GSM_TWICE:
        count, one, each = sum(2 if char in _GSM_TWICE else 1 for char in text), 160, 153
    else:
        count, one, each = len(text.encode("utf-16-le", "replace")) // 2, 70, 67
    return Length(count, 1 if count <= one else -(-count // each), one == 70)
