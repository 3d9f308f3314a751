"""The outbox: messages to be sent, and what happened at each attempt."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from housekey.store.models.code import Code
from housekey.store.scope import Scoped


class Message(Scoped):
    """States: queued (due at `due`), sending (leased until `leased_until`), sent, kept (no mail server: written to a file), failed
    (given up), withdrawn."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=10, default="EMAIL")
    recipient = models.CharField(max_length=320)
    locale = models.CharField(max_length=35, default="en")
    fields = models.JSONField(default=dict)
    account_id = models.UUIDField(null=True)
    code = models.ForeignKey(Code, on_delete=models.SET_NULL, null=True, related_name="messages")
    state = models.CharField(max_length=10, default="queued")
    created = models.DateTimeField()
    due = models.DateTimeField()
    retry_from = models.DateTimeField()
    """When it was first due, or put back by an administrator: how long it has been tried counts from here."""
    leased_until = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=80, default="", blank=True)
    attempts = models.PositiveIntegerField(default=0)
    finished = models.DateTimeField(null=True)
    error = models.CharField(max_length=1000, default="", blank=True)
    """The last error, in words for an administrator."""

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["due"], condition=Q(state__in=("queued", "sending")), name="message_due"),
            models.Index(fields=["tenant", "-created"], name="message_by_tenant"),
            models.Index(fields=["tenant", "state"], name="message_by_state"),
        ]


class Attempt(Scoped):
    """One try to deliver a message. `outcome`: sent, kept, temporary, permanent, connection."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12)
    detail = models.CharField(max_length=1000, default="", blank=True)
