"""PRIMARY in a directory from the first start on, by `[user_store]` in deployment.toml alone."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable

import pytest

from tests.support.served import Served
from tests.support.slapd import SECRET, SERVICE, Place

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery staple"


def config(place: Place) -> str:
    return f"""
[super_admin]
username = "admin"
password = "admin"
[user_store]
type = "read_write_ldap_unique_id"
connection_url = "ldap://localhost:{place.front.port}"
connection_name = "{SERVICE}"
connection_password = "{SECRET}"
base_dn = "{place.base}"
[user_store.properties]
UserSearchBase = "{place.people}"
"""


def asked(served: Served, path: str, name: str, password: str) -> tuple[int, bytes]:
    return served.get(path, Authorization="Basic " + b64encode(f"{name}:{password}".encode()).decode())


def count(served: Served) -> int:
    return int(json.loads(asked(served, "/scim2/Users", "admin", "admin")[1])["totalResults"])


def test_a_server_starts_with_primary_in_a_directory_and_its_administrator_in_its_own_database(
    serve: Callable[..., Served], slapd: Place
) -> None:
    slapd.add("jane", password=PASSWORD)
    served = serve(config(slapd))
    for _ in range(200):
        if count(served) == 2:
            break
        time.sleep(0.1)
    assert count(served) == 2
    assert asked(served, "/scim2/Me", "jane", PASSWORD)[0] == 200
    assert asked(served, "/scim2/Me", "jane", "wrong")[0] == 401
    assert slapd.read("admin") is None
    slapd.stop()
    served.stop()
    served.restart()
    assert asked(served, "/scim2/Me", "admin", "admin")[0] == 200
    slapd.start()


def test_a_mistake_in_the_table_stops_the_start_with_its_line(serve: Callable[..., Served], slapd: Place) -> None:
    served = serve(config(slapd).replace("read_write_ldap_unique_id", "ldap"), wait=False)
    assert served.process.wait(30) == 3
    assert "deployment.toml line 6: [user_store] type: expected" in served.output
