"""Counters of failed tries. Not scoped: a network spans tenants; tenant and name are inside the digest."""

from __future__ import annotations

from django.db import models


class Throttle(models.Model):
    key = models.BinaryField(max_length=32, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    """In thousandths of a try."""
    last = models.FloatField()
    """The last counted try, seconds since the epoch (a number, so that one statement serves both databases)."""
    until = models.FloatField()
    """No further try is evaluated before this moment, seconds since the epoch."""
