"""`[user_store]`: PRIMARY in a directory, as WSO2's guides configure it."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.conf.explain import explain
from housekey.conf.schema import PrimaryStore
from housekey.core.claims import ACCOUNT_LOCKED, DIALECT
from tests.conf.support import configured, refused, said

LDAP = """\
[user_store]
type = "read_write_ldap_unique_id"
connection_url = "ldap://localhost:10390"
connection_name = "uid=admin,ou=system"
connection_password = "s3cret"
base_dn = "dc=wso2,dc=org"
"""


def of(folder: Path, text: str) -> PrimaryStore:
    found = configured(folder, text).primary_store
    assert found is not None
    return found


def test_without_anything_users_are_in_our_own_database(tmp_path: Path) -> None:
    assert configured(tmp_path).primary_store is None


@pytest.mark.parametrize("kind", ["database", "database_unique_id"])
def test_a_database_is_our_own_whatever_else_the_table_says(tmp_path: Path, kind: str) -> None:
    config = configured(tmp_path, f"[user_store]\ntype = '{kind}'\n[user_store.properties]\nUsernameJavaRegEx = '^x$'\nReadGroups = true\n")
    assert config.primary_store is None
    assert not said(config, "warning")
    assert [line for line, _ in said(config, "info")] == [4, 5]


def test_the_printed_ldap_store_is_taken_as_it_is(tmp_path: Path) -> None:
    config = configured(tmp_path, LDAP)
    store = config.primary_store
    assert store is not None
    assert (store.kind, store.password) == ("ldap", "s3cret")
    assert store.properties["ConnectionURL"] == "ldap://localhost:10390"
    assert store.properties["ConnectionName"] == "uid=admin,ou=system"
    assert store.properties["UserSearchBase"] == "ou=Users,dc=wso2,dc=org"
    assert store.properties["GroupSearchBase"] == "ou=Groups,dc=wso2,dc=org"
    assert store.properties["ReadOnly"] == "false"
    assert not config.findings


@pytest.mark.parametrize(("kind", "speaks", "read_only"), [
    ("read_write_ldap", "ldap", "false"), ("read_only_ldap", "ldap", "true"), ("read_only_ldap_unique_id", "ldap", "true"),
    ("active_directory", "ad", "false"), ("active_directory_unique_id", "ad", "false")])
def test_the_type_says_what_is_spoken_and_whether_it_is_written_to(tmp_path: Path, kind: str, speaks: str, read_only: str) -> None:
    store = of(tmp_path, LDAP.replace("read_write_ldap_unique_id", kind))
    assert (store.kind, store.properties["ReadOnly"]) == (speaks, read_only)


def test_active_directory_has_one_container_for_users_and_groups(tmp_path: Path) -> None:
    store = of(tmp_path, LDAP.replace("read_write_ldap_unique_id", "active_directory"))
    assert store.properties["UserSearchBase"] == store.properties["GroupSearchBase"] == "CN=Users,dc=wso2,dc=org"


def test_wso2s_property_names_are_read_beside_their_short_keys(tmp_path: Path) -> None:
    config = configured(tmp_path, LDAP + """\
user_name_attribute = "mail"
[user_store.properties]
GroupSearchBase = "ou=teams,$ref{user_store.base_dn}"
ReadGroups = true
ConnectionPoolSize = 4
TenantManager = "org.wso2.carbon.user.core.tenant.CommonHybridLDAPTenantManager"
UsernameJavaRegEx = "[a-z]{3,}"
ReadGruops = true
""")
    store = config.primary_store
    assert store is not None
    assert store.properties["UserNameAttribute"] == "mail"
    assert store.properties["GroupSearchBase"] == "ou=teams,dc=wso2,dc=org"
    assert (store.properties["ReadGroups"], store.properties["ConnectionPoolSize"]) == ("true", "4")
    assert [line for line, _ in said(config, "info")] == [12, 13]
    [(line, sentence)] = said(config, "warning")
    assert line == 14
    assert "Did you mean [user_store.properties] ReadGroups?" in sentence


def test_connection_properties_may_stand_with_the_other_properties(tmp_path: Path) -> None:
    store = of(tmp_path, """\
