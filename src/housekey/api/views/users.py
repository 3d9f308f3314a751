"""WSO2's offline-invite-link and change-password (reference 4.4, 4.5), and Housekey's own view of a user's invitations (spec section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from django.http import HttpResponse
from msgspec import UNSET, UnsetType

from housekey.api.asked import Text, bare
from housekey.api.door import Answer, Call, Problem, route
from housekey.api.reading import Body
from housekey.api.session import browser_or_token
from housekey.core.errors import Invalid, NotFound, NothingPending, PasswordRefused, Refused, WrongCredentials
from housekey.core.principal import CODE_CREATE, CODE_DELETE, OFFLINE_INVITE, OWN_PASSWORD, USER_VIEW
from housekey.core.scenario import of
from housekey.core.users import Invitation, Invite, Issued
from housekey.operations import onboarding, own_password, pending, resets, users
from housekey.web import cookies
from housekey.web.house import house, now

ROOT = "/api/users/v1"
_INVITATIONS = f"{ROOT}/{{user}}/invitations"
_TAG = "Users"
PLAIN = "text/plain; charset=utf-8"
_NO_LINK = "Unable to generate user invite link."

Sending = Literal["EMAIL_LINK", "EMAIL_OTP", "SMS_OTP"]


class LinkAsked(Body):
    username: Text
    userstore: Text = ""


class PasswordChange(Body, rename="camel"):
    current_password: str = ""
    new_password: str = ""


class InvitationAsked(Body, rename="camel"):
    """How this one message differs from the tenant's settings. `expiryTime` in minutes, -1 for ever. `returnLink`: a link to hand over
    instead of a message."""

    method: Sending | None = None
    expiry_time: int | None = None
    locale: Annotated[str, msgspec.Meta(max_length=35)] = ""
    return_link: bool = False


class ResetAsked(Body, rename="camel"):
    method: Sending | None = None
    expiry_time: int | None = None
    locale: Annotated[str, msgspec.Meta(max_length=35)] = ""


class Extended(Body, rename="camel"):
    """Minutes from now, -1 for ever."""

    expiry_time: int


class InvitationTold(Body):
    """One code and its life. `channel` is EMAIL or SMS, empty for one handed over; `expires` is null for one that never does; `error` is
    the last delivery error in words."""

    id: UUID
    scenario: str
    state: str
    method: str
    channel: str
    recipient: str
    issued: datetime
    sent: datetime | None
    opened: datetime | None
    ended: datetime | None
    expires: datetime | None
    attempts: int
    tries: int
    error: str
    link: str | UnsetType = UNSET
    """Only on the answer that made it, and only where it is handed over."""
    code: str | UnsetType = UNSET
    """Only on the answer that made it, and only where another system delivers it."""


def _link_words(refusal: Refused) -> Problem | None:
    if isinstance(refusal, NotFound):
        return Problem(404, refusal.code, refusal.sentence, message=_NO_LINK)
    if isinstance(refusal, Invalid):
        disabled = refusal.field == "active"
        return Problem(409 if disabled else 400, "17004" if disabled else refusal.code, refusal.sentence, message=_NO_LINK)
    return None


@route("POST", f"{ROOT}/offline-invite-link", scope=OFFLINE_INVITE, summary="Make a link to hand over in person", tag=_TAG, body=LinkAsked,
       answers={201: str}, errors=(409,), refusals=_link_words, example={"username": "alex", "userstore": "PRIMARY"},
       description="The link is the body and the Location. No message goes out; what was pending for the user ends.")
def link(call: Call) -> Answer:
    found = onboarding.offline_link_by_name(house(), call.by, bare(call, call.body.username, call.body.userstore), now())
    return Answer(201, found, {"Location": found}, PLAIN)


def _password_words(refusal: Refused) -> Problem | None:
    if isinstance(refusal, WrongCredentials):
        return Problem(400, "PWD-10001", "currentPassword: this is not your present password.")
    if isinstance(refusal, PasswordRefused):
        return Problem(400, "PWD-10003", f"newPassword: {refusal.sentence}")
    return None


@route("POST", f"{ROOT}/me/change-password", scope=OWN_PASSWORD, summary="Change one's own password", tag=_TAG, body=PasswordChange,
       answers={204: None}, refusals=_password_words, authenticate=browser_or_token,
       example={"currentPassword": "correct horse battery staple", "newPassword": "seven purple umbrellas tonight"},
       description="A page of this server may call it with the browser's session; HTTP Basic is refused, and a client has no password "
       "of its own. All other sessions end, and the answer brings a new cookie.")
def change_password(call: Call) -> Answer:
    current, new = call.body.current_password, call.body.new_password
    for name, value in (("currentPassword", current), ("newPassword", new)):
        if not value:
            raise Problem(400, "PWD-10000", f"{name} is missing.")
    if current == new:
        raise Problem(400, "PWD-10002", "newPassword: choose another one than the present password.")
    agent = call.request.headers.get("User-Agent", "") if call.by.session_id is not None else None
    token = own_password.change_password(house(), call.by, current, new, agent=agent, now=now())
    return Answer(204, headers={"Set-Cookie": _cookie(token)} if token else {})


def _cookie(token: str) -> str:
    """The session cookie as a header, made where all are made."""
    carrier = HttpResponse()
    cookies.SESSION.put(carrier, token)
    return carrier.cookies.output(header="", sep="").strip()


@route("GET", _INVITATIONS, scope=USER_VIEW, summary="List a user's invitations, resets and other codes", tag=_TAG,
       answers={200: list[InvitationTold]}, description="The newest 50, newest first. `user` is the id that SCIM tells.")
def invitations(call: Call, user: str) -> Answer:
    users.get(call.by, _id(user))
    return Answer(200, [_told(item) for item in onboarding.invitations(call.by, _id(user), now())])


@route("POST", _INVITATIONS, scope=CODE_CREATE, summary="Invite a user, or send again what is pending", tag=_TAG, body=InvitationAsked,
       body_required=False, answers={201: InvitationTold}, example={"method": "EMAIL_LINK", "expiryTime": 2880, "locale": "de"},
       description="What was pending ends. `returnLink` needs internal_offline_invite as well.")
def invite(call: Call, user: str) -> Answer:
    asked = call.body or InvitationAsked()
    if asked.return_link and asked.method:
        raise Problem(400, 400, "method and returnLink exclude one another: a link to hand over travels by no method.")
    special = Invite("OFFLINE" if asked.return_link else asked.method, asked.expiry_time, asked.locale)
    return Answer(201, _issued(_sent(call, _id(user), special)))


def _sent(call: Call, user_id: UUID, special: Invite) -> Issued:
    """What is pending, else the first invitation."""
    if special.method != "OFFLINE":
        try:
            return pending.resend(house(), call.by, user_id, now(), invite=special)
        except NothingPending:
            pass
    return onboarding.resend(house(), call.by, user_id, now(), invite=special)


@route("PATCH", _INVITATIONS, scope=CODE_CREATE, summary="Extend what is pending", tag=_TAG, body=Extended, answers={200: InvitationTold},
       example={"expiryTime": 1440}, description="A new end, counted from now. Nothing is sent, and the code stays the same.")
def extend(call: Call, user: str) -> Answer:
    return Answer(200, _told(onboarding.extend(house(), call.by, _id(user), call.body.expiry_time, now())))


@route("DELETE", _INVITATIONS, scope=CODE_DELETE, summary="Withdraw what is pending", tag=_TAG, answers={204: None},
       description="The code stops working; the account stays as it is. 204 also where nothing was pending.")
def revoke(call: Call, user: str) -> Answer:
    onboarding.revoke(house(), call.by, _id(user), now())
    return Answer(204)


@route("POST", f"{ROOT}/{{user}}/password-reset", scope=CODE_CREATE, summary="Make a user choose a new password", tag=_TAG, body=ResetAsked,
       body_required=False, answers={202: InvitationTold}, example={"method": "EMAIL_OTP", "expiryTime": 60},
       description="The account is locked at once, its sessions and tokens end. Who never had a password is invited again.")
def reset(call: Call, user: str) -> Answer:
    asked = call.body or ResetAsked()
    special = Invite(asked.method, asked.expiry_time, asked.locale)
    return Answer(202, _issued(resets.force(house(), call.by, _id(user), now(), invite=special)))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"There is no user with the id {text[:64]}.") from None


def _told(item: Invitation) -> InvitationTold:
    scenario = of(item.scenario)
    return InvitationTold(
        id=item.id, scenario=scenario.public_name, state=item.state, method=scenario.method, channel=item.channel,
        recipient=item.recipient, issued=item.issued, sent=item.sent, opened=item.opened, ended=item.ended, expires=item.expires,
        attempts=item.attempts, tries=item.tries, error=item.error,
    )


def _issued(issued: Issued) -> InvitationTold:
    told = _told(issued.invitation)
    if issued.code and told.method == "OFFLINE":
        told.link = issued.code
    elif issued.code:
        told.code = issued.code
    return told
