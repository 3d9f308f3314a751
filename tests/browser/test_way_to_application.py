"""An invited person comes from an application, opens the link of her invitation in the same browser, and is back where she was heading."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Camera
from tests.browser.test_accessibility import look
from tests.stories.test_seed_000 import ADMIN, eventually
from tests.support.person import link_in
from tests.support.served import Served, as_json
from tests.support.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "violet-harbour-41"
INVITED = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"askPassword": "true"}}
WAYS = [pytest.param(1280, True, "light", "en", id="desktop"), pytest.param(360, False, "dark", "de", id="phone-without-javascript")]


@pytest.mark.parametrize(("width", "javascript", "scheme", "language"), WAYS)
def test_an_invited_person_ends_in_the_application(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int, javascript: bool,
    scheme: str, language: str,
) -> None:
    served = serve(ADMIN + smtp.toml())
    there = f"{served.url}/myaccount/personal-info"
    new = as_json(served.command("client", "add", "Coffee Shop", "--redirect-uri", there, "--json"))
    asked = {"response_type": "code", "client_id": new["client_id"], "redirect_uri": there, "state": "a b/ç",
             "scope": "openid profile email", "ui_locales": language}
    with httpx2.Client(base_url=f"{served.url}/scim2", auth=("admin", "admin"), verify=served.tls()) as scim:
        invited = {"userName": "jane", "emails": [{"value": "jane@example.com", "primary": True}], **INVITED}
        assert scim.post("/Users", json=invited).status_code == 201
    page = new_context_of(width=width, javascript=javascript, color_scheme=scheme).new_page()
    page.goto(f"{served.url}/oauth2/authorize?{urlencode(asked)}")
    camera(page, "sign-in")
    page.goto(link_in(eventually(lambda: smtp.messages, "the invitation arrives")[0].message))
    page.locator("#reset-password").fill(PASSWORD)
    page.locator("#reset-password2").fill(PASSWORD)
    page.locator("form button.primary").click()
    page.locator(".mark.good").wait_for()
    found = _seen(page, camera, javascript)
    page.locator("main a.primary").click()
    found += _seen(page, camera, javascript)
    page.locator("#username").fill("jane")
    page.locator("#password").fill(PASSWORD)
    page.locator("form button.primary").click()
    page.locator("button[value=allow]").wait_for()
    found += _seen(page, camera, javascript)
    page.locator("button[value=allow]").click()
    page.wait_for_url("**/myaccount/personal-info?code=**")
    assert "state=a+b%2F%C3%A7" in page.url
    page.goto(f"{served.url}/myaccount/applications")
    found += _seen(page, camera, javascript)
    assert not found, "\n".join(found)


def _seen(page: Page, camera: Camera, javascript: bool) -> list[str]:
    """What axe finds; without JavaScript it cannot run, and there is a picture only."""
    if javascript:
        return look(page, "", camera)
    camera(page, page.url.split("?")[0].rstrip("/").rsplit("/", 1)[-1])
    return []
