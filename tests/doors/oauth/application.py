"""An application that people sign in to, and one of them in a browser without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from housekey.core.applications import Application
from housekey.operations import clients
from tests.doors.oauth.support import Answer, Program
from tests.doors.pages.support import LOGIN, Browser
from tests.operations.support import PASSWORD, World

BACK = "https://app.example.com/callback"
BYE = "https://app.example.com/bye"
SCOPE = "openid profile email"


@dataclass
class App:
    """`program` is its server; `verifier` the secret of PKCE; `state` and `nonce` are what it sends. `prefix` is "" or `/t/<tenant>`."""

    program: Program
    public: bool = False
    prefix: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def asking(self, **changes: str | None) -> dict[str, str]:
        """The parameters of its authorization request; None leaves one out."""
        usual: dict[str, str | None] = {
            "response_type": "code", "client_id": self.program.id, "redirect_uri": BACK, "scope": SCOPE, "state": self.state,
            "nonce": self.nonce, "code_challenge": self.challenge, "code_challenge_method": "S256",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def address(self, **changes: str | None) -> str:
        return f"{self.prefix}/oauth2/authorize?{urlencode(self.asking(**changes))}"

    def answered(self, browser: Browser) -> dict[str, str]:
        """What the browser brings back to the redirect URI."""
        assert browser.status == 302, (browser.status, browser.page[:500])
        assert browser.location.startswith(f"{BACK}?"), browser.location
        return {name: values[0] for name, values in parse_qs(urlsplit(browser.location).query).items()}

    def exchange(self, code: str, **changes: str | None) -> Answer:
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": self.verifier,
            **({"client_id": self.program.id} if self.public else {}),
        }
        return self.post("/oauth2/token", {name: value for name, value in (fields | changes).items() if value is not None})

    def refresh(self, token: str, **changes: str) -> Answer:
        own = {"client_id": self.program.id} if self.public else {}
        return self.post("/oauth2/token", {"grant_type": "refresh_token", "refresh_token": token, **own, **changes})

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        return self.program.post(path, fields, authorization=None if self.public else "")

    def userinfo(self, token: str) -> Answer:
        return Answer(self.program.client.get(f"{self.prefix}/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"}))

    def read(self, id_token: str) -> dict[str, Any]:
        """The claims of an ID token, its signature checked with the published keys."""
        published = self.program.client.get(f"{self.prefix}/oauth2/jwks").json()
        return dict(jwt.decode(id_token, KeySet.import_key_set(published), algorithms=["RS256", "ES256"]).claims)


def application(world: World, *scopes: str, name: str = "shop", prefix: str = "", **settings: Any) -> App:
    """An application registered in the world's tenant that asks nobody for consent, unless `settings` say otherwise."""
    usual: dict[str, Any] = {"redirect_uris": (BACK,), "post_logout_redirect_uris": (BYE,), "consent": False}
    new = clients.add(world.house, world.by, name, scopes, world.now, Application(**(usual | settings)))
    return App(Program(new, prefix), public=bool(settings.get("public")), prefix=prefix)


def signed_in(name: str = "jane", password: str = PASSWORD, prefix: str = "") -> Browser:
    """A browser in which somebody has signed in."""
    browser = Browser()
    browser.get(prefix + LOGIN).post(prefix + LOGIN, {"username": name, "password": password})
    assert browser.status == 303, browser.page[:300]
    return browser


def through(app: App, browser: Browser, name: str = "jane", password: str = PASSWORD, **changes: str | None) -> dict[str, str]:
    """Sent to sign in by the application, through the sign-in page, and back at its redirect URI."""
    browser.get(app.address(**changes))
    assert browser.status == 303, (browser.status, browser.page[:300])
    goal = parse_qs(urlsplit(browser.location).query)["next"][0]
    browser.follow()
    assert browser.status == 200
    assert unescape(goal) in unescape(browser.page)
    browser.post(app.prefix + LOGIN, {"username": name, "password": password, "next": goal})
    assert browser.status == 303, browser.page[:300]
    browser.follow()
    return app.answered(browser)


def tokens(app: App, browser: Browser, **changes: str | None) -> dict[str, Any]:
    """What a signed-in person's application gets."""
    code = app.answered(browser.get(app.address(**changes)))["code"]
    answer = app.exchange(code)
    assert answer.status == 200, answer.body
    return answer.body
