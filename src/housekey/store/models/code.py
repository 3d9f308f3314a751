"""Codes and tickets. A code row is also the record of the invitation it belongs to."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from housekey.store.models.account import Account
from housekey.store.scope import Scoped


class Code(Scoped):
    """One issued code: of an invitation, a reset, a recovery, a confirmation. Alive while neither spent nor dead nor past `expires`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="codes", db_index=False)
    scenario = models.CharField(max_length=60)
    """WSO2's recovery scenario, e.g. ASK_PASSWORD."""
    recipient = models.CharField(max_length=320)
    nonce = models.BinaryField(max_length=16)
    key_name = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32, unique=True)
    """Of a link: HMAC of the link. Of a one-time code: HMAC of the row's id and the code, since short codes repeat."""
    issued = models.DateTimeField()
    issued_by = models.CharField(max_length=300)
    expires = models.DateTimeField(null=True)
    """Fixed when issued; null: never."""
    shape = models.CharField(max_length=8, default="", blank=True)
    """How a one-time code looks, e.g. `6uld` (`core.otp`); empty for a link."""
    sealed = models.BinaryField(max_length=64, null=True)
    """The one-time code, encrypted, while somebody still has to read it: until it is sent, or for as long as an offline code lives."""
    tries = models.PositiveSmallIntegerField(default=0)
    """Counted wrong tries."""
    locale = models.CharField(max_length=35, default="", blank=True)
    """Language of its messages where it differs from the user's."""
    minutes = models.IntegerField(null=True)
    """Life in minutes where it differs from the tenant's setting; -1 for ever."""
    sent = models.DateTimeField(null=True)
    opened = models.DateTimeField(null=True)
    claimed = models.DateTimeField(null=True)
    """Since when somebody with this code is setting a password in a directory. The claim lapses by itself (`codes.CLAIM`)."""
    spent = models.DateTimeField(null=True)
    dead = models.DateTimeField(null=True)
    dead_reason = models.CharField(max_length=20, default="", blank=True)
    """superseded, revoked or exhausted (too many wrong tries)."""

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(spent__isnull=True, dead__isnull=True), name="one_live_code_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-issued"], name="code_by_account"),
            models.Index(fields=["expires"], condition=Q(sealed__isnull=False), name="code_sealed"),
        ]


class Ticket(Scoped):
    """A code shown by one browser: good for one form. The browser holds the token, we its digest."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    code = models.ForeignKey(Code, on_delete=models.CASCADE, related_name="tickets")
    created = models.DateTimeField()
    expires = models.DateTimeField()
    goal = models.CharField(max_length=3000, default="", blank=True)
    """Where this browser was heading: a path of this site, or an address the tenant allows. Empty: nowhere in particular."""

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["expires"], name="ticket_expires")]
