"""TOML as people paste it: a table written twice is merged, a bare word is quoted; both are said with their line.

The text is cut into statements and each is read by the standard library's own TOML parser. That gives every value its line
number and shows every syntax error at once. Nothing is ever evaluated.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

Path = tuple[str, ...]
Table = dict[str, object]

MAX_BYTES = 1_048_576
"""Size of a configuration file above which it is refused."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'  # multi-line basic string: up to two quotes may touch its end
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'"
    r"|#[^\n]*|\n|[\[\]{}]|[^\"'#\n\[\]{}]+|.", re.DOTALL)
_KEY = re.compile(r"""\s*(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_.\- \t])+=""")
_BARE = re.compile(r"""[ \t]*([^\s"'\[\]{}#,\\“”‘’]{1,255})[ \t]*(?:[ \t]\#[^\n]*)?""")
_WHERE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something about one line. `fatal` for a syntax error, else a repair that was made."""

    line: int
    sentence: str
    fatal: bool


@dataclass(slots=True)
class Parsed:
    """The document: values as tomllib gives them, the line on which each key stands, and what there is to say."""

    tree: Table = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a key, or of the nearest thing around it (a key of an inline table stands on its table's line)."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 0)

    def say(self, line: int, sentence: str, *, fatal: bool = False) -> None:
        self.mistakes.append(Mistake(line, sentence, fatal))


def parse(content: bytes) -> Parsed:
    """Read a whole file. Never raises: what cannot be read is a fatal Mistake."""
    parsed = Parsed()
    if len(content) > MAX_BYTES:
        parsed.say(0, f"The file is larger than {MAX_BYTES} bytes.", fatal=True)
        return parsed
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        parsed.say(content.count(b"\n", 0, error.start) + 1, "The file is not UTF-8 text.", fatal=True)
        return parsed
    reader = Reader(parsed)
    for line, statement in statements(text.replace("\r\n", "\n")):
        reader.take(line, statement)
    return parsed


def statements(text: str) -> Iterator[tuple[int, str]]:
    """`(first line, text)` of each statement: a header or a `key = value` with all the lines it spans. A line end stands between each."""
    line, start, depth, parts, header, begun = 1, 1, 0, list[str](), False, False
    for piece in _TOKEN.findall(text):
        if not begun and piece.strip():
            begun, header = True, piece == "["
        line += piece.count("\n")
        if piece == "\n" and (depth <= 0 or header):  # a header never goes on: an open one must not swallow the file
            yield start, "".join(parts)
            parts, depth, start, begun, header = [], 0, line, False, False
        else:
            parts.append(piece)
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(piece, 0)
    yield start, "".join(parts)


class Reader:
    """Puts statements into the tree, remembering which table they belong to."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.table: Table = parsed.tree
        self.path: Path = ()
        self.seen: dict[int, int] = {}
        """id of a table that had its header -> the line of that header"""

    def take(self, line: int, statement: str) -> None:
        text = statement.strip(" \t\n")
        if text.startswith("["):
            self._header(line, text)
        elif text:
            self._assign(line, statement)

    def _load(self, line: int, text: str) -> Table | None:
        """One statement by tomllib, or None after noting the error with its own line."""
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _WHERE.search(str(error))
            inner = int(found[1]) - 1 if found and found[1] else 0
            sentence = _WHERE.sub("", str(error))
            self.parsed.say(line + inner, f"This is not TOML: {sentence}.", fatal=True)
        except (ValueError, RecursionError):
            self.parsed.say(line, "This is not TOML: the value is too large or nested too deeply.", fatal=True)
        return None

    def _header(self, line: int, text: str) -> None:
        tree = self._load(line, text)
        self.table, self.path = {}, ()  # keys below a header that cannot be read belong nowhere
        if tree is None:
            return
        path, array = _only_path(tree)
        table = self._enter(line, path, array=array)
        if table is None:
            return
        self.table, self.path = table, path
        self.parsed.lines.setdefault(path, line)
        if id(table) in self.seen:
            self.parsed.say(line, f"The table [{'.'.join(path)}] is given again (first on line {self.seen[id(table)]}). "
                                  "Both were merged; where a key is in both, the last value counts.")
        self.seen.setdefault(id(table), line)

    def _enter(self, line: int, path: Path, *, array: bool) -> Table | None:
        """The table of a header, made if need be. None when a value is in the way."""
        table = self.parsed.tree
        for depth, name in enumerate(path, 1):
            last = depth == len(path)
            value = table.setdefault(name, [] if array and last else {})
            if array and last and isinstance(value, list):
                value.append({})
            if isinstance(value, list) and value:
                value = value[-1]
            if not isinstance(value, dict) or (array and last and not isinstance(table[name], list)):
                self.parsed.say(line, f"{'.'.join(path[:depth])} is already given as something else than this table.", fatal=True)
                return None
            table = value
        return table

    def _assign(self, line: int, statement: str) -> None:
        repaired = self._bare_word(line, statement)
        tree = repaired if repaired is not None else self._load(line, statement)
        if tree is not None:
            self._merge(line, self.table, tree, self.path)

    def _bare_word(self, line: int, statement: str) -> Table | None:
        """`hostname = smtp.example.com` as if it were quoted; None when the statement needs no such help or is past it."""
        key, word = _KEY.match(statement), bare_word(statement)
        if key is None or word is None:
            return None
        try:
            tomllib.loads(statement)
        except (ValueError, RecursionError):
            pass
        else:
            return None
        tree = self._load(line, key.group() + " ''")
        if tree is None:
            return {}
        _set_only_leaf(tree, word[1])
        self.parsed.say(line, f"The value of {key.group().rstrip('= ').strip()} is not in quotes; it was read as text.")
        return tree

    def _merge(self, line: int, table: Table, new: Table, path: Path) -> None:
        """Add the keys of one statement. A key given before is replaced, with a word about it."""
        for name, value in new.items():
            here = (*path, name)
            old = table.get(name)
            if isinstance(old, dict) and isinstance(value, dict):
                self._merge(line, old, value, here)
                continue
            if name in table:
                self._replace(line, here, old, value)
            table[name] = value
            self._note_lines(line, here, value)

    def _replace(self, line: int, path: Path, old: object, value: object) -> None:
        key = ".".join(path)
        before = self.parsed.line(path)
        if isinstance(old, dict | list) != isinstance(value, dict | list):
            self.parsed.say(line, f"{key} is given as a value and as a table (line {before}).", fatal=True)
        else:
            self.parsed.say(line, f"{key} is given again (first on line {before}); the last value counts.")

    def _note_lines(self, line: int, path: Path, value: object) -> None:
        self.parsed.lines[path] = line
        if isinstance(value, dict):
            for name, inner in value.items():
                self._note_lines(line, (*path, name), inner)


def bare_word(statement: str) -> re.Match[str] | None:
    """What may be a value without its quotes, as group 1."""
    key = _KEY.match(statement)
    return _BARE.fullmatch(statement, key.end()) if key else None


def _only_path(tree: Table) -> tuple[Path, bool]:
    """The path of a header from its parsed form `{a: {b: {}}}` or `{a: {b: [{}]}}`, and whether it is an array of tables."""
    path: list[str] = []
    value: object = tree
    while isinstance(value, dict) and value:
        name, value = next(iter(value.items()))
        path.append(name)
    return tuple(path), isinstance(value, list)


def _set_only_leaf(tree: Table, text: str) -> None:
    while True:
        name, value = next(iter(tree.items()))
        if not isinstance(value, dict):
            tree[name] = text
            return
        tree = value
