"""Users: the list, and one user's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from housekey.console import states
from housekey.console.deeds import deeds
from housekey.console.listing import SIZE, Pager, page_number
from housekey.console.views import special
from housekey.core import claims as local
from housekey.core.attributes import CUSTOM_URN
from housekey.core.custom import held
from housekey.core.filters import moment
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW, OFFLINE_INVITE, USER_LIST, USER_VIEW
from housekey.core.scenario import Purpose, of
from housekey.core.users import Invitation, User
from housekey.operations import audit, claims, onboarding, resets, users
from housekey.operations.custom_attributes import kind_of_users
from housekey.operations.policies import effective
from housekey.web.events import sentences
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.templatetags.ui import exact


@require_safe
@needs(CONSOLE, USER_LIST)
def listing(request: Asked) -> HttpResponse:
    """`?status=` (a `Standing.label`), `?q=` and `?page=` are the whole state of the list."""
    status, search, number = request.GET.get("status", ""), request.GET.get("q", "").strip()[:200], page_number(request.GET)
    status = status if status in states.USERS else ""
    found = users.listing(request.by, status=status, search=search, offset=(number - 1) * SIZE, limit=SIZE)
    rows = [{"user": user, "badge": states.of_user(user.standing)} for user in found.users]
    return render(request, "console/users.html", {
        "rows": rows, "pager": Pager(number, found.total), "status": status, "search": search, "statuses": states.USERS,
    })


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the profile. `secret`: the value is a code, which is shown only to somebody who asks for it."""

    label: str
    value: str
    verified: bool = False
    secret: bool = False


def _facts(request: Asked, user: User, *, code: bool) -> list[Fact]:
    """The claims that profiles show without being asked (supported by default), in the tenant's order."""
    proved = {local.EMAIL: user.email_verified, local.MOBILE: user.phone_verified}
    return [
        Fact(_(claim.display_name), "•" * 6 if code else "", secret=True) if claim.uri == local.ONE_TIME_PASSWORD
        else Fact(_(claim.display_name), value := local.value_of(user, claim.uri), bool(value) and proved.get(claim.uri, False))
        for claim in claims.supported(request.tenant) if claim.uri != local.USERNAME
    ]


def _own_facts(request: Asked, user: User) -> list[Fact]:
    """What the tenant's own attributes say, by their names."""
    schema = kind_of_users(request.tenant).extension(CUSTOM_URN)
    known = held(schema, user.profile.more.get(CUSTOM_URN, {}))
    return [Fact(row.name, _said(row.type, known[row.name]) if row.name in known else "") for row in schema.attributes]


def _said(type: str, value: Any) -> str:
    if type == "boolean":
        return _("yes") if value else _("no")
    at = moment(value) if type == "dateTime" else None
    return exact(at) if at else str(value)


def _sendings(invitations: list[Invitation]) -> list[dict[str, object]]:
    known = [(item, of(item.scenario)) for item in invitations]
    return [{"it": item, "badge": states.of_invitation(item), "purpose": states.PURPOSES[scenario.purpose],
             "method": states.METHODS[scenario.method] if scenario.purpose != "age" else "", "otp": scenario.otp}
            for item, scenario in known]


@require_safe
@needs(CONSOLE, USER_VIEW)
def show(request: Asked, user_id: UUID) -> HttpResponse:
    by, moment, policy = request.by, now(), effective(house(), request.tenant)
    user = users.get(by, user_id)
    invitations = onboarding.invitations(by, user_id, moment)
    latest = invitations[0] if invitations else None
    may = deeds(by, user, policy, latest, governance=house().config.governance)
    code = resets.has_offline_code(by, user_id, moment)
    purpose: Purpose = "reset" if user.standing.pending == "PENDING_FUPR" else "invitation"
    return render(request, "console/user.html", {
        "user": user, "badge": states.of_user(user.standing), "why": states.why(user, latest, moment), "may": may,
        "facts": [*_facts(request, user, code=code), *_own_facts(request, user)],
        "code": code, "may_reveal": code and by.may(OFFLINE_INVITE) and not may.edit.why,
        "invitations": _sendings(invitations), "events": sentences(audit.recent(by, user_id, 20)),
        "special": special.shown(request, policy, purpose, user.profile) if may.resend.offered and may.special else None,
        "locked": bool(user.standing.locks) and user.standing.label == "locked", "may_settings": by.may(GOVERNANCE_VIEW),
    })
