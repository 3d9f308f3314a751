"""From a leased message to what is sent: the link is derived here and nowhere stored, the fields are completed, the text is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from housekey.conf.house import House
from housekey.core.codes import derive_link
from housekey.core.links import invitation_link, tenant_prefix
from housekey.core.names import Tenant, organization_name
from housekey.delivery.leased import LeasedMessage, Link, link_of
from housekey.delivery.render import Rendered, render
from housekey.store.models import Message

MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"),
}
UNTIL = {"en": "until {day} {month} {year}, {time} UTC", "de": "bis {day}. {month} {year}, {time} Uhr UTC"}
FOR_EVER = {"en": "with no end date", "de": "ohne Enddatum"}
HELP = {"en": "your administrator", "de": "Ihre Administration"}
"""Whom to ask where a tenant has not set a support contact."""

HIDDEN = "hidden"
"""Stands in for a code that must not be shown."""


class MissingKey(LookupError):
    """The keys file lacks the key that this link was made with."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be sent or written to a file. It holds a secret (the link): never log it."""

    id: UUID
    kind: str
    recipient: str
    created: datetime
    subject: str
    text: str
    html: str


def write(house: House, message: LeasedMessage) -> Letter:
    """Make the text of a message. Raises NoTemplate and MissingKey."""
    rendered = content(house, message.tenant, message.kind, message.locale, message.fields, message.link)
    return Letter(message.id, message.kind, message.recipient, message.created, rendered.subject, rendered.text, rendered.html)


def preview(house: House, row: Message, *, show_link: bool) -> Rendered:
    """A stored message as its reader sees it. Whoever sees the link can take the account, so mostly a dummy stands in for its code.

    Raises NoTemplate and MissingKey.
    """
    tenant = Tenant(row.tenant.pk, row.tenant.domain, row.tenant.name)
    return content(house, tenant, row.kind, row.locale, row.fields, link_of(row), code=None if show_link else HIDDEN)


def content(house: House, tenant: Tenant, kind: str, locale: str, fields: Mapping[str, str], link: Link | None, *,
            code: str | None = None) -> Rendered:
    """The text of a message; `code` stands in for the real one where the link must not be shown. Raises NoTemplate, MissingKey."""
    complete = general_fields(house, tenant) | {name: value for name, value in fields.items() if value}
    language = _language(locale)
    complete["recipient-name"] = complete.get("user.claim.givenname") or complete.get("user-name", "")
    complete.setdefault("organization-name", organization_name("", tenant, house.config.base_url))
    complete.setdefault("organization.support.mail", HELP[language])
    if link is not None:
        complete |= _link_fields(house, tenant, language, complete, link, code)
    return render(kind, locale, complete)


def general_fields(house: House, tenant: Tenant) -> dict[str, str]:
    """Placeholders that every message knows: the addresses of this server, from the configuration."""
    root = house.config.base_url + tenant_prefix(tenant.domain)
    return {
        "tenant-domain": tenant.domain, "carbon.product-url": house.config.base_url,
        "account.recovery.endpoint-url": f"{root}/accountrecoveryendpoint", "authentication.endpoint-url": f"{root}/authenticationendpoint",
    }


def _link_fields(house: House, tenant: Tenant, language: str, fields: Mapping[str, str], link: Link, code: str | None) -> dict[str, str]:
    code = code if code is not None else link_code(house, link)
    domain = fields.get("userstore-domain") or link.domain
    username = fields.get("user-name", "").removeprefix(f"{domain}/")
    return {
        "userstore-domain": domain, "confirmation-code": code, "expires": expiry_in_words(link.expires, language),
        "link": invitation_link(house.config.base_url, tenant.domain, code, domain, username),
    }


def link_code(house: House, link: Link) -> str:
    """The code itself. Raises MissingKey, in words."""
    try:
        key = house.keys.by_id(link.key_name)
    except KeyError:
        raise MissingKey(f"The keys file lacks the key {link.key_name}, with which the link of this message was made. "
                         "Put that key back into the file and restart.") from None
    return derive_link(key, link.code_id, link.nonce)


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
