"""From a leased message to what is sent: its link is derived or its code unsealed, the fields are completed, the text is made."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from housekey.conf.house import House
from housekey.core.brand import PLAIN, Brand
from housekey.core.codes import derive_link
from housekey.core.links import confirmation_link, invitation_link, tenant_prefix
from housekey.core.messages import EMAIL, REMINDER
from housekey.core.names import Tenant, organization_name
from housekey.core.wording import Words, key_of
from housekey.delivery import branding, render
from housekey.delivery.branding import Picture
from housekey.delivery.leased import LeasedMessage, Secret, secret_of
from housekey.delivery.reminder import reminding
from housekey.delivery.render import Rendered, Template
from housekey.delivery.words import expiry_in_words, words_of
from housekey.store import brands, hot
from housekey.store.models import Message
from housekey.store.sealed import unseal

log = logging.getLogger("housekey.delivery")

LONGEST_MADE = 256_000
"""Characters of a part of a message, filled in from a tenant's template."""
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
    logo: Picture | None = field(default=None, repr=False)


def write(house: House, message: LeasedMessage) -> Letter:
    """Make the text of a message. Raises NoTemplate and MissingKey."""
    code = code_of(house, message.secret) if message.secret else ""
    made = content(house, message.tenant, message.kind, message.locale, message.fields, message.secret, code, message.channel)
    return Letter(message.id, message.kind, message.recipient, message.created, made.subject, made.text, made.html, code, made.logo)


def preview(house: House, row: Message, *, show_code: bool) -> Rendered:
    """A stored message as its reader sees it. Whoever sees the link or code can take the account, so mostly a dummy stands in for it.

    Raises NoTemplate and MissingKey.
    """
    tenant, secret, code = row.tenant.brief, secret_of(row), ""
    if secret is not None:
        dummy = BULLET * secret.length or HIDDEN
        code = code_of(house, secret) if show_code and not secret.erased else dummy
    return content(house, tenant, row.kind, row.locale, row.fields, secret, code, row.channel)


def content(house: House, tenant: Tenant, kind: str, locale: str, fields: Mapping[str, str], secret: Secret | None = None, code: str = "",
            channel: str = EMAIL) -> Rendered:
    """The text of a message that carries `code`, in the tenant's own words where it has some. Raises NoTemplate, DatabaseError.

    No message is lost because of what a tenant wrote: a template that cannot be used gives way to the shipped one.
    """
    stored = hot.templates(tenant.id, channel, key_of(kind)) if tenant.id else {}
    chosen = render.own_locale(kind, locale, channel, stored)
    if chosen:
        try:
            return _owned(house, tenant, kind, chosen, Words(*stored[chosen]), fields, secret, code, channel)
        except Exception as error:  # whatever it is, the person waits for her message
            why = type(error).__name__
            log.error("The template %s %s of %s cannot be used (%s); the shipped one is.", kind, chosen, tenant.domain, why)
    return filled(house, tenant, render.shipped(kind, locale, channel), fields, secret, code)


class _Unusable(ValueError):
    """What came out of a template lacks the link or code that the message is for, or is too long."""


def _owned(house: House, tenant: Tenant, kind: str, locale: str, words: Words, fields: Mapping[str, str], secret: Secret | None, code: str,
           channel: str) -> Rendered:
    made = filled(house, tenant, render.own(kind, locale, channel, words), fields, secret, code)
    parts = [part for part in (made.text, made.html) if part]
    if any(len(part) > LONGEST_MADE or code not in part for part in parts):
        raise _Unusable
    return made


def filled(house: House, tenant: Tenant, template: Template, fields: Mapping[str, str], secret: Secret | None = None,
           code: str = "", brand: Brand | None = None) -> Rendered:
    """A template with everything filled in that a message knows. Dates and the like are in the template's language. `brand`: another one
    than the tenant has."""
    if brand is None:
        brand = brands.of(tenant.id) if tenant.id else PLAIN
    complete = general_fields(house, tenant) | {name: value for name, value in fields.items() if value}
    complete["recipient-name"] = complete.get("user.claim.givenname") or complete.get("user-name", "")
    complete.setdefault("organization-name", organization_name("", tenant, house.config.base_url))
    complete.setdefault("organization.support.mail", words_of(template.locale).help)
    if secret is not None:
        complete |= _code_fields(house, tenant, template.locale, complete, secret, code)
    logo = branding.picture(tenant, brand) if template.html else None
    made = template.fill(branding.fields_of(brand, template.locale, complete["organization-name"], logo) | complete)
    if REMINDER in fields:
        made = reminding(made, template.locale, complete.get("expires", ""))
    if not made.html:
        return made
    page = branding.dressed(made.html, brand, template.locale, logo)
    return replace(made, text=branding.noted(made.text, brand, template.locale), html=page, logo=logo)


def general_fields(house: House, tenant: Tenant) -> dict[str, str]:
    """Placeholders that every message knows: the addresses of this server, from the configuration."""
    root = house.config.base_url + tenant_prefix(tenant.domain)
    return {
        "tenant-domain": tenant.domain, "carbon.product-url": house.config.base_url, "site-url": f"{root}/",
        "origin-host": urlsplit(house.config.base_url).hostname or "localhost",
        "account.recovery.endpoint-url": f"{root}/accountrecoveryendpoint", "authentication.endpoint-url": f"{root}/authenticationendpoint",
    }


def _code_fields(house: House, tenant: Tenant, locale: str, fields: Mapping[str, str], secret: Secret, code: str) -> dict[str, str]:
    domain = fields.get("userstore-domain") or secret.domain
    shown = {"userstore-domain": domain, "confirmation-code": code, "expires": expiry_in_words(secret.expires, locale)}
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
