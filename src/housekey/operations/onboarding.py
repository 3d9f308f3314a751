"""Inviting: issue, send again, withdraw; and the answer to "send me a new link" from a dead page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from housekey.conf.house import House
from housekey.core.account import Standing
from housekey.core.codes import is_live
from housekey.core.errors import DeadCode, FeatureOff, Invalid
from housekey.core.links import invitation_link
from housekey.core.messages import ASK_PASSWORD, RESEND_ASK_PASSWORD, NewMessage
from housekey.core.names import Tenant, organization_name
from housekey.core.policy import ENABLE, INVITE_EXPIRY, LOCK, ORGANIZATION, SUPPORT, Policy
from housekey.core.principal import CODE_CREATE, CODE_DELETE, OFFLINE_INVITE, USER_VIEW, Principal, anonymous
from housekey.core.users import Invitation, InvitationState, User
from housekey.delivery import outbox
from housekey.operations import accounts, audit, codes
from housekey.operations.policies import effective
from housekey.operations.roles import must_outrank
from housekey.operations.transactions import durable
from housekey.store.models import Account, Code, Message

AGAIN_AFTER = timedelta(seconds=60)
AGAIN_PER_HOUR = 5
"""Messages an anonymous holder of a dead link can cause per account and hour (A-042)."""


_EVENTS = {(False, True): "invitation:resend", (False, False): "invitation:ask-again"}
"""What the audit log calls an invitation that is not the first: sent again by somebody with permissions, or asked for from a dead page."""


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


def must_have_address(mail: str) -> None:
    if not mail:
        raise Invalid("askPassword needs an e-mail address to send the invitation to. Give the user one in emails.", field="emails")


def invite(house: House, by: Principal, user: User, policy: Policy, now: datetime, *, kind: str = ASK_PASSWORD) -> Code:
    """The step that issues and enqueues, inside an operation's transaction."""
    code = codes.issue(
        house, by, user.id, scenario=codes.ASK_PASSWORD, recipient=user.profile.mail, minutes=policy.number(INVITE_EXPIRY), now=now
    )
    outbox.enqueue(
        by.tenant,
        NewMessage(
            kind, code.recipient, message_fields(house, by.tenant, policy, user, code), user.profile.locale or "en", user.id, code.id
        ),
        now,
    )
    audit.record(
        by,
        _EVENTS.get((kind == ASK_PASSWORD, bool(by.permissions)), "invitation:issue"),
        now,
        target=str(user.name),
        target_id=user.id,
        to=code.recipient,
        expires=code.expires.isoformat() if code.expires else "never",
    )
    return code


def message_fields(house: House, tenant: Tenant, policy: Policy, user: User, code: Code | None = None) -> dict[str, str]:
    """The claims that the shipped templates name, copied: delivery never reads a user store."""
    fields = {
        "user-name": str(user.name),
        "user.claim.givenname": user.profile.given_name,
        "organization-name": organization(house, tenant, policy),
        "organization.support.mail": policy.text(SUPPORT),
        "userstore-domain": user.name.domain,
        "tenant-domain": tenant.domain,
    }
    if code is not None:
        fields["expires"] = code.expires.isoformat() if code.expires else ""
    return fields


def organization(house: House, tenant: Tenant, policy: Policy) -> str:
    return organization_name(policy.text(ORGANIZATION), tenant, house.config.base_url)


def invited_standing(standing: Standing, policy: Policy) -> Standing:
    return standing.invited(lock=policy.on(LOCK))


def resend(house: House, by: Principal, user_id: UUID, now: datetime) -> Invitation:
    """Send a new invitation; the older link dies. Also the first one, for a user created without a password.

    Raises Invalid for a user who has a password already, FeatureOff, NotFound, NotPermitted.
    """
    by.must(CODE_CREATE)
    policy = effective(house, by.tenant)
    must_be_on(policy)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        user = accounts.user(by.tenant, account)
        _must_be_invitable(user)
        must_have_address(user.profile.mail)
        first = user.standing.pending == ""
        code = _reissue(house, by, account, user, policy, now, kind=ASK_PASSWORD if first else RESEND_ASK_PASSWORD)
    return _view(Code.objects.within(by.tenant).prefetch_related(_messages(by)).get(id=code.id), now)


