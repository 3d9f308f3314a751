"""Seed 003's one-time codes in a real browser: both ways to use them, by e-mail and by text message, and every page on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser.conftest import Camera
from tests.browser.test_accessibility import look
from tests.browser.test_seed_002 import PASSWORD, choose_password, sign_in
from tests.stories.test_seed_000 import ADMIN, eventually
from tests.support import codes
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOGIN = "/authenticationendpoint/login.do"
RECOVER = "/accountrecoveryendpoint/recoverpassword.do"
CODE = "/accountrecoveryendpoint/confirmotp.do"
RECOVERY = "[identity_mgt.password_reset_email.otp]\nsend_otp_in_email = true\n[identity_mgt.password_reset_sms]\nenable_sms_otp = true\n"
PEOPLE = [(1280, True), (360, True), (360, False)]
NAMES = ["desktop", "phone", "phone-plain"]


@pytest.fixture
def invited(smtp: Sink, serve: Callable[..., Served], request: pytest.FixtureRequest) -> tuple[Served, str]:
    """A server, and the code that Jane was invited with by `request.param`, mail or sms."""
    by_mail = request.param == "mail"
    served = serve(ADMIN + smtp.toml() + (codes.BY_MAIL if by_mail else codes.BY_SMS))
    codes.add(served)
    if by_mail:
        return served, codes.in_mail(eventually(lambda: smtp.messages, "the mail arrives")[0].message)
    return served, eventually(lambda: codes.in_text(served), "the text message arrives")


def secret_in_addresses(page: Page, secret: str) -> list[str]:
    """Fills itself with every address and Referer that holds the code."""
    found: list[str] = []

    def judge(request: Request) -> None:
        found.extend(text for text in (request.url, request.headers.get("referer", "")) if secret in text)

    page.on("request", judge)
    return found


@pytest.mark.parametrize("invited", ["mail", "sms"], indirect=True)
@pytest.mark.parametrize(("width", "javascript"), PEOPLE, ids=NAMES)
def test_option_1_the_recovery_page_takes_the_code(
    invited: tuple[Served, str], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int, *, javascript: bool
) -> None:
    served, code = invited
    jane = new_context_of(width=width, javascript=javascript).new_page()
    told = secret_in_addresses(jane, code)
    jane.goto(served.url + LOGIN)
    camera(jane, "sign-in")
    jane.get_by_role("link", name="Forgot password?").click()
    expect(jane.get_by_role("heading", level=1)).to_have_text("Forgot Password?")
    jane.get_by_label("Username").fill("jane")
    camera(jane, "recovery")
    jane.get_by_role("button", name="I already have a code").click()
    expect(jane.get_by_role("heading", level=1)).to_have_text("OTP Verification")
    expect(jane.get_by_label("Username")).to_have_value("jane")
    expect(jane.get_by_label("Code", exact=True)).to_be_focused()
    camera(jane, "code")
    jane.get_by_label("Code", exact=True).fill("WRONG1"[: len(code)])
    jane.keyboard.press("Enter")
    expect(jane.get_by_role("alert")).to_contain_text("do not go together")
    camera(jane, "wrong-code")
    jane.get_by_label("Code", exact=True).fill(f" {code[:3]} {code[3:]}")
    jane.get_by_role("button", name="Continue").click()
    finish(jane, served, camera)
    assert told == []
    assert code not in jane.evaluate("JSON.stringify([location.href, document.cookie])")


@pytest.mark.parametrize("invited", ["mail", "sms"], indirect=True)
@pytest.mark.parametrize(("width", "javascript"), PEOPLE, ids=NAMES)
def test_option_2_sign_in_takes_the_code_in_place_of_the_password(
    invited: tuple[Served, str], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int, *, javascript: bool
) -> None:
    served, code = invited
    jane = new_context_of(width=width, javascript=javascript).new_page()
    told = secret_in_addresses(jane, code)
    jane.goto(served.url + "/myaccount/")
    sign_in(jane, "jane", code)
    finish(jane, served, camera)
    assert told == []


def finish(jane: Page, served: Served, camera: Camera) -> None:
    choose_password(jane, camera)
    jane.get_by_role("link", name="Sign in").first.click()
    sign_in(jane, "jane", PASSWORD)
    expect(jane).to_have_url(f"{served.url}/myaccount/")
    expect(jane.get_by_role("heading", level=1)).to_have_text("Welcome, Jane")


def test_the_back_button_and_a_reload_lead_nowhere_they_should_not(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext]
) -> None:
    served = serve(ADMIN + smtp.toml() + codes.BY_MAIL)
    codes.add(served)
    code = codes.in_mail(eventually(lambda: smtp.messages, "the mail arrives")[0].message)
    jane = new_context_of(width=360).new_page()
    jane.goto(served.url + CODE)
    type_code(jane, code)
    expect(jane.get_by_role("heading", level=1)).to_have_text("Set Password")
    jane.go_back()
    expect(jane.get_by_label("Code", exact=True)).not_to_have_value(code)
    jane.go_forward()
    jane.reload()
    expect(jane.get_by_role("heading", level=1)).to_have_text("Set Password")


def type_code(page: Page, code: str) -> None:
    page.get_by_label("Username").fill("jane")
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Continue").click()


@pytest.mark.once
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_of_recovery_has_a_barrier(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, scheme: str, width: int
) -> None:
    served = serve(ADMIN + smtp.toml() + RECOVERY)
    more: dict[str, Any] = {"password": PASSWORD, "urn:scim:wso2:schema": {"verifyEmail": True}}
    codes.add(served, **more)
    confirmation = eventually(lambda: smtp.messages, "the mail arrives")[0].message
    page = new_context_of(width=width, color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    found = confirm(page, confirmation.get_body(("plain",)).get_content(), camera)
    found += ask(page, served, camera)
    page.goto(served.url + LOGIN + "?ui_locales=de")
    found += look(page, "", camera)
    assert not found, "\n".join(found)
    assert not complaints


def confirm(page: Page, text: str, camera: Camera) -> list[str]:
    link = re.search(r"https?://\S+confirmregistration\.do\?\S+", text)
    assert link
    found = look(page, link[0], camera)
    page.get_by_role("button", name="Confirm email").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Email Confirmed")
    found += look(page, "", camera)
    return found + look(page, link[0], camera)


def ask(page: Page, served: Served, camera: Camera) -> list[str]:
    found = look(page, served.url + RECOVER, camera)
    page.get_by_role("button", name="Proceed").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += look(page, "", camera)
    for way, heading in (("Send reset link via email", "Check Your Email"), ("Send OTP via SMS", "OTP Verification")):
        page.goto(served.url + RECOVER)
        page.get_by_label("Username").fill("jane")
        page.get_by_label(way).check()
        page.get_by_role("button", name="Proceed").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        found += look(page, "", camera)
    page.get_by_role("button", name="Resend Code").click()
    expect(page.get_by_role("status")).to_contain_text("Until it arrives")
    found += look(page, "", camera)
    for _ in range(6):
        type_code(page, "WRONG1")
    expect(page.get_by_role("alert")).to_contain_text("Too many attempts")
    return found + look(page, "", camera)
