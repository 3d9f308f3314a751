"""WSO2's users recovery API v2: an application leads somebody from the name to the new password (reference 4.3). v1 is off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec

from housekey.api.asked import DEAD, Property, Text
from housekey.api.door import Answer, Call, Problem, route
from housekey.api.reading import Body
from housekey.core.claims import USERNAME
from housekey.core.errors import DeadCode, FeatureOff, PasswordRefused, Refused
from housekey.core.names import PRIMARY, UserName, findable, split_username
from housekey.core.principal import USER_RECOVERY
from housekey.operations import flows, forgotten, recovery
from housekey.operations.flows import Flow, Started
from housekey.web.house import house, now

ROOT = "/api/users/v2/recovery/password"
_TAG = "Password recovery v2"
_STEPS = ("init", "recover", "resend", "confirm", "reset")

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=flows.LONGEST)]


class Claim(Body):
    uri: Text
    value: Text


class InitAsked(Body):
    claims: list[Claim] = []
    properties: list[Property] = []


class RecoverAsked(Body, rename="camel"):
    recovery_code: Code
    channel_id: Text = "1"
    properties: list[Property] = []


class ResendAsked(Body, rename="camel"):
    resend_code: Code
    properties: list[Property] = []


class ConfirmAsked(Body, rename="camel"):
    """With `otp`, `confirmationCode` is the flow's code; without, it is the code of the link in the message."""

    confirmation_code: Code
    otp: Text = ""
    properties: list[Property] = []


class ResetAsked(Body, rename="camel"):
    """`flowConfirmationCode` may be left out by a page that somebody came to over a link; sent along, it has to be of the same user."""

    reset_code: Code
    password: str
    flow_confirmation_code: Annotated[str, msgspec.Meta(max_length=flows.LONGEST)] = ""
    properties: list[Property] = []


class Link(Body):
    rel: str
    href: str
    type: str = "POST"


class Channel(Body):
    id: str
    type: str
    value: str
    preferred: bool


class ChannelInfo(Body, rename="camel"):
    recovery_code: str
    channels: list[Channel]


class Way(Body, rename="camel"):
    mode: str
    flow_confirmation_code: str
    channel_info: ChannelInfo
    links: list[Link]


class Sent(Body, rename="camel", omit_defaults=True):
    """`confirmationCode` stands there only where another system delivers it."""

    code: str
    message: str
    flow_confirmation_code: str
    notification_channel: str
    resend_code: str
    links: list[Link]
    confirmation_code: str = ""


class Confirmed(Body, rename="camel"):
    reset_code: str
    links: list[Link]


class Done(Body):
    code: str
    message: str


class Retry(Body, rename="camel"):
    """A password that breaks rules: the reset code is still good."""

    code: str
    message: str
    description: str
    trace_id: str
    reset_code: str
    links: list[Link]


def _off(refusal: Refused) -> Problem | None:
    return Problem(403, "PWR-10004", refusal.sentence) if isinstance(refusal, FeatureOff) else None


@route("POST", f"{ROOT}/init", scope=USER_RECOVERY, summary="Find out how somebody can be reached", tag=_TAG, body=InitAsked,
       answers={200: list[Way]}, refusals=_off, example={"claims": [{"uri": USERNAME, "value": "alex"}], "properties": []},
       description="Only the user name finds anybody; other claims are answered in the same way and lead nowhere, as unknown names do.")
def init(call: Call) -> Answer:
    if not call.body.claims:
        raise Problem(400, "UAR-10004", f"claims: send the user name, as {USERNAME}.")
    flows.must_be_on(house(), call.tenant)
    name = _named(call.body.claims)
    rows = forgotten.channels(house(), call.by)
    channels = [Channel(id=row.id, type=row.type, value=row.value, preferred=row.id == "1") for row in rows]
    flow = Flow(name)
    way = Way(
        mode="recoverWithNotifications", flow_confirmation_code=flows.sign(house(), call.tenant, flow, "confirm", now()),
        channel_info=ChannelInfo(recovery_code=flows.sign(house(), call.tenant, flow, "recover", now()), channels=channels),
        links=_next(call, "recover"),
    )
    return Answer(200, [way])


@route("POST", f"{ROOT}/recover", scope=USER_RECOVERY, summary="Send the message", tag=_TAG, body=RecoverAsked,
       answers={202: Sent, 200: Sent}, errors=(406,), refusals=_off, example={"recoveryCode": "WyJQUklNQVJZIiwi…", "channelId": "1"},
       description="202 where Housekey sends the message, 200 with `confirmationCode` where another system does; that needs "
       "internal_offline_invite as well.")
def recover(call: Call) -> Answer:
    with _alive("UAR-10001", "UAR-10013"):
        flow = flows.read(house(), call.tenant, call.body.recovery_code, "recover", now())
    flows.must_be_on(house(), call.tenant)
    row = next((item for item in forgotten.channels(house(), call.by) if item.id == call.body.channel_id), None)
    if row is None:
        raise Problem(400, "UAR-10004", "channelId: there is no such channel. Take an id from the answer of init.")
    flow = Flow(flow.name, row.method)
    return _sent(call, flow, flows.start(house(), call.by, flow, now()), row.type)


