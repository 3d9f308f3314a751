"""The WSGI callable: what any WSGI server is given. Mends what Django 5.2, HTTP/2 and slow clients do to one another.

- A body without Content-Length (chunked, HTTP/2) reaches Django as an empty one (Django ticket 35838): bodies are read here.
- Set-Cookie values get a leading space from Django (ticket 36467), and strict HTTP/2 clients reset the stream: stripped.
- Bodies over `limits.body` get 413 before anything is parsed.
- A charset other than UTF-8 in Content-Type is taken away: Django decodes even the address with it, or fails to (A-105).
- A client that sends its body slowly holds a thread of the server, never one of Django's (A-183): those are few, because each
  keeps a database connection. One client gets a part of those threads only (`housekey.web.places`).
- The scheme is what a trusted proxy says its client spoke.

Static files and `/healthz` are answered here, without a database or a session.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise  # type: ignore[import-untyped] # it ships no types

from housekey.web.compression import packed
from housekey.web.network import host, scheme
from housekey.web.places import Places

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STATIC = Path(__file__).resolve().parent / "static"
FOREVER = "public, max-age=31536000, immutable"
BODY_SECONDS = 30.0
_PIECE = 65_536
_CHARSET = re.compile(r";\s*charset\s*=(?!\s*[\"']?utf-?8\b)[^;]*", re.IGNORECASE)
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_SENTENCES = {
    "400 Bad Request": "The Content-Length header is not a number, or the body is shorter than it says.",
    "408 Request Timeout": "The request took too long to arrive.",
    "413 Content Too Large": "The request is larger than this server accepts.",
    "503 Service Unavailable": "The server is busy. Please try again shortly.",
}


class Application:
    """Wraps Django's WSGI handler. `limit` is the largest body in bytes, `threads` how many requests Django works on at a time.

    `files` is the folder of the static files, `trusted` are the networks of proxies.
    """

    def __init__(self, inner: WSGIApplication, *, limit: int, threads: int, files: Path, trusted: tuple[str, ...] = ()) -> None:
        self._django, self._limit, self._trusted = inner, limit, trusted
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self._places = Places(shared=bool(trusted))
        self._static = _static_files(files)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/healthz":
            return _plain("200 OK", "ok", start_response)
        if path.startswith("/static/"):
            answer: Iterable[bytes] = self._static(environ, _forever(environ, start_response))
            return answer
        environ["CONTENT_TYPE"] = _CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        environ["wsgi.url_scheme"] = scheme(environ, self._trusted) or environ["wsgi.url_scheme"]
        refusal = self._take_body(environ)
        if refusal:
            return _plain(refusal, _SENTENCES[refusal], start_response)
        status, headers, body = self._pool.submit(self._answer, environ).result()
        start_response(status, headers)
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], bytes]:
        """Django's whole answer, made in one of its own threads."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001 - a WSGI signature
            started.append((status, [(name, value.strip()) for name, value in headers]))

        response = self._django(environ, start)
        try:
            body = b"".join(response)
        finally:
            close = getattr(response, "close", None)
            if close is not None:
                close()
        return *started[-1], body

    def _take_body(self, environ: WSGIEnvironment) -> str:
        """Make the body one that Django can read; the status line of a refusal, or "" if all is well."""
        length = environ.get("CONTENT_LENGTH", "").strip()
        if length and not (length.isascii() and length.isdigit()):
            return "400 Bad Request"
        # Compared by its digits first: int() of a very long number is slow, and refuses beyond 4300 digits.
        if length and (len(length.lstrip("0")) > 18 or int(length) > self._limit):
            return "413 Content Too Large"
        if length == "" and environ["REQUEST_METHOD"] in _BODILESS:
            return ""
        with self._places.taken(host(environ.get("REMOTE_ADDR", ""))) as place:
            if not place:
                return "503 Service Unavailable"
            try:
                body = _read(environ["wsgi.input"], self._limit)
            except TimeoutError:
                return "408 Request Timeout"
        if len(body) > self._limit:
            return "413 Content Too Large"
        if length and len(body) != int(length):
            return "400 Bad Request"
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        return ""


def _read(source: Any, limit: int) -> bytes:
    """The body, up to one byte more than `limit`. Raises TimeoutError for one that trickles in for too long."""
    pieces: list[bytes] = []
    total, deadline = 0, time.monotonic() + BODY_SECONDS
    while total <= limit:
        piece = source.read(min(_PIECE, limit + 1 - total))
        if not piece:
            break
        pieces.append(piece)
        total += len(piece)
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(pieces)


def _forever(environ: WSGIEnvironment, start_response: StartResponse) -> Callable[..., Any]:
    """Templates ask for `…?v=<hash of the content>`: such an answer may be kept for ever."""
    if not environ.get("QUERY_STRING", "").startswith("v="):
        return start_response

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if status.startswith("200"):
            headers = [(name, value) for name, value in headers if name.lower() != "cache-control"] + [("Cache-Control", FOREVER)]
        return start_response(status, headers, exc_info)

    return start


def _plain(status: str, text: str, start_response: StartResponse) -> list[bytes]:
    body = text.encode()
    start_response(
        status,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *([("Retry-After", "2")] if status.startswith("503") else []),
        ],
    )
    return [body]


def _static_files(folder: Path) -> WhiteNoise:
    def missing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:  # noqa: ARG001 - a WSGI signature
        return _plain("404 Not Found", "There is no such file.", start_response)

    def headers(headers: Any, path: str, url: str) -> None:  # noqa: ARG001 - whitenoise calls it with these
        headers["X-Content-Type-Options"] = "nosniff"

    served = WhiteNoise(missing, root=str(folder), prefix="static/", max_age=300, allow_all_origins=False, add_headers_function=headers)
    # What lies in folders was not put there by us
    served.files = {url: file for url, file in served.files.items() if url.count("/") == 2}
    return served


def _application() -> Application:
    config = settings.HOUSE.config
    return Application(get_wsgi_application(), limit=config.limits.body, threads=config.server.threads,
                       files=packed(STATIC, config.data / "static"), trusted=config.server.trusted_proxies)


application = _application()
