"""The life of a tenant: added with an administrator, suspended, resumed, deleted to the last row. A-142"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from housekey.conf.house import House
from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted, PasswordRefused, WrongCredentials
from housekey.core.names import SUPER_TENANT, Tenant
from housekey.core.principal import (
    ADMINISTRATOR,
    ADMINISTRATOR_PERMISSIONS,
    TENANT_CREATE,
    TENANT_DELETE,
    TENANT_UPDATE,
    TENANT_VIEW,
    Principal,
)
from housekey.delivery import outbox, worker
from housekey.operations import audit, clients, job_worker, jobs, roles, sessions, tenant_owners, tenant_removal, tenants, tokens, users
from housekey.operations.tenant_owners import Owner
from housekey.store.models import Account, AuditEntry, Job, Message
from housekey.store.models import Tenant as Row
from tests.operations.support import PASSWORD, World, new_world, other_world, token_of
from tests.support import settled


@pytest.fixture
def world(house: House, tmp_path: Path, now: datetime, db: None) -> World:
    return new_world(house, tmp_path, now, administrator=True)


def administrator(world: World) -> Principal:
    """Somebody who may do everything in the tenant, as a person."""
    return world.acting_as("admin")


def inside(world: World, tenant: Tenant) -> World:
    return World(world.house, tenant, world.now)


# --- adding -----------------------------------------------------------------------------------------------------------


def test_the_first_administrator_is_invited_by_mail_and_chooses_the_password(world: World) -> None:
    owner = Owner("jane", "jane@acme.example", "Jane")
    made = tenant_owners.add(world.house, administrator(world), "acme.example", "Acme", owner, world.now)
    assert made.link == ""
    acme = inside(world, made.tenant)
    acme.redeem(world.newest_code("jane@acme.example"))
    acme.sign_in("jane")
    assert [account.name_key for account in roles.administrators(made.tenant)] == ["jane"]


def test_the_link_to_hand_over_works_once_and_nothing_is_sent(world: World) -> None:
    made = tenant_owners.add(world.house, administrator(world), "acme.example", "", Owner("jane", by_mail=False), world.now)
    assert "/t/acme.example/" in made.link
    assert not Message.objects.within(made.tenant).exists()
    inside(world, made.tenant).redeem(made.link.partition("confirmation=")[2].partition("&")[0])
    assert repr(made).find("confirmation") == -1


def test_an_administrator_may_come_with_a_password_that_meets_the_policy(world: World) -> None:
    made = tenant_owners.add(world.house, administrator(world), "acme.example", "", Owner("jane", password=PASSWORD), world.now)
    inside(world, made.tenant).sign_in("jane")
    with pytest.raises(PasswordRefused):
        tenant_owners.add(world.house, administrator(world), "other.example", "", Owner("jane", password="short"), world.now)
    assert Row.objects.filter(domain="other.example").count() == 0


@pytest.mark.parametrize(("owner", "field"), [
    (Owner("jane"), "emails[0]"), (Owner("", "jane@acme.example"), "userName"), (Owner("jane", "nowhere"), "emails[0]"),
    (Owner("ELSEWHERE/jane", "jane@acme.example"), "userName"), (Owner("ja ne", by_mail=False), "userName"),
    (Owner("jane", given_name="x" * 300, by_mail=False), "name.givenName"),
])  # fmt: skip
def test_an_administrator_who_cannot_be_leaves_no_tenant_behind(world: World, owner: Owner, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        tenant_owners.add(world.house, world.by, "acme.example", "", owner, world.now)
    assert refused.value.field == field
    assert tenants.listing() == [world.tenant]


# --- who may ------------------------------------------------------------------------------------------------------------


def test_only_administrators_of_the_default_tenant_may_and_each_deed_has_its_permission(world: World) -> None:
    """A-142: the same permissions in another tenant are worth nothing."""
    acme = other_world(world)
    deeds: dict[str, Any] = {
        TENANT_CREATE: lambda by: tenants.add(by, "new.example", "", world.now), TENANT_VIEW: lambda by: tenants.search(by),
        TENANT_UPDATE: lambda by: tenants.suspend(by, acme.tenant.id, world.now),
        TENANT_DELETE: lambda by: tenant_removal.begin(by, acme.tenant.id, world.now),
    }
    for permission, deed in deeds.items():
        with pytest.raises(NotPermitted):
            deed(Principal(world.tenant, "clerk", ADMINISTRATOR_PERMISSIONS - {permission}))
        with pytest.raises(NotPermitted):
            deed(Principal(acme.tenant, "boss", ADMINISTRATOR_PERMISSIONS))
        deed(Principal(world.tenant, "clerk", frozenset({permission})))


def test_the_default_tenant_can_be_neither_suspended_nor_deleted(world: World) -> None:
    for deed in (tenants.suspend, tenant_removal.begin):
        with pytest.raises(Invalid):
            deed(administrator(world), world.tenant.id, world.now)
    assert tenants.get(world.by, world.tenant.id).state == "active"


@pytest.mark.parametrize("number", [0, 999_999, 1 << 63, 10**40])
def test_a_number_that_no_tenant_has_is_not_found(world: World, number: int) -> None:
    for deed in (tenants.suspend, tenants.resume, tenant_removal.begin):
        with pytest.raises(NotFound):
            deed(world.by, number, world.now)
    with pytest.raises(NotFound):
        tenants.get(world.by, number)


# --- suspended ----------------------------------------------------------------------------------------------------------


def test_everything_of_a_suspended_tenant_stops_and_resuming_brings_it_back(world: World) -> None:
    """A-142, A-160: sessions, tokens and passwords at once; what was alive is alive again."""
    acme = other_world(world)
    acme.add("jane", role=ADMINISTRATOR)
    session = acme.sign_in("jane").token
    client = clients.add(world.house, acme.by, "app", [TENANT_VIEW], world.now)
    token = token_of(world.house, acme.tenant, client, world.now).access_token
    for state in ("active", "suspended", "active"):
        if state == "suspended":
            tenants.suspend(administrator(world), acme.tenant.id, world.now)
        elif tenants.by_domain("acme.example") is None:
            tenants.resume(administrator(world), acme.tenant.id, world.now)
        on = state == "active"
        assert (tenants.by_domain("acme.example") is not None) is on
        assert (tokens.recognise(world.house, acme.tenant, token, "", world.now) is not None) is on
        if on:
            assert sessions.recognise(world.house, acme.tenant, session, "", world.now)
            world.sign_in("jane@acme.example")
        else:
            with pytest.raises(WrongCredentials):
                world.sign_in("jane@acme.example")
    told = [row.event for row in audit.search(world.by, audit.Sought(person="acme.example")).rows if row.event.startswith("tenant:")]
    assert told == ["tenant:resume", "tenant:suspend", "tenant:add"]


def test_what_waits_to_be_sent_waits_until_the_tenant_is_resumed(world: World) -> None:
    """However long it was suspended, that is no reason to give up."""
    acme = other_world(world)
    acme.invite("jane", "jane@acme.example")
    tenants.suspend(world.by, acme.tenant.id, world.now)
    later = world.now + timedelta(hours=20)
    assert outbox.lease("me", later, 10) == []
    assert outbox.give_up(later, timedelta(hours=1)) == 0
    assert outbox.waiting() == 0
    assert world.mails(now=later) == []
    tenants.resume(world.by, acme.tenant.id, later)
    assert Message.objects.within(acme.tenant).get().retry_from == later
    worker.drain(world.house, later)
    assert [mail["To"] for mail in world.mails(now=later)] == ["jane@acme.example"]


def test_a_job_of_a_suspended_tenant_rests_and_then_goes_on(world: World) -> None:
    acme = other_world(world)
    acme.add("boss", role=ADMINISTRATOR)
    ids = [acme.add(f"user{number}").id for number in range(3)]
    job = jobs.start(world.house, acme.acting_as("boss"), "lock", ids, world.now)
    tenants.suspend(world.by, acme.tenant.id, world.now)
    assert not job_worker.step(world.house, world.now)
    assert Job.objects.within(acme.tenant).get().state == "running"
    tenants.resume(world.by, acme.tenant.id, world.now)
    assert job_worker.step(world.house, world.now)
    assert jobs.get(acme.by, job.id).done == 3


def test_renaming_changes_what_people_read_and_nothing_else(world: World) -> None:
    acme = other_world(world)
    tenants.rename(administrator(world), acme.tenant.id, "  Acme Ltd ", world.now)
    found = tenants.by_domain("acme.example")
    assert found is not None
    assert (found.id, found.name) == (acme.tenant.id, "Acme Ltd")
    for name in ("x" * 256, "a\nb", "a\0b"):
        with pytest.raises(Invalid):
            tenants.rename(world.by, acme.tenant.id, name, world.now)


# --- deleted ------------------------------------------------------------------------------------------------------------


def test_no_row_of_a_deleted_tenant_is_left_and_the_others_keep_theirs(world: World) -> None:
    """A-014, A-142: every table with a tenant is found by introspection, so a new one is in this test by itself."""
    models = [model for model in apps.get_app_config("store").get_models()
              if any(isinstance(field, ForeignKey) and field.remote_field.model is Row for field in model._meta.fields)]
    assert set(models) == set(tenant_removal.of_tenants())
    acme, beta = other_world(world), other_world(world, "beta.example")
    for one in (acme, beta):
        settled.everything(one)
    lacking = [model.__name__ for model in models if not model._base_manager.filter(tenant_id=acme.tenant.id).exists()]
    assert lacking == [], "tests/support/settled.py must plant a row of these"
    before = {model: model._base_manager.exclude(tenant_id=acme.tenant.id).count() for model in models if model is not AuditEntry}
    tenant_removal.begin(administrator(world), acme.tenant.id, world.now)
    while tenant_removal.step(world.now):
        pass
    assert not Row.objects.filter(domain="acme.example").exists()
    assert [model.__name__ for model in models if model._base_manager.filter(tenant_id=acme.tenant.id).exists()] == []
    assert {model: model._base_manager.count() for model in before} == before
    told = AuditEntry.objects.within(world.tenant).filter(target="acme.example").order_by("id")
    assert [(row.event, row.actor) for row in told][-2:] == [("tenant:delete", "admin"), ("tenant:deleted", "system")]


def test_a_deletion_that_was_broken_off_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Marked once, it is nobody's any more, however often whoever takes it away is killed."""
    acme = other_world(world)
    for number in range(7):
        acme.add(f"user{number}")
    tenant_removal.begin(world.by, acme.tenant.id, world.now)
    monkeypatch.setattr(tenant_removal, "BATCH", 2)
    monkeypatch.setattr(tenant_removal, "SPAN", -1.0)
    steps = 0
    while tenant_removal.step(world.now):
        steps += 1
        assert Row.objects.filter(domain="acme.example").exists()
    assert steps > 7
    assert not Account.objects.within(acme.tenant).exists()
    assert not Row.objects.filter(domain="acme.example").exists()


