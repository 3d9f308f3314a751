"""Seed 004 whole, step by step: the mail server, Tom, his role, the method, the printed SOAP request, and back in under a new password."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
import requests
import zeep
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Camera
from tests.browser.test_console_seed_004 import (
    FAILED,
    FIRST,
    SECOND,
    add_role,
    choose_method,
    create_tom,
    one_time_password,
    open_tom,
    read_code,
    sign_in_to_dashboard,
    support_the_claim,
)
from tests.browser.test_seed_002 import sign_in
from tests.stories.test_seed_000 import ADMIN, eventually
from tests.support.person import link_in
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PRINTED = (Path(__file__).parent.parent / "golden" / "wso2-forced-password-reset.xml").read_bytes()
CLAIM = "http://wso2.org/claims/identity/adminForcedPasswordReset"
SUBJECT = "Password reset is required"
LABELS = {
    "link": "Enable password reset via recovery e-mail",
    "otp": "Enable password reset via Email OTP",
    "offline": "Enable password reset offline",
}


def as_printed(served: Served) -> None:
    """The request of the seed with Basic authorization, as SoapUI sends it."""
    answer = httpx2.post(
        f"{served.url}/services/UserProfileMgtService", content=PRINTED, auth=("admin", "admin"), verify=served.tls(), timeout=30,
        headers={"Content-Type": "text/xml;charset=UTF-8", "SOAPAction": '"urn:setUserProfile"'},
    )
    assert (answer.status_code, answer.content) == (202, b"")


def by_zeep(served: Served) -> None:
    """A client that nobody here wrote, given only the WSDL's address."""
    session = requests.Session()
    session.trust_env = False
    session.verify, session.auth = str(served.ca), ("admin", "admin")
    with session:
        wire = zeep.Transport(session=session)  # type: ignore[no-untyped-call] # zeep has no types
        service = zeep.Client(f"{served.url}/services/UserProfileMgtService?wsdl", transport=wire).service  # type: ignore[no-untyped-call] # likewise
        service.setUserProfile("tom", {"fieldValues": [{"claimUri": CLAIM, "fieldValue": "true"}], "profileName": "default"})


@pytest.mark.parametrize(("method", "force", "width"), [
    ("link", as_printed, 1280), ("otp", as_printed, 360), ("offline", as_printed, 1280), ("link", by_zeep, 360),
], ids=["recovery e-mail", "OTP", "offline", "zeep"])
def test_the_printed_walk_ends_with_tom_signed_in_under_a_new_password(
    smtp: Sink, serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, method: str,
    force: Callable[[Served], None], width: int,
) -> None:
    served = serve(ADMIN + smtp.toml())
    admin = new_context_of(width=width).new_page()
    admin.goto(f"{served.url}/carbon")
    sign_in(admin, "admin", "admin")
    create_tom(admin, camera)
    add_role(admin, camera)
    tom, elsewhere = (new_context_of(width=width).new_page() for _ in range(2))
    for browser in (tom, elsewhere):
        sign_in_to_dashboard(browser, served, FIRST)
        expect(browser).to_have_url(f"{served.url}/myaccount/")
    tom.get_by_role("button", name="Sign Out").or_(tom.get_by_role("link", name="Sign Out")).first.click()
    choose_method(admin, LABELS[method], camera)
    if method == "offline":
        support_the_claim(admin, camera)
        open_tom(admin)
        expect(one_time_password(admin)).to_have_text("")

    force(served)

    elsewhere.reload()
    expect(elsewhere.locator("[name=password]")).to_be_visible()
    open_tom(admin)
    expect(admin.locator("main")).to_contain_text("Reset pending")
    camera(admin, "tom-is-locked")
    sign_in_to_dashboard(tom, served, FIRST)
    expect(tom.locator("body")).to_contain_text(FAILED)
    camera(tom, "login-failed")
    redeem(tom, admin, smtp, method, camera)
    expect(tom.get_by_role("heading", level=1)).to_have_text("Reset Password")
    camera(tom, "reset-password")
    tom.locator("[name=reset-password]").fill(SECOND)
    tom.locator("[name=reset-password2]").fill(SECOND)
    tom.get_by_role("button", name="Submit").click()
    expect(tom.locator("body")).to_contain_text("Password Reset Successfully")
    camera(tom, "done")
    sign_in_to_dashboard(tom, served, SECOND)
    expect(tom).to_have_url(f"{served.url}/myaccount/")
    assert FIRST not in served.output
    assert SECOND not in served.output


def redeem(tom: Page, admin: Page, smtp: Sink, method: str, camera: Camera) -> None:
    """By what reached him, Tom comes to the form."""
    if method == "offline":
        sign_in(tom, "tom", read_code(admin, camera))
        return
    mail = eventually(lambda: [sent.message for sent in smtp.messages if sent.message["Subject"] == SUBJECT], "the mail arrives")[0]
    if method == "link":
        tom.goto(link_in(mail))
        return
    part = mail.get_body(("html",))
    assert part is not None
    code = re.findall(r"<b>(.*?)</b>", part.get_content())[0]
    sign_in(tom, "tom", code)
    assert code not in tom.url
