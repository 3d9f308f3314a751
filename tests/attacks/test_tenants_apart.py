"""Nothing that tenant A's things are known by opens, changes or betrays anything in tenant B (A-025, A-034, A-140, A-141, A-150).

The routes come from the URL tables, so a new one is tried by itself, or fails a test here until somebody says what it takes.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from housekey.api.routes import OPEN
from housekey.operations.tenant_removal import of_tenants
from housekey.store.models import Account
from tests.attacks import apart
from tests.attacks.apart import Address, Prober, unknown
from tests.attacks.apart_requests import FIXED, FORM, HARMLESS, KINDS, METHODS, NEVER_TAKEN, OWN, PLAIN, PLANS, Case, routes, tries, usual
from tests.doors.scim.support import basic
from tests.doors.soap.support import envelope
from tests.operations.support import PASSWORD, World, other_world
from tests.support import settled

pytestmark = pytest.mark.once

ALL = [address for address in apart.addresses() if address.path not in PLAIN]
DOORS = sorted({address.door for address in ALL})


@pytest.fixture
def case(world: World) -> Case:
    return Case(settled.everything(other_world(world)), settled.everything(other_world(world, "beta.example"), "larch"))


def test_every_part_of_every_address_is_known_here() -> None:
    """A new route is tried by itself; one that takes something new fails here until it is said what that is."""
    strange = {f"{address.path}: {name}" for address in ALL for name, _ in address.parts if name not in KINDS and name not in OWN}
    assert strange == set(), "say in KINDS of what this is an identifier, or in OWN what it takes"
    assert not [address.path for address in ALL if re.search(r"[()^$?*\\]", address.path)], "a pattern that is not understood: see PLAIN"
    assert len(ALL) > 150


def test_every_parameter_of_every_form_is_known_here() -> None:
    known = {*PLANS[0], *FIXED, *HARMLESS}
    assert sorted(apart.parameters() - known) == [], "say in PLANS what this holds, or in HARMLESS that it names nothing"


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_what_belongs_to_a_tenant_is_unknown_in_every_other(case: Case, door: str) -> None:
    """A-140, A-141, A-150: status, headers and words are those for something that never was; with B's full administrator."""
    prober, different = case.prober(case.b, door), []
    for address in (address for address in ALL if address.door == door):
        for item in tries(case, address):
            seen = item.send(prober, case.a.known)
            if seen.status == 405 or seen == case.none(prober, item) or seen == (none := item.send(prober, case.nothing)):
                continue
            different.append(f"{item.method} {item.path} {str(item.body)[:300]}: {apart.told(seen, none)}")
    assert not different, "\n".join(different)


@pytest.mark.slow
def test_the_same_requests_find_at_home_what_they_name(case: Case) -> None:
    """Without this the table could be full of requests that no identifier would change."""
    found: set[str] = set()
    for door in DOORS:
        prober = case.prober(case.a, door)
        for address in (address for address in ALL if address.door == door):
            for item in tries(Case(case.a, case.a), address):
                kinds = set(item.kinds)
                if not kinds <= found and item.method in {"GET", "POST"} and item.send(prober, case.a.known) != case.none(prober, item):
                    found |= kinds
    assert sorted(set(case.a.known) - found - set(NEVER_TAKEN)) == []


@pytest.mark.parametrize("cookie", ["session", "ticket", "way"])
def test_a_cookie_of_a_tenant_is_none_in_every_other(case: Case, cookie: str) -> None:
    """A-141, A-161: a session, and the form that a link opened, on every page of another tenant."""
    theirs = {"session": case.a.session, "ticket": case.a.known["ticket"], "way": case.a.known["link"]}[cookie]
    different = []
    for address in (address for address in ALL if address.door in {"console", "pages"}):
        path = usual(case, address)
        for method in ("GET", "POST"):
            body = dict(FIXED) if method == "POST" else None
            seen, none = (Prober(prefix=case.b.prefix, cookies={f"__Host-{cookie}": value}).ask([value], method, path, body)
                          for value in (theirs, unknown(theirs)))
            if seen != none:
                different.append(f"{method} {path}: {apart.told(seen, none)}")
    assert not different, "\n".join(different)


