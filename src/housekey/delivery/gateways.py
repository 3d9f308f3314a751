"""What SMS gateways are sent and what their answers mean: Twilio, Vonage, and any other by a payload template.

As with mail, an answer that concerns every message (our account, our settings) is `connection`: no message is given up for it.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode, urlsplit

from housekey.conf.schema import SmsSender
from housekey.conf.sms import filled, template_of
from housekey.delivery.http import FORM, Answer, Call
from housekey.delivery.outcomes import Outcome, hidden, spellings

__all__ = ["Answer", "Call", "basic", "call", "host_of", "judge"]

TWILIO, VONAGE = "https://api.twilio.com", "https://rest.nexmo.com"
JSON = "application/json"

_GSM = re.compile("[A-Za-z0-9 \n\r@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,./:;<=>?¡ÄÖÑÜ§¿äöñüà^{}\\\\\\[~\\]|€-]*")
"""The alphabet of GSM 03.38; anything else must be announced as Unicode to Vonage."""
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_TWILIO_OURS = frozenset({20003, 20005, 21212, 21603, 21606, 21659, 21660, 63038})
"""Twilio's error codes that are about the account or the sender, though they come with status 400 (or 429, of the day's limit)."""
_VONAGE_LATER = frozenset({"1", "5", "10"})
_VONAGE_OURS = frozenset({"4", "8", "9", "11", "14", "15", "32"})
_OURS = {
    401: "The gateway refuses our sign-in. Check key and secret in [output_adapter.sms].",
    402: "The gateway wants to be paid first.",
    403: "The gateway refuses our sign-in. Check key and secret in [output_adapter.sms], and what the account may do.",
    405: "The gateway does not take this HTTP method. Check provider_url and http_method in [output_adapter.sms].",
    407: "A proxy in between wants to be signed in to.",
    415: "The gateway does not take this format. Check content_type in [output_adapter.sms].",
}
_LATER = frozenset({408, 425, 429})


def call(sms: SmsSender, number: str, text: str, token: str = "") -> Call:
    """The request that hands `text` over for `number`. `token`: of OAuth, where the gateway wants one."""
    if sms.provider == "Twilio":
        return _twilio(sms, number, text)
    if sms.provider == "Vonage":
        return _vonage(sms, number, text)
    return _custom(sms, number, text, token)


def judge(sms: SmsSender, answer: Answer, now: datetime, number: str, token: str = "") -> Outcome:
    """What an answer of the gateway means for the message to `number`."""
    said = _said(sms, answer, (number.removeprefix("+"), token))
    if 200 <= answer.status < 300:
        if sms.provider == "Vonage":
            return _vonage_says(answer, said)
        return Outcome("sent", f"Taken by {host_of(sms)}. {said}")
    if sms.provider == "Twilio" and _document(answer).get("code") in _TWILIO_OURS:
        return Outcome("connection", f"The gateway refuses to work for us. {said}")
    if 300 <= answer.status < 400:
        return Outcome("connection", f"The gateway sends us elsewhere, and we do not follow: correct provider_url. {said}")
    if answer.status in _OURS:
        return Outcome("connection", f"{_OURS[answer.status]} {said}")
    if answer.status in _LATER or answer.status >= 500:
        return Outcome("temporary", f"The gateway does not take messages right now. {said}", _patience(answer.retry_after, now))
    return Outcome("permanent", f"The gateway does not take this message. {said}")


def host_of(sms: SmsSender) -> str:
    """Host and port of the gateway, for sentences."""
    return urlsplit(sms.provider_url or {"Twilio": TWILIO, "Vonage": VONAGE}.get(sms.provider, "")).netloc


def basic(name: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _twilio(sms: SmsSender, number: str, text: str) -> Call:
    url = _at(sms.provider_url or TWILIO, f"/2010-04-01/Accounts/{quote(sms.key, safe='')}/Messages.json")
    sender = "MessagingServiceSid" if _SERVICE.fullmatch(sms.sender) else "From"
    form = urlencode({"To": number, sender: sms.sender, "Body": text})
    return Call("POST", url, {"Content-Type": FORM, "Authorization": basic(sms.key, sms.secret)}, form.encode())


def _vonage(sms: SmsSender, number: str, text: str) -> Call:
    form = {"api_key": sms.key, "api_secret": sms.secret, "from": sms.sender.removeprefix("+"), "to": number.removeprefix("+")}
    form["text"] = text
    if not _GSM.fullmatch(text):
        form["type"] = "unicode"
    return Call("POST", _at(sms.provider_url or VONAGE, "/sms/json"), {"Content-Type": FORM}, urlencode(form).encode())


def _custom(sms: SmsSender, number: str, text: str, token: str) -> Call:
    values = {"body": text, "mobile": number, "sender": sms.sender, "key": sms.key, "secret": sms.secret}
    payload = filled(template_of(sms), values, sms.content_type)
    signed = {
        "none": {}, "basic": {"Authorization": basic(sms.key, sms.secret)}, "bearer": {"Authorization": f"Bearer {sms.secret}"},
        "api_key": {sms.api_key_header: sms.secret}, "client_credential": {"Authorization": f"Bearer {token}"},
    }[sms.authentication]
    own = dict(sms.headers)
    mine = {name.lower() for name in own}
    if sms.http_method == "get":
        url = f"{sms.provider_url}{'&' if urlsplit(sms.provider_url).query else '?'}{payload}"
        return Call("GET", url, {name: value for name, value in signed.items() if name.lower() not in mine} | own)
    usual = {"Content-Type": JSON if sms.content_type == "json" else FORM} | signed
    headers = {name: value for name, value in usual.items() if name.lower() not in mine} | own
    return Call(sms.http_method.upper(), sms.provider_url, headers, payload.encode())


def _at(url: str, path: str) -> str:
    """The URL, with the usual path where it has none."""
    return url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}{path}"


def _vonage_says(answer: Answer, said: str) -> Outcome:
    """Vonage answers 200 to everything; the truth is in the body, one status for each part of a long message."""
    parts = _document(answer).get("messages")
    statuses = [str(part.get("status", "")) for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    if not statuses:
        return Outcome("temporary", f"The gateway's answer is not one of Vonage's: check provider_url. {said}")
    worst = next((status for status in statuses if status != "0"), "0")
    if worst == "0":
        return Outcome("sent", f"Taken by Vonage. {said}")
    if worst in _VONAGE_OURS:
        return Outcome("connection", f"The gateway refuses to work for us: check key, secret, sender and credit. {said}")
    if worst in _VONAGE_LATER:
        return Outcome("temporary", f"The gateway does not take messages right now. {said}")
    return Outcome("permanent", f"The gateway does not take this message. {said}")


def _document(answer: Answer) -> dict[str, object]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _said(sms: SmsSender, answer: Answer, secrets: tuple[str, ...]) -> str:
    """`The gateway said: 400 21211 Invalid number`: the status and a short excerpt without `secrets` and what we signed in with."""
    text = " ".join(_words(_document(answer)) or answer.body.decode(errors="replace").split())
    text = hidden(text, (*spellings(sms.key, sms.secret), sms.key, *secrets))
    return f"The gateway said: {answer.status} {text[:200]}".rstrip()


def _words(document: dict[str, object]) -> list[str]:
    """What is meant for people in a JSON answer; nothing where there is no such thing."""
    parts = document.get("messages")
    inner = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], dict) else {}
    names = ("code", "status", "error-text", "message", "title", "detail", "error")
    found = [place.get(name) for place in (document, inner) for name in names]
    return [str(value) for value in found if isinstance(value, str | int)]


def _patience(retry_after: str, now: datetime) -> timedelta | None:
    """RFC 9110 10.2.3: seconds, or a date. Nothing for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 86_400))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta(0))
