"""The child process that readies the database before `serve` starts, so that the parent itself never loads Django.

Run as `python -m housekey.cli.prepare PARENT`; prints one JSON object. With `look` after it, it only looks at the keys.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass

from housekey.cli.guard import hold_to_parent
from housekey.cli.options import CANNOT_START, DONE, check_keys, enter, now, open_house
from housekey.cli.trouble import CannotStart
from housekey.conf.schema import ConfigErrors
from housekey.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Ready:
    """What the parent prints. `link`: the first administrator's set-password URL, "" if somebody has used it."""

    migrated: int = 0
    link: str = ""
    warning: str = ""
    database: str = ""
    refused: str = ""


def in_child(*arguments: str) -> Ready:
    """Run the preparation in a child. Raises CannotStart with the child's sentence."""
    child = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "housekey.cli.prepare", str(os.getpid()), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        check=False)
    try:
        ready = Ready(**json.loads(child.stdout))
    except (ValueError, TypeError):
        raise CannotStart(f"The database could not be prepared (the child ended with {child.returncode}).") from None
    if ready.refused:
        raise CannotStart(ready.refused)
    return ready


def prepare() -> Ready:
    """Migrate where that is safe, check the keys, make sure that an administrator can get in. Raises CannotStart, Refused."""
    from housekey.cli.database import alone, bring_up_to_date

    house = open_house()
    from django.db import connection

    from housekey.core.principal import system
    from housekey.operations import bootstrap, sealing, stores, tenants

    with alone():
        migrated = bring_up_to_date(asked=False)
        check_keys(house)
        sealing.rewrap(house)
        stores.ensure_primary(house, system(tenants.ensure_default(now())), now())
        link = bootstrap.first_administrator(house, now()) or ""

    return Ready(migrated, link, bootstrap.guard_default_password(house), connection.vendor)


def look() -> Ready:
    """What a reload needs to know. Raises CannotStart."""
    enter()
    return Ready()


def main() -> int:
    # Ctrl+C reaches this process too; the parent is the one that answers.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    hold_to_parent(int(sys.argv[1]))
    from django.db import DatabaseError

    try:
        ready = look() if sys.argv[2:] == ["look"] else prepare()
    except (CannotStart, ConfigErrors) as reason:
        ready = Ready(refused=str(reason))
    except Refused as refusal:
        ready = Ready(refused=refusal.sentence)
    except DatabaseError as error:
        ready = Ready(refused=f"The database does not answer: {' '.join(str(error).split())}")
    print(json.dumps(asdict(ready)))
    return CANNOT_START if ready.refused else DONE


if __name__ == "__main__":
    sys.exit(main())
