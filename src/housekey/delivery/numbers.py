"""Telephone numbers as gateways take them."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[ \u00a0./()-]+")
_NUMBER = re.compile(r"\+?[0-9]{6,15}")
_TRUNK = re.compile(r"^(\+[0-9 .-]+)\(0\)")


class BadNumber(ValueError):
    """A number no text message can be sent to. The text is for an administrator."""

    def __init__(self) -> None:
        super().__init__("This is not a telephone number that a text message can be sent to. Write it as +491701234567 in the user's "
                         "profile and send a new message.")


def wire_number(written: str) -> str:
    """`+49 (0)170 / 123-45 67` or `tel:+49-170-1234567` as `+491701234567`. At most 15 digits (E.164). Raises BadNumber.

    A number without `+` stays without: what it means is the gateway's to know.
    """
    text = written.strip()
    text = text[4:] if text[:4].lower() == "tel:" else text
    bare = _SEPARATORS.sub("", _TRUNK.sub(r"\1", text))
    if not _NUMBER.fullmatch(bare):
        raise BadNumber
    return f"+{bare[2:]}" if bare.startswith("00") else bare
