"""`python -m tests.faults.deeds DATA PORT`: a process that does deeds on the users of a directory until somebody kills it.

What loads Django once stays, and forks: each command on standard input is a child of its own. `set up`: database and store; `deeds SEED`
and `work SEED`: prints a process id, and goes on until that process is killed; `reap`: waits for its end; `repair`: what is left half done
is finished or undone; `judge`: prints as JSON what our database says; `finish`: everybody who has a link uses it, and everybody signs in.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from housekey.conf.house import House

DOMAIN = "STAFF"
LATER = timedelta(hours=1)
"""By then nobody waits for a deed any more."""


class Deeds:
    """What one child does. `told` is the file in which it notes what it begins and what it was told: a line at once, whatever dies."""

    def __init__(self, house: House, told: Path, seed: int) -> None:
        from housekey.core.principal import system
        from housekey.operations import tenants

        self.house, self.seed, self.dice = house, seed, random.Random(seed)  # noqa: S311 - the same deeds in each run
        self.tenant = tenants.default()
        self.by = system(self.tenant)
        self._told = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def note(self, *words: str) -> None:
        os.write(self._told, (" ".join(words) + "\n").encode())

    def forever(self) -> None:
        from housekey.core.errors import Refused

        kinds: list[Callable[[int], None]] = [self.create, self.create, self.create, self.redeem, self.redeem, self.change, self.reset,
                                              self.delete, self.send]
        self.begin()
        number = 0
        while True:
            number += 1
            try:
                self.dice.choice(kinds)(number)
            except Refused as refusal:
                self.note("refused", type(refusal).__name__)

    def begin(self) -> None:
        """The connections stand; from now on every moment is in the middle of a deed."""
        from housekey.operations import directories

        placed = directories.of(self.tenant, DOMAIN)
        assert placed is not None
        placed.client.by_name("nobody")
        self.note("begun", str(self.seed))

    def some(self, **wanted: Any) -> Any:
        from housekey.store.models import Account

        rows = list(Account.objects.within(self.tenant).filter(domain=DOMAIN, **wanted).order_by("name_key"))
        return self.dice.choice(rows) if rows else None

    def create(self, number: int) -> None:
        from housekey.core.names import UserName
        from housekey.core.users import Email, NewUser, Profile
        from housekey.operations import users

        name = f"p{self.seed}-{number}"
        profile = Profile("Jane", name, (Email(f"{name}@example.com", primary=True),))
        users.create(self.house, self.by, NewUser(UserName(DOMAIN, name), profile, ask_password=True), self.now)
        self.note("created", name)

    def redeem(self, number: int) -> None:
        account = self.some(pending__in=["PENDING_AP", "PENDING_FUPR"])
        if account is not None:
            self.use_link(account, f"purple umbrella {self.seed} {number}", self.now)

    def use_link(self, account: Any, password: str, now: datetime) -> None:
        from housekey.operations import codes, recovery

        code = codes.live(self.tenant, account.id)
        assert code is not None, account.name_key
        ticket = recovery.open_link(self.house, self.tenant, codes.text_of(self.house, code), now)
        self.note("redeeming", account.name_key, password)
        recovery.set_password(self.house, self.tenant, ticket, password, "192.0.2.1", now)
        self.note("redeemed", account.name_key, password)

    def change(self, number: int) -> None:
        from housekey.core.claims import DIALECT, with_claims
        from housekey.core.users import Changes
        from housekey.operations import accounts, users

        account = self.some()
        if account is not None:
            profile = with_claims(accounts.user(self.tenant, account).profile, {f"{DIALECT}/title": f"title {self.seed} {number}"})
            users.change(self.house, self.by, account.id, Changes(profile=profile), self.now)

    def reset(self, _: int) -> None:
        from housekey.operations import resets

        account = self.some(pending="", has_password=True)
        if account is not None:
            self.note("resetting", account.name_key)
            resets.force(self.house, self.by, account.id, self.now)

    def delete(self, _: int) -> None:
        from housekey.operations import users

        account = self.some()
        if account is not None and self.dice.random() < 0.4:
            users.delete(self.by, account.id, self.now)

    def send(self, _: int) -> None:
        from housekey.delivery import worker

        worker.drain(self.house, self.now)

    def work(self) -> None:
        """The worker, at a time of which each round has its own."""
        from housekey.operations import repairs

        self.begin()
        while True:
            if not repairs.step(self.house, self.now + LATER + self.seed * timedelta(minutes=5)):
                time.sleep(0.01)

    def repair(self) -> None:
        from housekey.operations import repairs

        while repairs.step(self.house, self.now + timedelta(days=30)):
            pass
        self.send(0)

    def judge(self) -> Iterator[dict[str, Any]]:
        from housekey.core.claims import DIALECT, text_of
        from housekey.operations import accounts, codes
        from housekey.store.models import Account, Entry

        entries = {row.account_id: row.unique_id for row in Entry.objects.aside(self.tenant)}
        for account in Account.objects.within(self.tenant).filter(domain=DOMAIN):
            user = accounts.user(self.tenant, account)
            yield {"name": user.name.bare, "unique_id": entries.get(account.id), "pending": account.pending, "open": account.has_password,
                   "title": text_of(user.profile, f"{DIALECT}/title"), "code": codes.live(self.tenant, account.id) is not None}

    def finish(self) -> None:
        """Raises Refused if somebody cannot come in who should."""
        from housekey.operations import login
        from housekey.store.models import Account

        now, waiting = self.now + timedelta(minutes=5), Account.objects.within(self.tenant).filter(domain=DOMAIN).exclude(pending="")
        for account in waiting:
            password = "nine blue ladders at noon"
            self.use_link(account, password, now)
            login.sign_in(self.house, self.tenant, f"{DOMAIN}/{account.name_key}", password, network="192.0.2.2", agent="x", now=now)


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main(data: str, url: str, base: str) -> None:
    os.environ |= {"HOUSEKEY_DATA": data, "DJANGO_SETTINGS_MODULE": "housekey.conf.settings", "HOUSEKEY_CONFIG": f"{data}/deployment.toml"}
    from housekey.cli.options import open_house

    house, told = open_house(), Path(data) / "told"
    # Loaded once, and not by each child
    from housekey.delivery import worker  # noqa: F401 - loaded for the children
    from housekey.operations import login, looking, recovery, users  # noqa: F401 - loaded for the children
    from housekey.userstores.ldap import client, connections  # noqa: F401 - loaded for the children

    doing = 0
    say("ready")
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        if verb == "reap":
            os.waitpid(doing, 0)
            continue
        doing = os.fork()
        if not doing:
            _child(house, told, verb, rest, url, base)
        if verb in {"deeds", "work"}:
            say(str(doing))
        else:
            say(f"ended {os.waitstatus_to_exitcode(os.waitpid(doing, 0)[1])}")


def _child(house: House, told: Path, verb: str, rest: str, url: str, base: str) -> None:
    """Never comes back."""
    try:
        if verb == "set":
            _set_up(house, url, base)
        else:
            deeds = Deeds(house, told, int(rest or "0"))
            match verb:
                case "deeds":
                    deeds.forever()
                case "work":
                    deeds.work()
                case "repair":
                    deeds.repair()
                case "judge":
                    say(json.dumps(list(deeds.judge())))
                case "finish":
                    deeds.finish()
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _set_up(house: House, url: str, base: str) -> None:
    from django.core.management import call_command

    from housekey.core.principal import system
    from housekey.operations import bootstrap, stores, tenants
    from tests.support.slapd import SECRET, SERVICE

    call_command("migrate", verbosity=0)
    bootstrap.first_administrator(house, datetime.now(UTC))
    by = system(tenants.default())
    values = {"ConnectionURL": url, "ConnectionName": SERVICE, "UserSearchBase": base, "SyncMinutes": "0", "ReadGroups": "false"}
    stores.add(house, by, stores.NewStore(DOMAIN, "ldap", values, {}, SECRET), datetime.now(UTC))


if __name__ == "__main__":
    main(*sys.argv[1:])
