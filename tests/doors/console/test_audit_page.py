"""The audit log in the console: searched, read as sentences, paged back in time, and taken away as a file."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from housekey.core.principal import HELP_DESK, Principal
from housekey.core.sheet import plain
from housekey.core.users import Changes
from housekey.operations import audit, users
from housekey.operations.audit import Sought
from housekey.operations.transactions import durable
from housekey.store.models import AuditEntry
from tests.doors.console.support import stranger
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, other_world

LOG, FILE = "/console/audit/", "/console/audit/audit.csv"


def entry(world: World, event: str = "user:change", *, actor: str = "admin", network: str = "", target: str = "jane", outcome: str = "done",
          at: datetime | None = None, **detail: Any) -> None:
    by = Principal(world.tenant, actor, network=network)
    with durable():
        audit.record(by, event, at or world.now, target=target, outcome=outcome, **detail)


def nothing_yet(world: World) -> None:
    """A log without what made the world."""
    AuditEntry.objects.within(world.tenant).delete()


def targets(page: str) -> list[str]:
    """To whom, line by line, as the page shows it."""
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r'<td data-label="To whom">(.*?)</td>', page)]


def taken(guest: Browser, query: str = "") -> str:
    """The file that is downloaded."""
    response = guest.client.get(FILE + query, secure=True)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined] # it is one


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_entries_are_sentences_with_who_whom_when_and_from_where(guest: Browser, world: World) -> None:
    jane = world.invite()
    users.change(world.house, world.acting_as("admin"), jane.id, Changes(locked=True), world.now)
    page = guest.get(LOG).page
    assert guest.heading == "Audit"
    for part in ("<strong>Invitation issued</strong>", "<strong>User changed</strong>", "<strong>Signed in</strong>", ">192.0.2.10</a>",
                 f'href="/console/users/{jane.id}/">jane</a>'):
        assert part in page, part
    assert 'href="/console/audit/" aria-current="page"' in page
    users.delete(world.by, jane.id, world.now)
    page = guest.get(LOG + "?event=user:delete").page
    assert targets(page) == ["jane"]
    assert f"{jane.id}/" not in page, "whoever is gone has no page"
    assert f"<dd>{jane.id}</dd>" in page, "but the id stays in the details"


def test_a_refusal_is_told_from_what_was_done(guest: Browser, world: World) -> None:
    Browser().sign_in("admin", "wrong")
    page = guest.get(LOG + "?outcome=refused").page
    assert targets(page) == ["admin"]
    assert 'class="icon bad"' in page
    assert "<dt><code>why</code></dt>" in page
    assert 'class="icon bad"' not in guest.get(LOG + "?outcome=done").page


@pytest.mark.parametrize(("query", "found"), [
    ({"event": "user:delete"}, ["b"]), ({"who": "ann"}, ["c", "b"]), ({"who": "C"}, ["c"]), ({"network": "2001:db8:"}, ["c"]),
    ({"network": "192.0.2.1"}, ["b", "a"]), ({"outcome": "refused"}, ["c"]), ({"outcome": "maybe"}, ["c", "b", "a"]),
    ({"event": "user:delete", "who": "ann", "network": "192."}, ["b"]), ({"event": "user:delete", "outcome": "refused"}, []),
    ({"who": "%"}, []), ({"who": "a\0b"}, []), ({"event": "x" * 5000}, []),
    ({"from": "nonsense", "to": "9999-12-31"}, ["c", "b", "a"]),
    ({"before": "nonsense"}, ["c", "b", "a"]),
    ({"before": "0001-01-01T00:00:00+23:59_5"}, ["c", "b", "a"]), ({"before": "9999-12-31T23:59:59-23:59_5"}, ["c", "b", "a"]),
    ({"before": "2026-01-01_7"}, ["c", "b", "a"]), ({"before": "1_" + "9" * 30}, ["c", "b", "a"]),
])
def test_what_is_searched_for_is_found(guest: Browser, world: World, query: dict[str, str], found: list[str]) -> None:
    nothing_yet(world)
    entry(world, target="a", network="192.0.2.1", actor="bob")
    entry(world, "user:delete", target="b", network="192.0.2.17", actor="ann")
    entry(world, "sign-in", target="c", network="2001:db8::7", actor="ann", outcome="refused", why="WrongCredentials")
    page = guest.get(f"{LOG}?{urlencode(query)}").page
    assert guest.status == 200
    assert targets(page) == found
    assert [line["target"] for line in table(taken(guest, "?" + urlencode(query)))] == found, "the file holds what the page shows"
    if not found:
        assert "Nothing matches" in page


def test_a_user_is_found_under_former_names_too(guest: Browser, world: World) -> None:
    jane = world.add("jane")
    AuditEntry.objects.within(world.tenant).filter(target_id=jane.id).update(target="was-called-otherwise")
    assert "was-called-otherwise" in targets(guest.get(LOG + "?who=jane").page)
    assert "was-called-otherwise" in targets(guest.get(LOG + "?who=PRIMARY/JANE").page)


def test_days_are_whole_and_both_included(guest: Browser, world: World) -> None:
    nothing_yet(world)
    day = datetime(2026, 3, 5, tzinfo=UTC)
    for target, at in (("before", day - timedelta(microseconds=1)), ("first", day), ("last", day + timedelta(hours=23, minutes=59)),
                       ("after", day + timedelta(days=1))):
        entry(world, target=target, at=at)
    assert targets(guest.get(LOG + "?from=2026-03-05&to=2026-03-05").page) == ["last", "first"]
    assert targets(guest.get(LOG + "?from=&to=2026-03-05").page) == ["last", "first", "before"]
    assert targets(guest.get(LOG + "?from=2026-03-06&to=2026-03-05").page) == []


def test_it_looks_back_thirty_days_unless_asked_otherwise(guest: Browser, world: World) -> None:
    nothing_yet(world)
    entry(world, target="old", at=world.now - timedelta(days=40))
    page = guest.get(LOG).page
    assert "old" not in targets(page)
    assert re.search(r'name="from" value="\d{4}-\d\d-\d\d"', page)
    assert "old" in targets(guest.get(LOG + "?from=").page)


def older(page: str) -> str:
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return found[1] if found else ""


def test_older_entries_follow_without_gap_or_repetition_while_new_ones_come(guest: Browser, world: World) -> None:
    nothing_yet(world)
    for number in range(120):
        entry(world, target=f"t{number}", at=world.now - timedelta(minutes=number // 3))
    shown = targets(guest.get(LOG + "?event=user:change").page)
    assert 'rel="next"' in guest.page
    assert "Newest" not in guest.page
    query = older(guest.page)
    while query:
        entry(world, target="new")
        page = guest.get(LOG + query).page
        assert ">Newest<" in page or " Newest</a>" in page
        shown += targets(page)
        query = older(page)
    assert sorted(shown) == sorted(f"t{number}" for number in range(120))


def test_a_cursor_of_another_tenant_opens_nothing(guest: Browser, world: World) -> None:
    """A-141."""
    for number in range(60):
        entry(world, target=f"t{number}")
    mark = parse_qs(urlsplit(older(guest.get(LOG).page)).query)["before"][0]
    theirs = stranger(other_world(world), LOG)
    page = theirs.get("/t/acme.example" + LOG + "?" + urlencode({"before": mark, "from": ""})).page
    assert theirs.status == 200
    assert not any(target.startswith("t") for target in targets(page))


def test_no_tenant_reads_the_log_of_another(guest: Browser, world: World) -> None:
    """A-025: neither on the page nor in the file."""
    jane = world.invite()
    other = other_world(world)
    theirs = stranger(other, LOG)
    here = "/t/acme.example"
    assert "boss" in targets(theirs.page)
    for query in ("", "?who=jane", "?from=", f"?who={jane.id}"):
        assert "jane" not in targets(theirs.get(here + LOG + query).page)
    response = theirs.client.get(here + FILE + "?from=", secure=True)
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined] # it is one
    assert "boss" in text
    assert "jane" not in text
    assert "boss" not in taken(guest, "?from=")


def test_only_those_who_may_read_it_do(guest: Browser, world: World) -> None:
    world.add("hanna", role=HELP_DESK)
    hanna = Browser().signed_in("hanna", PASSWORD)
    for address in (LOG, FILE):
        assert hanna.get(address).status == 403
        assert Browser().get(address).status == 302
        assert guest.post(address).status == 405
    assert LOG not in hanna.get("/console/").page
    assert not AuditEntry.objects.within(world.tenant).filter(event="audit:export").exists()


def test_the_file_has_stable_names_and_every_detail(guest: Browser, world: World) -> None:
    nothing_yet(world)
    entry(world, network="192.0.2.1", changed=["locked"], words='say "hi", ok\nnext')
    response = guest.client.get(FILE, secure=True)
    assert re.fullmatch(r'attachment; filename="audit-\d{4}-\d\d-\d\d\.csv"', response["Content-Disposition"])
    text = taken(guest)
    assert text.startswith('"time","actor","event","sentence","target","target_id","outcome","network","detail"\r\n')
    line = next(line for line in table(text) if line["event"] == "user:change")
    assert datetime.fromisoformat(line["time"]) == world.now.replace(microsecond=0)
    assert (line["actor"], line["sentence"], line["target"], line["outcome"]) == ("admin", "User changed", "jane", "done")
    assert json.loads(line["detail"]) == {"changed": ["locked"], "words": 'say "hi", ok\nnext'}


def test_no_cell_of_the_file_is_a_formula(guest: Browser, world: World) -> None:
    """A-117."""
    formulas = ("=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1")
    for formula in formulas:
        entry(world, target=formula, actor=formula, network=formula[:60])
        Browser().sign_in(formula, "wrong")
    rows = list(csv.reader(io.StringIO(taken(guest, "?from="), newline="")))
    assert len(rows) > 2 * len(formulas)
    assert not [cell for row in rows for cell in row if re.match(r"[ ']*[=+\-@\t\r＝＋－＠]", cell) and not cell.startswith("'")]
    assert {formula.strip() for formula in formulas} <= {plain(row[4]) for row in rows}


def test_taking_the_file_is_written_down_with_what_was_asked_for(guest: Browser, world: World) -> None:
    """Before the first byte of it goes out."""
    guest.client.get(FILE + "?who=jane&outcome=done&from=2026-01-01", secure=True)
    row = AuditEntry.objects.within(world.tenant).get(event="audit:export")
    assert (row.actor, row.network) == ("admin", "127.0.0.1")
    assert row.detail["sought"] == {"person": "jane", "outcome": "done", "since": "2026-01-01 00:00:00+00:00"}
    assert "Audit log downloaded" in guest.get(LOG).page


def test_the_file_is_read_piece_by_piece_and_ends_at_its_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_yet(world)
    for number in range(25):
        entry(world, target=f"t{number}", at=world.now - timedelta(seconds=number // 4))
    monkeypatch.setattr(audit, "_READ_AT_ONCE", 4)
    later = world.now + timedelta(seconds=1)
    found = [view.target for view in audit.export(world.by, Sought(event="user:change"), later)]
    assert sorted(found) == sorted(f"t{number}" for number in range(25))
    monkeypatch.setattr(audit, "MOST_EXPORTED", 10)
    assert len(list(audit.export(world.by, Sought(event="user:change"), later))) == 10


def test_the_page_and_the_file_are_in_the_language_of_the_reader(guest: Browser, world: World) -> None:
    entry(world)
    guest.get(LOG, **{"Accept-Language": "de"})
    assert guest.heading == "Protokoll"
    response = guest.client.get(FILE, secure=True, headers={"Accept-Language": "de"})
    assert "Benutzer geändert" in b"".join(response.streaming_content).decode()  # type: ignore[attr-defined] # it is one


def test_what_people_typed_is_text_and_never_markup(guest: Browser, world: World) -> None:
    more: dict[str, Any] = {"<b>key": 1}
    entry(world, "<b>event", target="<b>x", actor="<b>y", network="<b>z", note="<b>note", **more)
    text = guest.client.get(LOG + "?" + urlencode({"from": "", "who": "<b>x"}), secure=True).content.decode()
    assert "&lt;b&gt;note" in text
    assert not re.search(r"<b>(event|x|y|z|note|key)", text)
