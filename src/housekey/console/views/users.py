"""Users: the list, and one user's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from housekey.console import bulk, states
from housekey.console.deeds import deeds
from housekey.console.listing import SIZE, Pager, page_number
from housekey.console.sections import sections
from housekey.console.story import told
from housekey.console.views import special
from housekey.core import claims as local
from housekey.core.attributes import CUSTOM_URN
from housekey.core.custom import held
from housekey.core.filters import moment
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW, OFFLINE_INVITE, OUTBOX_VIEW, STORE_VIEW, USER_LIST, USER_VIEW, Principal
from housekey.core.scenario import Purpose, of
from housekey.core.users import Invitation, User
from housekey.operations import claims, domains, insights, onboarding, resets, users
from housekey.operations.custom_attributes import kind_of_users
from housekey.operations.policies import effective
from housekey.web.forms import Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.templatetags.ui import Badge, exact

FILTERS: dict[str, Badge] = {
    **{key: states.USERS[key] for key in ("not-invited", "invited", "reset", "locked", "disabled", "active")},
    "unconfirmed": Badge(gettext_lazy("Address not confirmed"), "info", "mail", states.UNCONFIRMED.sentence),
}
"""What `?status=` may say: in front, whatever waits for somebody to act."""
SORTS: tuple[tuple[str, Words], ...] = (
    ("name", gettext_lazy("User")), ("created", gettext_lazy("Created")), ("changed", gettext_lazy("Last changed")),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A heading that sorts. `ordered` is what aria-sort says, `other` the `?sort=` that a click asks for."""

    label: Words
    ordered: str
    other: str


def sort_columns(sort: str) -> dict[str, Column]:
    """A second click turns the order round; times begin with the newest."""
    found = {}
    for name, label in SORTS:
        first, second = (name, f"-{name}") if name == "name" else (f"-{name}", name)
        ordered = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
        found[name] = Column(label, ordered, second if sort == first else first)
    return found


@require_safe
@needs(CONSOLE, USER_LIST)
def listing(request: Asked) -> HttpResponse:
    """`?status=`, `?domain=`, `?q=`, `?sort=` and `?page=` are the whole state of the list; `?ticked=page` ticks everybody on the page."""
    by, asked, number = request.by, request.GET, page_number(request.GET)
    search, sort, status = asked.get("q", "").strip()[:200], asked.get("sort", ""), asked.get("status", "")
    status = status if status in FILTERS else ""
    sort = sort if sort.removeprefix("-") in dict(SORTS) else "name"
    known = domains.known(by)
    domain = asked.get("domain", "") if asked.get("domain", "") in known else ""
    found = users.listing(by, status=status, search=search, sort=sort, domain=domain, offset=(number - 1) * SIZE, limit=SIZE)
    rows = [{"user": user, "badge": states.of_user(user.standing)} for user in found.users]
    return render(request, "console/users.html", {
        "rows": rows, "pager": Pager(number, found.total), "status": status, "search": search, "statuses": FILTERS,
        "columns": sort_columns(sort), "sort": sort, "offers": bulk.offers(house(), by), "ticked": asked.get("ticked") == "page",
        # What is done to all that match knows nothing of domains.
        "several": found.total > len(rows) and not domain, "domain": domain, "domains": known if len(known) > 1 else (),
        "may_settings": by.may(GOVERNANCE_VIEW),
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


def _sending(item: Invitation) -> dict[str, object]:
    scenario = of(item.scenario)
    return {"it": item, "badge": states.of_invitation(item), "purpose": states.PURPOSES[scenario.purpose],
            "method": states.METHODS[scenario.method] if scenario.purpose != "age" else "", "otp": scenario.otp}


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


@require_safe
@needs(CONSOLE, USER_VIEW)
def show(request: Asked, user_id: UUID) -> HttpResponse:
    """Raises NotFound, NotPermitted."""
    return page(request, user_id)


def page(request: Asked, user_id: UUID, form: Form | None = None, status: int = 200) -> HttpResponse:
    """`form`: one of its small forms that was refused."""
    by, at, policy = request.by, now(), effective(house(), request.tenant)
    user = users.get(by, user_id, now=at)
    invitations = onboarding.invitations(by, user_id, at)
    latest = invitations[0] if invitations else None
    may = deeds(by, user, policy, latest, governance=house().config.governance)
    code = resets.has_offline_code(by, user_id, at)
    purpose: Purpose = "reset" if user.standing.pending == "PENDING_FUPR" else "invitation"
    return render(request, "console/user.html", {
        "user": user, "badge": states.of_user(user.standing), "why": states.why(user, latest, at), "may": may,
        "facts": [*_facts(request, user, code=code), *_own_facts(request, user)],
        "code": code, "may_reveal": code and by.may(OFFLINE_INVITE) and not may.edit.why,
        "latest": _sending(latest) if latest else None,
        "moments": told(insights.story(by, user_id, at), at, messages=by.may(OUTBOX_VIEW)),
        "special": special.shown(request, policy, purpose, user.profile) if may.resend.offered and may.special else None,
        "locked": bool(user.standing.locks) and user.standing.label == "locked", "may_settings": by.may(GOVERNANCE_VIEW),
        "more": sections(request, user, may, form), "form": form, "store_trouble": _store_trouble(by, user.name.domain),
        "may_store": by.may(STORE_VIEW),
    }, status=status)


def _store_trouble(by: Principal, domain: str) -> str:
    """Why somebody whose account is in order cannot sign in all the same."""
    match domains.directory_of(by, domain):
        case "off":
            return _("The user store %s is switched off: none of its users can sign in.") % domain
        case "trouble":
            return _("The user store %s is in trouble: its users may be unable to sign in.") % domain
    return ""
