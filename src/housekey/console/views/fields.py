"""The fields of a person, shared by adding and editing."""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from housekey.core import claims as local
from housekey.core.errors import Conflict, Invalid
from housekey.core.users import Profile
from housekey.operations.addresses import check_mobile
from housekey.web.forms import Field, Form

_PATH = re.compile(r"^(?:emails|phoneNumbers)(?:\[\d+\])?: ")

PLACES = (
    ("userName", "username"), ("name.givenName", "given"), ("name.familyName", "family"), ("emails", "mail"), ("phoneNumbers", "mobile"),
    ("password", "password"), ("locale", "locale"),
)
CLAIMS: dict[str, str] = {
    "given": local.GIVEN_NAME, "family": local.LAST_NAME, "mail": local.EMAIL, "mobile": local.MOBILE, "locale": local.LOCALE,
}
"""What each field says, as a claim: core knows how a claim is written to a profile without touching the rest of it."""


def profile_fields() -> list[Field]:
    return [
        Field("given", _("First Name"), limit=255),
        Field("family", _("Last Name"), limit=255),
        Field("mail", _("Email Address"), "email", hint=_("Invitations and notices go to this address."), limit=320),
        Field("mobile", _("Mobile"), hint=_("Text messages go to this number. With the country code, such as +49 151 12345678."), limit=40),
    ]


def written(profile: Profile, form: Form, claims: dict[str, str]) -> Profile:
    """The profile with what was typed into the fields of `claims` (field name -> claim). Raises Invalid."""
    typed = {claims[name]: form.text(name) for name in claims if name in form.fields}
    present = {local.GIVEN_NAME: profile.given_name, local.LAST_NAME: profile.family_name, local.EMAIL: profile.mail,
               local.MOBILE: profile.mobile, local.LOCALE: profile.locale}
    changed = {uri: value for uri, value in typed.items() if value != present.get(uri)}
    if changed.get(local.MOBILE):
        changed[local.MOBILE] = check_mobile(changed[local.MOBILE], "phoneNumbers")
    return local.with_claims(profile, changed)


def refuse(form: Form, refusal: Invalid, claims: dict[str, str] = CLAIMS) -> None:
    """Say on the form what an operation said, without the SCIM path that it names for programs."""
    if isinstance(refusal, Conflict):
        form.fail("username", _("There is already a user with this name. Choose another one."))
        return
    named = next((name for name, uri in claims.items() if uri == refusal.field), "")
    form.fail(named or place(refusal.field), gettext(_PATH.sub("", refusal.sentence)))


def place(field: str) -> str:
    """The form's name for what an operation names in SCIM's words; unknown ones concern the whole form."""
    return next((name for start, name in PLACES if field.startswith(start)), "")
