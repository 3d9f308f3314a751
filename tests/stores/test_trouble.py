"""A directory in trouble: what those get who need it meanwhile, and that nothing is half made afterwards (F-06, F-24, A-038, A-102)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import trustme

from housekey.core.account import Standing
from housekey.core.claims import DIALECT, text_of, with_claims
from housekey.core.errors import Throttled, Unavailable, WrongCredentials
from housekey.core.names import UserName
from housekey.core.users import Profile, User
from housekey.operations import directories, own_password, resets, stores, users
from housekey.operations.transactions import durable
from housekey.store.models import AuditEntry, Entry, Repair
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts
from tests.stores.support import Domain, at, connected
from tests.support.ldap_front import ADD, EXTENDED, MODIFY
from tests.support.slapd import SECRET, Place

LATER = timedelta(hours=2)
"""By then nobody waits for a deed any more."""
TITLE = f"{DIALECT}/title"


@pytest.fixture
def staff(world: World, place: Place) -> Domain:
    """An LDAP directory over StartTLS that is given a second for each answer."""
    return connected(world, place, "STAFF", security="starttls", ReadTimeout="1000", LDAPConnectionTimeout="1000")


def down(staff: Domain) -> None:
    at(staff).stop()


def mute(staff: Domain) -> None:
    at(staff).front.mute = True


def wrong_certificate(staff: Domain) -> None:
    again(staff, CACertificates=trustme.CA().cert_pem.bytes().decode())


def wrong_password(staff: Domain) -> None:
    again(staff, "not the secret")


def refuses_start_tls(staff: Domain) -> None:
    at(staff).front.refuses_start_tls = True
    again(staff)


TROUBLES = [down, mute, wrong_certificate, wrong_password, refuses_start_tls]
Trouble = Callable[[Domain], None]


def again(staff: Domain, secret: str = SECRET, *, security: str = "starttls", **changes: str) -> None:
    """The settings are saved, which also begins anew with connections; the look that follows from it is over."""
    values = at(staff).settings(security) | changes | {"ReadTimeout": "1000", "LDAPConnectionTimeout": "1000"}
    new = stores.NewStore(staff.name, staff.kind, values, {}, secret)
    stores.change(staff.world.house, staff.by, staff.name, new, staff.world.now)
    staff.work()


def mended(staff: Domain, now: datetime | None = None) -> datetime:
    """The directory is well again and the worker has done what was waiting; the moment at which that is over."""
    place, now = at(staff), now or staff.world.now + LATER
    place.start()
    place.front.mute = place.front.refuses_start_tls = False
    place.front.before = lambda _: None
    again(staff)
    staff.work(now)
    return now


def agrees(staff: Domain) -> None:
    """Every user has her entry, every entry its user, and nothing waits."""
    rows = Entry.objects.aside(staff.world.tenant)
    place = at(staff)
    place.server.admin().search(place.people, "(objectClass=person)", "LEVEL", attributes=["uid", "entryUUID"])
    there = {str(row["attributes"]["entryUUID"][0] if isinstance(row["attributes"]["entryUUID"], list) else row["attributes"]["entryUUID"])
             for row in place.server.admin().response if row["type"] == "searchResEntry"}
    assert {row.unique_id for row in rows} == there
    assert len(rows) == staff.search(count=0).total
    assert not Repair.objects.aside(staff.world.tenant).exists()


def jane(staff: Domain) -> User:
    return staff.create("jane", password=PASSWORD, mail="jane@example.com")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_sign_in_says_what_it_says_to_everybody_and_the_audit_log_why(staff: Domain, trouble: Trouble) -> None:
    jane(staff)
    staff.world.add("paul", mail="paul@example.com")
    trouble(staff)
    told = []
    for name in ("jane", "nobody"):
        with pytest.raises(WrongCredentials) as refused:
            staff.enter(name)
        told.append(refused.value.sentence)
    with pytest.raises(WrongCredentials) as refused:
        staff.world.sign_in("paul", "wrong")
    assert told == [refused.value.sentence] * 2
    assert staff.world.refusals()[-3].startswith("user store: ")
    assert staff.world.refusals()[-2:] == ["unknown user", "wrong password"]
    assert staff.world.sign_in("paul"), "users of PRIMARY are not concerned"
    mended(staff)
    assert staff.enter("jane", later=7_300)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_password_never_goes_to_a_directory_that_is_not_what_it_should_be(staff: Domain, trouble: Trouble) -> None:
    """A-102."""
    jane(staff)
    trouble(staff)
    with pytest.raises(WrongCredentials):
        staff.enter("jane")
    assert at(staff).front.plain_binds == []


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_creation_is_refused_in_words_and_leaves_neither_user_nor_entry_nor_mail(staff: Domain, trouble: Trouble) -> None:
    """F-06."""
    trouble(staff)
    before = counts() | {"Repair": 0}
    for options in ({"ask": True}, {"password": PASSWORD}):
        with pytest.raises(Unavailable, match="user store STAFF"):
            staff.create("jane", mail="jane@example.com", **options)
    mended(staff)
    assert counts() == before
    assert staff.find("jane") is None
    assert staff.world.mails() == []
    agrees(staff)
    assert staff.create("jane", ask=True)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_link_stays_good_for_whoever_could_not_use_it(staff: Domain, trouble: Trouble) -> None:
    staff.create("jane", ask=True, mail="jane@example.com")
    code = staff.world.newest_code()
    trouble(staff)
    with pytest.raises(Unavailable, match="user store STAFF") as refused:
        staff.world.redeem(code)
    assert "cn=" not in refused.value.sentence, "whoever holds a link learns nothing of the directory"
    with pytest.raises(WrongCredentials):
        staff.enter("jane")
    mended(staff)
    staff.world.redeem(code)
    assert staff.enter("jane", later=600)
    agrees(staff)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_profiles_and_passwords_stay_as_they_are(staff: Domain, trouble: Trouble) -> None:
    user = jane(staff)
    staff.enter("jane")
    me = staff.world.acting_as("STAFF/jane")
    trouble(staff)
    with pytest.raises(Unavailable, match="user store STAFF"):
        staff.change(user, profile=with_claims(user.profile, {TITLE: "Chef"}))
    with pytest.raises(Unavailable, match="user store STAFF"):
        staff.change(user, password=OTHER_PASSWORD)
    with pytest.raises(Unavailable, match="cannot be checked at the moment"):
        own_password.change_password(staff.world.house, me, PASSWORD, OTHER_PASSWORD, agent="a browser", now=staff.world.now)
    mended(staff)
    assert text_of(users.get(staff.by, user.id).profile, TITLE) == ""
    assert at(staff).welcomes("jane", PASSWORD)
    assert staff.enter("jane", later=600)
    agrees(staff)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_closes_an_account_works_at_once_and_is_carried_over_later(staff: Domain, trouble: Trouble) -> None:
    forced, deleted = jane(staff), staff.create("paul", password=PASSWORD)
    disabled, locked = staff.create("lena", password=PASSWORD), staff.create("mark", password=PASSWORD)
    trouble(staff)
    resets.force(staff.world.house, staff.by, forced.id, staff.world.now)
    staff.delete(deleted)
    staff.change(disabled, disabled=True)
    staff.change(locked, locked=True)
    staff.work()
    assert staff.find("paul") is None
    assert {users.get(staff.by, user.id).standing.label for user in (disabled, locked)} == {"disabled", "locked"}
    assert Repair.objects.aside(staff.world.tenant).exclude(error="").count() >= 1
    at(staff).start()
    assert at(staff).welcomes("jane", PASSWORD)
    mended(staff)
    assert at(staff).read("paul") is None
    assert not at(staff).welcomes("jane", PASSWORD)
    for name in ("jane", "paul", "lena", "mark"):
        with pytest.raises(WrongCredentials):
            staff.enter(name, later=7_300)
    agrees(staff)


def test_the_old_password_is_replaced_although_a_redemption_failed_in_between(staff: Domain) -> None:
    user = jane(staff)
    resets.force(staff.world.house, staff.by, user.id, staff.world.now)
    code = staff.world.newest_code()
    down(staff)
    with pytest.raises(Unavailable):
        staff.world.redeem(code, OTHER_PASSWORD)
    now = mended(staff)
    assert not at(staff).welcomes("jane", PASSWORD)
    staff.world.redeem(code, OTHER_PASSWORD, now=now)
    staff.work(now + LATER)
    assert staff.enter("jane", OTHER_PASSWORD, later=7_300)
    agrees(staff)


def test_failures_count_while_the_directory_is_away(staff: Domain) -> None:
    """A-038."""
    jane(staff)
    down(staff)
    ends = []
    for _ in range(12):
        try:
            staff.enter("jane", "a guess")
        except (WrongCredentials, Throttled) as refused:
            ends.append(type(refused))
    assert ends[:4] == [WrongCredentials] * 4
    assert ends[-1] is Throttled
    mended(staff)
    with pytest.raises(Throttled):
        staff.enter("jane")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_lists_counts_and_cursors_go_on_with_what_is_known(staff: Domain, trouble: Trouble) -> None:
    names = {f"user{number}" for number in range(7)}
    for name in names:
        staff.create(name)
    trouble(staff)
    seen, page = [], staff.search(cursor="", count=3)
    while True:
        seen += [user.name.bare for user in page.users]
        if not page.next_cursor:
            break
        page = staff.search(cursor=page.next_cursor, count=3)
    assert sorted(seen) == sorted(names)
    assert staff.search(count=0).total == users.listing(staff.by, search="user").total == len(names)
    assert users.get(staff.by, users.by_name(staff.by, "STAFF/user1").id, now=staff.world.now + LATER).name.bare == "user1"
    assert staff.find("somebody.new") is None


def test_a_look_that_was_cut_off_removes_nobody(staff: Domain) -> None:
    jane(staff)
    for uid in ("paul", "lena"):
        at(staff).add(uid)
    down(staff)
    staff.work(staff.world.now + LATER)
    view = stores.get(staff.by, "STAFF")
    assert view.findings["error"]
    assert staff.find("jane")
    mended(staff)
    assert not stores.get(staff.by, "STAFF").findings["error"]
    assert staff.search(count=0).total == 3


@pytest.fixture
def plain(world: World, place: Place) -> Domain:
    """As `staff`, unencrypted: what is asked can be told apart in front of the directory."""
    return connected(world, place, "STAFF", ReadTimeout="1000")


def falls_silent_at(domain: Domain, tag: int) -> None:
    """The directory hears a request of this kind, and its answer is lost on the way."""

    def heard(kind: int) -> None:
        at(domain).front.mute = at(domain).front.mute or kind == tag

    at(domain).front.before = heard


def test_an_entry_that_was_made_although_nobody_heard_of_it_is_removed(plain: Domain) -> None:
    """F-07."""
    falls_silent_at(plain, ADD)
    with pytest.raises(Unavailable):
        plain.create("jane", ask=True)
    assert at(plain).read("jane") is not None
    mended(plain)
    assert at(plain).read("jane") is None
    assert plain.world.mails() == []
    agrees(plain)
    told = AuditEntry.objects.within(plain.world.tenant).filter(event="repair:create")
    assert [(row.target, row.detail["what"]) for row in told] == [("STAFF/jane", "the entry was removed")]


def test_an_entry_of_somebody_elses_making_is_never_removed(plain: Domain) -> None:
    """The name was free when it was asked for, and the directory fell silent before anything was written."""
    falls_silent_at(plain, ADD)
    with pytest.raises(Unavailable):
        plain.create("jane", ask=True)
    at(plain).remove("jane")
    at(plain).add("jane", mail="other@example.com")
    unique_id = at(plain).read("jane")
    Repair.objects.aside(plain.world.tenant).update(created=plain.world.now + LATER)
    mended(plain, plain.world.now + 2 * LATER)
    assert at(plain).read("jane") == unique_id


def test_a_new_password_that_arrived_although_nobody_heard_of_it_opens_nothing(plain: Domain) -> None:
    plain.create("jane", ask=True, mail="jane@example.com")
    code = plain.world.newest_code()
    falls_silent_at(plain, EXTENDED)
    with pytest.raises(Unavailable):
        plain.world.redeem(code)
    assert at(plain).welcomes("jane", PASSWORD)
    with pytest.raises(WrongCredentials):
        plain.enter("jane")
    mended(plain)
    with pytest.raises(WrongCredentials):
        plain.enter("jane", later=600)
    plain.world.redeem(code, OTHER_PASSWORD)
    assert plain.enter("jane", OTHER_PASSWORD, later=1200)
    agrees(plain)


def test_a_change_that_arrived_although_nobody_heard_of_it_is_read_again(plain: Domain) -> None:
    user = jane(plain)
    falls_silent_at(plain, MODIFY)
    with pytest.raises(Unavailable):
        plain.change(user, profile=with_claims(user.profile, {TITLE: "Chef"}))
    assert text_of(users.get(plain.by, user.id).profile, TITLE) == ""
    mended(plain)
    assert text_of(users.get(plain.by, user.id).profile, TITLE) == "Chef"
    agrees(plain)


def test_a_deed_that_took_too_long_does_not_happen_after_it_was_undone(plain: Domain) -> None:
    now, name = plain.world.now, UserName("STAFF", "jane")
    user = User(uuid4(), name, Profile(), Standing(), now, now)

    def slowly() -> None:
        with directories.adding(user, plain.world.tenant, now) as settle:
            assert at(plain).read("jane")
            plain.work(now + LATER)
            assert at(plain).read("jane") is None
            with durable():
                settle()

    with pytest.raises(Unavailable, match="took too long"):
        slowly()
    assert plain.find("jane") is None
    agrees(plain)


def test_an_entry_that_the_filter_of_users_does_not_match_is_taken_back(world: World, place: Place) -> None:
    staff = connected(world, place, "STAFF", UserNameListFilter="(&(objectClass=inetOrgPerson)(title=Chef))")
    with pytest.raises(Unavailable, match="cannot be found afterwards"):
        staff.create("jane", ask=True)
    assert place.read("jane") is None
    staff.work(world.now + LATER)
    agrees(staff)
