"""Which encoding a text file is in. Spreadsheets write several, and only some of them say which."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import Literal

from housekey.core.errors import Invalid

Encoding = Literal["UTF-8", "UTF-16", "Windows-1252"]


def decoded(content: bytes) -> tuple[str, Encoding]:
    """The text without a byte order mark, and what it was taken for: UTF-16 only with a mark, Windows-1252 if it is no UTF-8.

    Raises Invalid (field file) for what is no text in any of them.
    """
    marked = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    tried: tuple[Encoding, ...] = ("UTF-16",) if marked else ("UTF-8", "Windows-1252")
    for encoding in tried:
        try:
            return content.removeprefix(BOM_UTF8).decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Invalid("This is not a text file. Save the table as CSV (UTF-8) and try again.", field="file")
