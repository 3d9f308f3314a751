"""A tenant's own senders of messages: what can be set, and what is wrong with it. Secrets are only counted here, never kept.

Names are those of the form and of `deployment.toml`; the REST door translates WSO2's. Where a sender may lead in the network is decided
a second time, by address, when it is used (delivery.reach): a name can point anywhere.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from housekey.core.errors import Invalid
from housekey.core.messages import EMAIL, SMS

NAMES = MappingProxyType({EMAIL: "EmailPublisher", SMS: "SMSPublisher"})
"""WSO2's names. A tenant has one sender for each channel."""
SMTP, TWILIO, VONAGE, CUSTOM = "SMTP", "Twilio", "Vonage", "Custom"
PROVIDERS: Mapping[str, tuple[str, ...]] = MappingProxyType({EMAIL: (SMTP,), SMS: (TWILIO, VONAGE, CUSTOM)})
SECURITY = ("starttls", "tls", "none")
METHODS = ("POST", "PUT", "GET")
CONTENT_TYPES = ("JSON", "FORM")
AUTHENTICATION = ("NONE", "BASIC", "BEARER", "API_KEY", "CLIENT_CREDENTIAL")
MASK = "***"
"""Stands for a secret in what is shown. Sent back, it keeps the one that is stored."""
MOST_HEADERS = 20
MOST_SECRET = 1_000

FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    SMTP: {"host": "", "port": "587", "security": "starttls", "username": "", "from_address": "", "reply_to": "", "display_name": ""},
    TWILIO: {"key": "", "sender": "", "url": ""},
    VONAGE: {"key": "", "sender": "", "url": ""},
    CUSTOM: {"url": "", "method": "POST", "content_type": "JSON", "body": "", "sender": "", "authentication": "NONE", "key": "",
             "api_key_header": "X-API-Key", "token_endpoint": "", "scopes": ""},
})
"""What each provider knows, with its defaults; beside it come the secret and, for Custom, the headers."""
DESTINATION: Mapping[str, tuple[str, ...]] = MappingProxyType({
    SMTP: ("host", "port", "security", "username"), TWILIO: ("url", "key"), VONAGE: ("url", "key"),
    CUSTOM: ("url", "token_endpoint", "authentication", "key"),
})
"""Where a secret goes and whose it is: when one of these changes, the stored secret is not carried along (A-138)."""

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_MAILBOX = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,255}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_PLACEHOLDER = re.compile(r"\{\{(body|mobile|sender|key|secret)\}\}")
_LIMITS = {"host": 253, "body": 4_000, "url": 1_000, "token_endpoint": 1_000, "scopes": 500}
_RESERVED = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"})
"""Headers that belong to the transport: whoever sets them can say one thing and send another."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What of a sender may be shown. `values`: every field of the provider; `headers`: names only."""

    provider: str
    values: Mapping[str, str]
    headers: tuple[str, ...] = ()


def clean(channel: str, provider: str, given: Mapping[str, str], *, private: bool) -> dict[str, str]:
    """Every field of the provider in its one spelling, defaults filled in. `private`: networks of our own may be reached.

    Raises Invalid naming the field.
    """
    if provider not in PROVIDERS[channel]:
        raise Invalid(f"The provider is one of: {', '.join(PROVIDERS[channel])}.", field="provider")
    alien = sorted(set(given) - set(FIELDS[provider]))
    if alien:
        raise Invalid(f"{provider} knows no setting called {alien[0][:60]}.", field=alien[0][:60])
    values = dict(FIELDS[provider])
    for name, text in given.items():
        values[name] = _plain(name, text) or (FIELDS[provider][name] if name != "body" else "")
    (_smtp if provider == SMTP else _gateway)(provider, values, private)
    return values


def _plain(name: str, text: str) -> str:
    """Without space around it, on one line. A template may have been typed on several: its lines become one."""
    text = " ".join(text.split()) if name == "body" else text.strip()
    limit = _LIMITS.get(name, 255)
    if len(text) > limit:
        raise Invalid(f"This is too long: {limit} characters are possible.", field=name)
    if not text.isprintable():
        raise Invalid("This has a line break or another character that cannot be printed.", field=name)
    return text


def _smtp(provider: str, values: dict[str, str], private: bool) -> None:  # noqa: ARG001 - as for the gateways
    _required(values, ("host", "from_address"))
    values["host"] = _host(values["host"], "host", private)
    if not re.fullmatch(r"[0-9]{1,5}", values["port"]) or not 1 <= int(values["port"]) <= 65_535:
        raise Invalid("The port is a number from 1 to 65535, mostly 587.", field="port")
    values["port"] = str(int(values["port"]))
    _one_of(values, "security", SECURITY)
    if values["security"] == "none" and not private:
        raise Invalid("Mail must travel encrypted: choose STARTTLS or TLS.", field="security")
    for name in ("from_address", "reply_to"):
        if values[name] and not _MAILBOX.fullmatch(values[name]):
            raise Invalid("This is not an e-mail address. Write it like no-reply@example.com.", field=name)
    if not values["username"].isascii():
        raise Invalid("The username has characters that SMTP sign-in cannot carry.", field="username")


def _gateway(provider: str, values: dict[str, str], private: bool) -> None:
    if provider == CUSTOM:
        _custom(values)
    else:
        _required(values, ("key", "sender"))
    for name in ("url", "token_endpoint"):
        if values.get(name):
            _url(values[name], name, private)
    for name in ("key", "sender"):
        if not _VALUE.fullmatch(values[name]) and name == "key":
            raise Invalid("This has characters that cannot be sent in a header.", field=name)


