"""Entity tags: nobody overwrites what they have not seen; nobody reads again what has not changed (RFC 7644 section 3.14)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.scim.anywhere import add_group, ask
from tests.doors.scim.support import PATCH, Answer, Scim, person
from tests.operations.support import World

NICK = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "nickName", "value": "x"}]}
STALE = 'W/"999"'


@pytest.fixture
def jane(scim: Scim) -> str:
    return str(scim.create(person()).body["id"])


def tag(answer: Answer) -> str:
    return str(answer.headers["ETag"])


def test_the_tag_is_weak_and_the_same_in_header_and_body(scim: Scim) -> None:
    created = scim.create(person())
    assert tag(created) == created.body["meta"]["version"]
    assert tag(created).startswith('W/"')
    read = scim.get(created.body["id"])
    assert (tag(read), read.body) == (tag(created), created.body)


def test_every_change_makes_a_new_tag_and_reading_makes_none(world: World, scim: Scim, jane: str) -> None:
    seen = [tag(scim.get(jane)), tag(scim.send("PATCH", f"/{jane}", NICK)), tag(scim.send("PUT", f"/{jane}", person()))]
    assert len(set(seen)) == 3
    assert tag(scim.get(jane)) == tag(scim.get(jane)) == seen[2]


def test_roles_and_groups_are_part_of_what_is_shown(world: World, scim: Scim, jane: str) -> None:
    before = tag(scim.get(jane))
    group = add_group(scim, "Staff", jane)
    inside = tag(scim.get(jane))
    ask(scim, "DELETE", f"/Groups/{group}")
    assert before != inside
    assert tag(scim.get(jane)) == before


@pytest.mark.parametrize(("method", "body"), [("PATCH", NICK), ("PUT", person(nickName="x")), ("DELETE", b"")])
def test_a_write_that_names_another_version_is_refused_and_changes_nothing(scim: Scim, jane: str, method: str, body: Any) -> None:
    before = scim.get(jane)
    refused = scim.send(method, f"/{jane}", body, headers={"If-Match": STALE})
    assert (refused.status, refused.body["status"]) == (412, "412")
    assert refused.detail
    assert scim.get(jane).body == before.body
    assert scim.send(method, f"/{jane}", body, headers={"If-None-Match": tag(before)}).status == 412
    assert scim.send(method, f"/{jane}", body, headers={"If-None-Match": "*"}).status == 412


@pytest.mark.parametrize(("method", "body", "status"), [("PATCH", NICK, 200), ("PUT", person(nickName="x"), 200), ("DELETE", b"", 204)])
@pytest.mark.parametrize("form", ["{}", "*", 'W/"1000", {}', "strong"])
def test_a_write_that_names_this_version_is_carried_out(scim: Scim, jane: str, method: str, body: Any, status: int, form: str) -> None:
    present = tag(scim.get(jane))
    header = present.removeprefix("W/") if form == "strong" else form.format(present)
    assert scim.send(method, f"/{jane}", body, headers={"If-Match": header}).status == status


def test_what_the_reader_has_is_not_sent_again(scim: Scim, jane: str) -> None:
    present = tag(scim.get(jane))
    same = scim.send("GET", f"/{jane}", headers={"If-None-Match": present})
    assert (same.status, same.text, tag(same)) == (304, "", present)
    assert scim.send("GET", f"/{jane}", headers={"If-None-Match": STALE}).status == 200
    scim.send("PATCH", f"/{jane}", NICK)
    assert scim.send("GET", f"/{jane}", headers={"If-None-Match": present}).status == 200


def test_what_changes_without_the_version_is_always_sent(world: World, scim: Scim, jane: str) -> None:
    present = tag(scim.get(jane))
    asked = f"/{jane}?attributes=urn:housekey:scim:schemas:extension:2.0:User:invitation"
    assert scim.send("GET", asked, headers={"If-None-Match": present}).status == 200


@pytest.mark.parametrize("header", ["", "x", '"', "W/", ",", "é", 'W/"1' * 5_000])
def test_a_tag_that_is_none_names_no_version(scim: Scim, jane: str, header: str) -> None:
    assert scim.send("PATCH", f"/{jane}", NICK, headers={"If-Match": header}).status == 412
    assert scim.send("GET", f"/{jane}", headers={"If-None-Match": header}).status == 200


def test_a_condition_does_not_say_whether_there_is_somebody(world: World, scim: Scim, jane: str) -> None:
    """A-053: who may not see is told so, whatever the version."""
    from tests.operations.support import PASSWORD

    world.add("sam", mail="sam@example.com")
    sam = Scim("sam", PASSWORD)
    for header in (STALE, tag(scim.get(jane))):
        assert sam.send("DELETE", f"/{jane}", headers={"If-Match": header}).status == 403
        assert sam.send("GET", f"/{jane}", headers={"If-None-Match": header}).status == 403


def test_roles_have_tags_too(scim: Scim) -> None:
    made = ask(scim, "POST", "/v2/Roles", {"displayName": "Readers"})
    path = f"/v2/Roles/{made.body['id']}"
    assert tag(made) == made.body["meta"]["version"] == tag(ask(scim, "GET", path))
    assert ask(scim, "GET", path, If_None_Match=tag(made)).status == 304
    for method in ("PUT", "DELETE"):
        assert ask(scim, method, path, {"displayName": "Other"}, If_Match=STALE).status == 412
    assert ask(scim, "PUT", path, {"displayName": "Other"}, If_Match=tag(made)).body["displayName"] == "Other"
    assert ask(scim, "DELETE", path, If_Match=tag(made)).status == 412
