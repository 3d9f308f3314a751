"""The console walks of seeds 000, 001 and 003 by their printed steps; a label that moved is looked for with the console's search."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Camera, to
from tests.browser.test_seed_002 import PASSWORD, choose_password, sign_in
from tests.stories.test_seed_000 import ADMIN, eventually
from tests.support import codes
from tests.support.person import link_in
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HASH = r"^([a-zA-Z0-9_\.\-#])+\@(([a-zA-Z0-9#\-])+\.)+([a-zA-Z0-9#]{2,4})+$"
DOLLAR = r"^([a-zA-Z0-9_\.\-\\$])+\@(([a-zA-Z0-9\\$\-])+\.)+([a-zA-Z0-9\\$]{2,4})+$"


def look_for(page: Page, words: str) -> None:
    """The console's search, its first hit."""
    field = page.get_by_role("searchbox", name="Search the console")
    field.fill(words)
    field.press("Enter")
    page.locator("#answer a").first.click()


@pytest.mark.parametrize(("pattern", "address"), [(HASH, "abc#def@gmail.com"), (DOLLAR, "abc$def@gmail.com")], ids=["seed-000", "seed-001"])
def test_an_address_with_a_special_character_is_taken_once_the_claim_allows_it(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, pattern: str, address: str
) -> None:
    served = serve(ADMIN + smtp.toml())
    admin = new_context_of().new_page()
    admin.goto(f"{served.url}/carbon")
    sign_in(admin, "admin", "admin")
    to(admin, "Resident")
    expect(admin.get_by_role("heading", name="Account Management Policies")).to_be_visible()
    camera(admin, "resident")
    admin.get_by_role("main").get_by_role("link", name="Ask password code expiry time").click()
    admin.get_by_label("Invitation link/OTP expiry time").fill("90")
    admin.get_by_label("Invite users to set their own password").check()
    admin.get_by_role("button", name="Update").click()
    expect(admin.locator("main")).to_contain_text("The settings were saved.")
    camera(admin, "onboarding")

    admin.goto(f"{served.url}/console/")
    look_for(admin, "Claims List http://wso2.org/claims")
    admin.get_by_role("link", name="Email", exact=True).click()
    admin.get_by_label("Regular Expression").fill(pattern)
    admin.get_by_role("button", name="Update").click()
    expect(admin.get_by_label("Regular Expression")).to_have_value(pattern)
    camera(admin, "email-claim")

    add(admin, served, "paul", "paul+more@gmail.com")
    expect(admin.get_by_role("alert")).to_be_visible()
    expect(admin.get_by_label("Username")).to_have_value("paul")
    camera(admin, "refused")
    admin.get_by_label("Email Address").fill(address)
    admin.get_by_role("button", name="Finish").click()
    expect(admin.locator("main")).to_contain_text(address)
    camera(admin, "paul-is-invited")

    mail = eventually(lambda: smtp.messages, "the mail arrives")[0]
    assert mail.recipients == (address,)
    paul = new_context_of(width=360).new_page()
    paul.goto(link_in(mail.message))
    choose_password(paul, camera)
    paul.goto(f"{served.url}/myaccount/")
    sign_in(paul, "paul", PASSWORD)
    expect(paul.get_by_role("heading", level=1)).to_contain_text("Welcome")
    assert len([one for one in smtp.messages if link_in_words(one.message["Subject"])]) == 1


def link_in_words(subject: str) -> bool:
    return subject == "Set your password"


def add(admin: Page, served: Served, name: str, address: str) -> None:
    """Main ▸ Users and Roles ▸ Add ▸ Add New User: Domain, User Name, Ask password from user, Email Address, Finish."""
    admin.goto(f"{served.url}/console/")
    look_for(admin, "Add New User")
    admin.get_by_label("Domain").select_option("PRIMARY")
    admin.get_by_label("Username").fill(name)
    expect(admin.get_by_role("main")).to_contain_text("Ask password from user")
    admin.get_by_label("Invite the user to set their own password").check()
    admin.get_by_label("Email Address").fill(address)
    admin.get_by_role("button", name="Finish").click()


@pytest.mark.parametrize("width", [1280, 360])
def test_seed_003_invites_by_a_code_that_is_sent_again(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int
) -> None:
    served = serve(ADMIN + smtp.toml())
    admin = new_context_of(width=width).new_page()
    admin.goto(f"{served.url}/console/")
    sign_in(admin, "admin", "admin")
    to(admin, "Login & Registration")
    camera(admin, "login-and-registration")
    expect(admin.get_by_role("heading", name="User Onboarding")).to_be_visible()
    admin.get_by_role("main").get_by_role("link", name="Invite User to Set Password").click()
    admin.get_by_label("Invite users to set their own password").check()
    admin.get_by_label("Email with OTP code").check()
    admin.get_by_label("Invitation link/OTP expiry time").fill("-1")
    admin.get_by_label("Send account activation notification").check()
    admin.get_by_label("Lock account until password is set").check()
    admin.get_by_label("Include lowercase letters in OTP").uncheck()
    admin.get_by_label("OTP code length").fill("8")
    admin.get_by_role("button", name="Update").click()
    expect(admin.locator("main")).to_contain_text("The settings were saved.")
    camera(admin, "invite-by-code")

    to(admin, "Users")
    admin.get_by_role("link", name="Add User").first.click()
    admin.get_by_label("Username").fill("alex")
    admin.get_by_label("First Name").fill("Alex")
    admin.get_by_label("Last Name").fill("Doe")
    admin.get_by_label("Email Address").fill("alex@example.com")
    admin.get_by_label("Invite the user to set their own password").check()
    admin.get_by_role("button", name="Finish").click()
    first = codes.in_mail(eventually(lambda: smtp.messages, "the mail arrives")[0].message)
    assert len(first) == 8

    to(admin, "Users")
    admin.get_by_role("link", name="alex", exact=True).click()
    admin.get_by_role("button", name="Resend Invite").first.click()
    expect(admin.locator("main")).to_contain_text("The invitation is on its way.")
    camera(admin, "sent-again")
    second = codes.in_mail(eventually(lambda: smtp.messages[1:], "the second mail arrives")[0].message)
    alex = new_context_of(width=360).new_page()
    alex.goto(f"{served.url}/myaccount/")
    sign_in(alex, "alex", first)
    expect(alex.locator("body")).to_contain_text("Login failed")
    sign_in(alex, "alex", second)
    choose_password(alex, camera)
    alex.goto(f"{served.url}/myaccount/")
    sign_in(alex, "alex", PASSWORD)
    expect(alex.get_by_role("heading", level=1)).to_have_text("Welcome, Alex")
