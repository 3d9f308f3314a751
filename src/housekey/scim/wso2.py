"""`[scim2] wso2_responses`: the one place where answers take WSO2's shapes instead of the RFCs' (reference 4.0, 4B).

Everything else composes answers as the RFCs have them; what leaves the door passes through here. Patches, comparisons and tags work
on the RFC's shape whatever the switch says.
"""

from __future__ import annotations

from typing import Any

from housekey.conf.house import House
from housekey.core.attributes import ENTERPRISE_URN, GROUP_URN, USER_URN, WSO2_URN
from housekey.core.principal import EVERYONE
from housekey.scim.errors import Unsupported
from housekey.web.request import Asked

_SORTING = ("sortBy", "sortOrder", "sortOder")
"""WSO2's parameter is really called `sortOder`."""


def on(house: House) -> bool:
    return house.config.scim2.wso2_responses


def dressed(house: House, body: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """A resource as WSO2 shows it. `whole` False: only some attributes were asked for, so none is added that was not."""
    if not on(house) or USER_URN not in body.get("schemas", ()):
        return body
    body = dict(body)
    if "emails" in body:
        body["emails"] = [_address(row) for row in body["emails"]]
    if "roles" in body or whole:
        everyone = {"type": "default", "value": EVERYONE, "display": EVERYONE}
        body["roles"] = [everyone, *({"type": "default", **row} for row in body.get("roles", ()))]
    if WSO2_URN in body:
        body[ENTERPRISE_URN] = body.get(ENTERPRISE_URN, {}) | body[WSO2_URN]
        body["schemas"] = [*body["schemas"], *([ENTERPRISE_URN] if ENTERPRISE_URN not in body["schemas"] else [])]
    return body


def _address(row: dict[str, Any]) -> Any:
    """An address that has no type is a plain text in WSO2's answers."""
    return row["value"] if isinstance(row, dict) and "type" not in row and "value" in row else row


def listed(house: House, body: dict[str, Any]) -> dict[str, Any]:
    """A ListResponse. WSO2 leaves `Resources` out when nothing was found."""
    if on(house) and not body.get("Resources"):
        return {key: value for key, value in body.items() if key != "Resources"}
    return body


def refuse_sorting(house: House, request: Asked) -> None:
    """Raises Unsupported (501) where a client that knows WSO2 expects it."""
    if on(house) and any(name in request.GET for name in _SORTING):
        raise Unsupported(501, "Sorting is not supported")


def resource_types(house: House, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """WSO2 tells of users and groups only."""
    return [row for row in rows if row["schema"] in {USER_URN, GROUP_URN}] if on(house) else rows


def schema(document: dict[str, Any]) -> dict[str, Any]:
    """A schema as WSO2 writes it: types in capitals."""
    return document | {"attributes": [_attribute(row) for row in document["attributes"]]}


def _attribute(row: dict[str, Any]) -> dict[str, Any]:
    changed = row | {"type": str(row["type"]).upper()}
    if "subAttributes" in row:
        changed["subAttributes"] = [_attribute(sub) for sub in row["subAttributes"]]
    return changed
