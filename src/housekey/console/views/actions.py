"""What can be done to one user. Each verb is a POST; those that take something away ask first on a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from housekey.console.views.handover import handed_over
from housekey.core.errors import FeatureOff, Invalid
from housekey.core.names import split_username
from housekey.core.principal import CONSOLE, USER_VIEW
from housekey.core.users import Changes
from housekey.operations import domains, onboarding, resets, sessions, users
from housekey.web.forms import Words
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other


@dataclass(frozen=True, slots=True)
class Verb:
    """`question`, `effect` and `button` make the confirm page; without a question the verb acts at once."""

    act: Callable[[Asked, UUID], object]
    done: str
    question: Words = ""
    effect: Words = ""
    button: Words = ""
    danger: bool = False
    back: str = "console-user"


VERBS: dict[str, Verb] = {
    "unlock": Verb(lambda request, user: users.change(house(), request.by, user, Changes(locked=False), now()), "unlocked"),
    "lock": Verb(
        lambda request, user: users.change(house(), request.by, user, Changes(locked=True), now()), "locked",
        gettext_lazy("Lock %s?"),
        gettext_lazy("The user is signed out everywhere and cannot sign in until somebody unlocks the account. This can be undone."),
        gettext_lazy("Lock user"), danger=True),
    "enable": Verb(lambda request, user: users.change(house(), request.by, user, Changes(disabled=False), now()), "enabled"),
    "disable": Verb(
        lambda request, user: users.change(house(), request.by, user, Changes(disabled=True), now()), "disabled",
        gettext_lazy("Disable %s?"),
        gettext_lazy("The user is signed out everywhere and cannot sign in until somebody enables the account. Links and codes that were "
                     "sent stop working for good. The rest can be undone."),
        gettext_lazy("Disable user"), danger=True),
    "sign-out": Verb(
        lambda request, user: sessions.end_of(request.by, user, now()), "signed-out-user", gettext_lazy("Sign %s out everywhere?"),
        gettext_lazy("Every browser has to sign in again. What was not saved there is lost. The password stays as it is."),
        gettext_lazy("Sign out everywhere"), danger=True),
    "revoke": Verb(
        lambda request, user: onboarding.revoke(house(), request.by, user, now()), "revoked",
        gettext_lazy("Withdraw what was sent to %s?"),
        gettext_lazy("The link or code stops working. The account stays as it is; you can send a new one later."),
        gettext_lazy("Withdraw"), danger=True),
    "delete": Verb(
        lambda request, user: users.delete(request.by, user, now()), "deleted", gettext_lazy("Delete %s?"),
        gettext_lazy("The user, all sessions and any open invitation are removed. This cannot be undone. The audit log stays."),
        gettext_lazy("Delete user"), danger=True, back="console-users"),
    "offline-link": Verb(
        lambda request, user: onboarding.offline_link(house(), request.by, user, now()), "",
        gettext_lazy("Make a link for %s to hand over?"),
        gettext_lazy("You will see a set-password link once, to hand over in person. No message is sent. Links sent earlier stop working. "
                     "Whoever holds the link can set the password."),
        gettext_lazy("Make the link")),
    "offline-code": Verb(
        lambda request, user: resets.offline_code(house(), request.by, user, now()), "",
        gettext_lazy("Issue a code for %s to pass on?"),
        gettext_lazy("You will see a code, to pass on in person or on the phone. No message is sent, the present password stops working at "
                     "once, and whatever was sent earlier stops working too. Whoever holds the code can set the password."),
        gettext_lazy("Issue the code"), danger=True),
}
SHOWN: dict[str, Literal["link", "code"]] = {"offline-link": "link", "offline-code": "code"}
"""Verbs whose result is shown, and what it is."""


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, USER_VIEW)
def act(request: Asked, user_id: UUID, verb: str) -> HttpResponse:
    """GET shows the confirm page; POST does it. Each operation asks for the permission it needs. Raises NotFound, NotPermitted."""
    deed = VERBS.get(verb)
    if deed is None:
        raise Http404
    user = users.get(request.by, user_id)
    if request.method != "POST":
        if not deed.question:
            return see_other(reverse("console-user", args=[user_id]))
        return _confirm(request, user_id, verb, str(user.name))
    try:
        result = deed.act(request, user_id)
    except Invalid as refusal:
        return _confirm(request, user_id, verb, str(user.name), refusal)
    if verb in SHOWN:
        return handed_over(request, user, str(result), SHOWN[verb])
    back = reverse(deed.back, args=[user_id] if deed.back == "console-user" else [])
    return see_other(f"{back}?done={deed.done}")


_SETTINGS = {"offline-link": "console-onboarding", "offline-code": "console-reset"}
"""Where a feature that a verb needs is switched on."""


def _also(request: Asked, deed: Verb, name: str) -> str:
    """What happens outside this server."""
    domain = split_username(name).domain
    if deed is not VERBS["delete"] or not domains.directory_of(request.by, domain):
        return ""
    return _("The user’s entry in the directory of %s is deleted, too.") % domain


def _confirm(request: Asked, user_id: UUID, verb: str, name: str, refusal: Invalid | None = None) -> HttpResponse:
    deed = VERBS[verb]
    context = {
        "user_id": user_id, "verb": verb, "deed": deed, "question": str(deed.question) % name if deed.question else _("That did not work"),
        "also": _also(request, deed, name), "refusal": refusal,
        "setting": _SETTINGS.get(verb, "") if isinstance(refusal, FeatureOff) else "",
    }
    return render(request, "console/confirm.html", context, status=400 if refusal else 200)
