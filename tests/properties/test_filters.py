"""Random filters over random users: Python, which says what a filter means, and SQL, which answers, always agree."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from housekey.core.account import PRECEDENCE
from housekey.core.attributes import CUSTOM_URN, ENTERPRISE_URN, HOUSEKEY_URN, USER_URN, WSO2_URN, resolve
from housekey.core.custom import CustomAttribute, user_kind
from housekey.core.filter_text import parse
from housekey.core.filters import evaluate, moment_text
from housekey.core.names import UserName
from housekey.core.users import Email, Profile
from housekey.operations import accounts, custom_attributes
from housekey.operations.searching import Query, search
from housekey.scim import mapping
from housekey.store.models import Account, Group, GroupMember, Role, RoleMember
from housekey.userstores import pages
from housekey.userstores.base import StoredUser
from housekey.userstores.pages import Search
from housekey.userstores.registry import store_for
from tests.operations.support import World

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BEGAN = datetime(2026, 5, 13, 4, 42, 34, 123456, tzinfo=UTC)

# Few letters, so that texts are often equal, contain one another, or differ only in what folding takes away.
LETTERS = st.sampled_from(["a", "A", "b", "ß", "SS", "é", "e\u0301", "ｂ", "İ", "Σ", "ς", "%", "_", "*", "'", '"', "\\", " ", ".", "$", "𝒳",
                           "\uffff", "1"])
TEXTS = st.lists(LETTERS, min_size=0, max_size=4).map("".join)
LONG = st.builds(lambda head, size, tail: head + "x" * size + tail, TEXTS, st.integers(198, 202), TEXTS)
VALUES = st.one_of(TEXTS, TEXTS, TEXTS, LONG)
MOMENTS = st.integers(-3, 3).map(lambda step: BEGAN + timedelta(microseconds=step * 400))
KINDS = st.sampled_from(["", "work", "home", "Work", "other"])
ROWS = st.lists(
    st.fixed_dictionaries({"value": VALUES}, optional={"type": KINDS, "primary": st.booleans(), "display": TEXTS, "odd": TEXTS}), max_size=3
)
ODD: st.SearchStrategy[Any] = st.sampled_from([[], {}, None, 7, True, ["text"], [{"value": 3}], [{"Value": "a", "TYPE": "work"}],
                                               {"value": "a"}, "a", [{}]])
TEXT_ATTRIBUTES = ("displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "timezone", "externalId")
EMAILS = st.lists(st.builds(Email, VALUES.map(lambda text: f"{text}@x"), KINDS, st.booleans()), max_size=3)
PROFILES = st.builds(
    lambda given_name, family_name, emails, locale, more: Profile(given_name, family_name, tuple(emails), locale, more),
    VALUES, VALUES, EMAILS, TEXTS,
    st.fixed_dictionaries({}, optional={
        **dict.fromkeys(TEXT_ATTRIBUTES, VALUES),
        "name": st.fixed_dictionaries({}, optional={"formatted": VALUES, "middleName": TEXTS}),
        "phoneNumbers": ROWS | ODD, "ims": ROWS | ODD, "addresses": st.lists(st.fixed_dictionaries({},
                                                                                                   optional={"locality": TEXTS,
                                                                                                             "type": KINDS})),
        CUSTOM_URN: st.fixed_dictionaries({}, optional={"badge": VALUES, "remote": st.booleans(), "since": MOMENTS.map(moment_text)}),
        HOUSEKEY_URN: st.fixed_dictionaries({}, optional={"preferredChannel": st.sampled_from(["EMAIL", "SMS"])}),
        ENTERPRISE_URN: st.fixed_dictionaries({}, optional={"department": TEXTS, "manager": st.fixed_dictionaries({"value": TEXTS})}),
    }),
)
STANDINGS = st.fixed_dictionaries({
    "pending": st.sampled_from(["", "", "PENDING_AP", "PENDING_FUPR", "PENDING_EV"]),
    "locks": st.sets(st.sampled_from(PRECEDENCE), max_size=2).map(lambda found: " ".join(sorted(found))),
    "disabled": st.booleans(), "email_verified": st.booleans(), "phone_verified": st.booleans(),
    "unassigned": st.sampled_from(["", "", "active", "accountLocked", "accountLocked active"]), "created": MOMENTS, "modified": MOMENTS,
})
PEOPLE = st.lists(st.tuples(PROFILES, STANDINGS, st.sets(st.integers(0, 1)), st.sets(st.integers(0, 1))), min_size=1, max_size=6)
NAMES = ("a", "ab", "AÉ", "b%", "straße", "x_x", "z'z")
GROUPS = (UUID(int=1), UUID(int=2))

PATHS = (
    "userName", "id", "name.givenName", "name.familyName", "name.formatted", "name.middleName", *TEXT_ATTRIBUTES, "locale",
    "emails", "emails.value", "emails.type", "emails.primary", "phoneNumbers", "phoneNumbers.value", "phoneNumbers.type",
    "phoneNumbers.primary",
    "phoneNumbers.display", "ims", "addresses.locality", "active", "meta.created", "meta.lastModified", "meta.resourceType",
    "groups", "groups.display", "roles", "roles.display", f"{ENTERPRISE_URN}:department", "manager", "manager.value",
    f"{WSO2_URN}:accountState", f"{WSO2_URN}:accountLocked", f"{WSO2_URN}:lockedReason", f"{WSO2_URN}:emailVerified",
    f"{WSO2_URN}:phoneVerified", f"{CUSTOM_URN}:badge", "remote", f"{CUSTOM_URN}:since", f"{HOUSEKEY_URN}:preferredChannel",
)
OWN = (CustomAttribute("badge"), CustomAttribute("remote", "boolean"), CustomAttribute("since", "dateTime"))
KIND = user_kind(OWN)
"""What users are in a tenant that added these."""
STATES = ("UNLOCKED", "LOCKED", "DISABLED", "PENDING_AP", "PENDING_FUPR", *PRECEDENCE, "LOCK", "ED", "User", "use")
COMPARING = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")


def literal(draw: st.DrawFn, path: str) -> tuple[str, str]:
    """An operator that fits an attribute, and a value."""
    ref = resolve(KIND, path)
    assert ref is not None
    kind = "string" if ref.leaf.type == "complex" else ref.leaf.type
    if draw(st.integers(0, 14)) == 0:
        return draw(st.sampled_from(["eq", "ne"])), "null"
    if kind == "boolean":
        return draw(st.sampled_from(["eq", "ne"])), draw(st.sampled_from(["true", "false", '"True"']))
    if kind == "dateTime":
        moment = draw(MOMENTS | st.sampled_from([datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]))
        return draw(st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])), json.dumps(moment.isoformat())
    if path == "id" or path == "groups":
        return draw(st.sampled_from(["eq", "ne"])), json.dumps(str(draw(st.sampled_from([*GROUPS, UUID(int=9)]))))
    texts = st.sampled_from(STATES) if path.startswith((WSO2_URN, "meta")) else VALUES | st.sampled_from([*NAMES, "PRIMARY/ab", "admin",
                                                                                                          "B"])
    return draw(st.sampled_from(COMPARING)), json.dumps(draw(texts))


@st.composite
def terms(draw: st.DrawFn) -> str:
    shape = draw(st.integers(0, 10))
    if shape == 10:
        urn = draw(st.sampled_from([USER_URN, ENTERPRISE_URN, CUSTOM_URN, HOUSEKEY_URN, WSO2_URN, "urn:x:y:z"]))
        return f"schemas {draw(st.sampled_from(['eq', 'ne']))} {json.dumps(urn)}"
    if shape == 0:
        return f"{draw(st.sampled_from([*PATHS, 'name', 'addresses', 'phoneNumbers', 'manager']))} pr"
    if shape == 1:
        name = draw(st.sampled_from(["emails", "phoneNumbers", "ims"]))
        parts = [f"{sub} {' '.join(literal(draw, f'{name}.{sub}'))}" for sub in draw(st.lists(st.sampled_from(["value", "type",
                                                                                                               "primary"]), min_size=1,
                                                                                                               max_size=3))]
        inner = draw(st.sampled_from([" and ", " or "])).join(parts)
        return f"{name}[{inner}]" if draw(st.booleans()) else f"{name}[not ({inner})]"
    path = draw(st.sampled_from(PATHS))
    return f"{path} {' '.join(literal(draw, path))}"


FILTERS = st.recursive(
    terms(),
    lambda inner: st.one_of(
        st.builds(lambda left, right: f"({left} and {right})", inner, inner),
        st.builds(lambda left, right: f"({left} or {right})", inner, inner),
        st.builds(lambda part: f"not ({part})", inner),
    ),
    max_leaves=4,
)


@pytest.fixture
def crowd(world: World) -> World:
    """Two roles and two groups for the people to be in, three attributes of the tenant's own."""
    for attribute in OWN:
        custom_attributes.add(world.by, attribute, world.now)
    for name in ("Auditor", "straße"):
        Role(tenant_id=world.tenant.id, name=name).save()
    for group_id, name in zip(GROUPS, ("Ops", "ＢB"), strict=True):
        Group(id=group_id, tenant_id=world.tenant.id, domain="PRIMARY", name=name, name_key=UserName("PRIMARY", name).key,
              created=world.now,
              modified=world.now).save(force_insert=True)
    return world


