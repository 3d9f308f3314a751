"""A directory is read and written as the port says: by a real slapd, whatever names and values are like."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from housekey.core.claims import DIALECT, EMAIL, GIVEN_NAME, LAST_NAME
from housekey.core.directories import Kind
from housekey.userstores.directory import Denied, Down, Gone, Taken, Unfit, Weak
from housekey.userstores.ldap.client import unusable
from tests.support.slapd import LIMITED, POLICY, READER, Place

ODD_NAMES = (
    "a,b", "a+b", 'a"b', "a;b", "a<b>c", "a=b", "#a", "#04024869", " a", "a ", "a  b", "a\\", "\\a", "a*b", "*", "(a)", ")(uid=*", "a/b",
    "ä", "Ünïcödé", "名前", "x,ou=admins", "x+cn=y", "\\2a", "\\\\2a", "a'b", "%", "_", "a@b.example", "𝒳", "e\u0301", "ß", "a|b", "a&b",
    "!a", "&", "|", "a:dn:=b", "a~=b", "{0}", "a\u00a0b", "a\u200bb", "é" * 100, "x" * 200,
)
NOBODY = ("*", "e*", "er*", "*)(uid=*", ")(|(uid=*", "erin)(uid=*", "erin)(|(uid=*", "\\2a", "erin\\00", "erin\0", "\0", "erin\0x", "(",
          ")", "((", "))", "erin)", "(erin", "!(uid=erin)", "&", "|", "*)(objectClass=*", "erin)(userPassword=*", "erin\\", "\\", "erin*",
          "*erin", "%", "erin%00", "uid=erin", "erin,ou=people", "", "\ud800", "erin\n)(uid=*", "a" * 10_000)


def test_a_user_is_found_by_name_and_by_what_never_changes(slapd: Place) -> None:
    slapd.add("erin", givenName="Erin", sn="Doe", mail=["erin@x.example", "e@x.example"], title="Dr", departmentNumber="7")
    found = slapd.client().by_name("erin")
    assert found is not None
    assert (found.username, found.dn, found.enabled) == ("erin", slapd.dn("erin"), None)
    assert found.values == {GIVEN_NAME: ("Erin",), LAST_NAME: ("Doe",), EMAIL: ("erin@x.example", "e@x.example"),
                            f"{DIALECT}/title": ("Dr",), f"{DIALECT}/department": ("7",)}
    assert found.created is not None
    assert abs((datetime.now(UTC) - found.created).total_seconds()) < 600
    assert slapd.client().by_id(found.unique_id) == found
    assert found.unique_id == found.unique_id.lower()


def test_a_renamed_user_is_the_same(slapd: Place) -> None:
    slapd.add("erin", password="right one")
    client = slapd.client()
    before = client.by_name("erin")
    assert before is not None
    slapd.rename("erin", "maria")
    after = client.by_id(before.unique_id)
    assert after is not None
    assert (after.username, after.unique_id) == ("maria", before.unique_id)
    assert client.by_name("erin") is None
    assert client.authenticate(before.unique_id, "right one")


def test_nobody_is_found_by_what_could_mean_something_in_a_filter(slapd: Place) -> None:
    """A-100."""
    slapd.add("erin", password="right one")
    client = slapd.client()
    for name in NOBODY:
        assert client.by_name(name) is None, name
        assert client.by_id(name) is None, name
        assert client.authenticate(name, "right one") is False, name
    assert client.by_name("ERIN") is not None


def test_who_else_the_directory_takes_for_the_same_is_nobody(slapd: Place) -> None:
    slapd.add("erin")
    client = slapd.client()
    assert [client.by_name(name) for name in (" erin", "erin ", "erin  ")] == [None, None, None]


def test_of_two_of_one_name_nobody_is_found(slapd: Place) -> None:
    slapd.add("erin")
    slapd.add("other", uid=["other", "erin"])
    assert slapd.client().by_name("erin") is None


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_with_any_character_is_added_found_and_removed(slapd: Place, name: str) -> None:
    """A-103."""
    client = slapd.client()
    if name != name.strip(" ") or "  " in name:
        slapd.add("ab")
    try:
        made = client.add(name, {GIVEN_NAME: (name,)}, name)
    except Denied:
        assert name != name.strip() or "  " in name or "\u200b" in name
        return
    assert made.username == name
    assert client.by_name(name) == client.by_id(made.unique_id) == made
    assert made.dn.endswith(slapd.people)
    assert [one.username for one in client.everybody() if one.username == name] == [name]
    client.set_password(made.unique_id, "long enough ü")
    assert client.authenticate(made.unique_id, "long enough ü")
    client.remove(made.unique_id)
    client.remove(made.unique_id)
    assert client.by_name(name) is None


def test_everybody_comes_in_pages_and_whole(slapd: Place) -> None:
    for number in range(25):
        slapd.add(f"user{number:02}")
    client = slapd.client(PageSize="10")
    assert sorted(one.username for one in client.everybody()) == [f"user{number:02}" for number in range(25)]
    assert len(client.matching("(uid=user0*)", 7)) == 7
    assert len(client.matching("(uid=user*)", 15)) == 15
    assert len(client.matching("(uid=user0*)", 100)) == 10
    assert len(client.matching("(uid=user*)", 100)) == 25


def test_a_directory_that_gives_only_a_part_is_not_taken_for_whole(slapd: Place) -> None:
    for number in range(12):
        slapd.add(f"user{number:02}")
    client = slapd.client(ConnectionName=LIMITED, PageSize="10")
    with pytest.raises(Down, match="only a part"):
        list(client.everybody())
    with pytest.raises(Down, match="only a part"):
        client.matching("(uid=*)", 100)
    found = client.by_name("user01")
    assert found is not None


def test_groups_say_who_is_in_them(slapd: Place) -> None:
    slapd.add("erin")
    slapd.add("maria")
    slapd.group("ops, all", "erin", "maria")
    found = list(slapd.client().groups())
    assert [(one.name, set(one.members)) for one in found] == [("ops, all", {slapd.dn("erin"), slapd.dn("maria")})]
    assert list(slapd.client(ReadGroups="false").groups()) == []


def test_a_new_user_has_what_the_class_demands_and_no_password(slapd: Place) -> None:
    client = slapd.client()
    made = client.add("erin", {EMAIL: ("a@x.example", "b@x.example"), LAST_NAME: ()}, "Erin Doe")
    raw = slapd.read("erin")
    assert raw is not None
    assert raw["cn"] == [b"Erin Doe"]
    assert raw["sn"] == [b"erin"]
    assert raw["mail"] == [b"a@x.example", b"b@x.example"]
    assert "userPassword" not in raw
    assert not client.authenticate(made.unique_id, "anything")
    with pytest.raises(Taken):
        client.add("ERIN", {}, "")


def test_a_change_leaves_what_it_does_not_name(slapd: Place) -> None:
    slapd.add("erin", givenName="Erin", mail=["a@x.example", "b@x.example"], title="Dr")
    client = slapd.client()
    person = client.by_name("erin")
    assert person is not None
    after = client.change(person.unique_id, {EMAIL: ("c@x.example",), f"{DIALECT}/title": (), LAST_NAME: ()})
    assert after.values == {GIVEN_NAME: ("Erin",), LAST_NAME: ("erin",), EMAIL: ("c@x.example",)}
    assert client.change(person.unique_id, {}) == after
    slapd.remove("erin")
    with pytest.raises(Gone):
        client.change(person.unique_id, {EMAIL: ()})


def test_addresses_that_differ_only_to_us_are_one_to_the_directory(slapd: Place) -> None:
    made = slapd.client().add("erin", {EMAIL: ("b@x.example", "A@x.example", "a@X.example", "b@x.example")}, "")
    assert made.values[EMAIL] == ("b@x.example", "A@x.example")


def test_a_value_the_schema_does_not_take_is_named(slapd: Place) -> None:
    slapd.add("erin")
    client = slapd.client(attributes={f"{DIALECT}/title": "noSuchThing"})
    person = client.by_name("erin")
    assert person is not None
    with pytest.raises(Unfit, match="noSuchThing"):
        client.change(person.unique_id, {f"{DIALECT}/title": ("x",)})
    with pytest.raises(Unfit, match="mail"):
        slapd.client().change(person.unique_id, {EMAIL: ("ü@x.example",)})
    assert not client.test().good


def test_a_value_with_a_nul_is_no_text(slapd: Place) -> None:
    slapd.add("erin", title=["Dr\0", "Prof"], givenName="E\0")
    slapd.add("mar\0ia")
    assert [(one.username, one.values) for one in slapd.client().everybody()] == [("erin", {LAST_NAME: ("erin",),
                                                                                           f"{DIALECT}/title": ("Prof",)})]


def test_values_are_read_within_bounds(slapd: Place) -> None:
    slapd.add("erin", mail=[f"m{number}@x.example" for number in range(150)], title="x" * 3_000)
    slapd.change("erin", description="x")
    client = slapd.client(attributes={f"{DIALECT}/nickname": "jpegPhoto"})
    slapd.change("erin", jpegPhoto=[b"\xff\xd8\xff\xe0\x00", b"text"])
    person = client.by_name("erin")
    assert person is not None
    assert len(person.values[EMAIL]) == 100
    assert len(person.values[f"{DIALECT}/title"][0]) == 1_000
    assert person.values[f"{DIALECT}/nickname"] == ("text",)


def test_a_password_is_set_by_the_directory_and_blocked_for_good(slapd: Place) -> None:
    slapd.add("erin", password="the old one")
    client = slapd.client()
    person = client.by_name("erin")
    assert person is not None
    client.set_password(person.unique_id, "thé new one")
    assert slapd.welcomes("erin", "thé new one")
    assert not slapd.welcomes("erin", "the old one")
    raw = slapd.read("erin")
    assert raw is not None
    assert raw["userPassword"][0].startswith(b"{SSHA}")
    client.block_password(person.unique_id)
    assert not client.authenticate(person.unique_id, "thé new one")
    slapd.remove("erin")
    with pytest.raises(Gone):
        client.set_password(person.unique_id, "x")
    with pytest.raises(Gone):
        client.block_password(person.unique_id)
    assert client.authenticate(person.unique_id, "thé new one") is False


def test_the_directorys_own_rules_for_passwords_are_told(slapd: Place) -> None:
    slapd.add("erin", password="the old one")
    slapd.change("erin", pwdPolicySubentry=POLICY)
    client = slapd.client()
    person = client.by_name("erin")
    assert person is not None
    with pytest.raises(Weak, match="own rules"):
        client.set_password(person.unique_id, "short")
    client.block_password(person.unique_id)
    client.set_password(person.unique_id, "long enough at last")
    for _ in range(3):
        assert not client.authenticate(person.unique_id, "wrong")
    assert client.authenticate(person.unique_id, "long enough at last") is False


def test_what_the_account_may_not_do_is_told(slapd: Place) -> None:
    slapd.add("erin", password="the old one")
    client = slapd.client(ConnectionName=READER)
    person = client.by_name("erin")
    assert person is not None
    works: tuple[Callable[[], object], ...] = (
        lambda: client.add("new", {}, ""), lambda: client.change(person.unique_id, {EMAIL: ()}), lambda: client.remove(person.unique_id),
        lambda: client.set_password(person.unique_id, "x"), lambda: client.block_password(person.unique_id))
    for work in works:
        with pytest.raises(Denied, match="may not do this"):
            work()
    client = slapd.client(ReadOnly="true")
    for work in works:
        with pytest.raises(Denied, match="read only"):
            work()
    assert slapd.welcomes("erin", "the old one")


def test_a_wrong_name_or_password_to_connect_with_is_told(slapd: Place) -> None:
    for client in (slapd.client(secret="wrong"), slapd.client(secret=""), slapd.client(ConnectionName="cn=nobody,dc=example,dc=test")):
        with pytest.raises(Denied, match="password"):
            client.by_name("erin")
        assert not client.test().good
        assert "password" in client.test().steps[0][0]


def test_a_filter_of_the_settings_that_is_none_is_told(slapd: Place) -> None:
    with pytest.raises(Unfit, match="not a valid LDAP filter"):
        slapd.client(UserNameListFilter="(&(uid=*)").by_name("erin")
    with pytest.raises(Denied, match="There is no ou=nowhere"):
        list(slapd.client(UserSearchBase="ou=nowhere,dc=example,dc=test").everybody())


def test_an_entry_whose_id_cannot_be_read_is_told(slapd: Place) -> None:
    slapd.add("erin")
    with pytest.raises(Denied, match="employeeNumber"):
        list(slapd.client(UserIDAttribute="employeeNumber").everybody())


@pytest.mark.parametrize("security", ["none", "starttls", "ldaps"])
def test_a_test_of_the_settings_says_each_step(slapd: Place, security: str) -> None:
    found = slapd.client(security).test()
    assert found.good, found
    assert "There are no users" in found.steps[2][0]
    slapd.add("erin")
    assert any("erin" in sentence for sentence, _ in slapd.client(security).test().steps)
    wrong = slapd.client(security, UserSearchBase="ou=nowhere,dc=example,dc=test", UserIDAttribute="noId").test()
    assert [well for _, well in wrong.steps] == [True, True, False, True, False]


def test_a_reference_to_another_server_is_passed_over_and_one_to_the_same_is_followed(slapd: Place) -> None:
    slapd.add("erin")
    elsewhere = f"ou=elsewhere,{slapd.base}"
    slapd.server.done(slapd.server.admin().add(elsewhere, "organizationalUnit"))
    slapd.server.done(slapd.server.admin().add(f"uid=maria,{elsewhere}", "inetOrgPerson", {"uid": "maria", "cn": "m", "sn": "m"}))
    for number, host in enumerate(("localhost", "directory.example.com")):
        slapd.server.done(slapd.server.admin().add(f"cn=r{number},{slapd.people}", ["referral", "extensibleObject"],
                                                   {"cn": f"r{number}", "ref": f"ldap://{host}/{elsewhere}"}))
    assert [one.username for one in slapd.client().everybody()] == ["erin"]
    follow = slapd.client(Referral="follow")
    assert sorted(one.username for one in follow.everybody()) == ["erin", "maria"]
    assert follow.by_name("maria") is not None


def test_an_unusable_password_has_every_class_and_is_never_the_same() -> None:
    found = {unusable() for _ in range(50)}
    assert len(found) == 50
    assert all(len(text) == 40 and text.isascii() for text in found)


def test_a_text_that_cannot_be_sent_is_no_failure_of_the_directory(slapd: Place) -> None:
    slapd.add("erin")
    client = slapd.client()
    person = client.by_name("erin")
    assert person is not None
    with pytest.raises(Unfit):
        client.change(person.unique_id, {GIVEN_NAME: ("\ud800",)})
    with pytest.raises(Unfit):
        client.add("\ud800", {}, "")
    with pytest.raises(Unfit):
        client.add("a\0b", {}, "")
    with pytest.raises(Unfit):
        client.change(person.unique_id, {GIVEN_NAME: ("a\0b",)})
    assert client.by_name("erin") == person


def test_ldap3_is_not_loaded_before_a_directory_is_asked() -> None:
    code = "import sys, housekey.userstores.ldap.client, housekey.userstores.ldap.filters; sys.exit('ldap3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- Active Directory --------------------------------------------------------------------------------------------------


def test_a_new_user_of_active_directory_is_enabled_with_the_first_password(active_directory: Place) -> None:
    client = active_directory.client()
    made = client.add("ann@corp.example", {EMAIL: ("a@x.example", "b@x.example"), GIVEN_NAME: ("Ann",)}, "Ann New")
    raw = active_directory.read("ann@corp.example")
    assert raw is not None
    assert (raw["userAccountControl"], raw["sAMAccountName"], raw["userPrincipalName"], raw["mail"]) == (
        [b"514"], [b"ann@corp.example"], [b"ann@corp.example"], [b"a@x.example"])
    assert made.enabled is False
    assert made.unique_id == raw["objectGUID"][0].hex()
    assert made.created is not None
    client.set_password(made.unique_id, "thé first")
    after = client.by_id(made.unique_id)
    assert after is not None
    assert after.enabled is True
    assert client.authenticate(made.unique_id, "thé first")
    client.block_password(made.unique_id)
    assert not client.authenticate(made.unique_id, "thé first")


def test_who_was_disabled_there_stays_disabled_with_a_new_password(active_directory: Place) -> None:
    active_directory.add("bob", userAccountControl="514", pwdLastSet="133")
    active_directory.add("eve", userAccountControl="66050")
    client = active_directory.client()
    for name in ("bob", "eve"):
        person = client.by_name(name)
        assert person is not None
        client.set_password(person.unique_id, "new password")
        after = client.by_name(name)
        assert after is not None
        assert after.enabled is False


def test_blocking_somebody_without_a_password_leaves_her_waiting_for_the_first(active_directory: Place) -> None:
    client = active_directory.client()
    made = client.add("ann", {}, "")
    client.block_password(made.unique_id)
    client.enable(made.unique_id, True)
    assert client.by_id(made.unique_id) == made
    client.set_password(made.unique_id, "first")
    assert client.by_id(made.unique_id) == replace(made, enabled=True)


def test_active_directorys_switch_is_turned_and_nothing_else_of_it(active_directory: Place) -> None:
    active_directory.add("bob", userAccountControl="66048", pwdLastSet="133")
    client = active_directory.client()
    person = client.by_name("bob")
    assert person is not None
    for on, control in ((False, b"66050"), (False, b"66050"), (True, b"66048")):
        client.enable(person.unique_id, on)
        raw = active_directory.read("bob")
        assert raw is not None
        assert raw["userAccountControl"] == [control]
    assert client.test().good


@pytest.mark.parametrize("kind", ["ldap", "ad"])
def test_both_kinds_find_by_id_whatever_bytes_it_has(slapds: Callable[[str], object], kind: Kind, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue("slapd" if kind == "ldap" else "active_directory")
    for number in range(8):
        place.add(f"u{number}")
    client = place.client()
    for one in client.everybody():
        assert client.by_id(one.unique_id) == one
        assert client.by_id(one.unique_id[:-1]) is None
    assert client.by_id("*") is client.by_id("") is client.by_id("zz") is None
