"""Invitations: one live link, to the stored address only, and an honest end for every other one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from housekey.core.account import PENDING_ASK_PASSWORD
from housekey.core.errors import DeadCode, FeatureOff, Invalid
from housekey.core.names import split_username
from housekey.core.principal import HELP_DESK
from housekey.core.properties import ACTIVATION_NOTICE, ENABLE, INVITE_EXPIRY, LOCK, SUPPORT
from housekey.core.users import Changes, Email, NewUser, Profile
from housekey.operations import forgotten, invitations, onboarding, outbox, policies, recovery, users
from housekey.store.models import Code, Message, Session, Ticket
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World, code_in, counts, link_in, other_world, text_of

MINUTE = timedelta(minutes=1)


def set_policy(world: World, **values: str) -> None:
    names = {"expiry": INVITE_EXPIRY, "lock": LOCK, "notice": ACTIVATION_NOTICE, "enable": ENABLE, "support": SUPPORT}
    policies.change(world.house, world.by, {names[key]: value for key, value in values.items()}, {}, world.now)


def test_the_whole_story_invite_mail_password_sign_in(world: World) -> None:
    user = world.invite()
    mail, = world.mails()
    assert (mail["Subject"], mail["To"]) == ("Set your password", "jane@example.com")
    code = code_in(link_in(mail))
    recovery.open_link(world.house, world.tenant, code, world.now)
    ticket = recovery.open_link(world.house, world.tenant, code, world.now)
    form = recovery.form(world.house, world.tenant, ticket, world.now)
    assert (form.username, form.invite) == ("jane", True)
    recovery.set_password(world.house, world.tenant, ticket, PASSWORD, NETWORK, world.now)
    after = users.get(world.by, user.id)
    assert (after.standing.state, after.standing.locked, after.email_verified) == ("UNLOCKED", False, True)
    assert not Session.objects.within(world.tenant).exists()  # no sign-in follows by itself
    notice = world.mails()[-1]
    assert (notice["To"], "confirmation=" in text_of(notice)) == ("jane@example.com", False)
    assert len(world.mails()) == 2
    assert world.sign_in("jane").token


def test_an_invitation_whose_message_was_taken_back_does_not_wait_to_be_sent(world: World) -> None:
    """Its link still works, but nobody has it: that is to be seen where people look for what was not delivered."""
    user = world.invite()
    outbox.withdraw(world.by, Message.objects.within(world.tenant).get().id, world.now)
    [seen] = onboarding.invitations(world.by, user.id, world.now)
    assert seen.state == "failed"
    listed = invitations.listing(world.by, invitations.Wanted("failed"), world.now)
    assert [row.user_id for row in listed.rows] == [user.id]
    assert invitations.counts(world.by, world.now)["failed"] == 1


def test_looking_spends_nothing_however_often(world: World) -> None:
    world.invite()
    code = world.newest_code()
    tickets = [recovery.open_link(world.house, world.tenant, code, world.now) for _ in range(3)]
    for ticket in tickets:
        recovery.form(world.house, world.tenant, ticket, world.now)
    row = Code.objects.within(world.tenant).get()
    assert (row.spent, row.dead, row.opened) == (None, None, world.now)
    recovery.set_password(world.house, world.tenant, tickets[0], PASSWORD, NETWORK, world.now)
    for ticket in tickets:
        with pytest.raises(DeadCode) as dead:
            recovery.set_password(world.house, world.tenant, ticket, OTHER_PASSWORD, NETWORK, world.now)
        assert dead.value.reason == "spent"
    assert world.sign_in("jane", PASSWORD).token


@pytest.mark.parametrize("password", ["short", "password", "jane1234", "x" * 129, "x" * 1_000_000])
def test_a_refused_password_spends_nothing(world: World, password: str) -> None:
    world.invite()
    code = world.newest_code()
    with pytest.raises(Invalid):
        world.redeem(code, password)
    world.redeem(code)


@pytest.mark.parametrize("password", ["  spaces at both ends  ", "nul\0inside it", "🦊🐻🐼🐨🐯🦁🐮🐷", "zxy" * 24 + "A", "w8!" * 42 + "w8"])
def test_what_was_accepted_works_exactly_as_it_was_typed(world: World, password: str) -> None:
    """A-087: nothing is trimmed, cut or dropped."""
    world.invite()
    world.redeem(world.newest_code(), password)
    assert world.sign_in("jane", password).token
    for other in (password.strip() if password != password.strip() else password + " ", password[:-1], password.upper() + "x"):
        with pytest.raises(Exception, match="Login failed"):
            world.sign_in("jane", other, now=world.now + timedelta(hours=1))


def test_composed_and_decomposed_spellings_are_one_password(world: World) -> None:
    """A-087."""
    world.invite()
    world.redeem(world.newest_code(), "Sigur Ro\u0301s Ågætis")
    assert world.sign_in("jane", "Sigur R\u00f3s A\u030agætis").token


@pytest.mark.parametrize(("expiry", "after", "good"), [
    ("1", timedelta(seconds=59), True), ("1", timedelta(seconds=60), False), ("60", 60 * MINUTE, False), ("0", timedelta(0), False),
    ("-1", timedelta(days=3650), True),
])
def test_a_link_works_for_n_minutes_for_ever_or_never(world: World, expiry: str, after: timedelta, good: bool) -> None:
    """A-010."""
    set_policy(world, expiry=expiry)
    user = world.invite()
    code = Code.objects.within(world.tenant).get()
    text = onboarding.link_of(world.house, world.tenant, user, code)
    if good:
        world.redeem(code_in(text), now=world.now + after)
        return
    for attempt in (recovery.open_link, recovery.open_link):
        with pytest.raises(DeadCode) as dead:
            attempt(world.house, world.tenant, code_in(text), world.now + after)
        assert dead.value.reason == "expired"


def test_expiry_is_fixed_when_the_code_is_issued(world: World) -> None:
    """A-010: a later setting neither lengthens nor shortens what is out."""
    set_policy(world, expiry="10")
    world.invite()
    code = world.newest_code()
    set_policy(world, expiry="1")
    recovery.open_link(world.house, world.tenant, code, world.now + 9 * MINUTE)
    set_policy(world, expiry="-1")
    with pytest.raises(DeadCode):
        recovery.open_link(world.house, world.tenant, code, world.now + 10 * MINUTE)


def test_a_form_that_was_open_when_the_code_expired_is_dead(world: World) -> None:
    set_policy(world, expiry="5")
    world.invite()
    ticket = recovery.open_link(world.house, world.tenant, world.newest_code(), world.now)
    with pytest.raises(DeadCode):
        recovery.set_password(world.house, world.tenant, ticket, PASSWORD, NETWORK, world.now + 5 * MINUTE)


def test_a_form_left_open_for_an_hour_is_opened_anew_from_the_link(world: World) -> None:
    world.invite()
    code = world.newest_code()
    ticket = recovery.open_link(world.house, world.tenant, code, world.now)
    with pytest.raises(DeadCode):
        recovery.form(world.house, world.tenant, ticket, world.now + 60 * MINUTE)
    recovery.open_link(world.house, world.tenant, code, world.now + 60 * MINUTE)
    assert Ticket.objects.within(world.tenant).count() == 1


def test_only_the_newest_link_works_after_resending(world: World) -> None:
    """A-011."""
    user = world.invite()
    codes = [world.newest_code()]
    for minute in range(1, 4):
        onboarding.resend(world.house, world.by, user.id, world.now + minute * MINUTE)
        codes.append(world.newest_code(now=world.now + minute * MINUTE))
    assert len(set(codes)) == 4
    for old in codes[:-1]:
        with pytest.raises(DeadCode) as dead:
            world.redeem(old, now=world.now + 5 * MINUTE)
        assert dead.value.reason == "superseded"
    world.redeem(codes[-1], now=world.now + 5 * MINUTE)


def test_an_open_form_of_a_superseded_link_is_dead_too(world: World) -> None:
    """A-011: the ticket does not outlive its code."""
    user = world.invite()
    ticket = recovery.open_link(world.house, world.tenant, world.newest_code(), world.now)
    onboarding.resend(world.house, world.by, user.id, world.now)
    with pytest.raises(DeadCode) as dead:
        recovery.set_password(world.house, world.tenant, ticket, PASSWORD, NETWORK, world.now)
    assert dead.value.reason == "superseded"


def test_a_new_link_goes_to_a_corrected_address_and_the_old_one_dies(world: World) -> None:
    """A-011: re-issued to another address, the first recipient holds nothing."""
    user = world.invite(mail="wrong@example.com")
    wrong = world.newest_code("wrong@example.com")
    users.change(world.house, world.by, user.id, Changes(profile=Profile(emails=(Email("right@example.com"),))), world.now)
    onboarding.resend(world.house, world.by, user.id, world.now)
    with pytest.raises(DeadCode):
        world.redeem(wrong)
    world.redeem(world.newest_code("right@example.com"))


def test_a_revoked_link_is_withdrawn_and_cannot_be_renewed_by_its_holder(world: World) -> None:
    user = world.invite()
    code = world.newest_code()
    onboarding.revoke(world.house, world.by, user.id, world.now)
    with pytest.raises(DeadCode) as dead:
        world.redeem(code)
    assert dead.value.reason == "revoked"
    forgotten.ask_again(world.house, world.tenant, code, NETWORK, world.now + 5 * MINUTE)
    assert len(world.mails()) == 1
    assert users.get(world.by, user.id).standing.pending == "PENDING_AP"


def test_only_the_exact_code_opens_anything(world: World) -> None:
    """A-008, A-009."""
    world.invite()
    code = world.newest_code()
    before = counts()
    wrong = [code[:length] for length in range(43)] + [code.swapcase(), code + "=", code + " ", " " + code, code + "\0", code + "\n",
                                                       code[1:] + "A"]
    wrong += [code[:at] + ("A" if code[at] != "A" else "B") + code[at + 1:] for at in range(43)]
    for text in wrong:
        with pytest.raises(DeadCode) as dead:
            recovery.open_link(world.house, world.tenant, text, world.now)
        assert dead.value.reason == "unknown"
    assert counts() == before
    world.redeem(code)


def test_a_link_of_one_tenant_is_unknown_in_another(world: World) -> None:
    """A-006."""
    user = world.invite()
    other = other_world(world)
    code = world.newest_code()
    ticket = recovery.open_link(world.house, world.tenant, code, world.now)
    for attempt in (lambda: recovery.open_link(world.house, other.tenant, code, world.now),
                    lambda: recovery.open_link(world.house, other.tenant, code, world.now),
                    lambda: recovery.form(world.house, other.tenant, ticket, world.now),
                    lambda: recovery.set_password(world.house, other.tenant, ticket, PASSWORD, NETWORK, world.now)):
        with pytest.raises(DeadCode) as dead:
            attempt()
        assert dead.value.reason == "unknown"
    assert users.get(world.by, user.id).standing.pending == "PENDING_AP"


def test_a_session_or_ticket_is_no_code_and_a_code_no_ticket(world: World) -> None:
    """A-005."""
    world.add("sam")
    world.invite()
    code, token = world.newest_code(), world.sign_in("sam").token
    ticket = recovery.open_link(world.house, world.tenant, code, world.now)
    for text in (token, ticket):
        with pytest.raises(DeadCode):
            recovery.open_link(world.house, world.tenant, text, world.now)
    for text in (token, code):
        with pytest.raises(DeadCode):
            recovery.set_password(world.house, world.tenant, text, PASSWORD, NETWORK, world.now)


@pytest.mark.parametrize("dead", ["expired", "superseded"])
def test_the_holder_of_a_dead_link_gets_a_new_one_at_the_stored_address(world: World, dead: str) -> None:
    set_policy(world, expiry="5")
    user = world.invite()
    code, later = world.newest_code(), world.now + 10 * MINUTE
    if dead == "superseded":
        onboarding.resend(world.house, world.by, user.id, world.now)
    sent = len(world.mails())
    forgotten.ask_again(world.house, world.tenant, code, NETWORK, later)
    mails = world.mails(now=later)
    assert (len(mails), mails[-1]["To"]) == (sent + 1, "jane@example.com")
    world.redeem(code_in(link_in(mails[-1])), now=later)


def test_asking_again_is_limited_and_tells_nothing(world: World) -> None:
    """A-042: a pause of a minute, five messages an hour."""
    set_policy(world, expiry="0")
    user = world.invite()
    code = code_in(onboarding.link_of(world.house, world.tenant, user, Code.objects.within(world.tenant).get()))
    for second in range(0, 1800, 20):
        forgotten.ask_again(world.house, world.tenant, code, NETWORK, world.now + timedelta(seconds=second))
    assert Code.objects.within(world.tenant).count() == 5
    forgotten.ask_again(world.house, world.tenant, "x" * 43, NETWORK, world.now)
    assert Code.objects.within(world.tenant).count() == 5


def test_a_used_link_renews_nothing(world: World) -> None:
    world.invite()
    code = world.newest_code()
    world.redeem(code)
    before = counts(audit=True)
    forgotten.ask_again(world.house, world.tenant, code, NETWORK, world.now + 60 * MINUTE)
    assert counts(audit=True) == before


def test_an_administrator_may_resend_at_once_and_as_help_desk(world: World) -> None:
    world.add("desk", role=HELP_DESK)
    user = world.invite()
    for _ in range(7):
        view = onboarding.resend(world.house, world.acting_as("desk"), user.id, world.now).invitation
    assert (view.state, view.recipient) == ("queued", "jane@example.com")


def test_resend_is_the_first_invitation_of_a_user_created_without_a_password(world: World) -> None:
    user = world.add("jane", None)
    onboarding.resend(world.house, world.by, user.id, world.now)
    assert users.get(world.by, user.id).standing.pending == "PENDING_AP"
    assert [mail["Subject"] for mail in world.mails()] == ["Set your password"]


def test_resend_is_refused_for_who_has_a_password_is_disabled_or_cannot_be_reached(world: World) -> None:
    has, off, silent = world.add("has"), world.add("off", None), world.add("silent", None, mail="")
    users.change(world.house, world.by, off.id, Changes(disabled=True), world.now)
    before = counts(audit=True)
    for user in (has, off, silent):
        with pytest.raises(Invalid):
            onboarding.resend(world.house, world.by, user.id, world.now)
    set_policy(world, enable="false")
    with pytest.raises(FeatureOff):
        onboarding.resend(world.house, world.by, silent.id, world.now)
    assert {**counts(audit=True), "Setting": 0, "AuditEntry": 0} == {**before, "Setting": 0, "AuditEntry": 0}


def test_a_link_for_handing_over_sends_nothing_and_ends_the_mailed_one(world: World) -> None:
    user = world.invite()
    mailed = world.newest_code()
    link = onboarding.offline_link(world.house, world.by, user.id, world.now)
    assert link.startswith(world.house.config.base_url)
    assert len(world.mails()) == 1
    with pytest.raises(DeadCode):
        world.redeem(mailed)
    world.redeem(code_in(link))
    assert not users.get(world.by, user.id).email_verified


def test_unlocked_while_pending_if_the_tenant_wants_it_but_nobody_gets_in(world: World) -> None:
    set_policy(world, lock="false")
    user = world.invite()
    assert (user.standing.locked, user.standing.state) == (False, "PENDING_AP")
    with pytest.raises(Exception, match="Login failed"):
        world.sign_in("jane", "")


def test_locked_while_pending_is_the_default(world: World) -> None:
    assert world.invite().standing.locks == {PENDING_ASK_PASSWORD}


def test_no_activation_notice_where_it_is_switched_off(world: World) -> None:
    set_policy(world, notice="false")
    world.invite()
    world.redeem(world.newest_code())
    assert len(world.mails()) == 1


def test_the_mail_names_whom_to_ask(world: World) -> None:
    set_policy(world, support="helpdesk@acme.example")
    world.invite()
    assert "helpdesk@acme.example" in text_of(world.mails()[0])


def test_an_invitation_is_one_record_with_a_life(world: World) -> None:
    user = world.invite()

    def states() -> list[str]:
        return [invitation.state for invitation in onboarding.invitations(world.by, user.id, world.now + MINUTE)]

    assert states() == ["queued"]
    code = world.newest_code()
    assert states() == ["sent"]
    recovery.open_link(world.house, world.tenant, code, world.now)
    assert states() == ["opened"]
    onboarding.resend(world.house, world.by, user.id, world.now + MINUTE)
    assert states() == ["queued", "superseded"]
    world.redeem(world.newest_code(now=world.now + MINUTE), now=world.now + MINUTE)
    assert states() == ["redeemed", "superseded"]


def test_a_disabled_account_stays_closed_after_its_link_was_used(world: World) -> None:
    """A-022."""
    user = users.create(world.house, world.by, NewUser(split_username("jane"), Profile(emails=(Email("jane@example.com"),)),
                                                       ask_password=True,
                                                       disabled=True), world.now)
    world.redeem(world.newest_code())
    assert users.get(world.by, user.id).standing.state == "DISABLED"
    with pytest.raises(Exception, match="Login failed"):
        world.sign_in("jane")
