"""A directory is connected in the console: what was typed stays while the connection is tried, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Camera, to
from tests.browser.test_seed_002 import sign_in
from tests.conftest import ServeFactory
from tests.stories.test_seed_000 import ADMIN
from tests.support.slapd import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def fill(page: Page, slapd: Place, secret: str) -> None:
    settings = slapd.settings()
    page.get_by_label("Domain", exact=True).fill("staff")
    for name in ("ConnectionURL", "ConnectionName", "UserSearchBase"):
        page.locator(f"#{name}").fill(settings[name])
    page.locator("#ConnectionPassword").fill(secret)


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_a_directory_is_tried_connected_and_looked_through(
    serve: ServeFactory, slapd: Place, new_context_of: Callable[..., BrowserContext], camera: Camera, *, javascript: bool
) -> None:
    slapd.add("jane", mail="jane@example.com", givenName="Jane")
    served = serve(ADMIN)
    page = new_context_of(javascript=javascript).new_page()
    page.goto(f"{served.url}/console/")
    sign_in(page, "admin", "admin")
    to(page, "User Stores")
    page.get_by_role("link", name="Add User Store").click()
    page.get_by_role("button", name="Continue").click()
    fill(page, slapd, "wrong")
    page.get_by_role("button", name="Test connection").click()
    page.get_by_text("The connection does not work yet.").wait_for()
    camera(page, "not-yet")
    assert page.locator("#UserSearchBase").input_value() == slapd.people
    assert page.locator("#ConnectionPassword").input_value() == ("wrong" if javascript else "")
    page.locator("#ConnectionPassword").fill(slapd.secret)
    page.get_by_role("button", name="Test connection").click()
    page.get_by_text("The connection works.").wait_for()
    camera(page, "works")
    if not javascript:
        page.get_by_text("type it again before you save").wait_for()
        page.locator("#ConnectionPassword").fill(slapd.secret)
    page.locator("#UserSearchBase").press("Enter")
    page.get_by_text("The user store was added").wait_for()
    for _ in range(50):
        page.goto(f"{served.url}/console/stores/STAFF/")
        if page.get_by_text("1 seen, 1 new").count():
            break
    camera(page, "looked-through")
    page.get_by_role("link", name="1", exact=True).click()
    page.get_by_role("link", name="STAFF/jane").wait_for()
