"""XML as people paste it: no root or several, tags never closed, escaped once too often. Taken as far as it goes, each fault with its line.

There is no DTD and no entity but the five of XML, nothing is fetched, and every character is looked at once (A-108, A-109). A parser for
whole documents would stop at the first fault, or mend it without saying where.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_DEPTH, MOST_NODES, MOST_FAULTS = 64, 50_000, 200

_NAME = r"[A-Za-z_][A-Za-z0-9_.:-]*+"
_ATTRIBUTE = rf"""\s*+({_NAME})\s*+=\s*+(?:"([^"<]*+)"|'([^'<]*+)'|([^\s"'<>=/]++))"""
_TAG = re.compile(rf"<({_NAME})((?:{_ATTRIBUTE})*+)\s*+(/?)>|</({_NAME})\s*+>")
_EACH = re.compile(_ATTRIBUTE)
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|([A-Za-z]\w{0,31}));|&")
_FIVE = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ESCAPED = re.compile(rf"&lt;/?{_NAME}")
_BARE = re.compile(rf"<{_NAME}[\s>/]")
_ONCE = re.compile(r"&(?:lt|gt|quot|amp|apos|#34|#39);")
_MEANS = {f"&{name};": char for name, char in _FIVE.items()} | {"&#34;": '"', "&#39;": "'"}


class Unsafe(Exception):
    """The file is not read at all; says why, and on which line."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


@dataclass(slots=True)
class Node:
    """An element. `tag` without its prefix; `inner` is what stands between its tags, as it is written."""

    tag: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """The line on which each attribute stands."""
    children: list[Node] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    inner: str = ""
    before: int = 0
    """How many of `parts` stand before the first element inside."""

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()

    def child(self, tag: str) -> Node | None:
        return next((one for one in self.children if one.tag.lower() == tag.lower()), None)

    def each(self, tag: str, *, outside: str = "") -> Iterator[Node]:
        """The elements of this name, wherever below; not those in another element called `outside`, which a tag that was never closed
        has swallowed."""
        for one in self.children:
            if one.tag.lower() == tag.lower():
                yield one
            if one.tag.lower() != outside.lower():
                yield from one.each(tag, outside=outside)


@dataclass(slots=True)
class Fragment:
    """What was read: `root` holds the outermost elements and has no name itself. `faults`: line and sentence."""

    root: Node
    faults: list[tuple[int, str]]


def parse(text: str) -> Fragment:
    """Raises Unsafe."""
    text = text.replace("\r\n", "\n")
    escaped = _ESCAPED.search(text) is not None and _BARE.search(text) is None
    reading = _Reading(_ONCE.sub(lambda found: _MEANS[found[0]], text) if escaped else text)
    if escaped:
        reading.fault(0, "The file is escaped for a web page (&lt;…&gt;). It was read as if it were not.")
    return reading.run()


class _Reading:
    """One pass over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ends = [found.start() for found in re.finditer("\n", text)]
        self.root = Node("", 1)
        self.open: list[tuple[Node, int]] = [(self.root, 0)]
        """Elements that are not closed yet, each with where its content begins."""
        self.faults: list[tuple[int, str]] = []
        self.nodes = 0

    def run(self) -> Fragment:
        at = 0
        while at < len(self.text):
            less = self.text.find("<", at)
            self._words(at, len(self.text) if less < 0 else less)
            if less < 0:
                break
            at = self._markup(less)
        while len(self.open) > 1:
            node, begins = self.open.pop()
            node.inner = self.text[begins:]
            self._unclosed(node)
        return Fragment(self.root, sorted(self.faults[:MOST_FAULTS]))

    def line(self, at: int) -> int:
        return bisect_right(self.ends, at - 1) + 1

    def fault(self, at: int, sentence: str) -> None:
        self.faults.append((self.line(at), sentence))

    def _markup(self, at: int) -> int:
        """Take what begins with `<`; where to go on."""
        for begin, end, what in (("<!--", "-->", "comment"), ("<![CDATA[", "]]>", "CDATA section"), ("<?", "?>", "processing instruction")):
            if self.text.startswith(begin, at):
                stop = self.text.find(end, at + len(begin))
                if stop < 0:
                    self.fault(at, f"The {what} never ends; what follows was not read.")
                    return len(self.text)
                if what == "CDATA section":
                    self.open[-1][0].parts.append(self.text[at + len(begin):stop])
                return stop + len(end)
        if self.text.startswith("<!", at):
            raise Unsafe(self.line(at), "A document type or entity declaration is not read. Take it out, and import again.")
        tag = _TAG.match(self.text, at)
        if tag is None:
            self.fault(at, "A “<” that begins no tag was read as text. A tag cut short is no tag.")
            self.open[-1][0].parts.append("<")
            return at + 1
        if tag[8]:
            self._close(tag[8].rpartition(":")[2], at)
        else:
            self._begin(tag)
        return tag.end()

    def _begin(self, tag: re.Match[str]) -> None:
        self.nodes += 1
        if len(self.open) > MOST_DEPTH or self.nodes > MOST_NODES:
            raise Unsafe(self.line(tag.start()), "The file is nested too deeply or has too many elements.")
        node = Node(tag[1].rpartition(":")[2], self.line(tag.start()))
        for found in _EACH.finditer(tag[2]):
            at = tag.start(2) + found.start(1)
            node.attributes[found[1]], node.lines[found[1]] = self._resolved(found[2] or found[3] or found[4] or "", at), self.line(at)
        parent = self.open[-1][0]
        if not parent.children:
            parent.before = len(parent.parts)
        parent.children.append(node)
        if not tag[7]:
            self.open.append((node, tag.end()))

    def _close(self, name: str, at: int) -> None:
        names = [node.tag for node, _ in self.open[1:]]
        if name not in names:
            self.fault(at, f"</{name[:60]}> closes nothing.")
            return
        while True:
            node, begins = self.open.pop()
            node.inner = self.text[begins:at]
            if node.tag == name:
                return
            self._unclosed(node)

    def _unclosed(self, node: Node) -> None:
        """An element with a text of its own is a value, and what follows stands beside it; any other one is a frame around it."""
        text = "".join(node.parts[:node.before]).strip() if node.children else node.text
        if text:
            self.open[-1][0].children += node.children
            node.children, node.parts = [], [text]
        how = "It was taken to end with its text." if text else "What follows was read as a part of it."
        self.faults.append((node.line, f"<{node.tag[:60]}> is never closed. {how}"))

    def _words(self, begin: int, end: int) -> None:
        words = self.text[begin:end]
        if not words or (words.isspace() and len(self.open) == 1):
            return
        if len(self.open) == 1:
            # What it says is not repeated: it may be the rest of a line with a password.
            self.fault(begin + len(words) - len(words.lstrip()), "Words outside of every element were not read.")
        else:
            self.open[-1][0].parts.append(self._resolved(words, begin))

    def _resolved(self, words: str, begin: int) -> str:
        """With the five entities and the numbered characters put in; whatever else begins with `&` stays as it is written."""
        def put(found: re.Match[str]) -> str:
            number = int(found[1]) if found[1] else int(found[2], 16) if found[2] else 0
            if number in {9, 10, 13} or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number <= 0x10FFFF:
                return chr(number)
            if found[3] in _FIVE:
                return _FIVE[found[3]]
            self.fault(begin + found.start(), "An “&” that begins no character of XML was left as it is.")
            return found[0]

        return _REFERENCE.sub(put, words) if "&" in words else words
