"""The fields of a person, shared by adding and editing."""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from housekey.core.errors import Conflict, Invalid
from housekey.web.forms import Field, Form

_PATH = re.compile(r"^emails(?:\[\d+\])?: ")

PLACES = (
    ("userName", "username"), ("name.givenName", "given"), ("name.familyName", "family"), ("emails", "mail"), ("password", "password"),
)


def profile_fields() -> list[Field]:
    return [
        Field("given", _("First Name"), limit=255),
        Field("family", _("Last Name"), limit=255),
        Field("mail", _("Email Address"), "email", hint=_("Invitations and notices go to this address."), limit=320),
    ]


def refuse(form: Form, refusal: Invalid) -> None:
    """Say on the form what an operation said, without the SCIM path that it names for programs."""
    if isinstance(refusal, Conflict):
        form.fail("username", _("There is already a user with this name. Choose another one."))
        return
    form.fail(place(refusal.field), gettext(_PATH.sub("", refusal.sentence)))


def place(field: str) -> str:
    """The form's name for what an operation names in SCIM's words; unknown ones concern the whole form."""
    return next((name for start, name in PLACES if field.startswith(start)), "")
