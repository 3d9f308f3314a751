"""The HTML that an administrator may write into a mail: a short list of elements, and everything else refused by name and line.

Nothing is ever taken out silently: what was written is sent as it was written, or refused. Two readers must not see two documents in it,
so tags are only taken in their plainest form, closed and nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import islice

_EVERYWHERE = frozenset({"class", "style", "title", "lang", "dir"})
_CELL = frozenset({"align", "valign", "width", "height", "colspan", "rowspan", "bgcolor"})
_TABLE = frozenset({"align", "width", "cellpadding", "cellspacing", "border", "role", "bgcolor"})
_VOID = frozenset({"br", "hr", "img"})
TAGS: dict[str, frozenset[str]] = {
    **{name: frozenset() for name in (
        "p", "div", "span", "h1", "h2", "h3", "h4", "b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "code", "pre", "blockquote",
        "br", "hr", "ul", "ol", "li", "center", "thead", "tbody", "tfoot")},
    "img": frozenset({"src", "alt", "width", "height", "border"}), "a": frozenset({"href", "target", "rel"}), "table": _TABLE,
    "tr": frozenset({"align", "valign", "bgcolor"}), "td": _CELL, "th": _CELL,
}
"""Elements, and the attributes each may have beside those that all may have."""
_FRAME = frozenset({"html", "head", "body", "title", "meta", "style", "link", "base"})
_PARENTS = {
    "tr": frozenset({"table", "thead", "tbody", "tfoot"}), "td": frozenset({"tr"}), "th": frozenset({"tr"}), "li": frozenset({"ul", "ol"}),
    "thead": frozenset({"table"}), "tbody": frozenset({"table"}), "tfoot": frozenset({"table"}),
}
"""What may only stand inside something else: a loose cell would end the one that the whole mail stands in."""
_CHILDREN = {outer: frozenset(name for name, outers in _PARENTS.items() if outer in outers)
             for outer in ("table", "thead", "tbody", "tfoot", "tr")}
"""All that may stand directly inside these: a table loose in a table ends it, and the end of the outer one then ends that cell too."""
STYLES = frozenset({
    "color", "background", "background-color", "font", "font-family", "font-size", "font-style", "font-weight", "letter-spacing",
    "line-height", "text-align", "text-decoration", "text-transform", "text-indent", "white-space", "word-break", "word-wrap",
    "overflow-wrap", "direction", "vertical-align", "list-style-type", "width", "max-width", "min-width", "height", "max-height",
    "min-height", "display", "border-collapse", "border-spacing", "border-color", "border-width", "border-style", "border-radius",
    *(f"{what}{side}" for what in ("margin", "padding", "border") for side in ("", "-top", "-right", "-bottom", "-left")),
})
LOGO, ALT = "{{organization.logo.img}}", "{{organization.logo.altText}}"
"""The one image of a mail: the tenant's logo, which travels inside it."""
_COLOURS = re.compile(
    r"\{\{organization\.(?:color\.primary|color\.background|theme\.background\.color|theme\.border\.color|font|font\.color|button\.font\.color)\}\}"
)
"""Placeholders whose values this server makes, so that they may stand in a style."""
_STYLE_VALUE = re.compile(r"(?:[#\w\s.,%'\"!+-]|/(?!\*)|(?:rgba?|hsla?)\([\d\s.,%/]+\))*")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s+[A-Za-z][A-Za-z-]*\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*\s*/?>", re.ASCII)
"""With plain blanks only: any other is a part of a name to browsers, and none to Python."""
MOST_DEPTH, MOST_FOUND = 60, 20

ADDRESSES = frozenset({"link", "site-url", "account.recovery.endpoint-url", "authentication.endpoint-url", "carbon.product-url"})
"""Placeholders that hold a whole address of this server, so that a link may begin with one."""
_HREF = re.compile(
    r"(?:\{\{(?:" + "|".join(re.escape(name) for name in sorted(ADDRESSES)) + r")\}\}(?:[/?#].*)?"
    r"|https?://(?:\{\{origin-host\}\}|[^\s/?#{}\\@]+)(?:[/?#].*)?"
    r"|mailto:.+)", re.IGNORECASE | re.DOTALL,
)
"""Who a link leads to is written by the administrator: a value of a user, such as a name, can only come after the host."""

