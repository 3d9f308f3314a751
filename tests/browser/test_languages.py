"""The language switch on a phone, without JavaScript, and pages that run from right to left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from housekey.core.languages import EVERY, LANGUAGES, PSEUDO
from tests.browser.conftest import Camera
from tests.browser.test_accessibility import look
from tests.stories.test_seed_000 import ADMIN
from tests.support.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once]

LOGIN = "/authenticationendpoint/login.do"
PAGES = (LOGIN, "/accountrecoveryendpoint/recoverpassword.do", "/accountrecoveryendpoint/confirmotp.do")
INSIDE = ("/myaccount/", "/myaccount/personal-info", "/myaccount/security", "/console/users/")
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def choose(page: Page, name: str) -> None:
    page.locator(".languages summary").click()
    page.locator(".languages").get_by_role("link", name=name, exact=True).click()


def test_every_language_can_be_chosen_on_a_phone_without_javascript(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext]
) -> None:
    served = serve()
    page = new_context_of(width=360, javascript=False).new_page()
    page.goto(f"{served.url}{LOGIN}?next=/console/")
    for tag, name in LANGUAGES.items():
        choose(page, name)
        expect(page.locator("html")).to_have_attribute("lang", tag)
        assert "next=%2Fconsole%2F" in page.url, "the page's own parameters stay"
    page.goto(served.url + LOGIN)
    expect(page.locator("html")).to_have_attribute("lang", tag)


def test_no_language_is_too_wide_for_a_phone(serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext]) -> None:
    served = serve()
    page = new_context_of(width=360).new_page()
    for tag in EVERY:
        for path in PAGES:
            page.goto(f"{served.url}{path}?ui_locales={tag}")
            page.locator(".languages summary").click()
            assert not page.evaluate(_TOO_WIDE), (tag, path)


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_from_right_to_left_have_no_barrier_and_begin_at_the_right(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int
) -> None:
    served = serve(ADMIN)
    page = new_context_of(width=width).new_page()
    page.goto(f"{served.url}{LOGIN}?ui_locales={PSEUDO}")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    label, field = page.locator("label[for=username]").bounding_box(), page.locator("#username").bounding_box()
    assert label
    assert field
    assert abs(label["x"] + label["width"] - field["x"] - field["width"]) < 1
    found = [problem for path in PAGES for problem in look(page, served.url + path, camera)]
    page.goto(served.url + LOGIN)
    page.fill("#username", "admin")
    page.fill("#password", "admin")
    page.locator("main button.primary").click()
    page.wait_for_url("**/myaccount/")
    found += [problem for path in INSIDE for problem in look(page, served.url + path, camera)]
    assert not found, "\n".join(found)
