"""What the console's search finds without asking the database: pages, settings, attributes and actions, by their names of today and by
those of the 5.x and 7.x consoles (reference ui 1.2–1.5, 2.1–2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from housekey.console.layout import SHEETS, Sheet
from housekey.core.claims import CLAIMS, DIALECT
from housekey.core.connectors import CONNECTORS
from housekey.core.names import name_key
from housekey.core.principal import (
    CLAIM_UPDATE,
    CLAIM_VIEW,
    CLIENT_CREATE,
    CLIENT_VIEW,
    CODE_CREATE,
    CONSOLE,
    GOVERNANCE_VIEW,
    GROUP_CREATE,
    OUTBOX_VIEW,
    ROLE_CREATE,
    STORE_CREATE,
    STORE_VIEW,
    TENANT_CREATE,
    TENANT_VIEW,
    USER_CREATE,
    USER_LIST,
    Principal,
)
from housekey.core.properties import BY_NAME
from housekey.web.context import NAVIGATION
from housekey.web.forms import Words

MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """One hit: what it is called, what it belongs to and where it is."""

    label: str
    where: str
    url: str


@dataclass(frozen=True, slots=True)
class Known:
    """Something that can be found. `also`: other names of it, which are looked in and not shown."""

    label: str
    where: str
    url: str
    permission: str
    also: str = ""


ACTIONS: tuple[tuple[Words, str, str, str], ...] = (
    (gettext_lazy("Add User"), "console-add-user", USER_CREATE, "Add New User, Create User, Single User, Ask password from user, invite"),
    (gettext_lazy("Add several users"), "console-import", USER_CREATE, "Multiple Users, Bulk Import Users, CSV, import"),
    (gettext_lazy("Add role"), "console-add-role", ROLE_CREATE, "Add New Role, Users and Roles ▸ Add"),
    (gettext_lazy("Add Group"), "console-add-group", GROUP_CREATE, "New Group"),
    (gettext_lazy("Add tenant"), "console-add-tenant", TENANT_CREATE, "Multitenancy ▸ Add New Tenant, New Tenant, organisation"),
    (gettext_lazy("Add User Store"), "console-add-store", STORE_CREATE,
     "Secondary user store, LDAP, Active Directory, AD, OpenLDAP, directory, New User Store, User Stores ▸ Add"),
    (gettext_lazy("Add Application"), "console-add-client", CLIENT_CREATE,
     "Add client, Service Providers ▸ Add, New Application, OAuth, OpenID Connect, OIDC, SSO, single sign-on"),
    (gettext_lazy("Make a New Key"), "console-make-signing-key", CLIENT_CREATE, "Signing key, rotate, JWKS, Key stores"),
    (gettext_lazy("Add Attribute"), "console-add-attribute", CLAIM_UPDATE, "Claims ▸ Add, New Attribute"),
    (gettext_lazy("Send again"), "console-invitations", CODE_CREATE, "Resend, Resend Invite, resend-code"),
    (gettext_lazy("Change Password"), "console-users", USER_LIST, "Reset Password, Set Password, User Profile, Assign Roles"),
)
"""What people come to do: its label, where it begins, the permission it takes, and other names of it."""

OLD_PAGES: tuple[tuple[str, str, str], ...] = (
    ("Users and Roles ▸ List", "console-users", USER_LIST),
    ("Users and Roles ▸ Add ▸ Add New User", "console-add-user", USER_CREATE),
    ("Claims ▸ List", "console-claims", CLAIM_VIEW),
    (f"Claims ▸ List ▸ {DIALECT}", "console-claims", CLAIM_VIEW),
    ("Attributes ▸ Local", "console-claims", CLAIM_VIEW),
    ("Multitenancy ▸ View Tenants", "console-tenants", TENANT_VIEW),
    ("User Stores ▸ List", "console-stores", STORE_VIEW),
    ("User Attributes & Stores ▸ User Stores", "console-stores", STORE_VIEW),
    ("Secondary User Stores", "console-stores", STORE_VIEW),
    ("LDAP", "console-stores", STORE_VIEW),
    ("Active Directory", "console-stores", STORE_VIEW),
    ("Service Providers ▸ List", "console-clients", CLIENT_VIEW),
    ("OAuth clients", "console-clients", CLIENT_VIEW),
    ("Key stores", "console-signing-keys", CLIENT_VIEW),
    ("JWKS", "console-signing-keys", CLIENT_VIEW),
    ("Identity Providers ▸ Resident", "console-resident", GOVERNANCE_VIEW),
    ("Resident Identity Provider", "console-resident", GOVERNANCE_VIEW),
    ("Account Management Policies ▸ User Onboarding", "console-onboarding", GOVERNANCE_VIEW),
    ("Account Management Policies ▸ Password Reset", "console-reset", GOVERNANCE_VIEW),
    ("Account Management Policies ▸ Account Recovery", "console-recovery", GOVERNANCE_VIEW),
    ("Password Policies ▸ Password Patterns", "console-password", GOVERNANCE_VIEW),
    ("Login & Registration ▸ User Onboarding ▸ Invite User to Set Password", "console-onboarding", GOVERNANCE_VIEW),
    ("Login & Registration ▸ Account Recovery ▸ Admin Initiated Password Reset", "console-reset", GOVERNANCE_VIEW),
    ("Login & Registration ▸ Account Recovery ▸ Password Recovery", "console-recovery", GOVERNANCE_VIEW),
    ("Login & Registration ▸ Login Security ▸ Password Validation", "console-password", GOVERNANCE_VIEW),
    ("Internal notification sending", "console-onboarding", GOVERNANCE_VIEW),
    ("Email Provider", "console-outbox", OUTBOX_VIEW),
)
"""Pages under the names they had: the name, the page of today, and the permission it takes."""

OLD_LABELS: dict[str, tuple[str, ...]] = {
    "EmailVerification.Enable": ("Enable email invitations for user password setup", "Enable User Email Verification"),
    "EmailVerification.LockOnCreation": ("Enable Account Lock On Creation", "Enable account lock on creation"),
    "EmailVerification.Notification.InternallyManage": ("Manage Notifications Sending Internally",),
    "EmailVerification.ExpiryTime": ("Email verification code expiry time",),
    "EmailVerification.AskPassword.ExpiryTime": ("Ask password code expiry time", "Password setup invitation code expiration time"),
    "EmailVerification.AskPassword.AccountActivation": ("Send account activation email", "Send account activation notification"),
    "EmailVerification.AskPassword.SMSOTP": ("SMS with OTP code",),
    "EmailVerification.AskPassword.EmailOTP": ("Email with OTP code",),
    "EmailVerification.OTP.OTPLength": ("OTP Length",),
    "Recovery.AdminPasswordReset.RecoveryLink": ("Enable Password Reset via Recovery Email", "Email Link"),
    "Recovery.AdminPasswordReset.OTP": ("Enable Password Reset via OTP", "Email OTP"),
    "Recovery.AdminPasswordReset.SMSOTP": ("Enable password reset via SMS OTP", "SMS OTP"),
    "Recovery.AdminPasswordReset.Offline": ("Enable Password Reset Offline",),
    "Recovery.AdminPasswordReset.ExpiryTime": ("Admin forced password reset code expiry time",),
    "Recovery.Notification.Password.Enable": ("Notification based password recovery", "Enable password recovery"),
    "Recovery.ExpiryTime": ("Recovery callback expiry time", "Recovery link expiry time"),
}
"""What the consoles of 5.x and 7.x called a setting, besides what its definition and the governance API say."""


def found(by: Principal, words: str) -> list[Found]:
    """What carries all these words, best first: a name that begins with them, one that holds them as they stand, then the rest.

    Only what the caller may open. Words are compared without regard to capitals.
    """
    asked = name_key(words[:200])
    parts = asked.split()[:MOST_WORDS]
    if not parts:
        return []
    hits: dict[tuple[str, str], tuple[int, Found]] = {}
    for one in _everything():
        label = name_key(one.label)
        if by.may(one.permission) and all(part in f"{label} {name_key(one.where)} {name_key(one.also)}" for part in parts):
            rank = 0 if label.startswith(asked) else 1 if asked in label else 2 if all(part in label for part in parts) else 3
            hits.setdefault((one.label, one.url), (rank, Found(one.label, one.where, one.url)))
    return [hit for _rank, hit in sorted(hits.values(), key=lambda item: item[0])]


def _everything() -> Iterator[Known]:
    """In the reader's language; the English names are found too."""
    for door in NAVIGATION:
        also = f"{_english(door.label)} {_english(door.group)}"
        yield Known(str(door.label), str(door.group) or _("Page"), reverse(door.name), door.permission, also)
    for label, name, permission, also in ACTIONS:
        yield Known(str(label), _("Action"), reverse(name), permission, f"{_english(label)} {also}")
    for sheet in SHEETS.values():
        yield from _settings(sheet)
    for old, name, permission in OLD_PAGES:
        yield Known(old, _("Formerly"), reverse(name), permission)
    for claim in CLAIMS:
        url = f"{reverse('console-claim')}?{urlencode({'uri': claim.uri})}"
        yield Known(_(claim.display_name), _("User Attributes"), url, CLAIM_VIEW, f"{claim.display_name} {claim.uri} regular expression")
    yield Known(_("Regular Expression"), _("User Attributes"), reverse("console-claims"), CLAIM_VIEW, "Regular Expression pattern regex")
    yield Known(_("Console"), _("Page"), reverse("console-home"), CONSOLE, "Home Dashboard")


