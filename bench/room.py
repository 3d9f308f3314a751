"""What all questions share: a directory, how often and how long to measure, and the way a run is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import client, load
from bench.figures import Spread
from bench.load import Stream
from bench.process import Program


@dataclass(frozen=True, slots=True)
class Room:
    directory: Path
    runs: int
    seconds: float
    """How long one run of a rate takes."""
    users: int
    """How many users there are before anything is measured."""

    def new(self, name: str) -> Path:
        made = self.directory / name
        made.mkdir()
        return made


@dataclass(frozen=True, slots=True)
class Rate:
    """One run: answers per second and the milliseconds of processor time that the server's processes spent on each."""

    per_second: float
    cpu: float


def rate(server: Program, stream: Stream, seconds: float, beside: Sequence[Stream] = ()) -> Rate:
    before = server.cpu()
    took = load.run(server.port, [stream, *beside], seconds)
    count = len(stream.latencies)
    return Rate(count / took, (server.cpu() - before) / count * 1000)


def rates(runs: Sequence[Rate]) -> Spread:
    return Spread(tuple(run.per_second for run in runs))


def costs(runs: Sequence[Rate]) -> Spread:
    return Spread(tuple(run.cpu for run in runs))


def interleaved(room: Room, ours: Callable[[], Rate], floor: Callable[[], Rate]) -> tuple[list[Rate], list[Rate]]:
    """A run of each to warm up, then `room.runs` of each in turn."""
    pairs = [(ours(), floor()) for _ in range(room.runs + 1)][1:]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def fill(server: Program, make: client.Make, count: int, prefix: str = "login-") -> list[str]:
    """Create `count` users; their ids in the order of creation."""
    ids: list[str] = []

    def noted(answer: load.Answer) -> bool:
        found = answer.body.partition(b'"id":')[2].partition(b'"')[2].partition(b'"')[0]
        ids.append(found.decode())
        return client.created(answer)

    load.run(server.port, [Stream(client.Numbered(prefix, make, count), noted, 4)], 600)
    return ids
