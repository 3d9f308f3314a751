"""How a brand would look before it is saved: the sign-in page and a mail, by day and at night, each in a frame of its own.

What is shown comes from a draft that this server signed for this tenant: no address anybody makes up can put words on these pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import cast

from django.core import signing
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, override
from django.views.decorators.http import require_safe

from housekey.console.framed import styled
from housekey.core.brand import DARK, LIGHT, Brand, style_sheet
from housekey.core.errors import NotFound
from housekey.core.languages import LANGUAGES
from housekey.core.names import Tenant
from housekey.core.principal import CONSOLE, GOVERNANCE_VIEW
from housekey.operations import branding
from housekey.web.context import Page
from housekey.web.forms import Field, Form, Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.templatetags.ui import STATIC

LIFE = 3600
"""Seconds for which a draft can be looked at."""
_SALT = "housekey.console.brand"
_SHOWN = ("login_heading", "login_lead", "footer", "mail_footer")
_NARROW = "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin; "
_SCRIPT = re.compile(r"<script[^>]*></script>\n?")
_SCHEMES = re.compile(r"@media \(prefers-color-scheme: (?:dark|light)\)")


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the preview."""

    part: str
    scheme: str
    name: Words
    address: str = ""

    def at(self, draft: str) -> str:
        return f"{reverse('console-brand-preview', args=[self.part, self.scheme])}?draft={draft}"


FRAMES = (
    (Frame("sign-in", LIGHT, gettext_lazy("The sign-in page by day")), Frame("sign-in", DARK, gettext_lazy("The sign-in page at night"))),
    (Frame("mail", LIGHT, gettext_lazy("An e-mail by day")), Frame("mail", DARK, gettext_lazy("An e-mail at night"))),
)


def pack(tenant: Tenant, brand: Brand, locale: str) -> str:
    said = {key: brand.own(key, locale) for key in _SHOWN}
    return signing.dumps([tenant.id, locale, brand.primary, brand.background, brand.logo_type, brand.logo_alt, said], salt=_SALT,
                         compress=True)


def _unpack(request: Asked) -> tuple[Brand, str]:
    """The draft, with the logo there is. Raises NotFound for one that is too old or not ours."""
    try:
        tenant, locale, primary, background, logo, alt, said = signing.loads(request.GET.get("draft", ""), salt=_SALT, max_age=LIFE)
    except (signing.BadSignature, TypeError, ValueError):
        raise NotFound("This preview is too old. Open Styles & Text again.") from None
    if tenant != request.tenant.id or locale not in LANGUAGES:
        raise NotFound("This preview is too old. Open Styles & Text again.")
    stored = branding.of(request.tenant)
    texts = {key: {locale: text} for key, text in said.items() if text}
    return Brand(primary, background, stored.logo_type if logo else "", alt, texts, stored.version, stored.mark), locale


class _Shown(Page):
    """What a page of the tenant's people would know."""

    def __init__(self, request: Asked, brand: Brand, locale: str, sheet: str) -> None:
        super().__init__(request)
        self._brand, self._sheet = brand, sheet
        self.language, self.language_name = locale, LANGUAGES[locale]

    @cached_property
    def brand(self) -> Brand:
        return self._brand

    @property
    def brand_sheet(self) -> str:
        return self._sheet

    @property
    def in_console(self) -> bool:
        return False


@require_safe
@needs(CONSOLE, GOVERNANCE_VIEW)
def show(request: Asked, part: str, scheme: str) -> HttpResponse:
    brand, locale = _unpack(request)
    if scheme not in {LIGHT, DARK} or part not in {"sign-in", "mail"}:
        raise Http404
    response = _mail(request, brand, locale, scheme) if part == "mail" else _sign_in(request, brand, locale, scheme)
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _sign_in(request: Asked, brand: Brand, locale: str, scheme: str) -> HttpResponse:
    sheet = f"{reverse('console-brand-sheet', args=[scheme])}?draft={request.GET['draft']}"
    with override(locale):
        form = Form([Field("username", gettext("Username")), Field("password", gettext("Password"), "password")])
        shown = _Shown(request, brand, locale, sheet)
        page = render_to_string("pages/login.html", {"page": shown, "form": form, "recoverable": True}, request)
    # Nothing runs in a frame, and browsers would complain of each script that is there all the same
    response = HttpResponse(_SCRIPT.sub("", page))
    response["Content-Security-Policy"] = f"{_NARROW}style-src 'self'"
    return response


def _mail(request: Asked, brand: Brand, locale: str, scheme: str) -> HttpResponse:
    made = branding.mail(house(), request.by, brand, locale, now())
    html = _SCHEMES.sub("@media all" if scheme == DARK else "@media not all", made.html)
    if made.logo is not None:
        html = html.replace(f"cid:{made.logo.id}", f"{reverse('brand-logo')}?v={brand.mark}")
    html, sources = styled(html)
    response = HttpResponse(html)
    response["Content-Security-Policy"] = f"{_NARROW}style-src {sources}"
    return response


@require_safe
@needs(CONSOLE, GOVERNANCE_VIEW)
def sheet(request: Asked, scheme: str) -> HttpResponse:
    """The draft's colours, with all others of one scheme, so that night can be looked at by day."""
    if scheme not in {LIGHT, DARK}:
        raise Http404
    brand, _locale = _unpack(request)
    return HttpResponse(style_sheet(brand, only=scheme, tokens=_tokens()), content_type="text/css; charset=utf-8")


@cache
def _tokens() -> dict[str, str]:
    """The colours of each scheme in housekey.css."""
    text = (STATIC / "housekey.css").read_text(encoding="utf-8")
    light, dark = cast(list[str], re.findall(r":root\s*\{([^}]*)\}", text))[:2]
    return {LIGHT: _custom(light), DARK: _custom(dark)}


def _custom(block: str) -> str:
    return "".join(f"{name}:{value};" for name, value in re.findall(r"(--[\w-]+):\s*([^;]+)", block))
