"""`tenant`: the organisations that share this server."""

from __future__ import annotations

from argparse import Namespace

from housekey.cli import output
from housekey.cli.options import DONE, enter, now
from housekey.core.errors import NotFound
from housekey.core.principal import Principal, system


def speaking_in(domain: str = "") -> Principal:
    """The operator at the command line, inside a tenant ("" is the default one). Raises NotFound, Invalid."""
    from housekey.operations import tenants

    tenant = tenants.by_domain(domain) if domain else tenants.default()
    if tenant is None:
        raise NotFound(f"There is no tenant {domain}. `housekey tenant list` shows those that exist.")
    return system(tenant, "command line")


def add(arguments: Namespace) -> int:
    enter()
    from housekey.operations import tenants

    tenant = tenants.add(speaking_in(), arguments.domain, arguments.name, now())
    if arguments.json:
        output.as_json(tenant)
    else:
        print(f"{tenant.domain} was created. Its first administrator: housekey admin invite NAME --tenant {tenant.domain}")
    return DONE


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import tenants

    found = tenants.listing()
    if arguments.json:
        output.as_json(found)
    else:
        output.table(("DOMAIN", "NAME"), [(tenant.domain, tenant.name) for tenant in found])
    return DONE
