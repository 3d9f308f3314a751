"""A newcomer types nothing but the start command: the printed link, an invitation without a mail server, the mail read here."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from email import message_from_bytes, policy

import pytest

from tests.stories.test_seed_000 import eventually
from tests.support.person import Person, link_in
from tests.support.served import Served

pytestmark = [pytest.mark.serve, pytest.mark.slow]

ADMIN_PASSWORD, PASSWORD = "violet-harbour-41", "quiet-lantern-77"


def test_a_newcomer_gets_from_the_printed_link_to_the_end_of_the_story(serve: Callable[..., Served]) -> None:
    served = serve()
    eventually(lambda: "First set the password of “admin” here" in served.output, "the way in is printed")
    with Person(served) as admin:
        choose(admin, served.first_link, ADMIN_PASSWORD)
        admin.sign_in("admin", ADMIN_PASSWORD)
        admin.open("/console/users/add")
        filled = {"username": "jane", "given": "Jane", "family": "Doe", "mail": "jane@example.com", "method": "invite"}
        assert "Jane Doe" in admin.submit("/users/add", filled).text

        files = eventually(lambda: list((served.data / "mail").glob("*.eml")), "the mail is written to a file")
        mail = message_from_bytes(files[0].read_bytes(), policy=policy.default)
        assert mail["To"] == "jane@example.com"
        admin.open("/console/outbox/")
        message = re.search(r'href="(/console/outbox/[0-9a-f-]{36}/)"', admin.page.text)
        assert message
        assert link_in(mail) in html.unescape(admin.open(message[1]).text)
    with Person(served) as jane:
        choose(jane, link_in(mail), PASSWORD)
        assert jane.sign_in("jane", PASSWORD).url.path == "/myaccount/"
        assert jane.open("/console/").status_code == 403


def choose(person: Person, link: str, password: str) -> None:
    person.open(link)
    done = person.submit("passwordResetForm", {"reset-password": password, "reset-password2": password})
    assert "Password Set Successfully" in done.text


def test_the_printed_link_is_renewed_at_each_start_until_it_was_used(serve: Callable[..., Served]) -> None:
    served = serve()
    first = eventually(lambda: "confirmrecovery" in served.output and served.first_link, "the link is printed")
    served.stop()
    served.restart()
    second = eventually(lambda: re.findall(r"https?://\S+confirmrecovery\.do\?\S+", served.output)[1:], "a new link is printed")[0]
    assert first != second
    with Person(served) as admin:
        assert admin.open(first).status_code == 410
        choose(admin, second, ADMIN_PASSWORD)
    served.stop()
    before = served.output
    served.restart()
    eventually(lambda: "Stop with" in served.output.removeprefix(before), "the welcome is printed")
    assert "confirmrecovery" not in served.output.removeprefix(before)


def test_tenants_do_not_see_one_another(serve: Callable[..., Served]) -> None:
    served = serve('[super_admin]\nusername="admin"\npassword="admin"\n')
    assert served.command("tenant", "add", "acme.example", "--name", "Acme").returncode == 0
    link = next(word for word in served.command("admin", "invite", "boss", "--tenant", "acme.example").stdout.split() if "://" in word)
    path = link.replace(f"https://localhost:{served.port}", "") if str(served.port) in link else "/t/" + link.split("/t/", 1)[1]
    with Person(served) as boss:
        elsewhere = boss.open(path.replace("/t/acme.example", ""))
        assert elsewhere.status_code == 404
        choose(boss, served.url + path, PASSWORD)
        boss.open("/t/acme.example/authenticationendpoint/login.do")
        assert boss.submit("login", {"username": "boss", "password": PASSWORD}).url.path == "/t/acme.example/myaccount/"
        users = boss.open("/t/acme.example/console/users/").text
        assert "boss" in users
        assert ">admin<" not in users
        assert boss.open("/console/users/").url.path == "/authenticationendpoint/login.do"
    for address in ("/t/acme.example/scim2/Users", "/scim2/Users"):
        name = "boss" if address.startswith("/t/") else "boss@acme.example"
        with Person(served) as client:
            answer = client.client.get(served.url + address, auth=(name, PASSWORD))
        assert [user["userName"] for user in answer.json()["Resources"]] == ["boss"], answer.text
    with Person(served) as client:
        assert client.client.get(served.url + "/t/acme.example/scim2/Users", auth=("admin", "admin")).status_code == 401
        assert client.open("/t/nobody.example/scim2/Users").status_code == 404