def _reissue(house: House, by: Principal, account: Account, user: User, policy: Policy, now: datetime, *, kind: str) -> Code:
    codes.end_live(by.tenant, account.id, "superseded", now)
    accounts.put(account, invited_standing(user.standing, policy), now)
    return invite(house, by, user, policy, now, kind=kind)


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
        codes.end_live(by.tenant, account.id, "superseded", now)
        accounts.put(account, invited_standing(user.standing, policy), now)
        code = codes.issue(house, by, account.id, scenario=codes.OFFLINE, recipient="", minutes=policy.number(INVITE_EXPIRY), now=now)
        audit.record(by, "invitation:offline", now, target=str(user.name), target_id=user.id)
    return link_of(house, by.tenant, user, code)


def link_of(house: House, tenant: Tenant, user: User, code: Code) -> str:
    return invitation_link(house.config.base_url, tenant.domain, codes.text_of(house, code), user.name.domain, user.name.bare)


def revoke(house: House, by: Principal, user_id: UUID, now: datetime) -> None:  # noqa: ARG001 - every operation takes the house
    """Withdraw the pending invitation: its link stops working; the account stays as it is."""
    by.must(CODE_DELETE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, user_id)
        codes.end_live(by.tenant, account.id, "revoked", now)
        audit.record(by, "invitation:revoke", now, target=account.name_key, target_id=account.id)


def ask_again(house: House, tenant: Tenant, text: str, network: str, now: datetime) -> None:
    """Somebody holding a dead but genuine link asks for a new one. Goes to the stored address only, and never tells anything.

    Nothing happens for a code that is unknown, alive, used or revoked; where the newest code was revoked or handed over in person; for
    an account that is no longer waiting; or too soon after the last message.
    """
    by = anonymous(tenant, network)
    try:
        code = codes.find(house, tenant, text)
    except DeadCode:
        return
    policy = effective(house, tenant)
    if not policy.on(ENABLE) or not _may_ask_again(code, now):
        return
    with durable():
        account = accounts.hold(tenant, code.account_id)
        user = accounts.user(tenant, account)
        waiting = user.standing.pending == "PENDING_AP" and not user.standing.disabled and bool(user.profile.mail)
        newest = Code.objects.within(tenant).filter(account=account).order_by("-issued").first()
        if waiting and newest is not None and _may_follow(newest, now) and not _too_soon(tenant, account, now):
            _reissue(house, by, account, user, policy, now, kind=RESEND_ASK_PASSWORD)


def _may_ask_again(code: Code, now: datetime) -> bool:
    try:
        codes.must_live(code, now)
    except DeadCode as dead:
        return dead.reason in {"expired", "superseded"}
    return False


def _may_follow(newest: Code, now: datetime) -> bool:
    """A withdrawn invitation stays withdrawn, and a link handed over in person is not ended by somebody with an old mail."""
    return newest.dead_reason != "revoked" and not (newest.scenario == codes.OFFLINE and is_live(newest.expires, now))


def _too_soon(tenant: Tenant, account: Account, now: datetime) -> bool:
    times = list(Code.objects.within(tenant).filter(account=account, issued__gt=now - timedelta(hours=1)).values_list("issued", flat=True))
    return len(times) >= AGAIN_PER_HOUR or any(issued > now - AGAIN_AFTER for issued in times)


def invitations(by: Principal, user_id: UUID, now: datetime) -> list[Invitation]:
    """Every invitation of a user with its life, newest first."""
    by.must(USER_VIEW)
    found = Code.objects.within(by.tenant).filter(account_id=user_id).order_by("-issued").prefetch_related(_messages(by))[:50]
    return [_view(code, now) for code in found]


def _messages(by: Principal) -> Prefetch[Any]:
    return Prefetch("messages", Message.objects.within(by.tenant))


def _view(code: Code, now: datetime) -> Invitation:
    message = max(code.messages.all(), key=lambda row: row.created, default=None) if code.recipient else None
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
    )


def _state(code: Code, delivery: str, now: datetime) -> InvitationState:
    if code.spent:
        return "redeemed"
    if code.dead:
        return "revoked" if code.dead_reason == "revoked" else "superseded"
    if not is_live(code.expires, now):
        return "expired"
    if code.opened:
        return "opened"
    if delivery == "failed":
        return "failed"
    return "sent" if code.sent else "queued"
