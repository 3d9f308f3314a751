"""Every address of every door, read from the URL tables, and how to try an identifier on it without leaving a trace."""

from __future__ import annotations

import base64
import codecs
import html
import json
import re
import secrets
import string
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, set_script_prefix

import housekey
from housekey.operations import costly

SOURCES = Path(housekey.__file__).parent
_ROUTE = re.compile(r"<(?:(\w+):)?(\w+)>")
_WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?', re.IGNORECASE)
_REGEX = re.compile(r"\(\?P<(\w+)>\[\^/\]\+\)")
_SHAPES = {
    "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "int": r"[0-9]+", "slug": r"[-a-zA-Z0-9_]+", "str": r"[^/]+", "": r"[^/]+",
}
_HEADERS = ("Location", "Content-Type", "WWW-Authenticate", "Allow", "Retry-After", "Set-Cookie", "ETag", "Cache-Control")
_VOLATILE = (
    (re.compile(_SHAPES["uuid"]), "UUID"), (re.compile(r"<time.*?</time>", re.DOTALL), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|\+00:00)?"), "TIME"), (re.compile(r"[\w-]{20,}"), "TOKEN"),
    (re.compile(r"\b\d+ second\w*\b"), "SECONDS"), (re.compile(r"={10,}\d+="), "BOUNDARY"),
    (re.compile(r"(?<=:)\w{6}(?=:TOKEN)"), "SIGNED"), (re.compile(r'W/"[^"]*"'), "ETAG"),
)
"""What is new in each answer."""


@dataclass(frozen=True, slots=True)
class Address:
    """`path` has `{name}` for each part; `parts`: name -> shape; `door`: who answers."""

    path: str
    parts: tuple[tuple[str, str], ...]
    door: str

    def filled(self, values: dict[str, str]) -> str:
        return "/" + self.path.format(**{name: quote(values[name], safe="") for name, _ in self.parts})


def addresses() -> Iterator[Address]:
    yield from _walk(get_resolver().url_patterns, "")


def _walk(patterns: Any, before: str) -> Iterator[Address]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield _address(before + _readable(str(pattern.pattern)), pattern)
        else:
            yield from _walk(pattern.url_patterns, before + _readable(str(pattern.pattern)))


def _readable(text: str) -> str:
    return text.removeprefix("^").removesuffix("$").removesuffix("/?").replace("\\", "")


def _address(text: str, pattern: URLPattern) -> Address:
    text = _REGEX.sub(r"<str:\1>", text)
    parts = [(name, kind or "str") for kind, name in _ROUTE.findall(text)]
    path = _ROUTE.sub(r"{\2}", text)
    return Address(path, tuple(parts), pattern.callback.__module__.split(".")[1])


def fits(shape: str, value: str) -> bool:
    return re.fullmatch(_SHAPES[shape], value) is not None


def parameters() -> set[str]:
    """Every name that a page or form looks for, read from the source."""
    found: set[str] = set()
    for door in ("console", "pages", "oauth", "web"):
        for file in (SOURCES / door).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            found |= set(re.findall(r'\b(?:GET|POST|asked|query|fields|data|sent)\.(?:get|getlist)\("([\w:-]+)"', text))
            found |= set(re.findall(r'\bField\(\s*"([\w-]+)"', text))
            found |= set(re.findall(r'\brequired\(\w+, "([\w-]+)"', text))
    return found


def unknown(value: str) -> str:
    """Something of the same shape and length that nobody has."""
    if fits("uuid", value):
        return value[0] + str(uuid.uuid4())[1:]  # some places take what begins with a letter only
    if value.isdecimal():
        return str(int(value) + 800_000)
    if value.startswith("client_"):
        return "client_" + secrets.token_hex(16)
    if len(value) >= 40:
        return "".join(_alike(char) for char in value)
    return codecs.encode(value, "rot13")


