"""Inviting: issue, send again, hand over, extend, withdraw; and the answer to "send me a new one" from a dead page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Subquery

from housekey.conf.house import House
from housekey.core.account import Standing
from housekey.core.codes import MAX_MINUTES, expiry, is_live
from housekey.core.errors import FeatureOff, Invalid, NotFound, NothingPending
from housekey.core.links import invitation_link
from housekey.core.names import Tenant, UserName
from housekey.core.policy import Policy
from housekey.core.principal import CODE_CREATE, CODE_DELETE, OFFLINE_INVITE, USER_VIEW, Principal
from housekey.core.properties import ENABLE, LOCK
from housekey.core.scenario import SCENARIOS, Scenario, scenario_for
from housekey.core.users import Invitation, InvitationState, Invite, Issued, Profile, User
from housekey.operations import accounts, audit, codes, directories, reminders, sending
from housekey.operations.codes import AT_ONCE
from housekey.operations.policies import effective
from housekey.operations.roles import must_outrank
from housekey.operations.transactions import durable, nothing
from housekey.store import hot
from housekey.store.models import Account, Code, Message

HANDED_OVER = Invite(method="OFFLINE")


def must_be_on(policy: Policy) -> None:
    """Raise FeatureOff, naming the setting, unless users may be invited."""
    item = policy.items[ENABLE]
    if item.on:
        return
    where = (
        f"{item.pinned} in deployment.toml is false."
        if item.pinned
        else "the setting enable_email_verification ([identity_mgt.user_onboarding] in deployment.toml; "
        "“Invite users to set their own password” in the console) is off. Turn it on, or create the user with a password."
    )
    raise FeatureOff(f"Users cannot be invited: {where}", setting=item.pinned or "enable_email_verification", field="askPassword")


def scenario(policy: Policy, profile: Profile, special: Invite = AT_ONCE) -> Scenario:
    """How an invitation would travel: as asked, else by the person's own channel, else as the tenant has set."""
    return scenario_for("invitation", special.method or profile.suited(policy.invitation_method))


def check_minutes(minutes: int) -> None:
    """Raise Invalid for a life that cannot be."""
    if not -1 <= minutes <= MAX_MINUTES:
        raise Invalid(f"The expiry time must be a number of minutes from -1 (never) to {MAX_MINUTES}.", field="expiryTime")


def check_special(by: Principal, special: Invite) -> None:
    """Raise Invalid for a life or language that cannot be, NotPermitted for a link back without the permission for it."""
    if special.minutes is not None:
        check_minutes(special.minutes)
    if len(special.locale) > 35 or not all(part.isalnum() for part in special.locale.replace("_", "-").split("-") if special.locale):
        raise Invalid("The locale must be a language tag such as en or de-AT.", field="locale")
    if special.method == "OFFLINE":
        by.must(OFFLINE_INVITE)


def invited_standing(standing: Standing, policy: Policy) -> Standing:
    return standing.invited(lock=policy.on(LOCK))


def invite(
    house: House,
    by: Principal,
    user: User,
    policy: Policy,
    now: datetime,
    *,
    special: Invite = AT_ONCE,
    again: bool = False,
    event: str = "",
) -> Code:
    """The step that issues and enqueues, inside an operation's transaction."""
    event = event or ("invitation:offline" if special.method == "OFFLINE" else "invitation:resend" if again else "invitation:issue")
    chosen = scenario(policy, user.profile, special)
    return sending.send_code(house, by, user, policy, chosen, now, special=special, again=again, event=event)


def handed_out(house: House, tenant: Tenant, policy: Policy, user: User, code: Code) -> str:
    """What the caller's answer carries of a new code: the invitation's link to hand over, what another system has to deliver, or nothing.
    A reset's offline code is never in it: reading that takes a permission of its own."""
    if codes.scenario_of(code) == scenario_for("invitation", "OFFLINE"):
        return link_of(house, tenant, user, code)
    return sending.handed_out(house, policy, code)


