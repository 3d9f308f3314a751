"""Branding ▸ Styles & Text: colours, logo and texts of the tenant, what they come to in figures, and how they will look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console.views.brand_preview import FRAMES, pack
from housekey.core.brand import MAILED, MOST_ALT, MOST_MAILED, MOST_TEXT, TEXTS, Brand, Verdict, judge
from housekey.core.colours import clean
from housekey.core.errors import Invalid, Stale
from housekey.core.images import MOST_BYTES
from housekey.core.languages import FALLBACK, LANGUAGES, canonical
from housekey.core.principal import CONSOLE, GOVERNANCE_UPDATE, GOVERNANCE_VIEW
from housekey.operations import branding
from housekey.operations.branding import Wanted
from housekey.web.forms import Field, Form, whole_number
from housekey.web.guards import needs
from housekey.web.house import now
from housekey.web.middleware import CSP
from housekey.web.request import Asked
from housekey.web.responses import see_other

_COLOURS = (("primary", gettext_lazy("Main colour"), gettext_lazy("Buttons and links. Such as #2c4fc1.")),
            ("background", gettext_lazy("Background"), gettext_lazy("Behind the form. Only light colours; at night it is darkened.")))


@dataclass(frozen=True, slots=True)
class Told:
    """A contrast in words: its sentence, tone and icon."""

    sentence: str
    tone: str
    icon: str


_ICONS = {"good": "done", "info": "info", "bad": "alert"}


def _told(verdicts: Iterator[Verdict]) -> list[Told]:
    return [Told(_(one.sentence).format(**one.values), one.tone, _ICONS[one.tone]) for one in verdicts]


def _judged(asked: QueryDict) -> list[Told]:
    """What becomes of the colours of an address or a form. What is no colour yet is passed over: somebody is typing it."""
    found = []
    for name, _label, _hint in _COLOURS:
        try:
            found.append(clean(asked.get(name, ""), name))
        except Invalid:
            found.append("")
    return _told(judge(*found))


def _unreadable(asked: QueryDict, field: str) -> str:
    """Why a colour is refused on which nothing could be read: with its numbers, in the reader's language."""
    return next((told.sentence for told in _judged(asked) if told.tone == "bad"), "") if field == "background" else ""


@require_safe
@needs(CONSOLE, GOVERNANCE_VIEW)
def contrast(request: Asked) -> HttpResponse:
    """The figures alone, for a page that shows them while somebody chooses."""
    return render(request, "console/contrast.html", {"verdicts": _judged(request.GET)})


def _locale(asked: QueryDict) -> str:
    wanted = asked.get("locale", "") or canonical(get_language() or "")
    return wanted if wanted in LANGUAGES else FALLBACK


def _form(locale: str, brand: Brand, data: dict[str, str] | None = None) -> Form:
    said = {key: brand.texts.get(key, {}).get(locale, "") for key in TEXTS}
    with override(locale):
        shipped = {key: _(text.default) if text.default else "" for key, text in TEXTS.items()}
    fields = [Field(name, label, hint=hint, limit=7) for name, label, hint in _COLOURS]
    words = _("Read out to people who do not see it, and shown where images are off. Mostly the name of your organisation.")
    fields += [Field("logo", _("Image file")), Field("logo_alt", _("The logo in words"), limit=MOST_ALT, hint=words)]
    fields += [Field(key, _(text.label), limit=MOST_TEXT, hint=_("Shipped: “%s”") % shipped[key] if shipped[key] else _(text.hint))
               for key, text in TEXTS.items()]
    return Form(fields, data, {"primary": brand.primary, "background": brand.background, "logo_alt": brand.logo_alt} | said)


def _wanted(request: Asked, form: Form, locale: str) -> Wanted:
    file = request.FILES.get("logo")
    # One byte more than may be taken is enough to see that it is too much
    logo = file.read(MOST_BYTES + 1) if file is not None and file.size else b"" if request.POST.get("without") else None
    texts = {key: form.text(key) for key in TEXTS}
    return Wanted(form.text("primary"), form.text("background"), logo, form.text("logo_alt"), locale, texts)


def _version(request: Asked) -> int:
    return whole_number(request.POST.get("version", ""), -1)


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, GOVERNANCE_VIEW)
def form(request: Asked) -> HttpResponse:
    """POST with `check` looks without saving. A logo chosen there has to be chosen again: browsers do not give files back."""
    posted = request.method == "POST"
    stored = branding.get(request.by)
    locale = _locale(request.POST if posted else request.GET)
    shown = _form(locale, stored, request.POST.dict() if posted else None)
    draft, status = stored, 200
    if posted:
        wanted = _wanted(request, shown, locale)
        try:
            draft = branding.draft(request.by, wanted)
            if "check" not in request.POST:
                branding.save(request.by, wanted, _version(request), now())
                return see_other(f"{reverse('console-branding')}?locale={locale}&done=brand-saved")
        except Stale as refusal:
            shown.sentence, status = _(refusal.sentence), 409
        except Invalid as refusal:
            shown.fail(refusal.field, _unreadable(request.POST, refusal.field) or _(refusal.sentence))
            status = 400
    return _page(request, stored, draft, shown, locale, status)


def _page(request: Asked, stored: Brand, draft: Brand, shown: Form, locale: str, status: int) -> HttpResponse:
    colours = QueryDict(mutable=True)
    colours.update({name: shown.fields[name].value for name, _label, _hint in _COLOURS})
    mailed = stored.logo_type in MAILED and len(branding.logo(request.tenant)[0]) <= MOST_MAILED
    version = request.POST.get("version", "") if status == 400 or "check" in request.POST else stored.version
    response = render(request, "console/branding.html", {
        "form": shown, "colours": [shown.fields[name] for name, _label, _hint in _COLOURS], "texts": [shown.fields[key] for key in TEXTS],
        "verdicts": _judged(colours), "stored": stored, "version": version, "locale": locale, "locales": LANGUAGES.items(),
        "logo": f"{reverse('brand-logo')}?v={stored.mark}" if stored.logo_type else "", "mailed": mailed,
        "most": MOST_BYTES, "size": filesizeformat(MOST_BYTES), "mail_size": filesizeformat(MOST_MAILED),
        "frames": [[replace(frame, address=frame.at(pack(request.tenant, draft, locale))) for frame in pair] for pair in FRAMES],
        "may_change": request.by.may(GOVERNANCE_UPDATE), "checked": "check" in request.POST and status == 200,
    }, status=status)
    response["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return response


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, GOVERNANCE_VIEW, GOVERNANCE_UPDATE)
def reset(request: Asked) -> HttpResponse:
    """After a question. Raises Stale."""
    stored = branding.get(request.by)
    if request.method == "POST":
        branding.reset(request.by, _version(request), now())
        return see_other(reverse("console-branding") + "?done=brand-reset")
    return render(request, "console/sure.html", {
        "question": _("Back to the default?"), "effects": [
            _("Colours, logo and texts of all languages are deleted. Pages and e-mails look as shipped. This cannot be undone.")],
        "names": [], "rest": 0, "barred": not stored.version, "hidden": [("version", stored.version)], "form": None,
        "action": reverse("console-reset-brand"), "button": _("Delete the brand"), "danger": True, "back": reverse("console-branding"),
        "above": _("Styles & Text"), "nobody": "" if stored.version else _("There is no brand yet."),
    })
