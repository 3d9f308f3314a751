"""Servers as child processes, and what their process trees use."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Program:
    """A running program that listens on `port`. Use it as a context manager."""

    def __init__(self, command: list[str], port: int, log: Path, environment: dict[str, str] | None = None, ready: str = "/readyz") -> None:
        self._command, self.port, self._log, self._ready = command, port, log, ready
        self._environment = own_environment() | (environment or {})

    def __enter__(self) -> Program:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> float:
        """Start and wait until it answers 200; the seconds that took. Raises RuntimeError with its output if it does not."""
        began = time.perf_counter()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            env=self._environment, cwd=ROOT)
        while time.perf_counter() - began < START_SECONDS:
            if self.process.poll() is not None:
                break
            if self._answers():
                return time.perf_counter() - began
            time.sleep(0.005)
        raise RuntimeError(f"{self._command} did not start:\n{self._log.read_text(encoding='utf-8', errors='replace')}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cpu(self) -> float:
        """Seconds of processor time that the whole tree has used so far."""
        return sum(_cpu(pid) for pid in _tree(self.process.pid))

    def resident(self) -> float:
        """Resident megabytes of the whole tree, shared pages counted once for each process that has them."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) for pid in _tree(self.process.pid)]
        return sum(pages) * _PAGE / 1_000_000

    def proportional(self) -> float:
        """Megabytes of the whole tree, shared pages divided among those that share them."""
        kilobytes = 0
        for pid in _tree(self.process.pid):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
        return kilobytes * 1024 / 1_000_000

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                probe.sendall(f"GET {self._ready} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                return probe.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            return False


def free_port() -> int:
    """A TCP port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def housekey(data: Path, config: str) -> Program:
    """`housekey serve` without TLS on a free port, its data in `data`."""
    data.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (data / "deployment.toml").write_text(f'{config}\n[server]\ntls = "off"\nport = {port}\n', encoding="utf-8")
    return Program([sys.executable, "-m", "housekey", "serve", "--data", str(data)], port, data.parent / f"{data.name}.log")


def command(data: Path, *words: str) -> str:
    """What `housekey` says to a command about the server with this data directory. Raises CalledProcessError."""
    done = subprocess.run([sys.executable, "-m", "housekey", *words, "--data", str(data)], check=True, cwd=ROOT, env=own_environment(),
                          stdout=subprocess.PIPE, text=True)
    return done.stdout


def crowd(data: Path, size: int) -> None:
    """Fill the database of a data directory with `size` users."""
    subprocess.run([sys.executable, "-m", "bench.crowd", str(data), str(size)], check=True, cwd=ROOT, env=own_environment())


def own_environment() -> dict[str, str]:
    """This process's without what it says about Housekey; the source tree importable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HOUSEKEY", "DJANGO"))}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}


def _tree(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            for child in (task / "children").read_text(encoding="ascii").split():
                found += _tree(int(child))
    return found


def _cpu(pid: int) -> float:
    """Of the process and of those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15]) / _TICK
