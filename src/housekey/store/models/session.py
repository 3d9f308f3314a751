"""Signed-in browsers."""

from __future__ import annotations

import uuid

from django.db import models

from housekey.store.models.account import Account
from housekey.store.scope import Scoped


class Session(Scoped):
    """The browser holds a random token; we hold its digest (A-019)."""

    digest = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    sid = models.UUIDField(default=uuid.uuid4)
    """What applications know it by; it opens nothing."""
    credential_version = models.PositiveIntegerField()
    created = models.DateTimeField()
    authenticated = models.DateTimeField()
    """When the password was last typed in this browser."""
    last_seen = models.DateTimeField()
    network = models.CharField(max_length=64, default="", blank=True)
    agent = models.CharField(max_length=300, default="", blank=True)

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["last_seen"], name="session_last_seen")]
