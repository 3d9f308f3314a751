"""Who is asking, and the one vocabulary of permissions: WSO2's `internal_*` scopes (reference 4.0)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from housekey.core.errors import NotPermitted
from housekey.core.names import Tenant

LOGIN = "internal_login"
USER_CREATE = "internal_user_mgt_create"
USER_VIEW = "internal_user_mgt_view"
USER_LIST = "internal_user_mgt_list"
USER_UPDATE = "internal_user_mgt_update"
USER_DELETE = "internal_user_mgt_delete"
CODE_CREATE = "internal_user_code_mgt_create"
CODE_DELETE = "internal_user_code_mgt_delete"
OFFLINE_INVITE = "internal_offline_invite"
GOVERNANCE_VIEW = "internal_governance_view"
GOVERNANCE_UPDATE = "internal_governance_update"
OUTBOX_VIEW = "internal_housekey_outbox_view"
OUTBOX_UPDATE = "internal_housekey_outbox_update"
CONSOLE = "internal_housekey_console"
"""Housekey's own: may open the console at all."""

SERVER = "internal_housekey_server"
"""Housekey's own: whoever runs the server, at its command line; makes tenants and administrators. No role holds it."""

ADMINISTRATOR_PERMISSIONS = frozenset(
    {
        LOGIN,
        CONSOLE,
        USER_CREATE,
        USER_VIEW,
        USER_LIST,
        USER_UPDATE,
        USER_DELETE,
        CODE_CREATE,
        CODE_DELETE,
        OFFLINE_INVITE,
        GOVERNANCE_VIEW,
        GOVERNANCE_UPDATE,
        OUTBOX_VIEW,
        OUTBOX_UPDATE,
    }
)
HELP_DESK_PERMISSIONS = frozenset({LOGIN, CONSOLE, USER_VIEW, USER_LIST, CODE_CREATE})
"""Invite, resend, reset; nothing else (spec section 10)."""
EVERYONE_PERMISSIONS = frozenset({LOGIN})

EVERYONE = "Internal/everyone"
ADMINISTRATOR = "admin"
HELP_DESK = "Internal/helpdesk"
SHIPPED_ROLES: dict[str, frozenset[str]] = {
    EVERYONE: EVERYONE_PERMISSIONS,
    ADMINISTRATOR: ADMINISTRATOR_PERMISSIONS,
    HELP_DESK: HELP_DESK_PERMISSIONS,
}


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
