"""What browsers load of a tenant's brand: a style sheet of a few lines, and the logo. Everybody may see both.

Each tenant's stand at addresses of its own, and nothing in the answer depends on who asks.
"""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from housekey.core.brand import style_sheet
from housekey.core.errors import NotFound
from housekey.operations import branding
from housekey.web.request import Asked

FOREVER = "public, max-age=31536000, immutable"
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


@require_safe
def sheet(raw: HttpRequest) -> HttpResponse:
    request = cast(Asked, raw)
    brand = branding.of(request.tenant)
    if not brand.coloured:
        raise NotFound("This tenant has no colours of its own.")
    return _kept(request, style_sheet(brand).encode(), "text/css; charset=utf-8", brand.mark)


@require_safe
def logo(raw: HttpRequest) -> HttpResponse:
    request = cast(Asked, raw)
    data, brand = branding.logo(request.tenant)
    if not data or brand.logo_type not in ENDINGS:
        raise NotFound("This tenant has no logo.")
    response = _kept(request, data, brand.logo_type, brand.mark)
    # Opened by itself it is a picture in an empty page: nothing in it could run, whatever it pretends to be.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = f'inline; filename="logo.{ENDINGS[brand.logo_type]}"'
    return response


def _kept(request: Asked, content: bytes, kind: str, mark: str) -> HttpResponse:
    """Pages ask with `?v=<mark>`: that answer may be kept for ever, any other has to be asked for again."""
    tag = f'"{mark}"'
    asked = (part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")[:20])
    response = HttpResponseNotModified() if tag in asked else HttpResponse(content, content_type=kind)
    response["ETag"] = tag
    response["Cache-Control"] = FOREVER if request.GET.get("v") == mark else "no-cache"
    return response
