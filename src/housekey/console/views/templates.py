"""Templates of messages: which there are, the editor with its preview, a test, and the way back to what is shipped."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console import states
from housekey.console.framed import styled
from housekey.core.errors import Invalid, Refused, Stale, Throttled, Unavailable
from housekey.core.languages import FALLBACK, LANGUAGES, PSEUDO, right_to_left
from housekey.core.messages import EMAIL, SMS
from housekey.core.principal import CONSOLE, TEMPLATE_DELETE, TEMPLATE_UPDATE, TEMPLATE_VIEW, USER_LIST, USER_VIEW, Principal
from housekey.core.users import User
from housekey.core.wording import MOST_SMS, MOST_SUBJECT, Problem, Unfit, Words, length_of, names_of, nearest, tidied
from housekey.operations import templates, users
from housekey.operations.templates import KindView, Shown, TemplateView
from housekey.web.forms import Field, Form, whole_number
from housekey.web.forms import Words as Said
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.middleware import CSP
from housekey.web.request import Asked
from housekey.web.responses import see_other

CHANNELS = {"email": EMAIL, "sms": SMS}
"""A word of the address -> the channel."""
HEADINGS: dict[str, Said] = {"email": gettext_lazy("Email Templates"), "sms": gettext_lazy("SMS Templates")}
PARTS: dict[str, Said] = {"subject": gettext_lazy("Subject"), "html": gettext_lazy("HTML"), "text": gettext_lazy("Plain text")}
_BODY = re.compile(r"<body[^>]*>")


def _address(page: str, kind: KindView, locale: str, **more: str) -> str:
    slug = "sms" if kind.channel == SMS else "email"
    return reverse(f"console-{slug}-template{page}", args=[kind.kind]) + "?" + urlencode({"locale": locale} | more)


def _language(locale: str) -> str:
    return LANGUAGES.get(locale, locale)


@require_safe
@needs(CONSOLE, TEMPLATE_VIEW)
def listing(request: Asked, slug: str) -> HttpResponse:
    """`?show=changed` leaves out what is as it is shipped."""
    found, only = templates.kinds(request.by, CHANNELS[slug]), request.GET.get("show") == "changed"
    rows = [{"it": kind, "name": states.KINDS.get(kind.kind, kind.kind), "purpose": _(kind.purpose),
             "changed": [(_language(locale), _address("", kind, locale)) for locale in kind.changed],
             "address": reverse(f"console-{slug}-template", args=[kind.kind])}
            for kind in found if kind.changed or not only]
    return render(request, "console/templates.html", {
        "rows": rows, "total": len(found), "changed": sum(bool(kind.changed) for kind in found), "only": only, "sms": slug == "sms",
        "heading": HEADINGS[slug], "here": reverse(f"console-{slug}-templates"),
    })


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the editor shows: a kind in a locale, and what was typed, else what holds."""

    kind: KindView
    view: TemplateView
    words: Words

    @property
    def problems(self) -> list[Problem]:
        return templates.problems(self.kind.channel, self.kind, self.words)

    @property
    def hints(self) -> list[dict[str, object]]:
        """What is odd, but can be saved. Of a shipped text nothing is said."""
        if self.words == self.view.default:
            return []
        found: list[dict[str, object]] = [
            {"field": item.field, "part": PARTS[item.field], "said": item.say(_)} for item in self.problems if item.harmless
        ]
        default = self.view.default
        if default and self.words.html and self.words.text and self.words.text == default.text and self.words.html != default.html:
            said = _("This is still the default, but the HTML is not. Empty it, and it is made from the HTML.")
            found.append({"field": "text", "part": PARTS["text"], "said": said})
        return found

    @property
    def differences(self) -> Iterator[tuple[Said, list[tuple[str, str]]]]:
        """Each part that is not as it is shipped, and what changed."""
        if self.view.default is not None:
            for part, label in PARTS.items():
                if lines := templates.compared(self.view.default, self.words, part):
                    yield label, lines

    @property
    def names(self) -> list[tuple[str, str]]:
        """The names to fill in, those of this very kind of message first, with what each means."""
        known = names_of(self.kind.channel, self.kind.kind, shipped=self.kind.shipped)
        first = [name for name in ("link", "confirmation-code", "expires") if name in known]
        return [(f"{{{{{name}}}}}", _(known[name])) for name in (*first, *(name for name in known if name not in first))]

    @property
    def locales(self) -> list[dict[str, object]]:
        shown = [locale for locale in (*self.kind.locales, self.view.locale) if locale != PSEUDO or locale == self.view.locale]
        return [{"name": _language(locale), "tag": locale, "address": _address("", self.kind, locale), "here": locale == self.view.locale,
                 "changed": locale in self.kind.changed} for locale in sorted(dict.fromkeys(shown), key=lambda it: (it != FALLBACK, it))]


