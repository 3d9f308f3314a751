"""Applications in the console: set up step by step, with a configuration to copy, and the keys that ID tokens are signed with."""

from __future__ import annotations

import html
import re

import pytest

from housekey.console.configurations import CONFIGURATIONS, NO_SECRET
from housekey.core.applications import Application
from housekey.core.principal import CLIENT_VIEW, CONSOLE, LOGIN, USER_CREATE, USER_LIST
from housekey.operations import clients, roles, signing
from housekey.store.models import AuditEntry
from tests.doors.console.support import stranger
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, other_world

LIST, KEYS = "/console/clients/", "/console/signing-keys/"
CALLBACK = "https://shop.example/signed-in?from=here&why='it'"
"""An address with everything that markup or a script might stumble over."""
WEB = {"name": "Shop", "redirect_uris": f"{CALLBACK}\r\n\r\n https://shop.example/again ", "access_url": "https://shop.example/",
       "consent": "true", "signed_with": "ES256"}


def added(guest: Browser, kind: str = "web", **fields: str) -> Browser:
    guest.get(f"{LIST}add?kind={kind}")
    return guest.post(f"{LIST}add?kind={kind}", WEB | fields)


def only(world: World) -> clients.ClientView:
    (found,) = clients.listing(world.by)
    return found


@pytest.fixture(autouse=True)
def fresh_keys() -> None:
    signing.forget()


def test_a_web_application_is_set_up_in_two_steps_and_its_secret_works(guest: Browser, world: World) -> None:
    guest.get(LIST + "add")
    assert [f'name="kind" value="{kind}"' in guest.page for kind in ("web", "app", "program")] == [True] * 3
    added(guest, post_logout_redirect_uris="https://shop.example/bye", backchannel_logout_uri="https://shop.example/out")
    assert (guest.status, guest.heading, guest.headers["Cache-Control"]) == (200, "Secret of Shop", "no-store")
    view = only(world)
    assert view.application == Application(
        (CALLBACK, "https://shop.example/again"), ("https://shop.example/bye",), "https://shop.example/out", "https://shop.example/",
        signed_with="ES256")
    secret = re.search(r'id="client-secret">([^<]+)<', guest.page)
    assert secret
    assert clients.authenticate(world.house, world.tenant, view.client_id, secret[1], "192.0.2.1", world.now)
    assert guest.page.count(secret[1]) > 2, "it stands in the configurations, too"
    for part in ("", "configuration", "scopes"):
        assert secret[1] not in guest.get(f"{LIST}{view.client_id}/{part}").page


def test_a_public_application_has_no_secret_and_no_scopes(guest: Browser, world: World) -> None:
    guest.get(LIST + "add?kind=app")
    assert 'name="scopes"' not in guest.page
    added(guest, "app", redirect_uris="com.example.app:/signed-in", scopes=USER_LIST)
    view = only(world)
    assert guest.location == f"{LIST}{view.client_id}/configuration?done=client-added"
    assert (view.application.public, view.scopes) == (True, ())
    guest.follow()
    assert "It is public and has no secret." in guest.page
    assert NO_SECRET not in guest.page
    assert "Renew secret" not in guest.get(f"{LIST}{view.client_id}/").page
    assert guest.get(f"{LIST}{view.client_id}/rotate").location == f"{LIST}{view.client_id}/"
    assert guest.post(f"{LIST}{view.client_id}/rotate").status == 400


