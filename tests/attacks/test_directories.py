"""Directories in the hands of somebody who means ill, and what a tenant's administrators may point the server at (A-051, A-071, A-100,
A-118, A-183)."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from housekey.conf.schema import SuperAdmin
from housekey.core import directories as core
from housekey.core.claims import DIALECT, LOCKED_REASON
from housekey.core.errors import Invalid, WrongCredentials
from housekey.operations import bootstrap, stores, users
from housekey.store.models import Account, Entry, Group, GroupMember
from housekey.userstores.directory import Down, Trouble
from housekey.userstores.ldap.client import connect
from tests.attacks.hostile import acme, looked, set_up, spoken
from tests.doors.pages.support import Browser
from tests.doors.scim.support import Scim
from tests.doors.soap.support import Soap
from tests.operations.support import PASSWORD, World, other_world
from tests.support.ldap_hostile import Entry as Shown
from tests.support.ldap_hostile import Hostile, ber, octets, person

LATER = timedelta(hours=2)


def test_a_question_about_one_person_is_asked_once_whatever_the_directory_promises(evil: Hostile) -> None:
    """A-183: a directory that always has another page would keep the thread that asks for ever."""
    evil.cookie = lambda _: b"more"
    client = connect(spoken(evil), "secret")
    assert client.by_name("jane") is None
    assert evil.searches == 1
    evil.found = lambda _: [person("jane")]
    evil.searches = 0
    assert client.by_name("jane") is not None
    assert evil.searches == 1


def test_a_search_ends_though_the_directory_says_that_there_is_more(evil: Hostile) -> None:
    """A-183."""
    evil.cookie = lambda number: b"more %d" % number
    with pytest.raises(Down):
        connect(spoken(evil), "secret").matching("(uid=*)", 200)
    assert evil.searches <= 50


def test_a_look_ends_though_the_directory_says_that_there_is_more(world: World, evil: Hostile) -> None:
    """A-183: one worker looks through the directories of all tenants."""
    evil.cookie = lambda number: b"more %d" % number
    row = looked(world, set_up(world, evil))
    assert row.findings["error"]
    assert row.leased_until is None
    assert evil.searches <= 200


@pytest.mark.parametrize("small", [b"\x04\x00", b"\x30\x00", b"\x31\x00", b"\x80\x00", b"\x02\x01\x00", b"\x0c\x04abcd", b"\x04\x81\x00"])
def test_an_answer_of_countless_tiny_parts_is_not_even_taken_apart(evil: Hostile, small: bytes) -> None:
    """A-183: each part of two bytes costs a hundred of memory and microseconds."""
    blob = ber(0x64, octets("uid=jane"), ber(0x30, ber(0x30, octets("mail"), ber(0x31, small * (3_000_000 // len(small))))))
    evil.raw = lambda _: blob
    with pytest.raises(Down):
        connect(spoken(evil, ReadTimeout="30000"), "secret").by_name("jane")


def test_entries_that_are_nobody_do_not_keep_a_search_going(evil: Hostile) -> None:
    """A-183."""
    evil.found = lambda _: [("cn=printer", {"entryUUID": ["1"]})]
    evil.cookie = lambda number: b"more %d" % number
    assert connect(spoken(evil), "secret").matching("(uid=*)", 20) == []
    assert evil.searches <= 50


NAMES: list[str | bytes] = [
    "<script>alert(1)</script>", "../../etc/passwd", "a/b", "PRIMARY/admin", "STAFF/x", "a b", "a\r\nBcc: x@y.example", "a\0b",
    "\u202eadmin",
    "adm\u200bin", "x" * 300, "x" * 1_000_000, "*", "%", "?", b"\xff\xfe", b"a\xed\xa0\x80b", "=cmd|' /C calc'!A0", "@", "a@b@c", "\x1b[2J",
    "\ufdfa" * 40, "admin", "ADMIN", "ａｄｍｉｎ", "",
]


def test_names_of_entries_are_names_or_refused_and_nobody_else_is_kept_from_coming(world: World, evil: Hostile) -> None:
    """A-084, A-116, A-118: whatever they are called, the look comes to its end, and who has a good name is known."""
    evil.found = lambda _: [*(person(name, f"id-{number}") for number, name in enumerate(NAMES)), person("jane")]
    row = looked(world, set_up(world, evil))
    assert row.findings["error"] == ""
    known = set(Account.objects.within(world.tenant).filter(domain="STAFF").values_list("name_key", flat=True))
    assert "jane" in known
    assert not any(char in name for name in known for char in "/*?% \0\r\n\u202e\u200b\x1b")
    assert all(line.isprintable() for line in row.findings["refused"])


IDS: list[str | bytes] = ["i" * 5_000, "a\0b", b"\xff\xfe\xfd", b"\xed\xa0\x80", "' OR 1=1 --", "é" * 200, "\u202e", "\r\n", " ", "../x"]


@pytest.mark.parametrize("unique_id", IDS)
def test_no_id_of_an_entry_breaks_a_look_or_a_sign_in(world: World, evil: Hostile, unique_id: str | bytes) -> None:
    """A-104: PostgreSQL takes neither NUL nor a text longer than its column."""
    evil.found = lambda _: [person("erin", unique_id), person("jane")]
    row = looked(world, set_up(world, evil))
    assert row.leased_until is None
    assert row.findings["error"] or Account.objects.within(world.tenant).filter(domain="STAFF", name_key="jane").exists()
    evil.found = lambda _: [person("paul", unique_id)]
    with suppress(WrongCredentials):
        world.sign_in("STAFF/paul", PASSWORD)  # who runs the directory says whose password is right


def test_two_entries_of_one_id_or_of_one_name_stop_nobody_else(world: World, evil: Hostile) -> None:
    evil.found = lambda _: [person("erin", "same"), person("paul", "same"), person("ERIN", "other"), person("jane")]
    row = looked(world, set_up(world, evil))
    assert row.findings["error"] == ""
    names = sorted(Account.objects.within(world.tenant).filter(domain="STAFF").values_list("name_key", flat=True))
    assert names == ["erin", "jane"]
    assert row.findings["left_out"] == 2
    assert looked(world, row).findings["error"] == ""


DNS: list[str | bytes] = [
    "uid=a\0b,dc=evil", "x" * 100_000, b"\xff\xfe", b"uid=\xed\xa0\x80", "\u202e", "uid=a,uid=a,,,==", "\\", "uid=\\zz",
]


@pytest.mark.parametrize("dn", DNS)
def test_no_dn_breaks_a_look(world: World, evil: Hostile, dn: str | bytes) -> None:
    """A-103, A-104."""
    evil.found = lambda _: [(dn, person("erin")[1]), person("jane")]
    row = looked(world, set_up(world, evil))
    assert row.leased_until is None
    assert row.findings["error"] or Account.objects.within(world.tenant).filter(domain="STAFF", name_key="jane").exists()


VALUES: list[str | bytes] = [
    "<script>alert(1)</script>", "a\r\nb", "a\0b", "x" * 1_000_000, b"\xff", b"\xed\xa0\x80", "\u202e", "{{ 7*7 }}", "{{first-name}}",
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("attribute", ["mail", "givenName", "mobile", "preferredLanguage", "displayName"])
def test_no_value_stops_a_look(world: World, evil: Hostile, attribute: str, value: str | bytes) -> None:
    """A-080, A-113: what no profile can hold is left out."""
    evil.found = lambda _: [person("erin", **{attribute: value}), person("jane")]
    row = looked(world, set_up(world, evil))
    assert row.findings["error"] == ""
    assert set(Account.objects.within(world.tenant).filter(domain="STAFF").values_list("name_key", flat=True)) == {"erin", "jane"}


def test_ten_thousand_values_are_a_hundred(world: World, evil: Hostile) -> None:
    name, given = person("erin")
    evil.found = lambda _: [(name, {**given, "mail": [f"erin{number}@staff.example" for number in range(10_000)]})]
    looked(world, set_up(world, evil))
    assert len(users.by_name(world.by, "STAFF/erin").profile.emails) <= 100


def test_groups_of_any_name_and_member_stop_nobody(world: World, evil: Hostile) -> None:
    def found(number: int) -> list[Shown]:
        if number == 1:
            return [person("jane")]
        loop = "cn=loop,dc=evil"
        rows: list[Shown] = [
            (loop, {"cn": ["loop"], "entryUUID": ["loop"],
                    "member": [loop, "cn=other", b"\xff", "a\0b", "x" * 100_000, "uid=jane,ou=people,dc=evil"]})]
        rows += [(f"cn=g{place}", {"cn": [name], "entryUUID": [f"g{place}"], "member": []}) for place, name in enumerate(NAMES)]
        return rows

    evil.found = found
    row = looked(world, set_up(world, evil, ReadGroups="true", GroupSearchBase="ou=groups,dc=evil"))
    assert row.leased_until is None
    assert row.findings["error"] == ""
    loop = Group.objects.within(world.tenant).get(domain="STAFF", name="loop")
    members = GroupMember.objects.within(world.tenant).filter(group=loop)
    assert [member.account_id for member in members] == [Entry.objects.aside(world.tenant).get(unique_id="id-jane").account_id]


def test_one_tenants_slow_directory_does_not_keep_the_threads_of_all(world: World, evil: Hostile) -> None:
    """A-183: who asks next is told at once, and the default tenant's directories are not concerned."""
    other, free = acme(world), threading.Event()
    set_up(other, evil, ReadTimeout="30000", ConnectionPoolSize="20")
    evil.before = lambda: free.wait(25)
    asked: list[threading.Thread] = []
    told: list[bool] = []
    new = stores.NewStore("STAFF", "ldap", evil.settings(ReadTimeout="30000"))

    def ask() -> None:
        told.append(stores.test(other.house, other.by, new).good)
        connections.close_all()

    try:
        for _ in range(2):
            asked.append(threading.Thread(target=ask))
            asked[-1].start()
        while evil.searches < 2:
            time.sleep(0.01)
        tested = stores.test(other.house, other.by, new)
        assert "one tenant" in tested.steps[0][0]
        assert stores.get(other.by, "STAFF").enabled
        with pytest.raises(WrongCredentials):
            other.sign_in("STAFF/jane", PASSWORD)
        assert told == []
    finally:
        free.set()
        for thread in asked:
            thread.join()
    assert stores.test(other.house, other.by, new).steps[0][1]


