"""Groups: names for sets of users. They give no permissions; roles do."""

from __future__ import annotations

import uuid

from django.db import models

from housekey.store.fields import KeyField
from housekey.store.models.account import Account
from housekey.store.scope import Scoped


class Group(Scoped):
    """`name_key` is the bare name under NFKC + casefold; unique within tenant and domain."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    domain = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    """As it was given."""
    name_key = KeyField(max_length=400)
    external_id = models.CharField(max_length=255, default="", blank=True)
    unique_id = models.CharField(max_length=128, default="", blank=True)
    """Of a group that is read from its domain's directory: what never changes of its entry there. Such a group is changed there only."""
    created = models.DateTimeField()
    modified = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "domain", "name_key"], name="one_group_per_name")]
        indexes = [models.Index(fields=["tenant", "external_id"], name="group_by_external_id")]


class GroupMember(Scoped):
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="groups")

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["group", "account"], name="group_member_once")]