def test_one_that_is_being_deleted_comes_back_for_nobody(world: World) -> None:
    acme = other_world(world)
    acme.add("jane")
    tenant_removal.begin(world.by, acme.tenant.id, world.now)
    tenant_removal.begin(world.by, acme.tenant.id, world.now)
    assert tenants.by_domain("acme.example") is None
    assert tenants.get(world.by, acme.tenant.id).state == "deleting"
    with pytest.raises(Invalid):
        tenants.resume(world.by, acme.tenant.id, world.now)
    with pytest.raises(Invalid):
        tenants.rename(world.by, acme.tenant.id, "x", world.now)
    with pytest.raises(Conflict):
        tenants.add(world.by, "acme.example", "", world.now)


def test_a_namesake_inherits_nothing(world: World) -> None:
    """A-014, A-142: neither users nor links, sessions or tokens of the tenant that had the domain before."""
    acme = other_world(world)
    acme.add("jane", role=ADMINISTRATOR)
    acme.invite("bob", "bob@acme.example")
    code, session = world.newest_code("bob@acme.example"), acme.sign_in("jane").token
    for _ in tenant_removal.pieces(tenant_removal.begin(world.by, acme.tenant.id, world.now).id, world.now):
        pass
    again = other_world(world)
    assert again.tenant.id != acme.tenant.id
    assert sessions.recognise(world.house, again.tenant, session, "", world.now) is None
    assert users.listing(again.by).total == 0
    with pytest.raises(Exception, match="not valid"):
        again.redeem(code)
    with pytest.raises(WrongCredentials):
        again.sign_in("jane")


