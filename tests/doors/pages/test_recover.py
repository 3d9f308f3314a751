"""Forgot Password?: what is offered, what is sent, and that nobody learns who exists."""

from __future__ import annotations

from datetime import timedelta

import pytest

from housekey.core.properties import SUPPORT
from housekey.operations import codes, policies
from housekey.store.models import Account, Code
from tests.doors.pages.support import (
    CODE,
    LOGIN,
    OPEN,
    RECOVER,
    SENT,
    SHOW,
    VERIFY,
    Browser,
    code_of,
    decide,
    force,
    person,
)
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, link_in, other_world

OTPS = {"RECOVERY_EMAIL_OTP": "true", "RECOVERY_SMS_OTP": "true"}


def link_for(world: World, to: str = "jane@example.com") -> str:
    """The recovery link of the newest mail, as a path."""
    return link_in([mail for mail in world.mails() if mail["To"] == to][-1]).partition("://")[2].partition("/")[2]


def test_the_whole_walk_by_link(guest: Browser, world: World) -> None:
    person(world, password=PASSWORD)
    assert f'href="{RECOVER}" id="passwordRecoverLink"' in guest.get(LOGIN).page
    assert ">Send Reset Link</button>" in guest.get(RECOVER).page
    assert guest.post(VERIFY, {"username": "jane"}).location == SENT
    assert guest.follow().heading == "Check Your Email"
    assert guest.sign_in("jane", PASSWORD).status == 303, "the old password stays good until there is a new one"
    assert guest.get("/" + link_for(world)).location == SHOW
    assert guest.follow().heading == "Reset Password"
    assert guest.set_password(OTHER_PASSWORD).heading == "Password Reset Successfully"
    assert Browser().sign_in("jane", OTHER_PASSWORD).location == "/myaccount/"


@pytest.mark.parametrize(("only", "button", "notice"), [
    ("RECOVERY_EMAIL_OTP", "Send Email OTP", "to its e-mail address"), ("RECOVERY_SMS_OTP", "Send SMS OTP", "to its mobile number"),
])
def test_the_whole_walk_by_code(guest: Browser, world: World, only: str, button: str, notice: str) -> None:
    decide(world, **{"RECOVERY_LINK": "false", only: "true"})
    user = person(world, password=PASSWORD)
    assert f">{button}</button>" in guest.get(RECOVER).page
    assert guest.post(VERIFY, {"username": "jane"}).location == CODE
    assert notice in guest.follow().page
    assert 'value="jane"' in guest.page
    guest.post(CODE, {"username": "jane", "code": code_of(world, user)}).follow()
    assert guest.set_password(OTHER_PASSWORD).heading == "Password Reset Successfully"


def test_a_choice_is_offered_only_where_there_is_one(guest: Browser, world: World) -> None:
    assert 'type="radio"' not in guest.get(RECOVER).page
    decide(world, **OTPS)
    page = guest.get(RECOVER).page
    labels = ("Send reset link via email", "Send OTP via email", "Send OTP via SMS", ">Proceed</button>")
    assert [label for label in labels if label not in page] == []
    assert guest.post(VERIFY, {"username": "nobody", "method": "SMS_OTP"}).location == CODE
    assert guest.forgot("nobody", method="EMAIL_LINK").location == SENT


def test_a_way_that_is_not_offered_is_refused_in_words(guest: Browser, world: World) -> None:
    for method in ("SMS_OTP", "OFFLINE", "x"):
        assert "Choose one of the ways offered." in guest.forgot("jane", method=method).page
        assert guest.status == 200


@pytest.mark.parametrize("method", ["EMAIL_LINK", "EMAIL_OTP", "SMS_OTP"])
def test_everybody_gets_the_same_answers(world: World, method: str) -> None:
    """A-050, A-022: known, unknown, without an address, disabled, locked, invited, forced to reset."""
    decide(world, **OTPS)
    names = ["alice", "nobody", "bare", "dave", "lock", "bob", "carol"]
    person(world, "alice", password=PASSWORD)
    world.add("bare", mail="")
    person(world, "dave", password=PASSWORD, disabled=True)
    person(world, "lock", password=PASSWORD, locked=True)
    person(world, "bob")
    force(world, person(world, "carol", password=PASSWORD))
    answers = {name: answer(name, method) for name in names}
    assert len(set(answers.values())) == 1, answers


