"""What stands below a user's profile: her groups, her roles and her sessions, and what whoever is looking may do about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from housekey.console.deeds import Deeds
from housekey.core.errors import NotFound
from housekey.core.groups import GroupRef
from housekey.core.principal import EVERYONE, GROUP_UPDATE, GROUP_VIEW, ROLE_VIEW, USER_UPDATE, Principal
from housekey.core.users import User
from housekey.operations import consents, groups, roles, sessions
from housekey.operations.consents import Connected
from housekey.operations.sessions import SessionView
from housekey.web.forms import Field, Form, Words
from housekey.web.house import house, now
from housekey.web.request import Asked

SUGGESTED = 50
"""Groups whose names the field proposes."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role of the user. `why` says why it cannot be taken away here, `""` if it can."""

    name: str
    why: Words = ""


@dataclass(frozen=True, slots=True)
class Sections:
    """Read by the user's page. Each `why_…` is `""` where something can be done."""

    form: Form
    groups: tuple[GroupRef, ...]
    may_open_groups: bool
    suggested: list[str]
    why_groups: Words
    back_group: GroupRef | None
    """Which group she was taken out of a moment ago."""
    roles: list[Held]
    offered: list[str]
    beyond: list[str]
    """Roles that allow more than whoever is looking may do."""
    may_open_roles: bool
    why_roles: Words
    back_role: str
    sessions: list[SessionView] = field(default_factory=list)
    why_sessions: Words = ""
    applications: list[Connected] = field(default_factory=list)


def group_form(data: dict[str, str] | None = None) -> Form:
    return Form([Field("group", gettext_lazy("Group name"), required=gettext_lazy("Please type the name of a group."), limit=255)], data)


def sections(request: Asked, user: User, may: Deeds, form: Form | None = None) -> Sections:
    """`form`: the one that was refused, to be shown again."""
    by = request.by
    held, offered, beyond = _roles(by, user, may)
    return Sections(
        form=form or group_form(), groups=user.groups, may_open_groups=by.may(GROUP_VIEW), suggested=_suggested(by, user),
        why_groups="" if by.may(GROUP_VIEW) and by.may(GROUP_UPDATE) else _("You may not change groups. Ask an administrator."),
        back_group=_left(request, user), roles=held, offered=offered, beyond=beyond, may_open_roles=by.may(ROLE_VIEW),
        why_roles=_why_roles(by), back_role=_taken(request, offered),
        sessions=sessions.of_user(house(), by, user.id, now()), why_sessions=_why_sessions(by, user, may),
        applications=consents.of_user(by, user.id),
    )


def _suggested(by: Principal, user: User) -> list[str]:
    if not (by.may(GROUP_VIEW) and by.may(GROUP_UPDATE)):
        return []
    own = {group.id for group in user.groups}
    return [str(group.name) for group in groups.listing(by, limit=SUGGESTED, members=False).groups if group.id not in own]


def _left(request: Asked, user: User) -> GroupRef | None:
    if request.GET.get("done") != "group-left" or not (request.by.may(GROUP_VIEW) and request.by.may(GROUP_UPDATE)):
        return None
    try:
        found = groups.get(request.by, UUID(request.GET.get("undo", "")), members=False)
    except (ValueError, NotFound):
        return None
    return None if any(group.id == found.id for group in user.groups) else GroupRef(found.id, found.name)


def _why_roles(by: Principal) -> str:
    if not by.may(USER_UPDATE):
        return _("You may not give or take roles. Ask an administrator.")
    return "" if by.may(ROLE_VIEW) else _("You may not look at roles, so you cannot give any.")


def _roles(by: Principal, user: User, may: Deeds) -> tuple[list[Held], list[str], list[str]]:
    """The user's roles, those that can be given, and those that whoever is looking cannot give."""
    if not by.may(ROLE_VIEW):
        return [Held(name, _("You may not look at roles, so you cannot give any.")) for name in user.roles], [], []
    known = {role.name: set(role.permissions) <= by.own for role in roles.listing(by) if role.name != EVERYONE}
    hindered = may.edit.why or ("" if by.may(USER_UPDATE) else _("You may not give or take roles. Ask an administrator."))
    above = _("This role allows more than you may do yourself.")
    held = [Held(name, hindered or ("" if known.get(name) else above)) for name in user.roles]
    rest = [name for name in known if name not in user.roles]
    return held, [name for name in rest if known[name]], [name for name in rest if not known[name]]


def _taken(request: Asked, offered: list[str]) -> str:
    name = request.GET.get("undo", "")
    return name if request.GET.get("done") == "role-left" and name in offered else ""


def _why_sessions(by: Principal, user: User, may: Deeds) -> str:
    if user.id == by.account_id:
        return _("This is your own account: sign out other browsers in My Account.")
    return may.edit.why if by.may(USER_UPDATE) else _("You may not sign users out. Ask an administrator.")
