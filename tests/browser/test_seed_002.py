"""Seed 002's story in a real browser: Sam, an administrator, registers Jane, a new recruit, who chooses her own password."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Camera
from tests.stories.test_seed_000 import ADMIN, eventually
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "violet-harbour-41"


@contextmanager
def web_mail(folder: Path, html: str) -> Iterator[str]:
    """The mail's HTML on another origin, as web mail shows it; yields its address."""
    (folder / "mail.html").write_text(html, encoding="utf-8")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/mail.html"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_sam_registers_jane_and_jane_signs_in(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, tmp_path: Path,
    javascript: bool, width: int,
) -> None:
    served = serve(ADMIN + smtp.toml())
    sam = new_context_of(width=width, javascript=javascript).new_page()
    set_up(sam, served, camera)
    add_jane(sam, served, camera)

    mail = eventually(lambda: smtp.messages, "the mail arrives")[0].message
    assert mail["Subject"] == "Set your password"
    part = mail.get_body(("html",))
    assert part is not None
    with web_mail(tmp_path, part.get_content()) as address:
        jane = new_context_of(width=width, javascript=javascript).new_page()
        jane.goto(address)
        camera(jane, "mail")
        jane.get_by_role("link", name="Set Password").click()
        choose_password(jane, camera)
    jane.get_by_role("link", name="Sign In").first.click()
    sign_in(jane, "Jane", PASSWORD)
    expect(jane).to_have_url(f"{served.url}/myaccount/")
    expect(jane.get_by_role("heading", level=1)).to_contain_text("Jane")
    camera(jane, "my-account")

    sam.goto(f"{served.url}/console/users/")
    sam.get_by_role("link", name="Jane").first.click()
    expect(sam.locator("main")).to_contain_text("Active")
    camera(sam, "jane-is-active")


def set_up(sam: Page, served: Served, camera: Camera) -> None:
    """Sign in, walk to the onboarding settings, change the expiry time, Update."""
    sam.goto(f"{served.url}/carbon")
    camera(sam, "sign-in")
    sign_in(sam, "admin", "admin")
    camera(sam, "console")
    sam.goto(f"{served.url}/console/onboarding/")
    expect(sam.get_by_role("heading", level=1)).to_have_text("Invite User to Set Password")
    expect(sam.get_by_label("Invite users to set their own password")).to_be_checked()
    sam.get_by_label("Invitation link/OTP expiry time").fill("60")
    camera(sam, "onboarding")
    sam.get_by_role("button", name="Update").click()
    expect(sam.locator("main")).to_contain_text("The settings were saved.")


def add_jane(sam: Page, served: Served, camera: Camera) -> None:
    sam.goto(f"{served.url}/console/users/")
    camera(sam, "users")
    sam.get_by_role("link", name="Add User").first.click()
    sam.get_by_label("Username").fill("Jane")
    sam.get_by_label("First Name").fill("Jane")
    sam.get_by_label("Last Name").fill("Doe")
    sam.get_by_label("Email Address").fill("jane@pickup.example.com")
    sam.get_by_label("Invite the user to set their own password").check()
    camera(sam, "add-user")
    sam.get_by_role("button", name="Finish").click()
    expect(sam.locator("main")).to_contain_text("Jane")
    camera(sam, "jane-is-invited")


def choose_password(jane: Page, camera: Camera) -> None:
    expect(jane.get_by_role("heading", level=1)).to_have_text("Set Password")
    camera(jane, "set-password")
    jane.locator("[name=reset-password]").fill("jane")
    jane.locator("[name=reset-password2]").fill("jane")
    jane.get_by_role("button", name="Submit").click()
    expect(jane.get_by_role("alert").first).to_be_visible()
    camera(jane, "refused")
    jane.locator("[name=reset-password]").fill(PASSWORD)
    jane.locator("[name=reset-password2]").fill(PASSWORD)
    jane.get_by_role("button", name="Submit").click()
    expect(jane.locator("body")).to_contain_text("Password Set Successfully")
    camera(jane, "done")


def sign_in(page: Page, username: str, password: str) -> None:
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Sign In").click()
