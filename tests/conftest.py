"""Fixtures shared by all tests. Everything is a real part: the database chosen by HOUSEKEY_TEST_DATABASE, a mail server, processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support import environment, postgres
from tests.support.served import Served
from tests.support.smtp import Sink, make_ca

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.core.names import Tenant
    from tests.doors.pages.support import Browser
    from tests.doors.scim.support import Scim
    from tests.operations.support import World
    from tests.support.slapd import Place
    from tests.support.slapd import Server as Slapd

hypothesis.settings.register_profile("house", deadline=None)  # a busy machine is no fault of what is tested
hypothesis.settings.load_profile("house")

ServeFactory = Callable[..., Served]
_data: Path | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Load Django here, after the environment is set, and before pytest-django looks for it."""
    global _data
    if config.getoption("help") or config.getoption("version"):
        return
    _data = environment.prepare()
    import django

    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _data is not None:
        environment.tidy(_data)


_DATABASE = {"db", "transactional_db", "tenant"}
"""Fixtures through which a test asks for the database; without one of them, or the mark, pytest-django keeps it away."""
_PROGRAMS = ("serve", "browser", "postgres", "slow")
"""Marks of tests that start programs with a database of their own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only tests that ask for no database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What asks for no database comes out the same with either: it runs once, on SQLite. And it is quick."""
    apart: set[pytest.Item] = {item for item in items if isinstance(item, pytest.Function) and not _asks_for_a_database(item)}
    if config.getoption("--quick"):
        left_out = set(items) - apart
    elif os.environ.get("HOUSEKEY_TEST_DATABASE") == "postgres":
        left_out = apart
    else:
        return
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]




def _asks_for_a_database(item: pytest.Function) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", *_PROGRAMS))
    return marked or bool(_DATABASE & set(item.fixturenames))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On the build server a skipped test is a failure: a check that never runs there would be no check."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and os.environ.get("HOUSEKEY_NO_SKIP") == "1" and reporter.stats.get("skipped"):
        reporter.write_line("HOUSEKEY_NO_SKIP=1: skipped tests count as failures.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as the product runs it: the in-memory database knows neither WAL nor two connections that wait."""
    from django.db import connection

    if connection.vendor == "sqlite":
        assert _data is not None
        connection.settings_dict["TEST"]["NAME"] = str(_data / "test.db")


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests share a process and the ids of tenants, but not what is remembered of them. Within a test nothing is looked up anew because
    the machine is slow: some of them count queries."""
    from housekey.operations import costly, custom_attributes, signing, tenants
    from housekey.store import brands
    from housekey.userstores import registry

    for module in (registry, tenants):
        monkeypatch.setattr(module, "_KEEP", 600.0)
    tenants.forget()
    registry.forget()
    costly.forget()
    custom_attributes.forget()
    signing.forget()
    brands.forget()


@pytest.fixture
def now() -> datetime:
    """The moment at which the test happens: aware, UTC."""
    return datetime.now(UTC)


@pytest.fixture
def house() -> House:
    """Configuration and keys of this test process."""
    from django.conf import settings

    house: House = settings.HOUSE
    return house


@pytest.fixture
def tenant(house: House, now: datetime, request: pytest.FixtureRequest) -> Tenant:
    """The default tenant with its shipped roles; the test must ask for the database."""
    if request.node.get_closest_marker("django_db") is None:
        request.getfixturevalue("db")
    from housekey.operations import tenants

    return tenants.ensure_default(now)


@pytest.fixture
def world(db: None, house: House, tmp_path: Path, now: datetime) -> World:
    """The default tenant with the administrator `admin`/`admin`, and verbs to act in it."""
    from tests.operations.support import new_world

    return new_world(house, tmp_path, now, administrator=True)


@pytest.fixture
def guest(world: World) -> Browser:
    """Nobody yet, with a browser that checks CSRF like a real one."""
    from tests.doors.pages.support import Browser

    return Browser()


@pytest.fixture
def scim(world: World) -> Scim:
    """A provisioning client that signs in as the administrator."""
    from tests.doors.scim.support import Scim

    return Scim("admin", "admin")


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[Sink]:
    """A mail server that demands STARTTLS and a sign-in."""
    sink = Sink(*make_ca(tmp_path))
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="session")
def slapds() -> Iterator[Callable[[str], Slapd]]:
    """The directory servers of this process: one for LDAP, one that looks like Active Directory; started when first asked for."""
    from tests.support.slapd import Server

    running: dict[str, Slapd] = {}
    yield lambda kind: running.setdefault(kind, running.get(kind) or Server("ad" if kind == "ad" else "ldap"))
    for server in running.values():
        server.end()


@pytest.fixture
def slapd(slapds: Callable[[str], Slapd]) -> Iterator[Place]:
    """A place in a real LDAP directory, empty at the start of each test."""
    place = slapds("ldap").place()
    yield place
    place.close()


@pytest.fixture
def active_directory(slapds: Callable[[str], Slapd]) -> Iterator[Place]:
    """The same in one with Active Directory's classes and ways."""
    place = slapds("ad").place()
    yield place
    place.close()


@pytest.fixture
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeFactory]:
    """Start servers: `serve(config="…", arguments=(…), environment={…}, data=…, wait=True)`. All are ended after the test."""
    with _serving(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="module")
def serve_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeFactory]:
    """As `serve`, for a server that all tests of a module share."""
    with _serving(tmp_path_factory) as start:
        yield start


@pytest.fixture
def served(serve: ServeFactory) -> Served:
    """One server with nothing configured."""
    return serve()


@contextmanager
def _serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeFactory]:
    started: list[Served] = []
    with ExitStack() as stack:

        def start(config: str = "", *, data: Path | None = None, wait: bool = True, environment: dict[str, str] | None = None,
                  arguments: tuple[str, ...] = (), port: int = 0) -> Served:
            data = data or tmp_path_factory.mktemp("served") / "var"
            served = Served(data, config, arguments=arguments, port=port, environment=_database(stack) | (environment or {}))
            started.append(served)
            return served.wait_ready() if wait else served

        yield start
        for served in started:
            if served.process.poll() is None:
                served.kill()


def _database(stack: ExitStack) -> dict[str, str]:
    """The environment that gives a server its own database of the kind this run uses; nothing for SQLite."""
    if not environment.on_postgres():
        return {}
    url = stack.enter_context(postgres.fresh_database(os.environ["HOUSEKEY__DATABASE__URL"]))
    return {"HOUSEKEY__DATABASE__URL": url}
