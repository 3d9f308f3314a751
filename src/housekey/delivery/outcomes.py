"""What can become of one try to deliver, and what follows from it: done, again later, or given up."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote, quote_plus

Kind = Literal["sent", "kept", "temporary", "permanent", "connection", "withdrawn", "released"]
"""sent: the server took it. kept: written to a file. temporary: refused for now (SMTP 4xx). permanent: refused for good
(SMTP 5xx). connection: the server could not be used at all. withdrawn: must not be sent any more. released: not tried."""

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LEAST_TRIES = 3
"""A message that was put back after days still gets this many tries before its age ends it."""

_CODE_SHAPED = re.compile(r"[A-Za-z0-9_-]{43,}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one try. `detail` is for an administrator: words first, then what the server said."""

    kind: Kind
    detail: str = ""
    not_before: timedelta | None = None
    """How long a server that refuses for now asks to be left alone (Retry-After)."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the message row becomes. `due` is set exactly when the state is queued, `finished` exactly when it is not."""

    state: Literal["queued", "sent", "kept", "failed", "withdrawn"]
    error: str = ""
    due: datetime | None = None
    finished: datetime | None = None
    counts: bool = True
    """Whether the try counts against the message; trouble with the server does not."""


def in_words(text: str, limit: int = 1000) -> str:
    """`text` fit for the database and the screen: one line, at most `limit` characters, nothing that could be a code.

    Mail servers quote offending addresses (URLs) in their refusals, and the address in an invitation opens an account.
    """
    return _CODE_SHAPED.sub("[removed]", _CONTROLS.sub(" ", text)).strip()[:limit]


def without(code: str, text: str) -> str:
    """`text` without the code of the message, in whatever capitals: what a server answers may quote what it was sent."""
    return re.sub(re.escape(code), "[removed]", text, flags=re.IGNORECASE) if code else text


def spellings(name: str, secret: str) -> list[str]:
    """All the ways in which a secret, with the name it belongs to, travels in mail and HTTP: a server may quote any of them."""
    if not secret:
        return []
    whole = (f"\0{name}\0{secret}", f"{name}:{secret}", secret)
    found = [base64.b64encode(text.encode()).decode() for text in whole]
    return list(dict.fromkeys([*found, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), secret]))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of them. Too short ones would only tear words apart."""
    for secret in sorted((item for item in secrets if len(item) > 2), key=len, reverse=True):
        text = without(secret, text)
    return text


def wait(tries: int) -> timedelta:
    """How long to wait after the `tries`-th refusal for now: 1 min, 2, 4 … 1 h, plus or minus a fifth so that retries spread."""
    plain = min(FIRST_WAIT * _doubled(tries), LONGEST_WAIT)
    return plain * (0.8 + secrets.randbelow(401) / 1000)


def outage_wait(failures: int) -> timedelta:
    """How long to leave an unreachable server alone after `failures` failures in a row: 5 s, 10, 20 … 5 min."""
    return min(timedelta(seconds=5) * _doubled(failures), timedelta(minutes=5))


def _doubled(times: int) -> int:
    """1, 2, 4 … for 1, 2, 3 …; bounded, so that the product stays a valid duration."""
    return 1 << min(max(times, 1) - 1, 10)


def decide(outcome: Outcome, *, since: datetime, attempts: int, failures: int, now: datetime, give_up_after: timedelta,
           not_after: datetime | None = None) -> Change:
    """What follows from an outcome. `since`: when the message was first due, or put back; `attempts`: counted tries before this one;
    `failures`: connection failures in a row.

    `not_after` is the end of the link or code: the next look is no later, so that the outbox tells the end when it comes.
    """
    detail = in_words(outcome.detail)
    if outcome.kind in {"sent", "kept"}:
        return Change("sent" if outcome.kind == "sent" else "kept", finished=now)
    if outcome.kind == "withdrawn":
        return Change("withdrawn", detail, finished=now, counts=False)
    if outcome.kind == "released":
        return Change("queued", "", due=now, counts=False)
    if outcome.kind == "permanent":
        return Change("failed", detail, finished=now)
    counts = outcome.kind == "temporary"
    if now - since >= give_up_after and (not counts or attempts + 1 >= LEAST_TRIES):
        error = in_words(f"Given up after {spoken(give_up_after)}. The last trouble: {detail}")
        return Change("failed", error, finished=now, counts=counts)
    due = now + max(wait(attempts + 1) if counts else outage_wait(failures), min(outcome.not_before or timedelta(0), LONGEST_WAIT))
    if not_after is not None and now < not_after < due:
        due = not_after
    return Change("queued", detail, due=due, counts=counts)


def spoken(span: timedelta) -> str:
    """A duration in words, in its largest whole unit: `24 hours`, `1 minute`."""
    minutes = max(1, int(span.total_seconds() // 60))
    number, unit = (minutes // 60, "hour") if minutes >= 60 and minutes % 60 == 0 else (minutes, "minute")
    return f"{number} {unit}" + ("" if number == 1 else "s")
