"""Templates in the console: what a tenant writes is what is sent, mistakes are named, and the default comes back."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from housekey.core.messages import EMAIL, SMS
from housekey.core.names import split_username
from housekey.core.principal import CONSOLE, LOGIN, TEMPLATE_UPDATE, TEMPLATE_VIEW
from housekey.core.users import Email, NewUser, Profile
from housekey.operations import branding, roles, templates, users
from housekey.operations.branding import Wanted
from housekey.store.models import AuditEntry, MessageTemplate
from housekey.web.house import house
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, link_in, other_world, text_of
from tests.support.pictures import png

LIST, SHORT = "/console/templates/email/", "/console/templates/sms/"
EDIT = LIST + "AskPassword/?locale=de"
PREVIEW = LIST + "AskPassword/preview?locale=de"
HTML = '<p>Hallo {{recipient-name}}, schön dass du da bist.</p>\n<p><a href="{{link}}">Los geht’s</a></p>'
TEXTS = {"subject": "Willkommen", "html": HTML, "text": "", "version": "0", "do": "save"}


def invite(world: World, name: str, locale: str, given: str = "Jane") -> Any:
    profile = Profile(given_name=given, emails=(Email(f"{name}@example.com", primary=True),), locale=locale)
    users.create(world.house, world.by, NewUser(split_username(name), profile, ask_password=True), world.now)
    return world


def mail_to(world: World, name: str) -> Any:
    return [mail for mail in world.mails() if mail["To"] == f"{name}@example.com"][-1]


def visitor(world: World, *permissions: str) -> Browser:
    """Somebody whose role allows these."""
    user = world.add("helper")
    role = roles.add(world.by, "Helpers", {LOGIN, CONSOLE, *permissions}, world.now)
    roles.grant(world.by, user.id, role.name, world.now)
    return Browser().signed_in("helper", PASSWORD)


def test_ask_password_in_german_is_written_sent_and_taken_back(guest: Browser, world: World) -> None:
    """The story of the issue; A-025."""
    other = other_world(world)
    assert guest.get(LIST).heading == "Email Templates"
    assert "Invites a new user with a link to choose a password." in guest.page
    assert f'href="{LIST}AskPassword/"' in guest.page
    assert guest.get(EDIT).heading == "Invitation"
    assert "The default, as it is shipped." in guest.page
    invite(world, "greta", "de_DE")
    invite(world, "ed", "en")
    invite(other, "olga", "de")
    guest.post(EDIT, TEXTS)
    assert guest.location == EDIT + "&done=template-saved"
    assert "The text was saved." in guest.follow().page
    german = mail_to(world, "greta")
    assert german["Subject"] == "Willkommen", "a message that waits is sent as it is written now"
    for part in (text_of(german), german.get_body(("html",)).get_content()):
        assert "Hallo Jane, schön dass du da bist." in part
        assert "confirmation=" in part
    assert "confirmation=" in link_in(german)
    assert (mail_to(world, "ed")["Subject"], mail_to(world, "olga")["Subject"]) == ("Set your password", "Legen Sie Ihr Passwort fest")
    assert "Deutsch</a>" in guest.get(LIST + "?show=changed").page
    assert guest.page.count("<code>") == 1
    assert "Your own text, last changed by admin" in guest.get(EDIT).page
    reset = "/console/templates/email/AskPassword/reset?locale=de"
    assert f'href="{reset}"' in guest.page
    assert guest.get(reset).heading == "Take “Invitation” in Deutsch back to the default?"
    assert MessageTemplate.objects.within(world.tenant).count() == 1
    assert guest.post(reset).location == EDIT + "&done=template-reset"
    assert "Your text is gone." in guest.follow().page
    invite(world, "gerd", "de")
    assert mail_to(world, "gerd")["Subject"] == "Legen Sie Ihr Passwort fest"
    assert "Nothing is changed" in guest.get(LIST + "?show=changed").page


def test_mistakes_are_named_and_what_was_typed_stays(guest: Browser, world: World) -> None:
    """A-111, A-112, A-118"""
    guest.get(EDIT)
    typed = TEXTS | {"html": HTML + "\n<script>alert(1)</script>\n<p onclick='x'>{{user-nam}}</p><img src='x'>", "subject": "{{link}}"}
    guest.post(EDIT, typed)
    assert guest.status == 400
    for words in ("Line 3: <script> is not taken", "Line 4: <img> is not taken", "Did you mean {{user-name}}?", "belongs into the message"):
        assert words in guest.page
    assert 'aria-describedby="html-error html-hint"' in guest.page
    assert "onclick='x'" in guest.page
    raw = guest.client.post(EDIT, typed | {"csrfmiddlewaretoken": guest.token}, secure=True, headers={"Referer": "https://testserver/"})
    assert b"<script>alert(1)" not in raw.content
    assert not MessageTemplate.objects.within(world.tenant).exists()


def test_braces_that_mean_nothing_are_pointed_out_and_sent_as_written(guest: Browser, world: World) -> None:
    """A-111"""
    odd = "{{7*7}} ${7*7} {user.__class__} %(x)s"
    guest.get(EDIT)
    assert guest.post(EDIT, TEXTS | {"html": HTML + f"<p>{odd}</p>"}).status == 303
    assert "{{7*7}} stays as it is written" in guest.follow().page
    invite(world, "greta", "de", given="{{7*7}}{{link}}<b>x")
    mail = mail_to(world, "greta")
    assert odd in text_of(mail)
    assert "Hallo {{7*7}}{{link}}<b>x" in text_of(mail)
    assert "49" not in re.sub(r"confirmation=\S+", "", text_of(mail))


def test_a_plain_text_that_was_forgotten_is_pointed_out(guest: Browser, world: World) -> None:
    default = templates.get(world.by, EMAIL, "AskPassword", "de").words
    guest.get(EDIT)
    assert guest.post(EDIT, TEXTS | {"text": default.text}).status == 303
    assert "This is still the default, but the HTML is not." in guest.follow().page


def test_a_message_without_its_link_is_refused(guest: Browser, world: World) -> None:
    """A-139"""
    guest.get(EDIT)
    assert "Without {{link}} nobody can do what this message asks for." in guest.post(EDIT, TEXTS | {"html": "<p>Hallo</p>"}).page
    assert not MessageTemplate.objects.within(world.tenant).exists()


def test_who_saves_what_somebody_else_changed_is_told_and_loses_nothing(guest: Browser, world: World) -> None:
    guest.get(EDIT)
    templates.save(world.by, EMAIL, "AskPassword", "de", "Anders", HTML, "", 0, world.now)
    guest.post(EDIT, TEXTS | {"subject": "Meins"})
    assert guest.status == 409
    assert "Somebody else changed the same template meanwhile." in guest.page
    assert 'value="Meins"' in guest.page
    assert templates.get(world.by, EMAIL, "AskPassword", "de").words.subject == "Anders"


def test_a_preview_is_a_harmless_document_of_its_own(guest: Browser, world: World) -> None:
    """A-118"""
    world.add("jane")
    answer = guest.get(PREVIEW)
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert ' style="' not in answer.page
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Legen Sie Ihr Passwort fest" in answer.page
    assert "confirmation=example&" in answer.page
    assert "As somebody made up sees it." in answer.page
    guest.get(EDIT)
    assert "frame-src 'self'" in guest.headers["Content-Security-Policy"]
    typed = TEXTS | {"subject": "Für {{user-name}}", "person": "jane", "part": "html"}
    assert "<b>Für jane</b>" in guest.post(PREVIEW, typed).page
    assert "As jane sees it." in guest.page
    assert "cid:" not in guest.page
    assert "Los geht’s:\n\nhttps://" in guest.post(PREVIEW, typed | {"part": "text"}).page
    assert "Nobody is called nobody/x." in guest.post(PREVIEW, typed | {"person": "nobody/x"}).page
    assert "<li>Without {{link}} nobody" in guest.post(PREVIEW, typed | {"html": "<p>x</p>"}).page
    assert not MessageTemplate.objects.within(world.tenant).exists()
    assert world.live_count() == 0


def test_the_logo_is_in_the_preview(guest: Browser, world: World) -> None:
    branding.save(world.by, Wanted("#8a1538", "", png(), "Acme"), 0, world.now)
    templates.save(world.by, EMAIL, "AskPassword", "de", "Hallo", HTML, "", 0, world.now)
    page = guest.get(PREVIEW).page
    assert "data:image/png;base64," in page
    assert "cid:" not in page
    assert "data:" in guest.headers["Content-Security-Policy"]


@pytest.mark.parametrize("person", ["\0", "a/b/c", "*", "ü" * 300, "jane@acme.example", "%", "PRIMARY/", "<script>"])
def test_a_preview_survives_any_name(guest: Browser, world: World, person: str) -> None:
    guest.get(EDIT)
    assert guest.post(PREVIEW, TEXTS | {"person": person}).status in {200, 400}
    assert "<script>" not in guest.page.replace("Nobody is called <script>", "")


def test_a_test_goes_to_ones_own_address_and_saves_nothing(guest: Browser, world: World) -> None:
    """A-111"""
    before = set(house().config.mail_directory.glob("*.eml"))
    world.add("jane", role="admin")
    jane = Browser().signed_in("jane", PASSWORD)
    jane.get(EDIT)
    assert "A test went to jane@example.com. It is not saved yet." in jane.post(EDIT, TEXTS | {"do": "test"}).page
    assert 'value="Willkommen"' in jane.page
    (file,) = set(house().config.mail_directory.glob("*.eml")) - before
    mail: Any = message_from_bytes(file.read_bytes(), policy=default)
    assert (mail["To"], mail["Subject"], "confirmation=example&" in text_of(mail)) == ("jane@example.com", "Willkommen", True)
    assert not MessageTemplate.objects.within(world.tenant).exists()
    guest.get(EDIT)
    assert "has no e-mail address" in guest.post(EDIT, TEXTS | {"do": "test"}).page
    assert guest.status == 400


def test_a_text_message_tells_its_length(guest: Browser, world: World) -> None:
    assert guest.get(SHORT).heading == "SMS Templates"
    edit = SHORT + "askPasswordSMSOTP/?locale=en"
    guest.get(edit)
    assert 'name="html"' not in guest.page
    assert "characters before names are filled in." in guest.page
    preview = SHORT + "askPasswordSMSOTP/preview?locale=en"
    assert "20 characters, sent as 1 text message." in guest.post(preview, {"text": "Your code is: {{confirmation-code}}"}).page
    assert "sent as 2 text messages." in guest.post(preview, {"text": "ł" * 80 + "{{confirmation-code}}"}).page
    guest.get(edit)
    assert guest.post(edit, {"text": "Code {{confirmation-code}}", "version": "0", "do": "save"}).status == 303
    assert templates.get(world.by, SMS, "askPasswordSMSOTP", "en").words.text == "Code {{confirmation-code}}"
    assert "Without {{confirmation-code}}" in guest.post(edit, {"text": "Code", "version": "1", "do": "save"}).page


def test_what_differs_is_shown_line_by_line(guest: Browser) -> None:
    assert "What differs from the default" not in guest.get(EDIT).page
    guest.post(EDIT, TEXTS)
    page = guest.follow().page
    assert "<del>− Legen Sie Ihr Passwort fest</del>" in page
    assert "<ins>+ Willkommen</ins>" in page


def test_another_language_begins_with_the_nearest_text(guest: Browser, world: World) -> None:
    swedish = EDIT.replace("=de", "=sv")
    assert "There is no text in this language. What people get is the default in English." in guest.get(swedish).page
    assert "Set your password" in guest.page
    assert guest.post(swedish, TEXTS | {"subject": "Välkommen"}).status == 303
    assert ">sv<" in guest.follow().page
    invite(world, "sven", "sv_SE")
    assert mail_to(world, "sven")["Subject"] == "Välkommen"
    for wrong in ("../de", "x" * 50, "\0"):
        assert "This is no locale." in guest.get(LIST + "AskPassword/?locale=" + quote(wrong)).page
        assert guest.status == 400


def test_every_name_is_listed_with_its_meaning(guest: Browser) -> None:
    page = guest.get(EDIT).page
    for name in ("{{link}}", "{{recipient-name}}", "{{user-name}}", "{{organization-name}}", "{{expires}}"):
        assert f"<code>{name}</code>" in page
        assert f'data-insert="{name}"' in page
    assert "<code>{{link}}" not in guest.get(LIST + "passwordResetSucess/").page


def test_every_shipped_kind_opens(guest: Browser, world: World) -> None:
    for slug, channel in (("email", EMAIL), ("sms", SMS)):
        for kind in templates.kinds(world.by, channel):
            for path in ("", "preview"):
                assert guest.get(f"/console/templates/{slug}/{kind.kind}/{path}").status == 200, kind.kind


def test_a_kind_of_ones_own_is_edited_and_deleted(guest: Browser, world: World) -> None:
    templates.add(world.by, EMAIL, "Welcome Pack", {"en": ("Hi", "<p>{{user-name}}</p>", "")}, world.now)
    path = LIST + "Welcome%20Pack/"
    assert "Welcome Pack" in guest.get(LIST).page
    assert guest.get(path).heading == "Welcome Pack"
    assert "Delete text" in guest.page
    guest.get(path + "reset?locale=en")
    assert guest.post(path + "reset?locale=en").location == LIST + "?done=template-reset"
    assert guest.get(path).status == 404


def test_who_may_only_look_changes_nothing(world: World) -> None:
    """A-139"""
    helper = visitor(world, TEMPLATE_VIEW)
    page = helper.get(EDIT).page
    assert "You may look at this text, but not change it." in page
    assert 'value="save"' not in page
    assert 'id="person"' not in page
    assert helper.post(EDIT, TEXTS).status == 403
    assert helper.post(EDIT, TEXTS | {"do": "test"}).status == 403
    assert helper.post(LIST + "AskPassword/reset?locale=de").status == 403
    assert "As somebody made up" in helper.post(PREVIEW, TEXTS | {"person": "admin"}).page
    assert not MessageTemplate.objects.within(world.tenant).exists()
    assert not AuditEntry.objects.within(world.tenant).filter(event__startswith="template:").exists()


def test_who_may_write_but_not_look_sees_nothing(world: World) -> None:
    """A-139"""
    helper = visitor(world, TEMPLATE_UPDATE)
    assert [helper.get(path).status for path in (LIST, SHORT, EDIT, PREVIEW)] == [403] * 4
    assert helper.post(EDIT, TEXTS).status == 403
    assert "Email Templates" not in helper.get("/console/").page


def test_another_tenants_texts_are_not_here(guest: Browser, world: World) -> None:
    """A-025"""
    other = other_world(world)
    templates.save(other.by, EMAIL, "AskPassword", "de", "Fremd", HTML, "", 0, world.now)
    templates.add(other.by, EMAIL, "Theirs", {"en": ("Hi", "<p>x</p>", "")}, world.now)
    assert "Fremd" not in guest.get(EDIT).page
    assert "Theirs" not in guest.get(LIST).page
    assert guest.get(LIST + "Theirs/").status == 404


def test_every_mistake_is_said_in_german(guest: Browser) -> None:
    guest.get(EDIT, **{"Accept-Language": "de"})
    assert guest.heading == "Einladung"
    headers = {"Referer": "https://testserver/", "Accept-Language": "de"}
    for changed in ({"html": HTML + "<script>1</script>"}, {"html": "<p>x</p>"}, {"subject": "{{link}}"}, {"subject": ""},
                    {"html": HTML + "<p onclick='x'>a</p>"}, {"html": HTML + "{{user-nam}}"}, {"html": HTML + "<p>"}):
        guest._ask("post", EDIT, data={"csrfmiddlewaretoken": guest.token} | TEXTS | changed, headers=headers)
        said = unescape(" ".join(re.findall(r'class="error" id="[a-z]+-error">.*?<span>(.*?)</span>', guest.page)))
        assert said
        assert not re.search(r"\b(?:the|is|not|this|please|nobody|may)\b", said, re.IGNORECASE), said
