"""What every page knows: whose page it is, whom to ask for help, who is signed in, which language, what was just done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.urls import get_script_prefix
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from housekey.core.policy import Policy
from housekey.core.principal import (
    CLAIM_VIEW,
    CLIENT_VIEW,
    CONSOLE,
    GOVERNANCE_VIEW,
    OUTBOX_VIEW,
    ROLE_VIEW,
    USER_CREATE,
    USER_LIST,
    Principal,
)
from housekey.core.properties import SUPPORT
from housekey.operations.policies import effective
from housekey.operations.sending import organization
from housekey.web.forms import Words
from housekey.web.house import house
from housekey.web.request import Asked

_ADDRESS = re.compile(r"[^\s@<>?&]+@[^\s@<>?&]+\.[^\s@<>?&]+")

DONE: dict[str, Words] = {
    "signed-out": _("You are signed out."),
    "password-changed": _("Your password was changed. All other sessions were signed out."),
    "session-ended": _("The session was signed out."),
    "user-added": _("The user was added."),
    "user-invited": _("The user was added and the invitation is on its way."),
    "invited": _("The invitation is on its way. Links sent earlier no longer work."),
    "reset-sent": _("The password was reset and the message is on its way. What was sent earlier no longer works."),
    "reset-offline": _("The password was reset. The code to pass on waits here for an administrator who may read it."),
    "confirmation-sent": _("The message to confirm the address is on its way."),
    "extended": _("There is more time now. What was sent stays the same."),
    "password-set": _("The password was set. What was sent earlier no longer works."),
    "revoked": _("What was sent was withdrawn and no longer works."),
    "locked": _("The user was locked and can no longer sign in."),
    "unlocked": _("The lock was removed."),
    "changed": _("The profile was saved."),
    "deleted": _("The user was deleted."),
    "role-added": _("The role was added."),
    "role-saved": _("The permissions were saved and hold from now on."),
    "role-deleted": _("The role was deleted."),
    "role-joined": _("The user is in the role now."),
    "role-left": _("The user was taken out of the role."),
    "saved-claim": _("The attribute was saved."),
    "attribute-added": _("The attribute was added. Users can have it from now on."),
    "attribute-removed": _("The attribute was removed."),
    "client-saved": _("The scopes were saved and hold from now on."),
    "client-deleted": _("The client was deleted."),
    "saved": _("The settings were saved."),
    "reverted": _("The setting is back at its default."),
    "redriven": _("The message is queued again."),
    "withdrawn": _("The message was withdrawn."),
}
"""What `?done=` may say. Only these: the address must not be able to put words on the page."""


@dataclass(frozen=True, slots=True)
class Door:
    """One entry of the console's navigation: a URL name, its label and icon, the group it stands in and the permission it needs."""

    name: str
    label: Words
    icon: str
    group: Words
    permission: str


NAVIGATION: tuple[Door, ...] = (
    Door("console-home", _("Home"), "home", "", CONSOLE),
    Door("console-users", _("Users"), "users", _("People"), USER_LIST),
    Door("console-roles", _("Roles"), "shield", _("People"), ROLE_VIEW),
    Door("console-claims", _("User Attributes"), "tag", _("People"), CLAIM_VIEW),
    Door("console-onboarding", _("Invite User to Set Password"), "mail", _("Login & Registration"), GOVERNANCE_VIEW),
    Door("console-password", _("Password Validation"), "check", _("Login & Registration"), GOVERNANCE_VIEW),
    Door("console-organization", _("Organisation"), "building", _("Login & Registration"), GOVERNANCE_VIEW),
    Door("console-reset", _("Admin Initiated Password Reset"), "key", _("Account Recovery"), GOVERNANCE_VIEW),
    Door("console-recovery", _("Password Recovery"), "again", _("Account Recovery"), GOVERNANCE_VIEW),
    Door("console-clients", _("Clients"), "plug", _("Applications"), CLIENT_VIEW),
    Door("console-outbox", _("Outbox"), "outbox", _("Messages"), OUTBOX_VIEW),
    Door("console-resident", _("Resident"), "settings", _("Identity Providers"), GOVERNANCE_VIEW),
)


WITHIN: dict[str, str] = {
    "console-add-user": "console-users", "console-user": "console-users", "console-edit-user": "console-users",
    "console-user-action": "console-users", "console-set-password": "console-users", "console-resend": "console-users",
    "console-reset-user": "console-users", "console-extend": "console-users", "console-reveal": "console-users",
    "console-add-role": "console-roles", "console-role": "console-roles", "console-delete-role": "console-roles",
    "console-join-role": "console-roles", "console-leave-role": "console-roles", "console-claim": "console-claims",
    "console-add-attribute": "console-claims", "console-remove-attribute": "console-claims",
    "console-add-client": "console-clients", "console-client": "console-clients", "console-rotate-client": "console-clients",
    "console-delete-client": "console-clients",
    "console-message": "console-outbox", "console-message-action": "console-outbox",
}
"""Pages that stand below an entry of the navigation."""


class Page:
    """Read by templates as `page`; settings are looked up only by a page that shows them."""

    def __init__(self, request: Asked) -> None:
        self._request = request
        self.language = get_language() or settings.LANGUAGE_CODE
        self.languages = settings.LANGUAGES

    @property
    def by(self) -> Principal:
        return self._request.by

    @property
    def asked(self) -> QueryDict:
        """The present address's query."""
        return self._request.GET

    @cached_property
    def _policy(self) -> Policy:
        return effective(house(), self._request.tenant)

    @cached_property
    def organization(self) -> str:
        return organization(house(), self._request.tenant, self._policy)

    @cached_property
    def support(self) -> str:
        return self._policy.text(SUPPORT)

    @property
    def support_mail(self) -> str:
        """The support contact if it is one plain address."""
        return self.support if _ADDRESS.fullmatch(self.support) else ""

    @property
    def here(self) -> str:
        """Where the language switch comes back to. The answer to a POST has no address of its own."""
        if self._request.method != "GET" or "confirmation" in self.asked:
            return ""
        rest = self.asked.copy()
        for name in ("done", "ui_locales"):
            rest.pop(name, None)
        return get_script_prefix().rstrip("/") + self._request.path_info + (f"?{rest.urlencode()}" if rest else "")

    @property
    def section(self) -> str:
        """The entry of the navigation this page belongs to."""
        name = self._request.resolver_match.url_name if self._request.resolver_match else ""
        return WITHIN.get(name or "", name or "")

    @property
    def done(self) -> Words:
        return DONE.get(self._request.GET.get("done", ""), "")

    @property
    def console(self) -> bool:
        return self.by.may(CONSOLE)

    @property
    def may_add(self) -> bool:
        return self.by.may(USER_CREATE)

    @property
    def navigation(self) -> list[Door]:
        return [door for door in NAVIGATION if self.by.may(door.permission)]


def page(request: HttpRequest) -> dict[str, Any]:
    """The template context processor."""
    return {"page": Page(cast(Asked, request))}
