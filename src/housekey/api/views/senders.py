"""WSO2's notification senders over the tenant's own (reference server 1.3), the same in version 1 and 2. Secrets go in and never out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from housekey.api.door import Answer, Call, Problem, route
from housekey.api.reading import Body
from housekey.core.errors import Conflict, Invalid, NotFound, Refused
from housekey.core.messages import EMAIL, SMS
from housekey.core.principal import SENDER_CREATE, SENDER_DELETE, SENDER_UPDATE, SENDER_VIEW
from housekey.core.senders import CUSTOM, MASK, NAMES, SMTP
from housekey.operations import senders
from housekey.operations.senders import NewSender, SenderView
from housekey.web.house import house, now

ROOTS = ("/api/server/v1/notification-senders", "/api/server/v2/notification-senders")
_TAG = "Notification senders"
_ONE = "A tenant has one sender of its own for each channel. Without one, messages leave through the server's own, which is not listed."
_KEPT = "A secret that is left out, or sent as ***, stays as it is, unless the sender leads to another server or account."

Text = Annotated[str, msgspec.Meta(max_length=4_000)]
Secret = Annotated[str, msgspec.Meta(max_length=1_000)]


class Property(Body):
    key: Annotated[str, msgspec.Meta(max_length=100)]
    value: Text | bool | int


class MailSender(Body, rename={
    "host": "smtpServerHost", "port": "smtpPort", "from_address": "fromAddress", "username": "userName", "auth_type": "authType",
    "provider_url": "providerURL",
}):
    """`password` is read only."""

    host: Text = ""
    from_address: Text = ""
    name: Text = NAMES[EMAIL]
    provider: Text = SMTP
    port: int | Text = 587
    username: Text = ""
    password: Secret | None = None
    auth_type: Literal["BASIC", "NONE", ""] = ""
    provider_url: Text = ""
    properties: list[Property] = []


class MailSenderView(Body, rename={
    "host": "smtpServerHost", "port": "smtpPort", "from_address": "fromAddress", "username": "userName", "auth_type": "authType",
}):
    name: str
    provider: str
    host: str
    port: int
    from_address: str
    username: str
    auth_type: str
    properties: list[Property]


class Authentication(Body):
    type: Text
    properties: dict[str, Secret] = {}


class TextSender(Body, rename={"provider_url": "providerURL", "content_type": "contentType"}):
    """`secret` is read only."""

    provider: Text = ""
    content_type: Text = ""
    name: Text = NAMES[SMS]
    provider_url: Text = ""
    key: Text = ""
    secret: Secret | None = None
    sender: Text = ""
    authentication: Authentication | None = None
    properties: list[Property] = []


class TextSenderView(Body, rename={"provider_url": "providerURL", "content_type": "contentType"}):
    name: str
    provider: str
    provider_url: str
    content_type: str
    key: str
    sender: str
    authentication: Authentication
    properties: list[Property]


_MAIL_EXAMPLE = {
    "name": "EmailPublisher", "smtpServerHost": "smtp.example.com", "smtpPort": 587, "fromAddress": "no-reply@example.com",
    "userName": "no-reply@example.com", "password": "…", "properties": [{"key": "mail.smtp.starttls.enable", "value": "true"}],
}
_TEXT_EXAMPLE = {
    "name": "SMSPublisher", "provider": "Custom", "providerURL": "https://sms.example.com/send", "contentType": "JSON", "secret": "…",
    "authentication": {"type": "BEARER"}, "properties": [{"key": "body", "value": '{"content": {{body}}, "to": {{mobile}}}'}],
}
_MAIL_KEYS = {
    "mail.smtp.replyTo": "reply_to", "replyToAddress": "reply_to", "mail.smtp.signature": "display_name", "signature": "display_name",
    "userName": "username",
}
_TEXT_KEYS = {"body": "body", "http.client.method": "method", "http.method": "method"}
_PARTS: Mapping[str, Mapping[str, str]] = {
    "BASIC": {"username": "key", "password": "secret"}, "BEARER": {"accessToken": "secret"},
    "API_KEY": {"header": "api_key_header", "value": "secret"}, "NONE": {},
    "CLIENT_CREDENTIAL": {"clientId": "key", "clientSecret": "secret", "tokenEndpoint": "token_endpoint", "scopes": "scopes"},
}
"""Properties of each way to sign in, by the names of WSO2's version 2."""
_JSON_NAMES = {
    EMAIL: {"host": "smtpServerHost", "port": "smtpPort", "from_address": "fromAddress", "username": "userName", "secret": "password",
            "security": "mail.smtp.starttls.enable", "reply_to": "mail.smtp.replyTo", "display_name": "mail.smtp.signature"},
    SMS: {"url": "providerURL", "content_type": "contentType", "method": "http.client.method", "headers": "http.headers",
          "token_endpoint": "tokenEndpoint", "authentication": "authentication.type", "api_key_header": "header"},
}


