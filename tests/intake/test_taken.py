"""What becomes of the people of a file: users like any other, with the password they had."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from housekey.core.claim_rules import Rule
from housekey.core.claims import GIVEN_NAME
from housekey.core.errors import Conflict, FeatureOff, Invalid, NotPermitted, WrongCredentials
from housekey.core.foreign_hashes import is_foreign
from housekey.core.principal import Principal
from housekey.core.properties import ENABLE, INTERNAL, INVITE_REMINDER, INVITE_WITHOUT_PASSWORD
from housekey.core.users import Changes
from housekey.operations import audit, claim_rules, intake, login, onboarding, users
from housekey.operations.intake import Mark, Wanted
from housekey.operations.transactions import durable
from housekey.store import population
from housekey.store.models import AuditEntry, Code, Message, SqlUser
from tests.intake.support import SALT, ssha, taken, wso2_hash
from tests.operations.support import NETWORK, OTHER_PASSWORD, PASSWORD, World

TABLE = "username,email,givenName\nmei,mei@example.com,Mei\ntom,tom@example.com,Tom\n"


def stored(world: World, name: str) -> str:
    return str(SqlUser.objects.within(world.tenant).get(name_key=name).password)


DUMP = """\
INSERT INTO UM_USER VALUES (1,'mei','HASH','SALT',CHANGE,'2020-01-01',-1234);
INSERT INTO UM_USER_ATTRIBUTE VALUES (1,'mail','mei@example.com','default',1,-1234);
"""


def dump(password: str, change: int = 0) -> str:
    return DUMP.replace("HASH", wso2_hash(password)).replace("SALT", SALT).replace("CHANGE", str(change))


def test_they_are_what_creating_each_by_herself_would_make(world: World) -> None:
    """Every column of every table, but for ids, times and codes."""
    world.invite("mei", "mei@example.com")
    users.change(world.house, world.by, users.by_name(world.by, "mei").id, Changes(), world.now)
    mark, remarks = taken(world, "username,email\ntom,tom@example.com\n", invite=True)
    assert (mark.created, mark.invited, mark.finished, remarks) == (1, 1, True, [])
    mei, tom = users.by_name(world.by, "mei"), users.by_name(world.by, "tom")
    assert mei.standing == tom.standing
    for model in (Code, Message):
        rows = {row["account_id"]: row for row in model.objects.within(world.tenant).values()}
        same = {name for name in rows[mei.id] if name not in {"id", "account_id", "code_id", "nonce", "digest", "recipient", "fields"}}
        assert {name: rows[mei.id][name] for name in same} == {name: rows[tom.id][name] for name in same}
    events = [row.event for row in audit.recent(world.by, tom.id)]
    assert sorted(events) == ["invitation:issue", "user:create"]
    assert world.newest_code("tom@example.com")
    assert users.listing(world.by, search="tom@example").total == 1


def test_the_invitation_opens_the_account(world: World) -> None:
    taken(world, TABLE, invite=True)
    world.redeem(world.newest_code("mei@example.com"))
    world.sign_in("mei")


def test_nobody_is_invited_unless_asked_or_the_tenant_does_so(world: World) -> None:
    assert taken(world, TABLE)[0].invited == 0
    world.set(**{INVITE_WITHOUT_PASSWORD: True})
    assert taken(world, TABLE.replace("mei", "ann").replace("tom", "bob"))[0].invited == 2
    assert taken(world, TABLE.replace("mei", "cat").replace("tom", "dan"), invite=False)[0].invited == 0


def test_reminders_are_planned_as_for_any_invitation(world: World) -> None:
    world.set(**{INVITE_REMINDER: 60})
    taken(world, TABLE, invite=True)
    assert Message.objects.within(world.tenant).filter(fields__has_key="reminder").count() == 2


def test_a_salted_hash_of_wso2_signs_in_once_and_is_ours_then(world: World) -> None:
    mark, _ = taken(world, dump(PASSWORD))
    assert (mark.created, mark.hashed) == (1, 1)
    assert is_foreign(stored(world, "mei"))
    with pytest.raises(WrongCredentials):
        world.sign_in("mei", OTHER_PASSWORD)
    assert is_foreign(stored(world, "mei"))
    world.sign_in("mei")
    assert stored(world, "mei").startswith("$argon2id$v=19$m=19456")
    world.sign_in("mei")


def test_basic_and_asking_again_take_an_imported_password_too(world: World) -> None:
    taken(world, dump(PASSWORD))
    world.give(users.by_name(world.by, "mei").id, "admin")
    assert login.basic(world.house, world.tenant, "mei", PASSWORD, network=NETWORK, now=world.now).account_id
    taken(world, dump(PASSWORD).replace("mei", "tom"))
    world.give(users.by_name(world.by, "tom").id, "admin")
    assert login.reauthenticate(world.acting_as("tom"), PASSWORD, world.now)
    assert not is_foreign(stored(world, "tom"))


def test_an_imported_password_that_has_to_be_replaced_is_known_again(world: World) -> None:
    """UM_REQUIRE_CHANGE: the account is closed until another password is set."""
    mark, remarks = taken(world, dump(PASSWORD, change=1), invite=True)
    assert (mark.resets, mark.invited, remarks) == (1, 0, [])
    mei = users.by_name(world.by, "mei")
    assert mei.standing.label == "reset"
    with pytest.raises(WrongCredentials):
        world.sign_in("mei")
    code = world.newest_code("mei@example.com")
    with pytest.raises(Invalid, match="password that has to be replaced"):
        world.redeem(code)
    world.redeem(world.newest_code("mei@example.com"), OTHER_PASSWORD)
    world.sign_in("mei", OTHER_PASSWORD)


def test_a_hash_that_cannot_be_checked_means_no_password_and_is_told(world: World) -> None:
    mark, (remark,) = taken(world, "dn: uid=mei\nuid: mei\nmail: mei@example.com\nuserPassword: {CRYPT}$6$x$y\n", invite=True)
    assert (mark.created, mark.without, mark.invited, mark.refused) == (1, 1, 1, 0)
    assert "{CRYPT}" in remark.reason
    assert remark.kept


def test_a_password_in_the_file_is_held_to_the_rules_and_hashed(world: World) -> None:
    lines = [{"userName": "mei", "password": PASSWORD}, {"userName": "tom", "password": "short"},
             {"userName": "ann", "passwordHash": "{SSHA512}" + ssha("sha512", PASSWORD)}]
    mark, (remark,) = taken(world, "\n".join(map(json.dumps, lines)))
    assert (mark.created, mark.hashed, mark.refused, remark.name) == (2, 1, 1, "tom")
    world.sign_in("mei")
    world.sign_in("ann")


def test_rules_that_hold_for_creating_hold_here(world: World) -> None:
    with durable():
        claim_rules.put(world.by, GIVEN_NAME, Rule(required=True), world.now)
    rows = ["username,email,givenname", "a b,a@example.com,A", "x,no address,X", "ok,ok@example.com,Ok", "OK,again@example.com,Ok",
            "NOWHERE/x,x@example.com,X", "nameless,n@example.com,", "=cmd,,Formula"]
    mark, remarks = taken(world, "\n".join(rows), invite=True)
    assert {remark.line: remark.reason.split(".")[0] for remark in remarks} == {
        2: "The user name may not contain spaces, control or invisible characters",
        3: "emails[0]: “no address” is not a valid e-mail address",
        5: "There is a user called OK already",
        6: "There is no user store with the domain 'NOWHERE' in carbon",
        7: "First Name is required: every user of this organisation needs one",
        8: "askPassword needs an e-mail address to send the message to",
    }
    assert (mark.rows, mark.created, mark.refused) == (7, 1, 6)


def test_the_same_file_again_does_nothing_and_says_what_was_done(world: World) -> None:
    first, _ = taken(world, TABLE, invite=True)
    again, remarks = taken(world, TABLE, invite=True)
    assert again == first
    assert remarks == []
    assert Message.objects.within(world.tenant).count() == 2
    anew, remarks = taken(world, TABLE, invite=True, again=True)
    assert (anew.created, anew.refused, len(remarks)) == (0, 2, 2)
    assert population.accounts(world.tenant.id, "PRIMARY") == SqlUser.objects.within(world.tenant).count()


def steps(world: World, content: str, monkeypatch: pytest.MonkeyPatch, **wanted: Any) -> tuple[Any, list[Any]]:
    monkeypatch.setattr(intake, "BATCH", 1)
    stream = io.BytesIO(content.encode())
    remarks: list[Any] = []
    plan = intake.plan(world.house, world.by, stream, Wanted("people", **wanted))
    return intake.run(world.house, world.by, stream, plan, lambda: world.now, remarks.extend), remarks


def test_what_was_cut_off_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = steps(world, TABLE, monkeypatch, invite=True)
    assert next(run).rows == 1
    run.close()
    mark, remarks = taken(world, TABLE, invite=True)
    assert (mark.created, mark.invited, mark.rows, remarks) == (2, 2, 2, [])
    assert Message.objects.within(world.tenant).count() == 2


def test_two_at_once_over_one_file_do_nobody_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-10."""
    one, _ = steps(world, TABLE, monkeypatch)
    other, _ = steps(world, TABLE, monkeypatch)
    next(one)
    with pytest.raises(Conflict, match="Another process"):
        next(other)
    assert [mark.created for mark in one][-1] == 2


