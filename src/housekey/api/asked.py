"""How WSO2's identity APIs name a user in a body, and what they tell of one (reference 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from housekey.api.door import Call, Problem
from housekey.api.reading import Body
from housekey.core.codes import is_link_shaped
from housekey.core.errors import DeadCode, Refused
from housekey.core.names import PRIMARY, UserName, findable, split_tenant
from housekey.operations import tenants
from housekey.operations.recovery import CodeHolder

Text = Annotated[str, msgspec.Meta(max_length=1_000)]

DEAD = {
    "expired": "Expired Code. Ask for a new one.",
    "spent": "Invalid Code. It was used already.",
    "superseded": "Invalid Code. A newer message was sent; use the code in that one.",
    "revoked": "Invalid Code. It was withdrawn by an administrator.",
    "exhausted": "Invalid Code. Too many wrong codes were tried.",
    "unknown": "Invalid Code. It is unknown here or mistyped. A one-time code needs the property username beside it.",
}
"""For programs, which hold a permission and so may know. A wrong one-time code is always *unknown*."""


class UserAsked(Body, rename={"user_id": "userId", "tenant_domain": "tenant-domain"}):
    """`username` is bare: the name of the user store goes into `realm`, the tenant into the address."""

    username: Text = ""
    realm: Text = ""
    tenant_domain: Text = ""
    user_id: Text = ""


class Property(Body):
    key: Text
    value: Text | bool | int = ""


class UserTold(Body, rename={"user_id": "userId", "tenant_domain": "tenant-domain"}):
    username: str
    realm: str
    tenant_domain: str
    user_id: str


def single(properties: Sequence[Property], key: str) -> str:
    """The value of a property that is there exactly once, else `""`: twice counts as missing (reference 4.1)."""
    values = [item.value for item in properties if item.key == key]
    return str(values[0]).strip() if len(values) == 1 else ""


def name_of(call: Call, asked: UserAsked) -> UserName:
    """Whom a body names. Raises Problem 400 for a name that is not bare, or another tenant than the one of the address."""
    if asked.tenant_domain and not call.by_path and asked.tenant_domain.lower() != call.tenant.domain:
        raise Problem(400, 400, f"tenant-domain: send this to /t/{asked.tenant_domain[:253]}/… for a user of that tenant.")
    return bare(call, asked.username, asked.realm)


def bare(call: Call, username: str, realm: str) -> UserName:
    """A user by bare name and user store (any case, PRIMARY if empty). Raises Problem 400."""
    username, realm = findable(username), findable(realm).strip().upper() or PRIMARY
    if not username:
        raise Problem(400, 400, "username is missing.")
    if "/" in username or "/" in realm:
        raise Problem(400, 400, f"username: “{username[:80]}” has a / in it. Send the bare name, and the user store's name as realm.")
    tenant = "" if call.by_path else split_tenant(username)[1]
    if tenant and tenants.by_domain(tenant) is not None:
        raise Problem(400, 400, f"username: “{username[:80]}” names a tenant. Send the user's bare name to /t/{tenant}/….")
    return UserName(realm, username)


def typed_by(call: Call, code: str, properties: Sequence[Property]) -> str:
    """Who typed this code: the properties username and realm, which only a one-time code needs. `""` for a link's code."""
    username = single(properties, "username")
    return str(bare(call, username, single(properties, "realm"))) if username and not is_link_shaped(code) else ""


def told(call: Call, holder: CodeHolder) -> UserTold:
    return UserTold(username=holder.name.bare, realm=holder.name.domain, tenant_domain=call.tenant.domain, user_id=str(holder.user_id))


def dead(refusal: Refused) -> Problem | None:
    """WSO2's 18001 and 18002 for a code that cannot be used."""
    if isinstance(refusal, DeadCode):
        return Problem(400, refusal.code, DEAD[refusal.reason])
    return None
