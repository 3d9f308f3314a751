"""A recovery that an application leads somebody through in steps (reference 4.3): what it hands from one step to the next.

Nothing is stored: a step's code is signed, bound to tenant, step, user and end. That a name exists can be told from none of them.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from housekey.conf.house import House
from housekey.core.codes import digest, digests, new_token
from housekey.core.errors import DeadCode, NotPermitted
from housekey.core.names import Tenant, UserName, split_username
from housekey.core.principal import OFFLINE_INVITE, Principal
from housekey.core.properties import RECOVERY_INTERNAL
from housekey.core.scenario import Method, scenario_for
from housekey.operations import forgotten, pending, recovery
from housekey.operations.policies import effective

Step = Literal["recover", "resend", "confirm"]
LIVES: dict[Step, timedelta] = {"recover": timedelta(minutes=15), "resend": timedelta(hours=24), "confirm": timedelta(hours=24)}
"""How long a step's code can be used. The code in somebody's mailbox has an end of its own."""
LONGEST = 4_000
"""Characters of a step's code."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Whose recovery it is and, once that is chosen, by which method."""

    name: UserName
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """`external`: another system has to deliver `code`, which for somebody who cannot recover is a made-up one (A-050)."""

    external: bool
    code: str = field(default="", repr=False)


def sign(house: House, tenant: Tenant, flow: Flow, step: Step, now: datetime) -> str:
    """The code with which an application goes on to `step`."""
    values = [flow.name.domain, flow.name.bare, flow.method or "", int((now + LIVES[step]).timestamp())]
    payload = json.dumps(values, ensure_ascii=False, separators=(",", ":"))  # a name of any alphabet stays under LONGEST
    return f"{_text(payload.encode())}.{_text(digest(house.keys.newest[1], _purpose(tenant, step), payload))}"


def read(house: House, tenant: Tenant, text: str, step: Step, now: datetime) -> Flow:
    """What was signed. Raises DeadCode: "expired", or "unknown" for whatever was not signed here, for this tenant and this step."""
    body, _, mark = text.partition(".")
    try:
        payload, given = _bytes(body[:LONGEST]).decode(), _bytes(mark[:100])
    except ValueError:
        raise DeadCode("unknown") from None
    matches = [hmac.compare_digest(given, known) for known in digests(house.keys, _purpose(tenant, step), payload)]
    if not any(matches):
        raise DeadCode("unknown")
    domain, bare, method, expires = json.loads(payload)
    if now.timestamp() >= expires:
        raise DeadCode("expired")
    return Flow(UserName(domain, bare), method or None)


def start(house: House, by: Principal, flow: Flow, now: datetime, *, again: bool = False) -> Started:
    """Send what recovers the password of somebody, or hand it to the caller where another system delivers.

    Raises FeatureOff, Invalid (a method that is not offered), NotPermitted.
    """
    policy = effective(house, by.tenant)
    external = not policy.on(RECOVERY_INTERNAL)
    if external and not by.may(OFFLINE_INVITE):
        raise NotPermitted(OFFLINE_INVITE)
    code = forgotten.start_for(house, by, flow.name, flow.method, now, again=again)
    if not external or code:
        return Started(external, code)
    scenario = scenario_for("recovery", flow.method or policy.recovery_methods[0])
    return Started(external, policy.shape(scenario).new() if scenario.otp else new_token())


def must_be_on(house: House, tenant: Tenant) -> None:
    """Raise FeatureOff where nobody can recover a password."""
    pending.recovery_must_be_on(effective(house, tenant))


def confirm_otp(house: House, tenant: Tenant, flow: Flow, typed: str, network: str, now: datetime) -> str:
    """A ticket for somebody's one-time code, as for the browser that typed it. Raises DeadCode("unknown"), Throttled."""
    return recovery.ticket_for_otp(house, tenant, str(flow.name), typed, network, now)


def must_be_of(house: House, tenant: Tenant, flow: Flow, ticket: str, now: datetime) -> None:
    """Raise DeadCode unless the ticket was made for the user of this flow."""
    owner = split_username(recovery.form(house, tenant, ticket, now).username)
    if (owner.domain, owner.key) != (flow.name.domain, flow.name.key):
        raise DeadCode("unknown")


def _purpose(tenant: Tenant, step: Step) -> str:
    return f"flow {step} {tenant.id}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
