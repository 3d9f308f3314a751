"""WSO2's claim-dialects API: the local claims of a tenant, its own attributes among them (reference server 6.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, cast

import msgspec

from housekey.api.door import Answer, Call, Problem, Query, route
from housekey.api.reading import Body
from housekey.core.claim_rules import NO_RULE
from housekey.core.claims import BY_URI, DIALECT
from housekey.core.connectors import public_id
from housekey.core.custom import CustomAttribute, CustomType
from housekey.core.errors import Conflict, Invalid, Refused
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW
from housekey.operations import claim_rules, claims, custom_attributes, store_claims
from housekey.operations.claims import ClaimView
from housekey.operations.stores import StoreView
from housekey.web.house import house, now

ROOT = "/api/server/v1/claim-dialects"
TAG = "Claim dialects"
_STORE = "PRIMARY"
_UNSUPPORTED = (
    ("CMT-50022", ("limit", "offset")), ("CMT-50023", ("filter",)), ("CMT-50024", ("sort",)), ("CMT-50025", ("attributes",)),
)
_WHAT = ("A profile shows a claim that is supported by default. `regEx`, `required` and `readOnly` (for the owner of the account) hold at "
         "every interface for what is set from then on. An empty `regEx` brings back the one that is shipped. The URI must be as it is "
         "read, or be left out; so must `required` and `readOnly` where they are shipped as true. A directory keeps the claim in the "
         "attribute that `attributeMapping` names for its domain, and not at all where that is empty; a store that is not named stays as "
         "it is. In the server's own database the attribute is always the one that is read.")
_NEW = ("Makes an attribute of the tenant's own. Its name is what stands behind http://wso2.org/claims/. `dataType` is string, boolean or "
        "dateTime. `displayName`, `displayOrder` and `supportedByDefault` are passed over: its name is shown, and always.")

Text = Annotated[str, msgspec.Meta(max_length=4_000)]


class Mapping(Body, rename={"attribute": "mappedAttribute"}):
    attribute: Text = ""
    userstore: Text = _STORE


class Pair(Body):
    key: Text
    value: Text = ""


class LocalClaim(Body, rename={
    "uri": "claimURI", "dialect": "dialectURI", "display_name": "displayName", "display_order": "displayOrder", "read_only": "readOnly",
    "regex": "regEx", "supported": "supportedByDefault", "mapping": "attributeMapping",
}):
    id: str
    uri: str
    dialect: str
    description: str
    display_order: int
    display_name: str
    read_only: bool
    regex: str
    required: bool
    supported: bool
    mapping: list[Mapping]
    properties: list[Pair]


class ClaimChange(Body, rename={
    "uri": "claimURI", "display_name": "displayName", "display_order": "displayOrder", "read_only": "readOnly", "regex": "regEx",
    "supported": "supportedByDefault", "mapping": "attributeMapping",
}):
    uri: Text | None = None
    description: Text | None = None
    display_order: int | None = None
    display_name: Text | None = None
    read_only: bool | None = None
    regex: Text | None = None
    required: bool | None = None
    supported: bool | None = None
    mapping: Annotated[list[Mapping], msgspec.Meta(max_length=200)] | None = None


class NewClaim(ClaimChange, rename={
    "uri": "claimURI", "display_name": "displayName", "display_order": "displayOrder", "read_only": "readOnly", "regex": "regEx",
    "supported": "supportedByDefault", "mapping": "attributeMapping", "type": "dataType",
}):
    type: Text = "string"


_FIELDS = {
    "display_name": "displayName", "display_order": "displayOrder", "supported_by_default": "supportedByDefault", "regex": "regEx",
    "read_only": "readOnly",
}


def _words(refusal: Refused) -> Problem | None:
    """The operation names fields as Python does; callers of this API know them by their JSON names."""
    if not isinstance(refusal, Invalid) or isinstance(refusal, Conflict):
        return None
    field = _FIELDS.get(refusal.field, refusal.field)
    sentence = refusal.sentence.replace(refusal.field, field) if refusal.field else refusal.sentence
    return Problem(400, refusal.code, sentence if field in sentence else f"{field}: {sentence}")


@route("GET", f"{ROOT}/local/claims", scope=CLAIM_VIEW, summary="List the local claims", tag=TAG, answers={200: list[LocalClaim]},
       errors=(501,), query=(Query("exclude-identity-claims", "`true` leaves out what describes the account rather than the person."),))
def listing(call: Call) -> Answer:
    plain(call)
    without, known = call.query.get("exclude-identity-claims", "").lower() == "true", store_claims.directories(call.by)
    shipped = [_shown(call, item, known) for item in claims.listing(call.by) if not (without and item.identity)]
    return Answer(body=[*shipped, *(_own(call, one, known) for one in custom_attributes.listing(call.by))])


@route("POST", f"{ROOT}/local/claims", scope=CLAIM_UPDATE, summary="Add an attribute of the tenant's own", tag=TAG, body=NewClaim,
       answers={201: LocalClaim}, errors=(409,), refusals=_words, description=_NEW,
       example={"claimURI": "http://wso2.org/claims/badgeNumber", "description": "The number on the badge", "required": False})
def add(call: Call) -> Answer:
    uri, body = call.body.uri or "", call.body
    if not uri.startswith(f"{DIALECT}/"):
        raise Invalid(f"A local claim begins with {DIALECT}/.", field="claimURI")
    if uri in BY_URI or uri in _added(call):
        raise Problem(409, "CMT-50021", f"There is a local claim {uri[:200]} already.")
    wanted = CustomAttribute(uri.removeprefix(f"{DIALECT}/"), cast(CustomType, body.type), body.description or "")
    custom_attributes.add(call.by, wanted, now())
    try:
        _put_own(call, wanted, body)
    except Refused:
        custom_attributes.remove(call.by, wanted.name, now())
        raise
    made = _own(call, wanted, store_claims.directories(call.by))
    return Answer(201, made, {"Location": f"{call.prefix}{ROOT}/local/claims/{made.id}"})


@route("GET", f"{ROOT}/local/claims/{{claim}}", scope=CLAIM_VIEW, summary="Read a local claim", tag=TAG, answers={200: LocalClaim})
def single(call: Call, claim: str) -> Answer:
    uri, known = _uri(call, claim), store_claims.directories(call.by)
    return Answer(body=_shown(call, claims.get(call.by, uri), known) if uri in BY_URI else _own(call, _added(call)[uri], known))


@route("PUT", f"{ROOT}/local/claims/{{claim}}", scope=CLAIM_UPDATE, summary="Change a local claim", tag=TAG,
       body=ClaimChange, answers={200: LocalClaim}, errors=(412,), refusals=_words, description=_WHAT,
       example={"displayName": "One Time Password", "supportedByDefault": True})
def change(call: Call, claim: str) -> Answer:
    uri, body = _uri(call, claim), call.body
    _check_fixed(uri, body)
    if uri not in BY_URI:
        found = _added(call)[uri]
        _put_own(call, found, body)
        return Answer(body=_own(call, found, store_claims.directories(call.by)))
    ready = store_claims.prepared(call.by, uri, _mapped(body))
    changed = claims.update(
        call.by, uri, display_name=body.display_name, description=body.description, display_order=body.display_order,
        supported_by_default=body.supported, regex=body.regex, now=now(),
        required=None if BY_URI[uri].required else body.required, read_only=None if BY_URI[uri].read_only else body.read_only,
    )
    store_claims.apply(house(), call.by, ready, now())
    return Answer(body=_shown(call, changed, store_claims.directories(call.by)))


@route("DELETE", f"{ROOT}/local/claims/{{claim}}", scope=CLAIM_UPDATE, summary="Remove an attribute of the tenant's own", tag=TAG,
       answers={204: None}, refusals=_words)
def remove(call: Call, claim: str) -> Answer:
    uri = _uri(call, claim)
    if uri in BY_URI:
        raise Invalid("Every user has this claim: it cannot be removed.", field="claimURI")
    custom_attributes.remove(call.by, uri.removeprefix(f"{DIALECT}/"), now())
    return Answer(204)


def _put_own(call: Call, attribute: CustomAttribute, body: ClaimChange) -> None:
    """What is asked of the values of an attribute of the tenant's own, and where directories keep it. Raises Invalid, NotPermitted."""
    if body.description is not None and body.description != attribute.description:
        raise Invalid("The description of an attribute of the tenant's own cannot be changed.", field="description")
    ready = store_claims.prepared(call.by, attribute.uri, _mapped(body))
    given = {"regex": body.regex, "required": body.required, "read_only": body.read_only}
    asked: dict[str, Any] = {part: value for part, value in given.items() if value is not None}
    claim_rules.change(call.by, attribute.name, replace(claim_rules.of(call.tenant).get(attribute.uri, NO_RULE), **asked), now())
    store_claims.apply(house(), call.by, ready, now())


