"""`signing-key`: what ID tokens are signed with."""

from __future__ import annotations

from argparse import Namespace

from housekey.cli import output
from housekey.cli.options import DONE, enter, now
from housekey.cli.tenants import speaking_in
from housekey.core.applications import ALGORITHMS


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import signing

    found = signing.listing(speaking_in(arguments.tenant), now())
    if arguments.json:
        output.as_json(found)
    else:
        output.table(("KEY ID", "ALGORITHM", "CREATED", "SIGNS", "REPLACED"),
                     [(one.kid, one.alg, one.created, one.signs, one.replaced) for one in found])
    return DONE


def rotate(arguments: Namespace) -> int:
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import signing

    made = [signing.rotate(house, by, alg, now(), at_once=arguments.at_once) for alg in ALGORITHMS if arguments.alg in ("", alg)]
    if arguments.json:
        output.as_json(made)
    else:
        for key in made:
            print(f"{key.kid} signs with {key.alg} from now on.")
        if arguments.at_once:
            print("What the old keys signed is worthless. Applications that remember them refuse sign-ins until they fetch the new ones.")
    return DONE
