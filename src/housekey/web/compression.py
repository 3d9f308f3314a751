"""What browsers load travels compressed: pages while they are answered, static files once, when the server starts.

Answers of the programs' doors (SCIM, REST, SOAP) stay as they are: they are small, and their clients count milliseconds.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from whitenoise.compress import Compressor  # type: ignore[import-untyped] # it ships no types


class CompressedPages(GZipMiddleware):
    """HTML only. Random padding (Django's, against BREACH) and masked CSRF tokens keep lengths from telling what a page holds."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # type: ignore[override] # no page is streamed
        if response.headers.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)  # type: ignore[return-value] # as above
        return response


def packed(root: Path, place: Path) -> Path:
    """A copy of `root`'s files under `place`, each beside a `.gz` of it where that is shorter. Raises OSError.

    Every worker makes it: a file appears whole or not at all, and the same file again changes nothing. The folder is ours alone: other
    files are removed, folders left, and a link in its place goes, or what it leads to would be emptied.
    """
    if place.is_symlink():
        place.unlink(missing_ok=True)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        for file in (item for item in root.iterdir() if item.is_file()):
            copy = Path(scratch) / file.name
            copy.write_bytes(file.read_bytes())
            for made in (*Compressor(use_brotli=False, quiet=True).compress(str(copy)), copy):
                os.replace(made, place / Path(made).name)
    for old in place.iterdir():
        if (old.is_symlink() or not old.is_dir()) and not (root / old.name.removesuffix(".gz")).exists():
            old.unlink(missing_ok=True)
    return place
