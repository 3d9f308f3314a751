"""A link or code on the screen, to be passed on: shown by the answer to a POST, and nowhere afterwards."""

from __future__ import annotations

from typing import Literal

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from housekey.core.users import User
from housekey.web.request import Asked


def handed_over(request: Asked, user: User, text: str, what: Literal["code", "link"]) -> HttpResponse:
    """`text` empty: there is none (any more), and the page says so. Never kept by a browser."""
    code = what == "code"
    if not text:
        warning = _("There is no code to pass on: it was used, withdrawn or has expired. Reset the password again to get a new one.")
    elif code:
        warning = _("Pass this code on in person or on the phone, only to the user. Whoever holds it can set the password.")
    else:
        warning = _("This link is shown only once. Hand it to the user in person; whoever holds it can set the password.")
    response = render(request, "console/handover.html", {
        "user": user, "text": text, "large": code, "mark": "offline-code" if code else "offline-link", "warning": warning,
        "question": (_("Code for %s") if code else _("Link for %s")) % user.name,
    })
    response["Cache-Control"] = "no-store"
    return response
