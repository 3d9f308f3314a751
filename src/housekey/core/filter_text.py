"""A filter as text -> the tree of `core.filters`: recursive descent over RFC 7644's grammar, within limits (A-107).

Generous: any white space, operators and names in any case, "true" as text for a boolean, a number for a text. Strict: an attribute that
the resource does not have, or an operator that does not fit its type, is refused by name; silence would find the wrong people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NoReturn

from housekey.core.characteristics import Attribute, Reference, ResourceType, Schema, resolve
from housekey.core.filters import LAST, And, BadFilter, Compare, Filter, Not, Operator, Or, Present, Some, Value, fold, moment
from housekey.core.names import split_username

MOST_CHARACTERS = 2_000
MOST_DEPTH = 32
MOST_TERMS = 100

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()\[\]])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()\[\]"]+))')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATORS = {"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}
_FITTING = {"boolean": {"eq", "ne"}, "binary": {"eq", "ne"}, "dateTime": {"eq", "ne", "gt", "ge", "lt", "le"}}
_OPAQUE = {"id", "groups.value", "members.value", "users.value"}
"""Ids: equal or not; their order and parts mean nothing."""

Resolver = Callable[[str], Reference | None]


def parse(text: str, kind: ResourceType) -> Filter:
    """Raises BadFilter with a sentence that names the part."""
    if len(text) > MOST_CHARACTERS:
        raise BadFilter(f"The filter is longer than {MOST_CHARACTERS} characters.")
    reader = _Reader(_tokens(text), kind)
    tree = reader.either()
    if reader.at < len(reader.tokens):
        reader.refuse("and, or, or the end")
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadFilter(f"The filter cannot be understood from here on: {text[at : at + 40]}")
        found.append((str(match.lastgroup), str(match[str(match.lastgroup)])))
        at = match.end()
    return found


class _Reader:
    """The tokens of one filter and how far they are read."""

    def __init__(self, tokens: list[tuple[str, str]], kind: ResourceType) -> None:
        self.tokens, self.kind, self.at, self.depth, self.terms = tokens, kind, 0, 0, 0
        self.row: Attribute | None = None
        """Inside a value path: the attribute whose values it chooses from."""
        self.path: Reference | None = None

    def refuse(self, expected: str) -> NoReturn:
        found = self.tokens[self.at][1][:60] if self.at < len(self.tokens) else "the end"
        raise BadFilter(f"The filter cannot be understood: {expected} was expected, {found} was found.")

    def next(self, mark: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens) or (mark and self.tokens[self.at] != ("mark", mark)):
            self.refuse(mark or "more")
        self.at += 1
        return self.tokens[self.at - 1]

    def follows(self, *words: str) -> bool:
        """Are these the next tokens, in any case?"""
        tokens = [text.lower() for _, text in self.tokens[self.at : self.at + len(words)]]
        return tokens == list(words)

    def either(self) -> Filter:
        parts = [self.both()]
        while self.follows("or"):
            self.at += 1
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self) -> Filter:
        parts = [self.unit()]
        while self.follows("and"):
            self.at += 1
            parts.append(self.unit())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def unit(self) -> Filter:
        if self.follows("not", "("):
            self.at += 1
            return Not(self.inside("(", ")"))
        if self.follows("("):
            return self.inside("(", ")")
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise BadFilter(f"The filter has more than {MOST_TERMS} terms.")
        kind, path = self.next()
        if kind != "word":
            self.at -= 1
            self.refuse("an attribute")
        if self.follows("["):
            return self.chosen(path)
        return self.term(path)

    def inside(self, opening: str, closing: str) -> Filter:
        self.next(opening)
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise BadFilter(f"The filter is nested more than {MOST_DEPTH} levels deep.")
        inner = self.either()
        self.next(closing)
        self.depth -= 1
        return inner

    def chosen(self, path: str) -> Filter:
        """A value path: `emails[type eq "work" and value co "@example.com"]`."""
        if self.row is not None:
            raise BadFilter(f"A value path cannot be inside another: {path[:60]}[")
        ref = self.reference(path)
        if ref.sub is not None or ref.attribute.type != "complex":
            raise BadFilter(f"{path[:60]} has no parts to choose by.")
        self.row, self.path = ref.attribute, ref
        inner = self.inside("[", "]")
        self.row = self.path = None
        return Some(ref, inner) if ref.attribute.multi_valued else inner

    def term(self, path: str) -> Filter:
        if path.lower() == "schemas" and self.row is None:
            return self.has_schema()
        ref = self.reference(path)
        kind, word = self.next()
        op = word.lower()
        if kind == "word" and op == "pr":
            return self.present(ref)
        if kind != "word" or op not in _OPERATORS:
            raise BadFilter(f"{word[:60]} is not an operator. The operators are pr, {', '.join(sorted(_OPERATORS))}.")
        ref = _valued(ref, path)
        inner = _comparison(ref, op, *self.next())
        if self.row is not None or not ref.attribute.multi_valued:
            return inner
        if op == "ne":  # of no value may it be said that it is equal
            return Not(Some(replace(ref, sub=None), _comparison(ref, "eq", *self.tokens[self.at - 1])))
        return Some(replace(ref, sub=None), inner)

    def has_schema(self) -> Filter:
        """`schemas eq "…"`: a resource has an extension when it has an attribute of it."""
        op = self.next()[1].lower()
        if op == "pr":
            return And(())
        if op not in {"eq", "ne"}:
            raise BadFilter(f"{op[:60]} is not possible with schemas. Possible are pr, eq, ne.")
        kind, literal = self.next()
        if kind != "text":
            raise BadFilter(f'schemas is compared with a URN: schemas {op} "{self.kind.schema.urn}".')
        urn = _text(literal).lower()
        schema = next((schema for schema in self.kind.schemas if schema.urn.lower() == urn), None)
        found = And(()) if schema is self.kind.schema else Or(tuple(self.parts_of(schema)) if schema else ())
        return found if op == "eq" else Not(found)

    def parts_of(self, schema: Schema) -> Iterator[Filter]:
        for row in schema.attributes:
            if row.filterable and row.returned != "never" and not row.secret:
                yield self.present(Reference(schema.urn, row))

    def present(self, ref: Reference) -> Filter:
        if ref.sub is None and ref.attribute.type == "complex":
            parts = tuple(Present(replace(ref, sub=sub)) for sub in ref.attribute.sub_attributes)
            return Some(ref, Or(parts)) if ref.attribute.multi_valued else Or(parts)
        inner = Present(ref)
        if self.row is None and ref.attribute.multi_valued:
            return Some(replace(ref, sub=None), inner)
        return inner

    def reference(self, path: str) -> Reference:
        """Raises BadFilter for what the resource does not have, and for what must not or cannot be looked for."""
        if self.row is not None and self.path is not None:
            sub = self.row.sub(path)
            ref = replace(self.path, sub=sub) if sub else None
        else:
            ref = resolve(self.kind, path)
        if ref is None:
            raise BadFilter(f"There is no attribute called {path[:100]}.")
        if ref.leaf.returned == "never" and ref.leaf.filterable and not ref.leaf.secret:
            raise BadFilter(f"{path[:100]} is not shown and cannot be used in a filter. For accountDisabled, use active.")
        if ref.leaf.secret:
            raise BadFilter(f"{path[:100]} is secret: nobody can be looked for by it.", secret=True)
        if not ref.attribute.filterable or not ref.leaf.filterable:
            raise BadFilter(f"{path[:100]} cannot be used in a filter.")
        return ref


def _valued(ref: Reference, path: str) -> Reference:
    """`emails` compared means `emails.value`. Raises BadFilter for a complex attribute that has no `value`."""
    if ref.sub is not None or ref.attribute.type != "complex":
        return ref
    sub = ref.attribute.sub("value")
    if sub is None:
        names = ", ".join(f"{ref.attribute.name}.{part.name}" for part in ref.attribute.sub_attributes[:3])
        raise BadFilter(f"{path[:100]} has parts; compare one of them, such as {names}.")
    return replace(ref, sub=sub)


def _comparison(ref: Reference, op: str, kind: str, literal: str) -> Filter:
    """One term on one value. Raises BadFilter where operator, attribute and value do not go together."""
    leaf, name = ref.leaf, f"{ref.attribute.name}.{ref.sub.name}" if ref.sub else ref.attribute.name
    fitting = {"eq", "ne"} if name in _OPAQUE else _FITTING.get(leaf.type, _OPERATORS)
    if op not in fitting:
        raise BadFilter(f"{op} is not possible with {name}. Possible are pr, {', '.join(sorted(fitting))}.")
    if op == "ne":
        return _not(_comparison(ref, "eq", kind, literal))
    value = _value(leaf, name, kind, literal)
    if value is None:
        if op == "eq":
            return Not(Present(ref))
        raise BadFilter(f"{name} can be null, but null is not more or less than anything.")
    if value is False:
        return Not(Compare(ref, "eq", True))
    if name == "userName" and isinstance(value, str) and op not in {"co", "ew"}:
        value = fold(leaf, str(split_username(value)))
    if value == "":
        return _against_nothing(ref, op)
    return Compare(ref, _operator(op), value)


def _against_nothing(ref: Reference, op: str) -> Filter:
    """An empty text equals what is absent, is in every text, and sorts before all of them."""
    if op in {"lt", "le"}:
        return Or(())
    return Not(Present(ref)) if op == "eq" else Present(ref)


def _not(filter: Filter) -> Filter:
    return filter.inner if isinstance(filter, Not) else Not(filter)


def _operator(op: str) -> Operator:
    known: dict[str, Operator] = {"eq": "eq", "co": "co", "sw": "sw", "ew": "ew", "gt": "gt", "ge": "ge", "lt": "lt", "le": "le"}
    return known[op]


def _value(leaf: Attribute, name: str, kind: str, literal: str) -> Value | None:
    """The literal as the attribute's type takes it; None for null. Raises BadFilter."""
    lower = literal.lower()
    if kind == "word" and lower == "null":
        return None
    text = _text(literal) if kind == "text" else literal
    if leaf.type == "boolean":
        if text.lower() in {"true", "false"} and kind != "mark":
            return text.lower() == "true"
        raise BadFilter(f"{name} is compared with true or false, not with {literal[:60]}.")
    if kind == "mark" or (kind == "word" and not _NUMBER.fullmatch(literal)):
        raise BadFilter(f'A text in a filter stands in quotation marks: {name} eq "…". Found was {literal[:60]}.')
    if leaf.type == "dateTime":
        found = moment(text)
        if found is None:
            raise BadFilter(f'{name} is compared with a time such as "2026-05-13T04:42:34Z".')
        return found
    return fold(leaf, text)


def _text(literal: str) -> str:
    try:
        text = json.loads(literal, strict=False)
        text.encode()
    except (ValueError, UnicodeEncodeError):
        raise BadFilter(f"The text {literal[:60]} in the filter is not a JSON text.") from None
    return str(text).replace("\0", "\ufffd").replace(LAST, "\ufffd")
