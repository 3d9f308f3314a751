"""The built-in user store (PRIMARY): people's profiles and password hashes."""

from __future__ import annotations

from django.db import models

from housekey.core.filters import LAST
from housekey.store.fields import KeyField
from housekey.store.scope import Scoped


class SqlUser(Scoped):
    """The id is the account's. `mail_key` is the address mail goes to, case-folded, for look-up.

    `search` and the columns after it say once more what `emails` and `more` hold, in the form in which filters compare
    (`core.searchable`). Each key holds `LAST` for what is absent, and no more than the beginning of a long text.
    """

    id = models.UUIDField(primary_key=True)
    domain = models.CharField(max_length=64)
    username = models.CharField(max_length=255)
    """As it was given."""
    name_key = KeyField(max_length=400)
    given_name = models.CharField(max_length=255, default="", blank=True)
    family_name = models.CharField(max_length=255, default="", blank=True)
    mail = models.CharField(max_length=320, default="", blank=True)
    mail_key = KeyField(max_length=320, default=LAST)
    locale = models.CharField(max_length=35, default="", blank=True)
    emails = models.JSONField(default=list)
    """`[{"value", "type", "primary", "display"}]` in the order given; `display` only where there is one."""
    more = models.JSONField(default=dict)
    """Every other SCIM attribute, by its SCIM name."""
    password = models.CharField(max_length=300, default="", blank=True)
    """PHC string; empty: no usable password."""
    search = models.JSONField(default=dict)
    external_key = KeyField(max_length=200, default=LAST)
    given_key = KeyField(max_length=200, default=LAST)
    family_key = KeyField(max_length=200, default=LAST)
    display_key = KeyField(max_length=200, default=LAST)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "domain", "name_key"], name="one_user_per_name")]
        indexes = [
            models.Index(fields=["tenant", "mail_key", "id"], name="user_by_mail_key"),
            models.Index(fields=["tenant", "external_key", "id"], name="user_by_external_key"),
            models.Index(fields=["tenant", "given_key", "id"], name="user_by_given_key"),
            models.Index(fields=["tenant", "family_key", "id"], name="user_by_family_key"),
            models.Index(fields=["tenant", "display_key", "id"], name="user_by_display_key"),
        ]


class SqlMail(Scoped):
    """An address of a user beside the one mail goes to, so that `emails.value eq` is one look-up whichever address it names."""

    user_id = models.UUIDField()
    key = KeyField(max_length=320)

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["tenant", "key"], name="mail_by_key"),
            models.Index(fields=["user_id"], name="mail_by_user"),
        ]
