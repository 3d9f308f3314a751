"""Directories: user stores outside our database, which of their entries our accounts belong to, and what must still be written there."""

from __future__ import annotations

import uuid

from django.db import models

from housekey.store.models.account import Account
from housekey.store.scope import Scoped


class Directory(Scoped):
    """One domain of a tenant whose people live elsewhere. `properties` and `attributes` as `core.directories` cleans them; the password to
    connect with is `sealed` under the key `key_name`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    domain = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    description = models.CharField(max_length=300, default="", blank=True)
    properties = models.JSONField(default=dict)
    attributes = models.JSONField(default=dict)
    private = models.BooleanField(default=False)
    """Was it set up by somebody who may point into our own networks?"""
    sealed = models.BinaryField(null=True)
    key_name = models.CharField(max_length=64, default="", blank=True)
    enabled = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created = models.DateTimeField()
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=300)
    due = models.DateTimeField(null=True)
    """When it is to be looked through next; null: when somebody asks."""
    leased_until = models.DateTimeField(null=True)
    looked = models.DateTimeField(null=True)
    """When it was last looked through to the end."""
    findings = models.JSONField(default=dict)
    """What the last look found: `{"seen", "added", "changed", "gone", "refused": [..], "error"}`."""

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "domain"], name="one_directory_per_domain")]
        indexes = [models.Index(fields=["due"], condition=models.Q(due__isnull=False), name="directory_due")]


class Entry(Scoped):
    """The entry of a directory that an account belongs to. An account of a directory's domain without one is kept in our database."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="entry")
    directory = models.ForeignKey(Directory, on_delete=models.CASCADE, related_name="entries", db_index=False)
    unique_id = models.CharField(max_length=128)
    """What never changes of the entry (entryUUID, objectGUID)."""
    dn = models.CharField(max_length=2000)
    dn_key = models.CharField(max_length=64)
    """SHA-256 of the DN as DNs compare: by it the members of groups are found."""
    digest = models.CharField(max_length=64, default="", blank=True)
    """SHA-256 of what was read: nothing is written for an entry that did not change."""
    seen = models.DateTimeField()

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["directory", "unique_id"], name="one_account_per_entry")]
        indexes = [
            models.Index(fields=["directory", "dn_key"], name="entry_by_dn"),
            models.Index(fields=["directory", "seen"], name="entry_by_look"),
        ]


class Repair(Scoped):
    """A deed that concerns a directory and our database, and is not known to have ended in both (docs/adr/0001). Never a password."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    directory = models.ForeignKey(Directory, on_delete=models.CASCADE, related_name="repairs", db_index=False)
    deed = models.CharField(max_length=20)
    account_id = models.UUIDField()
    name = models.CharField(max_length=400)
    unique_id = models.CharField(max_length=128, default="", blank=True)
    created = models.DateTimeField()
    due = models.DateTimeField()
    """When the deed must have ended; then the worker finishes or undoes it."""
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, default="", blank=True)

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["due"], name="repair_due"),
            models.Index(fields=["directory", "account_id"], name="repair_by_account"),
        ]
