"""The mail floor: smtplib, one connection kept open after STARTTLS, a text that is ready."""

from __future__ import annotations

import smtplib
import ssl
import time
from pathlib import Path


def kept_open(port: int, ca_file: Path, count: int, text: bytes) -> float:
    """Mails per second over one connection."""
    with smtplib.SMTP("localhost", port, timeout=20) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(ca_file)))
        began = time.perf_counter()
        for number in range(count):
            client.sendmail("housekey@example.com", [f"floor{number}@example.com"], text)
        return count / (time.perf_counter() - began)
