"""What several pages of the console are tested with: mail that really goes out, and administrators of other tenants."""

from __future__ import annotations

from datetime import UTC, datetime

from housekey.core.principal import ADMINISTRATOR
from housekey.delivery import worker
from tests.delivery.helpers import sender, with_email
from tests.doors.pages.support import LOGIN, Browser
from tests.operations.support import PASSWORD, World
from tests.support.smtp import Sink


def deliver(world: World, smtp: Sink, *, now: datetime | None = None) -> None:
    """Send what is due through a real mail server."""
    worker.drain(with_email(world.house, sender(smtp)), now or max(world.now, datetime.now(UTC)))


def stranger(other: World, path: str) -> Browser:
    """The administrator of another tenant, who has just asked for a page of the console of her own tenant."""
    other.add("boss", role=ADMINISTRATOR)
    browser, prefix = Browser(), f"/t/{other.tenant.domain}"
    browser.get(prefix + LOGIN)
    assert browser.post(prefix + LOGIN, {"username": "boss", "password": PASSWORD}).status == 303
    return browser.get(prefix + path)