def _mapped(body: ClaimChange) -> dict[str, str]:
    return {item.userstore: item.attribute for item in body.mapping or ()}


def _added(call: Call) -> dict[str, CustomAttribute]:
    """The tenant's own attributes by their claims."""
    return {one.uri: one for one in custom_attributes.of(call.tenant)}


def _check_fixed(uri: str, body: ClaimChange) -> None:
    """Raises Invalid naming the first part that cannot be changed and would be."""
    shipped = BY_URI.get(uri)
    fixed: tuple[tuple[str, object, object], ...] = (
        ("claimURI", body.uri, uri), ("readOnly", body.read_only if shipped and shipped.read_only else None, True),
        ("required", body.required if shipped and shipped.required else None, True),
    )
    for name, given, present in fixed:
        if given is not None and given != present:
            raise Invalid("This part of a claim cannot be changed. Send it as it is read, or leave it out.", field=name)


def plain(call: Call) -> None:
    """Raises Problem 501 for paging, filters and sorting."""
    for code, names in _UNSUPPORTED:
        for name in names:
            if name in call.query:
                raise Problem(501, code, f"{name} is not supported here: the answer always holds everything.")


def _uri(call: Call, claim: str) -> str:
    """The claim of an id. Raises Problem 404, NotPermitted."""
    asked = claim.rstrip("=")
    found = _BY_ID.get(asked) or next((uri for uri in _added(call) if public_id(uri) == asked), None)
    if found is None:
        raise Problem(404, "CMT-50019", f"There is no local claim with the id {claim[:200]}.")
    return found


