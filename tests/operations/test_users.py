"""Users: created with everything that belongs to them or not at all; changed, deleted, and named once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from housekey.core.account import ADMIN_INITIATED, PENDING_ASK_PASSWORD
from housekey.core.errors import (
    Conflict,
    DeadCode,
    FeatureOff,
    Invalid,
    NotFound,
    NotPermitted,
    PasswordRefused,
    Refused,
    Stale,
    WrongCredentials,
)
from housekey.core.names import split_username
from housekey.core.principal import ADMINISTRATOR, HELP_DESK, anonymous
from housekey.core.properties import ENABLE
from housekey.core.users import Changes, Email, NewUser, Profile
from housekey.operations import onboarding, policies, users
from housekey.store.models import AuditEntry, Code, Message, SqlUser
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts, other_world

JANE = Profile("Jane", "Doe", (Email("jane@example.com"),), "de")


def new(name: str = "jane", profile: Profile = JANE, **more: object) -> NewUser:
    return replace(NewUser(split_username(name), profile), **more)  # type: ignore[arg-type] # fields by name


def test_user_account_code_message_and_audit_entry_exist_together(world: World) -> None:
    before = counts(audit=True)
    users.create(world.house, world.by, new(ask_password=True), world.now)
    grown = {table: count - before[table] for table, count in counts(audit=True).items() if count != before[table]}
    assert grown == {"Account": 1, "SqlUser": 1, "Code": 1, "Message": 1, "AuditEntry": 2}


REFUSED: list[tuple[str, NewUser, type[Refused], str]] = [
    ("no address", new(profile=Profile(), ask_password=True), Invalid, "emails"),
    ("malformed address", new(profile=Profile(emails=(Email("jane@example.com"), Email("jane@@example")))), Invalid, "emails[1]"),
    ("unknown domain", new("LDAP/jane", ask_password=True), Invalid, "userName"),
    ("impossible name", new("ja ne", ask_password=True), Invalid, "userName"),
    ("taken name", new("TAKEN", ask_password=True), Conflict, "userName"),
    ("unknown role", new(ask_password=True, roles=("nonsense",)), Invalid, "roles"),
    ("weak password", new(password="password"), PasswordRefused, "password"),
    ("endless name", new(profile=replace(JANE, given_name="x" * 256)), Invalid, "name.givenName"),
    ("too many addresses", new(profile=Profile(emails=tuple(Email(f"j{n}@example.com") for n in range(21)))), Invalid, "emails"),
]


@pytest.mark.parametrize(("wanted", "kind", "field"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_refused_user_leaves_not_a_row_more(world: World, wanted: NewUser, kind: type[Invalid], field: str) -> None:
    world.add("taken")
    before = counts()
    with pytest.raises(kind) as refused:
        users.create(world.house, world.by, wanted, world.now)
    assert refused.value.field == field
    assert counts() == before


def test_where_inviting_is_off_the_refusal_names_the_setting(world: World) -> None:
    policies.change(world.house, world.by, {ENABLE: "false"}, {}, world.now)
    before = counts()
    with pytest.raises(FeatureOff) as refused:
        users.create(world.house, world.by, new(ask_password=True), world.now)
    assert refused.value.setting == "enable_email_verification"
    assert counts() == before


def test_a_role_with_more_than_one_holds_cannot_be_given(world: World) -> None:
    world.add("desk", role=HELP_DESK)
    desk = replace(world.acting_as("desk"), permissions=world.acting_as("desk").permissions | {"internal_user_mgt_create"})
    before = counts()
    with pytest.raises(NotPermitted):
        users.create(world.house, desk, new(roles=(ADMINISTRATOR,)), world.now)
    assert counts() == before


def test_the_password_beside_ask_password_is_never_stored_and_never_works(world: World) -> None:
    """A-021: neither before the invitation is redeemed nor afterwards."""
    user = users.create(world.house, world.by, new(ask_password=True, password=PASSWORD), world.now)
    assert SqlUser.objects.within(world.tenant).get(id=user.id).password == ""
    with pytest.raises(WrongCredentials):
        world.sign_in("jane", PASSWORD)
    world.redeem(world.newest_code(), OTHER_PASSWORD)
    with pytest.raises(WrongCredentials):
        world.sign_in("jane", PASSWORD)
    assert world.sign_in("jane", OTHER_PASSWORD).token


def test_without_password_and_ask_password_nobody_is_mailed_and_nobody_gets_in(world: World) -> None:
    user = world.add("jane", None)
    assert (user.standing.label, world.mails()) == ("not-invited", [])
    with pytest.raises(WrongCredentials):
        world.sign_in("jane", "")


@pytest.mark.parametrize("again", ["jane", "JANE", "primary/Jane", "ｊａｎｅ", "PRIMARY/jane"])
def test_a_name_exists_once_in_every_spelling(world: World, again: str) -> None:
    """A-084."""
    world.add("jane")
    with pytest.raises(Conflict):
        users.create(world.house, world.by, new(again), world.now)
    found = users.find(world.by, again)
    assert found is not None
    assert str(found.name) == "jane"


@pytest.mark.parametrize(("one", "other"), [("strasse", "straße"), ("jose\u0301", "josé"), ("sam", "ſam")])
def test_twins_by_folding_are_one_name_at_creation_search_and_sign_in(world: World, one: str, other: str) -> None:
    """A-084."""
    world.add(one)
    with pytest.raises(Conflict):
        users.create(world.house, world.by, new(other), world.now)
    assert users.find(world.by, other) is not None
    assert world.sign_in(other).token


def test_look_alikes_of_another_alphabet_are_two_people_on_every_path(world: World) -> None:
    """A-084: Latin and Cyrillic a."""
    latin, cyrillic = world.add("alice"), world.add("аlice", OTHER_PASSWORD)
    assert [user.id for user in (users.by_name(world.by, "alice"), users.by_name(world.by, "аlice"))] == [latin.id, cyrillic.id]
    assert world.sign_in("аlice", OTHER_PASSWORD).token
    with pytest.raises(WrongCredentials):
        world.sign_in("alice", OTHER_PASSWORD)


def test_a_namesake_inherits_nothing(world: World) -> None:
    """A-014: id, link, session and roles of the first one are gone; the audit log keeps both apart."""
    first = world.invite()
    old_code = world.newest_code()
    world.give(first.id, ADMINISTRATOR)
    world.add("second-admin", role=ADMINISTRATOR)
    users.delete(world.by, first.id, world.now)
    second = world.invite()
    assert second.id != first.id
    assert users.get(world.by, second.id).roles == ()
    with pytest.raises(DeadCode):
        world.redeem(old_code)
    with pytest.raises(NotFound):
        users.get(world.by, first.id)
    targets = AuditEntry.objects.within(world.tenant).filter(event="user:create", target="jane").values_list("target_id", flat=True)
    assert set(targets) == {first.id, second.id}


def test_deleting_takes_codes_sessions_and_waiting_messages_along(world: World) -> None:
    user = world.invite()
    users.delete(world.by, user.id, world.now)
    assert not Code.objects.within(world.tenant).exists()
    assert Message.objects.within(world.tenant).get().state == "withdrawn"
    assert world.mails() == []


def test_a_new_password_by_an_administrator_ends_what_was_pending(world: World) -> None:
    """A-012, spec section 3."""
    user = world.invite()
    code = world.newest_code()
    changed = users.change(world.house, world.by, user.id, Changes(password=OTHER_PASSWORD), world.now)
    assert (changed.standing.state, changed.standing.locked) == ("UNLOCKED", False)
    with pytest.raises(DeadCode) as dead:
        world.redeem(code)
    assert dead.value.reason == "revoked"
    assert world.sign_in("jane", OTHER_PASSWORD).token


def test_an_invitation_not_yet_sent_is_withdrawn_with_its_code(world: World) -> None:
    user = world.invite()
    users.change(world.house, world.by, user.id, Changes(password=OTHER_PASSWORD), world.now)
    assert world.mails() == []


def test_unlocking_or_enabling_never_ends_a_pending_state(world: World) -> None:
    user = world.invite()
    for changes in (Changes(locked=False), Changes(disabled=True), Changes(disabled=False), Changes(locked=True), Changes(locked=False)):
        after = users.change(world.house, world.by, user.id, changes, world.now)
        assert after.standing.pending == "PENDING_AP"
        assert PENDING_ASK_PASSWORD in after.standing.locks
    onboarding.resend(world.house, world.by, user.id, world.now)
    world.redeem(world.newest_code())


def test_an_administrators_lock_survives_the_invitation(world: World) -> None:
    """A-023."""
    user = world.invite()
    locked = users.change(world.house, world.by, user.id, Changes(locked=True), world.now)
    assert locked.standing.locked_reason == ADMIN_INITIATED
    world.redeem(world.newest_code())
    after = users.get(world.by, user.id).standing
    assert (after.state, after.locks, after.has_password) == ("LOCKED", frozenset({ADMIN_INITIATED}), True)
    with pytest.raises(WrongCredentials):
        world.sign_in("jane")
    users.change(world.house, world.by, user.id, Changes(locked=False), world.now)
    assert world.sign_in("jane").token


@pytest.mark.parametrize(("prepare", "mails"), [
    (lambda world: world.add("jane", None), 1), (lambda world: world.invite(), 1),
], ids=["never had one: invited", "pending: no change"])
def test_ask_password_on_a_change_invites_once(world: World, prepare: Callable[[World], object], mails: int) -> None:
    prepare(world)
    user = users.by_name(world.by, "jane")
    after = users.change(world.house, world.by, user.id, Changes(ask_password=True), world.now)
    assert after.standing.pending == "PENDING_AP"
    assert len(world.mails()) == mails


def test_ask_password_for_somebody_with_a_password_names_the_right_trigger(world: World) -> None:
    user = world.add("jane")
    before = counts(audit=True)
    with pytest.raises(Invalid) as refused:
        users.change(world.house, world.by, user.id, Changes(ask_password=True), world.now)
    assert "forcePasswordReset" in refused.value.sentence
    assert counts(audit=True) == before
    assert world.sign_in("jane").token


def test_a_change_made_from_an_old_reading_is_refused(world: World) -> None:
    user = world.add("jane")
    users.change(world.house, world.by, user.id, Changes(disabled=True, version=user.version), world.now)
    with pytest.raises(Stale):
        users.change(world.house, world.by, user.id, Changes(disabled=False, version=user.version), world.now)


def test_another_address_is_not_verified_by_the_old_one(world: World) -> None:
    user = world.invite()
    world.redeem(world.newest_code())
    assert users.get(world.by, user.id).email_verified
    changed = users.change(world.house, world.by, user.id, Changes(profile=Profile(emails=(Email("new@example.com"),))), world.now)
    assert not changed.email_verified


def test_help_desk_cannot_change_delete_or_create_and_an_administrator_least_of_all(world: World) -> None:
    world.add("desk", role=HELP_DESK)
    boss = world.add("boss", role=ADMINISTRATOR)
    desk = world.acting_as("desk")
    with pytest.raises(NotPermitted):
        users.change(world.house, desk, boss.id, Changes(password=OTHER_PASSWORD), world.now)
    with pytest.raises(NotPermitted):
        users.delete(desk, boss.id, world.now)
    with pytest.raises(NotPermitted):
        users.create(world.house, desk, new(), world.now)
    assert users.get(desk, boss.id).roles == (ADMINISTRATOR,)


def test_nobody_changes_an_account_that_may_do_more(world: World) -> None:
    """Even with the permission to update: taking over an administrator would be a promotion."""
    boss, clerk = world.add("boss", role=ADMINISTRATOR), world.add("clerk")
    by = replace(world.acting_as("clerk"), permissions=frozenset({"internal_login", "internal_user_mgt_update",
                                                                  "internal_user_mgt_delete"}))
    with pytest.raises(NotPermitted):
        users.change(world.house, by, boss.id, Changes(password=OTHER_PASSWORD), world.now)
    with pytest.raises(NotPermitted):
        users.delete(by, boss.id, world.now)
    assert world.sign_in("boss").token
    other = world.add("other")
    assert users.change(world.house, by, other.id, Changes(disabled=True), world.now).standing.disabled
    for change in (Changes(disabled=True), Changes(locked=True)):
        with pytest.raises(Invalid):
            users.change(world.house, by, clerk.id, change, world.now)


def test_the_invitation_of_an_administrator_cannot_be_taken_by_help_desk(world: World) -> None:
    """A link to hand over in person is as good as a password: it needs a permission of its own."""
    boss = world.invite("boss")
    world.give(boss.id, ADMINISTRATOR)
    world.add("desk", role=HELP_DESK)
    with pytest.raises(NotPermitted):
        onboarding.offline_link(world.house, world.acting_as("desk"), boss.id, world.now)


def test_the_last_administrator_and_oneself_cannot_be_deleted(world: World) -> None:
    boss = world.add("boss", role=ADMINISTRATOR)
    with pytest.raises(Invalid, match="last administrator"):
        users.delete(world.by, boss.id, world.now)
    second = world.add("second", role=ADMINISTRATOR)
    with pytest.raises(Invalid, match="own account"):
        users.delete(world.acting_as("second"), second.id, world.now)
    users.delete(world.acting_as("second"), boss.id, world.now)
    assert users.find(world.by, "boss") is None


def test_every_operation_asks_for_its_permission(world: World) -> None:
    user = world.add("jane")
    nobody = anonymous(world.tenant)
    for attempt in (
        lambda: users.create(world.house, nobody, new("x"), world.now), lambda: users.get(nobody, user.id),
        lambda: users.find(nobody, "jane"),
        lambda: users.listing(nobody), lambda: users.change(world.house, nobody, user.id, Changes(), world.now),
        lambda: users.delete(nobody, user.id, world.now), lambda: onboarding.resend(world.house, nobody, user.id, world.now),
        lambda: onboarding.revoke(world.house, nobody, user.id, world.now), lambda: onboarding.invitations(nobody, user.id, world.now),
        lambda: onboarding.offline_link(world.house, nobody, user.id, world.now),
        lambda: policies.change(world.house, nobody, {ENABLE: "false"}, {}, world.now),
        lambda: policies.revert(world.house, nobody, ENABLE, now=world.now),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_another_tenants_ids_are_not_there(world: World) -> None:
    """A-025, A-140."""
    user = world.invite()
    stranger = other_world(world).by
    for attempt in (
        lambda: users.get(stranger, user.id), lambda: users.change(world.house, stranger, user.id, Changes(locked=True), world.now),
        lambda: users.delete(stranger, user.id, world.now), lambda: onboarding.resend(world.house, stranger, user.id, world.now),
        lambda: onboarding.revoke(world.house, stranger, user.id, world.now), lambda: users.get(world.by, uuid4()),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert onboarding.invitations(stranger, user.id, world.now) == []
    assert users.find(stranger, "jane") is None
    assert len(world.mails()) == 1


@pytest.mark.parametrize("text", ["ja\0ne", "\0", "\ud800"])
def test_what_no_database_stores_is_found_nowhere_and_taken_nowhere(world: World, text: str) -> None:
    world.add("jane")
    assert users.find(world.by, text) is None
    assert users.listing(world.by, search=text).total == 0
    with pytest.raises(Invalid) as refused:
        users.create(world.house, world.by, new("sam", replace(JANE, given_name=text)), world.now)
    assert refused.value.field == "name.givenName"
    with pytest.raises(PasswordRefused):
        users.create(world.house, world.by, new("sam", password="seven purple umbrellas \ud800"), world.now)


def test_lists_are_filtered_by_label_and_searched_in_name_and_address(world: World) -> None:
    world.add("active")
    world.add("bare", None, mail="someone.else@example.org")
    world.invite("invited", "i@example.com")
    off = world.add("off")
    users.change(world.house, world.by, off.id, Changes(disabled=True), world.now)
    shut = world.add("shut")
    users.change(world.house, world.by, shut.id, Changes(locked=True), world.now)
    for label, names in {"active": ["active"], "not-invited": ["bare"], "invited": ["invited"], "disabled": ["off"], "locked": ["shut"],
                         "reset": []}.items():
        page = users.listing(world.by, status=label)
        assert ([str(user.name) for user in page.users], page.total) == (names, len(names))
        assert all(user.standing.label == label for user in page.users)
    assert [str(user.name) for user in users.listing(world.by, search="SOMEONE.ELSE").users] == ["bare"]
    assert users.listing(world.by, search="100%").total == 0
    assert [str(user.name) for user in users.listing(world.by, offset=1, limit=2).users] == ["bare", "invited"]
    with pytest.raises(Invalid):
        users.listing(world.by, status="nonsense")
