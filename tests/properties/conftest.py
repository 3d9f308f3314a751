"""The same world as at the SCIM door."""

from __future__ import annotations

from tests.doors.scim.conftest import scim, world

__all__ = ["scim", "world"]
