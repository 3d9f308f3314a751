"""WSO2's recovery API v0.9: what its web pages call (reference 4.2)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from housekey.api.asked import Property, UserAsked, UserTold, dead, name_of, told, typed_by
from housekey.api.door import Answer, Call, Problem, Query, route
from housekey.api.reading import Body
from housekey.core.errors import FeatureOff, PasswordUsedBefore, Refused
from housekey.core.principal import RECOVERY_CREATE
from housekey.core.properties import RECOVERY_INTERNAL
from housekey.core.scenario import Method, scenario_for
from housekey.operations import flows, forgotten, policies, recovery
from housekey.operations.flows import Flow
from housekey.web.house import house, now

ROOT = "/api/identity/recovery/v0.9"
_TAG = "Password recovery 0.9"
_TYPED = "A one-time code needs the properties `username` (bare) and, for a user outside PRIMARY, `realm`."
_CODE = "uYVbP9m0P0uRrSqjBfR0Hp7kq3mXb9YVt2n3zq0mJxE"
PLAIN = "text/plain; charset=utf-8"


class CodeAsked(Body):
    """`step` may be left out: the code knows its own."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    step: Literal["", "UPDATE_PASSWORD", "SET_PASSWORD"] = ""
    properties: list[Property] = []


class PasswordAsked(Body):
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    password: str
    properties: list[Property] = []


class Again(Body):
    """The password that had to be replaced was chosen again; `key` is still good."""

    code: str
    message: str
    description: str
    key: str


class RecoveryAsked(Body):
    user: UserAsked
    properties: list[Property] = []


def _off(refusal: Refused) -> Problem | None:
    return Problem(400, "20017", refusal.sentence) if isinstance(refusal, FeatureOff) else None


@route("POST", f"{ROOT}/validate-code", scope=RECOVERY_CREATE, summary="Is this code good for setting a password?", tag=_TAG,
       body=CodeAsked, answers={202: UserTold}, refusals=dead, example={"code": _CODE, "step": "UPDATE_PASSWORD", "properties": []},
       description=f"It is not spent. {_TYPED}")
def validate(call: Call) -> Answer:
    code = call.body.code.strip()
    username = typed_by(call, code, call.body.properties)
    return Answer(202, told(call, recovery.look_up(house(), call.tenant, code, call.network, now(), username=username)))


@route("POST", f"{ROOT}/set-password", scope=RECOVERY_CREATE, summary="Set a password with a code", tag=_TAG, body=PasswordAsked,
       answers={200: UserTold}, errors=(412,), refusals=dead,
       example={"key": _CODE, "password": "seven purple umbrellas tonight", "properties": []},
       description="Spends the code; a password that breaks rules (20035), or is the one to be replaced (22001, status 412), spends "
       f"nothing. The property `callback` is passed over: a program goes where it likes. {_TYPED}")
def set_password(call: Call) -> Answer:
    code = call.body.key.strip()
    username = typed_by(call, code, call.body.properties)
    try:
        found = recovery.set_by_code(house(), call.tenant, code, call.body.password, call.network, now(), username=username)
    except PasswordUsedBefore as refusal:
        return Answer(412, Again(code=refusal.code, message="Precondition Failed", description=refusal.sentence, key=code))
    return Answer(200, told(call, found))


@route("POST", f"{ROOT}/recover-password", scope=RECOVERY_CREATE, summary="Start a recovery", tag=_TAG, body=RecoveryAsked,
       answers={202: str}, refusals=_off, example={"user": {"username": "alex", "realm": "PRIMARY"}, "properties": []},
       query=(Query("type", "`email` or `sms`; left out: the first way the tenant offers."),
              Query("notify", "`false` asks for the code back, which only a tenant gives whose codes another system delivers.")),
       description="The same answer whether or not there is such a user. The body is empty, or the bare code where another system delivers "
       "codes; that needs internal_offline_invite as well.")
def recover(call: Call) -> Answer:
    name = name_of(call, call.body.user)
    method = _method(call)
    internal = policies.effective(house(), call.tenant).on(RECOVERY_INTERNAL)
    if call.query.get("notify", "").lower() == "false" and internal:
        raise Problem(400, 400, f"notify=false: this tenant sends recovery messages itself. Switch {RECOVERY_INTERNAL} off to get codes.")
    started = flows.start(house(), call.by, Flow(name, method), now())
    return Answer(202, started.code, content_type=PLAIN)


def _method(call: Call) -> Method | None:
    """The first way offered over the channel asked for. Raises Problem 400."""
    kind = call.query.get("type", "").lower()
    if not kind:
        return None
    offered = forgotten.methods(house(), call.tenant)
    flows.must_be_on(house(), call.tenant)
    found = next((item for item in offered if scenario_for("recovery", item).channel == kind.upper()), None)
    if found is None:
        raise Problem(400, 400, f"type: “{kind[:40]}” is not offered here. Leave it out, or choose email or sms as the tenant has set.")
    return found