_ENDS = re.compile(r"[\s<>\"]+")
_SECRET = re.compile(r"\{\{(?:url:)?(?:link|confirmation-code)\}\}([.@]\w)?")
_OURS = re.compile(
    r"(?:\{\{(?:" + "|".join(re.escape(name) for name in sorted(ADDRESSES)) + r")\}\}|https?://\{\{origin-host\}\})(?=[/?#]|$)",
    re.IGNORECASE,
)
_PLACED = re.compile(r"//|\w\.\w|mailto:", re.IGNORECASE)
"""What a word needs to have for a program to make a link of it."""
_PATH = re.compile(r"(?:(?!//)[\w/?#&=.%;:{}~+-])*")
"""What may stand between an address of ours and the code: nothing at which a program could begin another link."""


def elsewhere(text: str, *, whole: bool = False) -> str:
    """The first word of a text that would be opened by another server than this one, with the link or code in it; `""` for none.
    `whole`: the text is one address, not words.

    Programs make links of plain words, too. Whoever writes the texts of messages could read everybody's codes that way (A-112, A-139).
    """
    return next((word for word in ([text] if whole else _ENDS.split(text)) if _leads_elsewhere(word)), "")


def _leads_elsewhere(word: str) -> bool:
    secrets = list(_SECRET.finditer(word))
    if not secrets:
        return False
    ours, last = _OURS.search(word), secrets[-1].start()
    before = word[: min(ours.start(), last) if ours else last]
    between = word[ours.end() : last] if ours else ""
    return bool(_PLACED.search(before)) or not _PATH.fullmatch(between) or any(secret[1] for secret in secrets)


ELSEWHERE = "The link and the code must not go to another server. Begin the address with {{{{link}}}}, not with {text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a mail may not contain. `sentence` is an English text with `{names}`, filled from `values`; lines count from 1."""

    line: int
    sentence: str
    values: dict[str, str] = field(default_factory=dict)


def findings(html: str) -> list[Finding]:
    """Everything that may not stand in the body of a mail, in the order of the lines; at most twenty."""
    found = list(islice(_malformed(html), MOST_FOUND))
    if not found:
        reader = _Reader()
        reader.feed(html)
        reader.close()
        found = reader.finish()
    once = {(item.line, item.sentence, *item.values.values()): item for item in found}
    return sorted(once.values(), key=lambda item: item.line)[:MOST_FOUND]


def _malformed(html: str) -> Iterator[Finding]:
    """Each `<` that does not begin a tag in its plainest form: only what every reader of HTML reads alike goes on."""
    for place in re.finditer("<", html):
        if _TAG.match(html, place.start()):
            continue
        line, rest = html.count("\n", 0, place.start()) + 1, html[place.start() : place.start() + 40].split("\n")[0]
        word = re.match(r"</?([A-Za-z][A-Za-z0-9-]*)", rest)
        if rest.startswith(("<!", "<?", "<%")):
            yield Finding(line, "Comments and declarations are not taken: {text}", {"text": rest})
        elif word and word[1].lower() not in TAGS:
            yield _unknown(word[1].lower(), line)
        elif word:
            yield Finding(line, "The tag {text} cannot be read. Write attributes as name=\"value\", with > at the end.", {"text": rest})
        else:
            yield Finding(line, "Write &lt; for a < that begins no tag: {text}", {"text": rest})


def _unknown(tag: str, line: int) -> Finding:
    if tag in _FRAME:
        return Finding(line, "<{tag}> is not taken: this is only the inner part of the mail, its frame is added.", {"tag": tag})
    return Finding(line, "<{tag}> is not taken in a mail.", {"tag": tag[:40]})


