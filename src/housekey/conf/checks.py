"""What must hold beyond the type of a single value: bounds, values that belong together, names nobody knows."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from housekey.conf import sms, wso2
from housekey.conf.databases import url_mistake
from housekey.conf.schema import Config, EmailSender, is_loopback
from housekey.conf.sources import Layer, Report, Value, nearest, nearest_table, title
from housekey.core.errors import Invalid
from housekey.core.names import check_username, split_username

MAIL = "output_adapter.email"
BOUNDS: dict[str, tuple[int, int]] = {
    "server.port": (0, 65_535), "server.offset": (0, 56_092), "server.threads": (1, 64), f"{MAIL}.port": (1, 65_535),
    f"{MAIL}.timeout": (1, 300), f"{sms.SMS}.timeout": (1, 300),
    "outbox.connections": (1, 8), "outbox.give_up_after": (1, 43_200), "outbox.queue_alarm": (1, 10_000_000),
    "limits.body": (1_024, 1_073_741_824), "limits.form_fields": (20, 10_000), "limits.page": (1, 1_000),
    "limits.search": (1, 600),
    "oauth.token_validation.app_access_token_validity": (60, 86_400), "oauth.token_validation.user_access_token_validity": (60, 86_400),
    "oauth.token_validation.authorization_code_validity": (10, 600), "oauth.token_validation.refresh_token_validity": (60, 31_536_000),
    "oauth.token_validation.offline_access_validity": (60, 31_536_000),
    "sessions.idle": (1, 43_200), "sessions.absolute": (1, 43_200),
    "scim2.max_bulk_operations": (1, 10_000), "scim2.max_bulk_payload": (1_024, 1_073_741_824),
}
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")


def bounds(key: str, value: object) -> None:
    """Raise ValueError (`expected …`) for a value that has the right type and cannot be used."""
    if isinstance(value, int) and key in BOUNDS:
        low, high = BOUNDS[key]
        if not low <= value <= high:
            raise ValueError(f"expected a number from {low} to {high}")
    if isinstance(value, Path) and key != "secrets.keys_file":
        _readable(value)
    if isinstance(value, tuple) and key == "user_stores.domains":
        for domain in value:
            _domain(domain)
    if isinstance(value, str) and key in _TEXTS and (mistake := _TEXTS[key](value)):
        raise ValueError(mistake)


def _domain(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name) or name.upper() in {"PRIMARY", "INTERNAL", "APPLICATION", "SYSTEM"}:
        raise ValueError("expected names of letters, digits, dots, dashes and underscores, other than PRIMARY, Internal and Application")


def _readable(path: Path) -> None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise ValueError(f"expected a file that can be read ({error.strerror})") from None


def _host(text: str) -> str:
    if _is_ip(text.strip("[]")) or (len(text) <= 253 and _HOST.fullmatch(text)):
        return ""
    return "expected a host name alone, without scheme, port or path"


def _bind(text: str) -> str:
    return "" if _is_ip(text) or text == "localhost" else "expected an IP address, such as 127.0.0.1 or 0.0.0.0"


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _base_path(text: str) -> str:
    expected = "expected a full URL such as https://id.example.com"
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return expected
    if url.scheme not in {"http", "https"} or not url.hostname or _host(url.hostname) or " " in text or "\\" in text:
        return expected
    if "?" in text or "#" in text:
        return "expected a URL without a query or fragment"
    return "expected a URL without a user name" if "@" in url.netloc else ""


def _username(text: str) -> str:
    try:
        check_username(split_username(text))
    except Invalid as error:
        return f"expected a user name ({error.sentence})"
    return ""


def _address(text: str) -> str:
    return "" if _ADDRESS.fullmatch(text) else "expected an e-mail address"


_TEXTS: dict[str, Callable[[str], str]] = {
    "server.hostname": _host, "server.bind": _bind, "server.base_path": _base_path, "database.url": url_mistake,
    "super_admin.username": _username, f"{MAIL}.hostname": _host, f"{MAIL}.from_address": _address, f"{MAIL}.reply_to": _address,
    f"{sms.SMS}.provider": sms.provider_mistake, f"{sms.SMS}.provider_url": sms.url_mistake, f"{sms.SMS}.token_endpoint": sms.url_mistake,
    f"{sms.SMS}.api_key_header": sms.header_mistake,
}


def unknown(layer: Layer, known: Iterable[str], report: Report) -> None:
    """Say which keys have no effect: those of WSO2's that are not needed, and those nobody knows."""
    own = set(known)
    names = own | set(wso2.READ) | {key for key in wso2.UNUSED if "*" not in key}
    tables = {name.rpartition(".")[0] for name in names}
    told: set[str] = set()
    for key, value in layer.items():
        table = key.rpartition(".")[0]
        if key in own or (key in names and not wso2.is_unused(key)):
            continue
        if value.raw == {} and any(f"{name}.".startswith(f"{key}.") for name in tables):
            continue
        if wso2.is_unused(key):
            report.add("info", f"{title(key)} is accepted and has no effect here.", key, value)
        elif key in tables:
            report.add("error", f"[{key}] is a table; write its keys below a line [{key}].", key, value)
        elif table in tables or not table:
            report.add("warning", f"{title(key)} is not known and has no effect.{nearest(key, names)}", key, value)
        elif table not in told:
            told.add(table)
            report.add("warning", f"The table [{table}] is not known and has no effect.{nearest_table(table, tables)}", key, value)


