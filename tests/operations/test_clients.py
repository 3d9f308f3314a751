"""Clients: nobody hands out what they do not hold, a secret is shown once, and whatever ends, ends at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from housekey.conf.house import House
from housekey.core.codes import Keys
from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted, WrongCredentials
from housekey.core.principal import (
    ADMINISTRATOR_PERMISSIONS,
    CLIENT_CREATE,
    CLIENT_DELETE,
    CLIENT_VIEW,
    CONSOLE,
    GRANTABLE,
    OWN_PASSWORD,
    SERVER,
    USER_DELETE,
    USER_VIEW,
    Principal,
)
from housekey.operations import clients, tokens
from housekey.operations.clients import NewClient
from housekey.store.models import AuditEntry, Client, Token
from tests.operations.support import NETWORK, World, other_world, token_of


def made(world: World, *scopes: str, name: str = "importer") -> NewClient:
    return clients.add(world.house, world.by, name, scopes or (USER_VIEW,), world.now)


def issued(world: World, new: NewClient, *asked: str, house: House | None = None) -> tokens.NewToken:
    return token_of(house or world.house, world.tenant, new, world.now, asked)


def holding(world: World, *permissions: str) -> Principal:
    return Principal(world.tenant, "somebody", frozenset(permissions))


def test_a_client_is_listed_without_its_secret(world: World) -> None:
    new = made(world, USER_VIEW, USER_DELETE, USER_VIEW)
    listed = clients.listing(world.by)
    assert [(one.client_id, one.name, one.scopes, one.created_by) for one in listed] == [
        (new.client_id, "importer", (USER_DELETE, USER_VIEW), "system")]
    assert len(new.client_secret) == 43
    assert new.client_secret not in repr(new)
    assert clients.listing(other_world(world).by) == []


def test_each_verb_needs_its_permission(world: World) -> None:
    new = made(world)
    everything_but = {CLIENT_CREATE, CLIENT_VIEW, CLIENT_DELETE, USER_VIEW}
    for needed, verb in (
        (CLIENT_CREATE, lambda by: clients.add(world.house, by, "x", [USER_VIEW], world.now)),
        (CLIENT_CREATE, lambda by: clients.rotate(world.house, by, new.client_id, world.now)),
        (CLIENT_CREATE, lambda by: clients.set_scopes(by, new.client_id, [USER_VIEW], world.now)),
        (CLIENT_VIEW, clients.listing),
        (CLIENT_DELETE, lambda by: clients.delete(by, new.client_id, world.now)),
    ):
        with pytest.raises(NotPermitted) as refusal:
            verb(holding(world, *(everything_but - {needed})))
        assert refusal.value.permission == needed


def test_nobody_grants_what_they_do_not_hold(world: World) -> None:
    """A-135: neither to a new client, nor to an old one, nor by seeing the secret of one that has more."""
    strong = made(world, USER_DELETE, name="strong")
    small = holding(world, CLIENT_CREATE, USER_VIEW)
    weak = clients.add(world.house, small, "weak", [USER_VIEW], world.now)
    for verb in (
        lambda: clients.add(world.house, small, "other", [USER_VIEW, USER_DELETE], world.now),
        lambda: clients.set_scopes(small, weak.client_id, [USER_DELETE], world.now),
        lambda: clients.rotate(world.house, small, strong.client_id, world.now),
    ):
        with pytest.raises(NotPermitted) as refusal:
            verb()
        assert refusal.value.permission == USER_DELETE
    assert issued(world, strong).scopes == (USER_DELETE,)


@pytest.mark.parametrize("scope", ["xyz", "openid", CONSOLE, OWN_PASSWORD, SERVER, "Internal_User_Mgt_View"])
def test_an_unknown_scope_is_refused_with_the_known_ones(world: World, scope: str) -> None:
    with pytest.raises(Invalid) as refusal:
        made(world, USER_VIEW, scope)
    assert scope in refusal.value.sentence
    assert USER_VIEW in refusal.value.sentence
    assert refusal.value.field == "scope"


def test_a_client_without_scopes_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        clients.add(world.house, world.by, "importer", [], world.now)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0b", "\ud800", "x" * 101])
def test_a_name_must_be_short_and_printable(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        made(world, name=name)
    assert refusal.value.field == "name"


def test_a_name_is_taken_once_in_a_tenant(world: World) -> None:
    made(world)
    with pytest.raises(Conflict):
        made(world)
    made(other_world(world))


def test_another_tenants_client_does_not_exist(world: World) -> None:
    """A-140"""
    stranger = made(other_world(world))
    for client_id in (stranger.client_id, "nothing", "a\0b", "\ud800"):
        with pytest.raises(NotFound):
            clients.delete(world.by, client_id, world.now)
        with pytest.raises(NotFound):
            clients.rotate(world.house, world.by, client_id, world.now)
        with pytest.raises(NotFound):
            clients.set_scopes(world.by, client_id, [USER_VIEW], world.now)


def test_every_change_is_written_down(world: World) -> None:
    new = made(world)
    issued(world, new)
    clients.set_scopes(world.by, new.client_id, [USER_DELETE], world.now)
    clients.rotate(world.house, world.by, new.client_id, world.now)
    clients.delete(world.by, new.client_id, world.now)
    rows = AuditEntry.objects.within(world.tenant).filter(target="importer").order_by("id")
    assert [row.event for row in rows] == ["client:add", "token:issue", "client:scopes", "client:rotate", "client:delete"]


def test_a_token_tells_which_client_asks_from_where_and_for_what(world: World) -> None:
    new = made(world, USER_VIEW, USER_DELETE)
    token = issued(world, new, USER_VIEW, "xyz")
    assert tokens.recognise(world.house, world.tenant, token.access_token, NETWORK, world.now) == Principal(
        world.tenant, "client importer", frozenset({USER_VIEW}), network=NETWORK, client_id=new.client_id)
    assert token.access_token not in repr(token)


def test_a_token_ends_to_the_second(world: World) -> None:
    token = issued(world, made(world)).access_token
    end = world.now + timedelta(seconds=world.house.config.tokens.app_access_token_validity)
    assert tokens.recognise(world.house, world.tenant, token, "", end - timedelta(seconds=1))
    assert tokens.recognise(world.house, world.tenant, token, "", end) is None


def test_a_permission_that_no_client_may_have_is_not_in_any_token(world: World) -> None:
    """Whoever can write to the database still does not make a client an operator."""
    new = made(world)
    Client.objects.within(world.tenant).update(scopes=[USER_VIEW, SERVER, CONSOLE])
    assert issued(world, new).scopes == (USER_VIEW,)
    assert SERVER not in GRANTABLE <= ADMINISTRATOR_PERMISSIONS


def test_a_new_key_keeps_secrets_and_tokens_alive(world: World) -> None:
    """The ring's newest key signs, all verify; a secret that is used moves over to the newest."""
    new = made(world)
    token = issued(world, new).access_token
    fresh = ("fresh", b"f" * 32)
    both = replace(world.house, keys=Keys((fresh, *world.house.keys.ring)))
    assert tokens.recognise(both, world.tenant, token, "", world.now)
    issued(world, new, house=both)
    only = replace(world.house, keys=Keys((fresh,)))
    assert issued(world, new, house=only)
    assert tokens.recognise(only, world.tenant, token, "", world.now) is None


def test_a_secret_is_its_own_clients_only(world: World) -> None:
    one, other = made(world), made(world, name="other")
    with pytest.raises(WrongCredentials):
        issued(world, replace(one, client_secret=other.client_secret))


def test_a_tenant_that_goes_takes_clients_and_tokens_along(world: World) -> None:
    acme = other_world(world)
    token_of(world.house, acme.tenant, made(acme), world.now, network="")
    assert (Client.objects.within(acme.tenant).count(), Token.objects.within(acme.tenant).count()) == (1, 1)
    Client.objects.within(acme.tenant).delete()
    assert Token.objects.within(acme.tenant).count() == 0
