"""`store`: the domains that users are in, and directories among them. A password comes from a file or standard input, never from argv."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from housekey.cli import output
from housekey.cli.options import DONE, REFUSED, enter, now, say
from housekey.cli.tenants import speaking_in
from housekey.core.claims import BY_URI, DIALECT
from housekey.core.directories import SECRET
from housekey.core.errors import Invalid

if TYPE_CHECKING:
    from housekey.operations.stores import NewStore, StoreView

MOST_PASSWORD = 4_000
"""Characters that are read of a password's file."""


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import stores

    found = stores.listing(speaking_in(arguments.tenant))
    if arguments.json:
        output.as_json(found)
    else:
        rows = [(one.domain, one.kind, _state(one), one.users, one.looked, one.waiting or "") for one in found]
        output.table(("DOMAIN", "KIND", "STATE", "USERS", "LAST LOOK", "WAITING"), rows)
    return DONE


def show(arguments: Namespace) -> int:
    enter()
    from housekey.operations import stores

    _print(stores.get(speaking_in(arguments.tenant), arguments.domain), as_json=arguments.json)
    return DONE


def add(arguments: Namespace) -> int:
    house = enter()
    from housekey.operations import stores

    new = _wanted(arguments)
    _print(stores.add(house, speaking_in(arguments.tenant), new, now()), as_json=arguments.json)
    return DONE


def test(arguments: Namespace) -> int:
    """Of what is stored, or, with `--kind`, of settings that are not. Exit code 1 if a step failed."""
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import stores

    if arguments.kind:
        tested = stores.test(house, by, _wanted(arguments))
    else:
        if arguments.set or arguments.map or arguments.password_file:
            raise Invalid("Settings to try need --kind as well; without it the stored ones are tried.", field="kind")
        tested = stores.test(house, by, stores.as_new(stores.get(by, arguments.domain)), domain=arguments.domain)
    if arguments.json:
        output.as_json({"good": tested.good, "steps": [{"sentence": sentence, "good": good} for sentence, good in tested.steps]})
    else:
        for sentence, good in tested.steps:
            print(f"{'ok' if good else 'FAILED'}  {output.text(sentence)}")
    return DONE if tested.good else REFUSED


def look(arguments: Namespace) -> int:
    enter()
    from housekey.operations import stores

    by = speaking_in(arguments.tenant)
    stores.look(by, arguments.domain, now())
    if arguments.json:
        output.as_json(stores.get(by, arguments.domain))
    else:
        print(f"{arguments.domain.upper()} is looked through as soon as a server is running.")
    return DONE


def enable(arguments: Namespace) -> int:
    return _switch(arguments, enabled=True)


def disable(arguments: Namespace) -> int:
    return _switch(arguments, enabled=False)


def _switch(arguments: Namespace, *, enabled: bool) -> int:
    enter()
    from housekey.operations import stores

    view = stores.switch(speaking_in(arguments.tenant), arguments.domain, enabled, now())
    if arguments.json:
        output.as_json(view)
    else:
        print(f"{view.domain} is switched on." if enabled else f"{view.domain} is switched off. Its users can no longer sign in.")
    return DONE


def remove(arguments: Namespace) -> int:
    """`--forget`: its users here first, in pieces; begun anew, it goes on where it ended."""
    enter()
    from housekey.operations import stores

    by = speaking_in(arguments.tenant)
    if arguments.forget and stores.get(by, arguments.domain).users:
        while left := stores.forget_people(by, arguments.domain, now()):
            say(f"{left} users are left.")
    stores.remove(by, arguments.domain, now())
    if arguments.json:
        output.as_json({"domain": arguments.domain.upper(), "removed": True})
    else:
        print(f"{arguments.domain.upper()} was removed. The directory itself was not changed.")
    return DONE


def _wanted(arguments: Namespace) -> NewStore:
    """Raises Invalid."""
    from housekey.operations.stores import NewStore

    properties = _pairs(arguments.set, "--set")
    if SECRET in properties:
        raise Invalid(f"Give the password by --password-file: others on this machine see what is typed after --set {SECRET}.", field=SECRET)
    attributes = {_claim(claim): attribute for claim, attribute in _pairs(arguments.map, "--map").items()}
    wanted = NewStore(arguments.domain, arguments.kind, properties, attributes)
    return replace(wanted, password=_password(arguments.password_file)) if arguments.password_file else wanted


def _pairs(given: list[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Invalid(f"{option} takes NAME=VALUE, not {text[:60]}.", field=option)
        found[name.strip()] = value
    return found


def _claim(name: str) -> str:
    """`emailaddress` is short for the claim's URI."""
    return f"{DIALECT}/{name}" if f"{DIALECT}/{name}" in BY_URI else name


def _password(place: str) -> str:
    """The first line of a file or of standard input. Raises Invalid."""
    try:
        if place == "-":
            return sys.stdin.readline(MOST_PASSWORD).rstrip("\r\n")
        with Path(place).open(encoding="utf-8") as file:
            return file.readline(MOST_PASSWORD).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The password cannot be read from {place}: {error}.", field="password") from None


def _state(view: StoreView) -> str:
    if not view.enabled:
        return "off"
    if view.findings.get("error"):
        return "in trouble"
    return "read-only" if view.read_only else "on"


def _print(view: StoreView, *, as_json: bool) -> None:
    if as_json:
        output.as_json(view)
        return
    found = {name: value for name, value in view.findings.items() if value}
    output.facts({
        "domain": view.domain, "kind": view.kind, "state": _state(view), "users": view.users, "description": view.description,
        "password": "set" if view.secret else "", "last look": view.looked, "found": ", ".join(f"{name}: {found[name]}" for name in found),
        "waiting": view.waiting or "", **{name: value.splitlines()[0] for name, value in view.properties.items() if value},
    })
    if view.attributes:
        output.table(("CLAIM", "ATTRIBUTE"), sorted(view.attributes.items()))
