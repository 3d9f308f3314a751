"""WSO2's notification senders: what is written can be read but for its secrets, in both versions, tenant by tenant."""

from __future__ import annotations

from typing import Any

import pytest

from housekey.core.principal import SENDER_CREATE, SENDER_DELETE, SENDER_UPDATE, SENDER_VIEW
from housekey.operations import senders
from housekey.store.models import AuditEntry, Sender
from tests.doors.api.support import Rest, administrator, holder
from tests.operations.support import World, other_world

ROOT = "/api/server/v1/notification-senders"
ROOTS = [ROOT, "/api/server/v2/notification-senders"]
MAIL: dict[str, Any] = {
    "name": "EmailPublisher", "smtpServerHost": "smtp.a.example", "smtpPort": 587, "fromAddress": "hello@a.example", "userName": "mailer",
    "password": "s3cret-of-mail", "properties": [{"key": "mail.smtp.starttls.enable", "value": True},
                                                 {"key": "mail.smtp.replyTo", "value": "help@a.example"}],
}
SMS: dict[str, Any] = {
    "name": "SMSPublisher", "provider": "Custom", "providerURL": "https://sms.a.example/send", "contentType": "JSON", "key": "me",
    "secret": "s3cret-of-sms", "sender": "Acme", "authentication": {"type": "BASIC"},
    "properties": [{"key": "body", "value": '{"content": {{body}}, "to": {{mobile}}}'},
                   {"key": "http.headers", "value": "X-Version: 1, X-Token: s3cret-header"}],
}


@pytest.fixture
def admin(world: World) -> Rest:
    return administrator()


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(("way", "name", "body"), [("email", "EmailPublisher", MAIL), ("sms", "SMSPublisher", SMS)])
def test_a_sender_is_added_read_changed_and_deleted(admin: Rest, root: str, way: str, name: str, body: dict[str, Any]) -> None:
    path = f"{root}/{way}"
    assert admin.get(path).body == []
    made = admin.post(path, body)
    assert (made.status, made.headers["Location"]) == (201, f"{path}/{name}")
    assert admin.get(f"{path}/{name}").body == made.body == admin.get(path).body[0]
    assert "s3cret" not in made.text + admin.get(path).text
    again = admin.put(f"{path}/{name}", made.body)
    assert (again.status, again.body) == (200, made.body)
    assert admin.send("DELETE", f"{path}/{name}").status == 204
    admin.get(f"{path}/{name}").problem(404)


def test_what_is_read_has_wso2s_fields(admin: Rest) -> None:
    mail, text = admin.post(f"{ROOT}/email", MAIL).body, admin.post(f"{ROOT}/sms", SMS).body
    assert {"smtpServerHost": "smtp.a.example", "smtpPort": 587, "userName": "mailer", "provider": "SMTP", "authType": "BASIC"}.items() \
        <= mail.items()
    assert {"key": "mail.smtp.replyTo", "value": "help@a.example"} in mail["properties"]
    assert {"providerURL": "https://sms.a.example/send", "contentType": "JSON", "sender": "Acme"}.items() <= text.items()
    assert {"key": "http.headers", "value": "X-Version: ***, X-Token: ***"} in text["properties"]
    assert text["authentication"] == {"type": "BASIC", "properties": {"username": "me"}}


def test_version_2s_ways_to_sign_in(admin: Rest, world: World) -> None:
    parts = {"clientId": "me", "clientSecret": "s3cret", "tokenEndpoint": "https://id.a.example/token", "scopes": "sms"}
    body = SMS | {"authentication": {"type": "client_credential", "properties": parts}}
    answer = admin.post(f"{ROOTS[1]}/sms", body).body
    assert answer["authentication"]["properties"] == {name: text for name, text in parts.items() if name != "clientSecret"}
    found = senders.find(world.house, world.by, "SMS")
    assert found is not None
    assert (found.values["token_endpoint"], found.secret) == ("https://id.a.example/token", True)
    refused = admin.put(f"{ROOTS[1]}/sms/SMSPublisher", SMS | {"authentication": {"type": "PASSWORD_CREDENTIAL"}})
    assert "authentication.type" in refused.problem(400)["description"]


def test_a_second_one_is_a_conflict_and_a_missing_one_is_not_found(admin: Rest) -> None:
    admin.post(f"{ROOT}/email", MAIL)
    assert admin.post(f"{ROOT}/email", MAIL).problem(409)["code"] == "NSM-60002"
    assert admin.put(f"{ROOT}/sms/SMSPublisher", SMS).problem(404)["code"] == "NSM-65010"
    for method in ("GET", "DELETE"):
        assert admin.send(method, f"{ROOT}/email/Other").problem(404)["code"] == "NSM-65010"
    admin.put(f"{ROOT}/email/Other", MAIL).problem(404)


