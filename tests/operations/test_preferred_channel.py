"""`preferredChannel`: a person's own channel decides between the tenant's e-mail and text messages, where she can be reached by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from housekey.core.attributes import HOUSEKEY_URN
from housekey.core.claims import PREFERRED_CHANNEL, value_of, with_claims
from housekey.core.errors import Invalid, NotPermitted
from housekey.core.names import UserName
from housekey.core.properties import INVITE_EMAIL_OTP, INVITE_SMS_OTP, RESET_LINK, RESET_OFFLINE
from housekey.core.users import Changes, Email, Invite, NewUser, Profile, User
from housekey.operations import own_profile, resets, users
from tests.operations.support import World

MOBILE: dict[str, Any] = {"phoneNumbers": [{"value": "+4712345678", "type": "mobile"}]}


def invited(world: World, channel: str, *, mail: bool = True, mobile: bool = True) -> User:
    name = "jane"
    more = {HOUSEKEY_URN: {"preferredChannel": channel}} if channel else {}
    profile = Profile(emails=(Email(f"{name}@example.com"),) if mail else (), more=more | (MOBILE if mobile else {}))
    return users.create(world.house, world.by, NewUser(UserName("PRIMARY", name), profile, ask_password=True), world.now)


@pytest.mark.parametrize(("channel", "tenants", "reachable", "scenario"), [
    ("", "", {}, "ASK_PASSWORD"),
    ("SMS", "", {}, "ASK_PASSWORD_VIA_SMS_OTP"),
    ("SMS", INVITE_EMAIL_OTP, {}, "ASK_PASSWORD_VIA_SMS_OTP"),
    ("SMS", "", {"mobile": False}, "ASK_PASSWORD"),
    ("EMAIL", "", {}, "ASK_PASSWORD"),
    ("EMAIL", INVITE_EMAIL_OTP, {}, "ASK_PASSWORD_VIA_EMAIL_OTP"),
    ("EMAIL", INVITE_SMS_OTP, {}, "ASK_PASSWORD_VIA_EMAIL_OTP"),
    ("EMAIL", INVITE_SMS_OTP, {"mail": False}, "ASK_PASSWORD_VIA_SMS_OTP"),
    ("", INVITE_SMS_OTP, {}, "ASK_PASSWORD_VIA_SMS_OTP"),
])
def test_an_invitation_goes_by_the_persons_channel_where_that_reaches_her(
    world: World, channel: str, tenants: str, reachable: dict[str, bool], scenario: str
) -> None:
    if tenants:
        world.set(**{tenants: "true"})
    invited(world, channel, **reachable)
    assert world.live_code().scenario == scenario


def test_what_one_request_asks_for_comes_before_the_persons_channel(world: World) -> None:
    profile = Profile(emails=(Email("jane@example.com"),), more=MOBILE | {HOUSEKEY_URN: {"preferredChannel": "SMS"}})
    new = NewUser(UserName("PRIMARY", "jane"), profile, ask_password=True, invite=Invite("EMAIL_OTP"))
    users.create(world.house, world.by, new, world.now)
    assert world.live_code().scenario == "ASK_PASSWORD_VIA_EMAIL_OTP"


def test_what_is_pending_goes_on_as_it_went(world: World) -> None:
    user = invited(world, "SMS")
    users.change(world.house, world.by, user.id, Changes(profile=replace(user.profile, more=MOBILE)), world.now)
    assert world.live_code().scenario == "ASK_PASSWORD_VIA_SMS_OTP"


def test_a_forced_reset_goes_by_the_persons_channel_unless_it_is_handed_over(world: World) -> None:
    user = world.add("tom", mail="tom@example.com")
    profile = replace(user.profile, more=MOBILE | {HOUSEKEY_URN: {"preferredChannel": "SMS"}})
    users.change(world.house, world.by, user.id, Changes(profile=profile), world.now)
    resets.force(world.house, world.by, user.id, world.now)
    assert world.live_code("tom").scenario == "ADMIN_FORCED_PASSWORD_RESET_VIA_SMS_OTP"
    world.set(**{RESET_LINK: "false", RESET_OFFLINE: "true"})
    other = world.add("ann", mail="ann@example.com")
    users.change(world.house, world.by, other.id, Changes(profile=profile), world.now)
    resets.force(world.house, world.by, other.id, world.now)
    assert world.live_code("ann").scenario == "ADMIN_FORCED_PASSWORD_RESET_OFFLINE"


def test_nobody_chooses_the_channel_of_their_own_codes(world: World) -> None:
    """A-133: whoever borrowed a session must not lead the next code to another telephone unseen."""
    user = world.add("tom")
    by = world.acting_as("tom")
    with pytest.raises(NotPermitted):
        own_profile.change(world.house, by, replace(user.profile, more={HOUSEKEY_URN: {"preferredChannel": "SMS"}}), world.now)


@pytest.mark.parametrize(("written", "kept"), [("SMS", "SMS"), ("email", "EMAIL"), ("", "")])
def test_as_a_claim_it_is_written_and_read(world: World, written: str, kept: str) -> None:
    profile = with_claims(Profile(more={HOUSEKEY_URN: {"preferredChannel": "EMAIL"}}), {PREFERRED_CHANNEL: written})
    assert value_of(replace(world.add("tom"), profile=profile), PREFERRED_CHANNEL) == kept
    with pytest.raises(Invalid, match="SMS"):
        with_claims(profile, {PREFERRED_CHANNEL: "pigeon"})
