"""A tenant's own senders of e-mail and text messages: look, set up, change, try, and go back to the server's own.

A secret is written and never read: what is shown says only whether there is one (A-138).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from housekey.conf.house import House
from housekey.core import senders
from housekey.core.errors import Conflict, Invalid, NotFound, Stale, Unavailable
from housekey.core.messages import CHANNELS, EMAIL, TEST
from housekey.core.principal import SENDER_CREATE, SENDER_DELETE, SENDER_UPDATE, SENDER_VIEW, Principal
from housekey.core.senders import DESTINATION, MASK, NAMES
from housekey.delivery import outbox as queue
from housekey.delivery.letter import Letter, content
from housekey.delivery.outcomes import in_words
from housekey.delivery.own import MissingSenderKey, channel_for_tenant, close_up, opened_of
from housekey.operations import audit, throttle, users
from housekey.operations.addresses import check_mobile
from housekey.operations.transactions import durable
from housekey.store.models import Attempt, Message, Sender

LAST = 5
"""Results of deliveries that are shown beside a sender."""
LOOKED_AT = 1_000
"""Messages, the newest of all channels, among which those results are looked for: there is no index of deliveries by their time."""


@dataclass(frozen=True, slots=True)
class SenderView:
    """A tenant's own sender. `values`: every setting that may be shown; `headers`: their names; `secret`: is there one?"""

    channel: str
    name: str
    provider: str
    values: Mapping[str, str]
    headers: tuple[str, ...]
    secret: bool
    version: int
    changed: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class ServerView:
    """The server's own way for a channel, as deployment.toml has it. `origin`: where that says so; empty `provider`: kept as files."""

    provider: str
    through: str
    sender: str
    origin: str