@pytest.mark.parametrize(("way", "change", "words"), [
    ("email", {"smtpServerHost": ""}, "smtpServerHost"), ("email", {"smtpPort": 70_000}, "smtpPort"),
    ("email", {"smtpPort": "x"}, "smtpPort"), ("email", {"fromAddress": "nobody"}, "fromAddress"), ("email", {"name": "Other"}, "name"),
    ("email", {"provider": "HTTP"}, "SMTP"), ("email", {"properties": [{"key": "mail.smtp.ssl.trust", "value": "*"}]}, "ssl.trust"),
    ("email", {"properties": [{"key": "mail.smtp.starttls.enable", "value": "false"}]}, "encrypted"),
    ("email", {"password": ""}, "password"), ("email", {"fromAddress": "a@b.example\r\nBcc: x@y.example"}, "fromAddress"),
    ("sms", {"provider": ""}, "provider"), ("sms", {"provider": "Pigeon"}, "provider"), ("sms", {"providerURL": ""}, "providerURL"),
    ("sms", {"providerURL": "http://sms.a.example"}, "https://"), ("sms", {"properties": [{"key": "body", "value": "{}"}]}, "{{mobile}}"),
    ("sms", {"properties": [{"key": "http.headers", "value": "X-A: 1\rX-B: 2"}]}, "http.headers"),
    ("sms", {"contentType": "XML"}, "contentType"), ("sms", {"authentication": {"type": "BASIC", "properties": {"pin": "1"}}}, "pin"),
])
def test_what_cannot_be_is_refused_by_name(admin: Rest, world: World, way: str, change: dict[str, Any], words: str) -> None:
    """A-113 among them."""
    body = {"email": MAIL, "sms": SMS}[way] | change
    assert words in admin.post(f"{ROOT}/{way}", body).problem(400)["description"]
    assert not Sender.objects.within(world.tenant).exists()


def test_each_verb_needs_its_own_scope(world: World) -> None:
    scopes = {SENDER_VIEW, SENDER_CREATE, SENDER_UPDATE, SENDER_DELETE}
    steps: list[tuple[str, str, str, object, int]] = [
        (SENDER_CREATE, "POST", "email", MAIL, 201), (SENDER_VIEW, "GET", "email", b"", 200),
        (SENDER_VIEW, "GET", "email/EmailPublisher", b"", 200), (SENDER_UPDATE, "PUT", "email/EmailPublisher", MAIL, 200),
        (SENDER_DELETE, "DELETE", "email/EmailPublisher", b"", 204),
    ]
    for scope, method, path, body, status in steps:
        others = holder(world, *(scopes - {scope}))
        assert scope in others.send(method, f"{ROOT}/{path}", body).problem(403)["description"]
        assert holder(world, scope).send(method, f"{ROOT}/{path}", body).status == status


def test_tenants_do_not_see_each_others(admin: Rest, world: World) -> None:
    """A-025"""
    admin.post(f"{ROOT}/email", MAIL)
    other = other_world(world)
    stranger = holder(other, SENDER_VIEW, SENDER_DELETE, SENDER_UPDATE, prefix="/t/acme.example")
    assert stranger.get(f"{ROOT}/email").body == []
    stranger.get(f"{ROOT}/email/EmailPublisher").problem(404)
    stranger.put(f"{ROOT}/email/EmailPublisher", MAIL).problem(404)
    stranger.send("DELETE", f"{ROOT}/email/EmailPublisher").problem(404)
    assert Sender.objects.within(world.tenant).count() == 1


@pytest.mark.parametrize("root", ROOTS)
def test_push_is_refused_in_words(admin: Rest, root: str) -> None:
    for method, path in (("GET", "push"), ("POST", "push"), ("GET", "push/PushPublisher"), ("PUT", "push/PushPublisher"),
                         ("DELETE", "push/PushPublisher")):
        assert "not offered" in admin.send(method, f"{root}/{path}").problem(501)["description"]


def test_no_secret_is_in_the_audit_log_nor_plain_in_the_table(admin: Rest, world: World) -> None:
    """A-187, A-019"""
    admin.post(f"{ROOT}/email", MAIL)
    admin.post(f"{ROOT}/sms", SMS)
    admin.put(f"{ROOT}/email/EmailPublisher", MAIL | {"password": "s3cret-changed", "fromAddress": "new@a.example"})
    entries = list(AuditEntry.objects.within(world.tenant).filter(event__startswith="sender:").order_by("id")
                   .values_list("event", "detail"))
    assert [event for event, _ in entries] == ["sender:add", "sender:add", "sender:change"]
    assert "s3cret" not in str(entries)
    assert entries[-1][1]["new_secret"] is True
    assert (entries[-1][1]["before"]["from_address"], entries[-1][1]["after"]["from_address"]) == ("hello@a.example", "new@a.example")
    for row in Sender.objects.within(world.tenant):
        assert b"s3cret" not in bytes(row.sealed)
        assert "s3cret" not in str(row.properties)