def _words(refusal: Refused) -> Problem | None:
    """WSO2's numbers where it has one (reference 1.3), the fields by their JSON names."""
    if isinstance(refusal, Conflict):
        return Problem(409, "NSM-60002", refusal.sentence, message="Notification sender already exists.")
    if isinstance(refusal, NotFound):
        return Problem(404, "NSM-65010", refusal.sentence, message="No notification sender found.")
    if not isinstance(refusal, Invalid):
        return None
    names = _JSON_NAMES[EMAIL] | _JSON_NAMES[SMS]
    number = {"provider": "NSM-60003", "body": "NSM-60004", "url": "NSM-60005"}.get(refusal.field, refusal.code)
    field = names.get(refusal.field, refusal.field)
    return Problem(400, number, f"{field}: {refusal.sentence}" if field else refusal.sentence)


def _mail(body: MailSender) -> NewSender:
    """Raises Invalid for a property that means nothing here, where WSO2 would keep it unused."""
    _named(body.name, EMAIL)
    values = {"host": body.host, "port": str(body.port), "from_address": body.from_address, "username": body.username}
    secret, switches = body.password, {"starttls": "true", "ssl": "false", "auth": "true"}
    if body.provider_url or body.provider.upper() != SMTP:
        raise Invalid("Only SMTP is possible for e-mail.", field="provider")
    for item in body.properties:
        if item.key in _MAIL_KEYS:
            values[_MAIL_KEYS[item.key]] = _text(item)
        elif item.key == "password":
            secret = _text(item)
        elif item.key in {"mail.smtp.starttls.enable", "mail.smtp.ssl.enable", "mail.smtp.auth"}:
            switches[item.key.split(".")[2]] = _switch(item)
        else:
            raise _alien(item)
    if switches["auth"] == "false" or body.auth_type == "NONE":
        values["username"] = ""
    implicit = switches["ssl"] == "true" or (switches["starttls"] == "false" and values["port"] == "465")
    values["security"] = "tls" if implicit else "starttls" if switches["starttls"] == "true" else "none"
    return NewSender(SMTP, values, secret)


def _text_sender(body: TextSender) -> NewSender:
    _named(body.name, SMS)
    if not body.provider:
        raise Invalid("SMS provider is not defined for notification sender.", field="provider")
    provider = {name.lower(): name for name in ("Twilio", "Vonage", CUSTOM)}.get(body.provider.lower(), body.provider)
    values = {"url": body.provider_url, "key": body.key, "sender": body.sender}
    secret, headers = body.secret, None
    if provider == CUSTOM:
        values["content_type"] = body.content_type or "JSON"
    for item in body.properties:
        if item.key == "http.headers":
            headers = _text(item)
        elif item.key in _TEXT_KEYS:
            values[_TEXT_KEYS[item.key]] = _text(item)
        else:
            raise _alien(item)
    if body.authentication is not None and provider == CUSTOM:
        secret = _signing_in(body.authentication, values, secret)
    return NewSender(provider, values, secret, headers)