ADDRESSES = [
    "ldap://127.0.0.1", "ldaps://127.0.0.1:636", "ldaps://localhost:1", "ldaps://[::1]", "ldaps://[::ffff:127.0.0.1]", "ldaps://0.0.0.0",
    "ldaps://[::]", "ldaps://2130706433", "ldaps://0x7f000001", "ldaps://127.1", "ldaps://0177.0.0.1", "ldaps://10.0.0.1", "ldaps://169.254.169.254",
    "ldaps://[64:ff9b::7f00:1]", "ldaps://[2002:7f00:1::]", "ldaps://[fe80::1%25eth0]", "ldaps://[fd00::1]", "ldaps://100.64.0.1",
    "ldaps://127.0.0.1.:636", "ldaps://LOCALHOST", "ldaps://ip6-localhost", "ldaps://①②⑦.0.0.1",
]


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_address_leads_another_tenant_into_the_servers_own_network(world: World, evil: Hostile, url: str) -> None:
    """A-071: neither by a test of a connection nor by a store that is kept; and whether something listens there is not told."""
    other = other_world(world)
    settings = evil.settings(ConnectionURL=url, StartTLSEnabled="true" if url.startswith("ldap:") else "false")
    try:
        tested = stores.test(other.house, other.by, stores.NewStore("STAFF", "ldap", settings))
    except Invalid:
        return
    assert not tested.good
    assert "own network" in tested.steps[0][0] or "not known" in tested.steps[0][0]