@pytest.mark.parametrize("way", ["basic", "bearer"])
def test_no_credential_of_a_tenant_is_good_in_another(case: Case, way: str) -> None:
    """A-131, A-140: a password and a token, at every route that a program may use, as if nobody had them."""
    theirs = case.a.basic if way == "basic" else case.a.bearer
    # The password is the same in both: only the tenant may make the difference.
    Account.objects.within(case.b.world.tenant).filter(name_key="boss").update(name_key="chief")
    none = basic("nobody", PASSWORD) if way == "basic" else f"Bearer {unknown(case.a.token)}"
    doors = {"scim": METHODS, "soap": ("POST",), "api": METHODS}
    for address in (address for address in ALL if address.door in doors):
        path = usual(case, address)
        for method in doors[address.door]:
            media = "text/xml" if address.door == "soap" else "application/json"
            body = _plain_body(address, method)
            seen, other = (Prober(authorization=given, prefix=case.b.prefix).ask([], method, path, body, media=media)
                           for given in (theirs, none))
            assert seen == other, f"{method} {path}: {apart.told(seen, other)}"[:900]
            assert seen.status in {401, 404, 405} or _open(address), f"{method} {path}: {seen.status}"


def _plain_body(address: Address, method: str) -> Any:
    if address.door == "soap":
        return envelope("UserProfileMgtService", "getUserProfile", values={"username": "boss", "profileName": "default"})
    return {} if method != "GET" else b""


def _open(address: Address) -> bool:
    """Routes that ask nobody who they are."""
    described = ("scim2/ServiceProviderConfig", "scim2/ResourceTypes", "scim2/Schemas", "api/docs", "services")
    return address.path.startswith(described) or any(route.scope == OPEN or route.authenticate for route in routes(address))


def test_a_client_of_a_tenant_is_unknown_at_anothers_token_endpoint(case: Case) -> None:
    """A-131, A-141: no token for it, and nothing is said of its tokens."""
    known, path = case.a.known, case.b.prefix
    for given in (known, case.nothing):
        asked = {"grant_type": "client_credentials", "client_id": given["client"], "client_secret": given["secret"]}
        refused = Client().post(f"{path}/oauth2/token", urlencode(asked), FORM)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        for address in ("introspect", "revoke"):
            boss = Client(headers={"Authorization": case.b.basic})
            answer = boss.post(f"{path}/oauth2/{address}", urlencode({"token": given["token"]}), FORM)
            assert answer.status_code in {200, 401}
            assert answer.content in {b'{"active": false}', b'{"active":false}', b""} or answer.status_code == 401
    assert Client(headers={"Authorization": case.a.bearer}).get(f"{case.a.prefix}/scim2/Users").status_code == 200


def test_a_key_of_a_tenant_finds_no_answer_in_another(case: Case) -> None:
    """A-141: the same Idempotency-Key with another request is a first request there."""
    body = {"userName": "other.larch", "emails": ["other@larch.example"]}
    for key in (case.a.known["key"], unknown(case.a.known["key"])):
        headers = {"Authorization": case.b.bearer, "Idempotency-Key": key}
        answer = Client(headers=headers).post(f"{case.b.prefix}/scim2/Users", body, "application/json")
        assert answer.status_code == 201, answer.content
        assert "quill" not in answer.content.decode()
        made = f"{case.b.prefix}/scim2/Users/{answer.json()['id']}"
        assert Client(headers={"Authorization": case.b.bearer}).delete(made).status_code == 204


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_whatever_is_sent_changes_nothing_of_another_tenant(case: Case, door: str) -> None:
    """A-025, A-034: not a row of it; looked at after each request, before that is undone."""
    tenant = case.a.world.tenant

    tables = {model._meta.db_table: model for model in of_tenants()}

    def rows(table: str) -> list[object]:
        return list(tables[table]._base_manager.filter(tenant_id=tenant.id).order_by("pk").values_list())

    before = {table: rows(table) for table in tables}
    assert sum(map(len, before.values())) > 40
    prober = case.prober(case.b, door)
    prober.unchanged = lambda written: all(rows(table) == before[table] for table in written if table in before)
    for address in (address for address in ALL if address.door == door):
        for item in tries(case, address):
            if item.method != "GET" and item.send(prober, case.a.known).status == 405:
                continue
