"""WSO2's claim-dialects API, as far as it concerns the local claims of a tenant (reference server 6.1)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from housekey.api.door import Answer, Call, Problem, Query, route
from housekey.api.reading import Body
from housekey.core.claims import BY_URI, DIALECT
from housekey.core.connectors import public_id
from housekey.core.errors import Conflict, Invalid, Refused
from housekey.core.principal import CLAIM_UPDATE, CLAIM_VIEW
from housekey.operations import claims
from housekey.operations.claims import ClaimView
from housekey.web.house import now

ROOT = "/api/server/v1/claim-dialects"
_TAG = "Claim dialects"
_STORE = "PRIMARY"
_UNSUPPORTED = (
    ("CMT-50022", ("limit", "offset")), ("CMT-50023", ("filter",)), ("CMT-50024", ("sort",)), ("CMT-50025", ("attributes",)),
)
_WHAT = ("A profile shows a claim that is supported by default. `regEx`, `required` and `readOnly` (for the owner of the account) hold at "
         "every interface for what is set from then on. An empty `regEx` brings back the one that is shipped. URI and mapping must be as "
         "they are read, or be left out; so must `required` and `readOnly` where they are shipped as true.")

Text = Annotated[str, msgspec.Meta(max_length=4_000)]


class Link(Body):
    href: str
    rel: str


class Dialect(Body, rename={"uri": "dialectURI"}):
    id: str
    uri: str
    link: Link


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
    mapping: list[Mapping] | None = None


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


@route("GET", ROOT, scope=CLAIM_VIEW, summary="List the claim dialects", tag=_TAG, answers={200: list[Dialect]}, errors=(501,))
def dialects(call: Call) -> Answer:
    _plain(call)
    return Answer(body=[_dialect(call)])


@route("GET", f"{ROOT}/local", scope=CLAIM_VIEW, summary="Read the local dialect", tag=_TAG, answers={200: Dialect})
def dialect(call: Call) -> Answer:
    return Answer(body=_dialect(call))


@route("GET", f"{ROOT}/local/claims", scope=CLAIM_VIEW, summary="List the local claims", tag=_TAG, answers={200: list[LocalClaim]},
       errors=(501,), query=(Query("exclude-identity-claims", "`true` leaves out what describes the account rather than the person."),))
def listing(call: Call) -> Answer:
    _plain(call)
    without = call.query.get("exclude-identity-claims", "").lower() == "true"
    return Answer(body=[_shown(item) for item in claims.listing(call.by) if not (without and item.identity)])


@route("GET", f"{ROOT}/local/claims/{{claim}}", scope=CLAIM_VIEW, summary="Read a local claim", tag=_TAG, answers={200: LocalClaim})
def single(call: Call, claim: str) -> Answer:
    return Answer(body=_shown(claims.get(call.by, _uri(claim))))


@route("PUT", f"{ROOT}/local/claims/{{claim}}", scope=CLAIM_UPDATE, summary="Change how a local claim is shown", tag=_TAG,
       body=ClaimChange, answers={200: LocalClaim}, errors=(412,), refusals=_words, description=_WHAT,
       example={"displayName": "One Time Password", "supportedByDefault": True})
def change(call: Call, claim: str) -> Answer:
    uri, body = _uri(claim), call.body
    _check_fixed(uri, body)
    changed = claims.update(
        call.by, uri, display_name=body.display_name, description=body.description, display_order=body.display_order,
        supported_by_default=body.supported, regex=body.regex, now=now(),
        required=None if BY_URI[uri].required else body.required, read_only=None if BY_URI[uri].read_only else body.read_only,
    )
    return Answer(body=_shown(changed))


def _check_fixed(uri: str, body: ClaimChange) -> None:
    """Raises Invalid naming the first part that cannot be changed and would be."""
    shipped = BY_URI[uri]
    mapping = [(item.attribute, item.userstore.upper()) for item in body.mapping or ()]
    fixed: tuple[tuple[str, object, object], ...] = (
        ("claimURI", body.uri, uri), ("attributeMapping", mapping or None, [(shipped.attribute, _STORE)]),
        ("readOnly", body.read_only if shipped.read_only else None, True),
        ("required", body.required if shipped.required else None, True),
    )
    for name, given, present in fixed:
        if given is not None and given != present:
            raise Invalid("This part of a claim cannot be changed. Send it as it is read, or leave it out.", field=name)


def _plain(call: Call) -> None:
    for code, names in _UNSUPPORTED:
        for name in names:
            if name in call.query:
                raise Problem(501, code, f"{name} is not supported here: the answer always holds everything.")


def _uri(claim: str) -> str:
    """The claim of an id. Raises Problem 404."""
    found = _BY_ID.get(claim.rstrip("="))
    if found is None:
        raise Problem(404, "CMT-50019", f"There is no local claim with the id {claim[:200]}.")
    return found


_BY_ID = {public_id(uri): uri for uri in BY_URI}


def _dialect(call: Call) -> Dialect:
    return Dialect(id="local", uri=DIALECT, link=Link(href=f"{call.prefix}{ROOT}/local/claims", rel="claims"))


def _shown(claim: ClaimView) -> LocalClaim:
    return LocalClaim(
        id=public_id(claim.uri), uri=claim.uri, dialect=DIALECT, description=claim.description, display_order=claim.display_order,
        display_name=claim.display_name, read_only=claim.read_only, regex=claim.regex, required=claim.required,
        supported=claim.supported_by_default, mapping=[Mapping(attribute=claim.attribute)], properties=[],
    )
