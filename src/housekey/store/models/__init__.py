"""The tables, one file per noun."""

from housekey.store.models.account import Account, Role, RoleMember
from housekey.store.models.audit import AuditEntry
from housekey.store.models.claim import Claim
from housekey.store.models.client import Client, Token
from housekey.store.models.code import Code, Ticket
from housekey.store.models.message import Attempt, Message
from housekey.store.models.session import Session
from housekey.store.models.tenant import KeyName, Setting, Tenant
from housekey.store.models.throttle import Throttle
from housekey.store.models.user import SqlUser

__all__ = [
    "Account",
    "Attempt",
    "AuditEntry",
    "Claim",
    "Client",
    "Code",
    "KeyName",
    "Message",
    "Role",
    "RoleMember",
    "Session",
    "Setting",
    "SqlUser",
    "Tenant",
    "Throttle",
    "Ticket",
    "Token",
]
