"""Work on many users: the job, and one row for each of them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from housekey.store.scope import Scoped


class Job(Scoped):
    """`core.jobs` has the words for `deed` and `state`. Whoever works on it holds it until `leased_until`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    deed = models.CharField(max_length=20)
    state = models.CharField(max_length=10)
    account_id = models.UUIDField()
    """Who started it: every row is done with what that account may do at that moment."""
    by = models.CharField(max_length=300)
    network = models.CharField(max_length=64, default="", blank=True)
    file = models.CharField(max_length=200, default="", blank=True)
    why = models.CharField(max_length=300, default="", blank=True)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    created = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["created"], condition=Q(state="running"), name="job_running"),
            models.Index(fields=["tenant", "-created"], name="job_by_tenant"),
        ]


class JobRow(Scoped):
    """`input`: what is to be created, `{}` once it was. `state`: waiting, done, failed."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, default="waiting")
    subject = models.CharField(max_length=400)
    target = models.UUIDField(null=True)
    input = models.JSONField(default=dict)
    sentence = models.CharField(max_length=500, default="", blank=True)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_row_per_number")]
        indexes = [models.Index(fields=["job", "state", "number"], name="job_row_by_state")]
