"""A server with a mail relay, and applications signed up with it, each started once for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import browser_type_launch_args, new_context_of  # noqa: F401 - fixtures
from tests.clients.apps import KINDS, TOLD, App
from tests.stories.test_seed_000 import ADMIN
from tests.support import codes
from tests.support.served import Served, as_json
from tests.support.smtp import Sink, make_ca


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    """As `smtp`, for all tests of a module."""
    sink = Sink(*make_ca(tmp_path_factory.mktemp("relay")))
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="module")
def server(serve_once: Callable[..., Served], relay: Sink) -> Served:
    """Invites with one-time codes, resets with links."""
    return serve_once(ADMIN + relay.toml() + codes.BY_MAIL)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def app(request: pytest.FixtureRequest, server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Every application in its turn."""
    yield from running(request.param(tmp_path_factory.mktemp("app")), server)


@pytest.fixture(scope="module", params=TOLD, ids=lambda kind: kind.name)
def told(request: pytest.FixtureRequest, server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Those that are told by back-channel logout, in their turn."""
    yield from running(request.param(tmp_path_factory.mktemp("told")), server)


def running(app: App, served: Served, *, consent: bool = False, tenant: str = "") -> Iterator[App]:
    """The application from its registration to its end. What it complained of is printed, for a test that fails."""
    root, where = (f"{served.url}/t/{tenant}", ("--tenant", tenant)) if tenant else (served.url, ())
    uris = {"--redirect-uri": app.redirect_uri, "--post-logout-redirect-uri": app.post_logout_redirect_uri,
            "--backchannel-logout-uri": app.backchannel_logout_uri}
    words = [word for option, uri in uris.items() if uri for word in (option, uri)]
    flags = [flag for flag, given in (("--public", app.public), ("--no-consent", not consent)) if given]
    client = as_json(served.command("client", "add", f"{app.name} at {app.port}", *words, *flags, *where, "--signed-with", app.signed_with))
    try:
        app.start(root, client["client_id"], client["client_secret"], Path(served.ca))
        yield app
    finally:
        print(app.log)  # noqa: T201 - kept by pytest
        app.stop()