_BY_ID = {public_id(uri): uri for uri in BY_URI}


def _places(call: Call, uri: str, known: list[StoreView]) -> list[Mapping]:
    """Where it is kept in each store that holds it."""
    return [Mapping(attribute=place.attribute, userstore=place.domain)
            for place in store_claims.places_of(call.by, uri, known) if place.attribute]


def _shown(call: Call, claim: ClaimView, known: list[StoreView]) -> LocalClaim:
    return LocalClaim(
        id=public_id(claim.uri), uri=claim.uri, dialect=DIALECT, description=claim.description, display_order=claim.display_order,
        display_name=claim.display_name, read_only=claim.read_only, regex=claim.regex, required=claim.required,
        supported=claim.supported_by_default, mapping=_places(call, claim.uri, known), properties=[],
    )


def _own(call: Call, one: CustomAttribute, known: list[StoreView]) -> LocalClaim:
    rule = claim_rules.of(call.tenant).get(one.uri, NO_RULE)
    return LocalClaim(
        id=public_id(one.uri), uri=one.uri, dialect=DIALECT, description=one.description, display_order=0, display_name=one.name,
        read_only=rule.read_only, regex=rule.regex, required=rule.required, supported=True, mapping=_places(call, one.uri, known),
        properties=[Pair(key="dataType", value=one.type)],
    )
