"""WSO2's user-store API: directories are connected, read, changed and taken away; a password goes in and never comes out."""

from __future__ import annotations

import base64
import socket
from typing import TYPE_CHECKING, Any

import pytest

from housekey.core.principal import STORE_CREATE, STORE_DELETE, STORE_UPDATE, STORE_VIEW
from housekey.operations import stores
from housekey.store.models import AuditEntry, Directory
from tests.doors.api.support import Rest, administrator, holder
from tests.operations.support import World, other_world
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.support.slapd import Place

ROOT = "/api/server/v1/userstores"
SECRET = "s3cret-of-the-directory"


def encoded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


WRITE, READ, AD = (encoded(f"UniqueID{name}UserStoreManager") for name in ("ReadWriteLDAP", "ReadOnlyLDAP", "ActiveDirectory"))
STAFF = f"{ROOT}/{encoded('STAFF')}"


def staff(port: int = 1, **more: str) -> dict[str, Any]:
    values = {"ConnectionURL": f"ldap://127.0.0.1:{port}", "ConnectionName": "cn=housekey,dc=example", "ConnectionPassword": SECRET,
              "UserSearchBase": "ou=people,dc=example", "SyncMinutes": "0"} | more
    return {"typeId": WRITE, "name": "staff", "description": "Our people",
            "properties": [{"name": name, "value": value} for name, value in values.items()]}


def values(body: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in body["properties"]}


@pytest.fixture
def admin(world: World) -> Rest:
    return administrator()


def test_a_directory_is_connected_read_changed_and_taken_away(world: World, admin: Rest) -> None:
    assert admin.get(ROOT).body == []
    made = admin.post(ROOT, staff())
    assert (made.status, made.headers["Location"]) == (201, STAFF)
    assert (made.body["name"], made.body["typeName"]) == ("STAFF", "UniqueIDReadWriteLDAPUserStoreManager")
    assert admin.get(STAFF).body == made.body
    row = admin.get(ROOT).body[0]
    assert (row["id"], row["self"], row["enabled"], row["isLocal"]) == (encoded("STAFF"), STAFF, True, False)
    changed = admin.put(STAFF, made.body | {"description": "Everybody"})
    assert (changed.status, changed.body) == (200, made.body | {"description": "Everybody"})
    assert admin.send("DELETE", STAFF).status == 204
    assert admin.get(STAFF).problem(404)["code"] == "SUS-60003"
    assert not Directory.objects.within(world.tenant).exists()


def test_a_store_is_named_by_its_own_id_too(world: World, admin: Rest) -> None:
    admin.post(ROOT, staff())
    found = stores.get(world.by, "STAFF")
    assert admin.get(f"{ROOT}/{found.id}").body == admin.get(STAFF).body


def test_the_servers_own_database_is_read_and_not_changed(admin: Rest) -> None:
    primary = f"{ROOT}/{encoded('PRIMARY')}"
    body = admin.get(primary).body
    assert (body["name"], body["isLocal"], body["properties"]) == ("PRIMARY", True, [])
    assert "deployment.toml" in admin.put(primary, staff() | {"name": "PRIMARY"}).problem(400)["description"]
    assert admin.patch(primary, []).status == 400
    assert admin.send("DELETE", primary).status == 400


def test_the_password_never_comes_back(world: World, admin: Rest) -> None:
    """A-138."""
    said = [admin.post(ROOT, staff()), admin.get(STAFF), admin.get(ROOT), admin.post(f"{ROOT}/test", staff()), admin.put(STAFF, staff()),
            admin.patch(STAFF, [{"op": "REPLACE", "path": "/properties/ConnectionPassword", "value": SECRET}]),
            admin.put(STAFF, staff(ConnectionURL=f"ldap://{SECRET}:1")), admin.put(STAFF, staff(ReadTimeout="never"))]
    assert not [answer.text for answer in said if SECRET in answer.text and "ldap://" not in answer.text]
    assert values(said[1].body)["ConnectionPassword"] == "***"
    details = [str(entry.detail) for entry in AuditEntry.objects.within(world.tenant).filter(event__startswith="store:")]
    assert details
    assert not [text for text in details if SECRET in text]
    assert SECRET.encode() not in bytes(Directory.objects.within(world.tenant).get().sealed)


