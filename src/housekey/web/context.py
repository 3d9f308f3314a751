"""What every page knows: whose page it is, whom to ask for help, who is signed in, which language, what was just done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import get_script_prefix, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from housekey.core.brand import PLAIN, TEXTS, Brand
from housekey.core.languages import CONSOLE as CONSOLE_LANGUAGES
from housekey.core.languages import FALLBACK, LANGUAGES, canonical, right_to_left
from housekey.core.policy import Policy
from housekey.core.principal import (
    AUDIT_VIEW,
    CLAIM_VIEW,
    CLIENT_VIEW,
    CONSOLE,
    GOVERNANCE_VIEW,
    GROUP_VIEW,
    OUTBOX_VIEW,
    ROLE_VIEW,
    SENDER_VIEW,
    STORE_VIEW,
    TEMPLATE_VIEW,
    TENANT_VIEW,
    USER_CREATE,
    USER_LIST,
    Principal,
)
from housekey.core.properties import SUPPORT
from housekey.operations import branding
from housekey.operations.policies import effective
from housekey.operations.sending import organization
from housekey.web import shortcuts
from housekey.web.forms import Words
from housekey.web.house import house
from housekey.web.languages import PARAMETER, in_console
from housekey.web.request import Asked

_ADDRESS = re.compile(r"[^\s@<>?&]+@[^\s@<>?&]+\.[^\s@<>?&]+")

DONE: dict[str, Words] = {
    "signed-out": _("You are signed out."),
    "password-ready": _("Your password is set. Sign in with it to go on."),
    "access-withdrawn": _("The access was withdrawn, and the application was signed out."),
    "password-changed": _("Your password was changed. All other sessions were signed out."),
    "session-ended": _("The session was signed out."),
    "left-application": _("The application was signed out and must ask again."),
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
    "job-started": _("The work has begun. It goes on by itself, also when you leave this page."),
    "job-stopped": _("The job was stopped. What was done stays done."),
    "enabled": _("The user was enabled."),
    "disabled": _("The user was disabled and can no longer sign in."),
    "signed-out-user": _("The user was signed out everywhere."),
    "signed-out-others": _("All other sessions were signed out."),
    "profile-saved": _("Your profile was saved."),
    "group-added": _("The group was added."),
    "group-saved": _("The group was renamed."),
    "group-deleted": _("The group was deleted. Its members stay."),
    "group-joined": _("The user is in the group now."),
    "group-left": _("The user was taken out of the group."),
    "role-added": _("The role was added."),
    "role-saved": _("The permissions were saved and hold from now on."),
    "role-deleted": _("The role was deleted."),
    "role-joined": _("The user is in the role now."),
    "role-left": _("The user was taken out of the role."),
    "saved-claim": _("The attribute was saved."),
    "attribute-added": _("The attribute was added. Users can have it from now on."),
    "attribute-removed": _("The attribute was removed."),
    "client-added": _("The application was added. It is public and has no secret."),
    "application-saved": _("The settings of the application were saved and hold from now on."),
    "client-saved": _("The scopes were saved and hold from now on."),
    "client-deleted": _("The application was deleted."),
    "key-made": _("A new key signs from now on."),
    "saved": _("The settings were saved."),
    "keys": _("The choice was kept in this browser."),
    "reverted": _("The setting is back at its default."),
    "brand-saved": _("The brand was saved. Pages and e-mails look like this from now on."),
    "brand-reset": _("The brand was taken back. Everything looks as it is shipped."),
    "template-saved": _("The text was saved. The next message carries it."),
    "template-reset": _("Your text is gone. The next message is sent without it."),
    "sender-saved": _("The sender was saved. Messages leave through it from now on."),
    "sender-tested": _("The test was handed over."),
    "sender-reverted": _("Messages leave through the server’s own sender again."),
    "tenant-added": _("The tenant was added and the invitation is on its way."),
    "tenant-renamed": _("The tenant was renamed."),
    "tenant-suspended": _("The tenant was suspended. Nobody can come in any more."),
    "tenant-resumed": _("The tenant is open again. Everything goes on where it was."),
    "tenant-deleted": _("The tenant was deleted. What was in it is being taken away in the background."),
    "store-added": _("The user store was added and is being looked through."),
    "store-saved": _("The user store was saved."),
    "store-looking": _("The directory is being looked through. What it finds stands here soon."),
    "store-on": _("The user store was switched on."),
    "store-off": _("The user store was switched off. None of its users can sign in."),
    "store-removed": _("The user store was removed. The directory itself was not changed."),
    "redriven": _("The message is queued again."),
    "withdrawn": _("The message was withdrawn."),
    "redriven-many": _("The messages are queued again."),
    "withdrawn-many": _("The messages were withdrawn."),
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

    @property
    def keys(self) -> str:
        """What is pressed to come here."""
        return shortcuts.KEYS.get(self.name, "")


NAVIGATION: tuple[Door, ...] = (
    Door("console-home", _("Home"), "home", "", CONSOLE),
    Door("console-users", _("Users"), "users", _("People"), USER_LIST),
    Door("console-groups", _("Groups"), "group", _("People"), GROUP_VIEW),
    Door("console-jobs", _("Jobs"), "tasks", _("People"), USER_LIST),
    Door("console-invitations", _("Invitations"), "mail-open", _("People"), USER_LIST),
    Door("console-roles", _("Roles"), "shield", _("People"), ROLE_VIEW),
    Door("console-claims", _("User Attributes"), "tag", _("People"), CLAIM_VIEW),
    Door("console-stores", _("User Stores"), "link", _("People"), STORE_VIEW),
    Door("console-outbox", _("Outbox"), "outbox", _("Messages"), OUTBOX_VIEW),
    Door("console-channels", _("Notification Channels"), "plug", _("Messages"), SENDER_VIEW),
    Door("console-audit", _("Audit"), "eye", _("Records"), AUDIT_VIEW),
    Door("console-login-registration", _("Login & Registration"), "unlock", _("Login & Registration"), GOVERNANCE_VIEW),
    Door("console-onboarding", _("Invite User to Set Password"), "mail", _("Login & Registration"), GOVERNANCE_VIEW),
    Door("console-password", _("Password Validation"), "check", _("Login & Registration"), GOVERNANCE_VIEW),
    Door("console-organization", _("Organisation"), "building", _("Login & Registration"), GOVERNANCE_VIEW),
    Door("console-reset", _("Admin Initiated Password Reset"), "key", _("Account Recovery"), GOVERNANCE_VIEW),
    Door("console-recovery", _("Password Recovery"), "again", _("Account Recovery"), GOVERNANCE_VIEW),
    Door("console-branding", _("Styles & Text"), "palette", _("Branding"), GOVERNANCE_VIEW),
    Door("console-email-templates", _("Email Templates"), "mail-open", _("Branding"), TEMPLATE_VIEW),
    Door("console-sms-templates", _("SMS Templates"), "phone", _("Branding"), TEMPLATE_VIEW),
    Door("console-clients", _("Applications"), "plug", _("Applications"), CLIENT_VIEW),
    Door("console-signing-keys", _("Signing Keys"), "key", _("Applications"), CLIENT_VIEW),
    Door("console-resident", _("Resident"), "settings", _("Identity Providers"), GOVERNANCE_VIEW),
    Door("console-tenants", _("Tenants"), "building", _("This server"), TENANT_VIEW),
)


WITHIN: dict[str, str] = {
    "console-email-template": "console-email-templates", "console-email-template-reset": "console-email-templates",
    "console-sms-template": "console-sms-templates", "console-sms-template-reset": "console-sms-templates",
    "console-add-user": "console-users", "console-user": "console-users", "console-edit-user": "console-users",
    "console-user-action": "console-users", "console-set-password": "console-users", "console-resend": "console-users",
    "console-reset-user": "console-users", "console-extend": "console-users", "console-reveal": "console-users",
    "console-import": "console-users", "console-many": "console-users", "console-job": "console-jobs",
    "console-stop-job": "console-jobs",
    "console-user-join": "console-users", "console-user-leave": "console-users", "console-user-give": "console-users",
    "console-user-take": "console-users", "console-user-end-session": "console-users",
    "console-add-group": "console-groups", "console-group": "console-groups", "console-rename-group": "console-groups",
    "console-join-group": "console-groups", "console-leave-group": "console-groups", "console-delete-group": "console-groups",
    "console-add-role": "console-roles", "console-role": "console-roles", "console-delete-role": "console-roles",
    "console-join-role": "console-roles", "console-leave-role": "console-roles", "console-claim": "console-claims",
    "console-attribute": "console-claims", "console-add-attribute": "console-claims", "console-remove-attribute": "console-claims",
    "console-add-client": "console-clients", "console-client": "console-clients", "console-rotate-client": "console-clients",
    "console-delete-client": "console-clients", "console-client-scopes": "console-clients",
    "console-client-configuration": "console-clients", "console-make-signing-key": "console-signing-keys",
    "console-many-invitations": "console-invitations", "console-many-messages": "console-outbox",
    "console-reset-brand": "console-branding",
    "console-edit-channel": "console-channels", "console-test-channel": "console-channels", "console-revert-channel": "console-channels",
    "console-add-tenant": "console-tenants", "console-tenant": "console-tenants", "console-rename-tenant": "console-tenants",
    "console-suspend-tenant": "console-tenants", "console-resume-tenant": "console-tenants", "console-delete-tenant": "console-tenants",
    "console-add-store": "console-stores", "console-store": "console-stores", "console-switch-store": "console-stores",
    "console-remove-store": "console-stores",
    "console-message": "console-outbox", "console-message-action": "console-outbox",
}
"""Pages that stand below an entry of the navigation."""


class Page:
    """Read by templates as `page`; settings are looked up only by a page that shows them."""

    def __init__(self, request: Asked) -> None:
        self._request = request
        self.language = canonical(get_language() or FALLBACK)
        self.right_to_left = right_to_left(self.language)
        self.languages = tuple(LANGUAGES.items())
        self.language_name = LANGUAGES.get(self.language, self.language)

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
    def brand(self) -> Brand:
        """The tenant's, on the pages of its people. The console looks the same everywhere: who serves several tenants relies on it."""
        return PLAIN if self.in_console else branding.of(self._request.tenant)

    @property
    def brand_sheet(self) -> str:
        """Where the tenant's colours are; `""` where it has none."""
        return f"{reverse('brand-sheet')}?v={self.brand.mark}" if self.brand.coloured else ""

    @property
    def logo(self) -> str:
        """Where the tenant's logo is; `""` where it has none."""
        return f"{reverse('brand-logo')}?v={self.brand.mark}" if self.brand.logo_type else ""

    @cached_property
    def text(self) -> dict[str, str]:
        """The texts that a tenant may replace: its own in this language, else the shipped one."""
        return {key: self.brand.own(key, self.language) or (gettext(text.default) if text.default else "") for key, text in TEXTS.items()}

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
        rest = self._lasting()
        return get_script_prefix().rstrip("/") + self._request.path_info + (f"?{urlencode(rest)}" if rest else "")

    @property
    def in_console(self) -> bool:
        return in_console(self._request)

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """What the language switch offers: tag, the language's own name, and this page's query in it.

        No query: the answer to a POST, and a page whose address holds a code, which must not be written into a log once more.
        """
        offered = [(tag, name) for tag, name in self.languages if not self.in_console or tag in CONSOLE_LANGUAGES]
        if not self.here:
            return [(tag, name, "") for tag, name in offered]
        rest = urlencode(self._lasting())
        return [(tag, name, f"?{rest}{'&' if rest else ''}{PARAMETER}={tag}") for tag, name in offered]

    def _lasting(self) -> list[tuple[str, str]]:
        """The present address's query without what was for one look only."""
        return [(name, value) for name, values in self.asked.lists() if name not in {"done", PARAMETER} for value in values]

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
    def keys(self) -> bool:
        """Does this browser want the console's single keys?"""
        return shortcuts.on(self._request)

    @property
    def keyed(self) -> list[dict[str, str]]:
        """What keys lead to beside the navigation."""
        names = ("console-add-user", "console-import") if self.keys and self.may_add else ()
        return [{"address": reverse(name), "keys": shortcuts.KEYS[name]} for name in names]

    @property
    def navigation(self) -> list[Door]:
        return [door for door in NAVIGATION if self.by.may(door.permission)]


def page(request: HttpRequest) -> dict[str, Any]:
    """The template context processor."""
    return {"page": Page(cast(Asked, request))}
