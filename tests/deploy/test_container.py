"""The container file, as far as it goes without a container engine: what it copies, what it starts, and that nothing else is written."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types
import pytest

from housekey.cli.parse import parser
from tests.deploy.support import CONTAINERFILE, DEPLOY, instructions
from tests.docs.reading import ROOT
from tests.stories.test_seed_000 import eventually
from tests.support.ports import free_port
from tests.support.served import Served

HEALTHCHECK = DEPLOY / "healthcheck.py"
SOURCE = ROOT / "src" / "housekey"
READ_ONLY = """
set -e
mount --bind "$1" "$1"
mount --bind / /
mount -o remount,ro,bind /
for place in /tmp /var/tmp /dev/shm /run; do
    if mountpoint -q "$place" && [ "${1#"$place"}" = "$1" ]; then mount -o remount,ro,bind "$place"; fi
done
mount -t proc proc /proc
shift
exec setpriv --no-new-privs --bounding-set -all "$@"
"""
"""`sh -c` it with the directory that stays writable and a command: everything else is read-only, and there are no capabilities."""


def copied() -> list[str]:
    """What is copied from the repository, not from another stage."""
    return [source for line in instructions("COPY") if "--from" not in line for source in shlex.split(line)[:-1]]


def test_everything_that_is_copied_exists_and_is_let_into_the_build() -> None:
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    let_in = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(source == entry or source.startswith(entry + "/") for entry in let_in), source
    assert sorted(let_in) == sorted({entry for entry in let_in for source in copied() if source == entry or source.startswith(entry + "/")})


def test_what_is_installed_is_locked_and_no_registry_is_named() -> None:
    installs = [line for run in instructions("RUN") for line in re.findall(r"pip [^&]*\binstall\b[^&]*", run)]
    assert installs
    assert not [line for line in installs if "--require-hashes" not in line and "--no-index" not in line]
    assert re.findall(r"^ARG BASE=(\S+)$", CONTAINERFILE, re.MULTILINE)
    images = re.findall(r"^(?:FROM|ARG BASE=)\s*(\S+)", CONTAINERFILE, re.MULTILINE)
    assert not [image for image in images if "/" in image or "." in image.partition(":")[0]]


def test_it_runs_as_nobody_in_particular_and_needs_no_shell() -> None:
    [user] = instructions("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert f"--chown={user} /data /data" in CONTAINERFILE
    [entry], [command], [health] = (instructions(name) for name in ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    program, arguments = json.loads(entry), json.loads(command)
    assert program == ["/opt/housekey/bin/housekey"]
    given = parser().parse_args(arguments)
    assert (given.command, given.host) == ("serve:serve", "0.0.0.0")  # noqa: S104 - the engine decides what reaches the container
    assert instructions("EXPOSE") == [str(given.port)]
    interpreter, script = json.loads(health.partition("CMD ")[2])
    assert interpreter.startswith("/opt/housekey/bin/")
    assert f"COPY deploy/{HEALTHCHECK.name} {script}" in CONTAINERFILE
    assert f"else {given.port}" in HEALTHCHECK.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as the container file installs it: built as a wheel from what is copied, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    for source in ("pyproject.toml", "README.md", "LICENSE", "requirements", "src"):
        assert source in {part.split("/")[0] for part in copied()}
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / source, folder / source)
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-build-isolation", "--no-deps",
                    "--no-index", "--wheel-dir", str(folder), str(folder)], check=True, timeout=120)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.slow
def test_the_package_holds_every_file_of_the_source(installed: Path) -> None:
    files = [path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    missing = [path for path in sorted(files) if not (installed / "housekey" / path).is_file()]
    assert not missing, "pyproject.toml, [tool.setuptools.package-data], lacks a pattern for these"


class Contained(Served):
    """`serve` as the first process of its namespace, without capabilities, where only its data directory can be written."""

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "housekey", "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data)]
        inside = ["sh", "-c", READ_ONLY, "sh", str(self.data), *command]
        environment = self._environment | {"PYTHONDONTWRITEBYTECODE": "1"}
        with self._log.open("ab") as log:
            return subprocess.Popen([*_namespaces(), *inside], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                    env=environment)

    @property
    def first(self) -> psutil.Process:
        """The process that is number 1 inside."""
        [child] = psutil.Process(self.process.pid).children()
        return child


def _namespaces() -> list[str]:
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *own, "--mount", "--pid", "--fork", "--kill-child"]


@pytest.fixture
def contained(installed: Path, tmp_path: Path) -> Iterator[Contained]:
    try:
        subprocess.run([*_namespaces(), "mount", "--bind", "/", "/"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody make namespaces (unshare)")
    server = Contained(tmp_path / "var", port=free_port(), environment={"PYTHONPATH": str(installed)})
    yield server
    if server.process.poll() is None:
        server.kill()


@pytest.mark.serve
@pytest.mark.slow
@pytest.mark.sqlite
def test_it_works_as_process_1_where_nothing_but_the_data_can_be_written_and_ends_when_it_is_told_to(contained: Contained) -> None:
    contained.wait_ready()
    assert contained.get("/authenticationendpoint/login.do")[0] == 200
    status = Path(f"/proc/{contained.first.pid}/status").read_text(encoding="utf-8")
    assert "NSpid:\t" in status
    assert status.partition("NSpid:")[2].split("\n")[0].split()[-1] == "1"
    root = Path(f"/proc/{contained.first.pid}/root")
    with pytest.raises(OSError, match="Read-only"):
        (root / str(ROOT).lstrip("/") / "written").touch()
    assert subprocess.run([sys.executable, HEALTHCHECK, str(contained.port)], check=False, timeout=30).returncode == 0
    eventually(lambda: "Stop with" in contained.output, "the welcome is printed")
    contained.first.send_signal(signal.SIGTERM)
    assert contained.process.wait(40) == 0, contained.output
    assert "Traceback" not in contained.output
    assert subprocess.run([sys.executable, HEALTHCHECK, str(contained.port)], check=False, timeout=30).returncode == 1