@dataclass(frozen=True, slots=True)
class InForce:
    """What a channel's messages leave through: `own`, else `server`. `last`: when, outcome, detail of deliveries, newest first."""

    channel: str
    own: SenderView | None
    server: ServerView
    last: list[tuple[datetime, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NewSender:
    """What somebody wants. `secret` None or MASK keeps the stored one; `headers` None keeps those, a value of MASK the one of its name."""

    provider: str
    values: Mapping[str, str]
    secret: str | None = field(default=None, repr=False)
    headers: str | None = field(default=None, repr=False)


def in_force(house: House, by: Principal, channel: str) -> InForce:
    """Raises NotPermitted, NotFound for a channel that does not exist."""
    found = find(house, by, channel)
    newest = Message.objects.within(by.tenant).order_by("-created").values("id")[:LOOKED_AT]
    rows = Attempt.objects.within(by.tenant).filter(message_id__in=newest, message__channel=channel).order_by("-at", "-id")[:LAST]
    return InForce(channel, found, _server(house, channel), [(row.at, row.outcome, row.detail) for row in rows])


def find(house: House, by: Principal, channel: str) -> SenderView | None:
    """The tenant's own sender, None where the server's own is used. Raises NotPermitted, NotFound."""
    by.must(SENDER_VIEW)
    row = _rows(by, channel).first()
    return _view(house, row) if row else None


def get(house: House, by: Principal, channel: str, name: str) -> SenderView:
    """Raises NotPermitted, NotFound."""
    found = find(house, by, channel)
    if found is None or found.name != name:
        raise NotFound(f"No notification sender found with name: {name[:60]}.")
    return found


def save(
    house: House, by: Principal, channel: str, new: NewSender, now: datetime, *, version: int | None = None,
    only: Literal["", "add", "change"] = "",
) -> SenderView:
    """Set up or change the tenant's own sender. `version` is the one the form was made from (0: none yet), None for whatever there is.

    Raises NotPermitted, Invalid, Stale, Conflict (`only` add, and there is one), NotFound (`only` change, and there is none).
    """
    if not by.may(SENDER_CREATE):
        by.must(SENDER_UPDATE)
    _rows(by, channel)
    values = senders.clean(channel, new.provider, new.values, private=house.config.output.allow_private_networks)
    stale = Stale("Somebody else changed the same sender meanwhile. Look at it and save again.")
    exists = Conflict(f"There exists a notification sender: {NAMES[channel]} in the tenant.", field="name")
    with durable(taken=exists if only == "add" else stale):
        row = _rows(by, channel).select_for_update().first()
        by.must(SENDER_UPDATE if row or only == "change" else SENDER_CREATE)
        if version is not None and version != (row.version if row else 0):
            raise stale
        if row is not None and only == "add":
            raise exists
        if row is None and only == "change":
            raise NotFound(f"No notification sender found with name: {NAMES[channel]}.")
        row = _write(house, by, row, channel, new, values, now)
    queue.ring()
    return _view(house, row)


def _write(
    house: House, by: Principal, row: Sender | None, channel: str, new: NewSender, values: dict[str, str], now: datetime
) -> Sender:
    before = _shown(row) if row else {}
    secret, headers = _secrets(house, row, new, values)
    fresh = row is None
    if row is None:
        row = Sender(id=uuid4(), tenant_id=by.tenant.id, channel=channel, name=NAMES[channel], version=0)
    row.provider, row.properties = new.provider, values
    close_up(house, row, secret, headers)
    row.version, row.changed, row.changed_by = row.version + 1, now, by.name[:300]
    row.save(force_insert=fresh)
    typed = new.secret not in {None, MASK} or new.headers is not None
    audit.record(
        by, "sender:add" if fresh else "sender:change", now, target=row.name, before=before, after=_shown(row), new_secret=typed
    )
    return row


def _shown(row: Sender) -> dict[str, Any]:
    return {"provider": row.provider, **row.properties}


def _secrets(house: House, row: Sender | None, new: NewSender, values: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The secret and headers to store: those that were typed, else those there are, if they still go where they went. Raises Invalid."""
    kept: dict[str, Any] = {}
    if row is not None and row.provider == new.provider and all(row.properties[name] == values[name] for name in DESTINATION[new.provider]):
        try:
            kept = opened_of(house, row)
        except MissingSenderKey:
            kept = {}
    secret = kept.get("secret", "") if new.secret in {None, MASK} else senders.check_secret(new.secret or "", new.provider)
    if senders.needs_secret(new.provider, values) and not secret:
        moved = row is not None and row.sealed is not None and new.secret in {None, MASK}
        sentence = "Type the secret again: it is not carried along to another server or account." if moved else "This is needed."
        raise Invalid(sentence, field="secret")
    if not senders.needs_secret(new.provider, values) and "{{secret}}" not in values.get("body", ""):
        secret = ""  # what is not used is not kept
    if new.provider != senders.CUSTOM:
        return secret, {}
    stored: dict[str, str] = kept.get("headers", {})
    if new.headers is None:
        if not stored and row is not None and row.provider == new.provider and _header_names(house, row):
            raise Invalid("Type the headers again: they are not carried along to another server or account.", field="headers")
        return secret, stored
    return secret, {name: _header(name, value, stored) for name, value in senders.read_headers(new.headers)}


def _header(name: str, value: str, stored: Mapping[str, str]) -> str:
    if value != MASK:
        return value
    for known, found in stored.items():
        if known.lower() == name.lower():
            return found
    raise Invalid(f"Type the value of the header {name}: none is stored for it.", field="headers")


def _header_names(house: House, row: Sender) -> tuple[str, ...]:
    try:
        return tuple(opened_of(house, row).get("headers", {}))
    except MissingSenderKey:
        return ()


def delete(house: House, by: Principal, channel: str, now: datetime, name: str = "") -> None:
    """Back to the server's own sender; what is waiting leaves through that. Raises NotPermitted, NotFound."""
    by.must(SENDER_DELETE)
    with durable():
        row = _rows(by, channel).select_for_update().first()
        if row is None or (name and name != row.name):
            raise NotFound(f"No notification sender found with name: {(name or NAMES[channel])[:60]}.")
        audit.record(by, "sender:delete", now, target=row.name, before=_shown(row), after=_server(house, channel).through)
        row.delete()
    queue.ring()


def send_test(house: House, by: Principal, channel: str, to: str, now: datetime) -> str:
    """Send a test through what is in force: an e-mail to the caller's own address, a text message to the number `to`. What became of it.

    Raises NotPermitted, NotFound, Invalid without an address, Throttled, Unavailable with what the server said.
    """
    by.must(SENDER_UPDATE)
    _rows(by, channel)
    to = _own_address(by) if channel == EMAIL else check_mobile(to.strip(), "test")
    throttle.reserve_test(by.tenant, now)
    rendered = content(house, by.tenant, TEST, "en", {}, channel=EMAIL)
    text = f"{rendered.subject}." if channel != EMAIL else rendered.text
    way = channel_for_tenant(house, by.tenant.id, channel)
    try:
        outcome = way.send(Letter(uuid4(), TEST, to, now, rendered.subject, text, rendered.html), now)
    finally:
        way.close()
    with durable():
        audit.record(by, "sender:test", now, target=NAMES[channel], target_id=by.account_id, to=to, result=outcome.kind)
    if outcome.kind not in {"sent", "kept"}:
        raise Unavailable(in_words(outcome.detail))
    return in_words(outcome.detail)


def _own_address(by: Principal) -> str:
    mail = users.get(by, by.account_id, permission=SENDER_UPDATE).profile.mail if by.account_id else ""
    if not mail:
        raise Invalid("Your own profile has no e-mail address that a test could go to.", field="test")
    return mail


def _rows(by: Principal, channel: str) -> Any:
    if channel not in CHANNELS:
        raise NotFound(f"There is no channel called {channel[:20]}.")
    return Sender.objects.within(by.tenant).filter(channel=channel)


def _view(house: House, row: Sender) -> SenderView:
    try:
        opened = opened_of(house, row)
    except MissingSenderKey:
        opened = {}
    return SenderView(
        row.channel, row.name, row.provider, dict(row.properties), tuple(opened.get("headers", {})), bool(opened.get("secret")),
        row.version, row.changed, row.changed_by,
    )


def _server(house: House, channel: str) -> ServerView:
    config = house.config
    if channel == EMAIL:
        origin = config.origins.get("output_adapter.email.hostname", "")
        mail = config.email
        return ServerView("SMTP" if mail.configured else "", mail.hostname, mail.from_address, origin)
    sms = config.sms
    return ServerView(sms.provider, sms.provider, sms.sender, config.origins.get("output_adapter.sms.provider", ""))
