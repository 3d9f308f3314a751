"""WSO2's template APIs: their ids and bodies read and change what is sent, each scope only its own, and nothing crosses tenants."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from housekey.api.routes import ROUTES
from housekey.api.urls import urlpatterns
from housekey.core import principal as p
from housekey.core.messages import EMAIL, SMS
from housekey.core.names import split_username
from housekey.core.users import Email, NewUser, Profile
from housekey.core.wording import Words
from housekey.operations import templates, users
from housekey.store.models import AuditEntry, MessageTemplate
from tests.doors.api.support import Rest, administrator, holder
from tests.operations.support import World, link_in, other_world, text_of

assert urlpatterns
V1, V2 = "/api/server/v1/email/template-types", "/api/server/v2/email/template-types"
NEW, TEXTS = "/api/server/v1/notification/email/template-types", "/api/server/v1/notification/sms/template-types"
EVERY = [(V1, "templates", "id"), (V2, "templates", "locale"), (V2, "org-templates", "locale"), (NEW, "org-templates", "locale")]
ASK = "QXNrUGFzc3dvcmQ"
HTML = '<p>Hej {{recipient-name}}</p><p><a href="{{link}}">Go</a></p>'
MAIL = {"contentType": "text/html; charset=UTF-8", "subject": "Hej", "body": HTML, "footer": ""}
every = pytest.mark.parametrize(("root", "room", "key"), EVERY)


@pytest.fixture
def admin(world: World) -> Rest:
    return administrator()


def invite(world: World, name: str, locale: str) -> Any:
    profile = Profile(emails=(Email(f"{name}@example.com", primary=True),), locale=locale)
    users.create(world.house, world.by, NewUser(split_username(name), profile, ask_password=True), world.now)
    return [mail for mail in world.mails() if mail["To"] == f"{name}@example.com"][-1]


@pytest.mark.parametrize("root", [V1, V2, NEW])
def test_types_carry_the_ids_that_clients_have_written_down(admin: Rest, root: str) -> None:
    rows = admin.get(f"{root}/").body
    assert rows[0] == {"id": ASK, "displayName": "AskPassword", "self": f"{root}/{ASK}"}
    for row in rows:
        assert base64.urlsafe_b64decode(row["id"] + "==").decode() == row["displayName"]
        assert admin.get(row["self"]).body["displayName"] == row["displayName"]
    assert {"resendAskPassword", "AdminForcedPasswordReset", "passwordResetSucess"} <= {row["displayName"] for row in rows}


def test_a_text_message_has_only_a_body(admin: Rest, world: World) -> None:
    kind = next(row for row in admin.get(TEXTS).body if row["displayName"] == "askPasswordSMSOTP")
    address = f"{kind['self']}/org-templates/en_US"
    assert set(admin.get(address).body) == {"locale", "body"}
    assert admin.put(address, {"body": "Code {{confirmation-code}}"}).status == 200
    assert admin.get(address).body == {"locale": "en_US", "body": "Code {{confirmation-code}}"}
    assert templates.get(world.by, SMS, "askPasswordSMSOTP", "en").words.text == "Code {{confirmation-code}}"
    assert "{{confirmation-code}}" in admin.put(address, {"body": "Hello"}).problem(400)["description"]


def test_links_keep_the_tenant_of_the_address(world: World) -> None:
    rows = administrator("/t/carbon.super").get(V1).body
    assert rows[0]["self"] == f"/t/carbon.super{V1}/{ASK}"
    links = administrator("/t/carbon.super").get(f"{V1}/{ASK}/templates").body
    assert {"id": "en_US", "self": f"/t/carbon.super{V1}/{ASK}/templates/en_US"} in links


def test_a_type_shows_its_templates_where_it_did(admin: Rest) -> None:
    old, newer, newest = (admin.get(f"{root}/{ASK}").body for root in (V1, V2, NEW))
    assert "templates" not in newest
    assert {item["id"] for item in old["templates"]} == {item["locale"] for item in newer["templates"]}
    assert set(old["templates"][0]) == {"id", "contentType", "subject", "body", "footer"}
    assert {"en_US", "de_DE", "zh_CN"} <= {item["id"] for item in old["templates"]}


@every
def test_a_template_lives_from_post_to_delete(world: World, admin: Rest, root: str, room: str, key: str) -> None:
    made = admin.post(f"{root}/{ASK}/{room}", {key: "sv_SE"} | MAIL)
    address = f"{root}/{ASK}/{room}/sv-SE"
    assert (made.status, made.headers["Location"], made.body) == (201, address.replace("sv-SE", "sv_SE"),
                                                                  {key: "sv_SE", "self": address.replace("sv-SE", "sv_SE")})
    assert admin.get(address).body == {key: "sv_SE"} | MAIL
    assert admin.post(f"{root}/{ASK}/{room}", {key: "sv_SE"} | MAIL).problem(409)
    assert admin.put(address, MAIL | {"subject": "Hejsan", "footer": "With regards"}).status == 200
    read = admin.get(address).body
    assert (read["subject"], read["body"]) == ("Hejsan", HTML + "\n<p>With regards</p>")
    mail = invite(world, "sven", "sv_SE")
    assert (mail["Subject"], "With regards" in text_of(mail), "confirmation=" in link_in(mail)) == ("Hejsan", True, True)
    assert admin.send("DELETE", address).status == 204
    admin.get(address).problem(404)
    admin.put(address, MAIL).problem(404)
    assert AuditEntry.objects.within(world.tenant).filter(event__startswith="template:").count() == 3


@every
def test_a_shipped_text_is_replaced_and_comes_back(world: World, admin: Rest, root: str, room: str, key: str) -> None:
    address = f"{root}/{ASK}/{room}/de_DE"
    shipped = admin.get(address).body
    assert shipped["subject"] == "Legen Sie Ihr Passwort fest"
    assert admin.post(f"{root}/{ASK}/{room}", {key: "de_DE"} | MAIL).status == (201 if room == "org-templates" else 409)
    assert admin.put(address, {key: "de_DE"} | MAIL).status == 200
    assert invite(world, "greta", "de")["Subject"] == "Hej"
    assert admin.send("DELETE", address).status == 204
    assert admin.get(address).body == shipped
    assert admin.put(address, {"id": "de_DE", "locale": "de_DE"} | shipped).status == 200
    assert invite(world, "gerd", "de")["Subject"] == "Legen Sie Ihr Passwort fest"


def test_plain_text_stays_plain_text(admin: Rest, world: World) -> None:
    address = f"{V1}/{ASK}/templates/en_US"
    sent = {"contentType": "text/plain", "subject": "Hi", "body": "Hello\n\n{{link}}", "footer": "---"}
    assert admin.put(address, sent).status == 200
    read = admin.get(address).body
    assert (read["contentType"], read["body"]) == ("text/plain; charset=UTF-8", "Hello\n\n{{link}}\n\n---")
    assert templates.get(world.by, EMAIL, "AskPassword", "en").words == Words("Hi", "", "Hello\n\n{{link}}\n\n---")


@pytest.mark.parametrize(("root", "room", "key"), EVERY)
def test_a_type_of_ones_own(admin: Rest, world: World, root: str, room: str, key: str) -> None:
    body = {"displayName": "Welcome Pack", "templates": [{key: "en_US"} | MAIL, {key: "fr_FR"} | MAIL]}
    made = admin.post(root, body)
    address = f"{root}/V2VsY29tZSBQYWNr"
    assert (made.status, made.headers["Location"]) == (201, address)
    assert made.body == {"id": "V2VsY29tZSBQYWNr", "displayName": "Welcome Pack", "self": address}
    assert [item[key] for item in admin.get(f"{address}/{room}").body] == ["en_US", "fr_FR"]
    admin.post(root, body).problem(409)
    assert admin.send("DELETE", address).status == 204
    admin.get(address).problem(404)
    assert not MessageTemplate.objects.within(world.tenant).exists()


@pytest.mark.parametrize("body", [
    {"displayName": "New", "templates": []}, {"displayName": "a/b", "templates": [{"id": "en_US"} | MAIL]}, {"displayName": ""}, {},
    {"displayName": "New", "templates": [MAIL]}, {"displayName": "New", "templates": [{"id": "nope!"} | MAIL]},
    {"displayName": "New", "templates": [{"id": "en_US"} | MAIL | {"body": "<script>1</script>"}]},
])
def test_a_type_that_cannot_be_is_refused_whole(admin: Rest, world: World, body: Any) -> None:
    admin.post(V1, body).problem(400)
    assert not MessageTemplate.objects.within(world.tenant).exists()
    admin.post(V1, {"displayName": "Ask Password", "templates": [{"id": "sv_SE"} | MAIL]}).problem(409)


@pytest.mark.parametrize(("changed", "words"), [
    ({"body": HTML + "<script>alert(1)</script>"}, "<script> is not taken"), ({"body": HTML + "\n<p onclick='x'>a</p>"}, "Line 2: onclick"),
    ({"body": HTML + "{{user-nam}}"}, "{{user-name}}"), ({"body": "<p>Hello</p>"}, "Without {{link}}"),
    ({"subject": "a\nb"}, "single line"),
    ({"contentType": "application/pdf"}, "text/html or text/plain"), ({"id": "fr_FR"}, "the address says de_DE"),
    ({"subject": "{{link}}", "body": "<img src='x'>"}, "locked screens"),
])
def test_a_template_that_cannot_be_sent_is_refused_with_the_reason(admin: Rest, changed: Any, words: str) -> None:
    """A-111, A-112, A-113"""
    answer = admin.put(f"{V1}/{ASK}/templates/de_DE", MAIL | changed)
    assert words in answer.problem(400)["description"]


def test_everything_wrong_is_said_at_once(admin: Rest) -> None:
    said = admin.put(f"{V1}/{ASK}/templates/de_DE", MAIL | {"subject": "{{link}}", "body": "<img src='x'>"}).problem(400)["description"]
    assert "locked screens" in said
    assert "<img> is not taken" in said


@pytest.mark.parametrize("wanted", ["bm9uZQ", "%21%21", "____", "QXNr/x", "x" * 500, "QXNrUGFzc3dvcmQ%00"])
def test_what_does_not_exist_is_not_found(admin: Rest, wanted: str) -> None:
    admin.get(f"{V1}/{wanted}").problem(404)
    admin.put(f"{V1}/{wanted}/templates/en_US", MAIL).problem(404)
    admin.post(f"{V1}/{wanted}/templates", {"id": "en_US"} | MAIL).problem(404)
    admin.send("DELETE", f"{V1}/{wanted}").problem(404)


@pytest.mark.parametrize("locale", ["xx-none", "sv_SE", "..", "en%20US", "nope!"])
def test_a_language_without_a_template_is_not_found(admin: Rest, locale: str) -> None:
    admin.get(f"{V1}/{ASK}/templates/{locale}").problem(404)
    admin.put(f"{V1}/{ASK}/templates/{locale}", MAIL).problem(404)


MINE = [item for item in ROUTES if "template-types" in item.path]


def test_every_address_has_every_method() -> None:
    assert {item.scope for item in MINE if "/sms/" in item.path} == {
        p.TEMPLATE_CREATE, p.TEMPLATE_DELETE, p.TEMPLATE_UPDATE, p.TEMPLATE_VIEW}
    assert {item.scope for item in MINE if "/sms/" not in item.path} == {
        p.EMAIL_TEMPLATE_CREATE, p.EMAIL_TEMPLATE_DELETE, p.EMAIL_TEMPLATE_UPDATE, p.EMAIL_TEMPLATE_VIEW}
    assert len(MINE) == 4 * 4 + 5 * 5


@pytest.mark.parametrize("item", MINE, ids=lambda item: f"{item.method} {item.path}")
def test_only_its_own_scope_opens_a_route(world: World, item: Any) -> None:
    """A-130, A-136, A-139"""
    kind = "YXNrUGFzc3dvcmRTTVNPVFA" if "/sms/" in item.path else ASK
    address = item.path.replace("{type}", kind).replace("{locale}", "de_DE")
    key = "id" if item.path.startswith(V1) else "locale"
    body: dict[str, Any] = {"body": "{{confirmation-code}}"} if "/sms/" in item.path else dict(MAIL)
    if item.method == "POST":
        body = {key: "sv_SE"} | body
    if item.body and item.path.endswith("template-types"):
        body = {"displayName": "New", "templates": [body]}
    others = p.ADMINISTRATOR_PERMISSIONS - {p.CONSOLE, p.OWN_PASSWORD, item.scope}
    assert item.scope in holder(world, *others).send(item.method, address, body).problem(403)["description"]
    Rest().send(item.method, address, body).problem(401)
    assert not MessageTemplate.objects.within(world.tenant).exists()
    assert holder(world, item.scope).send(item.method, address, body).status < 300


def test_another_tenant_reads_and_changes_only_its_own(world: World, admin: Rest) -> None:
    """A-025"""
    admin.put(f"{V1}/{ASK}/templates/de_DE", MAIL)
    admin.post(V1, {"displayName": "Ours", "templates": [{"id": "en_US"} | MAIL]})
    other = holder(other_world(world), p.EMAIL_TEMPLATE_VIEW, p.EMAIL_TEMPLATE_DELETE, prefix="/t/acme.example")
    assert other.get(f"{V1}/{ASK}/templates/de_DE").body["subject"] == "Legen Sie Ihr Passwort fest"
    other.get(f"{V1}/T3Vycw").problem(404)
    other.send("DELETE", f"{V1}/T3Vycw").problem(404)
    assert other.send("DELETE", f"{V1}/{ASK}").status == 204
    assert MessageTemplate.objects.within(world.tenant).count() == 2
