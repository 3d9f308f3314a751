"""What is sealed in the database is sealed anew when the server has a newer key, so that an older one can be taken off the ring."""

from __future__ import annotations

from typing import Any

from housekey.conf.house import House
from housekey.operations.transactions import durable
from housekey.store.models import Directory, Sender, SigningKey
from housekey.store.sealed import seal, unseal

_SEALED: tuple[Any, ...] = (Sender, SigningKey, Directory)
"""Tables whose rows keep a secret for good: `sealed` under the key called `key_name`."""


def rewrap(house: House) -> int:
    """Seal every secret under the newest key; returns how many were under an older one. Called at the start.

    What cannot be opened, as its key is lost, stays as it is: whoever needs it says so, and it can be given anew.
    """
    return sum(_rewrap(house, model) for model in _SEALED)


def _rewrap(house: House, model: Any) -> int:
    done, (newest, key) = 0, house.keys.newest
    rows = model.objects.across_tenants("keys are the server's").filter(sealed__isnull=False).exclude(key_name=newest)
    for row_id in list(rows.values_list("id", flat=True)):
        with durable():
            row = rows.select_for_update().filter(id=row_id).first()
            text = _opened(house, row) if row is not None else None
            if text is not None:
                row.key_name, row.sealed = newest, seal(key, row.id, text)
                row.save(update_fields=["sealed", "key_name"])
                done += 1
    return done


def _opened(house: House, row: Any) -> str | None:
    try:
        return unseal(house.keys.by_id(row.key_name), row.id, bytes(row.sealed))
    except (KeyError, ValueError):
        return None
