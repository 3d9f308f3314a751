"""How mails carry the brand of a tenant: its colours as fields of the page around the text, its logo inside the mail, its line below.

Nothing is loaded from anywhere: mail programs ask before they do, and whoever serves a picture learns who reads.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from housekey.core.brand import DARK, LIGHT, MAILED, MOST_MAILED, Brand, look
from housekey.core.colours import on
from housekey.core.names import Tenant
from housekey.store import brands

SHIPPED: dict[str, str] = {
    "organization.color.primary": "#0b57b0", "organization.button.font.color": "#ffffff", "organization.color.background": "#f2f4f6",
    "organization.theme.background.color": "#ffffff", "organization.theme.border.color": "#d5dae0",
    "organization.font": "Segoe UI, Roboto, Helvetica, Arial, sans-serif", "organization.font.color": "#1b2430",
    "dark.button": "#8ab8ff", "dark.button-text": "#0b1a30", "dark.page": "#14171a",
}
"""What the page around a mail looks like without a brand. The names are WSO2's, those of the dark scheme our own."""

_CELL = re.compile(r'<td id="bodyCell"[^>]*>')
_NO_IMAGE = re.compile(r"<img\b[^>]*\bsrc=(?:\"\"|'')[^>]*>")
_END = "</td></tr>\n</table>\n</body>"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that travels inside a mail; its HTML asks for `cid:<id>`. `kind`: a media type."""

    id: str
    kind: str
    data: bytes = field(repr=False)


def fields_of(brand: Brand, locale: str, organization: str, logo: Picture | None) -> dict[str, str]:
    """The names about the brand that a template may use; those of `SHIPPED` only where they differ."""
    found = {"organization.logo.altText": brand.logo_alt or organization,
             "organization.logo.img": f"cid:{logo.id}" if logo else "",
             "organization.copyright.text": brand.own("mail_footer", locale) or f"© {organization}"}
    day, night = look(brand, LIGHT), look(brand, DARK)
    if brand.primary:
        found |= {"organization.color.primary": day.brand, "organization.button.font.color": day.on_brand,
                  "dark.button": night.link, "dark.button-text": on(night.link)}
    if brand.background:
        found |= {"organization.color.background": day.ground, "dark.page": night.ground}
    return found


def picture(tenant: Tenant, brand: Brand) -> Picture | None:
    """The logo, if it is one that mail programs show and small enough for every mail."""
    if brand.logo_type not in MAILED:
        return None
    data = brands.logo(tenant.id, brand)
    return Picture(f"logo.{brand.mark}@{tenant.domain}", brand.logo_type, data) if 0 < len(data) <= MOST_MAILED else None


def dressed(page: str, brand: Brand, locale: str, logo: Picture | None) -> str:
    """The page of a mail with the logo above the text, unless its template has put it somewhere, and the tenant's line at its foot."""
    if logo is None:
        page = _NO_IMAGE.sub("", page)
    elif f"cid:{logo.id}" not in page:
        image = (f'<p style="margin:0 0 12px;"><img src="cid:{html.escape(logo.id)}" alt="{html.escape(brand.logo_alt)}" height="48" '
                 'style="height:48px;max-width:100%;width:auto;border:0;"></p>')
        page = _CELL.sub(lambda cell: f"{cell[0]}\n{image}", page, count=1)
    line = brand.own("mail_footer", locale)
    before, end, after = page.rpartition(_END)
    if not line or not end:
        return page
    return f'{before}<p class="soft" style="{_LINE}">{html.escape(line)}</p>\n{end}{after}'


_LINE = ("max-width:560px;margin:4px auto 0;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:13px;"
         "line-height:1.5;color:#55606c;")


def noted(text: str, brand: Brand, locale: str) -> str:
    """The plain text with the tenant's line at its end."""
    line = brand.own("mail_footer", locale)
    return f"{text.rstrip()}\n{line}\n" if line else text


def with_shipped(fields: Mapping[str, str]) -> dict[str, str]:
    """All fields, with the shipped looks where no brand has decided."""
    return {**SHIPPED, **fields}
