"""Notification Channels: through what e-mail and text messages leave, and a sender of the tenant's own for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from housekey.console import states
from housekey.core.errors import Invalid, NotFound, Stale, Throttled, Unavailable
from housekey.core.messages import EMAIL, SMS
from housekey.core.principal import CONSOLE, SENDER_CREATE, SENDER_DELETE, SENDER_UPDATE, SENDER_VIEW, Principal
from housekey.core.senders import CONTENT_TYPES, CUSTOM, FIELDS, MASK, METHODS, PROVIDERS, SMTP, TWILIO, VONAGE
from housekey.operations import senders, users
from housekey.operations.senders import InForce, NewSender, SenderView
from housekey.web.forms import Field, Form, Words, whole_number
from housekey.web.guards import needs
from housekey.web.house import house, now
from housekey.web.request import Asked
from housekey.web.responses import see_other

WAYS = {"email": EMAIL, "sms": SMS}
TITLES: dict[str, Words] = {EMAIL: gettext_lazy("Email Provider"), SMS: gettext_lazy("SMS Provider")}
_KEPT: Words = gettext_lazy("One is stored and never shown. Leave this empty to keep it.")
_NEEDED: Words = gettext_lazy("Please fill this in.")

_MAIL = (
    Field("host", gettext_lazy("Server Host"), required=_NEEDED, limit=253, hint=gettext_lazy("Such as smtp.example.com.")),
    Field("port", gettext_lazy("Server Port"), "number", required=_NEEDED, hint=gettext_lazy("Usually 587; 465 with TLS from the start.")),
    Field("security", gettext_lazy("Encryption")),
    Field("from_address", gettext_lazy("From Address"), "email", required=_NEEDED, limit=255),
    Field("reply_to", gettext_lazy("Reply-to Address"), "email", limit=255, hint=gettext_lazy("Where answers go, when not to the sender.")),
    Field("display_name", gettext_lazy("Display Name"), limit=255, hint=gettext_lazy("The name that people see as the sender.")),
    Field("username", gettext_lazy("Username"), limit=255, hint=gettext_lazy("Leave it empty if the server wants no sign-in.")),
    Field("secret", gettext_lazy("Password"), "password"),
)
_URL = Field("url", gettext_lazy("Address of the service"), limit=1000, hint=gettext_lazy("Only for another region than the usual one."))
_TWILIO = (
    Field("key", gettext_lazy("Account SID"), required=_NEEDED, limit=255), Field("secret", gettext_lazy("Auth Token"), "password"),
    Field("sender", gettext_lazy("Sender ID"), required=_NEEDED, limit=255,
          hint=gettext_lazy("The number or name that messages come from, or the SID of a messaging service.")), _URL,
)
_VONAGE = (
    Field("key", gettext_lazy("API Key"), required=_NEEDED, limit=255), Field("secret", gettext_lazy("API Secret"), "password"),
    Field("sender", gettext_lazy("Sender ID"), required=_NEEDED, limit=255,
          hint=gettext_lazy("The number or name that messages come from.")), _URL,
)
_CUSTOM = (
    Field("url", gettext_lazy("SMS Provider URL"), required=_NEEDED, limit=1000, hint=gettext_lazy("It begins with https://.")),
    Field("method", gettext_lazy("HTTP Method")), Field("content_type", gettext_lazy("Content Type")),
    Field("sender", gettext_lazy("Sender"), limit=255, hint=gettext_lazy("For {{sender}} in the template.")),
    Field("body", gettext_lazy("Payload Template"), limit=4000,
          hint=gettext_lazy("What is sent, such as {\"to\": {{mobile}}, \"text\": {{body}}} in JSON. Placeholders bring their own "
                            "quotes.")),
    Field("headers", gettext_lazy("Headers"), limit=5000,
          hint=gettext_lazy("One a line: Name: value. Stored values read ***; left so, they stay.")),
    Field("authentication", gettext_lazy("Authentication")),
    Field("key", gettext_lazy("SMS Provider Auth Key"), limit=255, hint=gettext_lazy("The user name or client ID.")),
    Field("secret", gettext_lazy("SMS Provider Auth Secret"), "password"),
    Field("api_key_header", gettext_lazy("Header of the API key"), limit=100),
    Field("token_endpoint", gettext_lazy("Token Endpoint"), limit=1000, hint=gettext_lazy("For Client Credential only.")),
    Field("scopes", gettext_lazy("Scopes"), limit=500, hint=gettext_lazy("For Client Credential only, separated by spaces.")),
)
_FORMS = {SMTP: _MAIL, TWILIO: _TWILIO, VONAGE: _VONAGE, CUSTOM: _CUSTOM}
_SECURITY: dict[str, Words] = {
    "starttls": "STARTTLS", "tls": gettext_lazy("TLS from the start"), "none": gettext_lazy("None"),
}
_SIGNING_IN: dict[str, Words] = {
    "NONE": gettext_lazy("None"), "BASIC": gettext_lazy("Basic"), "BEARER": gettext_lazy("Bearer"), "API_KEY": gettext_lazy("API key"),
    "CLIENT_CREDENTIAL": gettext_lazy("Client Credential"),
}


_CHOICES: Mapping[str, Mapping[str, Words]] = {
    "security": _SECURITY, "authentication": _SIGNING_IN, "method": dict(zip(METHODS, METHODS, strict=True)),
    "content_type": dict(zip(CONTENT_TYPES, CONTENT_TYPES, strict=True)),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One field of the form: an input, a select with `choices`, or an `area` of several lines."""

    field: Field
    choices: tuple[tuple[str, Words], ...] = ()
    area: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One channel of the page."""

    way: str
    title: Words
    it: InForce
    last: list[tuple[datetime, Words, str]]

    @property
    def sms(self) -> bool:
        return self.it.channel == SMS

    @property
    def shown(self) -> list[tuple[Words, Words]]:
        """Label and value of what the tenant set, without empty ones."""
        own = self.it.own
        if own is None:
            return []
        used = [field for field in _FORMS[own.provider] if own.values.get(field.name)]
        return [(field.label, _CHOICES.get(field.name, {}).get(own.values[field.name], own.values[field.name])) for field in used]


@require_safe
@needs(CONSOLE, SENDER_VIEW)
def listing(request: Asked) -> HttpResponse:
    by = request.by
    cards = []
    for way, channel in WAYS.items():
        it = senders.in_force(house(), by, channel)
        last = [(at, states.outcome(outcome, channel), detail) for at, outcome, detail in it.last]
        cards.append(Card(way, TITLES[channel], it, last))
    return render(request, "console/channels.html", {
        "cards": cards, "may_add": by.may(SENDER_CREATE), "may_change": by.may(SENDER_UPDATE), "may_delete": by.may(SENDER_DELETE),
    })


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, SENDER_VIEW)
def edit(request: Asked, way: str) -> HttpResponse:
    """`?provider=` of an SMS sender, else the one there is. Raises NotPermitted, Http404."""
    channel = _channel(way)
    own = senders.find(house(), request.by, channel)
    request.by.must(SENDER_UPDATE if own else SENDER_CREATE)
    provider = request.GET.get("provider", "") or (own.provider if own else PROVIDERS[channel][0])
    if provider not in PROVIDERS[channel]:
        raise Http404
    same = own if own and own.provider == provider else None
    form = _form(request, provider, same)
    stale = ""
    if request.method == "POST" and form.check_required():
        try:
            senders.save(house(), request.by, channel, _typed(form, provider, same), now(), version=_version(request))
            return see_other(reverse("console-channels") + "?done=sender-saved")
        except Stale as refusal:
            stale = _(refusal.sentence)
        except Invalid as refusal:
            form.fail(refusal.field, _(refusal.sentence))
    return render(request, "console/channel.html", {
        "form": form, "items": [_item(form, field.name) for field in _FORMS[provider]], "title": TITLES[channel], "stale": stale,
        "version": request.POST.get("version", own.version if own else 0), "provider": provider, "way": way,
        "providers": PROVIDERS[channel] if len(PROVIDERS[channel]) > 1 else (),
    })


def _form(request: Asked, provider: str, own: SenderView | None) -> Form:
    initial = {**FIELDS[provider], **(own.values if own else {})}
    initial["headers"] = "\n".join(f"{name}: {MASK}" for name in own.headers) if own else ""
    fields = [_with_hint(field, own) for field in _FORMS[provider]]
    return Form(fields, request.POST.dict() if request.method == "POST" else None, initial)


def _with_hint(field: Field, own: SenderView | None) -> Field:
    if field.name != "secret":
        return field
    return Field(field.name, field.label, field.kind, hint=_KEPT if own and own.secret else "", autocomplete="new-password")


def _typed(form: Form, provider: str, own: SenderView | None) -> NewSender:
    values = {name: form.text(name) for name in FIELDS[provider]}
    secret = form.text("secret") or (None if own else "")
    return NewSender(provider, values, secret, form.text("headers") if provider == CUSTOM else None)


def _version(request: Asked) -> int:
    """-1, which never is one, for what was not sent by the form."""
    return whole_number(request.POST.get("version", ""), -1)


def _item(form: Form, name: str) -> Item:
    offered = dict(_CHOICES.get(name, {}))
    if name == "security" and not house().config.output.allow_private_networks:
        offered.pop("none")
    return Item(form.fields[name], tuple(offered.items()), name in {"body", "headers"})


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, SENDER_VIEW, SENDER_UPDATE)
def test(request: Asked, way: str) -> HttpResponse:
    """Send a test, after a question: an e-mail to one's own address, a text message to a number that is typed."""
    channel, fields = _channel(way), []
    if channel == SMS:
        fields = [Field("test", gettext_lazy("Mobile number"), required=gettext_lazy("Please type a number."), limit=60, focus=True,
                        hint=gettext_lazy("With its country code, such as +4915112345678."), autocomplete="tel")]
    form = Form(fields, request.POST.dict() if request.method == "POST" else None)
    if request.method == "POST" and form.check_required():
        try:
            senders.send_test(house(), request.by, channel, form.text("test") if fields else "", now())
            return see_other(reverse("console-channels") + "?done=sender-tested")
        except (Invalid, Unavailable, Throttled) as refusal:
            form.fail(getattr(refusal, "field", ""), _(refusal.sentence))
    effect = _("It leaves at once, through what is in force now, and not through the outbox.")
    mine = _own_address(request.by) if channel == EMAIL else ""
    if mine:
        effect = _("It goes to %s.") % mine + " " + effect
    return render(request, "console/ask.html", {
        "name": _("Notification Channels"), "back": reverse("console-channels"), "action": reverse("console-test-channel", args=[way]),
        "question": _("Send a test e-mail?") if channel == EMAIL else _("Send a test text message?"), "effect": effect,
        "button": _("Send a test"), "form": form,
    })


def _own_address(by: Principal) -> str:
    return users.get(by, by.account_id, permission=SENDER_UPDATE).profile.mail if by.account_id else ""


@require_http_methods(["GET", "POST"])
@needs(CONSOLE, SENDER_VIEW, SENDER_DELETE)
def back(request: Asked, way: str) -> HttpResponse:
    """The server's own sender again, after a question. Raises NotFound, NotPermitted."""
    channel = _channel(way)
    own = senders.find(house(), request.by, channel)
    if own is None:
        raise NotFound("There is no sender of the tenant's own.")
    if request.method == "POST":
        senders.delete(house(), request.by, channel, now())
        return see_other(reverse("console-channels") + "?done=sender-reverted")
    return render(request, "console/ask.html", {
        "name": _("Notification Channels"), "back": reverse("console-channels"), "danger": True, "button": _("Back to the server’s own"),
        "action": reverse("console-revert-channel", args=[way]), "question": _("Go back to the server’s own sender?"),
        "effect": _("What you set here is forgotten, the password too. Messages that wait leave through the server’s own sender; if it has "
                    "none, they stay in the outbox."),
    })


def _channel(way: str) -> str:
    if way not in WAYS:
        raise Http404
    return WAYS[way]


