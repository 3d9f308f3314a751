"""The applications that a user is signed in to, below her profile."""

from __future__ import annotations

from housekey.core.principal import HELP_DESK
from housekey.operations import users
from tests.doors.console.test_user_sections import place, section
from tests.doors.oauth.application import application, signed_in, tokens
from tests.doors.pages.support import Browser
from tests.operations.support import World


def test_applications_are_shown_and_one_is_signed_out(guest: Browser, world: World) -> None:
    jane = world.add()
    assert "Signed in to no application so far." in section(guest.get(place(jane)).page, "applications")
    shop = application(world, name="Coffee Shop")
    given = tokens(shop, signed_in())
    assert "Coffee Shop" in section(guest.get(place(jane)).page, "applications")
    leave = place(jane, f"applications/{shop.program.id}/leave")
    assert guest.post(leave).location == place(jane) + "?done=left-application"
    assert shop.userinfo(given["access_token"]).status == 401
    assert "Coffee Shop" not in section(guest.get(place(jane)).page, "applications")
    assert guest.post(leave).status == 303, "once more is no mistake"


def test_an_application_is_signed_out_by_who_may_change_the_user(guest: Browser, world: World) -> None:
    """A-135"""
    admin = users.by_name(world.by, "admin")
    world.add("helen", mail="helen@example.com", role=HELP_DESK)
    shop = application(world)
    tokens(shop, guest)
    helen = signed_in("helen")
    helen.get(place(admin))
    assert helen.post(place(admin, f"applications/{shop.program.id}/leave")).status == 403
    assert shop.answered(guest.get(shop.address()))["code"]