@pytest.mark.parametrize(("fields", "sentence", "at"), [
    ({"redirect_uris": ""}, "Give at least one redirect URI", "redirect_uris"),
    ({"redirect_uris": "https://*.example/"}, "https://*.example/ holds a pattern", "redirect_uris"),
    ({"redirect_uris": "http://shop.example/"}, "http://shop.example/ must begin with https://", "redirect_uris"),
    ({"redirect_uris": "javascript:alert(1)"}, "is no address of a web page", "redirect_uris"),
    ({"post_logout_redirect_uris": "https://shop.example/#bye"}, "has a fragment (#)", "post_logout_redirect_uris"),
    ({"backchannel_logout_uri": "ftp://shop.example"}, "is no address of a web page", "backchannel_logout_uri"),
    ({"access_url": "//shop.example"}, "is no address of a web page", "access_url"),
    ({"name": ""}, "Please type a name.", "name"),
])
def test_a_mistake_is_said_at_its_field_and_what_was_typed_stays(guest: Browser, fields: dict[str, str], sentence: str, at: str) -> None:
    added(guest, **fields)
    error = re.search(rf'id="{at}-error">(.*?)</p>', guest.page, re.DOTALL)
    assert error
    assert sentence in error[1]
    assert f'href="#{at}"' in guest.page
    kept = WEB | fields
    assert all(kept[name].split("\r\n")[0] in guest.page for name in ("name", "redirect_uris", "access_url"))


def test_a_mistake_is_told_in_german(guest: Browser) -> None:
    guest.get(LIST + "add?kind=web&ui_locales=de")
    assert "https://*.example/ enthält ein Muster." in guest.post(LIST + "add?kind=web", WEB | {"redirect_uris": "https://*.example/"}).page


def test_settings_are_changed_and_a_box_that_is_unticked_is_off(guest: Browser, world: World) -> None:
    added(guest)
    address = f"{LIST}{only(world).client_id}/"
    guest.get(address)
    assert 'name="consent" value="true" checked' in guest.page
    fields = {"name": "Shop", "redirect_uris": "https://shop.example/new", "signed_with": "RS256"}
    assert guest.post(address, fields).location == address + "?done=application-saved"
    assert only(world).application == Application(("https://shop.example/new",), consent=False)
    guest.get(address)
    assert "must begin with https://" in guest.post(address, fields | {"redirect_uris": "http://shop.example/"}).page
    assert only(world).application.redirect_uris == ("https://shop.example/new",)


def test_an_application_can_be_called_something_else(guest: Browser, world: World) -> None:
    added(guest)
    clients.add(world.house, world.by, "Taken", (USER_CREATE,), world.now)
    shop = next(view for view in clients.listing(world.by) if view.name == "Shop")
    address = f"{LIST}{shop.client_id}/"
    guest.get(address)
    assert "There is a client Taken already." in guest.post(address, WEB | {"name": "Taken"}).page
    assert guest.post(address, WEB | {"name": "Coffee Shop"}).location == address + "?done=application-saved"
    assert {view.name for view in clients.listing(world.by)} == {"Coffee Shop", "Taken"}


def test_the_scopes_of_an_application_stand_apart_and_may_be_none(guest: Browser, world: World) -> None:
    added(guest)
    address = f"{LIST}{only(world).client_id}/scopes"
    guest.get(address)
    assert guest.post(address, {"scopes": USER_LIST}).location == address + "?done=client-saved"
    assert only(world).scopes == (USER_LIST,)
    guest.get(address)
    guest.post(address)
    assert only(world).scopes == ()


def test_the_list_is_searched_and_filtered_by_its_address(guest: Browser, world: World) -> None:
    added(guest)
    added(guest, "app", name="Phone", redirect_uris="com.example.app:/signed-in", access_url="")
    guest.get(LIST + "add?kind=program")
    guest.post(LIST + "add?kind=program", {"name": "Feed", "scopes": USER_LIST})

    def names(query: str) -> list[str]:
        return re.findall(r'<td><a href="[^"]+">([^<]+)<', guest.get(LIST + query).page)

    assert names("") == ["Feed", "Phone", "Shop"]
    assert "https://shop.example" in guest.page
    assert "1–3 of 3" in guest.page
    assert (names("?kind=web"), names("?kind=app"), names("?kind=program")) == (["Shop"], ["Phone"], ["Feed"])
    assert (names("?q=shop.EXAMPLE"), names("?q=fee")) == (["Shop"], ["Feed"])
    assert names("?q=" + clients.listing(world.by)[1].client_id) == ["Phone"]
    assert names("?kind=app&q=shop") == []
    assert "No application matches" in guest.page
    assert guest.get(LIST + "?kind=other").status == 404


