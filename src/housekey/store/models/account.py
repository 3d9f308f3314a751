"""Accounts: the identity state that lives in our database whatever store the person is in; roles."""

from __future__ import annotations

import uuid

from django.db import models

from housekey.store.fields import KeyField
from housekey.store.scope import Scoped


class Account(Scoped):
    """`name_key` is the bare name under NFKC + casefold; unique within tenant and domain."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    domain = models.CharField(max_length=64)
    name_key = KeyField(max_length=400)
    pending = models.CharField(max_length=20, default="", blank=True)
    locks = models.CharField(max_length=200, default="", blank=True)
    """Lock reasons, space separated: a set."""
    disabled = models.BooleanField(default=False)
    unassigned = models.CharField(max_length=60, default="", blank=True)
    """Names of attributes that a client took away, space separated: a set."""
    has_password = models.BooleanField(default=False)
    email_verified = models.BooleanField(default=False)
    phone_verified = models.BooleanField(default=False)
    password_changed = models.DateTimeField(null=True)
    """When the present password was set; null for one that is older than this column."""
    credential_version = models.PositiveIntegerField(default=1)
    """Goes up whenever a password changes or may no longer be used; remembered credentials carry it."""
    created = models.DateTimeField()
    modified = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    last_sign_in = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "domain", "name_key"], name="one_account_per_name")]
        indexes = [
            models.Index(fields=["tenant", "pending"], name="account_pending"),
            models.Index(fields=["tenant", "created", "id"], name="account_by_creation"),
            models.Index(fields=["tenant", "modified", "id"], name="account_by_change"),
            models.Index(fields=["tenant"], condition=models.Q(disabled=True), name="account_disabled"),
            models.Index(fields=["tenant"], condition=~models.Q(locks=""), name="account_locked"),
        ]


class Population(Scoped):
    """How many accounts a domain has: the sum over its slots, which are several so that two creations need not wait for one another."""

    domain = models.CharField(max_length=64)
    slot = models.PositiveSmallIntegerField()
    accounts = models.IntegerField()

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "domain", "slot"], name="one_count_per_slot")]


class Role(Scoped):
    name = models.CharField(max_length=255)
    permissions = models.JSONField(default=list)
    shipped = models.BooleanField(default=False)
    external_id = models.CharField(max_length=255, default="", blank=True)
    """The name that a provisioning client has for it."""

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_role_per_name")]


class RoleMember(Scoped):
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="members")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["role", "account"], name="member_once")]
