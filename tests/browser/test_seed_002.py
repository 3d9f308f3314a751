"""Seed 002's story in a real browser: Sam, an administrator, registers Jane, a new recruit, who chooses her own password."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Camera
from tests.stories.test_seed_000 import ADMIN, eventually
from tests.support.served import Served, as_json
from tests.support.slapd import Place
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


WAYS = [pytest.param(width, javascript, id=f"{name}-{width}") for width in (360, 1280) for javascript, name in
        ((True, "javascript"), (False, "plain"))]


@pytest.mark.parametrize(("width", "javascript"), WAYS)
def test_sam_registers_jane_and_jane_signs_in(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, tmp_path: Path,
    javascript: bool, width: int,
) -> None:
    served = serve(ADMIN + smtp.toml())
    walk(Story(served, served.url, camera, smtp, tmp_path), lambda: new_context_of(width=width, javascript=javascript).new_page())


@pytest.mark.parametrize(("width", "javascript"), WAYS[1:3])
def test_the_same_with_jane_in_a_directory(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, tmp_path: Path, slapd: Place,
    javascript: bool, width: int,
) -> None:
    served = serve(ADMIN + smtp.toml())
    secret = tmp_path / "secret"
    secret.write_text(slapd.secret, encoding="utf-8")
    settings = [word for name, value in slapd.settings().items() if value for word in ("--set", f"{name}={value}")]
    as_json(served.command("store", "add", "STAFF", "--kind", "ldap", *settings, "--password-file", str(secret), "--json"))
    story = Story(served, served.url, camera, smtp, tmp_path, domain="STAFF")
    walk(story, lambda: new_context_of(width=width, javascript=javascript).new_page())
    assert slapd.welcomes("Jane", PASSWORD)


@pytest.mark.parametrize(("width", "javascript"), WAYS[1:3])
def test_the_same_in_a_second_tenant(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, tmp_path: Path,
    javascript: bool, width: int,
) -> None:
    served = serve(ADMIN + smtp.toml())
    link = as_json(served.command("tenant", "add", "acme.example", "--name", "Acme", "--admin", "sam", "--json"))["link"]
    sam = new_context_of(width=width, javascript=javascript).new_page()
    sam.goto(link)
    choose_password(sam, camera, "amber-lighthouse-7")
    story = Story(served, f"{served.url}/t/acme.example", camera, smtp, tmp_path, sam=("sam", "amber-lighthouse-7"))
    walk(story, lambda: new_context_of(width=width, javascript=javascript).new_page())


@dataclass
class Story:
    """Where it takes place. `root`: the address of the tenant; `sam`: name and password of the administrator."""

    served: Served
    root: str
    camera: Camera
    smtp: Sink
    folder: Path
    domain: str = "PRIMARY"
    sam: tuple[str, str] = ("admin", "admin")


def walk(story: Story, browser: Callable[[], Page]) -> None:
    camera, smtp = story.camera, story.smtp
    before = len(smtp.messages)
    sam = browser()
    set_up(sam, story)
    add_jane(sam, story)

    mail = eventually(lambda: smtp.messages[before:], "the mail arrives")[0].message
    assert mail["Subject"] == "Set your password"
    part = mail.get_body(("html",))
    assert part is not None
    with web_mail(story.folder, part.get_content()) as address:
        jane = browser()
        jane.goto(address)
        camera(jane, "mail")
        jane.get_by_role("link", name="Set Password").click()
        choose_password(jane, camera)
    jane.get_by_role("link", name="Sign In").first.click()
    sign_in(jane, "Jane" if story.domain == "PRIMARY" else f"{story.domain}/Jane", PASSWORD)
    expect(jane).to_have_url(f"{story.root}/myaccount/")
    expect(jane.get_by_role("heading", level=1)).to_contain_text("Jane")
    camera(jane, "my-account")

    sam.goto(f"{story.root}/console/users/")
    sam.get_by_role("link", name="Jane").first.click()
    expect(sam.locator("main")).to_contain_text("Active")
    camera(sam, "jane-is-active")


def set_up(sam: Page, story: Story) -> None:
    """Sign in, walk to the onboarding settings, change the expiry time, Update."""
    camera = story.camera
    sam.goto(f"{story.root}/carbon")
    camera(sam, "sign-in")
    sign_in(sam, *story.sam)
    camera(sam, "console")
    sam.goto(f"{story.root}/console/onboarding/")
    expect(sam.get_by_role("heading", level=1)).to_have_text("Invite User to Set Password")
    expect(sam.get_by_label("Invite users to set their own password")).to_be_checked()
    sam.get_by_label("Invitation link/OTP expiry time").fill("60")
    camera(sam, "onboarding")
    sam.get_by_role("button", name="Update").click()
    expect(sam.locator("main")).to_contain_text("The settings were saved.")


def add_jane(sam: Page, story: Story) -> None:
    camera = story.camera
    sam.goto(f"{story.root}/console/users/")
    camera(sam, "users")
    sam.get_by_role("link", name="Add User").first.click()
    if story.domain != "PRIMARY":
        choice = sam.get_by_label("Domain")
        eventually(lambda: story.domain in choice.inner_text() or sam.reload() is None, "the server knows of the directory")
        choice.select_option(story.domain)
    sam.get_by_label("Username").fill("Jane")
    sam.get_by_label("First Name").fill("Jane")
    sam.get_by_label("Last Name").fill("Doe")
    sam.get_by_label("Email Address").fill("jane@pickup.example.com")
    sam.get_by_label("Invite the user to set their own password").check()
    camera(sam, "add-user")
    sam.get_by_role("button", name="Finish").click()
    expect(sam.locator("main")).to_contain_text("Jane")
    camera(sam, "jane-is-invited")


def choose_password(jane: Page, camera: Camera, password: str = PASSWORD) -> None:
    expect(jane.get_by_role("heading", level=1)).to_have_text("Set Password")
    camera(jane, "set-password")
    jane.locator("[name=reset-password]").fill("jane")
    jane.locator("[name=reset-password2]").fill("jane")
    jane.get_by_role("button", name="Submit").click()
    expect(jane.get_by_role("alert").first).to_be_visible()
    camera(jane, "refused")
    jane.locator("[name=reset-password]").fill(password)
    jane.locator("[name=reset-password2]").fill(password)
    jane.get_by_role("button", name="Submit").click()
    expect(jane.locator("body")).to_contain_text("Password Set Successfully")
    camera(jane, "done")


def sign_in(page: Page, username: str, password: str) -> None:
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Sign In").click()
