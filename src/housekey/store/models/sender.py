"""Through what a tenant sends its messages, where that is not the server's own way."""

from __future__ import annotations

import uuid

from django.db import models

from housekey.store.scope import Scoped


class Sender(Scoped):
    """One row a tenant and channel. `properties`: what may be shown; `sealed`: what may not, as JSON under the key `key_name`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    channel = models.CharField(max_length=10)
    name = models.CharField(max_length=60)
    provider = models.CharField(max_length=20)
    properties = models.JSONField(default=dict)
    sealed = models.BinaryField(null=True)
    key_name = models.CharField(max_length=64, default="", blank=True)
    version = models.PositiveIntegerField(default=1)
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=300)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "channel"], name="one_sender_per_channel")]
