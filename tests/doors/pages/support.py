"""A browser without JavaScript that keeps cookies and sends each form with the token it was shown, and the codes it may type."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import set_script_prefix

from housekey.core import properties
from housekey.core.names import split_username
from housekey.core.users import Changes, Email, NewUser, Profile, User
from housekey.operations import codes, policies, users
from tests.operations.support import World

LOGIN = "/authenticationendpoint/login.do"
OPEN = "/accountrecoveryendpoint/confirmrecovery.do"
SHOW = "/accountrecoveryendpoint/passwordreset.do"
COMPLETE = "/accountrecoveryendpoint/completepasswordreset.do"
RESEND = "/accountrecoveryendpoint/resendlink.do"
RECOVER = "/accountrecoveryendpoint/recoverpassword.do"
VERIFY = "/accountrecoveryendpoint/verify.do"
SENT = "/accountrecoveryendpoint/recoverysent.do"
CODE = "/accountrecoveryendpoint/confirmotp.do"
RESEND_CODE = "/accountrecoveryendpoint/resendcode.do"
CONFIRM = "/accountrecoveryendpoint/confirmregistration.do"
CONFIRMED = "/accountrecoveryendpoint/emailconfirmed.do"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_FORM = re.compile(r'name="form" value="([^"]+)"')


class Browser:
    """`page` is the text of the last answer, `status` its status, `location` where it leads. `network`: the address it asks from."""

    def __init__(self, network: str = "127.0.0.1") -> None:
        self.client = Client(enforce_csrf_checks=True, REMOTE_ADDR=network)
        self.page, self.status, self.location, self.token, self.form = "", 0, "", "", ""
        self.headers: Any = {}

    def get(self, path: str, **headers: str) -> Browser:
        return self._ask("get", path, headers=headers)

    def head(self, path: str) -> Browser:
        return self._ask("head", path)

    def post(self, path: str, fields: dict[str, str] | None = None) -> Browser:
        """Send a form with the token of the page that was shown last."""
        return self._ask("post", path, data={"csrfmiddlewaretoken": self.token, **(fields or {})}, headers={"Referer": "https://testserver/"})

    def follow(self) -> Browser:
        return self.get(self.location)

    def _ask(self, method: str, path: str, **more: Any) -> Browser:
        # As the WSGI handler does for each request; the test client leaves the last tenant's prefix standing.
        set_script_prefix("/")
        return self._take(getattr(self.client, method)(path, secure=True, **more))

    def _take(self, response: Any) -> Browser:
        self.page, self.status, self.headers = unescape(response.content.decode()), response.status_code, response.headers
        self.location = response.headers.get("Location", "")
        token = _TOKEN.search(self.page)
        self.token = token[1] if token else self.token
        form = _FORM.search(self.page)
        self.form = form[1] if form else self.form
        return self

    def sign_in(self, username: str, password: str, **more: str) -> Browser:
        self.get(LOGIN)
        return self.post(LOGIN, {"username": username, "password": password, **more})

    def signed_in(self, username: str, password: str) -> Browser:
        assert self.sign_in(username, password).status == 303
        return self

    def set_password(self, password: str, again: str | None = None) -> Browser:
        """Submit the form that was shown last, with the mark it carries."""
        return self.post(COMPLETE, {"form": self.form, "reset-password": password, "reset-password2": password if again is None else again})

    def type_code(self, username: str, code: str, **more: str) -> Browser:
        """Open the page for codes and send this name and code."""
        self.get(CODE)
        return self.post(CODE, {"username": username, "code": code, **more})

    def forgot(self, username: str, **more: str) -> Browser:
        """Open the page for forgotten passwords and send this name."""
        self.get(RECOVER)
        return self.post(VERIFY, {"username": username, **more})

    @property
    def cookies(self) -> str:
        """Everything this browser keeps, as one text."""
        return " ".join(cookie.OutputString() for cookie in self.client.cookies.values())

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.page, re.DOTALL)
        return found[1].strip() if found else ""


def decide(world: World, **values: str) -> None:
    """Change settings of the tenant, by the names they have in `core.properties`."""
    policies.change(world.house, world.by, {getattr(properties, name): value for name, value in values.items()}, {}, world.now)


def person(world: World, name: str = "jane", **more: Any) -> User:
    """A user with an e-mail address and a mobile number; without `password` or `ask_password` given, invited."""
    profile = Profile(emails=(Email(f"{name}@example.com", primary=True),),
                      more={"phoneNumbers": [{"value": "+4915112345678", "type": "mobile"}]})
    return users.create(world.house, world.by, NewUser(split_username(name), profile, **(more or {"ask_password": True})), world.now)


def force(world: World, user: User) -> None:
    """An administrator demands a new password."""
    users.change(world.house, world.by, user.id, Changes(force_reset=True), world.now)


def code_of(world: World, user: User) -> str:
    """The one-time code that waits to be sent to a user."""
    row = codes.live(world.tenant, user.id)
    assert row is not None
    return codes.text_of(world.house, row)


def wrong(code: str) -> str:
    """Another code of the same shape."""
    first = next(sign for sign in "ABCDEFGHJKabcdefghjk123456789" if sign != code[0] and kind(sign) == kind(code[0]))
    return first + code[1:]


def kind(sign: str) -> tuple[bool, bool]:
    return sign.isdigit(), sign.isupper()