def _sheet(request: Asked, slug: str, kind: str, locale: str) -> Sheet:
    """`locale` empty: the usual one. Raises NotFound, NotPermitted, Invalid for what is no locale."""
    found = templates.find(request.by, CHANNELS[slug], kind)
    view = templates.get(request.by, found.channel, found.kind, locale or _usual(found))
    return Sheet(found, view, _typed(request) if request.method == "POST" else view.words)


def _asked(request: Asked) -> str:
    return request.GET.get("locale", "").strip()


def _usual(kind: KindView) -> str:
    """The locale the reader of the console would write first."""
    return nearest(get_language() or FALLBACK, kind.locales) or (FALLBACK if FALLBACK in kind.locales else kind.locales[0])


def _typed(request: Asked) -> Words:
    return tidied(*(request.POST.get(part, "") for part in PARTS))


def _form(sheet: Sheet) -> Form:
    if sheet.kind.channel == SMS:
        count = _("%(n)s characters before names are filled in.") % {"n": f"{length_of(sheet.words.text).characters:,}"}
        fields = [Field("text", gettext_lazy("Text"), limit=MOST_SMS, hint=count)]
    else:
        fields = [Field("subject", PARTS["subject"], limit=MOST_SUBJECT),
                  Field("html", PARTS["html"],
                        hint=gettext_lazy("The inner part of the mail: logo, colours and the line below are added.")),
                  Field("text", PARTS["text"],
                        hint=gettext_lazy("For mail programs that show no HTML. Left empty, it is made from the HTML."))]
    return Form(fields, None, {part: getattr(sheet.words, part) for part in PARTS})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, TEMPLATE_VIEW)
def edit(request: Asked, slug: str, kind: str) -> HttpResponse:
    """`?locale=`. POST saves or, with `do=test`, sends a test; what was typed stays on the page."""
    try:
        sheet = _sheet(request, slug, kind, _asked(request))
    except Invalid as refusal:
        return _page(request, _sheet(request, slug, kind, ""), told=("bad", _(refusal.sentence)), status=400)
    if request.method != "POST":
        return _page(request, sheet)
    request.by.must(TEMPLATE_UPDATE)
    if request.POST.get("do") == "test":
        return _test(request, sheet)
    try:
        parts = (sheet.words.subject, sheet.words.html, sheet.words.text)
        view = sheet.view
        templates.save(request.by, view.channel, view.kind, view.locale, *parts, _version(request), now())
    except Unfit as refusal:
        return _page(request, sheet, wrong=refusal.problems, status=400)
    except Stale as refusal:
        return _page(request, sheet, told=("warn", _(refusal.sentence)), status=409)
    except Invalid as refusal:
        return _page(request, sheet, told=("bad", _(refusal.sentence)), status=400)
    return see_other(_address("", sheet.kind, sheet.view.locale, done="template-saved"))


def _version(request: Asked) -> int:
    return whole_number(request.POST.get("version", ""), 0)


def _test(request: Asked, sheet: Sheet) -> HttpResponse:
    view = sheet.view
    try:
        to = templates.send_test(house(), request.by, view.channel, view.kind, view.locale, sheet.words, now())
    except Unfit as refusal:
        return _page(request, sheet, wrong=refusal.problems, status=400)
    except (Invalid, Throttled, Unavailable) as refusal:
        return _page(request, sheet, told=("bad", _(refusal.sentence)), status=400)
    return _page(request, sheet, told=("good", _("A test went to %s. It is not saved yet.") % to if sheet.words != view.words
                                       else _("A test went to %s.") % to))