def test_looking_through_writes_nothing_and_finds_the_same(world: World) -> None:
    table = TABLE + "mei,x@example.com,X\nbad name,b@example.com,B\n"
    stream = io.BytesIO(table.encode())
    before = AuditEntry.objects.within(world.tenant).count()
    plan = intake.plan(world.house, world.by, stream, Wanted("people", invite=True))
    remarks: list[Any] = []
    *_, looked = intake.look_through(world.house, world.by, stream, plan, remarks.extend)
    assert AuditEntry.objects.within(world.tenant).count() == before
    assert SqlUser.objects.within(world.tenant).filter(name_key="mei").count() == 0
    mark, told = taken(world, table, invite=True)
    assert looked == mark
    assert remarks == told


def test_who_may_not_create_may_not_import(world: World) -> None:
    with pytest.raises(NotPermitted):
        intake.plan(world.house, Principal(world.tenant, "anybody"), io.BytesIO(b"username\na\n"), Wanted("people"))


def test_no_invitations_where_they_could_not_go_out(world: World) -> None:
    world.set(**{INTERNAL: False})
    with pytest.raises(Invalid, match="Another system delivers"):
        taken(world, TABLE, invite=True)
    assert taken(world, TABLE, invite=False)[0].created == 2
    world.set(**{ENABLE: False})
    with pytest.raises(FeatureOff):
        taken(world, TABLE + "x,x@example.com,X\n", invite=True)


def test_an_administrator_can_invite_later(world: World) -> None:
    taken(world, TABLE, invite=False)
    onboarding.resend(world.house, world.by, users.by_name(world.by, "mei").id, world.now)
    assert world.newest_code("mei@example.com")


def test_marks_are_what_the_audit_log_has(world: World) -> None:
    mark, _ = taken(world, TABLE)
    row = AuditEntry.objects.within(world.tenant).filter(event=intake.EVENT).order_by("-id").first()
    assert row is not None
    assert row.target == "people"
    assert Mark(**{name: row.detail[name] for name in Mark.__slots__}) == mark