def test_a_masked_password_stays_but_is_not_carried_to_another_server(world: World, admin: Rest) -> None:
    admin.post(ROOT, staff())
    for password in ({"ConnectionPassword": "***"}, {}):
        body = staff(LDAPConnectionTimeout="900") | {}
        body["properties"] = [item for item in body["properties"] if item["name"] != "ConnectionPassword"]
        body["properties"] += [{"name": name, "value": value} for name, value in password.items()]
        assert admin.put(STAFF, body).status == 200
        assert stores.get(world.by, "STAFF").secret
        moved = [item | {"value": "ldap://127.0.0.1:2"} if item["name"] == "ConnectionURL" else item for item in body["properties"]]
        assert "ConnectionPassword" in admin.put(STAFF, body | {"properties": moved}).problem(400)["description"]


def test_the_type_decides_whether_a_store_is_read_only(world: World, admin: Rest) -> None:
    assert admin.post(ROOT, staff() | {"typeId": READ}).body["typeId"] == READ
    assert stores.get(world.by, "STAFF").read_only
    assert admin.put(STAFF, staff()).body["typeId"] == WRITE
    assert not stores.get(world.by, "STAFF").read_only
    assert "ReadOnly" in admin.put(STAFF, staff(ReadOnly="true")).problem(400)["description"]
    assert admin.patch(STAFF, [{"op": "REPLACE", "path": "/properties/ReadOnly", "value": True}]).body["typeId"] == READ
    assert "typeId" in admin.put(STAFF, staff() | {"typeId": AD}).problem(400)["description"]


def test_active_directory_brings_its_own_defaults(admin: Rest) -> None:
    made = admin.post(ROOT, staff() | {"typeId": AD}).body
    assert values(made)["UserNameAttribute"] == "sAMAccountName"
    mapped = {row["claimURI"]: row["mappedAttribute"] for row in made["claimAttributeMappings"]}
    assert mapped["http://wso2.org/claims/organization"] == "company"


def test_parts_are_changed_one_by_one(world: World, admin: Rest) -> None:
    admin.post(ROOT, staff())
    answer = admin.patch(STAFF, [{"op": "replace", "path": "/properties/ReadTimeout", "value": "700"},
                                 {"op": "REPLACE", "path": "/description", "value": "Anew"},
                                 {"op": "REPLACE", "path": "/properties/Disabled", "value": "true"}])
    assert answer.status == 200
    assert (values(answer.body)["ReadTimeout"], values(answer.body)["Disabled"], answer.body["description"]) == ("700", "true", "Anew")
    assert not stores.get(world.by, "STAFF").enabled
    for wrong in ({"op": "ADD", "path": "/description"}, {"op": "REPLACE", "path": "/name", "value": "X"},
                  {"op": "REPLACE", "path": "/properties/DomainName", "value": "X"}, {"op": "REPLACE", "path": "/properties/private"}):
        assert admin.patch(STAFF, [wrong]).status == 400


