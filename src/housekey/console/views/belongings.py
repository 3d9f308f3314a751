"""What a user belongs to and where she is signed in: each verb is a POST from her page and comes back to it."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from housekey.console.sections import group_form
from housekey.console.views.groups import find
from housekey.console.views.users import page
from housekey.core.errors import Invalid, NotFound
from housekey.core.groups import GroupChanges
from housekey.core.principal import CONSOLE, GROUP_UPDATE, GROUP_VIEW, ROLE_VIEW, USER_UPDATE, USER_VIEW
from housekey.operations import consents, groups, roles, sessions, users
from housekey.web.forms import Form
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.request import Asked
from housekey.web.responses import see_other


def _back(user_id: UUID, **query: object) -> str:
    return reverse("console-user", args=[user_id]) + "?" + urlencode(query)


def _refused(request: Asked, user_id: UUID, refusal: Invalid) -> HttpResponse:
    form = Form([])
    form.sentence = _(refusal.sentence)
    return page(request, user_id, form, 400)


@require_POST
@needs(CONSOLE, USER_VIEW, GROUP_VIEW, GROUP_UPDATE)
def join(request: Asked, user_id: UUID) -> HttpResponse:
    """Put the user into the group named in the form. Raises NotFound."""
    user, form = users.get(request.by, user_id), group_form(request.POST.dict())
    if form.check_required():
        try:
            chosen = find(request.by, form.text("group"))
            groups.change(request.by, chosen, GroupChanges(added=frozenset({user.id})), now(), members=False)
            return see_other(_back(user_id, done="group-joined"))
        except (Invalid, NotFound) as refusal:
            form.fail("group", _(refusal.sentence))
    return page(request, user_id, form, 400)


@require_POST
@needs(CONSOLE, USER_VIEW, GROUP_VIEW, GROUP_UPDATE)
def leave(request: Asked, user_id: UUID, group_id: UUID) -> HttpResponse:
    """Take the user out of the group; her page then offers to put her back. Raises NotFound."""
    users.get(request.by, user_id)
    groups.change(request.by, group_id, GroupChanges(removed=frozenset({user_id})), now(), members=False)
    return see_other(_back(user_id, done="group-left", undo=group_id))


@require_POST
@needs(CONSOLE, USER_VIEW, ROLE_VIEW, USER_UPDATE)
def give(request: Asked, user_id: UUID) -> HttpResponse:
    """Put the user into the role named in the form. Raises NotFound, NotPermitted."""
    try:
        roles.grant(request.by, user_id, request.POST.get("role", "")[:255], now())
    except Invalid as refusal:
        return _refused(request, user_id, refusal)
    return see_other(_back(user_id, done="role-joined"))


@require_POST
@needs(CONSOLE, USER_VIEW, ROLE_VIEW, USER_UPDATE)
def take(request: Asked, user_id: UUID) -> HttpResponse:
    """Take the user out of the role named in the form; her page then offers to give it back. Raises NotFound, NotPermitted."""
    name = request.POST.get("role", "")[:255]
    try:
        roles.deny(request.by, user_id, name, now())
    except Invalid as refusal:
        return _refused(request, user_id, refusal)
    return see_other(_back(user_id, done="role-left", undo=name))


@require_POST
@needs(CONSOLE, USER_VIEW, USER_UPDATE)
def end_session(request: Asked, user_id: UUID, session_id: int) -> HttpResponse:
    """Sign one browser of the user out. Raises NotFound, NotPermitted."""
    try:
        sessions.end_of(request.by, user_id, now(), session_id)
    except Invalid as refusal:
        return _refused(request, user_id, refusal)
    return see_other(_back(user_id, done="session-ended"))


@require_POST
@needs(CONSOLE, USER_VIEW, USER_UPDATE)
def leave_application(request: Asked, user_id: UUID, client_id: str) -> HttpResponse:
    """Sign the user out of one application, which must ask her again. One that ended by itself is no mistake. Raises NotPermitted."""
    with suppress(NotFound):
        consents.withdraw_of(request.by, user_id, client_id, now())
    return see_other(_back(user_id, done="left-application"))
