"""How one invitation or reset may differ from the settings: method, life and language, in a form's own three fields."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from housekey.console import states
from housekey.console.deeds import method_for
from housekey.core.errors import Invalid
from housekey.core.policy import Policy
from housekey.core.scenario import Method, Purpose, Scenario
from housekey.core.users import NOBODY, Invite, Profile
from housekey.web.forms import Words
from housekey.web.request import Asked

SENT: tuple[Method, ...] = ("EMAIL_LINK", "EMAIL_OTP", "SMS_OTP")
"""What can be chosen for one message; handing over has pages of its own."""


@dataclass(frozen=True, slots=True)
class Special:
    """What the fields show: `usual` is how it goes without a choice, `minutes` how long it then lives."""

    usual: str
    minutes: int
    methods: list[tuple[str, Words]]
    method: str
    typed_minutes: str
    locale: str


def asked(request: Asked) -> Invite:
    """What the form asks for. Raises Invalid for what is no method or no number."""
    method = _method(request.POST.get("special-method", ""))
    text = request.POST.get("special-minutes", "").strip()
    try:
        minutes = int(text[:8]) if text else None
    except ValueError:
        raise Invalid(_("The expiry time has to be a whole number of minutes."), field="expiryTime") from None
    return Invite(method, minutes, request.POST.get("special-locale", "").strip()[:36])


def _method(text: str) -> Method | None:
    found = next((method for method in SENT if method == text), None)
    if text and found is None:
        raise Invalid(_("Choose one of the methods in the list."), field="method")
    return found


def shown(request: Asked, policy: Policy, purpose: Purpose, profile: Profile = NOBODY, *, methods: bool = True) -> Special:
    """`profile`: whom it is about, if that is known already. `methods`: the method is chosen here too, and not elsewhere in the form."""
    usual: Scenario | None = method_for(policy, purpose, profile)
    return Special(
        str(states.METHODS[usual.method]) if usual else _("Off"),
        policy.minutes(usual) if usual else 0,
        [(method, states.METHODS[method]) for method in SENT if methods],
        request.POST.get("special-method", ""), request.POST.get("special-minutes", ""), request.POST.get("special-locale", ""),
    )
