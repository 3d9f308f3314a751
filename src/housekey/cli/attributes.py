"""`attribute`: what a tenant's users can have besides what every user has."""

from __future__ import annotations

from argparse import Namespace

from housekey.cli import output
from housekey.cli.options import DONE, enter, now
from housekey.cli.tenants import speaking_in
from housekey.core.custom import CustomAttribute


def add(arguments: Namespace) -> int:
    enter()
    from housekey.operations import custom_attributes

    attribute = CustomAttribute(arguments.name, arguments.type, arguments.description)
    custom_attributes.add(speaking_in(arguments.tenant), attribute, now())
    if arguments.json:
        output.as_json(attribute)
    else:
        print(f"{attribute.name} was added. A running server knows it within seconds.")
    return DONE


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import custom_attributes

    found = custom_attributes.listing(speaking_in(arguments.tenant))
    if arguments.json:
        output.as_json(found)
    else:
        output.table(("NAME", "TYPE", "DESCRIPTION"), [(one.name, one.type, one.description) for one in found])
    return DONE


def remove(arguments: Namespace) -> int:
    enter()
    from housekey.operations import custom_attributes

    custom_attributes.remove(speaking_in(arguments.tenant), arguments.name, now())
    if arguments.json:
        output.as_json({"name": arguments.name, "removed": True})
    else:
        print(f"{output.text(arguments.name)} was removed. Nobody sees it any more.")
    return DONE
