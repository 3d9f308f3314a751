"""`python -m bench.crowd DATA SIZE`: users by the thousand, written into the database of a data directory without a request for each.

Their names are `crowd-0` …; what the server would write is written, by its own functions, except for the audit log.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

BATCH = 5_000


def main(data: str, size: int) -> None:
    os.environ |= {"HOUSEKEY_DATA": data, "DJANGO_SETTINGS_MODULE": "housekey.conf.settings"}
    file = Path(data) / "deployment.toml"
    if file.exists():
        os.environ["HOUSEKEY_CONFIG"] = str(file)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from housekey.operations import tenants
    from housekey.store import population

    call_command("migrate", verbosity=0)
    now = datetime.now(UTC)
    tenant = tenants.ensure_default(now)
    for begin in range(0, size, BATCH):
        with transaction.atomic():
            _batch(tenant.id, range(begin, min(begin + BATCH, size)), now - timedelta(days=1))
    population.change(tenant.id, "PRIMARY", size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does within the minute


def _batch(tenant_id: int, numbers: range, began: datetime) -> None:
    from housekey.core.names import UserName
    from housekey.core.searchable import searchable
    from housekey.core.users import Email, Profile
    from housekey.store.models import Account, SqlUser
    from housekey.userstores.sql import columns

    accounts, people = [], []
    for number in numbers:
        name, moment = UserName("PRIMARY", f"crowd-{number}"), began + timedelta(milliseconds=number)
        own = {"tenant_id": tenant_id, "domain": name.domain, "name_key": name.key}
        account = Account(**own, created=moment, modified=moment, pending="PENDING_AP" if number % 500 == 0 else "")
        profile = Profile(
            f"Given{number % 5_000}", f"Family{number % 20_000}", (Email(f"crowd-{number}@example.org", "work", True),), "en",
            {"displayName": f"Crowd {number}", "externalId": f"x-{number}", "title": "Engineer"},
        )
        accounts.append(account)
        people.append(SqlUser(id=account.id, username=name.bare, **own, **columns(profile, searchable(profile))))
    Account.objects.bulk_create(accounts)
    SqlUser.objects.bulk_create(people)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
