"""User attributes: what profiles show, and the walk of the forced reset through Claims."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from housekey.core.claims import DIALECT, ONE_TIME_PASSWORD
from housekey.core.principal import CLAIM_VIEW, CONSOLE, LOGIN
from housekey.operations import claims, roles
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World

LIST = "/console/claims/"
FORM = {"display_name": "One Time Password", "description": "Code of an offline password reset", "display_order": "20"}


def claim_page(uri: str = ONE_TIME_PASSWORD) -> str:
    return f"/console/claims/claim?uri={quote(uri, safe='')}"


def test_the_walk_of_the_documentation_ends_with_the_claim_supported(guest: Browser, world: World) -> None:
    page = guest.get(LIST).page
    assert "Claims ▸ List ▸ http://wso2.org/claims" in page
    assert re.search(r'<a href="[^"]+">One Time Password</a>', page)
    page = guest.get(claim_page()).page
    for words in ("Claim URI", "Display Name", "Description", "Display Order", "Supported by Default", "Mapped Attribute",
                  "Regular Expression", "Required", "Read only", "Update", "Cancel"):
        assert words in page
    assert re.search(rf'id="uri" type="text" value="{ONE_TIME_PASSWORD}" readonly', page)
    assert guest.post(claim_page(), FORM | {"supported_by_default": "true"}).location.endswith("done=saved-claim")
    assert claims.is_supported(world.tenant, ONE_TIME_PASSWORD)
    guest.get(claim_page())
    guest.post(claim_page(), FORM)
    assert not claims.is_supported(world.tenant, ONE_TIME_PASSWORD)


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"display_name": ""}, "Please type a display name."), ({"display_name": "x" * 101}, "takes at most 100 characters"),
    ({"display_order": "first"}, "Please type a whole number from 0 to 9999."), ({"display_order": "10000"}, "Please type a whole number"),
    ({"description": "x" * 301}, "takes at most 300 characters"),
])
def test_a_mistake_is_said_and_nothing_is_saved(guest: Browser, world: World, changed: dict[str, str], sentence: str) -> None:
    guest.get(claim_page())
    guest.post(claim_page(), FORM | {"supported_by_default": "true"} | changed)
    assert guest.status == 200
    assert sentence in guest.page
    assert re.search(r'name="supported_by_default" value="true" checked', guest.page)
    assert not claims.is_supported(world.tenant, ONE_TIME_PASSWORD)


def test_a_profile_shows_what_is_supported_in_the_tenants_order(guest: Browser, world: World) -> None:
    user = world.add()
    nick = f"{DIALECT}/nickname"
    guest.get(claim_page(nick))
    guest.post(claim_page(nick), {"display_name": "Pet name", "description": "", "display_order": "1", "supported_by_default": "true"})
    guest.get(f"/console/users/{user.id}/edit")
    guest.post(f"/console/users/{user.id}/edit", {"mail": "jane@example.com", "claim-nickname": "Janey"})
    page = guest.follow().page
    assert page.index("<dt>Pet name</dt><dd>Janey") < page.index("<dt>Last Name</dt>")


def test_whoever_may_only_look_finds_nothing_to_press(world: World) -> None:
    roles.add(world.by, "reader", [LOGIN, CONSOLE, CLAIM_VIEW], world.now)
    world.add("rita", role="reader")
    rita = Browser().signed_in("rita", PASSWORD)
    page = rita.get(claim_page()).page
    assert "You may look at these settings, but not change them." in page
    assert ">Update<" not in page
    assert rita.post(claim_page(), FORM).status == 403


def test_a_claim_that_is_not_there_is_not_found(guest: Browser) -> None:
    assert guest.get(claim_page("http://wso2.org/claims/none")).status == 404
    assert guest.get("/console/claims/claim").status == 404
