"""What the pages of recovery hand on to one another: the name somebody typed, the way they chose, where they were heading.

It travels in a short-lived signed cookie, so that no name and no code ever stands in an address, a history or a log (A-017). It opens
nothing: who may set a password is decided by the ticket alone.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpResponse, QueryDict
from django.urls import reverse

from housekey.core.links import tenant_prefix
from housekey.core.names import Tenant
from housekey.operations import recovery
from housekey.operations.policies import effective
from housekey.operations.tickets import Opened
from housekey.web import cookies, heading
from housekey.web.heading import LONGEST, own_path
from housekey.web.house import house
from housekey.web.request import Asked
from housekey.web.responses import see_other

LONGEST_NAME = 255
_MOST = 2_000
"""Bytes of the cookie; a goal that would make it longer goes into the one that `heading` keeps, as does an application, for a message may
take longer than this cookie lasts. Together they must fit one header."""
_SALT = "housekey.pages.flow"


@dataclass(frozen=True, slots=True)
class Flow:
    """`step` is what was just done: code, again, sent, confirm, confirmed, or `""` for nothing."""

    step: str = ""
    username: str = ""
    method: str = ""
    goal: str = ""
    link: str = ""
    """The code of a confirmation link that waits for its button; never one that was typed."""


def read(request: Asked) -> Flow:
    """What this browser brings along to this tenant; nothing if it is too old or not ours."""
    try:
        domain, *rest = signing.loads(cookies.WAY.of(request), salt=_SALT, max_age=cookies.WAY.age)
        return Flow(*rest) if domain == request.tenant.domain else Flow()
    except (signing.BadSignature, TypeError, ValueError):
        return Flow()


def lead(request: Asked, name: str, flow: Flow, tenant: Tenant | None = None) -> HttpResponse:
    """303 to the page called `name`, which finds `flow` there. `tenant`: where it is another one than the address says."""
    tenant = tenant or request.tenant
    response = see_other(_address(request, tenant, name))
    text = _packed(tenant, flow)
    if len(text) > _MOST or heading.of(request, flow.goal):
        text = _packed(tenant, replace(flow, goal=""))
        heading.remember(request, response, flow.goal)
    cookies.WAY.put(response, text)
    return response


def _packed(tenant: Tenant, flow: Flow) -> str:
    return signing.dumps([tenant.domain, *astuple(flow)], salt=_SALT, compress=True)


def goal(request: Asked) -> str:
    """Where this browser was heading, as it brings it along: on these pages, or from the sign-in page."""
    return read(request).goal or heading.remembered(request)


def open_form(request: Asked, opened: Opened) -> HttpResponse:
    """303 to the set-password form, with the ticket that opens it."""
    response = see_other(_address(request, opened.tenant, "set-password"))
    cookies.TICKET.put(response, opened.ticket)
    cookies.WAY.clear(response)
    return response


def _address(request: Asked, tenant: Tenant, name: str) -> str:
    return reverse(name) if tenant.id == request.tenant.id else tenant_prefix(tenant.domain) + reverse(name)


def goal_in(request: Asked, asked: QueryDict) -> str:
    """Where this browser was heading: a path of this site or an address the tenant allows, else `""`."""
    given = [text for text in (asked.get(name, "") for name in ("next", "callback", "redirect_uri")) if 0 < len(text) <= LONGEST]
    policy = effective(house(), request.tenant) if given else None
    found = (own_path(text) or (recovery.callback(policy, text) if policy else "") for text in given)
    return next((goal for goal in found if goal), "")


def sign_in_at(request: Asked, goal: str, **more: str) -> str:
    """The sign-in page, from which it goes on to `goal` if that is a path of this site and tenant. `more`: parameters beside it."""
    path, prefix = own_path(goal), tenant_prefix(request.tenant.domain)
    return reverse("login") + ("?" + urlencode({"next": path, **more}) if path.startswith(f"{prefix}/") else "")
