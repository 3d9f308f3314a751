"""The life of an account: what each step allows, and what it leaves alone."""

from __future__ import annotations

from itertools import combinations

import pytest

from housekey.core.account import ADMIN_INITIATED, MAX_ATTEMPTS, PENDING_ASK_PASSWORD, PENDING_FORCED_RESET, PRECEDENCE, Standing

INVITED = Standing().invited(lock=True)


def test_an_invited_account_has_no_password_and_nobody_gets_in() -> None:
    assert (INVITED.state, INVITED.locked, INVITED.locked_reason, INVITED.label) == ("PENDING_AP", True, PENDING_ASK_PASSWORD, "invited")
    assert not INVITED.has_password
    assert not INVITED.may_sign_in


def test_without_the_lock_an_invited_account_still_lets_nobody_in() -> None:
    standing = Standing().invited(lock=False)
    assert (standing.state, standing.locked, standing.may_sign_in) == ("PENDING_AP", False, False)


def test_a_password_opens_the_account() -> None:
    opened = INVITED.password_set()
    assert (opened.state, opened.locked, opened.may_sign_in, opened.label) == ("UNLOCKED", False, True, "active")


def test_redeeming_takes_away_only_its_own_lock() -> None:
    """A-023: lock reasons are a set."""
    standing = INVITED.locked_by(ADMIN_INITIATED).locked_by(MAX_ATTEMPTS).password_set()
    assert standing.locks == {ADMIN_INITIATED, MAX_ATTEMPTS}
    assert not standing.may_sign_in
    assert standing.unlocked_from(ADMIN_INITIATED).locks == {MAX_ATTEMPTS}


def test_the_reason_told_is_the_first_by_precedence() -> None:
    for pair in combinations(PRECEDENCE, 2):
        assert Standing(locks=frozenset(pair)).locked_reason == pair[0]
    assert Standing().locked_reason == ""


def test_a_newer_invitation_supersedes_a_forced_reset() -> None:
    reset = Standing("PENDING_FUPR", frozenset({PENDING_FORCED_RESET, ADMIN_INITIATED}), has_password=True)
    assert reset.invited(lock=True).locks == {PENDING_ASK_PASSWORD, ADMIN_INITIATED}
    assert reset.password_set().pending == ""


def test_confirming_an_address_is_no_password_matter() -> None:
    assert Standing("PENDING_EV").password_set().pending == "PENDING_EV"


@pytest.mark.parametrize(("standing", "state", "label"), [
    (Standing(), "UNLOCKED", "not-invited"),
    (Standing(has_password=True), "UNLOCKED", "active"),
    (Standing(has_password=True, disabled=True), "DISABLED", "disabled"),
    (Standing("PENDING_AP", disabled=True), "DISABLED", "disabled"),
    (Standing(has_password=True, locks=frozenset({ADMIN_INITIATED})), "LOCKED", "locked"),
    (Standing("PENDING_FUPR", frozenset({PENDING_FORCED_RESET}), has_password=True), "PENDING_FUPR", "reset"),
])
def test_each_standing_has_one_state_and_one_label(standing: Standing, state: str, label: str) -> None:
    assert (standing.state, standing.label) == (state, label)