def peopled(world: World, people: list[Any]) -> dict[UUID, dict[str, Any]]:
    """The people, stored; each as SCIM shows her."""
    mine = {"tenant_id": world.tenant.id}
    GroupMember.objects.within(world.tenant).delete()
    for account in Account.objects.within(world.tenant):
        store_for(world.tenant, "PRIMARY").delete(world.tenant, account.id)
    Account.objects.within(world.tenant).delete()
    roles = list(Role.objects.within(world.tenant).filter(shipped=False).order_by("id"))
    for name, (profile, standing, inside, holds) in zip(NAMES, people, strict=False):
        key = UserName("PRIMARY", name).key
        account = Account(id=uuid4(), domain="PRIMARY", name_key=key, **mine, **standing)
        account.save(force_insert=True)
        store_for(world.tenant, "PRIMARY").insert(world.tenant, StoredUser(account.id, UserName("PRIMARY", name), profile), "")
        GroupMember.objects.bulk_create(GroupMember(group_id=GROUPS[number], account=account, **mine) for number in inside)
        RoleMember.objects.bulk_create(RoleMember(role=roles[number], account=account, **mine) for number in holds)
    users = accounts.users(world.tenant, list(Account.objects.within(world.tenant)))
    return {user.id: mapping.shown(world.house, world.tenant, user) for user in users}


