"""A browser without a screen: one kept-open connection, a cookie jar, the hidden token of the form it was shown."""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Self
from urllib.parse import urlencode, urlsplit

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_MARK = re.compile(r'name="form" value="([^"]+)"')
_HEADING = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. `location` is where a redirect leads, else empty."""

    status: int
    text: str
    location: str

    @property
    def heading(self) -> str:
        found = _HEADING.search(self.text)
        return found[1] if found else ""


class Visitor:
    """`url` is where the server is, e.g. https://localhost:9443; `tls` trusts its certificate. Use it as a context manager."""

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=60, context=tls)
        self._cookies: dict[str, str] = {}
        self._token = self._mark = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def get(self, path: str) -> Page:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> Page:
        """Send a form with the hidden fields of the page that was shown last. Underscores in names stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in fields.items()} | {"csrfmiddlewaretoken": self._token, "form": self._mark}
        return self._ask("POST", path, urlencode(named))

    def _ask(self, method: str, path: str, body: str | None = None) -> Page:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        token = _TOKEN.search(text)
        self._token = token[1] if token else self._token
        mark = _MARK.search(text)
        self._mark = mark[1] if mark else self._mark
        return Page(answer.status, text, answer.headers.get("Location", ""))
