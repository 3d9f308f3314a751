"""The printed backup, taken while the server runs and put back elsewhere: the links that are out still work."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ServeFactory
from tests.docs import reading
from tests.stories.test_newcomer import choose
from tests.support.person import Person

pytestmark = [pytest.mark.serve, pytest.mark.slow, pytest.mark.sqlite]

PASSWORD = "quiet-lantern-77"


def test_a_backup_that_is_put_back_opens_the_links_that_are_out(serve: ServeFactory, tmp_path: Path) -> None:
    served, safe, restored = serve(), tmp_path / "backups", tmp_path / "restored"
    safe.mkdir()
    printed = served.command("admin", "invite", "carla", "--email", "carla@example.com").stdout
    link = next(word for word in printed.split() if "://" in word)
    commands = [line for _, line in reading.shell_lines() if "/var/backups/" in line]
    assert len(commands) == 2
    for line in commands:
        _, *words = shlex.split(line.replace("/var/lib/housekey", str(served.data)).replace("/var/backups", str(safe)))
        subprocess.run([sys.executable if "python3" in line else "cp", *words], check=True, timeout=60)
    served.stop()

    restored.mkdir(mode=0o700)
    for name in ("housekey.db", "keys.json"):
        shutil.copy(safe / name, restored / name)
    (restored / "keys.json").chmod(0o600)
    served = serve(data=restored, port=served.port)
    with Person(served) as carla:
        choose(carla, link, PASSWORD)
