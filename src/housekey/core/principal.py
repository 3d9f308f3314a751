"""Who is asking, and the one vocabulary of permissions: WSO2's `internal_*` scopes (reference 4.0)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from housekey.core.errors import Invalid, NotPermitted
from housekey.core.names import SUPER_TENANT, Tenant

LOGIN = "internal_login"
USER_CREATE = "internal_user_mgt_create"
USER_VIEW = "internal_user_mgt_view"
USER_LIST = "internal_user_mgt_list"
USER_UPDATE = "internal_user_mgt_update"
USER_DELETE = "internal_user_mgt_delete"
BULK = "internal_bulk_resource_create"
BULK_USER_CREATE = "internal_bulk_user_create"
BULK_USER_UPDATE = "internal_bulk_user_update"
BULK_USER_DELETE = "internal_bulk_user_delete"
BULK_GROUP_CREATE = "internal_bulk_group_create"
BULK_GROUP_UPDATE = "internal_bulk_group_update"
BULK_GROUP_DELETE = "internal_bulk_group_delete"
BULK_ROLE_CREATE = "internal_bulk_role_create"
BULK_ROLE_UPDATE = "internal_bulk_role_update"
BULK_ROLE_DELETE = "internal_bulk_role_delete"
GROUP_CREATE = "internal_group_mgt_create"
GROUP_VIEW = "internal_group_mgt_view"
GROUP_UPDATE = "internal_group_mgt_update"
GROUP_DELETE = "internal_group_mgt_delete"
ROLE_CREATE = "internal_role_mgt_create"
ROLE_VIEW = "internal_role_mgt_view"
ROLE_UPDATE = "internal_role_mgt_update"
ROLE_DELETE = "internal_role_mgt_delete"
CODE_VIEW = "internal_user_code_mgt_view"
CODE_UPDATE = "internal_user_code_mgt_update"
CODE_CREATE = "internal_user_code_mgt_create"
CODE_DELETE = "internal_user_code_mgt_delete"
OFFLINE_INVITE = "internal_offline_invite"
RECOVERY_VIEW = "internal_recovery_view"
RECOVERY_CREATE = "internal_recovery_create"
USER_RECOVERY = "internal_user_recovery_create"
OWN_PASSWORD = "internal_user_password_update"  # noqa: S105 - WSO2's name of a scope
CLAIM_VIEW = "internal_claim_meta_view"
CLAIM_UPDATE = "internal_claim_meta_update"
CLIENT_CREATE = "internal_application_mgt_create"
CLIENT_VIEW = "internal_application_mgt_view"
CLIENT_DELETE = "internal_application_mgt_delete"
GOVERNANCE_VIEW = "internal_governance_view"
GOVERNANCE_UPDATE = "internal_governance_update"
TEMPLATE_CREATE = "internal_template_mgt_create"
TEMPLATE_VIEW = "internal_template_mgt_view"
TEMPLATE_UPDATE = "internal_template_mgt_update"
TEMPLATE_DELETE = "internal_template_mgt_delete"
EMAIL_TEMPLATE_CREATE = "internal_email_mgt_create"
EMAIL_TEMPLATE_VIEW = "internal_email_mgt_view"
EMAIL_TEMPLATE_UPDATE = "internal_email_mgt_update"
EMAIL_TEMPLATE_DELETE = "internal_email_mgt_delete"
SENDER_CREATE = "internal_notification_senders_create"
SENDER_VIEW = "internal_notification_senders_view"
SENDER_UPDATE = "internal_notification_senders_update"
SENDER_DELETE = "internal_notification_senders_delete"
STORE_CREATE = "internal_userstore_create"
STORE_VIEW = "internal_userstore_view"
STORE_UPDATE = "internal_userstore_update"
STORE_DELETE = "internal_userstore_delete"
TENANT_CREATE = "internal_tenant_mgt_create"
TENANT_VIEW = "internal_tenant_mgt_view"
TENANT_UPDATE = "internal_tenant_mgt_update"
TENANT_DELETE = "internal_tenant_mgt_delete"
OUTBOX_VIEW = "internal_housekey_outbox_view"
OUTBOX_UPDATE = "internal_housekey_outbox_update"
AUDIT_VIEW = "internal_housekey_audit_view"
CONSOLE = "internal_housekey_console"
"""Housekey's own: may open the console at all."""