def _settings(sheet: Sheet) -> Iterator[Known]:
    """Every setting of a page: by its label, by its older labels, and by its names in the API and in deployment.toml."""
    address = reverse(sheet.address)
    form = next(part for part, one in SHEETS.items() if one is sheet)
    anchors = {name: radio.name for radio in sheet.radios for name in radio.members}
    for item in (item for item in BY_NAME.values() if item.form == form):
        label, url = _(item.label), f"{address}#{anchors.get(item.name, item.name)}"
        yield Known(label, str(sheet.heading), url, GOVERNANCE_VIEW, f"{item.label} {item.name} {item.toml}")
        for old in older(item.name):
            yield Known(old, _("Formerly, now: %s") % label, url, GOVERNANCE_VIEW)
    for radio in sheet.radios:
        yield Known(str(radio.legend), str(sheet.heading), f"{address}#{radio.name}", GOVERNANCE_VIEW, str(radio.none))


_BY_CONNECTOR: dict[str, str] = {item.name: item.label for connector in CONNECTORS for item in connector.items}


def older(name: str) -> tuple[str, ...]:
    """What a setting was called in the 5.x and 7.x consoles and in the governance API, each name once, whatever its capitals."""
    item = BY_NAME[name]
    names = (item.legacy_label, *OLD_LABELS.get(name, ()), _BY_CONNECTOR.get(name, ""))
    once = {name_key(label): label for label in reversed(names) if label and name_key(label) != name_key(item.label)}
    return tuple(reversed(once.values()))


def _english(words: Words) -> str:
    """The name before it is translated."""
    with override("en"):
        return str(words)
