"""What a tenant changed about a claim; without a row the shipped definition holds."""

from __future__ import annotations

from django.db import models

from housekey.store.scope import Scoped


class CustomAttribute(Scoped):
    """An attribute that the tenant added to its users. `name_key` is the name without case; the values are in the profiles."""

    name = models.CharField(max_length=60)
    name_key = models.CharField(max_length=60)
    type = models.CharField(max_length=20)
    description = models.CharField(max_length=300, default="", blank=True)
    created = models.DateTimeField()

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "name_key"], name="one_custom_attribute_per_name")]


class Claim(Scoped):
    """Null or missing: as shipped (`core.claims`)."""

    uri = models.CharField(max_length=200)
    display_name = models.CharField(max_length=100, null=True)
    description = models.CharField(max_length=300, null=True)
    display_order = models.IntegerField(null=True)
    supported_by_default = models.BooleanField(null=True)
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=300)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "uri"], name="one_override_per_claim")]
