"""The tables, one file per noun."""

from housekey.store.models.account import Account, Population, Role, RoleMember
from housekey.store.models.audit import AuditEntry
from housekey.store.models.claim import Claim, CustomAttribute
from housekey.store.models.client import Client, Consent, Farewell, Grant, RefreshToken, SigningKey, Token
from housekey.store.models.code import Code, Ticket
from housekey.store.models.directory import Directory, Entry, Repair
from housekey.store.models.group import Group, GroupMember
from housekey.store.models.idempotency import Kept
from housekey.store.models.job import Job, JobRow
from housekey.store.models.message import Attempt, Message
from housekey.store.models.sender import Sender
from housekey.store.models.session import Session
from housekey.store.models.tenant import KeyName, Setting, Tenant
from housekey.store.models.throttle import Throttle
from housekey.store.models.user import SqlMail, SqlUser
from housekey.store.models.wording import Brand, MessageTemplate

__all__ = [
    "Account",
    "Attempt",
    "AuditEntry",
    "Brand",
    "Claim",
    "Client",
    "Code",
    "Consent",
    "CustomAttribute",
    "Directory",
    "Entry",
    "Farewell",
    "Grant",
    "Group",
    "GroupMember",
    "Job",
    "JobRow",
    "Kept",
    "KeyName",
    "Message",
    "MessageTemplate",
    "Population",
    "RefreshToken",
    "Repair",
    "Role",
    "RoleMember",
    "Sender",
    "Session",
    "Setting",
    "SigningKey",
    "SqlMail",
    "SqlUser",
    "Tenant",
    "Throttle",
    "Ticket",
    "Token",
]
