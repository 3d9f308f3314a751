"""Addresses under /services."""

from __future__ import annotations

from django.urls import path

from housekey.soap import views

urlpatterns = [
    path("services", views.index),
    path("services/", views.index),
    path("services/<str:address>", views.service),
    path("services/<str:address>/", views.service),
]
