"""Personal Info: what somebody may change about herself, and what she may only read."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from housekey.core import claims as local
from housekey.core.errors import Invalid, Stale, Throttled, WrongCredentials
from housekey.core.languages import LANGUAGES, nearest
from housekey.core.users import Profile, User
from housekey.operations import own_password, own_profile
from housekey.operations.addresses import check_mobile
from housekey.pages.views import waiting
from housekey.web import languages
from housekey.web.forms import Field, Form, whole_number
from housekey.web.guards import signed_in
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

CLAIMS: dict[str, str] = {"given": local.GIVEN_NAME, "family": local.LAST_NAME, "mobile": local.MOBILE, "locale": local.LOCALE}
"""What each field says, as a claim. No field for the address: it decides who gets in when a password is forgotten (A-133)."""


def _form(user: User, data: dict[str, str] | None = None) -> Form:
    known = {name: local.value_of(user, uri) for name, uri in CLAIMS.items()}
    return Form([
        Field("given", gettext_lazy("First Name"), autocomplete="given-name", limit=255),
        Field("family", gettext_lazy("Last Name"), autocomplete="family-name", limit=255),
        Field("mobile", gettext_lazy("Mobile"), autocomplete="tel", limit=40,
              hint=gettext_lazy("Text messages go to this number. With the country code, such as +49 151 12345678.")),
        Field("locale", gettext_lazy("Language"), autocomplete="language", limit=35),
        Field("current-password", gettext_lazy("Current password"), "password", autocomplete="current-password",
              hint=gettext_lazy("Only needed for another mobile number: codes can be sent there.")),
    ], data, known)


def _written(user: User, form: Form) -> Profile:
    """The profile with what was typed; what cannot be is marked on the form. Raises Invalid for a text that cannot be kept."""
    typed = {uri: form.text(name) for name, uri in CLAIMS.items()}
    changed = {uri: value for uri, value in typed.items() if value != local.value_of(user, uri)}
    if changed.get(local.LOCALE) and changed[local.LOCALE] not in LANGUAGES:
        form.fail("locale", _("Choose one of the languages in the list."))
    if changed.get(local.MOBILE):
        try:
            changed[local.MOBILE] = check_mobile(changed[local.MOBILE], "mobile")
        except Invalid:
            form.fail("mobile", _("That is not a mobile number. Write it with its country code, such as +4915112345678."))
    return user.profile if form.failed else local.with_claims(user.profile, changed)


def _page(request: Asked, user: User, form: Form) -> HttpResponse:
    locale = form.fields["locale"].value
    return render(request, "pages/profile.html", {
        "user": user, "form": form, "locale": locale, "other_locale": "" if locale in LANGUAGES else locale,
    })


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: Asked) -> HttpResponse:
    user = own_password.me(request.by)
    if request.method != "POST":
        return _page(request, user, _form(user))
    form = _form(user, request.POST.dict())
    try:
        profile = _written(user, form)
        if profile.mobile != user.profile.mobile and not form.text("current-password"):
            form.fail("current-password", _("Please type your current password."))
        if not form.failed:
            own_profile.edit(house(), request.by, profile, form.text("current-password"), now(), version=_version(request, user))
            return _saved(profile.locale if profile.locale != user.profile.locale else "")
    except WrongCredentials:
        form.fail("current-password", _("That is not your current password."))
    except Throttled as refusal:
        form.sentence = waiting.sentence(refusal)
        return waiting.told(_page(request, user, form), refusal)
    except Stale:
        form.sentence = _("Your profile was changed meanwhile. Look at it again and save once more.")
    except Invalid as refusal:
        form.fail(_place(refusal.field), _("This is too long or contains something that cannot be kept. Please write it differently."))
    return _page(request, user, form)


def _saved(locale: str) -> HttpResponse:
    """The pages follow the language that was chosen."""
    response = see_other(reverse("personal-info") + "?done=profile-saved")
    if nearest(locale):
        languages.remember(response, nearest(locale))
    return response


def _place(field: str) -> str:
    """The field for what an operation names by its claim or in SCIM's words."""
    named = next((name for name, uri in CLAIMS.items() if uri == field), field)
    return {"name.givenName": "given", "name.familyName": "family"}.get(named, named)


def _version(request: Asked, user: User) -> int:
    return whole_number(request.POST.get("version", ""), user.version)
