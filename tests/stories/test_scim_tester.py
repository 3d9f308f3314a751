"""`scim2-tester`, an independent check of SCIM servers, against a real server: two tenants, HTTP Basic and bearer tokens.

It compares what a PATCH wrote with what is shown afterwards, and reports what the server itself adds as an error: `accountState` beside
`accountLocked`, the name of a member beside her id. RFC 7643 section 7 has readOnly for exactly that, so such a report is looked into
here: without what is readOnly, both must be equal. It also wants `active` to vanish when it is removed. All other reports must be
successes; docs/scim.md lists those that are not.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from housekey.core.attributes import GROUPS, ROLES, USERS, resolve
from housekey.core.principal import ADMINISTRATOR_PERMISSIONS
from housekey.operations.clients import GRANTABLE
from tests.stories.test_seed_000 import ADMIN
from tests.support.served import Served

scim2_tester = pytest.importorskip("scim2_tester")

pytestmark = [pytest.mark.serve, pytest.mark.slow]

KINDS = {kind.name: kind for kind in (USERS, GROUPS, ROLES)}
PASSWORD = "eleven yellow umbrellas"
NOT_HELD = {f"This needs the permission {name}." for name in ADMINISTRATOR_PERMISSIONS - GRANTABLE}
"""The tester fills roles with permissions at random; a program cannot give those that only people can hold."""
LASTING = {"active": "cannot be taken away", "urn:scim:wso2:schema:accountLocked": "cannot be taken away",
           "urn:scim:wso2:schema": "did not remove"}
"""What no PATCH takes away, and how that is told: whether one gets in is always answered."""


def reports(served: Served, prefix: str, authorization: str) -> list[Any]:
    from scim2_client.engines.httpx2 import SyncSCIMClient

    with httpx2.Client(base_url=f"{served.url}{prefix}/scim2", headers={"Authorization": authorization}, verify=served.tls(),
                       timeout=60) as client:
        return list(scim2_tester.check_server(SyncSCIMClient(client)))


def unexplained(results: list[Any]) -> list[str]:
    bad = {scim2_tester.Status.ERROR, scim2_tester.Status.CRITICAL}
    return [f"{row.resource_type} {row.title}: {row.reason}" for row in results if row.status in bad and not _explained(row)]


def _explained(row: Any) -> bool:
    if any(sentence in row.reason for sentence in NOT_HELD):
        return True
    data = row.data if isinstance(row.data, dict) else {}
    urn = str(data.get("urn", ""))
    if row.title == "check_remove_attribute":
        return urn in LASTING and LASTING[urn] in row.reason
    if row.title not in {"check_add_attribute", "check_replace_attribute"} or "expected" not in data:
        return False
    kind = KINDS[row.resource_type.partition("[")[0]]
    return bool(_written(kind, urn, data["expected"]) == _written(kind, urn, data.get("modify_actual", data.get("actual"))))


def _written(kind: Any, urn: str, value: Any) -> Any:
    """The part of a value that a client can write."""
    value = [_plain(row) for row in value] if isinstance(value, list) else _plain(value)
    schema = next((schema for schema in kind.schemas if schema.urn == urn), None)
    found = schema.attribute if schema else None
    if found is None:
        ref = resolve(kind, urn)
        assert ref is not None
        found = ref.attribute.sub
    return [_writable(found, row) for row in value] if isinstance(value, list) else _writable(found, value)


def _plain(value: Any) -> dict[str, Any]:
    return {} if value is None else dict(value.model_dump()) if hasattr(value, "model_dump") else dict(value)


def _writable(found: Callable[[str], Any], row: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in row.items()
            if item is not None and (sub := found(key)) is not None and sub.mutability not in {"readOnly", "writeOnly"}}


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
def test_every_report_of_an_independent_tester_is_a_success_or_explained(serve_once: Callable[..., Served], tenant: str) -> None:
    served = serve_once(ADMIN)
    if tenant:
        assert served.command("tenant", "add", tenant).returncode == 0
    prefix, token = (f"/t/{tenant}" if tenant else ""), _token(served, tenant)
    for authorization in (token, _basic(served, prefix, tenant, token)):
        results = reports(served, prefix, authorization)
        assert len(results) > 100
        assert not unexplained(results), "\n".join(unexplained(results))
        assert not [row.title for row in results if row.status == scim2_tester.Status.SKIPPED]
