"""`scim2-tester`, an independent check of SCIM servers, against a real server: two tenants, HTTP Basic and bearer tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from housekey.core.principal import GRANTABLE
from tests.stories.test_seed_000 import ADMIN
from tests.support.served import Served

scim2_tester = pytest.importorskip("scim2_tester")

pytestmark = [pytest.mark.serve, pytest.mark.slow]

PASSWORD = "eleven yellow umbrellas"


def reports(served: Served, prefix: str, authorization: str) -> list[Any]:
    from scim2_client.engines.httpx2 import SyncSCIMClient

    with httpx2.Client(base_url=f"{served.url}{prefix}/scim2", headers={"Authorization": authorization}, verify=served.tls(),
                       timeout=60) as client:
        return list(scim2_tester.check_server(SyncSCIMClient(client)))


def bad(results: list[Any]) -> list[str]:
    return [f"{row.resource_type} {row.title}: {row.reason}" for row in results
            if row.status in {scim2_tester.Status.ERROR, scim2_tester.Status.CRITICAL}]


def _token(served: Served, tenant: str) -> str:
    made = served.command("client", "add", "tester", *(["--tenant", tenant] if tenant else []), "--scope",
                          " ".join(sorted(GRANTABLE)))
    assert made.returncode == 0, made.stderr
    client = httpx2.Response(200, content=made.stdout).json()
    answer = httpx2.post(f"{served.url}{'/t/' + tenant if tenant else ''}/oauth2/token", data={"grant_type": "client_credentials"},
                         auth=(client["client_id"], client["client_secret"]), verify=served.tls(), timeout=30)
    return f"Bearer {answer.json()['access_token']}"


def _basic(served: Served, prefix: str, tenant: str, token: str) -> str:
    """An administrator of the tenant who signs in with a password."""
    made = httpx2.post(f"{served.url}{prefix}/scim2/Users", json={"userName": "tester", "password": PASSWORD},
                       headers={"Authorization": token}, verify=served.tls(), timeout=30)
    assert made.status_code == 201, made.text
    assert served.command("user", "grant", "tester", "admin", *(["--tenant", tenant] if tenant else [])).returncode == 0
    return "Basic " + base64.b64encode(f"tester:{PASSWORD}".encode()).decode()


@pytest.mark.parametrize("tenant", ["", "acme.example"])
def test_an_independent_tester_reports_no_error(serve_once: Callable[..., Served], tenant: str) -> None:
    served = serve_once(ADMIN)
    if tenant:
        assert served.command("tenant", "add", tenant).returncode == 0
    prefix, token = (f"/t/{tenant}" if tenant else ""), _token(served, tenant)
    for authorization in (token, _basic(served, prefix, tenant, token)):
        results = reports(served, prefix, authorization)
        assert len(results) > 100
        assert not bad(results), "\n".join(bad(results))
        assert not [row.title for row in results if row.status == scim2_tester.Status.SKIPPED]
