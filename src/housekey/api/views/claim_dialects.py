"""The claim dialects: the local one, and what SCIM and OpenID Connect call its claims, which is read only (reference server 6.1, 6.2)."""

from __future__ import annotations

from housekey.api.door import Answer, Call, Problem, route
from housekey.api.reading import Body
from housekey.api.views.claims import ROOT, TAG, plain
from housekey.core.claims import DIALECT
from housekey.core.connectors import public_id
from housekey.core.dialects import external
from housekey.core.principal import CLAIM_VIEW
from housekey.operations import custom_attributes


class Link(Body):
    href: str
    rel: str


class Dialect(Body, rename={"uri": "dialectURI"}):
    id: str
    uri: str
    link: Link


class ExternalClaim(Body, rename={"uri": "claimURI", "dialect": "claimDialectURI", "local": "mappedLocalClaimURI"}):
    id: str
    uri: str
    dialect: str
    local: str


@route("GET", ROOT, scope=CLAIM_VIEW, summary="List the claim dialects", tag=TAG, answers={200: list[Dialect]}, errors=(501,))
def dialects(call: Call) -> Answer:
    plain(call)
    return Answer(body=[_local(call), *(_dialect(call, uri) for uri in _external(call))])


@route("GET", f"{ROOT}/local", scope=CLAIM_VIEW, summary="Read the local dialect", tag=TAG, answers={200: Dialect})
def local(call: Call) -> Answer:
    return Answer(body=_local(call))


@route("GET", f"{ROOT}/{{dialect}}", scope=CLAIM_VIEW, summary="Read an external dialect", tag=TAG, answers={200: Dialect})
def single(call: Call, dialect: str) -> Answer:
    return Answer(body=_dialect(call, _uri(call, dialect)))


@route("GET", f"{ROOT}/{{dialect}}/claims", scope=CLAIM_VIEW, summary="List what a dialect calls the local claims", tag=TAG,
       answers={200: list[ExternalClaim]}, errors=(501,))
def listing(call: Call, dialect: str) -> Answer:
    plain(call)
    return Answer(body=_claims(call, _uri(call, dialect)))


@route("GET", f"{ROOT}/{{dialect}}/claims/{{claim}}", scope=CLAIM_VIEW, summary="Read one of them", tag=TAG,
       answers={200: ExternalClaim})
def claim(call: Call, dialect: str, claim: str) -> Answer:
    uri = _uri(call, dialect)
    found = next((one for one in _claims(call, uri) if one.id == claim.rstrip("=")), None)
    if found is None:
        raise Problem(404, "HK-404", f"The dialect {uri} has no claim with the id {claim[:200]}.")
    return Answer(body=found)


def _external(call: Call) -> dict[str, dict[str, str]]:
    return external(one.name for one in custom_attributes.listing(call.by))


def _uri(call: Call, dialect: str) -> str:
    """Raises Problem 404."""
    found = next((uri for uri in _external(call) if public_id(uri) == dialect.rstrip("=")), None)
    if found is None:
        raise Problem(404, "HK-404", f"There is no claim dialect with the id {dialect[:200]}.")
    return found


def _claims(call: Call, uri: str) -> list[ExternalClaim]:
    return [ExternalClaim(id=public_id(name), uri=name, dialect=uri, local=local) for name, local in _external(call)[uri].items()]


def _local(call: Call) -> Dialect:
    return Dialect(id="local", uri=DIALECT, link=Link(href=f"{call.prefix}{ROOT}/local/claims", rel="claims"))


def _dialect(call: Call, uri: str) -> Dialect:
    return Dialect(id=public_id(uri), uri=uri, link=Link(href=f"{call.prefix}{ROOT}/{public_id(uri)}/claims", rel="claims"))
