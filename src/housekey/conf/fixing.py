"""`deployment.toml` as people pasted it, rewritten into TOML with the same meaning: what `conf.lenient` reads before and after is one.

Statements are moved and quoted where they stand, so comments stay; only where that does not lead to the same meaning is the file
written anew from its values.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

from housekey.conf import lenient, toml_text
from housekey.conf.lenient import Parsed, Path, Table


@dataclass(frozen=True, slots=True)
class Fixed:
    """The new text. `lost`: line and sentence of what has no meaning and stands in a comment now; `anew`: comments were lost."""

    text: str
    lost: tuple[tuple[int, str], ...] = ()
    anew: bool = False


@dataclass(slots=True)
class _Line:
    """One statement, with the value it gives (a key's path inside its table), if it gives exactly one."""

    text: str
    key: Path = ()

    @property
    def meant(self) -> bool:
        return bool(self.text.strip()) and not self.text.strip().startswith("#")


@dataclass(slots=True)
class _Block:
    """A header and what stands below it, until the next one."""

    lines: list[_Line] = field(default_factory=list)
    end: int | None = None
    """Where to go on when the table is given again; None: at the very end."""

    def again(self) -> None:
        """The next lines go where what means something ends: a comment before the next header belongs to that one."""
        self.end = max((number for number, line in enumerate(self.lines, 1) if line.meant), default=0)

    def add(self, line: _Line) -> None:
        if self.end is None:
            self.lines.append(line)
        else:
            self.lines.insert(self.end, line)
            self.end += 1


def fix(content: bytes) -> Fixed:
    """Raises ValueError, with a sentence, for what is no text or too large."""
    parsed = lenient.parse(content)
    if len(content) > lenient.MAX_BYTES or (not parsed.tree and any(mistake.fatal and not mistake.line for mistake in parsed.mistakes)):
        raise ValueError(parsed.mistakes[0].sentence)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("The file is not UTF-8 text.") from None
    if not parsed.mistakes and _same(text, parsed.tree):
        return Fixed(text)
    text = text.replace("\r\n", "\n")
    lost = tuple((mistake.line, mistake.sentence) for mistake in parsed.mistakes if mistake.fatal)
    rewritten = "\n".join(_Rewriting(text).blocks())
    if text.endswith("\n") and not rewritten.endswith("\n"):
        rewritten += "\n"
    return Fixed(rewritten, lost) if _same(rewritten, parsed.tree) else Fixed(toml_text.document(parsed.tree), lost, anew=True)


def _same(text: str, tree: Table) -> bool:
    try:
        return repr(tomllib.loads(text)) == repr(tree) or tomllib.loads(text) == tree
    except (ValueError, RecursionError):
        return False


class _Rewriting:
    """Drives the lenient reader statement by statement and looks at what it made of each."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parsed = Parsed()
        self.reader = lenient.Reader(self.parsed)
        self.order = [_Block()]
        self.by_table: dict[int, _Block] = {id(self.parsed.tree): self.order[0]}
        self.block = self.order[0]

    def blocks(self) -> Iterator[str]:
        for line, statement in lenient.statements(self.text):
            self._take(line, statement)
        return (line.text for block in self.order for line in block.lines)

    def _take(self, line: int, statement: str) -> None:
        before = len(self.parsed.mistakes)
        self.reader.take(line, statement)
        said = self.parsed.mistakes[before:]
        header = statement.strip(" \t\n").startswith("[")
        if any(mistake.fatal for mistake in said) or (not header and self._nowhere(statement)):
            self._fatal(statement, header=header)
        elif header:
            self._header(statement)
        else:
            self._assign(statement, bare=any("not in quotes" in mistake.sentence for mistake in said))

    def _nowhere(self, statement: str) -> bool:
        """Does it stand below a header that could not be read?"""
        return self.reader.table is not self.parsed.tree and id(self.reader.table) not in self.by_table and _Line(statement).meant

    def _fatal(self, statement: str, *, header: bool) -> None:
        if header:
            self.block = _Block()
            self.order.append(self.block)
        self.block.add(_Line("\n".join(f"# {line}" if line.strip() else line for line in statement.split("\n"))))

    def _header(self, statement: str) -> None:
        table = self.reader.table
        known = self.by_table.get(id(table))
        if known is None:
            self.block = self.by_table[id(table)] = _Block([_Line(statement)])
            self.order.append(self.block)
            return
        self.block = known
        if known is not self.order[-1]:
            known.again()
        _, sign, comment = statement.partition("#")
        if sign:
            known.add(_Line(f"#{comment}"))

    def _assign(self, statement: str, *, bare: bool) -> None:
        if self.block.end is not None and not statement.strip():
            return
        made = _Line(_quoted(statement) if bare else statement)
        made.key = _only_key(made.text) if made.meant else ()
        for line in self.block.lines if made.key else ():
            if line.key == made.key:
                line.text = "\n".join(f"# {part}" for part in line.text.split("\n"))
                line.key = ()
        self.block.add(made)


def _quoted(statement: str) -> str:
    found = lenient.bare_word(statement)
    return statement[:found.start(1)] + toml_text.text(found[1]) + statement[found.end(1):] if found else statement


def _only_key(statement: str) -> Path:
    """The path of the one value that a statement gives; of a table in one line its own."""
    try:
        tree: object = tomllib.loads(statement)
    except (ValueError, RecursionError):
        return ()
    path: list[str] = []
    while isinstance(tree, dict) and len(tree) == 1:
        name, tree = next(iter(tree.items()))
        path.append(name)
    return tuple(path)