SERVER = "internal_housekey_server"
"""Housekey's own: whoever runs the server, at its command line; makes tenants and administrators. No role holds it."""

TENANT_PERMISSIONS = frozenset({TENANT_CREATE, TENANT_VIEW, TENANT_UPDATE, TENANT_DELETE})
"""About the server's tenants. They count in the default tenant only, and no role of another one is shipped with them (A-140)."""

BULK_GIVES = {
    BULK_USER_CREATE: USER_CREATE,
    BULK_USER_UPDATE: USER_UPDATE,
    BULK_USER_DELETE: USER_DELETE,
    BULK_GROUP_CREATE: GROUP_CREATE,
    BULK_GROUP_UPDATE: GROUP_UPDATE,
    BULK_GROUP_DELETE: GROUP_DELETE,
    BULK_ROLE_CREATE: ROLE_CREATE,
    BULK_ROLE_UPDATE: ROLE_UPDATE,
    BULK_ROLE_DELETE: ROLE_DELETE,
}
"""What each scope lets its holder do inside a Bulk, and only there. BULK itself gives all of it (reference 4.0)."""

ADMINISTRATOR_PERMISSIONS = frozenset(
    {
        LOGIN,
        CONSOLE,
        USER_CREATE,
        USER_VIEW,
        USER_LIST,
        USER_UPDATE,
        USER_DELETE,
        *BULK_GIVES,
        BULK,
        GROUP_CREATE,
        GROUP_VIEW,
        GROUP_UPDATE,
        GROUP_DELETE,
        ROLE_CREATE,
        ROLE_VIEW,
        ROLE_UPDATE,
        ROLE_DELETE,
        CODE_VIEW,
        CODE_UPDATE,
        CODE_CREATE,
        CODE_DELETE,
        OFFLINE_INVITE,
        RECOVERY_VIEW,
        RECOVERY_CREATE,
        USER_RECOVERY,
        OWN_PASSWORD,
        CLAIM_VIEW,
        CLAIM_UPDATE,
        CLIENT_CREATE,
        CLIENT_VIEW,
        CLIENT_DELETE,
        GOVERNANCE_VIEW,
        GOVERNANCE_UPDATE,
        TEMPLATE_CREATE,
        TEMPLATE_VIEW,
        TEMPLATE_UPDATE,
        TEMPLATE_DELETE,
        EMAIL_TEMPLATE_CREATE,
        EMAIL_TEMPLATE_VIEW,
        EMAIL_TEMPLATE_UPDATE,
        EMAIL_TEMPLATE_DELETE,
        SENDER_CREATE,
        SENDER_VIEW,
        SENDER_UPDATE,
        SENDER_DELETE,
        STORE_CREATE,
        STORE_VIEW,
        STORE_UPDATE,
        STORE_DELETE,
        *TENANT_PERMISSIONS,
        OUTBOX_VIEW,
        OUTBOX_UPDATE,
        AUDIT_VIEW,
    }
)
"""What the shipped administrators of the default tenant may do."""
GRANTABLE = ADMINISTRATOR_PERMISSIONS - {CONSOLE, OWN_PASSWORD}
"""What a program may be given. The console knows only signed-in browsers, and a program has no password of its own to change."""
HELP_DESK_PERMISSIONS = frozenset({LOGIN, CONSOLE, USER_VIEW, USER_LIST, CODE_CREATE})
"""Invite, resend, reset; nothing else (spec section 10)."""
EVERYONE_PERMISSIONS = frozenset({LOGIN, OWN_PASSWORD})

EVERYONE = "Internal/everyone"
ADMINISTRATOR = "admin"
HELP_DESK = "Internal/helpdesk"
SHIPPED_ROLES: dict[str, frozenset[str]] = {
    EVERYONE: EVERYONE_PERMISSIONS,
    ADMINISTRATOR: ADMINISTRATOR_PERMISSIONS,
    HELP_DESK: HELP_DESK_PERMISSIONS,
}



def shipped_roles(domain: str) -> dict[str, frozenset[str]]:
    """The roles a tenant comes with, by name."""
    if domain == SUPER_TENANT:
        return SHIPPED_ROLES
    return SHIPPED_ROLES | {ADMINISTRATOR: ADMINISTRATOR_PERMISSIONS - TENANT_PERMISSIONS}