def _page(request: Asked, sheet: Sheet, *, wrong: Iterable[Problem] = (), told: tuple[str, str] = ("", ""),
          status: int = 200) -> HttpResponse:
    form, by, view = _form(sheet), request.by, sheet.view
    said: dict[str, list[str]] = {}
    for item in wrong:
        said.setdefault(item.field, []).append(item.say(_))
    for name, sentences in said.items():
        form.fail(name, " ".join(sentences))
    response = render(request, "console/template.html", {
        "sheet": sheet, "it": view, "form": form, "told": told, "sms": view.channel == SMS, "language": _language(view.locale),
        "name": states.KINDS.get(view.kind, view.kind), "purpose": _(sheet.kind.purpose), "origin": _language(view.origin_locale),
        "above": HEADINGS["sms" if view.channel == SMS else "email"], "rtl": right_to_left(view.locale),
        "back": reverse("console-sms-templates" if view.channel == SMS else "console-email-templates"),
        "here": _address("", sheet.kind, view.locale), "preview": _address("-preview", sheet.kind, view.locale),
        "reset": _address("-reset", sheet.kind, view.locale), "may_change": by.may(TEMPLATE_UPDATE), "may_reset": by.may(TEMPLATE_DELETE),
        "may_choose": by.may(USER_LIST) and by.may(USER_VIEW), "person": request.POST.get("person", "")[:200],
        "typed": sheet.words != view.words, "version": _version(request) if request.method == "POST" else view.version,
    }, status=status)
    response["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return response


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, TEMPLATE_VIEW)
def preview(request: Asked, slug: str, kind: str) -> HttpResponse:
    """What holds (GET) or what was typed (POST) as somebody would get it: a document for the frame of the editor, and for nothing else."""
    sheet, typed = _sheet(request, slug, kind, _asked(request)), request.POST
    wanted = typed.get("person", "").strip()[:200]
    person = _person(request.by, wanted)
    about = {"sms": slug == "sms", "missed": wanted if wanted and person is None else "", "language": _language(sheet.view.locale),
             "locale": sheet.view.locale}
    try:
        view = sheet.view
        shown = templates.preview(house(), request.by, view.channel, view.kind, view.locale, sheet.words, now(),
                                  user_id=person.id if person else None)
    except Refused as refusal:
        problems = refusal.problems if isinstance(refusal, Unfit) else []
        sentences = [item.say(_) for item in problems if not item.harmless] or [_(refusal.sentence)]
        return _framed(render_to_string("console/preview.html", about | {"problems": sentences}))
    about |= {"shown": shown, "hints": [item["said"] for item in sheet.hints], "length": _parts_said(shown) if slug == "sms" else ""}
    if slug == "sms" or typed.get("part") == "text":
        return _framed(render_to_string("console/preview.html", about | {"text": shown.rendered.text}))
    bar = render_to_string("console/preview_bar.html", about)
    return _framed(_BODY.sub(lambda match: match[0] + bar, _with_logo(shown), count=1))


def _with_logo(shown: Shown) -> str:
    """The mail's HTML with its logo inside: a browser has no mail to take it from."""
    made, logo = shown.rendered, shown.rendered.logo
    if logo is None:
        return made.html
    return made.html.replace(f"cid:{escape(logo.id)}", f"data:{escape(logo.kind)};base64,{b64encode(logo.data).decode()}")


def _person(by: Principal, wanted: str) -> User | None:
    """Who has that name, else the first who is found by it."""
    if not wanted or not (by.may(USER_LIST) and by.may(USER_VIEW)):
        return None
    return users.find(by, wanted) or next(iter(users.listing(by, search=wanted, limit=1).users), None)


def _parts_said(shown: Shown) -> str:
    length = length_of(shown.rendered.text)
    return ngettext("%(characters)s characters, sent as %(n)s text message.", "%(characters)s characters, sent as %(n)s text messages.",
                    length.parts) % {"characters": f"{length.characters:,}", "n": length.parts}


def _framed(document: str) -> HttpResponse:
    """A mail carries its style in itself. Nothing in it runs, loads from elsewhere or can be sent."""
    document, sources = styled(document)
    response = HttpResponse(document)
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {sources}; img-src 'self' data: {house().config.base_url}; form-action 'none'; "
        "frame-ancestors 'self'; base-uri 'none'; sandbox"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, TEMPLATE_VIEW, TEMPLATE_DELETE)
def reset(request: Asked, slug: str, kind: str) -> HttpResponse:
    """Asks, then forgets the tenant's text of one language. Raises NotFound, NotPermitted, Invalid."""
    found = templates.find(request.by, CHANNELS[slug], kind)
    view = templates.get(request.by, found.channel, found.kind, request.GET.get("locale", ""))
    if request.method == "POST":
        templates.reset(request.by, found.channel, found.kind, view.locale, now())
        left = found.shipped or set(found.changed) - {view.locale}
        return see_other(_address("", found, view.locale if found.shipped else next(iter(set(found.changed) - {view.locale})),
                                  done="template-reset") if left else reverse(f"console-{slug}-templates") + "?done=template-reset")
    asked = {"kind": states.KINDS.get(view.kind, view.kind), "language": _language(view.locale)}
    return render(request, "console/ask.html", {
        "name": states.KINDS.get(view.kind, view.kind), "back": _address("", found, view.locale), "danger": True,
        "action": _address("-reset", found, view.locale), "button": _("Back to the default") if found.shipped else _("Delete text"),
        "question": (_("Take “%(kind)s” in %(language)s back to the default?") if found.shipped
                     else _("Delete “%(kind)s” in %(language)s?")) % asked,
        "effect": _("Your text is gone then, and the next message is sent without it. The audit log keeps what changed."),
    })