@pytest.mark.slow
@QUIET
@given(PEOPLE, st.lists(FILTERS, min_size=12, max_size=12))
def test_a_filter_finds_in_sql_whom_it_means_in_python(crowd: World, people: list[Any], texts: list[str]) -> None:
    shown = peopled(crowd, people)
    for text in texts:
        if len(text) > 2_000:
            continue
        tree = parse(text, KIND)
        meant = {user_id for user_id, resource in shown.items() if evaluate(tree, resource)}
        wanted = Search(crowd.tenant, tree)
        assert {row.id for row in pages.page(wanted, limit=100)} == meant, text
        assert pages.count(wanted) == len(meant), text
        assert {user.id for user in search(crowd.house, crowd.by, Query(tree), crowd.now).users} == meant, text


@pytest.mark.slow
@QUIET
@given(PEOPLE, st.lists(st.sampled_from(PATHS), min_size=4, max_size=4), st.booleans(), st.integers(1, 3), FILTERS)
def test_every_order_is_total_and_a_walk_in_it_meets_everybody_once(crowd: World, people: list[Any], paths: list[str], descending: bool,
                                                                  count: int, text: str) -> None:
    peopled(crowd, people)
    for path in paths:
        ref = resolve(KIND, path)
        assert ref is not None
        if not pages.sortable(ref) or len(text) > 2_000:
            continue
        for tree in (None, parse(text, KIND)):
            whole = [user.id for user in search(crowd.house, crowd.by, Query(tree, ref, descending), crowd.now).users]
            turned = [user.id for user in search(crowd.house, crowd.by, Query(tree, ref, not descending), crowd.now).users]
            assert whole == turned[::-1], path
            walked, back, cursor = [], [], ""
            while True:
                page = search(crowd.house, crowd.by, Query(tree, ref, descending, count=count, cursor=cursor), crowd.now)
                walked.append([user.id for user in page.users])
                cursor = page.next_cursor
                if not cursor:
                    break
            assert [user_id for ids in walked for user_id in ids] == whole, path
            while page.previous_cursor:
                page = search(crowd.house, crowd.by, Query(tree, ref, descending, count=count, cursor=page.previous_cursor), crowd.now)
                back.append([user.id for user in page.users])
            assert [user_id for ids in back[::-1] for user_id in ids] == [user_id for ids in walked[:-1] for user_id in ids], path
