"""WSO2's tenant management API: the organisations of this server. Only callers of the default tenant are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from housekey.api.door import Answer, Call, Problem, Query, route
from housekey.api.reading import Body, malformed
from housekey.core.errors import Conflict, Invalid, NotFound, Refused
from housekey.core.principal import TENANT_CREATE, TENANT_DELETE, TENANT_UPDATE, TENANT_VIEW
from housekey.operations import tenant_owners, tenant_removal, tenants
from housekey.operations.tenant_owners import Owner
from housekey.operations.tenants import TenantView
from housekey.web.house import house, now

ROOT = "/api/server/v1/tenants"
ONE, BY_DOMAIN = f"{ROOT}/{{tenant_id}}", f"{ROOT}/domain/{{domain}}"
MOST = 500
_TAG = "Tenants"
_WHERE = "Answered only in the default tenant; a caller of another one gets 403."
_ID_DIGITS = 18
_NAMES = {"userName": "owners[0].username", "password": "owners[0].password", "name.givenName": "owners[0].firstname",
          "name.familyName": "owners[0].lastname"}

Text = Annotated[str, msgspec.Meta(max_length=1_000)]


class OwnerAsked(Body, rename={"given_name": "firstname", "family_name": "lastname", "method": "provisioningMethod"}):
    """`password` is for `inline-password` and is never read back."""

    username: Text
    email: Text = ""
    given_name: Text = ""
    family_name: Text = ""
    method: Literal["invite-via-email", "inline-password"] = "inline-password"
    password: Text | None = None


class TenantAsked(Body):
    domain: Text
    owners: Annotated[list[OwnerAsked], msgspec.Meta(min_length=1, max_length=1)]
    name: Text = ""


class Lifecycle(Body):
    activated: bool


class TenantTold(Body, rename={"created": "createdDate", "lifecycle": "lifecycleStatus"}):
    """`state` says more than `lifecycleStatus`: active, suspended or deleting."""

    id: str
    domain: str
    name: str
    created: datetime
    lifecycle: Lifecycle
    state: str
    users: int | None


class TenantList(Body, rename={"total": "totalResults", "start": "startIndex"}):
    total: int
    start: int
    count: int
    tenants: list[TenantTold]


_EXAMPLE = {
    "domain": "acme.example", "name": "Acme Ltd",
    "owners": [{"username": "jane", "email": "jane@acme.example", "firstname": "Jane", "lastname": "Doe",
                "provisioningMethod": "invite-via-email"}],
}


def _words(refusal: Refused) -> Problem | None:
    """The operation's fields by their names in the body."""
    if not isinstance(refusal, Invalid) or isinstance(refusal, Conflict) or not refusal.field:
        return None
    field = "owners[0].email" if refusal.field.startswith("emails") else _NAMES.get(refusal.field, refusal.field)
    return Problem(400, refusal.code, f"{field}: {refusal.sentence.removeprefix(refusal.field + ': ')}")


@route("GET", ROOT, scope=TENANT_VIEW, summary="List the tenants", tag=_TAG, answers={200: TenantList}, errors=(501,), description=_WHERE,
       query=(Query("limit", f"How many, at most {MOST}; 50 without it."), Query("offset", "How many to leave out.")))
def listing(call: Call) -> Answer:
    if unsupported := {"filter", "sortBy", "sortOrder"} & set(call.query):
        raise Problem(501, 501, f"{min(unsupported)} is not supported here: tenants come in the order of their domains.")
    limit, offset = min(_number(call, "limit", 50), MOST), _number(call, "offset", 0)
    page = tenants.search(call.by, offset=offset, limit=limit)
    shown = [_shown(one) for one in page.tenants]
    return Answer(body=TenantList(total=page.total, start=offset + 1, count=len(shown), tenants=shown))


@route("POST", ROOT, scope=TENANT_CREATE, summary="Add a tenant with its first administrator", tag=_TAG, body=TenantAsked,
       answers={201: TenantTold}, errors=(409,), refusals=_words, example=_EXAMPLE,
       description=f"`invite-via-email` sends the administrator a link to choose a password; `inline-password` keeps this one. {_WHERE}")
def add(call: Call) -> Answer:
    body: TenantAsked = call.body
    asked = body.owners[0]
    if asked.method == "inline-password" and not asked.password:
        raise malformed("owners[0].password is missing; or choose the provisioningMethod invite-via-email.")
    owner = Owner(asked.username, asked.email, asked.given_name, asked.family_name,
                  password=asked.password if asked.method == "inline-password" else None)
    made = tenant_owners.add(house(), call.by, body.domain, body.name, owner, now()).tenant
    told = TenantView(made.id, made.domain, made.name, "active", now(), 1)
    return Answer(201, _shown(told), {"Location": f"{call.prefix}{ROOT}/{made.id}"})


@route("GET", ONE, scope=TENANT_VIEW, summary="Read a tenant", tag=_TAG, answers={200: TenantTold}, description=_WHERE)
def single(call: Call, tenant_id: str) -> Answer:
    return Answer(body=_shown(tenants.get(call.by, _id(call, tenant_id))))


@route("GET", BY_DOMAIN, scope=TENANT_VIEW, summary="Read a tenant by its domain", tag=_TAG, answers={200: TenantTold},
       description=f"HEAD tells whether a domain is taken: 200, or 404 where it is free. {_WHERE}")
def by_domain(call: Call, domain: str) -> Answer:
    return Answer(body=_shown(tenants.by_name(call.by, domain)))


@route("PUT", f"{ONE}/lifecycle-status", scope=TENANT_UPDATE, summary="Suspend or resume a tenant", tag=_TAG, body=Lifecycle,
       answers={200: TenantTold}, refusals=_words, description=_WHERE)
def lifecycle(call: Call, tenant_id: str) -> Answer:
    change = tenants.resume if call.body.activated else tenants.suspend
    return Answer(body=_shown(change(call.by, _id(call, tenant_id, TENANT_UPDATE), now())))


@route("DELETE", f"{ONE}/metadata", scope=TENANT_DELETE, summary="Delete a tenant with everything in it", tag=_TAG, answers={204: None},
       refusals=_words, description=f"The tenant ends at once; what it held is taken away in the background. {_WHERE}")
def delete(call: Call, tenant_id: str) -> Answer:
    tenant_removal.begin(call.by, _id(call, tenant_id, TENANT_DELETE), now())
    return Answer(204)


def _id(call: Call, text: str, permission: str = TENANT_VIEW) -> int:
    """Raises NotFound for what is no id, NotPermitted before it is looked at."""
    tenants.must(call.by, permission)
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS):
        raise NotFound(f"There is no tenant {text[:60]}.")
    return int(text)


def _number(call: Call, name: str, default: int) -> int:
    """A parameter of the query. Raises Problem 400."""
    text = call.query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS):
        raise malformed(f"{name} is a whole number of 0 or more.")
    return int(text)


def _shown(view: TenantView) -> TenantTold:
    return TenantTold(
        id=str(view.id), domain=view.domain, name=view.name, created=view.created, lifecycle=Lifecycle(activated=view.state == "active"),
        state=view.state, users=view.users if view.users >= 0 else None,
    )
