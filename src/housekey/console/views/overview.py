"""The first page: what needs somebody's attention."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from housekey.core.principal import CONSOLE, GOVERNANCE_UPDATE, OUTBOX_VIEW, USER_LIST, Principal
from housekey.core.properties import ENABLE
from housekey.operations import bootstrap, outbox, users
from housekey.operations.policies import effective
from housekey.web.guards import needs
from housekey.web.house import house
from housekey.web.request import Asked


def _people(by: Principal) -> dict[str, int]:
    if not by.may(USER_LIST):
        return {}
    kinds = (("all", ""), ("invited", "invited"), ("reset", "reset"), ("not_invited", "not-invited"), ("locked", "locked"))
    return {key: users.listing(by, status=status, limit=0).total for key, status in kinds}


def _messages(by: Principal) -> dict[str, int]:
    if not by.may(OUTBOX_VIEW):
        return {}
    return outbox.counts(by)


@require_safe
@needs(CONSOLE)
def home(request: Asked) -> HttpResponse:
    people, messages = _people(request.by), _messages(request.by)
    return render(request, "console/home.html", {
        "people": people, "messages": messages,
        "default_password": request.by.may(GOVERNANCE_UPDATE) and bootstrap.default_password_in_use(house(), request.tenant),
        "inviting": effective(house(), request.tenant).on(ENABLE),
        "mail": house().config.email.configured, "calm": not (messages.get("failed") or people.get("not_invited") or people.get("locked")),
    })
