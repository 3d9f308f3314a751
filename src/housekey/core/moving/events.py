"""`identity-event.properties`: the handlers of events, and what of theirs means something here (reference server 1.6, 1.7)."""

from __future__ import annotations

import re

from housekey.core.moving import java
from housekey.core.moving.report import Moved, Place, switch
from housekey.core.properties import BY_NAME, MAX_LENGTH, MIN_LENGTH

_SETTINGS = {name.lower(): name for name in BY_NAME}
LONGEST = 500
"""Characters of a key that are looked at (A-086)."""
_HANDLER = re.compile(r"module\.name\.\d+|.+\.subscription(?:\.\d+)?(?:\..+)?|threadpool\.size", re.IGNORECASE)
_ENABLE = "passwordPolicy.enable"
_LENGTHS = frozenset({MIN_LENGTH, MAX_LENGTH})
_DIFFERS = {
    "passwordpolicy.": "Passwords are judged by length and a list of known ones; there are no patterns of characters.",
    "passwordhistory.": "There is no history of passwords; only the one that a reset replaced is refused.",
    "account.lock.handler.": "Nobody is locked out by wrong passwords: sign-ins are slowed down, with growing pauses.",
    "account.disable.handler.": "An account can always be disabled.",
    "suspension.notification.": "Idle accounts are not suspended.",
    "accountlock.": "Nobody is locked out by wrong passwords: sign-ins are slowed down, with growing pauses.",
}


def read(text: str, file: str, moved: Moved) -> None:
    found = list(java.read(text))
    policy = next((switch(value or "") for _, key, value in found if key == _ENABLE), None)
    for line, key, value in found:
        place = Place(file, line, key[:200])
        if value is None:
            moved.could_not(place, "This is no line of a properties file.")
        else:
            _take(place, value.strip(), moved, policy=policy is True)


def _take(place: Place, text: str, moved: Moved, *, policy: bool) -> None:
    name = _SETTINGS.get(place.key.lower(), "")
    if _HANDLER.fullmatch(place.key[:LONGEST]):
        moved.differs(place, "Handlers of events are built in and are not registered.")
    elif name in _LENGTHS and not policy:
        moved.differs(place, f"Has no effect there either: {_ENABLE} is not true. Housekey's own limits hold.")
    elif name in _LENGTHS and not (text.isdigit() and BY_NAME[name].low <= int(text[:9]) <= BY_NAME[name].high):
        item = BY_NAME[name]
        moved.differs(place, f"{item.label} is between {item.low} and {item.high} here; the usual {item.default} holds.")
    elif name and text:
        moved.want(place, BY_NAME[name].toml, text)
    elif name:
        moved.differs(place, "Is empty, which means: not set.")
    else:
        words = next((words for start, words in _DIFFERS.items() if place.key.lower().startswith(start)),
                     "Belongs to a handler of WSO2's server that Housekey has no setting for; it was left out.")
        moved.differs(place, words)
