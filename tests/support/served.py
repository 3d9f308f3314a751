"""`housekey serve` as a child process, as an operator starts it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.ports import free_port

START_TIMEOUT = 60.0
"""Seconds until `/readyz` must answer; generous, since the test machine may be busy with other tests."""


class Served:
    """A running server. `url` has no trailing slash; `ca` is the certificate to trust; `output` what it printed."""

    def __init__(self, data: Path, config: str = "", *, arguments: tuple[str, ...] = (), environment: Mapping[str, str] | None = None,
                 port: int = 0) -> None:
        self.data, self.port = data, port or free_port()
        data.mkdir(parents=True, exist_ok=True)
        if config:
            (data / "deployment.toml").write_text(config, encoding="utf-8")
        self.url = f"https://localhost:{self.port}"
        self._log = data.parent / f"{data.name}-{self.port}.log"
        self._arguments = arguments
        self._environment = _environment() | dict(environment or {})
        self.process = self._start()

    @property
    def ca(self) -> Path:
        return self.data / "tls" / "certificate.pem"

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def first_link(self) -> str:
        """The set-password link of the first administrator. Raises AssertionError if none was printed."""
        for _ in range(100):
            # The port answers a moment before the parent has noticed and printed.
            if found := re.search(r"https?://\S+confirmrecovery\.do\?\S+\n", self.output):
                return found.group().strip()
            time.sleep(0.05)
        raise AssertionError(self.output)

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body of a GET; a refusal is an answer, not an exception."""
        try:
            with self.open(path, **headers) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()

    def open(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer to a GET, to be closed by the caller. Raises HTTPError for a refusal."""
        request = urllib.request.Request(self.url + path, headers=headers)  # noqa: S310 - the address is ours
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=10, context=self.tls())  # noqa: S310 - as above
        return answer

    def wait_ready(self) -> Served:
        """Wait for `/readyz`. Raises AssertionError with the output if the process ends or takes too long."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"serve ended with {self.process.returncode}:\n{self.output}"
            try:
                if self.ca.exists() and self.get("/readyz")[0] == 200:
                    return self
            except (urllib.error.URLError, ConnectionError, ssl.SSLError):
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready after {START_TIMEOUT:.0f} s:\n{self.output}")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `housekey` command on the same data directory."""
        return run(*arguments, "--data", str(self.data), environment=self._environment)

    def stop(self, timeout: float = 40.0) -> int:
        """SIGTERM and wait; the exit code. Kills, and fails, if it takes longer than `timeout` seconds."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"serve did not end within {timeout} s of SIGTERM:\n{self.output}") from None

    def kill(self) -> None:
        """SIGKILL to the parent process only, as a crash would be."""
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> Served:
        """Start again on the same data directory and port."""
        self.process = self._start()
        return self.wait_ready()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "housekey", "serve", "--data", str(self.data), "--port", str(self.port), *self._arguments]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self._environment)


def run(*arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a `housekey` command to its end."""
    return subprocess.run([sys.executable, "-m", "housekey", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=_environment() | dict(environment or {}), timeout=timeout, check=False)


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    """What a command printed with `--json`. Raises AssertionError if the command failed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _environment() -> dict[str, str]:
    """This process's environment without what the test run itself set for Housekey; the source tree importable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HOUSEKEY", "DJANGO", "PYTEST"))}
    source = str(Path(__file__).resolve().parents[2] / "src")
    return kept | {"PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}
