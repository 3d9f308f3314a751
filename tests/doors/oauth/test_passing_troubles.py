"""What is away for a while is no loss afterwards; and what a program is given for a password goes no further than the password."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from housekey.conf.schema import PasswordGrant
from housekey.core.applications import Application
from housekey.core.users import Changes
from housekey.operations import clients, grants, login, signing, stores, users
from housekey.operations.grants import WrongGrant
from housekey.store.models import Grant, SigningKey
from tests.doors.oauth.application import SCOPE, App, application, signed_in, tokens
from tests.doors.oauth.support import Answer
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World
from tests.stores.support import connected
from tests.support.slapd import Place


def test_a_refresh_token_shown_while_her_directory_is_switched_off_is_good_when_it_is_back(world: World, slapd: Place) -> None:
    """Else each application that tried meanwhile would hold a token that counts as used twice: all would have to sign in again."""
    slapd.add("anna", password=PASSWORD)
    directory = connected(world, slapd)
    app = application(world)
    given = tokens(app, signed_in("STAFF/anna"))
    stores.switch(directory.by, "STAFF", False, world.now)
    assert app.refresh(given["refresh_token"]).error == (400, "invalid_grant")
    stores.switch(directory.by, "STAFF", True, world.now)
    again = app.refresh(given["refresh_token"])
    assert again.status == 200
    assert app.userinfo(again.body["access_token"]).status == 200


def test_a_directory_that_does_not_answer_holds_up_nobody_who_is_signed_in(world: World, slapd: Place) -> None:
    slapd.add("anna", password=PASSWORD)
    connected(world, slapd)
    app, browser = application(world), signed_in("STAFF/anna")
    given, code = tokens(app, browser), app.answered(browser.get(app.address()))["code"]
    slapd.stop()
    assert app.exchange(code).status == app.refresh(given["refresh_token"]).status == app.userinfo(given["access_token"]).status == 200


def _with_password(app: App, password: str = PASSWORD, **more: str) -> Answer:
    return app.post("/oauth2/token", {"grant_type": "password", "username": "jane", "password": password, "scope": SCOPE, **more})


@pytest.fixture
def permissive(world: World, settings: Any) -> World:
    settings.HOUSE = world.house = world.configured(password_grant=PasswordGrant(enable=True))
    return world


def test_where_it_is_allowed_a_program_gets_tokens_for_a_password(permissive: World) -> None:
    jane, app = permissive.add(), application(permissive)
    given = _with_password(app)
    assert given.status == 200, given.body
    assert app.read(given.body["id_token"])["sub"] == str(jane.id)
    assert app.userinfo(app.refresh(given.body["refresh_token"]).body["access_token"]).status == 200
    assert _with_password(app, OTHER_PASSWORD).error == (400, "invalid_grant")
    users.change(permissive.house, permissive.by, jane.id, Changes(disabled=True), permissive.now)
    assert _with_password(app).error == (400, "invalid_grant")
    assert Grant.objects.within(permissive.tenant).count() == 0


@pytest.mark.parametrize("meanwhile", ["new password", "new secret", "deleted"])
def test_what_changes_while_a_password_is_looked_at_brings_no_tokens(permissive: World, meanwhile: str) -> None:
    """A-160: a token that came a moment later would outlive what it was given for."""
    world, jane, app = permissive, permissive.add(), application(permissive)
    client = clients.prove(world.house, world.tenant, app.program.id, app.program.secret, NETWORK, world.now)
    proved = login.prove(world.house, world.tenant, "jane", PASSWORD, network=NETWORK, now=world.now)
    if meanwhile == "new password":
        users.change(world.house, world.by, jane.id, Changes(password=OTHER_PASSWORD), world.now)
    elif meanwhile == "new secret":
        clients.rotate(world.house, world.by, app.program.id, world.now)
    else:
        users.delete(world.by, jane.id, world.now)
    with pytest.raises(WrongGrant):
        grants.by_password(world.house, world.tenant, client, proved, ("openid",), world.now)
    assert Grant.objects.within(world.tenant).count() == 0


def test_published_keys_are_told_without_the_servers_secret(world: World) -> None:
    """A node that has lost it signs nothing; what others signed can be checked here all the same."""
    world.add()
    app = application(world)
    given = tokens(app, signed_in())
    SigningKey.objects.within(world.tenant).update(key_name="lost")
    signing.forget()
    assert app.read(given["id_token"])["aud"] == app.program.id


def test_where_nothing_can_be_signed_no_code_and_no_refresh_token_is_used_up(world: World) -> None:
    """Each application would else come back with a token that counts as used twice."""
    world.add()
    app, browser = application(world), signed_in()
    given, code = tokens(app, browser), app.answered(browser.get(app.address()))["code"]
    keys = SigningKey.objects.within(world.tenant)
    right = keys.values_list("key_name", flat=True)[0]
    keys.update(key_name="lost")
    signing.forget()
    for answer in (app.exchange(code), app.refresh(given["refresh_token"])):
        assert answer.error == (503, "temporarily_unavailable")
    keys.update(key_name=right)
    signing.forget()
    assert app.exchange(code).status == app.refresh(given["refresh_token"]).status == 200


def test_an_address_taken_off_the_list_ends_what_was_given_at_any_port_of_it(world: World) -> None:
    """A-167: the port of a native application is its own affair, so the list does not hold it."""
    world.add()
    listed, other = "http://127.0.0.1/in", "com.example.app:/in"
    app, browser = application(world, public=True, redirect_uris=(listed, other)), signed_in()

    def given(at: str) -> str:
        code = parse_qs(urlsplit(browser.get(app.address(redirect_uri=at)).location).query)["code"][0]
        return str(app.exchange(code, redirect_uri=at).body["access_token"])

    ends, stays = given("http://127.0.0.1:51004/in"), given(other)
    clients.set_application(world.by, app.program.id, Application((other,), consent=False), world.now)
    assert app.userinfo(ends).status == 401
    assert app.userinfo(stays).status == 200


def test_a_key_that_another_node_made_a_moment_ago_is_published(world: World) -> None:
    """It signs at once; whoever met its tokens before the key would take them for false."""
    app = application(world)
    before = app.program.client.get("/oauth2/jwks").json()["keys"]
    remembered = dict(signing._known)
    view = signing.rotate(world.house, world.by, "RS256", world.now)
    signing._known.update(remembered)  # as another process has them
    assert view.kid in [key["kid"] for key in app.program.client.get("/oauth2/jwks").json()["keys"]]
    assert view.kid not in [key["kid"] for key in before]
