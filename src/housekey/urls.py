"""Every door, one line each. All of them also stand under /t/<tenant>/: the gate takes that prefix off."""

from __future__ import annotations

from django.urls import include, path

from housekey.web import brand, health

urlpatterns = [
    path("readyz", health.readyz),
    path("brand.css", brand.sheet, name="brand-sheet"),
    path("brand/logo", brand.logo, name="brand-logo"),
    path("scim2/", include("housekey.scim.urls")),
    path("console/", include("housekey.console.urls")),
    path("", include("housekey.oauth.urls")),
    path("", include("housekey.api.urls")),
    path("", include("housekey.soap.urls")),
    path("", include("housekey.pages.urls")),
]

handler400 = "housekey.web.refusals.bad_request"
handler404 = "housekey.web.refusals.not_found"
handler500 = "housekey.web.refusals.server_error"
