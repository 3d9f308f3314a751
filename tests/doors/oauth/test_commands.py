"""`housekey client`: from the command line to a user created with a token, on a running server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.served import Served, as_json

pytestmark = pytest.mark.slow


def sent(served: Served, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(served.url + path, body, {name.replace("_", "-"): value for name, value in headers.items()})  # noqa: S310 - the address is ours
    try:
        with urllib.request.urlopen(request, timeout=10, context=served.tls()) as answer:  # noqa: S310 - as above
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.loads(refusal.read())


def test_a_client_lives_from_add_to_delete(serve: Callable[..., Served]) -> None:
    served = serve()
    added = as_json(served.command("client", "add", "importer", "--scope", "internal_user_mgt_create internal_user_mgt_list"))
    assert set(added) == {"client_id", "client_secret", "name", "scopes", "issuer"}
    assert "importer" in served.command("client", "list").stdout
    assert added["client_secret"] not in served.command("client", "list", "--json").stdout
    proof = "Basic " + b64encode(f"{added['client_id']}:{added['client_secret']}".encode()).decode()
    status, token = sent(served, "/oauth2/token", urlencode({"grant_type": "client_credentials"}).encode(), Authorization=proof)
    assert status == 200
    bearer = {"Authorization": f"Bearer {token['access_token']}", "Content_Type": "application/json"}
    assert sent(served, "/scim2/Users", b'{"userName": "jane"}', **bearer)[0] == 201
    assert as_json(served.command("client", "scope", added["client_id"], "internal_user_mgt_list", "--json"))["scopes"] == [
        "internal_user_mgt_list"]
    assert sent(served, "/scim2/Users", b'{"userName": "joe"}', **bearer)[0] == 403
    assert as_json(served.command("client", "rotate", added["client_id"]))["client_secret"] != added["client_secret"]
    assert sent(served, "/scim2/Users", b'{"userName": "joe"}', **bearer)[0] == 401
    assert "was deleted" in served.command("client", "delete", added["client_id"]).stdout
    again = served.command("client", "delete", added["client_id"])
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("housekey: ")


def test_a_scope_that_does_not_exist_is_refused_with_the_list(serve: Callable[..., Served]) -> None:
    done = serve().command("client", "add", "importer", "--scope", "internal_everything")
    assert (done.returncode, done.stdout) == (1, "")
    assert "internal_user_mgt_create" in done.stderr
