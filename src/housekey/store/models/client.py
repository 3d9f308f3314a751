"""OAuth clients and the tokens they were given."""

from __future__ import annotations

import uuid

from django.db import models

from housekey.store.scope import Scoped


class Client(Scoped):
    """An application that asks with a token. We hold the digest of its secret."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    client_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    secret = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    created = models.DateTimeField()
    created_by = models.CharField(max_length=300)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_client_per_name")]


class Token(Scoped):
    """An access token. The client holds 43 random characters, we their digest."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="tokens")
    scopes = models.JSONField(default=list)
    issued = models.DateTimeField()
    expires = models.DateTimeField()

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["expires"], name="token_expires")]