[user_store]
type = "read_only_ldap"
[user_store.properties]
ConnectionURL = "ldaps://directory.example.com"
ConnectionName = "cn=reader"
ConnectionPassword = "s3cret"
UserSearchBase = "ou=people,dc=example,dc=com"
""")
    assert (store.properties["ConnectionURL"], store.password) == ("ldaps://directory.example.com:636", "s3cret")
    assert store.properties["UserSearchBase"] == "ou=people,dc=example,dc=com"


def test_the_same_setting_under_two_names_is_told(tmp_path: Path) -> None:
    config = configured(tmp_path, LDAP + "[user_store.properties]\nConnectionURL = 'ldaps://other'\n")
    assert config.primary_store is not None
    assert config.primary_store.properties["ConnectionURL"] == "ldap://localhost:10390"
    assert "has no effect: [user_store] connection_url is given too" in said(config, "warning")[0][1]


def test_the_password_can_lie_in_a_file_and_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "directory-password").write_text("from-a-file\n", encoding="utf-8")
    text = LDAP.replace('connection_password = "s3cret"', 'connection_password_file = "directory-password"')
    assert of(tmp_path, text).password == "from-a-file"
    environ = {"HOUSEKEY__USER_STORE__CONNECTION_PASSWORD": "from-the-environment", "HOUSEKEY__USER_STORE__PROPERTIES__READGROUPS": "true"}
    config = configured(tmp_path, text, environ=environ)
    assert config.primary_store is not None
    assert config.primary_store.password == "from-the-environment"
    assert config.primary_store.properties["ReadGroups"] == "true"


def test_a_password_from_wso2s_vault_is_refused(tmp_path: Path) -> None:
    [error] = refused(tmp_path, LDAP.replace("s3cret", "$secret{ldap}"))
    assert error.line == 5
    assert "use connection_password_file" in error.sentence


def test_claims_can_be_given_attributes(tmp_path: Path) -> None:
    store = of(tmp_path, LDAP + f'[user_store.attributes]\n"{DIALECT}/title" = "employeeType"\n"{ACCOUNT_LOCKED}" = "accountLock"\n')
    assert store.attributes == {f"{DIALECT}/title": "employeeType", ACCOUNT_LOCKED: "accountLock"}


def test_every_mistake_is_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    errors = refused(tmp_path, f"""\
[user_store]
type = "active_directory"
connection_url = "ldap://directory.example.com"
connection_name = "cn=housekey"
[user_store.properties]
ConnectionPoolSize = 400
ReadTimeout = []
UserNameAttribute = "a b"
StartTLSEnabled = "perhaps"
[user_store.attributes]
"{DIALECT}/nosuch" = "description"
"{DIALECT}/title" = "userPassword"
""")
    assert {(error.line, error.key.rpartition(".")[2]) for error in errors} == {
        (2, "connection_password"), (2, "base_dn"), (6, "ConnectionPoolSize"), (7, "ReadTimeout"), (8, "UserNameAttribute"),
        (9, "StartTLSEnabled"), (11, "org/claims/nosuch"), (12, "org/claims/title")}


def test_passwords_must_travel_encrypted(tmp_path: Path) -> None:
    """A-102."""
    [error] = refused(tmp_path, LDAP.replace("localhost:10390", "directory.example.com"))
    assert (error.line, error.key) == (3, "user_store.connection_url")


@pytest.mark.parametrize(("text", "line"), [("type = 'ldap'\n", 2), ("type = 'custom'\n", 2), ("type = 7\n", 2)])
def test_a_type_that_nobody_knows_stops_the_start(tmp_path: Path, text: str, line: int) -> None:
    [error] = refused(tmp_path, "[user_store]\n" + text)
    assert (error.line, error.key) == (line, "user_store.type")


def test_an_address_without_a_type_is_told(tmp_path: Path) -> None:
    config = configured(tmp_path, "[user_store]\nconnection_url = 'ldap://localhost'\n")
    assert config.primary_store is None
    assert "type is missing" in said(config, "warning")[0][1]


def test_what_is_in_force_is_explained_with_its_origin_and_without_the_password(tmp_path: Path) -> None:
    text = LDAP + f'[user_store.properties]\nReadGroups = "true"\n[user_store.attributes]\n"{DIALECT}/title" = "employeeType"\n'
    rows = explain(configured(tmp_path, text))
    found = {row.key: (row.value, row.origin) for row in rows}
    assert found["user_store.type"] == ("read_write_ldap_unique_id", "deployment.toml line 2")
    assert found["user_store.connection_password"] == ("(set)", "deployment.toml line 5")
    assert found["user_store.properties.UserSearchBase"] == ("ou=Users,dc=wso2,dc=org", "deployment.toml line 6")
    assert found["user_store.properties.ReadGroups"] == ("true", "deployment.toml line 8")
    assert found["user_store.properties.PageSize"] == ("500", "built in")
    assert found[f"user_store.attributes.{DIALECT}/title"] == ("employeeType", "deployment.toml line 10")
    assert "s3cret" not in str(rows)
    assert all(row.doc for row in rows)
    assert "s3cret" not in repr(configured(tmp_path, text))
