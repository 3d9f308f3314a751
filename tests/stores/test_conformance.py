"""What every user store promises, whatever is behind it: one suite for our own database, OpenLDAP and Active Directory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from housekey.core.attributes import USERS
from housekey.core.claims import DIALECT, text_of, with_claims
from housekey.core.errors import Conflict, Invalid, NotFound, PasswordUsedBefore, WrongCredentials
from housekey.core.filter_text import parse
from housekey.core.filters import Filter, evaluate
from housekey.core.users import Email
from housekey.operations import onboarding, resets, users
from housekey.scim import mapping
from tests.operations.support import OTHER_PASSWORD, PASSWORD
from tests.stores.support import Domain


def asked(text: str) -> Filter:
    return parse(text, USERS)


def test_who_is_created_is_found_by_name_and_by_id_in_any_spelling(domain: Domain) -> None:
    made = domain.create("Jane.Doe", given_name="Jänë")
    assert domain.find("jane.doe") == domain.find("JANE.DOE")
    found = users.get(domain.by, made.id)
    assert (str(found.name), found.profile.given_name, found.profile.mail) == (domain.called("Jane.Doe"), "Jänë", "Jane.Doe@example.com")


def test_a_name_is_given_once(domain: Domain) -> None:
    domain.create("jane")
    with pytest.raises(Conflict):
        domain.create("JANE")
    assert domain.search().total == domain.search(count=100).total
    assert [user.name.bare for user in domain.search().users].count("jane") == 1


def test_an_invited_user_cannot_sign_in_until_she_has_set_her_password(domain: Domain) -> None:
    domain.create("jane", ask=True, mail="jane@example.com")
    with pytest.raises(WrongCredentials):
        domain.enter("jane", PASSWORD)
    domain.world.redeem(domain.world.newest_code())
    assert domain.enter("jane", PASSWORD)


def test_a_password_is_right_wrong_or_empty(domain: Domain) -> None:
    domain.create("jane", password=PASSWORD)
    assert domain.enter("jane")
    for number, wrong in enumerate(("", " ", "*", "correct horse", PASSWORD + " x", "\0"), start=1):
        with pytest.raises(WrongCredentials):
            domain.enter("jane", wrong, later=3_600 * number)


def test_an_administrator_sets_another_password(domain: Domain) -> None:
    user = domain.create("jane", password=PASSWORD)
    domain.change(user, password=OTHER_PASSWORD)
    assert domain.enter("jane", OTHER_PASSWORD)
    with pytest.raises(WrongCredentials):
        domain.enter("jane", PASSWORD)


def test_a_forced_reset_closes_the_account_until_a_new_password_is_set(domain: Domain) -> None:
    user = domain.create("jane", password=PASSWORD, mail="jane@example.com")
    resets.force(domain.world.house, domain.by, user.id, domain.world.now)
    with pytest.raises(WrongCredentials):
        domain.enter("jane", PASSWORD)
    domain.work()
    domain.world.redeem(domain.world.newest_code(), OTHER_PASSWORD)
    domain.work()
    assert domain.enter("jane", OTHER_PASSWORD)


def test_the_password_that_had_to_be_replaced_is_refused(domain: Domain) -> None:
    user = domain.create("jane", password=PASSWORD, mail="jane@example.com")
    resets.force(domain.world.house, domain.by, user.id, domain.world.now)
    with pytest.raises(PasswordUsedBefore):
        domain.world.redeem(domain.world.newest_code(), PASSWORD)


def test_a_profile_is_changed_and_read_back(domain: Domain) -> None:
    user = domain.create("jane")
    wanted = {f"{DIALECT}/{name}": value for name, value in {
        "givenname": "Zoë", "lastname": "O'Neil, Jr.", "mobile": "+15550100", "telephone": "+15550101", "displayName": "Z (*) \\ O",
        "title": "Köchin", "locale": "de-DE", "nickname": "Z", "department": "Küche", "organization": "Acme #1",
    }.items()}
    domain.change(user, profile=with_claims(user.profile, wanted))
    found = users.get(domain.by, user.id, now=domain.world.now + timedelta(hours=1)).profile
    assert {uri: text_of(found, uri) for uri in wanted} == wanted


def test_what_is_taken_away_is_gone(domain: Domain) -> None:
    user = domain.create("jane")
    changed = domain.change(user, profile=with_claims(user.profile, {f"{DIALECT}/title": "Chef"}))
    domain.change(changed, profile=with_claims(changed.profile, {f"{DIALECT}/title": ""}))
    found = users.get(domain.by, user.id, now=domain.world.now + timedelta(hours=1)).profile
    assert text_of(found, f"{DIALECT}/title") == ""


def test_several_addresses_keep_their_order_and_types(domain: Domain) -> None:
    addresses = (Email("first@example.com", "work", primary=True), Email("second@example.com", "home"))
    user = domain.create("jane")
    profile = type(user.profile)(user.profile.given_name, user.profile.family_name, addresses)
    domain.change(user, profile=profile)
    found = users.get(domain.by, user.id, now=domain.world.now + timedelta(hours=1)).profile
    assert [(mail.value, mail.type) for mail in found.emails] == [("first@example.com", "work"), ("second@example.com", "home")]
    assert found.mail == "first@example.com"


def test_who_is_deleted_is_gone_and_the_name_is_free(domain: Domain) -> None:
    user = domain.create("jane", password=PASSWORD)
    domain.delete(user)
    domain.work()
    with pytest.raises(NotFound):
        users.get(domain.by, user.id)
    assert domain.find("jane") is None
    assert domain.create("jane").id != user.id


def test_a_disabled_user_cannot_sign_in_and_can_again(domain: Domain) -> None:
    user = domain.create("jane", password=PASSWORD)
    domain.change(user, disabled=True)
    domain.work()
    with pytest.raises(WrongCredentials):
        domain.enter("jane")
    domain.change(user, disabled=False)
    domain.work()
    assert domain.enter("jane", later=600)


def test_a_locked_user_cannot_sign_in(domain: Domain) -> None:
    user = domain.create("jane", password=PASSWORD)
    domain.change(user, locked=True)
    with pytest.raises(WrongCredentials):
        domain.enter("jane")


@pytest.mark.parametrize("text", [
    'userName sw "an"', 'name.familyName eq "doe"', 'emails.value co "@EXAMPLE"', 'title pr', 'not (title pr)',
    'displayName eq "Z (*) \\\\ O"', 'name.givenName eq "zoë" or userName eq "nobody"',
])
def test_a_filter_finds_whom_it_should(domain: Domain, text: str) -> None:
    for name in ("anna", "andrea", "bert"):
        domain.create(name)
    zoe = domain.create("zoe", given_name="Zoë", family_name="Roe")
    domain.change(zoe, profile=with_claims(zoe.profile, {f"{DIALECT}/displayName": "Z (*) \\ O", f"{DIALECT}/title": "Chef"}))
    everybody = domain.search(count=100).users
    wanted = asked(text)
    expected = {user.id for user in everybody if evaluate(wanted, mapping.shown(domain.world.house, domain.world.tenant, user))}
    assert {user.id for user in domain.search(filter=wanted, count=100).users} == expected


def test_pages_and_cursors_go_through_everybody_once(domain: Domain) -> None:
    names = {f"user{number:02}" for number in range(23)}
    for name in names:
        domain.create(name)
    seen: list[str] = []
    page = domain.search(cursor="", count=5)
    while True:
        seen += [user.name.bare for user in page.users]
        if not page.next_cursor:
            break
        page = domain.search(cursor=page.next_cursor, count=5)
    assert sorted(name for name in seen if name in names) == sorted(names)
    assert len(seen) == len(set(seen)) == domain.search().total


def test_what_cannot_be_is_refused_and_leaves_nothing(domain: Domain) -> None:
    before = domain.search().total
    for bare in ("", "a b", "a/b", "a*", "x" * 256, "a\0b"):
        with pytest.raises((Invalid, Conflict)):
            domain.create(bare, mail="jane@example.com")
    with pytest.raises(Invalid):
        domain.create("jane", ask=True, mail="not an address")
    domain.work()
    assert domain.search().total == before
    assert domain.find("jane") is None


def test_a_second_invitation_supersedes_the_first(domain: Domain) -> None:
    user = domain.create("jane", ask=True, mail="jane@example.com")
    first = domain.world.newest_code()
    onboarding.resend(domain.world.house, domain.by, user.id, domain.world.now)
    second = domain.world.newest_code()
    assert first != second
    domain.world.redeem(second)
    assert domain.enter("jane")
