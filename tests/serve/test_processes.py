"""Start, stop, crash: no process too many, none too few."""

from __future__ import annotations

import os
import signal
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types
import pytest
from cryptography import x509

from tests.conftest import ServeFactory
from tests.support import environment
from tests.support.ports import free_port
from tests.support.served import Served, run

pytestmark = [pytest.mark.serve, pytest.mark.slow]

PASSWORD = "correct horse battery 9"


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


def worker_of(served: Served) -> psutil.Process:
    [worker] = psutil.Process(served.process.pid).children()
    return worker


def shown_serial(served: Served) -> int:
    pem = ssl.get_server_certificate(("localhost", served.port))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def test_a_first_start_says_where_to_go_and_how_to_sign_in(served: Served) -> None:
    assert served.first_link.startswith(f"{served.url}/accountrecoveryendpoint/confirmrecovery.do?confirmation=")
    assert f"{served.url}/console/" in served.output
    assert "no mail server is configured" in served.output
    assert served.stop() == 0


def test_one_parent_without_django_and_one_worker(served: Served) -> None:
    parent = psutil.Process(served.process.pid)
    assert len(parent.children(recursive=True)) == 1
    loaded = Path(f"/proc/{parent.pid}/maps").read_text(encoding="utf-8")
    assert "argon2" not in loaded
    assert "pydantic_core" not in loaded


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.8, 2.5])
def test_a_sigterm_early_in_the_start_ends_it_soon(serve: ServeFactory, delay: float) -> None:
    served = serve(wait=False)
    time.sleep(delay)
    children = psutil.Process(served.process.pid).children(recursive=True) if served.process.poll() is None else []
    assert served.stop(timeout=10) in {0, -signal.SIGTERM}
    assert eventually(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children), 2)


def test_a_reload_with_other_keys_changes_nothing(served: Served) -> None:
    keys = served.data / "keys.json"
    own, worker = keys.read_bytes(), worker_of(served)
    keys.unlink()
    served.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: "not reloaded. The keys file lacks the key" in served.output, 10), served.output
    assert not keys.exists()
    assert worker_of(served).pid == worker.pid
    assert served.get("/readyz")[0] == 200
    keys.touch(0o600)
    keys.write_bytes(own)
    served.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: "reloading" in served.output, 10), served.output


def test_a_worker_in_the_place_of_a_crashed_one_does_not_work_with_other_keys(served: Served) -> None:
    (served.data / "keys.json").unlink()
    worker_of(served).kill()
    assert eventually(lambda: served.process.poll() is not None, 30), served.output
    assert "The keys file lacks the key" in served.output
    assert not (served.data / "keys.json").exists()


def test_ctrl_c_is_an_orderly_end(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(10) == 0
    assert "Traceback" not in served.output


def test_after_the_parent_is_killed_nobody_is_left(served: Served) -> None:
    worker = worker_of(served)
    served.kill()
    assert eventually(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 2)
    assert served.restart().get("/readyz")[0] == 200


def test_a_worker_that_is_killed_is_replaced(served: Served) -> None:
    worker_of(served).kill()

    def alive() -> bool:
        try:
            return served.get("/readyz")[0] == 200
        except OSError:
            return False

    assert eventually(alive, 20)
    assert served.process.poll() is None


def test_a_busy_port_is_refused_with_a_sentence(served: Served, tmp_path: Path) -> None:
    done = run("serve", "--data", str(tmp_path / "other"), "--port", str(served.port))
    assert done.returncode == 3
    assert f"Cannot listen on 127.0.0.1 port {served.port}" in done.stderr
    assert "--port" in done.stderr


def test_a_second_server_on_the_same_data_is_refused_with_a_sentence(served: Served) -> None:
    done = run("serve", "--port", str(free_port()), "--data", str(served.data))
    assert done.returncode == 3
    assert f"process {served.process.pid}" in done.stderr
    assert str(served.data) in done.stderr


def test_other_commands_make_links_to_where_the_server_listens(served: Served) -> None:
    done = served.command("admin", "invite", "carol")
    assert done.returncode == 0, done.stderr
    assert f"\n{served.url}/accountrecoveryendpoint/" in done.stdout


def test_hup_swaps_the_certificate(served: Served) -> None:
    before = shown_serial(served)
    for name in ("certificate.pem", "key.pem"):
        (served.data / "tls" / name).unlink()
    served.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: (served.data / "tls" / "certificate.pem").exists(), 5)
    assert eventually(lambda: shown_serial(served) != before, 15)
    # Old and new worker share the port until the old one has ended.
    assert eventually(lambda: len(psutil.Process(served.process.pid).children()) == 1 and shown_serial(served) != before, 15)
    assert served.get("/readyz")[0] == 200


def test_hup_with_a_mistake_in_the_configuration_changes_nothing(served: Served) -> None:
    worker = worker_of(served)
    (served.data / "deployment.toml").write_text("[server]\nthreads = 'many'\n", encoding="utf-8")
    served.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: "not reloaded" in served.output, 5)
    assert worker_of(served).pid == worker.pid
    assert served.get("/readyz")[0] == 200


def test_a_wrong_configuration_is_told_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "deployment.toml").write_text("[server]\nport = 'many'\nthreads = 0\n", encoding="utf-8")
    done = run("serve", "--data", str(tmp_path))
    assert done.returncode == 3
    assert "line 2" in done.stderr
    assert "line 3" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_keys_file_that_lacks_a_key_of_the_database_is_refused(served: Served) -> None:
    served.stop()
    (served.data / "keys.json").unlink()  # the next start makes new ones
    again = served.command("serve", "--port", str(served.port))
    assert again.returncode == 3
    assert "keys" in again.stderr


def test_the_default_password_is_refused_beyond_loopback(serve: ServeFactory) -> None:
    served = serve('[super_admin]\nusername = "admin"\npassword = "admin"\n[server]\nbind = "0.0.0.0"\n', wait=False)
    assert served.process.wait(30) == 3
    assert "allow_default_admin" in served.output


def test_mail_leaves_within_the_server(serve: ServeFactory) -> None:
    served = serve()
    assert served.command("user", "add", "bob", "--email", "bob@example.com", "--invite").returncode == 0
    assert eventually(lambda: any((served.data / "mail").glob("*.eml")), 5)


def test_the_outbox_can_be_worked_alone(tmp_path: Path) -> None:
    at = ("--data", str(tmp_path))
    assert run("user", "list", *at).returncode == 3
    assert run("work", "--once", *at).returncode == 3
    assert "run." in run("migrate", *at).stdout
    assert run("migrate", *at).stdout == "The database is up to date.\n"
    assert run("user", "add", "bob", "--email", "bob@example.com", "--invite", *at).returncode == 0
    assert run("work", "--once", *at).stdout == "1 message handled.\n"
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


def test_the_data_directory_is_private(served: Served) -> None:
    assert served.data.stat().st_mode & 0o077 == 0 or served.data.stat().st_uid == os.getuid()
    assert (served.data / "tls" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert not environment.on_postgres() or not (served.data / "housekey.db").exists()
