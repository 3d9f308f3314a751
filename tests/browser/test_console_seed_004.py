"""Seed 004's console steps in a real browser: Tom gets a role, a forced reset and, offline, a code that an administrator reads to him."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Camera, to
from tests.browser.test_accessibility import look
from tests.browser.test_seed_002 import sign_in
from tests.stories.test_seed_000 import ADMIN
from tests.support.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST, SECOND = "violet-harbour-41", "amber-lantern-72"
FAILED = "Login failed! Please recheck the username and password and try again."


@pytest.mark.parametrize(("width", "javascript"), [(1280, True), (360, False)], ids=["desktop", "phone-plain"])
def test_tom_is_reset_offline_and_signs_in_with_the_code(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int, javascript: bool
) -> None:
    served = serve(ADMIN)
    admin = new_context_of(width=width, javascript=javascript).new_page()
    admin.goto(f"{served.url}/carbon")
    sign_in(admin, "admin", "admin")
    create_tom(admin, camera)
    add_role(admin, camera)
    tom = new_context_of(width=width, javascript=javascript).new_page()
    sign_in_to_dashboard(tom, served, FIRST)
    expect(tom).to_have_url(f"{served.url}/myaccount/")

    choose_method(admin, "Enable password reset via Email OTP", camera)
    choose_method(admin, "Enable password reset offline", camera)
    support_the_claim(admin, camera)
    open_tom(admin)
    expect(one_time_password(admin)).to_have_text("")
    camera(admin, "one-time-password-empty")
    admin.get_by_role("link", name="Reset Password", exact=True).click()
    camera(admin, "reset")
    admin.get_by_role("button", name="Reset Password").click()
    expect(admin.locator("main")).to_contain_text("Reset pending")

    tom.goto(f"{served.url}/myaccount/")
    expect(tom.locator("[name=username]")).to_be_visible()
    sign_in(tom, "tom", FIRST)
    expect(tom.locator("body")).to_contain_text(FAILED)
    code = read_code(admin, camera)
    sign_in(tom, "tom", code)
    expect(tom.get_by_role("heading", level=1)).to_have_text("Reset Password")
    tom.locator("[name=reset-password]").fill(SECOND)
    tom.locator("[name=reset-password2]").fill(SECOND)
    tom.get_by_role("button", name="Submit").click()
    expect(tom.locator("body")).to_contain_text("Password Reset Successfully")
    sign_in_to_dashboard(tom, served, SECOND)
    expect(tom).to_have_url(f"{served.url}/myaccount/")
    open_tom(admin)
    expect(one_time_password(admin)).to_have_text("")
    camera(admin, "code-is-gone")


def create_tom(admin: Page, camera: Camera) -> None:
    admin.goto(re.sub(r"(https://[^/]+).*", r"\1/console/users/", admin.url))
    admin.get_by_role("link", name="Add User").first.click()
    admin.get_by_label("Username").fill("tom")
    admin.get_by_label("Set a password for the user").check()
    admin.locator("[name=password]").fill(FIRST)
    admin.locator("[name=password2]").fill(FIRST)
    camera(admin, "add-tom")
    admin.get_by_role("button", name="Finish").click()
    admin.get_by_role("link", name="Edit profile").click()
    admin.get_by_label("First Name").fill("Tom")
    admin.get_by_label("Email Address").fill("tom@example.com")
    admin.get_by_label("Mobile").fill("+49 151 12345678")
    camera(admin, "edit-tom")
    admin.get_by_role("button", name="Save profile").click()
    expect(admin.locator("main")).to_contain_text("tom@example.com")


def add_role(admin: Page, camera: Camera) -> None:
    to(admin, "Roles")
    camera(admin, "roles")
    admin.get_by_role("link", name="Add Role").click()
    admin.get_by_label("Role name").fill("test role")
    admin.get_by_label("Login").check()
    camera(admin, "add-role")
    admin.get_by_role("button", name="Add role").click()
    admin.get_by_label("Username").fill("tom")
    admin.get_by_role("button", name="Put into the role").click()
    expect(admin.get_by_role("link", name="tom", exact=True)).to_be_visible()
    camera(admin, "test-role")


def choose_method(admin: Page, label: str, camera: Camera) -> None:
    to(admin, "Resident")
    expect(admin.get_by_role("heading", name="Account Management Policies")).to_be_visible()
    camera(admin, "resident")
    admin.get_by_role("main").get_by_role("link", name="Password Reset", exact=True).click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("Admin Initiated Password Reset")
    admin.get_by_label(label).check()
    camera(admin, "password-reset")
    admin.get_by_role("button", name="Update").click()
    expect(admin.locator("main")).to_contain_text("The settings were saved.")
    expect(admin.get_by_label(label)).to_be_checked()


def support_the_claim(admin: Page, camera: Camera) -> None:
    to(admin, "User Attributes")
    expect(admin.locator("main")).to_contain_text("http://wso2.org/claims")
    camera(admin, "claims")
    admin.get_by_role("link", name="One Time Password").click()
    admin.get_by_label("Supported by Default").check()
    camera(admin, "one-time-password-claim")
    admin.get_by_role("button", name="Update").click()
    expect(admin.get_by_label("Supported by Default")).to_be_checked()


def open_tom(admin: Page) -> None:
    to(admin, "Users")
    admin.get_by_role("link", name="tom", exact=True).click()


def one_time_password(admin: Page) -> Locator:
    return admin.locator("dt:text-is('One Time Password') + dd")


def read_code(admin: Page, camera: Camera) -> str:
    """Tom's profile, Reveal, the administrator's own password, the code."""
    open_tom(admin)
    camera(admin, "one-time-password-masked")
    admin.get_by_role("link", name="Reveal").click()
    camera(admin, "reveal")
    admin.get_by_label("Your own password").fill("admin")
    admin.get_by_role("button", name="Show the code").click()
    camera(admin, "code")
    return admin.locator("#offline-code").inner_text()


def sign_in_to_dashboard(page: Page, served: Served, password: str) -> None:
    page.goto(f"{served.url}/dashboard")
    sign_in(page, "tom", password)


@pytest.mark.once
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_mistake_or_answer_of_the_console_is_a_barrier(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, scheme: str, width: int
) -> None:
    served = serve(ADMIN)
    page = new_context_of(width=width, color_scheme=scheme).new_page()
    console = f"{served.url}/console/"
    page.goto(console)
    sign_in(page, "admin", "admin")
    prepare(page, console)
    found = results(page, console, camera)
    if (width, scheme) == (360, "light"):
        page.goto(f"{console}?ui_locales=de")
        found += look(page, "", camera)
    assert not found, "\n".join(found)


def prepare(page: Page, console: str) -> None:
    """Jane is invited, Tom is reset, a role has a member, resets have a method of their own."""
    for name in ("jane", "tom"):
        page.goto(f"{console}users/add")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Email Address").fill(f"{name}@example.com")
        if name == "tom":
            page.get_by_label("Set a password for the user").check()
            page.locator("[name=password]").fill(FIRST)
            page.locator("[name=password2]").fill(FIRST)
        page.get_by_role("button", name="Finish").click()
    page.get_by_role("link", name="Reset Password", exact=True).click()
    page.get_by_role("button", name="Reset Password").click()
    page.goto(f"{console}roles/add")
    page.get_by_label("Role name").fill("desk")
    page.get_by_role("button", name="Add role").click()
    page.get_by_label("Username").fill("tom")
    page.get_by_role("button", name="Put into the role").click()
    page.goto(f"{console}recovery/")
    page.get_by_label("Recovery OTP expiry time").fill("-1")
    page.get_by_role("button", name="Update").click()


def results(page: Page, console: str, camera: Camera) -> list[str]:
    """Pages that only an action shows: mistakes, questions, secrets."""
    page.goto(f"{console}roles/add")
    page.get_by_role("button", name="Add role").click()
    found = look(page, "", camera)
    page.goto(f"{console}roles/role?name=Internal%2Feveryone")
    page.get_by_label("Login").uncheck()
    page.get_by_role("button", name="Save permissions").click()
    found += look(page, "", camera)
    page.goto(f"{console}clients/add?kind=program")
    page.get_by_label("Name", exact=True).fill("HR")
    page.get_by_label("Add users").check()
    page.get_by_role("button", name="Add application").click()
    found += look(page, "", camera)
    page.get_by_role("link", name="Back to the application").click()
    found += look(page, "", camera)
    found += look(page, f"{console}clients/", camera)
    page.goto(f"{console}users/add")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Invite offline").check()
    page.get_by_role("button", name="Finish").click()
    found += look(page, "", camera)
    page.goto(f"{console}onboarding/")
    page.get_by_label("OTP code length").fill("99")
    page.get_by_role("button", name="Update").click()
    return found + look(page, "", camera)
