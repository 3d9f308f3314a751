"""Addresses of the REST door: every route of the table, the document and its page."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from django.urls import path, re_path

from housekey.api import page, views
from housekey.api.door import addresses
from housekey.api.routes import ROUTES

for module in sorted(item.name for item in pkgutil.iter_modules(views.__path__)):
    import_module(f"{views.__name__}.{module}")

urlpatterns = [
    path("api/docs", page.page, name="api-docs"),
    *(re_path(pattern, view, name="openapi" if "openapi" in pattern else None) for pattern, view in addresses(ROUTES).items()),
]
