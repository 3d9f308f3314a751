"""The one durable transaction an operation owns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, OperationalError, transaction

from housekey.core.errors import Refused, Unavailable


def nothing(outcome: object) -> None:
    """What `also` of an operation is by default. A caller's own `also` runs inside the transaction, with the outcome: what it writes is
    there exactly if the deed is."""


@contextmanager
def durable(*, taken: Refused | None = None) -> Iterator[None]:
    """Outermost transaction. A broken constraint becomes the refusal `taken`; without one it can only mean that somebody else
    changed the same thing at the same moment. A database that cannot take the write now becomes Unavailable. Nothing of the
    block remains in any of these cases."""
    try:
        with transaction.atomic(durable=True):
            yield
    except IntegrityError:
        raise (
            taken or Unavailable("Somebody else changed the same thing at the same moment. Nothing was changed; please try again.")
        ) from None
    except OperationalError as error:
        raise Unavailable("The database cannot take this change at the moment. Nothing was changed; please try again.") from error
