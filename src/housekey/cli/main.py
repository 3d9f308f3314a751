"""`housekey`: finds the command, runs it, turns every refusal into one sentence and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence

from housekey.cli.options import CANNOT_START, REFUSED, put_into_environment, say
from housekey.cli.parse import parser
from housekey.cli.trouble import CannotStart
from housekey.conf.schema import ConfigErrors
from housekey.core.errors import Invalid, Refused

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code (listed in `housekey --help`). argparse itself exits with 2 for wrong usage."""
    arguments = parser().parse_args(argv)
    # Whatever is written holds secrets: the database its hashes, mail/ its links.
    os.umask(0o077)
    put_into_environment(arguments)
    module, _, function = arguments.command.partition(":")
    try:
        run: Callable[..., int] = getattr(importlib.import_module(f"housekey.cli.{module}"), function)
        return run(arguments)
    except ConfigErrors as errors:
        for finding in errors.findings:
            say(str(finding))
        return CANNOT_START
    except CannotStart as reason:
        say(f"housekey: {reason}")
        return CANNOT_START
    except Refused as refusal:
        say(f"housekey: {_told(refusal)}")
        return REFUSED
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; without this, closing stdout would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        sentence = _database_trouble(error)
        if not sentence:
            raise
        say(f"housekey: {sentence}")
        return CANNOT_START


def _told(refusal: Refused) -> str:
    rules = getattr(refusal, "rules", ())
    told = f"{refusal.sentence} ({', '.join(rules)})" if rules else refusal.sentence
    return f"{told} [{refusal.field}]" if isinstance(refusal, Invalid) and refusal.field else told


def _database_trouble(error: Exception) -> str:
    """A sentence for a database that does not answer or lacks its tables; "" for any other error."""
    if "django.db" not in sys.modules:
        return ""
    from django.db import DatabaseError, OperationalError, ProgrammingError

    if not isinstance(error, DatabaseError):
        return ""
    text = " ".join(str(error).split())
    if "no such table" in text or (isinstance(error, ProgrammingError) and "does not exist" in text):
        return "The database has not been set up yet. Run `housekey migrate`, or start `housekey serve`."
    if isinstance(error, OperationalError):
        return f"The database does not answer: {text}"
    return f"The database refused: {text}"