def _signing_in(asked: Authentication, values: dict[str, str], secret: str | None) -> str | None:
    """Puts the way to sign in into `values`; the secret. Raises Invalid."""
    kind = asked.type.upper()
    if kind not in _PARTS:
        raise Invalid(f"This is one of: {', '.join(_PARTS)}.", field="authentication")
    values["authentication"] = kind
    for name, text in asked.properties.items():
        part = _PARTS[kind].get(name)
        if part is None:
            raise Invalid(f"{kind} has no property called {name[:60]}.", field="authentication")
        if part == "secret":
            secret = text
        else:
            values[part] = text
    return secret


def _named(name: str, channel: str) -> None:
    if name != NAMES[channel]:
        raise Invalid(f"The sender of this channel is always called {NAMES[channel]}.", field="name")


def _alien(item: Property) -> Invalid:
    return Invalid(f"There is no property called {item.key[:60]} for this sender.", field="properties")


def _text(item: Property) -> str:
    return str(item.value).lower() if isinstance(item.value, bool) else str(item.value)


def _switch(item: Property) -> str:
    text = _text(item).strip().lower()
    if text not in {"true", "false"}:
        raise Invalid("This is true or false.", field=item.key)
    return text


def _shown_mail(view: SenderView) -> MailSenderView:
    values = view.values
    switches = {
        "mail.smtp.starttls.enable": str(values["security"] == "starttls").lower(),
        "mail.smtp.ssl.enable": str(values["security"] == "tls").lower(), "mail.smtp.auth": str(bool(values["username"])).lower(),
        "mail.smtp.replyTo": values["reply_to"], "mail.smtp.signature": values["display_name"],
    }
    return MailSenderView(
        name=view.name, provider=SMTP, host=values["host"], port=int(values["port"]), from_address=values["from_address"],
        username=values["username"], auth_type="BASIC" if values["username"] else "NONE", properties=_properties(switches),
    )


def _shown_text(view: SenderView) -> TextSenderView:
    values = view.values
    kind = values.get("authentication", "NONE")
    parts = {name: values.get(part, "") for name, part in _PARTS[kind].items() if part != "secret"}
    extra = {"body": values.get("body", ""), "http.client.method": values.get("method", "")}
    extra["http.headers"] = ", ".join(f"{name}: {MASK}" for name in view.headers)
    return TextSenderView(
        name=view.name, provider=view.provider, provider_url=values["url"], content_type=values.get("content_type", "FORM"),
        key=values["key"], sender=values["sender"], authentication=Authentication(type=kind, properties=parts),
        properties=_properties(extra),
    )


def _properties(found: Mapping[str, str]) -> list[Property]:
    return [Property(key=key, value=value) for key, value in found.items() if value]


def _created(call: Call, path: str, channel: str, body: object) -> Answer:
    return Answer(201, body, {"Location": f"{call.prefix}{path}/{NAMES[channel]}"})


def _declare(root: str) -> None:
    """The routes below one root: version 1 and 2 answer alike."""
    _declare_mail(f"{root}/email")
    _declare_text(f"{root}/sms")
    push, one = f"{root}/push", f"{root}/push/{{name}}"
    for method, path, scope in (("GET", push, SENDER_VIEW), ("POST", push, SENDER_CREATE), ("GET", one, SENDER_VIEW),
                                ("PUT", one, SENDER_UPDATE), ("DELETE", one, SENDER_DELETE)):
        route(method, path, scope=scope, summary="Push is not offered", tag=_TAG, answers={}, errors=(501,))(_push)


def _push(call: Call, name: str = "") -> Answer:  # noqa: ARG001 - the path's word
    raise Problem(501, 501, "Push notifications are not offered here. Messages leave by e-mail or text message.")


