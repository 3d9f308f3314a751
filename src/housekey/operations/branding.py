"""The brand of a tenant: look at it, save it, take it back. Pages ask for it by `of`, without a permission: everybody sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from housekey.conf.house import House
from housekey.core import brand as rules
from housekey.core import images
from housekey.core.brand import PLAIN, TEXTS, Brand
from housekey.core.errors import Invalid, Stale
from housekey.core.languages import LANGUAGES
from housekey.core.names import PRIMARY, Tenant
from housekey.core.principal import GOVERNANCE_UPDATE, GOVERNANCE_VIEW, Principal
from housekey.core.properties import SUPPORT
from housekey.delivery import letter, render
from housekey.delivery.leased import Secret
from housekey.delivery.render import Rendered
from housekey.operations import audit
from housekey.operations.policies import effective
from housekey.operations.sending import organization
from housekey.operations.transactions import durable
from housekey.store import brands
from housekey.store.models import Brand as Row

_STALE = "Somebody else changed the brand meanwhile. Look at it and save again."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the brand shall be. `logo`: a new image; None leaves the one there is, `b""` takes it away. `texts` are those of `locale`,
    the other languages stay as they are."""

    primary: str = ""
    background: str = ""
    logo: bytes | None = None
    logo_alt: str = ""
    locale: str = "en"
    texts: Mapping[str, str] | None = None


def of(tenant: Tenant) -> Brand:
    """What everybody sees. Another process's change shows within two seconds."""
    return brands.of(tenant.id)


def logo(tenant: Tenant) -> tuple[bytes, Brand]:
    """The image (`b""` without one) and the brand it is of."""
    brand = brands.of(tenant.id)
    return brands.logo(tenant.id, brand), brand


def get(by: Principal) -> Brand:
    """As it is stored at this moment. Raises NotPermitted."""
    by.must(GOVERNANCE_VIEW)
    return brands.read(by.tenant.id)


def draft(by: Principal, wanted: Wanted) -> Brand:
    """The brand as it would be with `wanted`, all but a new logo. Raises NotPermitted, Invalid."""
    by.must(GOVERNANCE_VIEW)
    return _with(brands.read(by.tenant.id), wanted)[0]


def _with(before: Brand, wanted: Wanted) -> tuple[Brand, bytes | None]:
    """The new state, and the bytes of a new logo. Raises Invalid."""
    if wanted.locale not in LANGUAGES:
        raise Invalid("There are no texts in this language.", field="locale")
    primary, background = rules.clean_colours(wanted.primary, wanted.background)
    kind = before.logo_type if wanted.logo is None else images.look(wanted.logo).kind if wanted.logo else ""
    alt = rules.clean_alt(wanted.logo_alt, logo=bool(kind))
    texts = {key: dict(said) for key, said in before.texts.items()}
    for key, value in (wanted.texts or {}).items():
        if key not in TEXTS:
            raise Invalid("There is no such text.", field="texts")
        texts.setdefault(key, {})[wanted.locale] = rules.clean_text(key, value)
    spoken = {key: kept for key, said in texts.items() if (kept := {locale: text for locale, text in said.items() if text})}
    changed = replace(before, primary=primary, background=background, logo_type=kind, logo_alt=alt if kind else "", texts=spoken)
    return changed, wanted.logo


def save(by: Principal, wanted: Wanted, version: int, now: datetime) -> Brand:
    """`version` is the one the form was made from, 0 where there was no brand. Nothing is written where nothing differs.

    Raises NotPermitted, Invalid (fields primary, background, logo, logo_alt, locale or the key of a text), Stale.
    """
    by.must(GOVERNANCE_UPDATE)
    stale = Stale(_STALE)
    with durable(taken=stale):
        before = brands.read(by.tenant.id)
        if before.version != version:
            raise stale
        after, image = _with(before, wanted)
        if after == before and image is None:
            return before
        values = _columns(after, image) | {"version": version + 1, "changed": now, "changed_by": by.name[:300]}
        if version:
            if Row.objects.within(by.tenant).filter(version=version).update(**values) != 1:
                raise stale
        else:
            Row(tenant_id=by.tenant.id, **values).save(force_insert=True)
        audit.record(by, "brand:change", now, target="brand", **_difference(before, after, image))
    brands.forget()
    return brands.read(by.tenant.id)


def _columns(after: Brand, image: bytes | None) -> dict[str, Any]:
    columns: dict[str, Any] = {"primary": after.primary, "background": after.background, "logo_type": after.logo_type,
                               "logo_alt": after.logo_alt, "texts": after.texts}
    return columns if image is None else columns | {"logo": image or None}


def _difference(before: Brand, after: Brand, image: bytes | None) -> dict[str, Any]:
    """What changed, each as [before, after]; of a logo only its size."""
    found: dict[str, Any] = {name: [getattr(before, name), getattr(after, name)] for name in ("primary", "background", "logo_alt")
                             if getattr(before, name) != getattr(after, name)}
    if image is not None:
        found["logo"] = f"{after.logo_type}, {len(image)} bytes" if image else "removed"
    said = [f"{key} {locale}" for key in TEXTS for locale in LANGUAGES
            if before.texts.get(key, {}).get(locale, "") != after.texts.get(key, {}).get(locale, "")]
    return found | ({"texts": said} if said else {})


def reset(by: Principal, version: int, now: datetime) -> None:
    """Forget the brand: everything looks as it is shipped. Raises NotPermitted, Stale."""
    by.must(GOVERNANCE_UPDATE)
    with durable():
        before = brands.read(by.tenant.id)
        if before.version != version or (version and not Row.objects.within(by.tenant).filter(version=version).delete()[0]):
            raise Stale(_STALE)
        if version:
            audit.record(by, "brand:reset", now, target="brand", **_difference(before, PLAIN, b"" if before.logo_type else None))
    brands.forget()


def mail(house: House, by: Principal, brand: Brand, locale: str, now: datetime) -> Rendered:
    """An invitation as it would look with `brand`, to somebody who does not exist. The link in it opens nothing. Raises NotPermitted."""
    by.must(GOVERNANCE_VIEW)
    policy = effective(house, by.tenant)
    fields = {"user-name": "alex", "user.claim.givenname": "Alex", "organization-name": organization(house, by.tenant, policy),
              "organization.support.mail": policy.text(SUPPORT)}
    secret = Secret(uuid4(), b"", "", now + timedelta(days=1), PRIMARY)
    return letter.filled(house, by.tenant, render.shipped("AskPassword", locale), fields, secret, "example", brand)
