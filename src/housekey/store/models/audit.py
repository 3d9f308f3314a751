"""The audit log: append-only. Rows commit unchained; a sealer chains them later (decisions, Audit chain)."""

from __future__ import annotations

from django.db import models

from housekey.store.scope import Scoped


class AuditEntry(Scoped):
    at = models.DateTimeField()
    actor = models.CharField(max_length=300)
    network = models.CharField(max_length=64, default="", blank=True)
    event = models.CharField(max_length=80)
    """`account:password:set`, `invitation:sent` …"""
    target = models.CharField(max_length=400, default="", blank=True)
    target_id = models.UUIDField(null=True)
    outcome = models.CharField(max_length=10, default="done")
    """done or refused."""
    detail = models.JSONField(default=dict)

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["tenant", "target_id", "-at"], name="audit_by_target"),
            models.Index(fields=["tenant", "-at"], name="audit_by_time"),
        ]
