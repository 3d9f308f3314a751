"""What must hold for every name, standing, expiry and password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from housekey.core.account import PASSWORD_LOCKS, PRECEDENCE, Standing
from housekey.core.codes import MAX_MINUTES, expiry, is_live
from housekey.core.errors import Invalid, PasswordRefused
from housekey.core.names import check_username, name_key, split_tenant, split_username
from housekey.core.passwords import PasswordRules, accept
from housekey.core.policy import clean
from housekey.core.properties import INVITE_EXPIRY

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes the zone apart
WAITS = st.timedeltas(timedelta(0), timedelta(days=3650))
STEPS = st.lists(st.sampled_from(["invite", "invite-open", "set", "lock", "unlock", "attempts"]), max_size=12)


@given(MOMENTS, st.integers(-1, MAX_MINUTES), WAITS)
def test_a_code_lives_for_n_minutes_never_ends_at_minus_one_and_is_dead_at_zero(issued: datetime, minutes: int, wait: timedelta) -> None:
    """A-010."""
    live = is_live(expiry(issued, minutes), issued + wait)
    assert live is (minutes == -1 or wait < timedelta(minutes=minutes))


@given(st.integers(-100_000, 100_000))
def test_only_minutes_that_mean_something_can_be_stored(minutes: int) -> None:
    try:
        assert clean(INVITE_EXPIRY, str(minutes)) == str(minutes)
        assert -1 <= minutes <= MAX_MINUTES
    except Invalid:
        assert not -1 <= minutes <= MAX_MINUTES


@given(st.text())
def test_a_key_is_the_key_of_itself_and_of_the_folded_name(text: str) -> None:
    """A-080, A-084."""
    key = name_key(text)
    assert name_key(key) == key
    assert name_key(text.casefold()) == key


@given(st.text(max_size=300))
def test_any_text_can_be_taken_apart_as_a_name(text: str) -> None:
    name = split_username(text)
    user, tenant = split_tenant(text)
    assert (f"{user}@{tenant}" if tenant else user).lower() == text.lower()
    try:
        check_username(name)
    except Invalid:
        return
    assert name.bare
    assert name.bare.isprintable()


def taken(standing: Standing, step: str) -> Standing:
    match step:
        case "invite":
            return standing.invited(lock=True)
        case "invite-open":
            return standing.invited(lock=False)
        case "lock":
            return standing.locked_by("ADMIN_INITIATED")
        case "unlock":
            return standing.unlocked_from("ADMIN_INITIATED")
        case "attempts":
            return standing.locked_by("MAX_ATTEMPTS_EXCEEDED")
    return standing.password_set()


@given(STEPS, st.booleans())
def test_whatever_happens_nobody_gets_in_without_a_password_or_past_a_lock(steps: list[str], disabled: bool) -> None:
    standing = Standing(disabled=disabled)
    for step in steps:
        standing = taken(standing, step)
        assert standing.locks <= set(PRECEDENCE)
        assert standing.locked_reason in {*standing.locks, ""}
        assert not (standing.locks & PASSWORD_LOCKS) or standing.pending
        if standing.may_sign_in:
            assert standing.has_password
            assert not standing.locks
            assert not standing.disabled
            assert not standing.pending


@given(st.text(max_size=1_200), st.integers(8, 64))
def test_an_accepted_password_meets_the_rules_and_is_accepted_again(password: str, low: int) -> None:
    rules = PasswordRules(low, 128, ("jane",))
    try:
        good = accept(password, rules, {"password"})
    except PasswordRefused:
        return
    assert low <= len(good) <= 128
    assert accept(good, rules, {"password"}) == good
