"""The one Django app."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "housekey.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
