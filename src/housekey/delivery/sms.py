"""Text messages over HTTP: one connection kept open, certificates checked, redirects not followed, answers read only so far."""

from __future__ import annotations

import json
import socket
import ssl
import time
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from housekey.conf.reach import Forbidden
from housekey.conf.schema import SmsSender
from housekey.delivery import http
from housekey.delivery.gateways import basic, call, host_of, judge
from housekey.delivery.http import FORM, MOST_READ, Answer, Call, Manner, words_for
from housekey.delivery.letter import Letter
from housekey.delivery.numbers import BadNumber, wire_number
from housekey.delivery.outcomes import Outcome

if TYPE_CHECKING:
    import httpx2

__all__ = ["MOST_READ", "SmsChannel"]

IDLE_SECONDS = 10.0
"""A connection that was not used for so long is closed."""
_MANNER = Manner("the gateway", "If it comes from a private certificate authority, name that authority's PEM file in ca_file.",
                 "Check provider_url, and that the gateway runs.")


class GatewayTrouble(Exception):
    """The gateway cannot be used as configured, and was handed nothing. The text is for an administrator."""


class UnknownEnd(Exception):
    """The connection broke after the message had been handed over. The text is for an administrator."""


class SmsChannel:
    """One sending thread's connection to the gateway. Not shared between threads."""

    def __init__(self, sms: SmsSender, *, private: bool | None = None) -> None:
        """`private`: None trusts the URL as it is; else it is looked where it leads, and whether that may be a private network."""
        self._sms, self._private = sms, private
        self._client: httpx2.Client | None = None
        self._used = 0.0
        self._token, self._token_ends = "", 0.0

    def send(self, letter: Letter, now: datetime) -> Outcome:
        """Hand one letter to the gateway. Never raises for what the gateway or the network does."""
        try:
            number = wire_number(letter.recipient)
            token = self._oauth()
            answer = self._ask(call(self._sms, number, letter.text, token), host_of(self._sms))
        except BadNumber as error:
            return Outcome("permanent", str(error))
        except GatewayTrouble as trouble:
            self.close()
            return Outcome("connection", str(trouble))
        except UnknownEnd as end:
            self.close()
            return Outcome("temporary", str(end))
        if answer.status == 401:
            self._token = ""
        return judge(self._sms, answer, now, number, token)

    def _ask(self, request: Call, where: str) -> Answer:
        import httpx2

        client = self._open()
        try:
            return self._streamed(client, request)
        except socket.gaierror:
            raise GatewayTrouble(f"The name of the gateway {where} cannot be resolved.") from None
        except Forbidden as error:
            raise GatewayTrouble(str(error)) from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError, httpx2.LocalProtocolError,
                httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise GatewayTrouble(words_for(error, where, _MANNER)) from None
        except httpx2.HTTPError as error:
            raise UnknownEnd(f"The connection to {where} broke while the message was handed over ({type(error).__name__}).") from None

    def _streamed(self, client: httpx2.Client, request: Call) -> Answer:
        ways = [request] if self._private is None else http.pinned(request, private=self._private)
        answer = http.exchange(client, ways, self._sms.timeout)
        self._used = time.monotonic()
        return answer

    def _open(self) -> httpx2.Client:
        if self._client is None:
            self._client = http.opened(self._tls(), self._sms.timeout, proxies=self._private is None,
                                       Accept="application/json, */*;q=0.5")
            self._used = time.monotonic()
        return self._client

    def _tls(self) -> ssl.SSLContext:
        try:
            return http.trusted(self._sms.ca_file)
        except OSError as error:
            why = error.strerror or "not a PEM file"
            raise GatewayTrouble(f"The certificate authority in ca_file of [output_adapter.sms] cannot be read ({why}).") from None

    def _oauth(self) -> str:
        """A token where the gateway wants one, kept until shortly before its end (RFC 6749 4.4)."""
        sms = self._sms
        if sms.provider != "Custom" or sms.authentication != "client_credential":
            return ""
        if not self._token or time.monotonic() > self._token_ends:
            form = {"grant_type": "client_credentials"} | ({"scope": sms.scopes} if sms.scopes else {})
            request = Call("POST", sms.token_endpoint, {"Content-Type": FORM, "Authorization": basic(sms.key, sms.secret)},
                           urlencode(form).encode())
            try:
                answer = self._ask(request, urlsplit(sms.token_endpoint).netloc)
            except UnknownEnd as end:
                raise GatewayTrouble(str(end)) from None
            self._token, lasts = _token_in(answer)
            self._token_ends = time.monotonic() + lasts - 30
        return self._token

    def tidy(self) -> None:
        """Close the connection if it has been idle for `IDLE_SECONDS`."""
        if self._client is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _token_in(answer: Answer) -> tuple[str, float]:
    """The token and the seconds it lasts. Raises GatewayTrouble for anything that is not a token."""
    trouble = f"No token could be got from token_endpoint of [output_adapter.sms] (HTTP {answer.status}). Check key, secret and scopes."
    if answer.status != 200:
        raise GatewayTrouble(trouble)
    try:
        found = json.loads(answer.body)
        token, lasts = found["access_token"], float(found.get("expires_in", 300))
    except (ValueError, RecursionError, LookupError, TypeError, OverflowError):
        raise GatewayTrouble(trouble) from None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise GatewayTrouble(trouble)
    return token, min(max(lasts, 0.0), 86_400.0)
