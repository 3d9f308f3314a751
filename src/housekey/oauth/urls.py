"""Addresses under /oauth2/, and the well-known one."""

from __future__ import annotations

from django.urls import path

from housekey.oauth import views

urlpatterns = [
    path("oauth2/token", views.token),
    path("oauth2/introspect", views.introspect),
    path("oauth2/revoke", views.revoke),
    path(".well-known/oauth-authorization-server", views.metadata),
    path(".well-known/oauth-authorization-server/t/<str:domain>", views.metadata),
]
