"""Signing in: one sentence for every failure, one counter for every spelling, and nothing remembered longer than it is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from housekey.core.errors import NotFound, PasswordRefused, Throttled, WrongCredentials
from housekey.core.names import split_username
from housekey.core.principal import EVERYONE, LOGIN
from housekey.core.users import Changes
from housekey.operations import accounts, login, own_password, sessions, throttle, users
from housekey.store.models import Account, AuditEntry, Role, SqlUser
from housekey.store.models import Throttle as Row
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World, other_world

SENTENCE = "Login failed! Please recheck the username and password and try again."


def lock(world: World) -> None:
    users.change(world.house, world.by, world.add().id, Changes(locked=True), world.now)


def disable(world: World) -> None:
    users.change(world.house, world.by, world.add().id, Changes(disabled=True), world.now)


def without_login(world: World) -> None:
    world.add()
    Role.objects.within(world.tenant).filter(name=EVERYONE).update(permissions=[])


FAILURES: dict[str, Callable[[World], object]] = {
    "unknown user": lambda _: None, "invited": World.invite, "locked": lock, "disabled": disable, "no login permission": without_login,
}


@pytest.mark.parametrize(("why", "prepare"), FAILURES.items())
def test_every_failure_has_one_sentence_and_is_told_apart_in_the_audit_log_only(
        world: World, why: str, prepare: Callable[[World], object]) -> None:
    prepare(world)
    with pytest.raises(WrongCredentials) as refused:
        world.sign_in("jane")
    assert refused.value.sentence == SENTENCE
    assert world.refusals() == [why]


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), PASSWORD + " ", "x" * 100_000, "nul\0", "\ud800"])
def test_a_wrong_password_is_the_same_failure(world: World, password: str) -> None:
    world.add()
    with pytest.raises(WrongCredentials) as refused:
        world.sign_in("jane", password)
    assert refused.value.sentence == SENTENCE


@pytest.mark.parametrize("username", ["", "@", "/", "a/b/c", "jane@", "jane@nowhere.example", "nul\0", "LDAP/jane", "ja\0ne/x", "x@\0",
                                      "\ud800",
                                      "x" * 100_000, "*", "%", "' OR 1=1 --"])
def test_a_name_that_cannot_be_is_the_same_failure(world: World, username: str) -> None:
    world.add()
    with pytest.raises(WrongCredentials) as refused:
        world.sign_in(username)
    assert refused.value.sentence == SENTENCE


def test_names_are_found_in_every_case_and_with_their_domain(world: World) -> None:
    world.add("Jane")
    for spelling in ("jane", "JANE", "primary/jane", "ｊａｎｅ", "jane@carbon.super"):
        assert world.sign_in(spelling).tenant == world.tenant


def test_user_at_tenant_means_that_tenant_only_where_it_exists_and_off_its_own_address(world: World) -> None:
    other = other_world(world)
    world.add("jane")
    other.add("jane", OTHER_PASSWORD)
    other.add("sam@acme.example", OTHER_PASSWORD)
    world.add("kim@nowhere.example")
    assert world.sign_in("jane@ACME.example", OTHER_PASSWORD).tenant.domain == "acme.example"
    assert world.sign_in("kim@nowhere.example").tenant == world.tenant
    assert world.sign_in("sam@acme.example", OTHER_PASSWORD, tenant=other.tenant).tenant == other.tenant
    for password in (PASSWORD, OTHER_PASSWORD):
        with pytest.raises(WrongCredentials):
            world.sign_in("jane@carbon.super", password, tenant=other.tenant)


def test_one_counter_for_every_spelling(world: World) -> None:
    """A-037."""
    world.add("alice")
    for spelling in ("alice", "ALICE", "PRIMARY/alice", "ａｌｉｃｅ", "alice@carbon.super"):
        with pytest.raises(WrongCredentials):
            world.sign_in(spelling, "wrong")
    for spelling in ("alice", "aLiCe", "alice@carbon.super"):
        with pytest.raises(Throttled) as wait:
            world.sign_in(spelling, PASSWORD)
        assert 1 <= wait.value.retry_after <= 6


def test_a_name_that_does_not_exist_is_counted_alike(world: World) -> None:
    """A-050: the pause tells nobody who exists."""
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            world.sign_in("nobody")
    with pytest.raises(Throttled):
        world.sign_in("nobody")


def test_the_owner_gets_in_while_somebody_guesses_from_fifty_networks(world: World) -> None:
    """A-039: where the owner has signed in before, nobody else's failures are counted against her."""
    world.add("alice")
    world.sign_in("alice")
    moment, evaluated = world.now, 0
    for second in range(90):
        moment += timedelta(seconds=1)
        try:
            world.sign_in("alice", "wrong", now=moment, network=f"198.51.100.{second % 50}")
        except WrongCredentials:
            evaluated += 1
        except Throttled:
            pass
        if second % 10 == 0:
            assert world.sign_in("alice", now=moment).token
    assert evaluated < 65
    with pytest.raises(Throttled):
        world.sign_in("alice", now=moment, network="198.51.100.200")


