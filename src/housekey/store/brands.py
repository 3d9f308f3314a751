"""The brand of each tenant, as pages and mails ask for it: remembered for two seconds, since every page asks and it hardly ever changes."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime

from housekey.core.brand import PLAIN, Brand
from housekey.core.colours import is_colour
from housekey.store.models import Brand as Row

_KEEP = 2.0
"""Seconds after which another process's change is seen."""
_MOST, _MOST_LOGOS = 10_000, 32
_found: dict[int, tuple[float, Brand]] = {}
_logos: dict[tuple[int, str], bytes] = {}


def of(tenant_id: int) -> Brand:
    """PLAIN for a tenant that has none."""
    known = _found.get(tenant_id)
    if known and known[0] > time.monotonic():
        return known[1]
    if len(_found) > _MOST:
        _found.clear()
    brand = read(tenant_id)
    _found[tenant_id] = (time.monotonic() + _KEEP, brand)
    return brand


def read(tenant_id: int) -> Brand:
    """As it is stored at this moment."""
    rows = Row.objects.within(tenant_id)
    row = rows.values_list("primary", "background", "logo_type", "logo_alt", "texts", "version", "changed").first()
    if row is None:
        return PLAIN
    primary, background, kind, alt, texts, version, changed = row
    # Whoever can write to the database must not be able to write rules into a style sheet, nor to stop a mail
    primary, background = (colour if is_colour(colour) else "" for colour in (primary, background))
    return Brand(primary, background, kind, alt, texts, version, _mark(tenant_id, version, changed))


def _mark(tenant_id: int, version: int, changed: datetime) -> str:
    """Of the moment too: versions begin anew after a brand was taken back."""
    return hashlib.sha256(f"{tenant_id} {version} {changed.isoformat()}".encode()).hexdigest()[:12]


def logo(tenant_id: int, brand: Brand) -> bytes:
    """The image of this very state of the brand; `b""` where there is none."""
    if not brand.logo_type:
        return b""
    key = tenant_id, brand.mark
    if key not in _logos:
        if len(_logos) >= _MOST_LOGOS:
            _logos.clear()
        data = Row.objects.within(tenant_id).filter(version=brand.version).values_list("logo", flat=True).first()
        if not data:
            return b""
        _logos[key] = bytes(data)
    return _logos[key]


def forget() -> None:
    """This process reads anew what it remembered."""
    _found.clear()
    _logos.clear()