def test_claims_are_mapped_and_taken_out(admin: Rest) -> None:
    dialect = "http://wso2.org/claims"
    body = staff() | {"claimAttributeMappings": [{"claimURI": f"{dialect}/title", "mappedAttribute": "employeeType"},
                                                 {"claimURI": f"{dialect}/department", "mappedAttribute": ""}]}

    def mapped() -> dict[str, str]:
        return {row["claimURI"]: row["mappedAttribute"] for row in admin.get(STAFF).body["claimAttributeMappings"]}

    assert admin.post(ROOT, body).status == 201
    assert mapped()[f"{dialect}/title"] == "employeeType"
    assert f"{dialect}/department" not in mapped()
    assert admin.put(STAFF, staff()).status == 200
    assert mapped()[f"{dialect}/title"] == "employeeType", "what is not named stays"
    place = f"{STAFF}/attribute-mappings"
    assert admin.patch(place, [{"claimURI": f"{dialect}/department", "mappedAttribute": "ou"}]).status == 204
    assert mapped()[f"{dialect}/department"] == "ou"
    for uri, attribute in ((f"{dialect}/nothing", "x"), (f"{dialect}/title", "userPassword"), (f"{dialect}/title", "mail"),
                           (f"{dialect}/identity/askPassword", "x"), (f"{dialect}/title", "(x)")):
        assert admin.patch(place, [{"claimURI": uri, "mappedAttribute": attribute}]).status == 400, (uri, attribute)


@pytest.mark.parametrize(("body", "status", "code"), [
    ({"name": ""}, 400, "SUS-60008"), ({"name": "PRIMARY"}, 400, "HK-400"), ({"name": "A/B"}, 400, "HK-400"),
    ({"typeId": "x"}, 400, "HK-400"), ({"typeId": encoded("UniqueIDJDBCUserStoreManager")}, 400, "HK-400"),
    ({"properties": []}, 400, "HK-400"), ({"properties": [{"name": "Nonsense", "value": "1"}]}, 400, "HK-400"),
    ({"properties": "x"}, 400, 400), ({"description": "x" * 301}, 400, "HK-400"), ({"name": "x" * 201}, 400, 400),
])
def test_what_cannot_be_is_refused(admin: Rest, body: dict[str, Any], status: int, code: object) -> None:
    assert admin.post(ROOT, staff() | body).problem(status)["code"] == code
    assert admin.get(ROOT).body == []


def test_a_domain_exists_once(admin: Rest) -> None:
    admin.post(ROOT, staff())
    assert admin.post(ROOT, staff()).problem(409)["code"] == "SUS-60002"
    assert "renamed" in admin.put(STAFF, staff() | {"name": "OTHER"}).problem(400)["description"]


@pytest.mark.parametrize("name", ["bm90aGluZw", "!", "U1RBRkY=x", "00000000-0000-0000-0000-000000000000", "%F0%9F%92%A9"])
def test_an_unknown_store_is_wso2s_60003_and_60001(admin: Rest, name: str) -> None:
    assert admin.get(f"{ROOT}/{name}").problem(404)["code"] == "SUS-60003"
    assert admin.put(f"{ROOT}/{name}", staff()).problem(404)["code"] == "SUS-60001"
    assert admin.send("DELETE", f"{ROOT}/{name}").status == 204


def test_a_try_says_step_by_step_what_was_found_and_stores_nothing(world: World, admin: Rest) -> None:
    answer = admin.post(f"{ROOT}/test", staff(free_port(), LDAPConnectionTimeout="500"))
    assert answer.status == 200
    assert answer.body["connection"] is False
    assert answer.body["steps"]
    assert not answer.body["steps"][-1]["good"]
    assert not Directory.objects.within(world.tenant).exists()


def test_a_real_directory_is_tried_with_the_stored_password_too(world: World, admin: Rest, slapd: Place) -> None:
    body = staff()
    given = {**slapd.settings(), "ConnectionPassword": slapd.secret}
    body["properties"] = [{"name": name, "value": value} for name, value in given.items()]
    assert admin.post(f"{ROOT}/test", body).body["connection"] is True
    assert admin.post(ROOT, body).status == 201
    body["properties"] = [item for item in body["properties"] if item["name"] != "ConnectionPassword"]
    assert admin.post(f"{ROOT}/test", body).body["connection"] is True
    assert admin.post(f"{ROOT}/test", body | {"name": "OTHER"}).body["connection"] is False, "it is another store's"