def test_a_referral_leads_nowhere_else(world: World, evil: Hostile) -> None:
    """A-071, A-102: to the server that it names not even a connection is made, whatever the setting says."""
    trap = Hostile()
    evil.raw = lambda _: ber(0x73, octets(f"ldap://127.0.0.1:{trap.port}/ou=people,dc=evil??sub"), octets("ldap://10.0.0.1/dc=x"),
                             octets("ldap://[::1"), octets("gopher://x/"), octets(b"\xff\xfe"))
    for choice in ("ignore", "follow"):
        with suppress(Trouble):
            assert connect(spoken(evil, Referral=choice), "secret").by_name("jane") is None
    assert (trap.binds, trap.searches) == ([], 0)
    assert evil.searches <= 5
    trap.close()


@pytest.mark.parametrize("attribute", ["userPassword", "USERPASSWORD", "2.5.4.35", "unicodePwd", "1.2.840.113556.1.4.90", "ms-Mcs-AdmPwd"])
def test_no_attribute_of_passwords_is_read_as_a_name_or_written_as_a_claim(attribute: str) -> None:
    """A-138: who may set up a store would else read the hashes, or set the passwords, of everybody in the directory."""
    given = {"ConnectionURL": "ldaps://ldap.example.com", "UserSearchBase": "dc=example"}
    for name in ("UserNameAttribute", "UserRDNAttribute", "UserIDAttribute", "GroupNameAttribute", "MembershipAttribute"):
        with pytest.raises(Invalid):
            core.clean("ldap", given | {name: attribute}, private=True)
    for uri in (f"{DIALECT}/nickname", LOCKED_REASON):
        with pytest.raises(Invalid):
            core.clean_attributes("ldap", {uri: attribute})