def _sent(call: Call, flow: Flow, started: Started, channel: str, *, again: bool = False) -> Answer:
    inside = ("PWR-02001", "Password recovery information sent via user preferred notification channel.")
    outside = ("PWR-02002", "Password recovery information sent externally.")
    code, message = outside if started.external else inside
    if again:
        code, message = "UAR-02001", "Confirmation code resent to the user."
    sent = Sent(
        code=code, message=message, flow_confirmation_code=flows.sign(house(), call.tenant, flow, "confirm", now()),
        notification_channel="EXTERNAL" if started.external else channel, confirmation_code=started.code,
        resend_code=flows.sign(house(), call.tenant, flow, "resend", now()), links=_next(call, "resend", "confirm"),
    )
    return Answer(200 if started.external else 202, sent)


@route("POST", f"{ROOT}/resend", scope=USER_RECOVERY, summary="Send the message again", tag=_TAG, body=ResendAsked,
       answers={202: Sent, 200: Sent}, errors=(406,), refusals=_off, example={"resendCode": "WyJQUklNQVJZIiwi…"},
       description="At most once a minute and five times an hour; more often nothing goes out, and the answer is the same.")
def resend(call: Call) -> Answer:
    with _alive("UAR-10012", "UAR-10012"):
        flow = flows.read(house(), call.tenant, call.body.resend_code, "resend", now())
    channel = "SMS" if flow.method == "SMS_OTP" else "EMAIL"
    return _sent(call, flow, flows.start(house(), call.by, flow, now(), again=True), channel, again=True)


@route("POST", f"{ROOT}/confirm", scope=USER_RECOVERY, summary="Turn the code of the message into a reset code", tag=_TAG,
       body=ConfirmAsked, answers={200: Confirmed}, errors=(406,), example={"confirmationCode": "WyJQUklNQVJZIiwi…", "otp": "x7Kp3m"},
       description="A one-time code goes into `otp`, beside the flowConfirmationCode; the code of a link goes into `confirmationCode`, "
       "alone. It is not spent: that is done by the password. Five wrong one-time codes end it.")
def confirm(call: Call) -> Answer:
    code = call.body.confirmation_code.strip()
    with _alive("UAR-10015", "UAR-10016"):
        flow = flows.read(house(), call.tenant, code, "confirm", now()) if call.body.otp else None
        ticket = "" if flow else recovery.open_link(house(), call.tenant, code, now())
    if flow:
        with _alive("UAR-10001", "UAR-10013"):
            ticket = flows.confirm_otp(house(), call.tenant, flow, call.body.otp, call.network, now())
    return Answer(200, Confirmed(reset_code=ticket, links=_next(call, "reset")))


@route("POST", f"{ROOT}/reset", scope=USER_RECOVERY, summary="Set the new password", tag=_TAG, body=ResetAsked, answers={200: Done},
       errors=(406, 412), description="412 for a password that breaks rules: nothing is spent, try again with the same codes.",
       example={"resetCode": "dYq…", "flowConfirmationCode": "WyJQUklNQVJZIiwi…", "password": "seven purple umbrellas tonight"})
def reset(call: Call) -> Answer:
    ticket, flow_code = call.body.reset_code.strip(), call.body.flow_confirmation_code.strip()
    if not call.body.password:
        raise Problem(400, "PWR-10003", "password is missing.")
    if flow_code:
        with _alive("UAR-10015", "UAR-10016"):
            flow = flows.read(house(), call.tenant, flow_code, "confirm", now())
    try:
        with _alive("UAR-10001", "UAR-10013"):
            if flow_code:
                flows.must_be_of(house(), call.tenant, flow, ticket, now())
            recovery.set_password(house(), call.tenant, ticket, call.body.password, call.network, now())
    except PasswordRefused as refusal:
        retry = Retry(code="PWR-10006", message="Precondition Failed", description=refusal.sentence, trace_id=call.trace,
                      reset_code=ticket, links=_next(call, "reset"))
        return Answer(412, retry)
    return Answer(200, Done(code="PWR-02005", message="Successful password reset."))


@route("POST", "/api/users/v1/recovery/password/{step}", scope=USER_RECOVERY, summary="The older version, switched off", tag=_TAG,
       answers={}, errors=(406,), description="Always 406 UAR-10017: use v2.")
def older(call: Call, step: str) -> Answer:
    if step not in _STEPS:
        raise Problem(404, 404, "There is nothing at this address.")
    raise Problem(406, "UAR-10017", f"Recovery API v1 is disabled. Use {call.prefix}{ROOT}/{step}.")


@contextmanager
def _alive(invalid: str, expired: str) -> Iterator[None]:
    """A code that cannot be used as 406 with the one or the other number."""
    try:
        yield
    except DeadCode as refusal:
        sentence = "Invalid Code. It is wrong, or unknown here." if refusal.reason == "unknown" else DEAD[refusal.reason]
        raise Problem(406, expired if refusal.reason == "expired" else invalid, sentence) from None


def _next(call: Call, *steps: str) -> list[Link]:
    return [Link(rel="next" if step != "resend" else "resend", href=f"{call.prefix}{ROOT}/{step}") for step in steps]


def _named(claims: list[Claim]) -> UserName:
    """Whom the claims name; a name that nobody can have unless it is by user name (A-050)."""
    found = next((item.value for item in claims if item.uri == USERNAME), "")
    return split_username(findable(found)) if found else UserName(PRIMARY, "?")
