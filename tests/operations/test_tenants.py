"""Tenants: rows are asked for by tenant or not at all; the shipped roles come with each one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from housekey.core.errors import Conflict, Invalid
from housekey.core.principal import ADMINISTRATOR, SHIPPED_ROLES, TENANT_PERMISSIONS, shipped_roles
from housekey.operations import tenants
from housekey.store.models import Account, Role
from housekey.store.scope import OutsideTenant, Scoped
from tests.operations.support import OTHER_PASSWORD, World, other_world

MODELS = [model for model in apps.get_app_config("store").get_models() if issubclass(model, Scoped)]
QUERIES: dict[str, Callable[[Any], object]] = {
    "list": list, "get": lambda rows: rows.get(), "first": lambda rows: rows.first(), "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(), "update": lambda rows: rows.update(tenant_id=1), "delete": lambda rows: rows.delete(),
    "iterator": lambda rows: list(rows.iterator()), "values": lambda rows: list(rows.values_list("pk", flat=True)),
    "aggregate": lambda rows: rows.aggregate(), "in": lambda rows: 7 in rows, "bool": bool,
    "filtered": lambda rows: list(rows.filter(pk=None)),
}


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_outside_a_tenant_raises(world: World, model: Any, query: Callable[[Any], object]) -> None:
    with pytest.raises(OutsideTenant):
        query(model.objects.all())


def test_the_scope_survives_chaining_and_shows_only_its_own(world: World) -> None:
    world.add("jane")
    other = other_world(world)
    other.add("jane", OTHER_PASSWORD)
    for one in (world, other):
        assert Account.objects.within(one.tenant).filter(name_key="jane").exclude(domain="x").order_by("id").count() == 1
    assert Account.objects.across_tenants("counting all of them").filter(name_key="jane").count() == 2


def test_a_new_tenant_has_the_shipped_roles(world: World) -> None:
    other = other_world(world)
    roles = {role.name: frozenset(role.permissions) for role in Role.objects.within(other.tenant)}
    assert roles == shipped_roles(other.tenant.domain)
    assert SHIPPED_ROLES[ADMINISTRATOR] - roles[ADMINISTRATOR] == TENANT_PERMISSIONS


def test_a_tenant_is_found_in_any_case_and_added_once(world: World) -> None:
    other_world(world)
    found = tenants.by_domain("ACME.Example")
    assert found is not None
    assert found.domain == "acme.example"
    with pytest.raises(Conflict):
        tenants.add(world.by, "Acme.EXAMPLE", "", world.now)
    assert [tenant.domain for tenant in tenants.listing()] == ["acme.example", "carbon.super"]


@pytest.mark.parametrize("domain", ["", "nowhere.example", "x\0y.example", "\ud800", "acme", "x" * 100_000])
def test_what_is_no_tenant_is_not_found(world: World, domain: str) -> None:
    assert tenants.by_domain(domain) is None


@pytest.mark.parametrize("domain", ["", "acme", "-acme.example", "acme..example", "acme.example/", "a b.example", "ä.example", "../x.y",
                                    "x" * 250 + ".example", "acme.example\n", "a_b.example"])
def test_a_tenant_needs_a_domain_that_fits_into_an_address(world: World, domain: str) -> None:
    if domain == "acme.example\n":
        assert tenants.add(world.by, domain, "", world.now).domain == "acme.example"  # white space around it is not meant
        return
    with pytest.raises(Invalid) as refused:
        tenants.add(world.by, domain, "", world.now)
    assert refused.value.field == "domain"
