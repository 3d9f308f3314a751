"""`tenant`: the organisations that share this server."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING

from housekey.cli import output
from housekey.cli.options import DONE, enter, now, say
from housekey.core.errors import Invalid, NotFound
from housekey.core.principal import Principal, system

if TYPE_CHECKING:
    from housekey.operations.tenants import TenantView

_TELL_EVERY = 2.0
"""Seconds between two lines of progress where there is no terminal."""


def speaking_in(domain: str = "") -> Principal:
    """The operator at the command line, inside a tenant ("" is the default one). Raises NotFound, Invalid."""
    from housekey.operations import tenants

    tenant = tenants.by_domain(domain) if domain else tenants.default()
    if tenant is None:
        raise NotFound(f"There is no tenant {domain}. `housekey tenant list` shows those that exist.")
    return system(tenant, "command line")


def add(arguments: Namespace) -> int:
    """With `--admin` also the first administrator, who is invited: by mail if there is an address, else by a link to hand over."""
    house = enter()
    from housekey.operations import tenant_owners, tenants

    by, link = speaking_in(), ""
    if arguments.email and not arguments.admin:
        raise Invalid("Say with --admin what the administrator is called whose address this is.", field="admin")
    if arguments.admin:
        owner = tenant_owners.Owner(arguments.admin, arguments.email, by_mail=bool(arguments.email))
        made = tenant_owners.add(house, by, arguments.domain, arguments.name, owner, now())
        tenant, link = made.tenant, made.link
    else:
        tenant = tenants.add(by, arguments.domain, arguments.name, now())
    if arguments.json:
        output.as_json({"id": tenant.id, "domain": tenant.domain, "name": tenant.name, "administrator": arguments.admin, "link": link})
    elif link:
        print(f"{tenant.domain} was created. Hand this link to “{output.text(arguments.admin)}”. It sets the password, one time:\n{link}")
    elif arguments.admin:
        print(f"{tenant.domain} was created. An invitation to {output.text(arguments.email)} is on its way.")
    else:
        print(f"{tenant.domain} was created. Its first administrator: housekey admin invite NAME --tenant {tenant.domain}")
    return DONE


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import tenants

    by, found, total = speaking_in(), list["TenantView"](), 1
    while len(found) < total:
        page = tenants.search(by, offset=len(found), limit=500)
        found, total = found + page.tenants, page.total if page.tenants else 0
    if arguments.json:
        output.as_json(found)
    else:
        rows = [(one.domain, one.name, one.state, "" if one.users < 0 else one.users, one.created) for one in found]
        output.table(("DOMAIN", "NAME", "STATE", "USERS", "CREATED"), rows)
    return DONE


def suspend(arguments: Namespace) -> int:
    enter()
    from housekey.operations import tenants

    by = speaking_in()
    return _done(arguments, tenants.suspend(by, _id(by, arguments.domain), now()), "is suspended: nobody comes in, nothing is sent.")


def resume(arguments: Namespace) -> int:
    enter()
    from housekey.operations import tenants

    by = speaking_in()
    return _done(arguments, tenants.resume(by, _id(by, arguments.domain), now()), "is active again.")


def rename(arguments: Namespace) -> int:
    enter()
    from housekey.operations import tenants

    by = speaking_in()
    return _done(arguments, tenants.rename(by, _id(by, arguments.domain), arguments.name, now()), "has its new name.")


def delete(arguments: Namespace) -> int:
    """Everything in the tenant goes. Ended half way, the server or the next call goes on."""
    enter()
    from housekey.operations import tenant_removal, tenants

    by = speaking_in()
    tenant = tenants.by_name(by, arguments.domain)
    _must_be_meant(arguments, tenant)
    tenant_removal.begin(by, tenant.id, now())
    _follow(tenant)
    if arguments.json:
        output.as_json({"domain": tenant.domain, "deleted": True})
    else:
        print(f"{tenant.domain} was deleted, with everything that was in it.")
    return DONE


def _must_be_meant(arguments: Namespace, tenant: TenantView) -> None:
    """Raises Invalid unless somebody types the domain, or said `--yes`."""
    if arguments.yes:
        return
    typed = ""
    if sys.stdin.isatty():
        say(f"This deletes {tenant.domain} with {max(0, tenant.users)} users and everything else in it. It cannot be undone.")
        print("Type the tenant's domain to go on: ", end="", file=sys.stderr, flush=True)
        typed = sys.stdin.readline().strip().lower()
    if typed != tenant.domain:
        raise Invalid(f"Nothing was deleted. Type the domain when asked, or say: housekey tenant delete {tenant.domain} --yes")


def _follow(tenant: TenantView) -> None:
    """Take away what is in it, and say how far it is."""
    from housekey.operations import tenant_removal

    told, before = time.monotonic(), -1
    for gone in tenant_removal.pieces(tenant.id, now()):
        if sys.stderr.isatty():
            print(f"\r{gone} rows are gone ", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - told >= _TELL_EVERY:
            told = time.monotonic()
            say(f"{gone} rows are gone")
        if gone == before:
            # The server is at the same rows.
            time.sleep(0.2)
        before = gone
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _id(by: Principal, domain: str) -> int:
    from housekey.operations import tenants

    return tenants.by_name(by, domain).id


def _done(arguments: Namespace, tenant: TenantView, sentence: str) -> int:
    if arguments.json:
        output.as_json(tenant)
    else:
        print(f"{tenant.domain} {sentence}")
    return DONE