def blank_mail_form(written: Layer) -> Value | None:
    """WSO2's guides print `[output_adapter.email]` with empty quotes to fill in: the first of them, if it was pasted as it is."""
    blanks = [written.get(f"{MAIL}.{name}") for name in ("from_address", "username", "password")]
    return blanks[0] if all(value is not None and value.raw == "" for value in blanks) else None


def drop_blank_mail_form(layer: Layer, blank: Value, report: Report) -> None:
    """A form that neither environment nor flags filled in means: no mail server yet."""
    if f"{MAIL}.hostname" in layer and not any(f"{MAIL}.{name}" in layer for name in ("from_address", "username", "password")):
        del layer[f"{MAIL}.hostname"]
        report.add("warning", "[output_adapter.email] is not filled in: without from_address no mail is sent. "
                              "Messages stay in the outbox until it is.", f"{MAIL}.from_address", blank)


def email(sender: EmailSender, layer: Layer, report: Report) -> EmailSender:
    """The mail settings with what follows from one another filled in."""
    if not sender.hostname:
        return sender
    where = layer.get(f"{MAIL}.hostname")
    if not sender.from_address and f"{MAIL}.from_address" not in layer:
        if _address(sender.username):
            report.add("error", "[output_adapter.email] from_address is missing: mail needs a sender's address.", f"{MAIL}.from_address",
                       where)
        sender = replace(sender, from_address=sender.username)
    if sender.enable_authentication and sender.username and not sender.password and f"{MAIL}.password" not in layer:
        report.add("error", "[output_adapter.email] password is missing: give it (or password_file), or set enable_authentication = false.",
                   f"{MAIL}.password", where)
    if sender.enable_authentication and not sender.username:
        report.add("info", "[output_adapter.email] has no username: mail is sent without signing in.", f"{MAIL}.username", where)
        sender = replace(sender, enable_authentication=False)
    if sender.enable_tls:
        return replace(sender, enable_start_tls=False)
    if sender.port == 465:
        report.add("warning", "[output_adapter.email] port 465 is usually implicit TLS: set enable_tls = true.", f"{MAIL}.port",
                   layer.get(f"{MAIL}.port"))
    return sender


def together(config: Config, layer: Layer, report: Report) -> None:
    """Values that are good alone and may not go together."""
    server = config.server
    for have, lack in (("certificate", "private_key"), ("private_key", "certificate")):
        if f"server.{have}" in layer and f"server.{lack}" not in layer:
            report.add("error", f"{title(f'server.{have}')} is given without {lack}; both are needed.", f"server.{lack}",
                       layer.get(f"server.{have}"))
    if server.tls == "off" and not is_loopback(server.bind):
        report.add("warning", f"[server] tls is off and {server.bind} can be reached from other machines: passwords and links travel in "
                              "the clear unless a proxy in front ends TLS.", "server.tls", layer.get("server.tls"))
    url = urlsplit(server.base_path)
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        report.add("warning", "[server] base_path is plain http: links in mails can be read and changed on their way.",
                   "server.base_path", layer.get("server.base_path"))
    if config.sessions.absolute < config.sessions.idle:
        report.add("error", "[sessions] absolute is shorter than idle; a session cannot rest longer than it lives.", "sessions.absolute",
                   layer.get("sessions.absolute", layer.get("sessions.idle")))
