"""The words for permissions, as people choose them: one group per subject, one line per scope."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from housekey.core import principal as scopes
from housekey.web.forms import Words


@dataclass(frozen=True, slots=True)
class Permission:
    """A scope and what it lets somebody do."""

    scope: str
    label: Words
    hint: Words = ""


@dataclass(frozen=True, slots=True)
class Group:
    heading: Words
    permissions: tuple[Permission, ...]


GROUPS: tuple[Group, ...] = (
    Group(_("Access"), (
        Permission(scopes.LOGIN, _("Login"), _("Sign in, and use the interfaces with a user name and password.")),
        Permission(scopes.CONSOLE, _("Open the console")),
        Permission(scopes.OWN_PASSWORD, _("Change one’s own password")),
    )),
    Group(_("Users"), (
        Permission(scopes.USER_LIST, _("List and search users")),
        Permission(scopes.USER_VIEW, _("See a user")),
        Permission(scopes.USER_CREATE, _("Add users")),
        Permission(scopes.USER_UPDATE, _("Change users"), _("Profile, roles, password, lock and unlock.")),
        Permission(scopes.USER_DELETE, _("Delete users")),
        Permission(scopes.BULK, _("Change many users in one request")),
    )),
    Group(_("Invitations and resets"), (
        Permission(scopes.CODE_CREATE, _("Invite, send again and reset passwords")),
        Permission(scopes.CODE_DELETE, _("Withdraw invitations and resets")),
        Permission(scopes.OFFLINE_INVITE, _("Hand over links and codes in person"), _("Whoever holds one can set somebody’s password.")),
        Permission(scopes.CODE_VIEW, _("Look up what a code is for")),
        Permission(scopes.CODE_UPDATE, _("Set a password with a code, for an application")),
        Permission(scopes.RECOVERY_VIEW, _("See how a user can recover a password")),
        Permission(scopes.RECOVERY_CREATE, _("Start and finish password recovery, for an application")),
        Permission(scopes.USER_RECOVERY, _("Start password recovery for a user (older interface)")),
    )),
    Group(_("Roles"), (
        Permission(scopes.ROLE_VIEW, _("See roles and their members")),
        Permission(scopes.ROLE_CREATE, _("Add roles")),
        Permission(scopes.ROLE_UPDATE, _("Change what roles allow")),
        Permission(scopes.ROLE_DELETE, _("Delete roles")),
    )),
    Group(_("Settings"), (
        Permission(scopes.GOVERNANCE_VIEW, _("See the settings")),
        Permission(scopes.GOVERNANCE_UPDATE, _("Change the settings")),
        Permission(scopes.CLAIM_VIEW, _("See user attributes")),
        Permission(scopes.CLAIM_UPDATE, _("Change user attributes")),
    )),
    Group(_("Templates"), (
        Permission(scopes.TEMPLATE_VIEW, _("See the templates of messages")),
        Permission(scopes.TEMPLATE_UPDATE, _("Change the templates of messages")),
        Permission(scopes.TEMPLATE_CREATE, _("Add templates of messages")),
        Permission(scopes.TEMPLATE_DELETE, _("Take templates back to the default")),
        Permission(scopes.EMAIL_TEMPLATE_VIEW, _("See the templates of e-mails (older interface)")),
        Permission(scopes.EMAIL_TEMPLATE_UPDATE, _("Change the templates of e-mails (older interface)")),
        Permission(scopes.EMAIL_TEMPLATE_CREATE, _("Add templates of e-mails (older interface)")),
        Permission(scopes.EMAIL_TEMPLATE_DELETE, _("Take templates of e-mails back to the default (older interface)")),
    )),
    Group(_("Applications"), (
        Permission(scopes.CLIENT_VIEW, _("See applications and signing keys")),
        Permission(scopes.CLIENT_CREATE, _("Add and change applications"), _("Also renew secrets and make signing keys.")),
        Permission(scopes.CLIENT_DELETE, _("Delete applications")),
    )),
    Group(_("Messages"), (
        Permission(scopes.OUTBOX_VIEW, _("See the outbox")),
        Permission(scopes.OUTBOX_UPDATE, _("Send messages again and withdraw them")),
        Permission(scopes.SENDER_VIEW, _("See how messages are sent")),
        Permission(scopes.SENDER_CREATE, _("Set up a sender of one’s own"), _("Whoever may do this can read every link and code.")),
        Permission(scopes.SENDER_UPDATE, _("Change the sender and send tests"), _("Whoever may do this can read every link and code.")),
        Permission(scopes.SENDER_DELETE, _("Go back to the server’s sender")),
    )),
    Group(_("User stores"), (
        Permission(scopes.STORE_VIEW, _("See user stores and how they are set")),
        Permission(scopes.STORE_CREATE, _("Connect directories"), _("Whoever may do this decides whose passwords count.")),
        Permission(scopes.STORE_UPDATE, _("Change, switch off and look through directories"),
                   _("Whoever may do this decides whose passwords count.")),
        Permission(scopes.STORE_DELETE, _("Remove directories"), _("With everything that is known here of their users.")),
    )),
    Group(_("Tenants"), (
        Permission(scopes.TENANT_VIEW, _("See the tenants of this server")),
        Permission(scopes.TENANT_CREATE, _("Add tenants")),
        Permission(scopes.TENANT_UPDATE, _("Rename, suspend and resume tenants")),
        Permission(scopes.TENANT_DELETE, _("Delete tenants"), _("With every user and everything else in them.")),
    )),
    Group(_("Records"), (
        Permission(scopes.AUDIT_VIEW, _("See and download the audit log"), _("Who did what to whom, and from where.")),
    )),
)

LABELS: dict[str, Words] = {item.scope: item.label for group in GROUPS for item in group.permissions}


@dataclass(frozen=True, slots=True)
class Box:
    """One checkbox: `why` says why it cannot be changed, `""` if it can."""

    permission: Permission
    ticked: bool
    why: Words = ""


@dataclass(frozen=True, slots=True)
class Boxes:
    heading: Words
    boxes: tuple[Box, ...]


def boxes(ticked: frozenset[str], held: frozenset[str], *, only: frozenset[str] | None = None, why: Words = "") -> list[Boxes]:
    """The checkboxes of a role or client. What the caller does not hold cannot be given or taken; `only` leaves out everything
    else; `why` disables all of them."""
    lacking = _("You do not hold this permission yourself.")
    found = [
        Boxes(group.heading, tuple(
            Box(item, item.scope in ticked, why or ("" if item.scope in held else lacking))
            for item in group.permissions if (only is None or item.scope in only) and _concerns(item, ticked | held)
        ))
        for group in GROUPS
    ]
    return [group for group in found if group.boxes]


def _concerns(item: Permission, known: frozenset[str]) -> bool:
    """Permissions about tenants mean nothing outside the default one: who neither has nor sees them is not told of them."""
    return item.scope not in scopes.TENANT_PERMISSIONS or item.scope in known


def chosen(sent: list[str], before: frozenset[str], held: frozenset[str]) -> frozenset[str]:
    """What a form of such boxes asks for: disabled boxes are not sent by browsers, so what the caller does not hold stays."""
    return (frozenset(sent) & held & frozenset(LABELS)) | (before - held)
