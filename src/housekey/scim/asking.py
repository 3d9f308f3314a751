"""What a list is asked for: by the query of a GET, or by the SearchRequest in the body of a POST (RFC 7644 section 3.4, RFC 9865)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from housekey.core.attributes import Reference, ResourceType, resolve
from housekey.core.filter_text import parse
from housekey.core.filters import BadFilter, Filter
from housekey.operations.cursors import BadCursor
from housekey.scim import projection, wso2
from housekey.scim.errors import ScimInvalid, Sensitive, Unsupported
from housekey.scim.projection import Projection
from housekey.web.house import house
from housekey.web.request import Asked

DEFAULT_PAGE = 100
_MOST = 2**31
_ORDERS = {"": False, "ascending": False, "descending": True}


@dataclass(frozen=True, slots=True)
class Asking:
    """`filter` None: everybody. `start` from 1 on. `cursor` None: paged by index. `in_uri`: what is asked for stands in logs."""

    filter: str | None = None
    sort_by: str = ""
    descending: bool = False
    start: int = 1
    count: int = DEFAULT_PAGE
    cursor: str | None = None
    domain: str = ""
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    in_uri: bool = False

    def projection(self, kind: ResourceType) -> Projection:
        return projection.of_lists(self.attributes, self.excluded, kind)

    def tree(self, kind: ResourceType) -> Filter | None:
        """The filter as understood for `kind`. Raises BadFilter; Sensitive where a secret was looked for in an address (A-106)."""
        if self.filter is None:
            return None
        try:
            return parse(self.filter, kind)
        except BadFilter as refusal:
            if refusal.secret and self.in_uri:
                raise Sensitive(refusal.sentence) from None
            raise

    def sort(self, kind: ResourceType) -> Reference | None:
        """What is sorted by. Raises ScimInvalid (invalidPath) for what `kind` does not have; Unsupported (501) as WSO2 does."""
        if not self.sort_by:
            return None
        if wso2.on(house()):
            raise Unsupported(501, "Sorting is not supported")
        found = resolve(kind, self.sort_by)
        if found is None:
            raise ScimInvalid(f"There is no attribute called {self.sort_by[:100]} to sort by.", "invalidPath", field="sortBy")
        return found


def by_query(request: Asked) -> Asking:
    """Raises ScimInvalid (invalidValue), BadCursor (invalidCount)."""
    wso2.refuse_sorting(house(), request)
    given = {name: request.GET[name] for name in request.GET}
    names = {name: [",".join(request.GET.getlist(name))] for name in ("attributes", "excludedAttributes") if name in request.GET}
    return _asking(given | names, in_uri=True)


def by_body(body: dict[str, Any]) -> Asking:
    """A SearchRequest; the names of its members in any case. Raises as `by_query`."""
    known = {name.lower(): name for name in (*_TEXTS, "startIndex", "count", "attributes", "excludedAttributes")}
    return _asking({known[key.lower()]: value for key, value in body.items() if key.lower() in known and value is not None}, in_uri=False)


_TEXTS = ("filter", "sortBy", "sortOrder", "cursor", "domain")


def _asking(given: dict[str, Any], *, in_uri: bool) -> Asking:
    for name in _TEXTS:
        if not isinstance(given.get(name, ""), str):
            raise ScimInvalid(f"{name} must be a text.", "invalidValue", field=name)
    order = given.get("sortOrder", "").lower()
    if order not in _ORDERS:
        raise ScimInvalid("sortOrder must be ascending or descending.", "invalidValue", field="sortOrder")
    most, cursor = house().config.limits.page, given.get("cursor")
    return Asking(
        filter=given.get("filter"),
        sort_by=given.get("sortBy", "").strip(),
        descending=_ORDERS[order],
        start=max(1, _number(given, "startIndex", 1)),
        count=min(max(0, _count(given, cursor)), most),
        cursor=cursor,
        domain=given.get("domain", ""),
        attributes=_names(given, "attributes"),
        excluded=_names(given, "excludedAttributes"),
        in_uri=in_uri,
    )


def _count(given: dict[str, Any], cursor: str | None) -> int:
    try:
        return _number(given, "count", DEFAULT_PAGE)
    except ScimInvalid as refusal:
        if cursor is None:
            raise
        raise BadCursor("invalidCount", refusal.sentence) from None


def _number(given: dict[str, Any], name: str, default: int) -> int:
    """A whole number within what databases count; as text, too."""
    value = given.get(name, default)
    if value == "":
        return default
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(name)
        return max(-1, min(int(value[:20] if isinstance(value, str) else value), _MOST))
    except ValueError:
        raise ScimInvalid(f"{name} must be a whole number.", "invalidValue", field=name) from None


def _names(given: dict[str, Any], name: str) -> tuple[str, ...]:
    """Names of attributes: a list of them, or one text with commas."""
    value = given.get(name, [])
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, str) for row in rows) or sum(len(row) for row in rows) > projection.MOST_CHARACTERS:
        sentence = f"{name} must be names of attributes, {projection.MOST_CHARACTERS} characters at most."
        raise ScimInvalid(sentence, "invalidValue", field=name)
    return tuple(part.strip() for row in rows for part in row.split(",") if part.strip())
