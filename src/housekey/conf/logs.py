"""One event, one line on stderr: what a log collector expects, and what keeps a forged line break out of the log (A-116)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class OneLine(logging.Formatter):
    """`2026-01-31T08:00:00.123Z LEVEL logger: message`; a traceback follows on the same line, its breaks shown as `\\n`."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return f"{stamp} {record.levelname} {record.name}: {text}".translate(_ESCAPES)