LEGACY: dict[str, frozenset[str]] = {
    "/permission/admin/login": frozenset({LOGIN}),
    "/permission/admin/manage/identity/usermgt/create": frozenset({USER_CREATE}),
    "/permission/admin/manage/identity/usermgt/view": frozenset({USER_VIEW}),
    "/permission/admin/manage/identity/usermgt/list": frozenset({USER_LIST}),
    "/permission/admin/manage/identity/usermgt/update": frozenset({USER_UPDATE, CODE_CREATE}),
    "/permission/admin/manage/identity/usermgt/delete": frozenset({USER_DELETE}),
    "/permission/admin/configure/security/usermgt/users": frozenset({USER_CREATE, USER_VIEW, USER_LIST, USER_UPDATE, USER_DELETE}),
    "/permission/admin/configure/security/usermgt/profiles": frozenset({USER_VIEW, USER_LIST, USER_UPDATE}),
    "/permission/admin/configure/security/usermgt/passwords": frozenset({USER_UPDATE, CODE_CREATE}),
    "/permission/admin/manage/identity/groupmgt/create": frozenset({GROUP_CREATE}),
    "/permission/admin/manage/identity/groupmgt/view": frozenset({GROUP_VIEW}),
    "/permission/admin/manage/identity/groupmgt/update": frozenset({GROUP_UPDATE}),
    "/permission/admin/manage/identity/groupmgt/delete": frozenset({GROUP_DELETE}),
    "/permission/admin/manage/identity/rolemgt/create": frozenset({ROLE_CREATE}),
    "/permission/admin/manage/identity/rolemgt/view": frozenset({ROLE_VIEW}),
    "/permission/admin/manage/identity/rolemgt/update": frozenset({ROLE_UPDATE}),
    "/permission/admin/manage/identity/rolemgt/delete": frozenset({ROLE_DELETE}),
    "/permission/admin/manage/identity/idpmgt/view": frozenset({GOVERNANCE_VIEW}),
    "/permission/admin/manage/identity/idpmgt/update": frozenset({GOVERNANCE_UPDATE}),
    "/permission/admin/manage/identity/claimmgt/metadata/view": frozenset({CLAIM_VIEW}),
    "/permission/admin/manage/identity/claimmgt/metadata/update": frozenset({CLAIM_UPDATE}),
}
"""WSO2's permission paths and the scopes they stand for (decisions, one permission vocabulary). A path above them stands for all below."""


def spelled_out(permissions: Iterable[str]) -> frozenset[str]:
    """Scopes as they are, permission paths as the scopes they stand for. Raises Invalid for what is neither."""
    found: set[str] = set()
    for name in permissions:
        below = [scopes for path, scopes in LEGACY.items() if path == name.rstrip("/") or path.startswith(name.rstrip("/") + "/")]
        if name in ADMINISTRATOR_PERMISSIONS:
            found.add(name)
        elif name.startswith("/permission/") and below:
            found |= frozenset().union(*below)
        else:
            raise Invalid(f"There is no permission called {name[:100]}.", field="permissions")
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, inside which tenant, holding which permissions, from which network address."""

    tenant: Tenant
    name: str
    """Shown in the audit log: a user name, `system`, `command line` or `anonymous`."""
    permissions: frozenset[str] = frozenset()
    account_id: UUID | None = None
    session_id: int | None = None
    network: str = ""
    """The client's address, `""` where there is none."""
    client_id: str = ""
    """The OAuth client whose token came with the request, `""` for a person."""
    lent: frozenset[str] = frozenset()
    """Of `permissions`, those that hold inside one Bulk only: enough to do something with, not to give away."""

    @property
    def own(self) -> frozenset[str]:
        """What this principal can give to others, and is measured by."""
        return self.permissions - self.lent

    def must(self, permission: str) -> None:
        """Raise NotPermitted unless this principal holds `permission`."""
        if permission not in self.permissions:
            raise NotPermitted(permission)

    def may(self, permission: str) -> bool:
        return permission in self.permissions


def system(tenant: Tenant, name: str = "system") -> Principal:
    """The server itself, or an operator at the command line: holds every permission in `tenant`, and those that no role gives."""
    return Principal(tenant, name, ADMINISTRATOR_PERMISSIONS | {SERVER})


def anonymous(tenant: Tenant, network: str = "") -> Principal:
    return Principal(tenant, "anonymous", frozenset(), network=network)
