"""Tenants' own senders: from the stored row to a channel. Kept apart from the server's own, which is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from housekey.conf.house import House
from housekey.conf.schema import EmailSender, SmsSender
from housekey.core.messages import EMAIL
from housekey.core.senders import CUSTOM
from housekey.delivery.channels import BrokenChannel, Channel, channel_for
from housekey.delivery.letter import Letter
from housekey.delivery.mime import BadAddress, sender_of
from housekey.delivery.outcomes import Outcome, hidden, spellings
from housekey.delivery.reach import AnySMTP, AnySMTPS, PublicSMTP, PublicSMTPS
from housekey.delivery.sms import SmsChannel
from housekey.delivery.smtp import SmtpChannel
from housekey.store.models import Sender
from housekey.store.sealed import seal, unseal

TIMEOUT = 10
"""Seconds to wait at each step for a sender that a tenant set up."""
_PLACES = ("[output_adapter.email]", "[output_adapter.sms]")


class MissingSenderKey(LookupError):
    """The keys file lacks the key that a sender's secret is sealed with. The text is for an administrator."""


@dataclass(frozen=True, slots=True)
class Own:
    """A sender as it was looked up: `version` tells whether a kept channel is still the right one."""

    row: Sender

    @property
    def mark(self) -> tuple[UUID, int]:
        return self.row.id, self.row.version


class OwnChannel:
    """A tenant's channel: says whose it is in every outcome, and never what it signs in with."""

    def __init__(self, name: str, inner: Channel, secrets: tuple[str, ...]) -> None:
        self._name, self._inner = name, inner
        self._secrets = secrets

    def send(self, letter: Letter, now: datetime) -> Outcome:
        outcome = self._inner.send(letter, now)
        detail = hidden(outcome.detail, self._secrets)
        for place in _PLACES:
            detail = detail.replace(place, "Notification Channels")
        return replace(outcome, detail=f"Through the tenant's own {self._name}. {detail}")

    def tidy(self) -> None:
        self._inner.tidy()

    def close(self) -> None:
        self._inner.close()


def find(tenant_id: int, way: str) -> Own | None:
    """The tenant's own sender for a channel, looked up now. Raises DatabaseError."""
    row = Sender.objects.within(tenant_id).filter(channel=way).first()
    return Own(row) if row else None


def channel_of(house: House, row: Sender) -> Channel:
    """A new channel as the tenant set it up."""
    try:
        opened = opened_of(house, row)
    except MissingSenderKey as error:
        return OwnChannel(row.name, BrokenChannel(str(error)), ())
    secret, headers = opened.get("secret", ""), opened.get("headers", {})
    inner = _mail(house, row.properties, secret) if row.channel == EMAIL else _text(house, row.provider, row.properties, secret, headers)
    name = row.properties.get("username" if row.channel == EMAIL else "key", "")
    return OwnChannel(row.name, inner, (*spellings(name, secret), *headers.values()))


def channel_for_tenant(house: House, tenant_id: int, way: str) -> Channel:
    """What a message of this tenant leaves through: its own sender, else the server's. Raises DatabaseError."""
    own = find(tenant_id, way)
    return channel_of(house, own.row) if own else channel_for(house, way)


def opened_of(house: House, row: Sender) -> dict[str, Any]:
    """`secret` and `headers` of a sender. Raises MissingSenderKey, in words."""
    if not row.sealed:
        return {}
    try:
        key = house.keys.by_id(row.key_name)
    except KeyError:
        raise MissingSenderKey(f"The keys file lacks the key {row.key_name}, with which the secret of the tenant's own {row.name} is "
                               "sealed. Put that key back into the file and restart, or type the secret again.") from None
    try:
        found: dict[str, Any] = json.loads(unseal(key, row.id, bytes(row.sealed)))
    except ValueError:
        raise MissingSenderKey(f"The secret of the tenant's own {row.name} cannot be opened. Type it again.") from None
    return found


def close_up(house: House, row: Sender, secret: str, headers: Mapping[str, str]) -> None:
    """Seal both into the row under the newest key; nothing is stored where there is nothing."""
    row.key_name, key = house.keys.newest
    row.sealed = seal(key, row.id, json.dumps({"secret": secret, "headers": dict(headers)})) if secret or headers else None


def _mail(house: House, values: Mapping[str, str], secret: str) -> Channel:
    email = EmailSender(
        hostname=values["host"], port=int(values["port"]), from_address=values["from_address"], username=values["username"],
        password=secret, enable_start_tls=values["security"] == "starttls", enable_tls=values["security"] == "tls",
        enable_authentication=bool(values["username"]), reply_to=values["reply_to"], signature=values["display_name"], timeout=TIMEOUT,
    )
    try:
        sender = sender_of(replace(house.config, email=email))
    except BadAddress:
        return BrokenChannel("The sender's address is not an e-mail address.")
    private = house.config.output.allow_private_networks
    plain, implicit = (AnySMTP, AnySMTPS) if private else (PublicSMTP, PublicSMTPS)
    return SmtpChannel(email, sender, house.config.server.hostname, plain=plain, implicit=implicit)


def _text(house: House, provider: str, values: Mapping[str, str], secret: str, headers: Mapping[str, str]) -> Channel:
    sms = SmsSender(provider=provider, sender=values["sender"], key=values["key"], secret=secret, provider_url=values["url"],
                    timeout=TIMEOUT)
    if provider == CUSTOM:
        sms = replace(
            sms, http_method=cast(Any, values["method"].lower()), content_type=cast(Any, values["content_type"].lower()),
            headers=tuple(headers.items()), body=values["body"],
            authentication=cast(Any, values["authentication"].lower()), api_key_header=values["api_key_header"],
            token_endpoint=values["token_endpoint"], scopes=values["scopes"],
        )
    return SmsChannel(sms, private=house.config.output.allow_private_networks)
