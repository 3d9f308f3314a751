"""The requests that the questions send to a server, as bytes, and what a right answer to each looks like."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from bench.load import Answer, Check, once, request

ADMIN, ADMIN_PASSWORD = "admin", "fourteen green bottles"
PASSWORD = "correct horse battery staple"
CONFIG = f'[super_admin]\nusername = "{ADMIN}"\npassword = "{ADMIN_PASSWORD}"\n'
BASIC = {"Authorization": "Basic " + base64.b64encode(f"{ADMIN}:{ADMIN_PASSWORD}".encode()).decode()}
BEARER = {"Authorization": "Bearer bench-token"}
USERS = "/scim2/Users"
_SCIM = {"Content-Type": "application/scim+json"}
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_MARK = re.compile(rb'name="form" value="([^"]+)"')
_CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_LINK = re.compile(r"https?://\S+?confirmrecovery\.do\?[^\s\"<]+")

Make = Callable[[str], bytes]


def create(who: dict[str, str], *, invite: bool = False, password: str = "") -> Make:
    """The request that creates the user of a given name."""

    def made(name: str) -> bytes:
        user: dict[str, object] = {
            "schemas": [_USER], "externalId": f"x-{name}", "userName": name, "displayName": "Ada Lovelace", "title": "Engineer",
            "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"}, "locale": "en", "active": True,
            "emails": [{"value": f"{name}@example.org", "type": "work", "primary": True}],
        }
        if invite:
            user |= {"schemas": [_USER, _ENTERPRISE], _ENTERPRISE: {"askPassword": True}}
        if password:
            user["password"] = password
        return request("POST", USERS, who | _SCIM, json.dumps(user).encode())

    return made


def by_name(who: dict[str, str]) -> Make:
    def made(name: str) -> bytes:
        wanted = quote(f'userName eq "{name}"')
        return request("GET", f"{USERS}?filter={wanted}", who)

    return made


def lock(user_id: str) -> bytes:
    """The request that locks an account."""
    body = {"Operations": [{"op": "replace", "path": f"{_ENTERPRISE}:accountLocked", "value": True}]}
    return request("PATCH", f"{USERS}/{user_id}", BASIC | _SCIM, json.dumps(body).encode())


def created(answer: Answer) -> bool:
    return answer.status == 201 and b'"id"' in answer.body and b'"userName"' in answer.body


def found_one(answer: Answer) -> bool:
    return answer.status == 200 and json.loads(answer.body)["totalResults"] == 1


def found_it(answer: Answer) -> bool:
    return answer.status == 200 and b'"userName"' in answer.body


class Numbered:
    """Names that were never used before: `prefix0`, `prefix1` …, at most `most` of them; then None."""

    def __init__(self, prefix: str, make: Make, most: int = 10**9) -> None:
        self._numbers: Iterator[int] = iter(range(most))
        self._prefix, self._make = prefix, make

    def __call__(self) -> bytes | None:
        number = next(self._numbers, None)
        return None if number is None else self._make(f"{self._prefix}{number}")


def circling(requests: list[bytes]) -> Callable[[], bytes]:
    """The requests over and over."""
    position = -1

    def following() -> bytes:
        nonlocal position
        position = (position + 1) % len(requests)
        return requests[position]

    return following


class Browser:
    """A browser's cookies and form token, for requests that are made beforehand. `port` of a server without TLS."""

    def __init__(self, port: int) -> None:
        self._port, self._origin = port, "http://localhost"
        self.cookies: dict[str, str] = {}
        self._token = ""

    def get(self, path: str) -> Answer:
        return self._took(once(self._port, request("GET", path, {"Cookie": self.cookie})))

    def send(self, path: str, fields: dict[str, str]) -> Answer:
        return self._took(once(self._port, self.form(path, fields)))

    def _took(self, answer: Answer) -> Answer:
        """Keep what the answer says about cookies and the form token."""
        for line in answer.head.decode().split("\r\n"):
            if line.lower().startswith("set-cookie:"):
                name, _, value = line.partition(":")[2].strip().partition(";")[0].partition("=")
                self.cookies[name] = value
        token = _CSRF.search(answer.body)
        self._token = token[1].decode() if token else self._token
        return answer

    def form(self, path: str, fields: dict[str, str]) -> bytes:
        """The request that sends a form, with the cookies and the token of now."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self._token}).encode()
        headers = {"Cookie": self.cookie, "Origin": self._origin, "Content-Type": "application/x-www-form-urlencoded"}
        return request("POST", path, headers, body)

    @property
    def cookie(self) -> str:
        """The value of the Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def sign_ins(port: int, names: list[str]) -> tuple[list[bytes], Check]:
    """A sign-in for each name."""
    browser = Browser(port)
    path = "/authenticationendpoint/login.do"
    browser.get(path)
    return ([browser.form(path, {"username": name, "password": PASSWORD}) for name in names],
            lambda answer: answer.status == 303 and b"session=" in answer.head and b"/myaccount/" in answer.head)


def opened(port: int, mail: Path) -> list[bytes]:
    """For each invitation among the mail files: the request that sets a password, its link already opened."""
    forms: list[bytes] = []
    for file in sorted(mail.glob("*.eml")):
        part = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
        link = _LINK.search(str(part.get_content())) if part else None
        if link is None:
            continue
        browser = Browser(port)
        address = urlsplit(link.group())
        browser.get(f"{address.path}?{address.query}")
        mark = _MARK.search(browser.get("/accountrecoveryendpoint/passwordreset.do").body)
        fields = {"form": mark[1].decode() if mark else "", "reset-password": PASSWORD, "reset-password2": PASSWORD}
        forms.append(browser.form("/accountrecoveryendpoint/completepasswordreset.do", fields))
    return forms


def password_set(answer: Answer) -> bool:
    return answer.status == 200 and b"Password Set Successfully" in answer.body
