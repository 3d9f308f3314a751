"""Signed-in browsers."""

from __future__ import annotations

from django.db import models

from housekey.store.models.account import Account
from housekey.store.scope import Scoped


class Session(Scoped):
    """The browser holds a random token; we hold its digest (A-019)."""

    digest = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    credential_version = models.PositiveIntegerField()
    created = models.DateTimeField()
    last_seen = models.DateTimeField()
    network = models.CharField(max_length=64, default="", blank=True)
    agent = models.CharField(max_length=300, default="", blank=True)

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["last_seen"], name="session_last_seen")]
