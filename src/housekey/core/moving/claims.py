"""`claim-config.xml`: how attributes of users are shown, and what is asked of their values (reference server 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from housekey.core.claim_rules import Rule
from housekey.core.claims import BY_URI, DIALECT, EMAIL, GIVEN_NAME, LAST_NAME, writable
from housekey.core.errors import Invalid
from housekey.core.moving.fragments import Node
from housekey.core.moving.report import Moved, MovedClaim, Place
from housekey.core.patterns import compiled

WSO2_MAIL = r"^([a-zA-Z0-9_\.\-])+\@(([a-zA-Z0-9\-])+\.)+([a-zA-Z0-9]{2,4})+$"
_IN_FORMS = frozenset({EMAIL, GIVEN_NAME, LAST_NAME})
"""What WSO2 ships as required, which it asks for in its own forms only."""
_DIFFERS = {"attributeid": "Housekey's own database needs no mapping; a user store in a directory has one of its own.",
            "mappedlocalclaim": "The names in other dialects are fixed here.", "sharedprofilevalueresolvingmethod": "There is one profile."}


def read(root: Node, file: str, moved: Moved) -> None:
    for dialect in list(root.each("Dialect")) or [root]:
        uri = dialect.attributes.get("dialectURI", DIALECT)
        for claim in dialect.each("Claim"):
            if uri == DIALECT:
                _claim(claim, file, moved)
            else:
                _foreign(claim, file, moved)


def _name(node: Node) -> str:
    uri = node.child("ClaimURI")
    return uri.text if uri else ""


def _foreign(node: Node, file: str, moved: Moved) -> None:
    for child in node.children:
        if child.tag != "ClaimURI":
            moved.differs(Place(file, child.line, f"Claim[{_name(node)[:150]}]/{child.tag[:60]}"), _DIFFERS["mappedlocalclaim"])


def _claim(node: Node, file: str, moved: Moved) -> None:
    uri = _name(node)
    shipped = BY_URI.get(uri)
    places = {child.tag.lower(): Place(file, child.line, f"Claim[{uri[:150]}]/{child.tag[:60]}") for child in node.children
              if child.tag != "ClaimURI"}
    if not uri:
        moved.could_not(Place(file, node.line, "Claim"), "The claim has no ClaimURI, so nobody can say which it is.")
        return
    if shipped is None:
        name = uri.removeprefix(f"{DIALECT}/")
        for place in places.values():
            moved.differs(place, f"Users here have no such attribute. It can be added: housekey attribute add {name[:60]}")
        return
    taken: dict[str, Any] = {}
    for child in node.children:
        if child.tag.lower() in places:
            _part(uri, child, places[child.tag.lower()], taken, moved)
    used = {part: places[part] for part in taken}
    if used:
        moved.claims.append(_moved(uri, taken, used))


def _moved(uri: str, taken: Mapping[str, Any], places: Mapping[str, Place]) -> MovedClaim:
    rule = Rule(taken.get("regex", ""), taken.get("required", False), taken.get("readonly", False))
    return MovedClaim(uri, taken.get("displayname"), taken.get("description"), taken.get("displayorder"), taken.get("supportedbydefault"),
                      rule, places)


def _part(uri: str, node: Node, place: Place, taken: dict[str, Any], moved: Moved) -> None:
    part, text = node.tag.lower(), node.text
    if words := _DIFFERS.get(part):
        moved.differs(place, words)
    elif part in {"displayname", "description"}:
        _text(place, part, text, taken, moved)
    elif part == "displayorder":
        if text.isdigit() and len(text) <= 4:
            _take(place, part, int(text), taken, moved)
        else:
            moved.could_not(place, "Expected a number from 0 to 9999.")
    elif part in {"supportedbydefault", "required", "readonly"}:
        _flag(uri, place, part, text, taken, moved)
    elif part == "regex":
        _regex(uri, place, text, taken, moved)
    else:
        moved.differs(place, "Housekey has no such part of a claim; it was left out.")


def _text(place: Place, part: str, text: str, taken: dict[str, Any], moved: Moved) -> None:
    if text:
        _take(place, part, text, taken, moved)
    else:
        moved.differs(place, "Is empty, which means: not set.")


def _flag(uri: str, place: Place, part: str, text: str, taken: dict[str, Any], moved: Moved) -> None:
    """An element that is there and empty means true."""
    if text.lower() not in {"", "true", "false"}:
        moved.could_not(place, "Expected true or false, or nothing, which means true.")
        return
    on = text.lower() != "false"
    if part == "required" and on and uri in _IN_FORMS:
        moved.differs(place, "WSO2 asks for it in its own forms only, and those ask for it here too. To ask for it everywhere, "
                             "switch it on under User Attributes.")
    elif part != "supportedbydefault" and on and not writable(uri):
        moved.differs(place, "Nobody writes this attribute here, so there is nothing to ask of its values.")
    else:
        _take(place, part, on, taken, moved)


def _regex(uri: str, place: Place, text: str, taken: dict[str, Any], moved: Moved) -> None:
    if not text:
        moved.differs(place, "Is empty, which means: not set.")
    elif uri == EMAIL and text == WSO2_MAIL:
        moved.differs(place, "This is what WSO2 ships; it refuses + and long domains. Housekey's own pattern, which does not, is kept.")
    elif not writable(uri):
        moved.differs(place, "Nobody writes this attribute here, so there is nothing to ask of its values.")
    else:
        try:
            compiled(text)
        except Invalid as error:
            moved.could_not(place, error.sentence)
        else:
            _take(place, "regex", text, taken, moved)


def _take(place: Place, part: str, value: str | bool | int, taken: dict[str, Any], moved: Moved) -> None:
    taken[part] = value
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    moved.understood(place, f"attribute, {place.key.rpartition('/')[2]}", shown[:255])