def test_whoever_deletes_types_the_domain_and_proves_who_she_is(world: World) -> None:
    """A-027"""
    acme, by = other_world(world), replace(administrator(world), network="192.0.2.10")
    for typed, password, error in (("acme", "admin", Invalid), ("acme.example", "wrong", WrongCredentials)):
        with pytest.raises(error):
            tenant_removal.begin_proved(by, acme.tenant.id, typed, password, world.now)
        assert tenants.by_domain("acme.example") is not None
    assert tenant_removal.begin_proved(by, acme.tenant.id, " ACME.example ", "admin", world.now).state == "deleting"


def test_the_list_tells_state_and_users_and_is_searched(world: World) -> None:
    acme, beta = other_world(world), other_world(world, "beta.example")
    acme.add("jane")
    tenants.suspend(world.by, beta.tenant.id, world.now)
    page = tenants.search(world.by)
    assert [(one.domain, one.state, one.users) for one in page.tenants] == [
        ("acme.example", "active", 1), ("beta.example", "suspended", 0), (SUPER_TENANT, "active", 1)]
    assert [one.domain for one in tenants.search(world.by, search="ACME").tenants] == ["acme.example"]
    assert [one.domain for one in tenants.search(world.by, state="suspended").tenants] == ["beta.example"]
    assert tenants.search(world.by, offset=2, limit=1).total == 3
    with pytest.raises(Invalid):
        tenants.search(world.by, state="lost")
