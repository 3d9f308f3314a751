"""WSO2's user API: send a message again, confirm an address, look into a code (reference 4.1)."""

from __future__ import annotations

from typing import Annotated, get_args
from uuid import UUID

import msgspec

from housekey.api.asked import Property, Text, UserAsked, UserTold, dead, name_of, single, told, typed_by
from housekey.api.door import Answer, Call, Problem, route
from housekey.api.reading import Body
from housekey.core.errors import NotFound, NothingPending, Refused
from housekey.core.principal import CODE_CREATE, CODE_VIEW
from housekey.core.scenario import Method
from housekey.core.users import Invite
from housekey.operations import confirmation, pending, recovery
from housekey.web.house import house, now

ROOT = "/api/identity/user/v1.0"
_TAG = "User codes"
_TYPED = "A one-time code needs the properties `username` (bare) and, for a user outside PRIMARY, `realm`."
PLAIN = "text/plain; charset=utf-8"


class ResendAsked(Body):
    user: UserAsked
    properties: list[Property] = []


class Channel(Body):
    """Where the code arrived. Taken and not needed: the code itself knows."""

    type: Text = ""
    claim: Text = ""


class CodeAsked(Body, rename={"channel": "verifiedChannel"}):
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    channel: Channel | None = None
    properties: list[Property] = []


class CodeTold(Body, rename={"scenario": "recoveryScenario", "step": "recoveryStep"}):
    user: UserTold
    scenario: str
    step: str


def _nothing(refusal: Refused) -> Problem | None:
    """Without a code of its own, the sentence as message: WSO2's clients look for it there. An unknown user is like one who waits
    for nothing."""
    if isinstance(refusal, NothingPending | NotFound):
        return Problem(400, None, None, message=NothingPending.SENTENCE)
    return None


@route("POST", f"{ROOT}/resend-code", scope=CODE_CREATE, summary="Send a pending message again", tag=_TAG, body=ResendAsked,
       answers={201: str}, refusals=_nothing,
       description="The older message dies. The body of the answer is empty, or the bare code where another system delivers codes. A "
       "scenario of the invitation or reset family stands for whichever of the two is pending. Further properties: `InvitationMethod` "
       "(EMAIL_LINK, EMAIL_OTP or SMS_OTP), `ExpiryTime` in minutes (-1: never), `Locale`. `userId` may stand for the name.",
       example={"user": {"username": "alex", "realm": "PRIMARY"}, "properties": [{"key": "RecoveryScenario", "value": "ASK_PASSWORD"}]})
def resend(call: Call) -> Answer:
    asked, scenario, invite = call.body.user, single(call.body.properties, "RecoveryScenario"), _invite(call.body.properties)
    if asked.user_id and not asked.username:
        issued = pending.resend_by_id(house(), call.by, _id(asked.user_id), scenario, now(), invite=invite)
    else:
        issued = pending.resend_by_name(house(), call.by, name_of(call, asked), scenario, now(), invite=invite)
    return Answer(201, issued.code, content_type=PLAIN)


@route("POST", f"{ROOT}/validate-code", scope=CODE_CREATE, summary="Confirm an e-mail address by its code", tag=_TAG, body=CodeAsked,
       answers={202: UserTold}, refusals=dead, example={"code": "uYVbP9m0P0uRrSqjBfR0Hp7kq3mXb9YVt2n3zq0mJxE", "properties": []},
       description=f"Spends the code of verifyEmail and opens the account. {_TYPED}")
def validate(call: Call) -> Answer:
    code = call.body.code.strip()
    username = typed_by(call, code, call.body.properties)
    return Answer(202, told(call, confirmation.confirm(house(), call.tenant, code, call.network, now(), username=username)))


@route("POST", f"{ROOT}/introspect-code", scope=CODE_VIEW, summary="Look whose code it is and what for", tag=_TAG, body=CodeAsked,
       answers={202: CodeTold}, refusals=dead, example={"code": "uYVbP9m0P0uRrSqjBfR0Hp7kq3mXb9YVt2n3zq0mJxE", "properties": []},
       description=f"Any code that can still be used; it is not spent. {_TYPED}")
def introspect(call: Call) -> Answer:
    code = call.body.code.strip()
    username = typed_by(call, code, call.body.properties)
    found = recovery.introspect(house(), call.tenant, code, call.network, now(), username=username)
    return Answer(202, CodeTold(user=told(call, found), scenario=found.scenario.public_name, step=found.scenario.step))


def _invite(properties: list[Property]) -> Invite:
    """How this one message differs. Raises Problem 400."""
    wanted, minutes = single(properties, "InvitationMethod"), single(properties, "ExpiryTime")
    method = next((item for item in get_args(Method) if item == wanted and item != "OFFLINE"), None)
    if wanted and method is None:
        raise Problem(400, 400, f"InvitationMethod: “{wanted[:40]}” is none of EMAIL_LINK, EMAIL_OTP, SMS_OTP.")
    try:
        return Invite(method, int(minutes[:10]) if minutes else None, single(properties, "Locale"))
    except ValueError:
        raise Problem(400, 400, f"ExpiryTime: “{minutes[:40]}” is not a whole number of minutes.") from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NothingPending from None