def test_who_may_only_look_is_told_why_nothing_can_be_changed(guest: Browser, world: World) -> None:
    added(guest)
    view = only(world)
    roles.add(world.by, "looker", [LOGIN, CONSOLE, CLIENT_VIEW], world.now)
    world.add("rita", role="looker")
    rita = Browser().signed_in("rita", PASSWORD)
    for path in ("", "scopes", "configuration"):
        assert rita.get(f"{LIST}{view.client_id}/{path}").status == 200
    assert "You may look at applications, but not change them." in rita.get(f"{LIST}{view.client_id}/").page
    assert '<fieldset class="stack" disabled>' in rita.page
    assert rita.post(f"{LIST}{view.client_id}/", WEB).status == 403
    assert "Add Application" not in rita.get(LIST).page
    assert "You may look at signing keys" in rita.get(KEYS).page
    assert (rita.get(LIST + "add?kind=web").status, rita.get(KEYS + "make").status) == (403, 403)
    assert only(world) == view


# --- configuration to copy --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["web", "app", "program"])
def test_each_configuration_holds_issuer_id_and_redirect_uri_and_is_plain_text(guest: Browser, world: World, kind: str) -> None:
    guest.get(f"{LIST}add?kind={kind}")
    guest.post(f"{LIST}add?kind={kind}", {"name": "Shop", "scopes": USER_LIST} if kind == "program" else WEB)
    view = only(world)
    issuer = signing.issuer(world.house, world.tenant)
    response = guest.client.get(f"{LIST}{view.client_id}/configuration", secure=True)
    shown = re.findall(r'<pre class="code" id="text-([^"]+)"[^>]*>(.*?)</pre>', response.content.decode(), re.DOTALL)
    assert [key for key, _ in shown] == [one.key for one in CONFIGURATIONS if kind in one.kinds]
    for key, markup in shown:
        assert not set(markup) & set("<>'\""), f"{key}: nothing but text"
        text = html.unescape(markup)
        assert not re.search("@[A-Z_]+@", text), f"{key}: everything is filled in"
        assert issuer in text
        assert view.client_id in text
        assert kind == "program" or CALLBACK in text
        assert (NO_SECRET in text) == (kind != "app")


def test_a_configuration_of_a_tenant_names_the_tenants_issuer(world: World) -> None:
    other = other_world(world)
    boss = stranger(other, LIST)
    prefix = f"/t/{other.tenant.domain}"
    boss.get(f"{prefix}{LIST}add?kind=web")
    assert f"Issuer: {other.house.config.base_url}{prefix}\n" in boss.post(f"{prefix}{LIST}add?kind=web", WEB).page


# --- signing keys -----------------------------------------------------------------------------------------------------


def test_keys_are_listed_and_a_new_one_is_made_after_a_question(guest: Browser, world: World) -> None:
    assert "No keys yet" in guest.get(KEYS).page
    signing.jwks(world.house, world.tenant, world.now)
    before = {key.alg: key.kid for key in signing.listing(world.by, world.now)}
    assert all(kid in guest.get(KEYS).page for kid in before.values())
    assert guest.get(KEYS + "make").heading == "Make a new signing key?"
    assert guest.post(KEYS + "make", {"alg": "ES256"}).location == KEYS + "?done=key-made"
    guest.follow()
    assert "A new key signs from now on." in guest.page
    found = [(key.alg, key.signs, key.kid == before[key.alg]) for key in signing.listing(world.by, world.now)]
    assert found == [("RS256", True, True), ("ES256", True, False), ("ES256", False, True)]


def test_a_key_that_leaked_is_forgotten_at_once(guest: Browser, world: World) -> None:
    signing.jwks(world.house, world.tenant, world.now)
    before = {key.kid for key in signing.listing(world.by, world.now)}
    guest.get(KEYS + "make")
    guest.post(KEYS + "make", {"alg": "", "leaked": "true"})
    after = {key.kid for key in signing.listing(world.by, world.now)}
    assert len(after) == 2
    assert not after & before
    assert "Choose one of the algorithms." in guest.post(KEYS + "make", {"alg": "none"}).page
    assert AuditEntry.objects.within(world.tenant).filter(event="signing-key:make").count() == 4
