"""Answers that are kept for a day, so that a request sent twice under one Idempotency-Key is carried out once."""

from __future__ import annotations

import uuid

from django.db import models

from housekey.store.scope import Scoped


class Kept(Scoped):
    """`handle` is a digest of caller, key and, in a Bulk, the number of the operation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    handle = models.BinaryField(max_length=32)
    key_name = models.CharField(max_length=64)
    """Which key `fingerprint` and `answer` were made with."""
    fingerprint = models.BinaryField(max_length=32)
    """A keyed digest of the request: bodies may hold passwords, which a plain digest would let somebody guess."""
    answer = models.BinaryField(null=True)
    """Sealed: it may carry a code or a link. Null while a Bulk is under way."""
    created = models.DateTimeField()

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "handle"], name="one_answer_per_handle")]
        indexes = [models.Index(fields=["created"], name="kept_by_age")]
