"""Work on many users that goes on in the background: what can be done, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

Deed = Literal["invite", "force-reset", "lock", "unlock", "disable", "enable", "delete", "import", "revoke", "extend"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
JobState = Literal["draft", "running", "finished", "stopped"]
"""`draft`: looked through and not begun. `stopped`: what was not reached stays undone."""
RowState = Literal["waiting", "done", "failed"]
MOST = 100_000
"""Users in one job."""


@dataclass(frozen=True, slots=True)
class JobView:
    """`done` and `failed` count rows; `ended` is when the last one was dealt with. `why`: what stopped it."""

    id: UUID
    deed: Deed
    state: JobState
    by: str
    total: int
    done: int
    failed: int
    created: datetime
    ended: datetime | None = None
    why: str = ""
    file: str = ""
    """The name of the file it was read from."""

    @property
    def left(self) -> int:
        return self.total - self.done - self.failed

    @property
    def percent(self) -> int:
        return 100 if not self.total else (self.done + self.failed) * 100 // self.total


@dataclass(frozen=True, slots=True)
class JobRowView:
    """One user of a job. `number` is the line of the file, or the place in the list. `sentence` says why it failed."""

    number: int
    subject: str
    state: RowState
    sentence: str = ""
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One user of a new job. `input` only for what is to be created."""

    subject: str
    id: UUID | None = None
    number: int | None = None
    input: dict[str, object] | None = None
    refused: str = ""
    """Why it cannot be done, known beforehand: the row is there to be read."""
