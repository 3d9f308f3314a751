"""A mail shown in a frame: its styles stand in it, and the content policy allows exactly these, by their hashes, and none besides."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

_ATTRIBUTE = re.compile(r"""\sstyle=(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_SHEET = re.compile(r"<style[^>]*>(.*?)</style>", re.IGNORECASE | re.DOTALL)
_END_OF_HEAD = re.compile(r"</head>", re.IGNORECASE)
_ODD = re.compile(r"[{}<>@\\]")
"""What declarations of a mail do not hold; those that do are not shown."""


def styled(html: str) -> tuple[str, str]:
    """The document with its `style` attributes as rules of a sheet (a policy knows no hash for attributes), and the value of `style-src`.

    Rules come last and are found by an attribute: they go before everything in the mail's own sheets that is not `!important`, as
    attributes do.
    """
    rules: dict[str, int] = {}

    def moved(match: re.Match[str]) -> str:
        declarations = unescape(match[1] or match[2] or "")
        if _ODD.search(declarations):
            return ""
        return f' data-style="{rules.setdefault(declarations, len(rules))}"'

    html = _ATTRIBUTE.sub(moved, html)
    text = "".join(f'[data-style="{number}"]{{{declarations}}}' for declarations, number in rules.items())
    sheet = f"<style>{text}</style></head>"
    html = _END_OF_HEAD.sub(lambda _: sheet, html, count=1)
    hashes = {f"'sha256-{b64encode(sha256(found.encode()).digest()).decode()}'" for found in _SHEET.findall(html)}
    return html, " ".join(sorted(hashes)) or "'none'"