def resend(
    house: House, by: Principal, user_id: UUID, now: datetime, *, invite: Invite = AT_ONCE, also: Callable[[Code], object] = nothing
) -> Issued:
    """Send a new invitation; the older one dies. Also the first one, for a user created without a password.

    Raises Invalid for a user who has a password already, FeatureOff, NotFound, NotPermitted.
    """
    by.must(CODE_CREATE)
    check_special(by, invite)
    policy = effective(house, by.tenant)
    must_be_on(policy)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        user = accounts.user(by.tenant, account)
        _must_be_invitable(user)
        code = reissue(house, by, account, user, policy, now, special=invite)
        text = handed_out(house, by.tenant, policy, user, code)
        also(code)
    return Issued(view_of(by.tenant, code.id, now), text)


def reissue(
    house: House, by: Principal, account: Account, user: User, policy: Policy, now: datetime, *, special: Invite = AT_ONCE, event: str = ""
) -> Code:
    """The step that replaces whatever was pending by a new invitation, in the way the last one went unless asked otherwise."""
    directories.must_be_writable(directories.person(by.tenant, account), user.name)
    special = kept(codes.last(by.tenant, account.id), special, "invitation")
    sending.must_deliver(by, policy, scenario(policy, user.profile, special))
    codes.end_live(by.tenant, account.id, "superseded", now)
    accounts.put(account, invited_standing(user.standing, policy), now)
    return invite(house, by, user, policy, now, special=special, again=user.standing.pending == "PENDING_AP", event=event)


def kept(last: Code | None, asked: Invite, purpose: str) -> Invite:
    """What was special about the last message stays unless the caller asks for something else. A code handed over is not repeated
    that way: sending again means sending."""
    if last is None or codes.scenario_of(last).purpose != purpose:
        return asked
    method = codes.scenario_of(last).method
    return Invite(
        asked.method or (method if method != "OFFLINE" else None),
        last.minutes if asked.minutes is None else asked.minutes,
        asked.locale or last.locale,
    )


def _must_be_invitable(user: User) -> None:
    if user.standing.disabled:
        raise Invalid(f"{user.name} is disabled. Enable the account first.", field="active")
    if user.standing.has_password or user.standing.pending not in {"", "PENDING_AP"}:
        raise Invalid(
            f"{user.name} has set a password already. To make them choose a new one, use forcePasswordReset.", field="askPassword"
        )


def offline_link(house: House, by: Principal, user_id: UUID, now: datetime) -> str:
    """A set-password link to hand over in person, shown once; no message goes out. Supersedes what was pending."""
    by.must(OFFLINE_INVITE)
    policy = effective(house, by.tenant)
    must_be_on(policy)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        user = accounts.user(by.tenant, account)
        _must_be_invitable(user)
        code = reissue(house, by, account, user, policy, now, special=HANDED_OVER)
    return link_of(house, by.tenant, user, code)


def offline_link_by_name(house: House, by: Principal, name: UserName, now: datetime) -> str:
    """As `offline_link`, by name."""
    by.must(OFFLINE_INVITE)
    account = hot.account_by_name(by.tenant.id, name.domain, name.key)
    if account is None:
        raise NotFound(f"There is no user called {name}.", code="18003")
    return offline_link(house, by, account.id, now)


def link_of(house: House, tenant: Tenant, user: User, code: Code) -> str:
    return invitation_link(house.config.base_url, tenant.domain, codes.text_of(house, code), user.name.domain, user.name.bare)