def _declare_mail(path: str) -> None:
    one = f"{path}/{{name}}"

    @route("GET", path, scope=SENDER_VIEW, summary="List the tenant's own e-mail sender", tag=_TAG, answers={200: list[MailSenderView]},
           description=_ONE)
    def listing(call: Call) -> Answer:
        found = senders.find(house(), call.by, EMAIL)
        return Answer(body=[_shown_mail(found)] if found else [])

    @route("POST", path, scope=SENDER_CREATE, summary="Set up an e-mail sender", tag=_TAG, body=MailSender,
           answers={201: MailSenderView}, errors=(409,), refusals=_words, example=_MAIL_EXAMPLE, description=_ONE)
    def add(call: Call) -> Answer:
        made = senders.save(house(), call.by, EMAIL, _mail(call.body), now(), only="add")
        return _created(call, path, EMAIL, _shown_mail(made))

    @route("GET", one, scope=SENDER_VIEW, summary="Read the e-mail sender", tag=_TAG, answers={200: MailSenderView}, refusals=_words)
    def single(call: Call, name: str) -> Answer:
        return Answer(body=_shown_mail(senders.get(house(), call.by, EMAIL, name)))

    @route("PUT", one, scope=SENDER_UPDATE, summary="Change the e-mail sender", tag=_TAG, body=MailSender, answers={200: MailSenderView},
           errors=(412,), refusals=_words, example=_MAIL_EXAMPLE, description=_KEPT)
    def change(call: Call, name: str) -> Answer:
        _exists(name, EMAIL)
        return Answer(body=_shown_mail(senders.save(house(), call.by, EMAIL, _mail(call.body), now(), only="change")))

    _declare_delete(one, EMAIL)


def _declare_text(path: str) -> None:
    one = f"{path}/{{name}}"

    @route("GET", path, scope=SENDER_VIEW, summary="List the tenant's own SMS sender", tag=_TAG, answers={200: list[TextSenderView]},
           description=_ONE)
    def listing(call: Call) -> Answer:
        found = senders.find(house(), call.by, SMS)
        return Answer(body=[_shown_text(found)] if found else [])

    @route("POST", path, scope=SENDER_CREATE, summary="Set up an SMS sender", tag=_TAG, body=TextSender,
           answers={201: TextSenderView}, errors=(409,), refusals=_words, example=_TEXT_EXAMPLE, description=_ONE)
    def add(call: Call) -> Answer:
        made = senders.save(house(), call.by, SMS, _text_sender(call.body), now(), only="add")
        return _created(call, path, SMS, _shown_text(made))

    @route("GET", one, scope=SENDER_VIEW, summary="Read the SMS sender", tag=_TAG, answers={200: TextSenderView}, refusals=_words)
    def single(call: Call, name: str) -> Answer:
        return Answer(body=_shown_text(senders.get(house(), call.by, SMS, name)))

    @route("PUT", one, scope=SENDER_UPDATE, summary="Change the SMS sender", tag=_TAG, body=TextSender, answers={200: TextSenderView},
           errors=(412,), refusals=_words, example=_TEXT_EXAMPLE, description=_KEPT)
    def change(call: Call, name: str) -> Answer:
        _exists(name, SMS)
        return Answer(body=_shown_text(senders.save(house(), call.by, SMS, _text_sender(call.body), now(), only="change")))

    _declare_delete(one, SMS)


def _declare_delete(path: str, channel: str) -> None:
    @route("DELETE", path, scope=SENDER_DELETE, summary="Go back to the server's own sender", tag=_TAG, answers={204: None},
           refusals=_words)
    def delete(call: Call, name: str) -> Answer:
        senders.delete(house(), call.by, channel, now(), name)
        return Answer(204)


def _exists(name: str, channel: str) -> None:
    if name != NAMES[channel]:
        raise NotFound(f"No notification sender found with name: {name[:60]}.")


for _root in ROOTS:
    _declare(_root)