TEXTS = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "a\x01b\x0bc\x1b[2Jd\x9be", "\ufffe\uffff",
    "a\u202eb", "{{ 7*7 }}{% x %}",
    "javascript:alert(1)", "]]>&amp;<!--",
]


def test_what_a_directory_says_of_people_is_text_at_every_door(world: World, evil: Hostile) -> None:
    """A-110, A-117, A-118: pages, tables and XML stay whole whatever stands in an entry."""
    bootstrap.first_administrator(world.configured(super_admin=SuperAdmin(username="admin", password="admin")), world.now)

    def found(number: int) -> list[Shown]:
        if number % 2 == 0:
            return [(f"cn=g{place}", {"cn": [text], "entryUUID": [f"g{place}"]}) for place, text in enumerate(TEXTS)]
        names = ("displayName", "givenName", "sn", "title", "o", "departmentNumber", "mobile", "mail", "preferredLanguage")
        return [(f"uid=u{place},{text}", {"uid": [f"u{place}"], "entryUUID": [f"id{place}"], **{name: [text] for name in names}})
                for place, text in enumerate(TEXTS)]

    evil.found = found
    row = looked(world, set_up(world, evil, ReadGroups="true", GroupSearchBase="ou=groups,dc=evil"))
    assert row.findings["error"] == ""
    assert row.findings["seen"] == len(TEXTS)
    browser, scim, soap = Browser().signed_in("admin", "admin"), Scim("admin", "admin"), Soap("admin", "admin")
    pages = ["/console/", "/console/users/?domain=STAFF", "/console/groups/", "/console/stores/", "/console/stores/STAFF/",
             "/console/audit/", "/console/audit/audit.csv", "/console/search?q=u"]
    for account in Account.objects.within(world.tenant).filter(domain="STAFF"):
        pages += [f"/console/users/{account.id}/", f"/console/users/{account.id}/edit"]
        assert scim.get(str(account.id)).status == 200
        assert soap.read(f"STAFF/{account.name_key}")
    pages += [f"/console/groups/{group.id}/" for group in Group.objects.within(world.tenant).filter(domain="STAFF")]
    for page in pages:
        response: Any = browser.client.get(page, secure=True)
        shown = b"".join(response).decode()
        assert response.status_code == 200, page
        if page.endswith(".csv"):
            assert not re.search(r"(^|[,\"])=cmd", shown), page
        else:
            assert "<script>alert" not in shown, page
            assert "<img src=x" not in shown, page
            assert 'href="javascript' not in shown.lower(), page


@pytest.mark.parametrize("depth", [50, 480, 900, 960, 985, 5_000])
def test_scim_takes_no_object_nested_without_end(world: World, depth: int) -> None:
    """A-121: what breaks off an import would break a request."""
    urn = '{"urn:ietf:params:scim:schemas:core:2.0:User":'
    scim = Scim("admin", "admin")
    for body in (urn * depth + '{"userName":"x"}' + "}" * depth, '{"userName":"y","x":' + "[" * depth + '"\\u0000"' + "]" * depth + "}"):
        assert scim.create(body.encode()).status in {201, 400}


SPACES = " " * 400_000


@pytest.mark.parametrize("dn", [f"uid=a{SPACES}b,dc=evil", "\ufdfa" * 400_000, ", " * 400_000, "\\" * 400_000, f"{SPACES}\\,{SPACES}"])
def test_no_dn_of_an_entry_or_a_member_holds_the_server_up(world: World, evil: Hostile, dn: str) -> None:
    """A-086: an expression that tries each space anew would take hours, and the whole process with it."""
    evil.found = lambda number: [(dn, person("jane")[1])] if number == 1 else [
        ("cn=crew", {"cn": ["crew"], "entryUUID": ["crew"], "member": [dn]})]
    row = looked(world, set_up(world, evil, ReadGroups="true", GroupSearchBase="ou=groups,dc=evil"))
    assert row.findings["error"] == ""
    assert GroupMember.objects.within(world.tenant).count() == 1


def test_no_schema_holds_up_the_test_of_a_connection(world: World, evil: Hostile) -> None:
    """A-086."""
    evil.found = lambda _: [("", {"subschemaSubentry": ["cn=schema"], "attributeTypes": ["NAME (" * 150_000], "uid": ["jane"],
                                       "entryUUID": ["1"]})]
    assert stores.test(world.house, world.by, stores.NewStore("STAFF", "ldap", evil.settings())).steps
