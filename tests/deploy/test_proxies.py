"""The printed proxy recipes, run by the proxies they are for: an invitation from the administrator to the password."""

from __future__ import annotations

import csv
import io
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from housekey.conf.load import load
from housekey.conf.schema import Limits
from housekey.web.middleware import HEADERS
from housekey.web.wsgi import BODY_SECONDS
from tests.deploy.support import DEPLOY, PROXIES, Proxied, Proxy, behind
from tests.stories.test_newcomer import choose
from tests.stories.test_seed_000 import eventually
from tests.support.person import Person, link_in

PASSWORD = "quiet-lantern-77"
ADMIN = '[super_admin]\nusername = "admin"\npassword = "violet-harbour-41"\n'
BASIC = ("admin", "violet-harbour-41")
VISITOR, ELSEWHERE = "127.0.0.7", "203.0.113.9"
FORGED = {"X-Forwarded-For": ELSEWHERE, "X_Forwarded_For": ELSEWHERE, "X-Forwarded-Proto": "http", "X_Forwarded_Proto": "http",
          "Forwarded": f"for={ELSEWHERE}", "X-Real-IP": ELSEWHERE}

served = [pytest.mark.serve, pytest.mark.slow, pytest.mark.sqlite]


@dataclass
class Setup:
    proxy: Proxy
    server: Proxied

    def client(self, **headers: str) -> httpx2.Client:
        """A client at VISITOR that sends `headers` with every request."""
        transport = httpx2.HTTPTransport(verify=ssl.create_default_context(cafile=str(self.proxy.ca_file)), local_address=VISITOR)
        return httpx2.Client(transport=transport, follow_redirects=True, timeout=30, headers=headers)

    def person(self, **headers: str) -> Person:
        """Somebody at VISITOR whose browser sends `headers` with every request."""
        somebody = Person(self.server)
        somebody.client.close()
        somebody.client = self.client(**headers)
        return somebody


@pytest.fixture(scope="module", params=PROXIES)
def setup(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    with behind(request.param, tmp_path_factory.mktemp("proxy"), ADMIN) as (proxy, server):
        yield Setup(proxy, server)


def invite(setup: Setup, name: str) -> str:
    """The link that is mailed to a new user."""
    before = set(setup.server.data.glob("mail/*.eml"))
    body = {"userName": name, "emails": [{"value": f"{name}@example.com", "primary": True}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"askPassword": True}}
    with setup.client() as client:
        created = client.post(f"{setup.server.url}/scim2/Users", json=body, auth=BASIC)
    assert created.status_code == 201, created.text
    assert created.headers["Location"].startswith(setup.server.url)
    [file] = eventually(lambda: set(setup.server.data.glob("mail/*.eml")) - before, "the mail is written to a file")
    return link_in(message_from_bytes(file.read_bytes(), policy=policy.default))


class TestBehindTheRecipe:
    pytestmark = served

    def test_an_invitation_leads_to_a_password_and_nobody_can_forge_their_address(self, setup: Setup) -> None:
        """A-041: the audit log has the address that the proxy saw, whatever the client says."""
        link = invite(setup, "jane")
        assert link.startswith(setup.server.url + "/")
        with setup.person(**FORGED) as jane:
            choose(jane, link, PASSWORD)
            assert jane.sign_in("jane", PASSWORD).url.path == "/myaccount/"
            assert str(jane.page.url).startswith(setup.server.url)
            cookies = [cookie for answer in jane.page.history for cookie in answer.headers.get_list("set-cookie")]
            assert cookies
            assert not [cookie for cookie in cookies if not (cookie.startswith("__Host-") and "; secure" in cookie.lower())]
        with setup.person() as admin:
            admin.sign_in(*BASIC)
            rows = list(csv.DictReader(io.StringIO(admin.open("/console/audit/audit.csv").text.lstrip("\ufeff"))))
        seen = {row["network"] for row in rows if row["event"] == "sign-in" and "jane" in row["actor"] + row["target"]}
        assert seen == {VISITOR}
        assert ELSEWHERE not in str(rows)

    def test_what_the_proxy_writes_down_opens_no_account(self, setup: Setup) -> None:
        link = invite(setup, "mary")
        code = parse_qs(urlsplit(link).query)["confirmation"][0]
        with setup.client() as client:
            assert client.head(link).status_code == 200
            assert client.get(link, headers={"Referer": link}).status_code == 200
        eventually(lambda: "/confirmrecovery.do" in setup.proxy.logs, "the request is in the log")
        assert code not in setup.proxy.logs

    def test_every_header_comes_once_and_a_page_is_compressed_at_most_once(self, setup: Setup) -> None:
        with setup.client() as client:
            answer = client.get(f"{setup.server.url}/authenticationendpoint/login.do")
        assert answer.status_code == 200
        names = [name.lower() for name in HEADERS]
        assert {name: len(answer.headers.get_list(name)) for name in names} == dict.fromkeys(names, 1)
        assert len(answer.headers.get_list("content-encoding")) <= 1
        assert len(answer.headers.get_list("cache-control")) == 1

    def test_a_body_of_the_size_that_is_allowed_arrives_and_no_larger_one(self, setup: Setup) -> None:
        limit = Limits().body
        with setup.client() as client:
            sent = [client.post(f"{setup.server.url}/scim2/Users", content=b" " * size, auth=BASIC,
                                headers={"Content-Type": "application/scim+json"}).status_code for size in (limit, limit + 1)]
        assert sent[0] == 400
        assert sent[1] in {"nginx": {413}, "caddy": {413, 502}}[setup.proxy.kind]


@pytest.mark.serve
@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize("kind", PROXIES)
def test_a_link_that_is_opened_while_the_server_is_down_is_not_written_down_either(kind: str, tmp_path: Path) -> None:
    proxy = Proxy(kind, tmp_path)
    try:
        with Setup(proxy, None).client() as client:  # type: ignore[arg-type] # nothing is behind this proxy
            eventually(lambda: _answer(client, f"https://localhost:{proxy.port}/?confirmation=the-code") in {502, 503}, "it says so")
        assert "the-code" not in proxy.logs
    finally:
        proxy.stop()


def _answer(client: httpx2.Client, address: str) -> int:
    try:
        return client.get(address).status_code
    except httpx2.TransportError:
        return 0


def test_the_recipes_take_what_the_server_takes() -> None:
    nginx, caddy = ((DEPLOY / name).read_text(encoding="utf-8") for name in ("nginx.conf", "Caddyfile"))
    assert f"client_max_body_size {Limits().body // 2**20}m;" in nginx
    assert f"max_size {Limits().body // 2**20}MiB" in caddy
    assert f"client_body_timeout  {BODY_SECONDS:.0f}s;" in nginx


def test_the_recipes_go_to_the_port_the_server_listens_on(tmp_path: Path) -> None:
    config = load(file=None, data=tmp_path, environ={})
    for name in ("nginx.conf", "Caddyfile"):
        assert f"{config.server.bind}:{config.port}" in (DEPLOY / name).read_text(encoding="utf-8")
