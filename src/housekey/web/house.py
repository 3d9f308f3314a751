"""The house this process serves, and the one clock: read once per request, at the door."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings

from housekey.conf.house import House


def house() -> House:
    return settings.HOUSE


def now() -> datetime:
    return datetime.now(UTC)