def answer(name: str, method: str) -> tuple[object, ...]:
    """All that an anonymous browser sees of starting twice, without what differs for every request."""
    browser = Browser()
    seen: list[object] = []
    for _ in range(2):
        browser.forgot(name, method=method)
        headers = sorted(header for header in browser.headers if header != "Content-Length")
        seen += [browser.status, browser.location, tuple(headers), tuple(sorted(browser.client.cookies))]
        browser.follow()
        seen += [browser.status, browser.page.replace(browser.token, "").replace(name, "")]
    return tuple(seen)


def test_disabled_and_locked_people_get_no_code(guest: Browser, world: World) -> None:
    """A-022."""
    dave = person(world, "dave", password=PASSWORD, disabled=True)
    lock = person(world, "lock", password=PASSWORD, locked=True)
    for name in ("dave", "lock"):
        guest.forgot(name)
    assert [codes.live(world.tenant, user.id) for user in (dave, lock)] == [None, None]


def test_asking_again_and_again_sends_one_message(guest: Browser, world: World) -> None:
    """A-042."""
    person(world, password=PASSWORD)
    before = len(world.mails())
    for _ in range(4):
        assert guest.forgot("jane").location == SENT
    assert len(world.mails()) == before + 1


def test_many_recoveries_from_one_network_are_told_to_wait(guest: Browser, world: World) -> None:
    for number in range(20):
        guest.forgot(f"nobody{number}")
    guest.forgot("nobody")
    assert (guest.status, "Too many attempts. Please wait" in guest.page) == (429, True)
    assert 'value="nobody"' in guest.page


def test_where_recovery_is_off_the_page_says_whom_to_ask(guest: Browser, world: World) -> None:
    decide(world, RECOVERY="false")
    assert "passwordRecoverLink" not in guest.get(LOGIN).page
    assert "passwords cannot be recovered on this page" in guest.get(RECOVER).page
    assert "Send Reset Link" not in guest.page
    for contact, shown in (("Desk 7", "Ask for a new one: Desk 7"), ("help@example.com", 'Ask <a href="mailto:help@example.com">')):
        policies.change(world.house, world.by, {SUPPORT: contact}, {}, world.now)
        assert shown in guest.get(RECOVER).page
    assert guest.post(VERIFY, {"username": "jane"}).status == 200
    assert guest.forgot("jane", have="yes").location == CODE
    assert 'value="jane"' in guest.follow().page


def test_an_empty_name_is_asked_for(guest: Browser) -> None:
    assert "Username cannot be empty." in guest.forgot("").page
    assert guest.forgot("", have="yes").location == CODE


def test_the_name_stands_in_no_address_and_in_the_cookie_for_minutes_only(guest: Browser, world: World) -> None:
    guest.forgot("jane", have="yes")
    assert "jane" not in guest.location
    cookie = next(cookie for name, cookie in guest.client.cookies.items() if name.endswith("way"))
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 900)


@pytest.mark.parametrize("value", ["", "x", "eyJhIjoxfQ:1abc:forged", "é"])
def test_a_cookie_that_is_not_ours_says_nothing(guest: Browser, world: World, value: str) -> None:
    guest.forgot("jane", have="yes")
    name = next(name for name in guest.client.cookies if name.endswith("way"))
    guest.client.cookies[name] = value
    assert guest.get(CODE).status == 200
    assert "jane" not in guest.page
    assert guest.get(SENT).location == RECOVER


def test_what_was_typed_for_one_tenant_is_not_shown_at_another(guest: Browser, world: World) -> None:
    other_world(world)
    guest.forgot("jane", have="yes")
    assert "jane" not in guest.get("/t/acme.example" + CODE).page
    assert "jane" in guest.get(CODE).page


def test_pages_under_a_tenant_stay_there(guest: Browser, world: World) -> None:
    other_world(world)
    prefix = "/t/acme.example"
    assert f'action="{prefix}{VERIFY}"' in guest.get(prefix + RECOVER).page
    assert guest.post(prefix + VERIFY, {"username": "jane"}).location == prefix + SENT
    guest.get(f"{prefix}/accountrecoveryendpoint/recoveraccountrouter.do?next=/myaccount/")
    assert guest.location == f"{prefix}{RECOVER}?next=%2Fmyaccount%2F"


