"""The call that tells an application of a sign-out (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8)."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import urlencode, urlsplit

from housekey.conf.reach import Forbidden
from housekey.delivery import http
from housekey.delivery.http import FORM, Answer, Call, Manner, at_most, words_for

SECONDS = 5.0
"""That one call takes at most, looking up the name not counted."""
FINAL = frozenset({400, 404, 410})
"""The application has said no (400), or there is nothing at that address any more."""
_MANNER = Manner("the application at", "A private certificate authority is trusted through SSL_CERT_FILE in the server's environment.",
                 "Check its back-channel logout address.")


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one call. `later`: to be tried again; `reached`: the application answered, whatever it said."""

    outcome: Literal["told", "refused", "later"]
    words: str = ""
    """For an administrator."""
    reached: bool = True


def tell(uri: str, logout_token: str, *, private: bool) -> Told:
    """Post the token to an application. `private`: it may be in the server's own networks. Never raises for what is at the other end."""
    import httpx2

    call = Call("POST", uri, {"Content-Type": FORM, "Cache-Control": "no-store"}, urlencode({"logout_token": logout_token}).encode())
    where = uri[:200]
    try:
        where = urlsplit(uri).netloc or where
        # A client of its own: cookies of one application are no business of the next.
        with http.opened(_trusted(), SECONDS, proxies=False) as client, at_most(SECONDS, call) as limited:
            return _judged(http.exchange(client, http.pinned(limited, private=private), SECONDS))
    except Forbidden:
        return Told("later", f"{where} leads into the server's own network, which an application of this tenant may not be in.", False)
    except socket.gaierror:
        return Told("later", f"The name {where} cannot be resolved.", False)
    except TimeoutError:
        return Told("later", f"The application at {where} did not answer in time.", False)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        return Told("later", words_for(error, where, _MANNER), False)


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: it takes longer than a call does. Raises OSError."""
    return http.trusted()


def _judged(answer: Answer) -> Told:
    """Section 2.8: 200 it is; some answer 204 as well. Redirects are answers like others, and not followed (A-071)."""
    if 200 <= answer.status < 300:
        return Told("told")
    words = f"The application answered {answer.status}{_said(answer.body)}."
    return Told("refused" if answer.status in FINAL else "later", words)


def _said(body: bytes) -> str:
    """`: invalid_request (…)` of an answer in OAuth's form, short and printable; `""` of any other."""
    try:
        found = json.loads(body)
        parts = [found.get("error"), found.get("error_description")]
    except (ValueError, RecursionError, AttributeError):
        return ""
    texts = ["".join(char for char in part if char.isprintable())[:100] for part in parts if isinstance(part, str)]
    return f": {' – '.join(texts)}" if any(texts) else ""
