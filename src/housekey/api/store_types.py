"""WSO2's kinds of user stores, by the names of its classes, and how its API names a store (reference server 1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from housekey.core.connectors import name_of, public_id
from housekey.core.errors import NotFound
from housekey.core.principal import Principal
from housekey.operations import stores
from housekey.operations.stores import SQL, StoreView

_PACKAGES = {"ldap": "org.wso2.carbon.user.core.ldap", "ad": "org.wso2.carbon.user.core.ldap", SQL: "org.wso2.carbon.user.core.jdbc"}


@dataclass(frozen=True, slots=True)
class StoreType:
    """`read_only`: what the type says about it; None: the property decides."""

    name: str
    kind: str
    read_only: bool | None
    description: str

    @property
    def id(self) -> str:
        return public_id(self.name)

    @property
    def class_name(self) -> str:
        return f"{_PACKAGES[self.kind]}.{self.name}"


TYPES: tuple[StoreType, ...] = (
    StoreType("UniqueIDReadWriteLDAPUserStoreManager", "ldap", False, "An LDAP directory that is read and written."),
    StoreType("UniqueIDReadOnlyLDAPUserStoreManager", "ldap", True, "An LDAP directory that is only read."),
    StoreType("UniqueIDActiveDirectoryUserStoreManager", "ad", None, "Active Directory. The property ReadOnly says whether it is written."),
)
DATABASE = StoreType("UniqueIDJDBCUserStoreManager", SQL, None, "The server's own database. Set up by deployment.toml.")
BY_ID = {one.id: one for one in (*TYPES, DATABASE)}


def type_of(view: StoreView) -> StoreType:
    if view.kind == SQL:
        return DATABASE
    return next(one for one in TYPES if one.kind == view.kind and one.read_only in {None, view.read_only})


def stored(by: Principal, name: str) -> StoreView:
    """The store of an id: base64url of the domain, or Housekey's own UUID. Raises NotFound, NotPermitted."""
    try:
        return stores.find(by, UUID(name))
    except ValueError:
        pass
    try:
        domain = name_of(name)
    except ValueError:
        raise NotFound("There is no user store with this id.") from None
    return stores.get(by, domain)
