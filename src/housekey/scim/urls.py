"""Addresses under /scim2/."""

from __future__ import annotations

from django.urls import path

from housekey.scim import views

urlpatterns = [
    path("Users", views.collection),
    path("Users/", views.collection),
    path("Users/<str:user_id>", views.single),
]
