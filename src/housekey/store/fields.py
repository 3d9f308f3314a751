"""Column types of our own."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class KeyField(models.CharField):  # type: ignore[type-arg] # generic for the type checker only
    """A text that is compared and sorted by code point, on every database, as Python does it: filters, lists and cursors rely on it.

    SQLite does so by itself; PostgreSQL would ask the operating system's language rules, which differ from machine to machine.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        return {**parameters, "collation": "C"} if connection.vendor == "postgresql" else parameters
