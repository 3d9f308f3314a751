"""A browser without JavaScript that keeps cookies and sends each form with the token it was shown."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import set_script_prefix

LOGIN = "/authenticationendpoint/login.do"
OPEN = "/accountrecoveryendpoint/confirmrecovery.do"
SHOW = "/accountrecoveryendpoint/passwordreset.do"
COMPLETE = "/accountrecoveryendpoint/completepasswordreset.do"
RESEND = "/accountrecoveryendpoint/resendlink.do"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_FORM = re.compile(r'name="form" value="([^"]+)"')


class Browser:
    """`page` is the text of the last answer, `status` its status, `location` where it leads."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
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

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.page, re.DOTALL)
        return found[1].strip() if found else ""
