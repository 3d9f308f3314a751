"""Where user stores keep the claims of their users: in an attribute of a directory, or in our own database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from housekey.conf.house import House
from housekey.core import directories as core
from housekey.core.attributes import CUSTOM_URN
from housekey.core.claims import BY_URI, DIALECT, IDENTITY, LOCAL, writable
from housekey.core.errors import Invalid
from housekey.core.names import PRIMARY, Tenant, findable
from housekey.core.principal import CLAIM_VIEW, STORE_UPDATE, STORE_VIEW, Principal
from housekey.operations import custom_attributes, stores

_OWN = f"{CUSTOM_URN}:"


@dataclass(frozen=True, slots=True)
class Place:
    """The attribute of a claim in one store. `""`: the directory does not hold it, so it is kept in our own database."""

    domain: str
    attribute: str
    directory: bool
    why: str = ""
    """Why it cannot be changed here, `""` if it can."""


def uri_of(key: str) -> str:
    """The claim of what a store's mapping calls it: the tenant's own attributes stand there by their SCIM path."""
    return f"{DIALECT}/{key.removeprefix(_OWN)}" if key.startswith(_OWN) else key


def key_of(tenant: Tenant, uri: str) -> str:
    """What a store's mapping calls a claim. Raises Invalid (field: the claim)."""
    if uri in BY_URI:
        return uri
    names = {row.name for row in custom_attributes.of(tenant)}
    if not (uri.startswith(f"{DIALECT}/") and uri.removeprefix(f"{DIALECT}/") in names):
        raise Invalid(f"There is no claim {findable(uri)[:200]}.", field=uri[:200])
    return _OWN + uri.removeprefix(f"{DIALECT}/")


def mappable(tenant: Tenant) -> list[str]:
    """The claims that a directory can keep: of profiles, the tenant's own, and those about accounts that can be written there as well."""
    shipped = [uri for uri in BY_URI if writable(uri) and not uri.startswith(IDENTITY) and uri != LOCAL]
    own = [row.uri for row in custom_attributes.of(tenant)]
    return [*shipped, *own, *core.MIRRORED]


def places(by: Principal, uri: str) -> list[Place]:
    """PRIMARY first; directories only for whoever may see user stores. Raises NotPermitted, Invalid."""
    by.must(CLAIM_VIEW)
    return _places(uri, key_of(by.tenant, uri), directories(by))


def directories(by: Principal) -> list[stores.StoreView]:
    """The tenant's directories as far as they may be seen. For whoever asks for the places of many claims."""
    return [view for view in stores.listing(by) if view.id] if by.may(STORE_VIEW) else []


def places_of(by: Principal, uri: str, known: list[stores.StoreView]) -> list[Place]:
    """As `places`, with the tenant's `directories` given. Raises Invalid."""
    return _places(uri, key_of(by.tenant, uri), known)


def _places(uri: str, key: str, known: list[stores.StoreView]) -> list[Place]:
    own = BY_URI[uri].attribute if uri in BY_URI else uri.removeprefix(f"{DIALECT}/")
    found = [] if any(view.domain == PRIMARY for view in known) else [Place(PRIMARY, own, directory=False)]
    return found + [Place(view.domain, view.attributes.get(key, ""), directory=True, why=_why(view)) for view in known]


def _why(view: stores.StoreView) -> str:
    return "PRIMARY is set by [user_store] in deployment.toml. Change it there and start again." if view.managed else ""


def merged(kind: str, present: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What a directory is to be given when some claims get other attributes: `present` is what differs now. Raises Invalid."""
    usual = core.ATTRIBUTES["ad" if kind == "ad" else "ldap"]
    return core.clean_attributes(kind, core.differing(kind, {**usual, **present, **given}))


Ready = list[tuple[stores.StoreView, stores.NewStore]]
"""Directories with what they are to be given."""


def prepared(by: Principal, uri: str, wanted: Mapping[str, str]) -> Ready:
    """What `apply` has to do to keep a claim in these attributes: domain -> attribute, `""` for none. Stores that are not named, and those
    that have it so already, stay as they are. Raises NotPermitted, NotFound, Invalid (field attributeMapping).
    """
    key, ready = key_of(by.tenant, uri), []
    present = {place.domain: place for place in places_of(by, uri, directories(by))}
    for domain, attribute in wanted.items():
        place, text = present.get(domain.upper()), attribute.strip()
        if place is None:
            raise Invalid(f"There is no user store with the domain {domain[:60]} whose attributes could be set.", field="attributeMapping")
        if place.attribute == text:
            continue
        if not place.directory:
            raise Invalid(f"{domain.upper()} is in the server's own database: there the claim is always kept as {place.attribute}.",
                          field="attributeMapping")
        if place.why:
            raise Invalid(place.why, field="attributeMapping")
        by.must(STORE_UPDATE)
        view = stores.get(by, domain)
        ready.append((view, replace(stores.as_new(view), attributes=_changed(view, key, text))))
    return ready


def apply(house: House, by: Principal, ready: Ready, now: datetime) -> None:
    """Raises NotPermitted, NotFound, Invalid, Stale."""
    for view, new in ready:
        stores.change(house, by, view.domain, new, now, version=view.version)


def _changed(view: stores.StoreView, key: str, attribute: str) -> dict[str, str]:
    try:
        return merged(view.kind, stores.as_new(view).attributes, {key: attribute})
    except Invalid as refusal:
        raise Invalid(f"{view.domain}: {refusal.sentence}", field="attributeMapping") from None


def shown(tenant: Tenant, attributes: Mapping[str, str]) -> dict[str, str]:
    """A store's mapping with the URIs of claims. An attribute of the tenant's own that was removed since is left out."""
    names = {row.name for row in custom_attributes.of(tenant)}
    return {uri_of(key): name for key, name in sorted(attributes.items()) if not key.startswith(_OWN) or key.removeprefix(_OWN) in names}