def test_the_owner_waits_half_a_minute_at_most_behind_the_same_address(world: World) -> None:
    """A-039."""
    world.add("alice")
    moment = world.now
    for _ in range(15):
        moment += timedelta(seconds=31)
        with pytest.raises(WrongCredentials):
            world.sign_in("alice", "wrong", now=moment)
    with pytest.raises(Throttled):
        world.sign_in("alice", now=moment)
    assert world.sign_in("alice", now=moment + timedelta(seconds=31)).token
    assert world.sign_in("alice", now=moment + timedelta(seconds=31)).token  # and the failures are forgotten


def tried(world: World, name: str, network: str = NETWORK) -> throttle.Keys:
    return throttle.keys(world.tenant, split_username(name), network)


def reserve(world: World, keys: throttle.Keys, *, seconds: float = 0) -> None:
    throttle.reserve(keys, world.now + timedelta(seconds=seconds), known=lambda: False)


def test_a_refused_try_is_not_counted_and_a_good_one_is_given_back(world: World) -> None:
    keys = tried(world, "alice")
    for _ in range(200):
        reserve(world, keys)
        throttle.refund(keys)
    assert not Row.objects.filter(key=keys.pair).exists()
    assert {row.failures for row in Row.objects.filter(key__in=[keys.account, keys.network])} == {0}


def test_a_network_is_slowed_down_whatever_names_it_tries(world: World) -> None:
    for number in range(100):
        reserve(world, tried(world, f"user{number}", "2001:db8::1"))
    with pytest.raises(Throttled):
        reserve(world, tried(world, "another", "2001:db8::ffff"))
    reserve(world, tried(world, "another", "2001:db8:0:1::1"))
    reserve(world, tried(world, "another", "2001:db8::1"), seconds=31)


def test_failures_of_a_busy_network_leak_away(world: World) -> None:
    """A hundred people behind one address who mistype now and then all day are no attack."""
    for number in range(300):
        reserve(world, tried(world, f"user{number}"), seconds=number * 60)
    for number in range(12):
        keys = tried(world, f"good{number}")
        reserve(world, keys, seconds=18_000 + number)
        throttle.refund(keys)


def test_a_good_try_leaves_no_pause_behind(world: World) -> None:
    for number in range(99):
        reserve(world, tried(world, f"user{number}"))
    keys = tried(world, "good")
    for _ in range(20):
        reserve(world, keys)
        throttle.refund(keys)
    assert Row.objects.get(key=keys.network).until == 0


def test_a_clock_that_was_set_back_keeps_nobody_out(world: World) -> None:
    keys = tried(world, "alice")
    for _ in range(5):
        reserve(world, keys, seconds=40_000)
    reserve(world, keys)
    assert Row.objects.get(key=keys.pair).last == world.now.timestamp()


def test_a_name_too_long_for_anybody_costs_no_more_than_any_other(world: World) -> None:
    """A-086: NFKC of combining marks is quadratic; half a megabyte of them would hold the server for minutes."""
    for name in ("a" + "\u0315\u0300" * 250_000, "x" * 1_000_000, "ﷺ" * 100_000):
        with pytest.raises(WrongCredentials):
            world.sign_in(name)


