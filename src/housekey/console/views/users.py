"""Users: the list, one user's page, and her profile."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console import states
from housekey.console.listing import SIZE, Pager, page_number
from housekey.console.views.fields import profile_fields, refuse
from housekey.core.errors import Invalid, Stale
from housekey.core.principal import CODE_CREATE, CONSOLE, USER_DELETE, USER_LIST, USER_UPDATE, USER_VIEW
from housekey.core.users import Changes, Email, Profile, User
from housekey.operations import audit, onboarding, users
from housekey.web.events import sentences
from housekey.web.forms import Form
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other


@require_safe
@needs(CONSOLE, USER_LIST)
def listing(request: Asked) -> HttpResponse:
    """`?status=` (a `Standing.label`), `?q=` and `?page=` are the whole state of the list."""
    status, search, number = request.GET.get("status", ""), request.GET.get("q", "").strip()[:200], page_number(request.GET)
    status = status if status in states.USERS else ""
    found = users.listing(request.by, status=status, search=search, offset=(number - 1) * SIZE, limit=SIZE)
    rows = [{"user": user, "badge": states.USERS[user.standing.label]} for user in found.users]
    return render(request, "console/users.html", {
        "rows": rows, "pager": Pager(number, found.total), "status": status, "search": search, "statuses": states.USERS,
    })


@require_safe
@needs(CONSOLE, USER_VIEW)
def show(request: Asked, user_id: UUID) -> HttpResponse:
    user = users.get(request.by, user_id)
    invitations = onboarding.invitations(request.by, user_id, now())
    live = bool(invitations) and invitations[0].state in {"queued", "sent", "failed", "opened"}
    by = request.by
    return render(request, "console/user.html", {
        "user": user, "badge": states.USERS[user.standing.label], "why": states.why(user, invitations[0] if invitations else None, now()),
        "invitations": [{"it": item, "badge": states.of_invitation(item)} for item in invitations], "live": live,
        "events": sentences(audit.recent(by, user_id, 20)), "myself": user.id == by.account_id,
        "may_invite": by.may(CODE_CREATE) and not user.standing.has_password,
        "may_edit": by.may(USER_UPDATE), "may_delete": by.may(USER_DELETE),
        "locked": bool(user.standing.locks) and user.standing.label == "locked",
    })


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_VIEW, USER_UPDATE)
def edit(request: Asked, user_id: UUID) -> HttpResponse:
    """The profile. A change by somebody else meanwhile is told, and what was typed stays."""
    user = users.get(request.by, user_id)
    profile = user.profile
    known = {"given": profile.given_name, "family": profile.family_name, "mail": profile.mail, "version": str(user.version)}
    form = Form(profile_fields(), request.POST.dict() if request.method == "POST" else None, known)
    if request.method == "POST":
        try:
            users.change(house(), request.by, user_id, Changes(profile=_next(profile, form), version=_version(request, user)), now())
            return see_other(reverse("console-user", args=[user_id]) + "?done=changed")
        except Stale:
            form.sentence = _("Somebody else changed this user meanwhile. Compare with the user's page and save again.")
        except Invalid as refusal:
            refuse(form, refusal)
    return render(request, "console/edit_user.html", {"form": form, "user": user})


def _version(request: Asked, user: User) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else user.version


def _next(profile: Profile, form: Form) -> Profile:
    """The profile with what was typed; the address mail goes to is replaced in place, others stay."""
    mail = form.text("mail")
    others = tuple(item for item in profile.emails if item.value != profile.mail)
    chosen = next((item for item in profile.emails if item.value == profile.mail), Email(mail, primary=True))
    emails = (replace(chosen, value=mail), *others) if mail else others
    return replace(profile, given_name=form.text("given"), family_name=form.text("family"), emails=emails)
