"""Tenants, their stored settings, and the names of the keys this database was written with."""

from __future__ import annotations

from django.db import models

from housekey.core import names
from housekey.store.scope import Scoped


class Tenant(models.Model):
    domain = models.CharField(max_length=255, unique=True)
    """Lower case, as in `/t/<domain>/`."""
    name = models.CharField(max_length=255, default="", blank=True)
    active = models.BooleanField(default=True)
    """False: suspended. Every door answers as if there were no such tenant, and nothing is sent or worked on for it."""
    deleting = models.DateTimeField(null=True)
    """Since when it is being deleted; such a tenant is not active and never will be."""
    deleted_by = models.CharField(max_length=300, default="", blank=True)
    created = models.DateTimeField()

    @property
    def brief(self) -> names.Tenant:
        """As every floor passes it around."""
        return names.Tenant(self.pk, self.domain, self.name)


class Setting(Scoped):
    """A value an administrator stored for a tenant; without a row the file or the built-in default holds."""

    name = models.CharField(max_length=100)
    value = models.CharField(max_length=1000)
    version = models.PositiveIntegerField(default=1)
    changed = models.DateTimeField()
    changed_by = models.CharField(max_length=300)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_setting_per_name")]


class KeyName(models.Model):
    """A key id that rows of this database depend on; start is refused when the keys file lacks it."""

    name = models.CharField(max_length=64, primary_key=True)
    first_seen = models.DateTimeField()