def test_a_tenant_in_the_address_is_the_tenant(world: World) -> None:
    """Decisions, Names: `user@x` means tenant x only off /t/."""
    other = other_world(world)
    world.add("sam@acme.example")
    other.add("sam", password=OTHER_PASSWORD)
    signed = login.sign_in(world.house, world.tenant, "sam@acme.example", PASSWORD, network=NETWORK, agent="", now=world.now, by_path=True)
    assert signed.tenant == world.tenant


def test_a_password_changed_twice_at_once_is_changed_once(world: World) -> None:
    world.add()
    by = world.acting_as("jane")
    verified = login.reauthenticate(by, PASSWORD, world.now)
    own_password.change_password(world.house, by, PASSWORD, OTHER_PASSWORD, agent="", now=world.now)
    with transaction.atomic(), pytest.raises(WrongCredentials):
        accounts.hold_verified(verified)


def test_an_outdated_hash_is_renewed_when_its_owner_signs_in(world: World) -> None:
    from argon2 import PasswordHasher

    user = world.add("jane")
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    SqlUser.objects.within(world.tenant).filter(id=user.id).update(password=weak)
    world.sign_in("jane")
    renewed = SqlUser.objects.within(world.tenant).get(id=user.id).password
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert world.sign_in("jane").token


def basic(world: World, username: str = "jane", password: str = PASSWORD, *, seconds: int = 0) -> str:
    return login.basic(world.house, world.tenant, username, password, network=NETWORK, now=world.now + timedelta(seconds=seconds)).name


def test_basic_credentials_are_verified_once_a_minute_and_audited_once(world: World) -> None:
    world.add()
    for second in (0, 1, 30, 59):
        assert basic(world, seconds=second) == "jane"
    assert AuditEntry.objects.within(world.tenant).filter(event="sign-in:basic").count() == 1
    basic(world, seconds=61)
    assert AuditEntry.objects.within(world.tenant).filter(event="sign-in:basic").count() == 2


@pytest.mark.parametrize("change", [Changes(locked=True), Changes(disabled=True), Changes(password=OTHER_PASSWORD)],
                         ids=["lock", "disable", "password"])
def test_a_remembered_credential_is_worthless_the_moment_the_account_changes(world: World, change: Changes) -> None:
    user = world.add()
    basic(world)
    users.change(world.house, world.by, user.id, change, world.now)
    with pytest.raises(WrongCredentials):
        basic(world, seconds=1)


def test_a_remembered_credential_ends_with_the_login_permission_and_the_account(world: World) -> None:
    user = world.add()
    basic(world)
    Role.objects.within(world.tenant).filter(name=EVERYONE).update(permissions=[])
    with pytest.raises(WrongCredentials):
        basic(world, seconds=1)
    Role.objects.within(world.tenant).filter(name=EVERYONE).update(permissions=[LOGIN])
    users.delete(world.by, user.id, world.now)
    with pytest.raises(WrongCredentials):
        basic(world, seconds=2)


def test_remembered_credentials_get_in_while_somebody_else_guesses(world: World) -> None:
    world.add()
    basic(world)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            basic(world, password="wrong", seconds=1)
    assert basic(world, seconds=1) == "jane"
    with pytest.raises(Throttled):
        basic(world, password="wrong", seconds=1)


def test_every_way_in_shares_one_budget(world: World) -> None:
    """A-040: sign-in page, HTTP Basic and the question for the old password."""
    world.add()
    by = world.acting_as("jane")
    wrong: list[Callable[[], object]] = [
        lambda: world.sign_in("jane", "wrong"), lambda: basic(world, password="wrong"),
        lambda: login.reauthenticate(by, "wrong", world.now)]
    for attempt in (wrong * 2)[:5]:
        with pytest.raises(WrongCredentials):
            attempt()
    for attempt in (lambda: world.sign_in("jane"), lambda: basic(world), lambda: login.reauthenticate(by, PASSWORD, world.now)):
        with pytest.raises(Throttled):
            attempt()


