"""`client`: programs that ask with a token of their own."""

from __future__ import annotations

from argparse import Namespace

from housekey.cli import output
from housekey.cli.options import DONE, enter, now
from housekey.cli.tenants import speaking_in


def add(arguments: Namespace) -> int:
    """Always JSON: the secret is shown this once, and whoever scripts against it pipes it on."""
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import clients

    output.as_json(clients.add(house, by, arguments.name, arguments.scope.split(), now()))
    return DONE


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import clients

    found = clients.listing(speaking_in(arguments.tenant))
    if arguments.json:
        output.as_json(found)
    else:
        rows = [(one.client_id, one.name, one.created, " ".join(one.scopes)) for one in found]
        output.table(("CLIENT ID", "NAME", "CREATED", "SCOPES"), rows)
    return DONE


def scope(arguments: Namespace) -> int:
    enter()
    from housekey.operations import clients

    changed = clients.set_scopes(speaking_in(arguments.tenant), arguments.client_id, arguments.scopes.split(), now())
    if arguments.json:
        output.as_json(changed)
    else:
        print(f"{output.text(changed.name)} may now: {' '.join(changed.scopes)}")
    return DONE


def rotate(arguments: Namespace) -> int:
    """Always JSON, as `add`."""
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import clients

    output.as_json(clients.rotate(house, by, arguments.client_id, now()))
    return DONE


def delete(arguments: Namespace) -> int:
    enter()
    from housekey.operations import clients

    clients.delete(speaking_in(arguments.tenant), arguments.client_id, now())
    if arguments.json:
        output.as_json({"client_id": arguments.client_id, "deleted": True})
    else:
        print(f"{arguments.client_id} was deleted. Its tokens no longer work.")
    return DONE
