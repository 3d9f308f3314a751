"""`[output_adapter.sms]`: what must hold for text messages to leave, and the payload template of a gateway."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote_plus, urlsplit

from housekey.conf.schema import SmsSender, is_loopback
from housekey.conf.sources import Layer, Report, Value, title

SMS = "output_adapter.sms"
PROVIDERS = ("Twilio", "Vonage", "Custom")
USUAL_BODY = {"json": '{"content": {{body}}, "to": {{mobile}}}', "form": "content={{body}}&to={{mobile}}"}
"""What is sent where `body` is not set: the shape of WSO2's own tests (reference wso2-server 1.3)."""

_CUSTOM = ("http_method", "content_type", "headers", "body", "authentication", "api_key_header", "token_endpoint", "scopes")
_NEEDED = {
    "Twilio": ("key", "secret", "sender"), "Vonage": ("key", "secret", "sender"), "none": (), "basic": ("key", "secret"),
    "bearer": ("secret",), "api_key": ("secret",), "client_credential": ("key", "secret", "token_endpoint"),
}
_PLACEHOLDER = re.compile(r"\{\{(body|mobile|sender|key|secret)\}\}")


def filled(template: str, values: Mapping[str, str], content_type: str) -> str:
    """The payload: every placeholder replaced by its value, quoted as JSON or encoded for a form, in one pass."""
    quote: Callable[[str], str] = json.dumps if content_type == "json" else quote_plus
    return _PLACEHOLDER.sub(lambda found: quote(values[found[1]]), template)


def template_of(sender: SmsSender) -> str:
    return sender.body or USUAL_BODY[sender.content_type]


def provider_mistake(text: str) -> str:
    return "" if _canonical(text) in PROVIDERS else "expected Twilio, Vonage or Custom"


def url_mistake(text: str) -> str:
    """`expected …`, or nothing for a URL that can be called. A password in it would be shown wherever the URL is."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        url = urlsplit("")
    if url.scheme not in {"http", "https"} or not url.hostname or not text.isascii() or any(char in text for char in ' "<>\\^`{|}'):
        return "expected a full URL such as https://sms.example.com/send"
    if url.fragment:
        return "expected a URL without a fragment"
    return "expected a URL without a user name; use key and secret" if "@" in url.netloc else ""


def header_mistake(text: str) -> str:
    return "" if re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", text) else "expected the name of an HTTP header"


def prepare(layer: Layer) -> None:
    """Bring what TOML allows into one form: a table of headers becomes a list, a template on several lines stands on one."""
    prefix = f"{SMS}.headers."
    table = {key: layer.pop(key) for key in list(layer) if key.startswith(prefix)}
    if table and f"{SMS}.headers" not in layer:
        first = next(iter(table.values()))
        lines = [f"{key.removeprefix(prefix)}: {value.raw}" for key, value in table.items()]
        layer[f"{SMS}.headers"] = Value(lines, first.source, first.folder, first.line)
    body = layer.get(f"{SMS}.body")
    if body and isinstance(body.raw, str):
        layer[f"{SMS}.body"] = replace(body, raw=" ".join(body.raw.split()))


def check(sender: SmsSender, layer: Layer, report: Report) -> SmsSender:
    """The settings with what follows from one another filled in; mistakes are reported."""
    if not sender.provider:
        given = next((value for key, value in layer.items() if key.startswith(f"{SMS}.")), None)
        if given and f"{SMS}.provider" not in layer:
            report.add("warning", "[output_adapter.sms] has no provider (Twilio, Vonage or Custom): text messages stay in the outbox.",
                       f"{SMS}.provider", given)
        return sender
    sender = replace(sender, provider=_canonical(sender.provider))
    if sender.http_method == "get" and f"{SMS}.content_type" not in layer:
        sender = replace(sender, content_type="form")
    custom = sender.provider == "Custom"
    _complete(sender, layer, report, _NEEDED[sender.authentication] if custom else _NEEDED[sender.provider])
    if custom:
        _custom(sender, layer, report)
    for key in (f"{SMS}.{name}" for name in _CUSTOM if not custom):
        if key in layer:
            report.add("info", f"{title(key)} has no effect with {sender.provider}.", key, layer[key])
    _in_the_clear(sender, layer, report)
    return sender


def _canonical(text: str) -> str:
    return {name.lower(): name for name in PROVIDERS}.get(text.strip().lower(), text)


def _complete(sender: SmsSender, layer: Layer, report: Report, needed: tuple[str, ...]) -> None:
    what = sender.provider if sender.provider != "Custom" else f"authentication = \"{sender.authentication}\""
    for name in needed:
        if not getattr(sender, name) and f"{SMS}.{name}" not in layer:
            report.add("error", f"[output_adapter.sms] {name} is missing: {what} needs it.", f"{SMS}.{name}", layer.get(f"{SMS}.provider"))


def _custom(sender: SmsSender, layer: Layer, report: Report) -> None:
    def say(name: str, words: str) -> None:
        report.add("error", f"{title(f'{SMS}.{name}')} {words}", f"{SMS}.{name}", layer.get(f"{SMS}.{name}", layer.get(f"{SMS}.provider")))

    if not sender.provider_url and f"{SMS}.provider_url" not in layer:
        say("provider_url", "is missing: a custom gateway needs the URL where messages are handed over.")
    if sender.http_method == "get" and sender.content_type == "json":
        say("content_type", "is JSON, which a GET request cannot carry: set content_type = \"FORM\".")
        return
    template = template_of(sender)
    absent = [name for name in ("{{mobile}}", "{{body}}") if name not in template]
    if absent:
        say("body", f"lacks {' and '.join(absent)}: without, no message can be handed over.")
    elif sender.content_type == "json" and not _is_json(template):
        say("body", "is not JSON once it is filled in. Placeholders bring their own quotes: write {\"to\": {{mobile}}}.")


def _is_json(template: str) -> bool:
    try:
        json.loads(filled(template, dict.fromkeys(("body", "mobile", "sender", "key", "secret"), "x"), "json"))
    except (ValueError, RecursionError):
        return False
    return True


def _in_the_clear(sender: SmsSender, layer: Layer, report: Report) -> None:
    for name in ("provider_url", "token_endpoint"):
        url = urlsplit(getattr(sender, name))
        if url.scheme == "http" and not is_loopback(url.hostname or ""):
            report.add("warning", f"[output_adapter.sms] {name} is plain http: codes and the gateway's password can be read on their way.",
                       f"{SMS}.{name}", layer.get(f"{SMS}.{name}"))
