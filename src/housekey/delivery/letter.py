"""From a leased message to what is sent: its link is derived or its code unsealed, the fields are completed, the text is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from housekey.conf.house import House
from housekey.core.codes import derive_link
from housekey.core.links import confirmation_link, invitation_link, tenant_prefix
from housekey.core.messages import EMAIL
from housekey.core.names import Tenant, organization_name
from housekey.delivery.leased import LeasedMessage, Secret, secret_of
from housekey.delivery.render import Rendered, render
from housekey.store.models import Message
from housekey.store.sealed import unseal

MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"),
}
UNTIL = {"en": "until {day} {month} {year}, {time} UTC", "de": "bis {day}. {month} {year}, {time} Uhr UTC"}
FOR_EVER = {"en": "with no end date", "de": "ohne Enddatum"}
HELP = {"en": "your administrator", "de": "Ihre Administration"}
"""Whom to ask where a tenant has not set a support contact."""

HIDDEN = "hidden"
"""Stands in for the code in a link that must not be shown."""
BULLET = "•"
"""Likewise for each character of a one-time code."""


class MissingKey(LookupError):
    """The keys file lacks the key that this link or code was made with."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be sent or written to a file. It holds a secret (the link, the code): never log it."""

    id: UUID
    kind: str
    recipient: str
    created: datetime
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    code: str = field(default="", repr=False)
    """The secret in it, so that it can be cut out of what a server answers."""


def write(house: House, message: LeasedMessage) -> Letter:
    """Make the text of a message. Raises NoTemplate and MissingKey."""
    code = code_of(house, message.secret) if message.secret else ""
    made = content(house, message.tenant, message.kind, message.locale, message.fields, message.secret, code, message.channel)
    return Letter(message.id, message.kind, message.recipient, message.created, made.subject, made.text, made.html, code)


def preview(house: House, row: Message, *, show_code: bool) -> Rendered:
    """A stored message as its reader sees it. Whoever sees the link or code can take the account, so mostly a dummy stands in for it.

    Raises NoTemplate and MissingKey.
    """
    tenant, secret, code = Tenant(row.tenant.pk, row.tenant.domain, row.tenant.name), secret_of(row), ""
    if secret is not None:
        dummy = BULLET * secret.length or HIDDEN
        code = code_of(house, secret) if show_code and not secret.erased else dummy
    return content(house, tenant, row.kind, row.locale, row.fields, secret, code, row.channel)


def content(house: House, tenant: Tenant, kind: str, locale: str, fields: Mapping[str, str], secret: Secret | None = None, code: str = "",
            channel: str = EMAIL) -> Rendered:
    """The text of a message that carries `code`. Raises NoTemplate."""
    complete = general_fields(house, tenant) | {name: value for name, value in fields.items() if value}
    language = _language(locale)
    complete["recipient-name"] = complete.get("user.claim.givenname") or complete.get("user-name", "")
    complete.setdefault("organization-name", organization_name("", tenant, house.config.base_url))
    complete.setdefault("organization.support.mail", HELP[language])
    if secret is not None:
        complete |= _code_fields(house, tenant, language, complete, secret, code)
    return render(kind, locale, complete, channel)


def general_fields(house: House, tenant: Tenant) -> dict[str, str]:
    """Placeholders that every message knows: the addresses of this server, from the configuration."""
    root = house.config.base_url + tenant_prefix(tenant.domain)
    return {
        "tenant-domain": tenant.domain, "carbon.product-url": house.config.base_url, "site-url": f"{root}/",
        "origin-host": urlsplit(house.config.base_url).hostname or "localhost",
        "account.recovery.endpoint-url": f"{root}/accountrecoveryendpoint", "authentication.endpoint-url": f"{root}/authenticationendpoint",
    }


def _code_fields(house: House, tenant: Tenant, language: str, fields: Mapping[str, str], secret: Secret, code: str) -> dict[str, str]:
    domain = fields.get("userstore-domain") or secret.domain
    shown = {"userstore-domain": domain, "confirmation-code": code, "expires": expiry_in_words(secret.expires, language)}
    return shown if secret.length else shown | {"link": _link(house, tenant, fields, secret, domain, code)}


def _link(house: House, tenant: Tenant, fields: Mapping[str, str], secret: Secret, domain: str, code: str) -> str:
    base, username = house.config.base_url, fields.get("user-name", "").removeprefix(f"{domain}/")
    if secret.purpose == "confirmation":
        return confirmation_link(base, tenant.domain, code, domain, username)
    return invitation_link(base, tenant.domain, code, domain, username, invite=secret.purpose == "invitation")


def code_of(house: House, secret: Secret) -> str:
    """The code itself, of a link or to be typed; `""` once that was erased. Raises MissingKey, in words."""
    try:
        key = house.keys.by_id(secret.key_name)
    except KeyError:
        raise MissingKey(f"The keys file lacks the key {secret.key_name}, with which the link or code of this message was made. "
                         "Put that key back into the file and restart.") from None
    if not secret.length:
        return derive_link(key, secret.code_id, secret.nonce)
    return unseal(key, secret.code_id, secret.sealed) if secret.sealed else ""


def expiry_in_words(expires: datetime | None, language: str) -> str:
    """`until 31 January 2026, 08:00 UTC`: the month in words, since 01/02 is read differently in different places."""
    language = _language(language)
    if expires is None:
        return FOR_EVER[language]
    moment = expires.astimezone(UTC)
    return UNTIL[language].format(day=moment.day, month=MONTHS[language][moment.month - 1], year=moment.year, time=f"{moment:%H:%M}")


def _language(locale: str) -> str:
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in MONTHS else "en"
