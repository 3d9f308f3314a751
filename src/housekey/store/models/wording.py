"""What a tenant says in its own words and colours: templates of messages, and its brand."""

from __future__ import annotations

from django.db import models

from housekey.store.scope import Scoped


class MessageTemplate(Scoped):
    """A template that the tenant wrote itself. Of a text message only `text`. `kind`: WSO2's name, `kind_key` as it is compared."""

    channel = models.CharField(max_length=10)
    kind = models.CharField(max_length=60)
    kind_key = models.CharField(max_length=60)
    locale = models.CharField(max_length=35)
    subject = models.CharField(max_length=255, default="", blank=True)
    html = models.TextField(default="", blank=True)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=300)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "channel", "kind_key", "locale"], name="one_template_per_locale")]


class Brand(Scoped):
    """One row a tenant. Empty: as Housekey looks. Colours as `#rrggbb`. `texts`: key of a text -> locale -> what it says instead."""

    primary = models.CharField(max_length=7, default="", blank=True)
    background = models.CharField(max_length=7, default="", blank=True)
    logo = models.BinaryField(null=True)
    logo_type = models.CharField(max_length=40, default="", blank=True)
    logo_alt = models.CharField(max_length=100, default="", blank=True)
    texts = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=300)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_brand_per_tenant")]
