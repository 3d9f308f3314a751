"""Two nodes on one database, and the race for a link that is run on them."""

from __future__ import annotations

import base64
import json
import re
import shutil
import ssl
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import psycopg

from tests.doors.scim.support import invited
from tests.support.at_once import at_once
from tests.support.ports import free_port
from tests.support.postgres import fresh_database
from tests.support.served import Served
from tests.support.visitor import Page, Visitor

ADMIN, ADMIN_PASSWORD = "admin", "fourteen green bottles"
CONFIG = f'[super_admin]\nusername = "{ADMIN}"\npassword = "{ADMIN_PASSWORD}"\n'
WON, LOST = (200, "Password Set Successfully"), (410, "This link was already used.")
_LINK = re.compile(r"https://\S+?confirmrecovery\.do\?[^\s\"<]+")


class Planted(Served):
    """`housekey serve` with the mistake of `tests.support.planted` in it."""

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.support.planted", "serve", "--data", str(self.data), "--port", str(self.port)]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self._environment,
                                    cwd=Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Nodes:
    """Two servers with the same keys and the same database, at `url`."""

    nodes: tuple[Served, Served]
    url: str

    def tls(self) -> list[ssl.SSLContext]:
        return [node.tls() for node in self.nodes]

    def invite(self, names: Sequence[str]) -> dict[str, str]:
        """Create and invite through both nodes in turn; each name's link (path and query) once its mail lies in either node's directory."""
        for number, name in enumerate(names):
            self._create(self.nodes[number % 2], name)
        deadline = monotonic() + 60
        while len(links := self._links()) < len(names):
            assert monotonic() < deadline, f"{len(links)} of {len(names)} mails after 60 s"
            sleep(0.2)
        return links

    def _create(self, node: Served, name: str) -> None:
        credentials = base64.b64encode(f"{ADMIN}:{ADMIN_PASSWORD}".encode()).decode()
        request = urllib.request.Request(f"{node.url}/scim2/Users", json.dumps(invited(name)).encode(), method="POST",  # noqa: S310 - ours
                                         headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/scim+json"})
        with urllib.request.urlopen(request, timeout=30, context=node.tls()) as answer:  # noqa: S310 - ours
            assert answer.status == 201

    def _links(self) -> dict[str, str]:
        from email import message_from_bytes, policy

        from tests.operations.support import text_of

        found = {}
        for file in (file for node in self.nodes for file in (node.data / "mail").glob("*.eml")):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            link = _LINK.search(text_of(mail))
            if link:
                parts = urlsplit(link.group())
                found[str(mail["To"]).partition("@")[0]] = f"{parts.path}?{parts.query}"
        return found

    def passwords_set(self) -> Counter[str]:
        """How often the audit log says that each name's password was set."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute("SELECT target FROM store_auditentry WHERE event = 'account:password:set'").fetchall()
        return Counter(str(row[0]) for row in rows)


@contextmanager
def two_nodes(kind: type[Served], directory: Path, server_url: str) -> Iterator[Nodes]:
    """Start two nodes one after the other: the first makes the tables, the keys and the administrator."""
    with fresh_database(server_url) as url, ExitStack() as stack:
        nodes: list[Served] = []
        for number in (1, 2):
            data = directory / f"node{number}"
            data.mkdir(parents=True)
            if nodes:
                shutil.copy(nodes[0].data / "keys.json", data / "keys.json")
            node = kind(data, CONFIG, port=free_port(), environment={"HOUSEKEY__DATABASE__URL": url})
            stack.callback(end, node)
            nodes.append(node.wait_ready())
        yield Nodes((nodes[0], nodes[1]), url)


def end(node: Served) -> None:
    if node.process.poll() is None:
        node.kill()


@dataclass(frozen=True, slots=True)
class Submission:
    """One browser's try at a link."""

    password: str
    status: int
    heading: str

    @property
    def end(self) -> tuple[int, str]:
        return self.status, self.heading


@dataclass(frozen=True, slots=True)
class Race:
    """What became of one link. `opens` are those of the tried passwords that sign the person in afterwards."""

    name: str
    submissions: list[Submission]
    opens: list[str]


def race(nodes: Nodes, name: str, link: str, browsers: int) -> Race:
    """Open the link in `browsers` browsers, half of them at each node; when all show the form, all submit at once."""
    with ExitStack() as stack:
        contexts = nodes.tls()
        visitors = [stack.enter_context(Visitor(nodes.nodes[number % 2].url, contexts[number % 2])) for number in range(browsers)]
        for shown in at_once([partial(_open, visitor, link) for visitor in visitors]):
            assert isinstance(shown, Page), shown
            assert (shown.status, shown.heading) == (200, "Set Password"), shown.text
        passwords = [f"seven umbrellas and {number}" for number in range(browsers)]
        deeds = [partial(_submit, visitor, password) for visitor, password in zip(visitors, passwords, strict=True)]
        results = at_once(deeds)
    submissions = [result if isinstance(result, Submission) else Submission("", 0, repr(result)) for result in results]
    winners = [made.password for made in submissions if made.end == WON]
    losers = [made.password for made in submissions if made.end != WON]
    # One loser stands for all: more wrong tries would only meet the pause after failures.
    opens = [password for number, password in enumerate([*winners, *losers[:1]]) if _signs_in(nodes, number, name, password)]
    return Race(name, submissions, opens)


def _open(visitor: Visitor, link: str) -> Page:
    first = visitor.get(link)
    assert first.status == 303, first
    return visitor.get(first.location)


def _submit(visitor: Visitor, password: str) -> Submission:
    page = visitor.post("/accountrecoveryendpoint/completepasswordreset.do", reset_password=password, reset_password2=password)
    return Submission(password, page.status, page.heading)


def _signs_in(nodes: Nodes, number: int, name: str, password: str) -> bool:
    node = nodes.nodes[number % 2]
    with Visitor(node.url, node.tls()) as visitor:
        visitor.get("/authenticationendpoint/login.do")
        page = visitor.post("/authenticationendpoint/login.do", username=name, password=password)
        return page.status == 303 and page.location.endswith("/myaccount/")


def violations(races: Sequence[Race], passwords_set: Counter[str]) -> list[str]:
    """Every way in which the races break the promise: one winner, who has the account; everybody else reads "already used"."""
    found = []
    for run in races:
        winners = [made.password for made in run.submissions if made.end == WON]
        strange = Counter(made.end for made in run.submissions if made.end not in {WON, LOST})
        if len(winners) != 1:
            found.append(f"{run.name}: {len(winners)} browsers were told that they won")
        if strange:
            found.append(f"{run.name}: other answers than winning and losing: {dict(strange)}")
        if run.opens != winners:
            found.append(f"{run.name}: won with {winners}, but {run.opens} sign in")
        if passwords_set[run.name] != 1:
            found.append(f"{run.name}: the audit log tells of {passwords_set[run.name]} passwords")
    return found