class _Reader(HTMLParser):
    """Collects findings in well-formed tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Finding] = []
        self._open: list[tuple[str, int]] = []

    def finish(self) -> list[Finding]:
        for tag, line in self._open:
            self.found.append(Finding(line, "<{tag}> is not closed.", {"tag": tag}))
        return self.found

    def _say(self, sentence: str, **values: str) -> None:
        self.found.append(Finding(self.getpos()[0], sentence, {name: value[:80] for name, value in values.items()}))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look(tag, attrs)
        if tag not in _VOID and tag in TAGS:
            self._open.append((tag, self.getpos()[0]))
            if len(self._open) == MOST_DEPTH:
                self._say("The tags are nested too deeply.")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look(tag, attrs)
        if tag in TAGS and tag not in _VOID:
            self._say("<{tag}/> has no end. Write <{tag}></{tag}>.", tag=tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
        elif tag in TAGS:
            self._say("</{tag}> closes nothing that is open here.", tag=tag)
            self._open = [pair for pair in self._open if pair[0] != tag]
        else:
            self.found.append(_unknown(tag, self.getpos()[0]))

    def _look(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(_unknown(tag, self.getpos()[0]))
            return
        outer = self._open[-1][0] if self._open else ""
        if tag in _PARENTS and outer not in _PARENTS[tag]:
            self._say("<{tag}> can only stand inside {parents}.", tag=tag, parents=", ".join(f"<{name}>" for name in sorted(_PARENTS[tag])))
        elif tag not in _CHILDREN.get(outer, {tag}):
            self._say("<{tag}> can only stand inside {parents}.", tag=tag, parents="<td>, <th>")
        if tag == "a" and any(name == "a" for name, _ in self._open):
            self._say("A link cannot stand inside another link.")
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self._say("<{tag}> has the same attribute twice.", tag=tag)
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self._say("{name} is not taken: a mail runs no scripts.", name=name)
        elif name not in _EVERYWHERE | TAGS[tag]:
            self._say("<{tag}> may not have the attribute {name}.", tag=tag, name=name)
        elif name == "href":
            self._href(value)
        elif name == "src":
            self._source(value)
        elif name == "alt" and value == ALT:
            return
        elif "{{" in (value := _COLOURS.sub("#000000", value) if name in {"style", "bgcolor"} else value):
            self._say("Names in braces are not filled in inside {name}.", name=name)
        elif name == "style":
            self._style(value)

    def _href(self, value: str) -> None:
        # Tabs and line ends inside a scheme are passed over by browsers, so an address has none at all.
        if re.search(r"[\x00-\x20\x7f\\]", value) or not _HREF.fullmatch(value):
            self._say("A link must begin with https://, http://, mailto: or {{{{link}}}}, not with {text}", text=value[:40] or "nothing")
        elif elsewhere(value, whole=True):
            self._say(ELSEWHERE, text=value[:40])

    def handle_data(self, data: str) -> None:
        if word := elsewhere(data):
            self._say(ELSEWHERE, text=word[:40])

    def _source(self, value: str) -> None:
        if value != LOGO:
            self._say("<img> is not taken: mail programs hide images, and with them what they say.")

    def _style(self, value: str) -> None:
        for part in filter(None, (part.strip() for part in value.split(";"))):
            name, colon, rest = part.partition(":")
            if not colon or name.strip().lower() not in STYLES:
                self._say("The style {name} is not taken.", name=name.strip())
            elif not _STYLE_VALUE.fullmatch(rest):
                self._say("The style {name} may not have the value {text}", name=name.strip(), text=rest.strip())


class _Plain(HTMLParser):
    """HTML as a plain text: blocks become paragraphs, a link its words and its address."""

    _BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "blockquote", "pre", "ul", "ol", "table", "hr", "center"})
    _LINES = frozenset({"br", "li", "tr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.links: list[str] = []
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href") or ""
        self.pieces.append("\n\n" if tag in self._BLOCKS else "\n- " if tag == "li" else "\n" if tag in self._LINES else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href:
            self.pieces.append(f":\n\n{self._href}\n\n")
            self.links.append(self._href)
            self._href = ""
        self.pieces.append("\n\n" if tag in self._BLOCKS else " " if tag in {"td", "th"} else "")

    def handle_data(self, data: str) -> None:
        self.pieces.append(re.sub(r"\s+", " ", data))


def to_text(html: str) -> str:
    """The plain text that says the same as `html`. A line that only repeats the address of a link is left out."""
    reader = _Plain()
    reader.feed(html)
    reader.close()
    lines: list[str] = []
    links, seen = set(reader.links), set[str]()
    for line in (" ".join(line.split()) for line in "".join(reader.pieces).split("\n")):
        repeated = line in links and line in seen
        if not repeated and (line or (lines and lines[-1])):
            lines.append(line)
            seen.add(line)
    return "\n".join(lines).strip() + "\n"


def to_html(text: str) -> str:
    """The HTML that says the same as the plain `text`: a paragraph each; an address alone on a line is a button, a code alone is large."""
    parts = []
    for part in re.split(r"\n\s*\n", text.strip()):
        inner = escape(part.strip()).replace("\n", "<br>\n")
        if re.fullmatch(r"\{\{confirmation-code\}\}", inner):
            parts.append(f'<p class="code"><b>{inner}</b></p>')
        elif "\n" not in inner and " " not in inner and _HREF.fullmatch(inner) and not inner.startswith("mailto:"):
            parts.append(f'<p class="action"><a href="{inner}">{inner}</a></p>')
        else:
            parts.append(f"<p>{inner}</p>")
    return "\n".join(parts) + "\n"
