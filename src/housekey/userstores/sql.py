"""The built-in store: rows in our own database, so that a user and her account commit together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from housekey.core.names import Tenant, UserName
from housekey.core.searchable import Searchable, searchable
from housekey.core.users import Email, Profile
from housekey.store import hot
from housekey.store.models import SqlMail, SqlUser
from housekey.userstores.base import StoredUser

_COLUMNS = ("id", "domain", "username", "given_name", "family_name", "locale", "emails", "more")


class SqlStore:
    """Implements `UserStore` over the table `SqlUser`."""

    def insert(self, tenant: Tenant, user: StoredUser, password_hash: str) -> None:
        found = searchable(user.profile)
        row = hot.made(
            SqlUser,
            id=user.id,
            tenant_id=tenant.id,
            domain=user.name.domain,
            username=user.name.bare,
            name_key=user.name.key,
            password=password_hash,
            **columns(user.profile, found),
        )
        hot.insert(row)
        _add_mails(tenant, user.id, found)

    def get(self, tenant: Tenant, user_id: UUID) -> StoredUser | None:
        row = hot.sql_user(tenant.id, user_id)
        return _stored(tuple(getattr(row, column) for column in _COLUMNS)) if row else None

    def many(self, tenant: Tenant, ids: list[UUID]) -> dict[UUID, StoredUser]:
        rows = SqlUser.objects.among(tenant, ids).values_list(*_COLUMNS)
        return {row[0]: _stored(row) for row in rows}

    def names(self, tenant: Tenant, ids: Iterable[UUID]) -> dict[UUID, UserName]:
        rows = SqlUser.objects.among(tenant, ids).values_list("id", "domain", "username")
        return {user_id: UserName(domain, username) for user_id, domain, username in rows}

    def update(self, tenant: Tenant, user_id: UUID, profile: Profile) -> None:
        found = searchable(profile)
        SqlUser.objects.within(tenant).filter(id=user_id).update(**columns(profile, found))
        SqlMail.objects.within(tenant).filter(user_id=user_id).delete()
        _add_mails(tenant, user_id, found)

    def delete(self, tenant: Tenant, user_id: UUID) -> None:
        SqlMail.objects.within(tenant).filter(user_id=user_id).delete()
        SqlUser.objects.within(tenant).filter(id=user_id).delete()

    def password_hash(self, tenant: Tenant, user_id: UUID) -> str:
        return hot.password(tenant.id, user_id)

    def set_password_hash(self, tenant: Tenant, user_id: UUID, password_hash: str) -> None:
        SqlUser.objects.within(tenant).filter(id=user_id).update(password=password_hash)


def _add_mails(tenant: Tenant, user_id: UUID, found: Searchable) -> None:
    for key in found.mails:
        hot.insert(SqlMail(tenant_id=tenant.id, user_id=user_id, key=key))


def columns(profile: Profile, found: Searchable) -> dict[str, Any]:
    """Everything of a row that a profile decides."""
    return {
        "given_name": profile.given_name,
        "family_name": profile.family_name,
        "locale": profile.locale,
        "mail": profile.mail,
        "mail_key": found.mail,
        "emails": [_row(mail) for mail in profile.emails],
        "more": profile.more,
        "search": found.document,
        "external_key": found.external,
        "given_key": found.given,
        "family_key": found.family,
        "display_key": found.display,
    }


def _row(mail: Email) -> dict[str, Any]:
    return {"value": mail.value, "type": mail.type, "primary": mail.primary} | ({"display": mail.display} if mail.display else {})


def _mail(row: dict[str, Any]) -> Email:
    return Email(row["value"], row["type"], row["primary"], row.get("display", ""))


def _stored(row: tuple[Any, ...]) -> StoredUser:
    user_id, domain, username, given, family, locale, emails, more = row
    profile = Profile(given, family, tuple(_mail(mail) for mail in emails), locale, more)
    return StoredUser(user_id, UserName(domain, username), profile)
