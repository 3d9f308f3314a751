"""`config fix`: a malformed `deployment.toml` rewritten with the same meaning."""

from __future__ import annotations

import difflib
import os
import re
import sys
from argparse import Namespace
from pathlib import Path

from housekey.cli import output
from housekey.cli.options import DONE, REFUSED, say
from housekey.conf.lenient import MAX_BYTES, statements
from housekey.core.errors import Invalid

_SECRET = re.compile(r"[^\n]*?(?:pass ?word|secret|headers|url|api_?key)[\"']?(?:\.[\w.\"'-]{1,100})?\s*[=:]\s*(\"?)", re.IGNORECASE)
"""A statement whose value is not shown, from the first such word on: it may stand in a table on one line, or before a colon."""


def fix(arguments: Namespace) -> int:
    """Prints the difference; writes it only when asked to. Exit code 1 if a line means nothing and was made a comment."""
    from housekey.conf import fixing
    from housekey.conf.replacing import backup_of, put

    path = Path(os.environ.get("HOUSEKEY_CONFIG") or Path(os.environ["HOUSEKEY_DATA"]) / "deployment.toml")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        fixed = fixing.fix(content)
    except OSError as error:
        raise Invalid(f"The configuration file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise Invalid(f"{path}: {error}") from None
    for line, sentence in fixed.lost:
        say(f"line {line}: {sentence} It is a comment now." if line else sentence)
    if fixed.anew:
        say("The file had to be written anew from its values; its comments are in the old one only.")
    before = content.decode("utf-8-sig").replace("\r\n", "\n")
    if before == fixed.text.replace("\r\n", "\n"):
        print("Nothing to fix.")
        return DONE
    texts = _masked(before).splitlines(), _masked(fixed.text).splitlines()
    for words in difflib.unified_diff(*texts, str(path), f"{path} (fixed)", lineterm=""):
        print(output.text(words) if sys.stdout.isatty() else words)
    if arguments.write:
        try:
            put(path, fixed.text.encode())
        except OSError as error:
            raise Invalid(f"{path} cannot be written: {error.strerror}.") from None
        say(f"{path} was written; the old one is {backup_of(path).name}.")
    else:
        say("Nothing was written. To write it: housekey config fix --write")
    return REFUSED if fixed.lost else DONE


def _masked(text: str) -> str:
    """The text with secrets as ***, in quotes where there are some: what lacks them is still to be seen."""
    return "\n".join(f"{found[0]}***{found[1]}" if (found := _SECRET.match(statement)) else statement for _, statement in statements(text))
