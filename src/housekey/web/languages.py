"""Which language a request is answered in: the one the address asks for, else the one this browser chose, else what it says it reads."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation.trans_real import parse_accept_lang_header

from housekey.core.languages import CONSOLE, FALLBACK, nearest

COOKIE = "ui_lang"
PARAMETER = "ui_locales"
"""OpenID Connect Core section 3.1.2.1: language tags, the most wanted first, with spaces between."""
_YEAR = 365 * 24 * 3600
_MOST_WANTED = 20
"""Tags of one parameter that are looked at."""
_CONSOLE = re.compile(r"(?:/t/[^/]+)?/console(?:/.*)?")


def asked(request: HttpRequest) -> str:
    """The first language of the address that we have; `""` without one."""
    wanted = request.GET.get(PARAMETER, "").split(maxsplit=_MOST_WANTED)[:_MOST_WANTED]
    return next((found for tag in wanted if (found := nearest(tag))), "")


def chosen(request: HttpRequest) -> str:
    """The language of the answer. The console has fewer than the pages that everybody meets."""
    language = asked(request) or nearest(request.COOKIES.get(COOKIE, "")) or _read(request.headers.get("Accept-Language", ""))
    return FALLBACK if in_console(request) and language not in CONSOLE else language


def in_console(request: HttpRequest) -> bool:
    return _CONSOLE.fullmatch(request.path_info) is not None


def _read(header: str) -> str:
    """The first language of an Accept-Language header (RFC 9110 section 12.5.4) that we have, else English."""
    wanted = (tag for tag, _ in parse_accept_lang_header(header.lower()))
    return next((found for tag in wanted if (found := nearest(tag))), FALLBACK)


def remember(response: HttpResponse, language: str) -> None:
    """For a year, in this browser."""
    response.set_cookie(COOKIE, language, max_age=_YEAR, secure=settings.CSRF_COOKIE_SECURE, httponly=True, samesite="Lax")