def _custom(values: dict[str, str]) -> None:
    _required(values, ("url",))
    _one_of(values, "method", METHODS)
    _one_of(values, "content_type", CONTENT_TYPES)
    _one_of(values, "authentication", AUTHENTICATION)
    if values["method"] == "GET" and values["content_type"] == "JSON":
        raise Invalid("GET cannot carry JSON: choose FORM.", field="content_type")
    if not _TOKEN.fullmatch(values["api_key_header"]) or values["api_key_header"].lower() in _RESERVED:
        raise Invalid("This is not the name of a header that can be set.", field="api_key_header")
    if values["authentication"] in {"BASIC", "CLIENT_CREDENTIAL"} and not values["key"]:
        raise Invalid("This way of signing in needs a key.", field="key")
    if values["authentication"] == "CLIENT_CREDENTIAL":
        _required(values, ("token_endpoint",))
    if values["body"]:
        _template(values["body"], values["content_type"])


def _template(body: str, content_type: str) -> None:
    absent = [name for name in ("{{mobile}}", "{{body}}") if name not in body]
    if absent:
        raise Invalid(f"The template lacks {' and '.join(absent)}.", field="body")
    if content_type == "JSON":
        try:
            json.loads(_PLACEHOLDER.sub('"x"', body))
        except (ValueError, RecursionError):
            sentence = 'The template is not JSON once it is filled in. Placeholders bring their own quotes: write {"to": {{mobile}}}.'
            raise Invalid(sentence, field="body") from None


def needs_secret(provider: str, values: Mapping[str, str]) -> bool:
    """Can nothing be sent without a secret?"""
    if provider == SMTP:
        return bool(values["username"])
    return provider != CUSTOM or values["authentication"] != "NONE"


def check_secret(text: str, provider: str) -> str:
    """Raises Invalid for what no protocol could carry. Never quotes it."""
    if len(text) > MOST_SECRET:
        raise Invalid(f"The secret is too long: {MOST_SECRET} characters are possible.", field="secret")
    if not text.isprintable() or (provider in {SMTP, CUSTOM} and not text.isascii()):
        raise Invalid("The secret has a line break or characters that cannot be sent.", field="secret")
    return text


def read_headers(text: str) -> list[tuple[str, str]]:
    """`Name: value`, one a line or, as WSO2 writes them, separated by commas before the next name. Raises Invalid; never quotes a value.

    A carriage return inside a value would be a second header (A-113): nothing but printable ASCII is taken.
    """
    pieces = [piece.strip() for line in text.replace("\r\n", "\n").split("\n") for piece in re.split(r",(?=\s*[A-Za-z0-9-]+\s*:)", line)]
    found: list[tuple[str, str]] = []
    for piece in filter(None, pieces):
        name, colon, value = piece.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Invalid("Write each header as Name: value, in plain ASCII.", field="headers")
        if name.lower() in _RESERVED:
            raise Invalid(f"The header {name} is set by the transport itself.", field="headers")
        if name.lower() in {known.lower() for known, _ in found}:
            raise Invalid(f"The header {name} is there twice.", field="headers")
        found.append((name, value))
    if len(found) > MOST_HEADERS or sum(len(name) + len(value) for name, value in found) > 4_000:
        raise Invalid(f"These are too many headers: {MOST_HEADERS} are possible, of 4000 characters.", field="headers")
    return found


def _required(values: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if not values[name]:
            raise Invalid("This is needed.", field=name)


def _one_of(values: dict[str, str], name: str, known: tuple[str, ...]) -> None:
    spelled: Callable[[str], str] = str.lower if name == "security" else str.upper
    values[name] = spelled(values[name])
    if values[name] not in known:
        raise Invalid(f"This is one of: {', '.join(known)}.", field=name)


def _host(text: str, field: str, private: bool) -> str:
    name = text.strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if not _HOST.fullmatch(text):
            raise Invalid("Write the name of the host alone, without scheme, port or path.", field=field) from None
        if not private and (text.rstrip(".").lower() == "localhost" or text.rstrip(".").lower().endswith(".localhost")):
            raise Invalid(INSIDE, field=field) from None
        return text
    if not private and not is_public(address):
        raise Invalid(INSIDE, field=field)
    return name


INSIDE = "This leads into the server's own network, which a sender of a tenant's own may not reach."


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Is it an address of the public Internet? An IPv4 address inside an IPv6 one counts as what it carries (A-071)."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.sixtofour is not None or address.teredo is not None or address not in _UNICAST or address.scope_id:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _SPECIAL)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that was ever given out. Outside lie other ways to write IPv4, such as 64:ff9b:1::/48 (RFC 8215) and ::ffff:0:0:0/96 (RFC 2765)."""
_SPECIAL = (ipaddress.IPv6Network("3fff::/20"), ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("192.88.99.0/24"))
"""What Python 3.11 takes for global, and IANA's registries of special addresses do not."""


def _url(text: str, field: str, private: bool) -> None:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        url, port = urlsplit(""), 0
    if url.scheme != "https" or not url.hostname or port == 0 or not text.isascii() or any(char in text for char in ' "<>\\^`{|}'):
        raise Invalid("Write a full address that begins with https://.", field=field)
    if url.fragment or "@" in url.netloc:
        raise Invalid("Write the address without a user name and without a fragment.", field=field)
    _host(url.hostname, field, private)
