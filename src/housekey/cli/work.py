"""`work`: the outbox alone, in the foreground."""

from __future__ import annotations

import signal
import threading
from argparse import Namespace
from functools import partial

from housekey.cli.options import DONE, check_keys, now, open_house, say
from housekey.cli.trouble import CannotStart

AT_ONCE = 10_000
"""Messages that `--once` handles at most."""


def work(arguments: Namespace) -> int:
    """Only the outbox: for a node without web, or with `--once` for a timer."""
    house = open_house()
    from housekey.cli.database import pending
    from housekey.delivery import worker

    if pending():
        raise CannotStart("The database is not up to date. Run `housekey migrate` first.")
    check_keys(house)
    if arguments.once:
        sent = worker.drain(house, now(), AT_ONCE)
        print(f"{sent} message{'' if sent == 1 else 's'} handled.")
        return DONE
    from housekey.cli.worker import keep

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say("Sending what is in the outbox. Stop with Ctrl+C.")
    keep("outbox", partial(worker.run, house, stop), stop)
    return DONE
