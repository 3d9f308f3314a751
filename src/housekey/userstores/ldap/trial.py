"""Trying a directory's settings out, step by step, for the person who set it up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from housekey.core.directories import Directory
from housekey.userstores.directory import Tested, Trouble
from housekey.userstores.ldap import entries, troubles

if TYPE_CHECKING:
    from housekey.userstores.ldap.connections import Pool
    from housekey.userstores.ldap.line import Line

_NAMES = re.compile(r"\bNAME\s+(?:'([^']+)'|\(([^)]*)\))")
MOST_DESCRIPTION = 4_096
"""Bytes of an attribute's description in a schema that are looked at: its names stand at the beginning (A-086)."""
Step = tuple[str, bool]


def trial(directory: Directory, pool: Pool) -> Tested:
    """Raises nothing. The first step that fails may be the last."""
    steps: list[Step] = []
    try:
        line = pool.tried()
    except Trouble as trouble:
        return Tested(((str(trouble), False),))
    try:
        steps.append((f"Connected to {directory.url}, {f'encrypted ({line.version})' if line.encrypted else 'not encrypted'}.", True))
        steps.append((f"Signed in as {directory.bind_dn}." if directory.bind_dn else "Not signed in: no name to connect as is set.", True))
        steps += _people(directory, line)
        if directory.read_groups:
            steps.append(_place(line, "groups", directory.group_base, directory.group_filter))
        steps += _schema(directory, line)
    except Trouble as trouble:
        steps.append((str(trouble), False))
    finally:
        line.close()
    return Tested(tuple(steps))


def _place(line: Line, what: str, base: str, text: str) -> Step:
    found = line.search(base, text, ["1.1"], most=1)
    if found.answer.code == troubles.GONE:
        return f"There is no {base}, where {what} should be, or the account we connect as may not see it.", False
    if found.answer.code not in {troubles.SUCCESS, troubles.SIZE_LIMIT}:
        return str(troubles.refusal(found.answer.code, found.answer.text)), False
    return (f"Found {what} under {base}." if found.entries else f"There are no {what} under {base} yet."), True


def _people(directory: Directory, line: Line) -> list[Step]:
    base = directory.user_base
    place = _place(line, "users", base, directory.user_filter)
    found = line.search(base, directory.user_filter, entries.person_attributes(directory), most=1)
    if not place[1] or not found.entries:
        return [place]
    try:
        person = entries.person(directory, *found.entries[0])
    except Trouble as trouble:
        return [place, (str(trouble), False)]
    if person is None:
        return [place, (f"The entry {found.entries[0][0]} has no {directory.name_attribute}, the attribute of the user name.", False)]
    return [place, (f"Read the user {person.username}.", True)]


def _schema(directory: Directory, line: Line) -> list[Step]:
    """Does the directory know the attributes that claims are mapped to?"""
    known = _attribute_types(line)
    if not known:
        return [("The directory does not show its schema, so whether it knows the mapped attributes was not looked at.", True)]
    mapped = [*directory.attributes.values(), *directory.mirrored.values()]
    wanted = [directory.name_attribute, directory.rdn_attribute, directory.id_attribute, *mapped]
    absent = [name for name in dict.fromkeys(wanted) if name.lower() not in known and name not in known]
    if absent:
        return [(f"The directory's schema does not know {', '.join(absent)}.", False)]
    return [("The directory knows all mapped attributes.", True)]


def _attribute_types(line: Line) -> set[str]:
    """Names in lower case, and OIDs."""
    root = line.search("", "(objectClass=*)", ["subschemaSubentry"], scope="BASE")
    place = next((text for _, found in root.entries for text in entries.texts(found, "subschemaSubentry")), "")
    if not place:
        return set()
    answer = line.search(place, "(objectClass=subschema)", ["attributeTypes"], scope="BASE")
    return {name for _, found in answer.entries for name in _named(found.get("attributeTypes") or ())}


def _named(descriptions: Sequence[bytes]) -> set[str]:
    """`( 2.5.4.4 NAME ( 'sn' 'surname' ) … )`"""
    found: set[str] = set()
    for raw in descriptions:
        text = raw[:MOST_DESCRIPTION].decode("utf-8", "replace")
        match = _NAMES.search(text)
        if match:
            found |= {match[1].lower()} if match[1] else {part.lower() for part in re.findall(r"'([^']+)'", match[2])}
        found |= set(re.findall(r"^\(\s*([0-9.]+)", text))
    return found