def _alike(char: str) -> str:
    """Some places take letters, digits or dashes only: another of the same kind."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    return next((secrets.choice(kind) for kind in kinds if char in kind), char)


def shape(value: str) -> str:
    """Identifiers of one shape are as good as one another where nobody has them."""
    kind = "uuid" if fits("uuid", value) else "number" if value.isdecimal() else "word" if len(value) < 40 else "token"
    return f"{kind} {len(value)} {value[:7] == 'client_'} {' ' in value} {'@' in value}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody sees of an answer, with the identifier and all that is new each time taken out."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


def told(one: Seen, other: Seen) -> str:
    """Where two answers part, in few words."""
    if (one.status, one.headers) != (other.status, other.headers):
        return f"{one.status} {one.headers} | {other.status} {other.headers}"[:400]
    at = next((number for number, (a, b) in enumerate(zip(one.body, other.body, strict=False)) if a != b), 0)
    return f"{one.body[max(0, at - 40) : at + 60]!r} | {other.body[max(0, at - 40) : at + 60]!r}"


class Prober:
    """Somebody at a browser or with a program: each request happens in a world of its own, which ends with it."""

    def __init__(self, *, session: str = "", authorization: str = "", prefix: str = "", cookies: dict[str, str] | None = None) -> None:
        self.unchanged: Callable[[set[str]], bool] = lambda _tables: True
        """Is what must be the same after a request still so, as far as these tables go, to which it wrote?"""
        self.prefix, self.headers = prefix, {"Authorization": authorization} if authorization else {}
        self.cookies = {"__Host-session": session} if session else {}
        self.cookies |= cookies or {}

    def ask(self, values: Iterable[str], method: str, path: str, body: Any = None, *, media: str = "", query: dict[str, str] | None = None,
            headers: dict[str, str] | None = None) -> Seen:
        """`values`: the identifiers that are tried."""
        client = Client(raise_request_exception=True)
        for name, cookie in self.cookies.items():
            client.cookies[name] = cookie
        set_script_prefix("/")
        costly.forget()
        address = self.prefix + path + ("?" + "&".join(f"{quote(k)}={quote(v)}" for k, v in query.items()) if query else "")
        given: Any = {"headers": self.headers | (headers or {}), "secure": True}
        written: set[str] = set()
        with _undone(), connection.execute_wrapper(partial(_noting, written)):
            if media:
                data = body if isinstance(body, bytes | str) else json.dumps(body)
                answer = client.generic(method, address, data, media, **given)
            elif method == "GET":
                answer = client.get(address, **given)
            else:
                answer = getattr(client, method.lower())(address, body or {}, **given)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined] # only of a streaming answer
            text = content.decode("utf-8", "replace")
            assert self.unchanged(written), f"{method} {address} changed what it must not"
        tried = sorted(values, key=len, reverse=True)
        kept = tuple((name, _plain(answer.headers[name], tried)) for name in _HEADERS if name in answer.headers)
        return Seen(answer.status_code, kept, _plain(text, tried))


def _noting(written: set[str], execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Django's wrapper of statements: notes the tables of those that write."""
    if found := _WRITE.match(sql):
        written.add(found[1])
    return execute(sql, params, many, context)


@contextmanager
def _undone() -> Iterator[None]:
    around: Any = transaction.atomic()
    around._from_testcase = True  # operations open durable transactions inside
    with around:
        yield
        transaction.set_rollback(True)


def _plain(text: str, values: list[str]) -> str:
    for value in values:
        for form in set() if value.isdecimal() else _forms(value):
            text = text.replace(form, "ID")
        # Sentences quote no more than the beginning of what is long.
        for length in range(len(value) - 1, 11, -1):
            text = text.replace(value[:length] + "…", "ID")
    for pattern, word in _VOLATILE:
        text = pattern.sub(word, text)
    # A number may stand anywhere else, too.
    return re.sub(r"\d+", "NUMBER", text) if any(value.isdecimal() for value in values) else text


def _forms(value: str) -> set[str]:
    """How the identifier may come back."""
    found = set()
    for text in (value, value.upper(), value.lower()):
        encoded = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        found |= {text, quote(text), quote(text, safe=""), quote_plus(text), html.escape(text), json.dumps(text)[1:-1], encoded}
    return found
