"""The one durable transaction an operation owns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, OperationalError, transaction

from housekey.core.errors import Conflict, Unavailable


@contextmanager
def durable(*, taken: str = "") -> Iterator[None]:
    """Outermost transaction. A broken unique constraint becomes Conflict with the sentence `taken`; a database that cannot
    take the write now becomes Unavailable. Nothing of the block remains in either case."""
    try:
        with transaction.atomic(durable=True):
            yield
    except IntegrityError:
        if not taken:
            raise
        raise Conflict(taken, field="userName") from None
    except OperationalError as error:
        raise Unavailable("The database cannot take this change at the moment. Nothing was changed; please try again.") from error
