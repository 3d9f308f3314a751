"""The built-in user store (PRIMARY): people's profiles and password hashes."""

from __future__ import annotations

from django.db import models

from housekey.store.scope import Scoped


class SqlUser(Scoped):
    """The id is the account's. `mail_key` is the address mail goes to, case-folded, for look-up."""

    id = models.UUIDField(primary_key=True)
    domain = models.CharField(max_length=64)
    username = models.CharField(max_length=255)
    """As it was given."""
    name_key = models.CharField(max_length=400)
    given_name = models.CharField(max_length=255, default="", blank=True)
    family_name = models.CharField(max_length=255, default="", blank=True)
    mail = models.CharField(max_length=320, default="", blank=True)
    mail_key = models.CharField(max_length=320, default="", blank=True)
    locale = models.CharField(max_length=35, default="", blank=True)
    emails = models.JSONField(default=list)
    """`[{"value", "type", "primary"}]` in the order given."""
    more = models.JSONField(default=dict)
    """Every other SCIM attribute, by its SCIM name."""
    password = models.CharField(max_length=300, default="", blank=True)
    """PHC string; empty: no usable password."""

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "domain", "name_key"], name="one_user_per_name")]
        indexes = [models.Index(fields=["tenant", "mail_key"], name="user_by_mail")]