@pytest.mark.parametrize("path", [VERIFY, "/accountrecoveryendpoint/recoveraccountrouter.do", SENT])
def test_addresses_without_a_page_of_their_own_lead_to_the_first(guest: Browser, path: str) -> None:
    assert guest.get(path).location == RECOVER


def test_the_goal_goes_along(guest: Browser, world: World) -> None:
    decide(world, RECOVERY_LINK="false", RECOVERY_EMAIL_OTP="true")
    user = person(world, password=PASSWORD)
    assert f'href="{RECOVER}?next=%2Fconsole%2Fusers%2F"' in guest.get(LOGIN + "?next=/console/users/").page
    assert 'name="next" value="/console/users/"' in guest.get(RECOVER + "?next=/console/users/").page
    guest.post(VERIFY, {"username": "jane", "next": "/console/users/"}).follow()
    assert 'name="next" value="/console/users/"' in guest.page
    guest.post(CODE, {"username": "jane", "code": code_of(world, user), "next": "/console/users/"}).follow()
    assert f'href="{LOGIN}?next=%2Fconsole%2Fusers%2F"' in guest.set_password(OTHER_PASSWORD).page


EVIL = ["https://evil.example", "//evil.example", "/\\evil.example", "https:evil.example", "https://good.example.evil.example/",
        "javascript:alert(1)", "data:text/html,x", "https://good.example/%0d%0aSet-Cookie:x", "https://good.example/x", "/" + "a" * 8000]


@pytest.mark.parametrize("parameter", ["callback", "redirect_uri"])
def test_a_link_leads_back_to_an_address_the_tenant_allows(guest: Browser, world: World, parameter: str) -> None:
    decide(world, CALLBACKS="https://good.example/ https://app.example/done")
    world.invite()
    code = world.newest_code()
    guest.get(f"{OPEN}?confirmation={code}&{parameter}=https://app.example/done").follow()
    assert 'href="https://app.example/done" rel="noreferrer">Back to application</a>' in guest.set_password(OTHER_PASSWORD).page


@pytest.mark.parametrize("goal", EVIL)
def test_nobody_is_led_to_an_address_the_tenant_does_not_list(guest: Browser, world: World, goal: str) -> None:
    """A-062."""
    decide(world, CALLBACKS="https://good.example/")
    world.invite()
    guest.get(f"{OPEN}?confirmation={world.newest_code()}&callback={goal}").follow()
    guest.set_password(OTHER_PASSWORD)
    assert "evil" not in guest.page
    assert "Back to application" not in guest.page
    for page in (RECOVER, CODE):
        assert guest.get(f"{page}?callback={goal}&next={goal}").status == 200
        assert guest.page.partition("</main>")[0].count('name="next"') == 0


def test_an_expired_recovery_link_leads_to_the_recovery_page(guest: Browser, world: World) -> None:
    user = person(world, password=PASSWORD)
    guest.forgot("jane")
    address = "/" + link_for(world)
    Code.objects.within(world.tenant).filter(account_id=user.id).update(expires=world.now - timedelta(minutes=1))
    guest.get(address)
    assert (guest.status, guest.heading) == (410, "This link has expired.")
    assert f'href="{RECOVER}">Ask for a new link</a>' in guest.page
    assert "Send a new link" not in guest.page


def test_a_recovery_link_that_a_newer_one_replaced_says_so(guest: Browser, world: World) -> None:
    user = person(world, password=PASSWORD)
    guest.forgot("jane")
    address = "/" + link_for(world)
    Code.objects.within(world.tenant).filter(account_id=user.id).update(issued=world.now - timedelta(hours=2))
    guest.forgot("jane")
    assert guest.get(address).heading == "A newer message was sent."
    assert "Ask for a new link" in guest.page


def test_signing_in_with_a_password_that_is_too_old_asks_for_a_new_one(guest: Browser, world: World) -> None:
    """Spec section 6, password age."""
    decide(world, AGE="true", AGE_DAYS="1")
    user = person(world, password=PASSWORD)
    Account.objects.within(world.tenant).filter(id=user.id).update(password_changed=world.now - timedelta(days=2))
    assert guest.sign_in("jane", PASSWORD, next="/myaccount/").location == SHOW
    assert guest.follow().heading == "Reset Password"
    assert "Your password has expired. Choose a new one." in guest.page
    assert guest.set_password(OTHER_PASSWORD).heading == "Password Reset Successfully"
    assert guest.sign_in("jane", OTHER_PASSWORD).location == "/myaccount/"
