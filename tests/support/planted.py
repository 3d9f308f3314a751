"""A server with a mistake planted in it, to prove that the race tests would find that mistake.

`python -m tests.support.planted serve …` is `housekey serve …` whose codes are read first and written afterwards, and which
does not hold the account meanwhile.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from housekey.store.models import Code

WINDOW = 0.02
"""Seconds between the reading and the writing: a busy database makes as much."""


def select_then_update(code: Code, now: datetime) -> None:
    """What `operations.codes.spend` must not be."""
    from housekey.operations import codes
    from housekey.store.models import Code

    found = Code.objects.within(code.tenant_id).get(id=code.id)
    codes.must_live(found, now)
    time.sleep(WINDOW)
    Code.objects.within(code.tenant_id).filter(id=code.id).update(spent=now)


def plant() -> None:
    """Put the mistake into this process. Django must have been loaded."""
    from housekey.operations import accounts, codes

    held: Any = accounts
    held.hold = accounts.load
    spending: Any = codes
    spending.spend = select_then_update


def main() -> int:
    from housekey.cli import main as command
    from housekey.cli import worker

    genuine = worker.load

    def load() -> WSGIApplication:
        application = genuine()
        plant()
        return application

    planted: Any = worker
    # The worker process is a fork of this one, so it finds the other function here.
    planted.load = load
    return command()


if __name__ == "__main__":
    sys.exit(main())