def test_a_session_is_recognised_until_it_is_idle_old_or_ended(world: World) -> None:
    world.add()
    token = world.sign_in("jane").token

    def who(minutes: float = 0, token: str = token) -> str:
        by = sessions.recognise(world.house, world.tenant, token, NETWORK, world.now + timedelta(minutes=minutes))
        return by.name if by else ""

    assert [who(minutes) for minutes in (0, 29, 58)] == ["jane"] * 3
    assert who(90) == ""
    assert [who(minutes) for minutes in range(80, 720, 25)] == ["jane"] * 26
    assert who(721) == ""
    assert [who(token=wrong) for wrong in ("", token[:-1], token + "A", token.swapcase(), "x" * 43)] == [""] * 5


@pytest.mark.parametrize("change", [Changes(locked=True), Changes(disabled=True), Changes(password=OTHER_PASSWORD)],
                         ids=["lock", "disable", "password"])
def test_sessions_end_when_the_account_closes_or_its_password_is_replaced(world: World, change: Changes) -> None:
    user = world.add()
    token = world.sign_in("jane").token
    users.change(world.house, world.by, user.id, change, world.now)
    assert sessions.recognise(world.house, world.tenant, token, NETWORK, world.now) is None


def test_a_session_of_one_tenant_is_nobody_in_another(world: World) -> None:
    world.add()
    token = world.sign_in("jane").token
    assert sessions.recognise(world.house, other_world(world).tenant, token, NETWORK, world.now) is None


def test_one_ends_only_ones_own_sessions(world: World) -> None:
    world.add("jane")
    world.add("sam")
    janes, sams = world.sign_in("jane").token, world.sign_in("sam").token
    jane = sessions.recognise(world.house, world.tenant, janes, NETWORK, world.now)
    sam = sessions.recognise(world.house, world.tenant, sams, NETWORK, world.now)
    assert jane is not None
    assert sam is not None
    assert jane.session_id is not None
    assert [view.current for view in sessions.my_sessions(world.house, jane, world.now)] == [True]
    with pytest.raises(NotFound):
        sessions.end_session(sam, jane.session_id, world.now)
    sessions.sign_out(jane, world.now)
    assert sessions.recognise(world.house, world.tenant, janes, NETWORK, world.now) is None
    assert sessions.recognise(world.house, world.tenant, sams, NETWORK, world.now) is not None


def test_changing_ones_password_asks_the_old_one_ends_other_sessions_and_tells_the_owner(world: World) -> None:
    world.add()
    other = world.sign_in("jane").token
    by = world.acting_as("jane")
    with pytest.raises(WrongCredentials):
        own_password.change_password(world.house, by, "wrong", OTHER_PASSWORD, agent="", now=world.now)
    with pytest.raises(PasswordRefused):
        own_password.change_password(world.house, by, PASSWORD, "password", agent="", now=world.now)
    token = own_password.change_password(world.house, by, PASSWORD, OTHER_PASSWORD, agent="", now=world.now)
    assert sessions.recognise(world.house, world.tenant, other, NETWORK, world.now) is None
    assert sessions.recognise(world.house, world.tenant, token, NETWORK, world.now) is not None
    with pytest.raises(WrongCredentials):
        world.sign_in("jane", PASSWORD)
    assert [mail["To"] for mail in world.mails()] == ["jane@example.com"]


def test_the_last_sign_in_is_noted_on_the_account(world: World) -> None:
    user = world.add()
    world.sign_in("jane")
    assert Account.objects.within(world.tenant).get(id=user.id).last_sign_in == world.now


def test_a_session_cannot_be_driven_by_an_account_that_lost_the_login_permission(world: World) -> None:
    world.add()
    token = world.sign_in("jane").token
    Role.objects.within(world.tenant).filter(name=EVERYONE).update(permissions=[])
    assert sessions.recognise(world.house, world.tenant, token, NETWORK, world.now) is None


def test_shorter_sessions_are_a_matter_of_configuration(world: World) -> None:
    world.add()
    token = world.sign_in("jane").token
    short = world.configured(sessions=replace(world.house.config.sessions, idle=1))
    assert sessions.recognise(short, world.tenant, token, NETWORK, world.now + timedelta(seconds=61)) is None