def test_the_types_tell_their_properties(admin: Rest) -> None:
    listed = admin.get(f"{ROOT}/meta/types").body
    assert [row["typeId"] for row in listed] == [WRITE, READ, AD]
    found = admin.get(f"{ROOT}/meta/types/{READ}").body
    assert {row["name"] for row in found["properties"]["Mandatory"]} == {"ConnectionURL", "UserSearchBase"}
    optional = {row["name"]: row for row in found["properties"]["Optional"]}
    assert optional["ReadOnly"]["defaultValue"] == "true"
    assert {"ConnectionPassword", "UserNameAttribute"} <= set(optional)
    for name in ("bm90aGluZw", encoded("UniqueIDJDBCUserStoreManager")):
        assert admin.get(f"{ROOT}/meta/types/{name}").problem(404)["code"] == "SUS-60003"


def test_each_method_needs_its_own_scope(world: World) -> None:
    administrator().post(ROOT, staff())
    view, create, update, delete = (holder(world, scope) for scope in (STORE_VIEW, STORE_CREATE, STORE_UPDATE, STORE_DELETE))
    for program in (create, update, delete):
        assert [program.get(path).status for path in (ROOT, f"{ROOT}/meta/types", STAFF)] == [403] * 3
    assert view.get(STAFF).status == 200
    for program in (view, update, delete):
        assert program.post(ROOT, staff() | {"name": "OTHER"}).status == program.post(f"{ROOT}/test", staff()).status == 403
    for program in (view, create, delete):
        assert program.put(STAFF, staff()).status == program.patch(STAFF, []).status == 403
    for program in (view, create, update):
        assert program.send("DELETE", STAFF).status == 403


def test_a_store_belongs_to_its_tenant(world: World, admin: Rest) -> None:
    admin.post(ROOT, staff())
    own = stores.get(world.by, "STAFF").id
    other = other_world(world)
    stranger = holder(other, STORE_VIEW, STORE_UPDATE, STORE_DELETE, prefix=f"/t/{other.tenant.domain}")
    for name in (encoded("STAFF"), str(own)):
        unknown = stranger.get(f"{ROOT}/{encoded('NONE')}").problem(404)
        found = stranger.get(f"{ROOT}/{name}").problem(404)
        assert (found["code"], found["message"]) == (unknown["code"], unknown["message"])
        assert stranger.send("DELETE", f"{ROOT}/{name}").status == 204
    assert admin.get(STAFF).status == 200


def test_an_administrator_of_a_tenant_cannot_look_into_the_servers_networks(world: World) -> None:
    """A-071: neither in plain text to this machine, nor encrypted to a private address."""
    other = other_world(world)
    tenant = holder(other, STORE_CREATE, STORE_VIEW, prefix=f"/t/{other.tenant.domain}")
    assert "encrypted" in tenant.post(ROOT, staff()).problem(400)["description"]
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(0.2)
        port = inside.getsockname()[1]
        steps = []
        for place in (f"127.0.0.1:{port}", f"localhost:{port}", f"127.0.0.1:{free_port()}", "10.1.2.3:636", f"[::1]:{port}"):
            body = tenant.post(f"{ROOT}/test", staff(ConnectionURL=f"ldaps://{place}")).body
            assert body["connection"] is False
            steps.append([step["sentence"].replace(place, "") for step in body["steps"]])
        with pytest.raises(TimeoutError):
            inside.accept()
    assert steps[0] == steps[2], "whether something listens there is not told"


def test_what_is_not_asked_for_cannot_be_set(world: World, admin: Rest) -> None:
    """Mass assignment: the store's own columns are no properties."""
    body = staff() | {"id": "x", "private": True, "tenant_id": 99, "version": 7, "sealed": "x", "managed": True}
    assert admin.post(ROOT, body).status == 201
    row = Directory.objects.within(world.tenant).get()
    assert (row.tenant_id, row.version) == (world.tenant.id, 1)
    for name in ("private", "enabled", "version", "key_name"):
        assert name in admin.patch(STAFF, [{"op": "REPLACE", "path": f"/properties/{name}", "value": "true"}]).problem(400)["description"]
