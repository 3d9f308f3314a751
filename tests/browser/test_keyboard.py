"""Every flow with the keyboard alone: Tab, Space, Enter and letters; the pointer is never used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_seed_002 import PASSWORD
from tests.stories.test_seed_000 import ADMIN, eventually
from tests.support.person import link_in
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once]

FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.labels?.[0]?.textContent ?? it.getAttribute("aria-label") ?? it.textContent;
  const style = getComputedStyle(it);
  return [label.trim().replace(/\\s+/g, " "), it.name ?? "", style.outlineStyle !== "none" || style.boxShadow !== "none"];
}"""
MOST = 120
"""Presses of Tab after which something counts as out of reach."""


def reach(page: Page, label: str, name: str = "") -> None:
    """Tab to the control with this label (its beginning) or field name. What has the focus can be seen."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        said, field, visible = page.evaluate(FOCUSED)
        if (name and field == name) or (label and said.startswith(label)):
            assert visible, f"{said!r} has the focus, and nothing shows it"
            return
    raise AssertionError(f"{label or name} cannot be reached by Tab on {page.url}")


def fill(page: Page, text: str, *, label: str = "", name: str = "") -> None:
    reach(page, label, name)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def press(page: Page, label: str, key: str = "Enter") -> None:
    reach(page, label)
    page.keyboard.press(key)


def sign_in(page: Page, username: str, password: str) -> None:
    page.locator("[name=username]").wait_for()
    page.evaluate("document.activeElement.blur()")
    fill(page, username, name="username")
    fill(page, password, name="password")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_inviting_setting_a_password_and_locking_many_take_no_pointer(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], *, javascript: bool
) -> None:
    served = serve(ADMIN + smtp.toml())
    sam = new_context_of(javascript=javascript).new_page()
    sam.goto(f"{served.url}/console/users/add")
    sign_in(sam, "admin", "admin")
    sam.wait_for_url("**/console/users/add")
    fill(sam, "jane", label="Username")
    fill(sam, "jane@example.com", label="Email Address")
    press(sam, "Finish")
    expect(sam.locator("main")).to_contain_text("jane@example.com")

    jane = new_context_of(javascript=javascript).new_page()
    jane.goto(link_in(eventually(lambda: smtp.messages, "the mail arrives")[0].message))
    jane.evaluate("document.activeElement.blur()")
    fill(jane, PASSWORD, name="reset-password")
    fill(jane, PASSWORD, name="reset-password2")
    press(jane, "Submit")
    expect(jane.locator("body")).to_contain_text("Password Set Successfully")
    press(jane, "Sign in")
    sign_in(jane, "jane", PASSWORD)
    expect(jane.get_by_role("heading", level=1)).to_contain_text("Welcome")
    press(jane, "Security")
    expect(jane.locator("main")).to_contain_text("Active sessions")

    sam.goto(f"{served.url}/console/users/")
    reach(sam, "", name="id")
    reach(sam, "", name="id")
    sam.keyboard.press("Space")
    press(sam, "Lock")
    expect(sam.get_by_role("heading", level=1)).to_contain_text("Lock")
    press(sam, "Lock")
    expect(sam.locator("main")).to_contain_text("1")
    eventually(lambda: "Locked" in list_of(sam, served), "Jane is locked")


def list_of(page: Page, served: Served) -> str:
    page.goto(f"{served.url}/console/users/?q=jane")
    return page.locator("table").inner_text()


def test_dialogs_and_menus_close_with_escape(serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext]) -> None:
    served = serve(ADMIN)
    page = new_context_of(width=360).new_page()
    page.goto(f"{served.url}/console/")
    sign_in(page, "admin", "admin")
    page.wait_for_url("**/console/")
    press(page, "Menu")
    expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Console")).to_be_hidden()
    press(page, "Menu")
    press(page, "Users")
    page.wait_for_url("**/console/users/")
