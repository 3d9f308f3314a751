"""Addresses under /oauth2/ and /oidc/, WSO2's own among them, and the well-known ones."""

from __future__ import annotations

from django.urls import path

from housekey.oauth import authorize, logout, views

urlpatterns = [
    path("oauth2/authorize", authorize.authorize, name="authorize"),
    path("oauth2/consent", authorize.consent, name="consent"),
    path("oauth2/token", views.token),
    path("oauth2/userinfo", views.userinfo),
    path("oauth2/jwks", views.jwks),
    path("oauth2/introspect", views.introspect),
    path("oauth2/revoke", views.revoke),
    path("oidc/logout", logout.end_session, name="end-session-here"),
    path("oidc/logout/confirmed", logout.confirmed, name="logout-confirmed"),
    path("commonauth", logout.commonauth),
    path(".well-known/openid-configuration", views.metadata),
    path("oauth2/token/.well-known/openid-configuration", views.metadata),
    path("oauth2/oidcdiscovery/.well-known/openid-configuration", views.metadata),
    path(".well-known/oauth-authorization-server", views.metadata),
    path(".well-known/oauth-authorization-server/t/<str:domain>", views.metadata),
]
