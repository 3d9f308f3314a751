"""`client`: applications that people sign in to, and programs that ask with a token of their own."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from housekey.cli import output
from housekey.cli.options import DONE, enter, now
from housekey.cli.tenants import speaking_in
from housekey.core.applications import Application

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.core.names import Tenant
    from housekey.operations.clients import ClientView, NewClient


def add(arguments: Namespace) -> int:
    """Always JSON: the secret is shown this once, and whoever scripts against it pipes it on."""
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import clients

    application = _wanted(arguments, Application(public=arguments.public))
    _print(house, by.tenant, clients.add(house, by, arguments.name, (arguments.scope or "").split(), now(), application))
    return DONE


def listing(arguments: Namespace) -> int:
    enter()
    from housekey.operations import clients

    found = clients.listing(speaking_in(arguments.tenant))
    if arguments.json:
        output.as_json([_told(one) for one in found])
    else:
        rows = [(one.client_id, one.name, one.application.kind, one.created, " ".join(one.scopes)) for one in found]
        output.table(("CLIENT ID", "NAME", "KIND", "CREATED", "SCOPES"), rows)
    return DONE


def show(arguments: Namespace) -> int:
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import clients

    _print_view(arguments, house, by.tenant, clients.view(by, arguments.client_id))
    return DONE


def set(arguments: Namespace) -> int:
    """Scopes and settings are two operations; what is wrong with the settings is found before the scopes change."""
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import clients

    view = clients.view(by, arguments.client_id)
    wanted = _wanted(arguments, view.application)
    if wanted != view.application or arguments.name:
        view = clients.set_application(by, arguments.client_id, wanted, now(), arguments.name)
    if arguments.scope is not None:
        view = clients.set_scopes(by, arguments.client_id, arguments.scope.split(), now())
    _print_view(arguments, house, by.tenant, view)
    return DONE


def scope(arguments: Namespace) -> int:
    enter()
    from housekey.operations import clients

    changed = clients.set_scopes(speaking_in(arguments.tenant), arguments.client_id, arguments.scopes.split(), now())
    if arguments.json:
        output.as_json(_told(changed))
    else:
        print(f"{output.text(changed.name)} may now: {' '.join(changed.scopes)}")
    return DONE


def rotate(arguments: Namespace) -> int:
    """Always JSON, as `add`."""
    house, by = enter(), speaking_in(arguments.tenant)
    from housekey.operations import clients

    _print(house, by.tenant, clients.rotate(house, by, arguments.client_id, now()))
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


def _wanted(arguments: Namespace, before: Application) -> Application:
    """The settings, changed where an option says so. An empty address takes out what was there."""
    given: dict[str, Any] = {
        "redirect_uris": _listed(arguments.redirect_uri), "post_logout_redirect_uris": _listed(arguments.post_logout_redirect_uri),
        "backchannel_logout_uri": arguments.backchannel_logout_uri, "access_url": arguments.access_url, "consent": arguments.consent,
        "signed_with": arguments.signed_with,
    }
    return dataclasses.replace(before, **{name: value for name, value in given.items() if value is not None})


def _listed(uris: list[str] | None) -> tuple[str, ...] | None:
    return None if uris is None else tuple(uri.strip() for uri in uris if uri.strip())


def _print(house: House, tenant: Tenant, made: NewClient) -> None:
    from housekey.operations import signing

    shown = {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}
    output.as_json({**shown, "issuer": signing.issuer(house, tenant)})


def _print_view(arguments: Namespace, house: House, tenant: Tenant, view: ClientView) -> None:
    from housekey.operations import signing

    shown = {**_told(view), "issuer": signing.issuer(house, tenant)}
    if arguments.json:
        output.as_json(shown)
    else:
        output.facts({name: " ".join(value) if isinstance(value, tuple) else value for name, value in shown.items()})


def _told(view: ClientView) -> dict[str, Any]:
    """Flat; a program without redirect URIs has no settings of an application."""
    plain = {"client_id": view.client_id, "name": view.name, "kind": view.application.kind, "scopes": view.scopes, "created": view.created,
             "created_by": view.created_by}
    people = {field.name: getattr(view.application, field.name) for field in dataclasses.fields(view.application)}
    return plain | people if view.application.redirect_uris else plain