def revoke(
    house: House,  # noqa: ARG001 - every operation takes the house
    by: Principal,
    user_id: UUID,
    now: datetime,
    *,
    also: Callable[[None], object] = nothing,
) -> None:
    """Withdraw the pending code: it stops working; the account stays as it is (a forced reset ends only by a new password)."""
    by.must(CODE_DELETE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        codes.end_live(by.tenant, account.id, "revoked", now)
        audit.record(by, "invitation:revoke", now, target=account.name_key, target_id=account.id)
        also(None)


def extend(
    house: House,
    by: Principal,
    user_id: UUID,
    minutes: int,
    now: datetime,
    *,
    also: Callable[[Code], object] = nothing,
) -> Invitation:
    """Give the pending code a new end, `minutes` from now (-1: never). Nothing is sent; a reminder moves along. Raises NothingPending,
    Invalid."""
    by.must(CODE_CREATE)
    check_special(by, Invite(minutes=minutes))
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        code = codes.live(by.tenant, account.id)
        if code is None or codes.scenario_of(code).purpose not in {"invitation", "reset", "confirmation"}:
            raise NothingPending("Nothing is pending for this user, so there is nothing to extend.")
        if not code.sent and _cannot_arrive(by.tenant, code):
            raise Invalid("This code expired before it was sent. Send a new one.", field="user")
        code.expires = expiry(now, minutes)
        code.save(update_fields=["expires"])
        reminders.move(by.tenant, effective(house, by.tenant), code, now)
        audit.record(by, "invitation:extend", now, target=account.name_key, target_id=account.id, minutes=minutes)
        also(code)
    return view_of(by.tenant, code.id, now)


def _cannot_arrive(tenant: Tenant, code: Code) -> bool:
    """Was its text erased, or its message withdrawn, before anybody had it?"""
    erased = code.shape != "" and code.sealed is None
    return erased or bool(reminders.proper(Message.objects.aside(tenant)).filter(code=code, state="withdrawn").exists())


def invitations(by: Principal, user_id: UUID, now: datetime) -> list[Invitation]:
    """Every code of a user with its life, newest first."""
    by.must(USER_VIEW)
    found = Code.objects.within(by.tenant).filter(account_id=user_id).order_by("-issued").prefetch_related(_messages(by.tenant))[:50]
    return [seen(code, now) for code in found]


def newest(by: Principal, ids: list[UUID], now: datetime) -> dict[UUID, Invitation]:
    """The last invitation, reset or confirmation of each of these users: two queries, however many users. Raises NotPermitted."""
    by.must(USER_VIEW)
    ours = [item.name for item in SCENARIOS if item.purpose in {"invitation", "reset", "confirmation"}]
    codes_of = Code.objects.within(by.tenant).filter(account_id=OuterRef("account_id"), scenario__in=ours).order_by("-issued", "id")
    found = Code.objects.within(by.tenant).filter(account_id__in=ids, id=Subquery(codes_of.values("id")[:1]))
    return {code.account_id: seen(code, now) for code in found.prefetch_related(_messages(by.tenant))}


def view_of(tenant: Tenant, code_id: UUID, now: datetime) -> Invitation:
    return seen(Code.objects.within(tenant).prefetch_related(_messages(tenant)).get(id=code_id), now)


def _messages(tenant: Tenant) -> Prefetch[Any]:
    return Prefetch("messages", Message.objects.aside(tenant))


def seen(code: Code, now: datetime) -> Invitation:
    """A code with its messages, as administrators see it."""
    message = reminders.main(code.messages.all()) if code.recipient else None
    return Invitation(
        id=code.id,
        scenario=code.scenario,
        recipient=code.recipient,
        state=_state(code, message.state if message else "", now),
        issued=code.issued,
        expires=code.expires,
        sent=code.sent,
        opened=code.opened,
        ended=code.spent or code.dead,
        error=message.error if message else "",
        attempts=message.attempts if message else 0,
        channel=codes.scenario_of(code).channel,
        tries=code.tries,
    )


def _state(code: Code, delivery: str, now: datetime) -> InvitationState:
    if code.spent:
        return "redeemed"
    if code.dead:
        return {"revoked": "revoked", "exhausted": "exhausted"}.get(code.dead_reason, "superseded")  # type: ignore[return-value] # all of them states
    if not is_live(code.expires, now):
        return "expired"
    if code.opened:
        return "opened"
    if delivery == "failed" or (delivery == "withdrawn" and not code.sent):
        return "failed"
    if not delivery:
        return "issued"
    return "sent" if code.sent else "queued"
