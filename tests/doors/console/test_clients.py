"""Clients in the console: a secret is seen once."""

from __future__ import annotations

import re

from housekey.core.principal import CLIENT_CREATE, CLIENT_DELETE, CLIENT_VIEW, CONSOLE, LOGIN, USER_CREATE, USER_VIEW
from housekey.core.principal import CONSOLE as NOT_FOR_PROGRAMS
from housekey.operations import clients, roles
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World

LIST = "/console/clients/"


def added(guest: Browser, name: str = "HR", scopes: tuple[str, ...] = (USER_CREATE,)) -> tuple[str, str]:
    guest.get(LIST + "add?kind=program")
    guest.post(LIST + "add?kind=program", {"name": name, "scopes": list(scopes)})  # type: ignore[dict-item] # a list is several values
    found = re.findall(r'id="client-(?:id|secret)">([^<]+)<', guest.page)
    return found[0], found[1]


def test_a_secret_is_shown_once_and_works(guest: Browser, world: World) -> None:
    assert "No applications yet" in guest.get(LIST).page
    client_id, secret = added(guest)
    assert guest.headers["Cache-Control"] == "no-store"
    assert clients.authenticate(world.house, world.tenant, client_id, secret, "192.0.2.1", world.now).permissions == {USER_CREATE}
    for path in (LIST, f"{LIST}{client_id}/"):
        assert "HR" in guest.get(path).page
        assert secret not in guest.page


def test_a_client_needs_a_name_and_a_scope(guest: Browser, world: World) -> None:
    guest.get(LIST + "add?kind=program")
    assert "Please type a name." in guest.post(LIST + "add?kind=program", {"name": "", "scopes": USER_VIEW}).page
    assert "Tick at least one scope." in guest.post(LIST + "add?kind=program", {"name": "HR"}).page
    added(guest)
    guest.get(LIST + "add?kind=program")
    assert "There is a client HR already." in guest.post(LIST + "add?kind=program", {"name": "HR", "scopes": USER_VIEW}).page
    assert len(clients.listing(world.by)) == 1


def test_no_program_is_given_the_console(guest: Browser) -> None:
    assert f'value="{NOT_FOR_PROGRAMS}"' not in guest.get(LIST + "add?kind=program").page


def test_scopes_are_changed_and_a_secret_is_renewed_after_a_question(guest: Browser, world: World) -> None:
    client_id, secret = added(guest)
    address = f"{LIST}{client_id}/"
    guest.get(address)
    assert guest.post(address, {"scopes": USER_VIEW}).location == address + "?done=client-saved"
    assert clients.listing(world.by)[0].scopes == (USER_VIEW,)
    guest.get(address)
    assert "Tick at least one scope." in guest.post(address).page
    assert guest.get(address + "rotate").heading == "Renew the secret of HR?"
    renewed = re.search(r'id="client-secret">([^<]+)<', guest.post(address + "rotate").page)
    assert renewed
    assert renewed[1] != secret


def test_a_client_is_deleted_after_a_question(guest: Browser, world: World) -> None:
    client_id, _secret = added(guest)
    assert guest.get(f"{LIST}{client_id}/delete").heading == "Delete the application HR?"
    assert guest.post(f"{LIST}{client_id}/delete").location == LIST + "?done=client-deleted"
    assert clients.listing(world.by) == []
    assert guest.get(f"{LIST}{client_id}/").status == 404


def test_a_client_that_may_do_more_is_not_renewed(guest: Browser, world: World) -> None:
    client_id, _secret = added(guest)
    roles.add(world.by, "keeper", [LOGIN, CONSOLE, CLIENT_VIEW, CLIENT_CREATE, CLIENT_DELETE], world.now)
    world.add("rita", role="keeper")
    rita = Browser().signed_in("rita", PASSWORD)
    assert "This application may do things that you may not." in rita.get(f"{LIST}{client_id}/").page
    assert rita.post(f"{LIST}{client_id}/rotate").status == 403
