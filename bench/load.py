"""The load generator: kept-open connections over one poll loop, every answer checked, everything bounded in time."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

PATIENCE = 30.0
"""Seconds without any answer after which the run fails."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes


Ask = Callable[[], bytes | None]
"""The next request as bytes; None when there are no more."""
Check = Callable[[Answer], bool]


Talk = Generator[bytes, Answer, None]
"""Requests of which each depends on the answers before it. Raises WrongAnswer itself."""


@dataclass
class Stream:
    """Requests of one kind on `connections` connections. `pause`: seconds between an answer and the next request.

    `talk`: in place of `ask`, makes a new conversation; what is counted and timed then is a whole one.
    """

    ask: Ask
    check: Check
    connections: int
    pause: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Milliseconds, in the order of the answers."""
    talk: Callable[[], Talk] | None = None

    def percentile(self, share: float) -> float:
        """In milliseconds. Raises IndexError for a stream without answers."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class _Line:
    """One connection."""

    stream: Stream
    sock: socket.socket
    buffer: bytes = b""
    began: float = 0.0
    due: float = 0.0
    waiting: bool = False
    talk: Talk | None = None
    following: bytes | None = None
    """What comes next in the conversation."""


class WrongAnswer(Exception):
    """An answer that does not count: the run would measure something else than it says."""


def run(port: int, streams: Sequence[Stream], seconds: float) -> float:
    """Drive all streams for `seconds` or until one of them has no more requests; the seconds it took. Raises WrongAnswer."""
    lines = [_Line(stream, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) for stream in streams
             for _ in range(stream.connections)]
    poll = select.poll()
    by_number = {line.sock.fileno(): line for line in lines}
    for line in lines:
        line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(line.sock, select.POLLIN)
    began = time.perf_counter()
    try:
        _drive(lines, by_number, poll, began + seconds)
        return time.perf_counter() - began
    finally:
        for line in lines:
            line.sock.close()


def _drive(lines: Sequence[_Line], by_number: dict[int, _Line], poll: select.poll, end: float) -> None:
    """Let every line ask; after `end`, or when a stream is exhausted, only collect what is under way."""
    exhausted = False
    for line in lines:
        exhausted = not _send(line) or exhausted
    while any(line.waiting for line in lines) or (not exhausted and time.perf_counter() < end):
        ready = poll.poll(20 if any(line.due for line in lines) else PATIENCE * 1000)
        if not ready and not any(line.due for line in lines):
            raise WrongAnswer(f"no answer within {PATIENCE:.0f} s")
        now = time.perf_counter()
        for number, _ in ready:
            line = by_number[number]
            if _receive(line, now) and not exhausted and now < end:
                if line.stream.pause:
                    line.due = now + line.stream.pause
                else:
                    exhausted = not _send(line)
        for line in lines:
            if line.due and now >= line.due:
                line.due = 0.0
                if not exhausted and now < end:
                    exhausted = not _send(line)
        if now >= end:
            for line in lines:
                line.due = 0.0


def _send(line: _Line) -> bool:
    request = line.following
    if request is None:
        request = line.stream.ask() if line.stream.talk is None else _begun(line, line.stream.talk())
        line.began = time.perf_counter()
    if request is None:
        return False
    line.following, line.waiting = None, True
    line.sock.sendall(request)
    return True


def _begun(line: _Line, talk: Talk) -> bytes:
    line.talk = talk
    return next(talk)


def _receive(line: _Line, now: float) -> bool:
    """Read what has come; True when the answer is whole, noted and right."""
    piece = line.sock.recv(262_144)
    if not piece:
        raise WrongAnswer(f"the connection was closed; received so far: {line.buffer[:300]!r}")
    line.buffer += piece
    head, found, body = line.buffer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = _length(head)
    if len(body) < length:
        return False
    answer = Answer(int(head[9:12]), head, body)
    line.buffer, line.waiting = b"", False
    if line.talk is not None:
        try:
            line.following = line.talk.send(answer)
            return True
        except StopIteration:
            line.talk = None
    line.stream.latencies.append((now - line.began) * 1000)
    if not line.stream.check(answer):
        raise WrongAnswer(f"{answer.status}: {body[:300]!r}")
    return True


def _length(head: bytes) -> int:
    for name in head.split(b"\r\n"):
        if name[:15].lower() == b"content-length:":
            return int(name[15:])
    raise WrongAnswer(f"an answer without Content-Length: {head!r}")


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def once(port: int, message: bytes) -> Answer:
    """Send one request and return its answer."""
    kept: list[Answer] = []
    asked = iter([message])
    run(port, [Stream(lambda: next(asked, None), lambda answer: not kept.append(answer), 1)], PATIENCE)  # type: ignore[func-returns-value]
    return kept[0]
