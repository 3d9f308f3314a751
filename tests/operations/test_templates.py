"""Templates that a tenant writes itself: the next message carries them, nobody else's does, and none is ever lost because of one."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest

from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted, Stale
from housekey.core.messages import EMAIL, SMS
from housekey.core.names import split_username
from housekey.core.principal import EMAIL_TEMPLATE_UPDATE, EMAIL_TEMPLATE_VIEW, TEMPLATE_UPDATE, TEMPLATE_VIEW, Principal
from housekey.core.users import Email, Invite, NewUser, Profile
from housekey.core.wording import MEANINGS, PURPOSES, Unfit, Words, judge, names_of, purpose_of
from housekey.delivery import render
from housekey.operations import outbox, templates, users
from housekey.store.models import AuditEntry, Message, MessageTemplate
from tests.operations.support import World, link_in, other_world, text_of

KIND = "AskPassword"
SUBJECT = "Willkommen bei {{organization-name}}"
HTML = '<p>Hallo {{recipient-name}}, schön dass du da bist.</p>\n<p class="action"><a href="{{link}}">Los geht’s</a></p>'
TEXT = "Hallo {{recipient-name}}, schön dass du da bist.\n\n{{link}}"


def write(world: World, locale: str = "de", *, kind: str = KIND, subject: str = SUBJECT, html: str = HTML, text: str = TEXT,
          version: int | None = None) -> templates.TemplateView:
    return templates.save(world.by, EMAIL, kind, locale, subject, html, text, version, world.now)


def invite(world: World, name: str, locale: str, given: str = "Jane") -> None:
    profile = Profile(given_name=given, emails=(Email(f"{name}@example.com", primary=True),), locale=locale)
    users.create(world.house, world.by, NewUser(split_username(name), profile, ask_password=True), world.now)


def mail_to(world: World, name: str) -> EmailMessage:
    return [mail for mail in world.mails() if mail["To"] == f"{name}@example.com"][-1]


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_the_next_german_invitation_of_this_tenant_alone_carries_the_german_text(world: World) -> None:
    """A-025"""
    other = other_world(world)
    write(world)
    invite(world, "greta", "de_DE")
    invite(world, "ed", "en")
    invite(other, "olga", "de")
    german, english, foreign = (mail_to(world, name) for name in ("greta", "ed", "olga"))
    assert german["Subject"] == "Willkommen bei Housekey"
    for part in (text_of(german), html_of(german)):
        assert "Hallo Jane, schön dass du da bist." in part
        assert "bis " not in part
    assert re.search(r'<a href="([^"]+)" class="button"', html_of(german))
    assert '<html lang="de">' in html_of(german)
    assert html_of(german).index('id="bodyCell"') < html_of(german).index("Hallo Jane")
    assert "confirmation=" in link_in(german)
    assert (english["Subject"], foreign["Subject"]) == ("Set your password", "Legen Sie Ihr Passwort fest")
    assert "schön" not in text_of(foreign)


def test_the_link_of_an_own_template_works(world: World) -> None:
    write(world)
    invite(world, "jane", "de")
    world.redeem(world.newest_code())
    assert world.sign_in("jane")


def test_the_default_comes_back(world: World) -> None:
    write(world)
    assert templates.reset(world.by, EMAIL, KIND, "de", world.now) == 1
    assert templates.reset(world.by, EMAIL, KIND, "de", world.now) == 0
    invite(world, "greta", "de")
    assert mail_to(world, "greta")["Subject"] == "Legen Sie Ihr Passwort fest"


def test_a_template_saved_while_a_message_waits_is_used_when_it_is_sent(world: World) -> None:
    invite(world, "greta", "de")
    write(world)
    assert "schön" in text_of(mail_to(world, "greta"))


@pytest.mark.parametrize(("locale", "expected"), [("de", "german"), ("de-AT", "austrian"), ("de_CH", "german"), ("sv", "english"),
                                                  ("en_GB", "english"), ("", "english")])
def test_the_best_locale_comes_first(world: World, locale: str, expected: str) -> None:
    for own, name in (("de", "german"), ("de_AT", "austrian"), ("en_US", "english")):
        write(world, own, subject=name)
    invite(world, "jane", locale)
    assert mail_to(world, "jane")["Subject"] == expected
    assert templates.get(world.by, EMAIL, KIND, locale or "en").words.subject == expected


def test_a_shipped_text_in_the_readers_language_goes_before_the_tenants_english(world: World) -> None:
    write(world, "en_US", subject="english")
    invite(world, "jane", "fr_CA")
    assert mail_to(world, "jane")["Subject"] == "Définissez votre mot de passe"
    assert not templates.get(world.by, EMAIL, KIND, "fr").own


@pytest.mark.parametrize("broken", [
    {"html": "<p>Hello</p><script>alert(1)</script>"}, {"html": "<p>No way in</p>", "text": "No way in"},
    {"subject": "", "html": "", "text": ""}, {"html": HTML + "{{no-such-name}}"},
])
def test_a_stored_template_that_cannot_be_used_gives_way_to_the_shipped_one(world: World, broken: dict[str, str]) -> None:
    """A-111: whatever stands in the database, the message goes out."""
    write(world)
    MessageTemplate.objects.within(world.tenant).update(**broken)
    invite(world, "greta", "de")
    assert mail_to(world, "greta")["Subject"] == "Legen Sie Ihr Passwort fest"
    assert "<script" not in html_of(mail_to(world, "greta"))


def test_a_missing_part_is_made_from_the_other(world: World) -> None:
    write(world, text="")
    invite(world, "greta", "de")
    assert "Hallo Jane, schön dass du da bist." in text_of(mail_to(world, "greta")).splitlines()
    assert link_in(mail_to(world, "greta"))
    write(world, html="")
    invite(world, "gerd", "de")
    assert re.search(r'<a href="[^"]+confirmation=[^"]+" class="button"', html_of(mail_to(world, "gerd")))


def test_names_cannot_speak_through_an_own_template(world: World) -> None:
    """A-111, A-112"""
    write(world)
    invite(world, "eve", "de", given="{{link}}<a href=//evil.example>x</a>")
    mail = mail_to(world, "eve")
    assert "&lt;a href=//evil.example&gt;" in html_of(mail)
    assert html_of(mail).count("<a ") == 1
    assert "{{link}}" in text_of(mail)


@pytest.mark.parametrize("odd", ["{{7*7}}", "{{''.__class__}}", "${7*7}", "{user.__class__}", "%(x)s", "{% now %}", "#set($x = 1)"])
def test_other_languages_of_templates_stay_as_they_are_written_and_are_pointed_out(world: World, odd: str) -> None:
    """A-111"""
    html = HTML + "\n<p>" + odd + "</p>" if not odd.startswith("#") else HTML + "\n" + odd
    hints = judge(EMAIL, KIND, Words(SUBJECT, html, TEXT))
    assert [hint.harmless for hint in hints] == [True]
    assert "stays as it is written" in hints[0].say()
    assert hints[0].line == 3
    write(world, html=html)
    invite(world, "greta", "de")
    assert odd.replace("'", "'") in html_of(mail_to(world, "greta"))


@pytest.mark.parametrize(("changed", "field", "words"), [
    ({"html": HTML + "{{usr-name}}"}, "html", "Line 2: There is no {{usr-name}}. Did you mean {{user-name}}?"),
    ({"text": TEXT + "{{zzz}}"}, "text", "There is no {{zzz}}. See the list of names."),
    ({"text": TEXT + "{{ link }}"}, "text", "Write {{link}} without blanks"),
    ({"html": "<p>Hello</p>"}, "html", "Without {{link}} nobody"),
    ({"text": "Hello"}, "text", "Without {{link}} nobody"),
    ({"html": HTML + "\n<script>alert(1)</script>"}, "html", "Line 3: <script> is not taken"),
    ({"html": HTML + "<iframe src='x'></iframe>"}, "html", "<iframe> is not taken"),
    ({"html": HTML + "<object></object>"}, "html", "<object> is not taken"),
    ({"html": HTML + "<p onclick='x()'>a</p>"}, "html", "onclick is not taken"),
    ({"html": HTML + "<a href='java&#115;cript:x'>a</a>"}, "html", "not with javascript:x"),
    ({"html": HTML + "<a href='java&#9;script:x'>a</a>"}, "html", "A link must begin with"),
    ({"html": HTML + "<a href='//evil.example'>a</a>"}, "html", "A link must begin with"),
    ({"html": HTML + "<a href='{{user-name}}'>a</a>"}, "html", "A link must begin with"),
    ({"html": HTML + "<a href='https://{{user-name}}/'>a</a>"}, "html", "A link must begin with"),
    ({"html": HTML + "<a href='{{carbon.product-url}}{{user-name}}'>a</a>"}, "html", "A link must begin with"),
    ({"html": HTML + "<p style='background:url(https://x)'>a</p>"}, "html", "The style background may not have"),
    ({"html": HTML + "<p style='position:fixed'>a</p>"}, "html", "The style position is not taken"),
    ({"html": HTML + "<p class='{{user-name}}'>a</p>"}, "html", "not filled in inside class"),
    ({"html": HTML + "<p id='bodyCell'>a</p>"}, "html", "may not have the attribute id"),
    ({"html": HTML + "</td></tr></table>"}, "html", "</td> closes nothing"),
    ({"html": HTML + "<td>a</td>"}, "html", "<td> can only stand inside <tr>"),
    ({"html": HTML + "<p>open"}, "html", "<p> is not closed"),
    ({"html": HTML + "<!-- [if mso]> -->"}, "html", "Comments and declarations"),
    ({"html": HTML + "<style>p{}</style>"}, "html", "only the inner part of the mail"),
    ({"html": HTML + "1 < 2"}, "html", "Write &lt; for"),
    ({"html": HTML + "<a href=https://x.example>a</a>"}, "html", "cannot be read"),
    ({"html": HTML + "<img src='https://x.example/a.png'>"}, "html", "<img> is not taken"),
    ({"html": HTML + "<div>" * 70 + "</div>" * 70}, "html", "nested too deeply"),
    ({"html": HTML + "ä" * 50_000}, "html", "longer than 100,000"), ({"text": TEXT + "x" * 20_000}, "text", "longer than 20,000"),
    ({"html": HTML + "\n" * 3_000 + "x"}, "html", "more than 2,000 lines"),
    ({"html": HTML + "{{user-name}}" * 300}, "html", "More than 200 names"),
    ({"subject": ""}, "subject", "Please write a subject"), ({"subject": "a\nBcc: x@example.com"}, "subject", "single line"),
    ({"subject": "x" * 256}, "subject", "longer than 255"), ({"subject": "a\x00b"}, "subject", "nobody can see"),
    ({"subject": "a\u2028b"}, "subject", "single line"), ({"subject": "{{link}}"}, "subject", "locked screens"),
    ({"text": "a\x0bb" + TEXT}, "text", "nobody can see"), ({"html": "", "text": ""}, "html", "Please write the message"),
])
def test_a_text_that_cannot_be_sent_is_refused_with_field_and_line(world: World, changed: dict[str, Any], field: str, words: str) -> None:
    """A-111, A-112, A-113"""
    with pytest.raises(Unfit) as refused:
        write(world, **changed)
    assert any(item.field == field and words in item.say() for item in refused.value.problems), [p.say() for p in refused.value.problems]
    assert not MessageTemplate.objects.within(world.tenant).exists()


def test_line_ends_of_a_template_cannot_end_a_message(world: World) -> None:
    """A-114"""
    write(world, text=TEXT + "\r\n.\r\nMAIL FROM:<x@example.com>\r.\r")
    invite(world, "greta", "de")
    assert len([mail for mail in world.mails() if mail["To"] == "greta@example.com"]) == 1
    assert "MAIL FROM:" in text_of(mail_to(world, "greta"))


def test_the_links_of_wso2s_own_templates_are_taken(world: World) -> None:
    link = ("{{account.recovery.endpoint-url}}/confirmrecovery.do?confirmation={{confirmation-code}}"
            "&amp;userstoredomain={{userstore-domain}}&amp;username={{url:user-name}}&amp;tenantdomain={{tenant-domain}}&amp;type=invite")
    write(world, "en", html=f'<table role="presentation"><tr><td><a href="{link}">Set Password</a></td></tr></table>', text="")
    world.invite()
    world.redeem(world.newest_code())


def test_a_code_has_to_be_in_a_mail_with_a_code(world: World) -> None:
    with pytest.raises(Unfit, match=r"Without \{\{confirmation-code}}"):
        write(world, kind="AskPasswordEmailOTP", html="<p>Hello</p>", text="")
    with pytest.raises(Unfit, match=r"This message carries no \{\{link"):
        write(world, kind="AskPasswordEmailOTP", html="<p><b>{{confirmation-code}}</b> {{link}}</p>", text="")
    with pytest.raises(Unfit, match=r"This message carries no \{\{link"):
        write(world, kind="passwordResetSucess", html="<p>{{link}}</p>", text="")


def test_everything_shipped_can_be_saved_as_it_is() -> None:
    for channel in (EMAIL, SMS):
        for kind in render.kinds(channel).values():
            assert key_has_purpose(kind)
            for locale in render.shipped_locales(kind, channel):
                assert judge(channel, kind, render.shipped_words(kind, locale, channel)) == [], (kind, locale)
                used = set(re.findall(r"{{([^}]+)}}", "".join(_parts(render.shipped_words(kind, locale, channel)))))
                assert used <= set(names_of(channel, kind))


def key_has_purpose(kind: str) -> bool:
    return purpose_of(kind) in PURPOSES.values()


def _parts(words: Words) -> tuple[str, str, str]:
    return words.subject, words.html, words.text


def test_who_saves_what_somebody_else_changed_is_told(world: World) -> None:
    assert write(world, version=0).version == 1
    assert write(world, version=1, subject="Hallo").version == 2
    for old in (0, 1):
        with pytest.raises(Stale):
            write(world, version=old)
    assert templates.get(world.by, EMAIL, KIND, "de").words.subject == "Hallo"
    assert write(world, version=2, subject="Hallo").version == 2


def test_a_change_is_in_the_audit_log_with_what_changed(world: World) -> None:
    """A-139"""
    write(world)
    write(world, subject="Hallo")
    templates.reset(world.by, EMAIL, KIND, "de", world.now)
    rows = AuditEntry.objects.within(world.tenant).filter(event__startswith="template:").order_by("id")
    assert [row.event for row in rows] == ["template:change", "template:change", "template:reset"]
    assert rows[1].target == "EMAIL AskPassword de"
    assert {"-Willkommen bei {{organization-name}}", "+Hallo"} <= set(rows[1].detail["diff"])


def test_nobody_without_the_permission_sees_or_changes_a_template(world: World) -> None:
    """A-139"""
    nobody = Principal(world.tenant, "nobody")
    reader = Principal(world.tenant, "reader", frozenset({TEMPLATE_VIEW}))
    older = Principal(world.tenant, "older", frozenset({EMAIL_TEMPLATE_VIEW, EMAIL_TEMPLATE_UPDATE}))
    assert templates.kinds(reader, SMS)
    assert templates.kinds(older, EMAIL)
    with pytest.raises(NotPermitted):
        templates.kinds(older, SMS)
    for who in (nobody, reader):
        with pytest.raises(NotPermitted, match=TEMPLATE_UPDATE):
            templates.save(who, EMAIL, KIND, "de", SUBJECT, HTML, TEXT, None, world.now)
        with pytest.raises(NotPermitted):
            templates.reset(who, EMAIL, KIND, "de", world.now)
        with pytest.raises(NotPermitted):
            templates.send_test(world.house, who, EMAIL, KIND, "de", Words(SUBJECT, HTML, TEXT), world.now)
    with pytest.raises(NotPermitted):
        templates.get(nobody, EMAIL, KIND, "de")
    user = world.add("jane")
    with pytest.raises(NotPermitted):
        templates.preview(world.house, reader, EMAIL, KIND, "de", Words(SUBJECT, HTML, TEXT), world.now, user_id=user.id)


def test_a_preview_shows_a_person_and_a_link_that_opens_nothing(world: World) -> None:
    user = world.add("jane")
    words = Words("Für {{user-name}}", HTML, "")
    shown = templates.preview(world.house, world.by, EMAIL, KIND, "de", words, world.now, user_id=user.id)
    assert (shown.rendered.subject, shown.person) == ("Für jane", "jane")
    assert "confirmation=example&" in shown.rendered.text
    assert templates.preview(world.house, world.by, EMAIL, KIND, "de", words, world.now).rendered.subject == "Für alex"
    with pytest.raises(Unfit):
        templates.preview(world.house, world.by, EMAIL, KIND, "de", Words("", "", ""), world.now)
    words = Words("", "", "Code {{confirmation-code}} {{expires}}")
    otp = templates.preview(world.house, world.by, SMS, "askPasswordSMSOTP", "en", words, world.now)
    assert re.fullmatch(r"Code ABCDEF until .* UTC", otp.rendered.text)
    assert world.live_count() == 0


def test_a_test_goes_to_ones_own_address_only(world: World) -> None:
    """A-111"""
    user = world.add("jane", role="admin")
    jane = world.acting_as("jane")
    assert templates.send_test(world.house, jane, EMAIL, KIND, "de", Words(SUBJECT, HTML, TEXT), world.now) == "jane@example.com"
    [mail] = world.mails()
    assert (mail["To"], mail["Subject"]) == ("jane@example.com", "Willkommen bei Housekey")
    assert "confirmation=example&" in text_of(mail)
    with pytest.raises(Invalid, match="no mobile number"):
        templates.send_test(world.house, jane, SMS, "askPasswordSMSOTP", "de", Words("", "", "{{confirmation-code}}"), world.now)
    with pytest.raises(Invalid, match="no e-mail address"):
        templates.send_test(world.house, world.by, EMAIL, KIND, "de", Words(SUBJECT, HTML, TEXT), world.now)
    assert AuditEntry.objects.within(world.tenant).get(event="template:test").target_id == user.id
    assert not Message.objects.within(world.tenant).exists()


def test_the_outbox_shows_the_tenants_text_without_the_link(world: World, house: Any) -> None:
    write(world)
    invite(world, "greta", "de")
    view = outbox.get(world.house, world.by, outbox.listing(world.by).rows[0].id)
    assert view.subject == "Willkommen bei Housekey"
    assert "schön" in view.text


def test_a_text_message_is_written_too(world: World) -> None:
    text = "{{organization-name}}: {{confirmation-code}} gilt {{expires}}"
    templates.save(world.by, SMS, "ASK password SMS otp", "de", "", "", text, 0, world.now)
    profile = Profile(more={"phoneNumbers": [{"type": "mobile", "value": "+4915112345678"}]}, locale="de")
    users.create(world.house, world.by, NewUser(split_username("jane"), profile, ask_password=True, invite=Invite("SMS_OTP")), world.now)
    otp = world.otp()
    world.mails()
    view = outbox.get(world.house, world.by, outbox.listing(world.by).rows[0].id)
    assert view.text.startswith(f"Housekey: {otp} gilt bis ")
    for changed in ({"subject": "x"}, {"html": "<p>x</p>"}, {"text": ""}, {"text": text + "x" * 1_000}):
        parts = {"subject": "", "html": "", "text": text} | changed
        with pytest.raises(Unfit):
            templates.save(world.by, SMS, "askPasswordSMSOTP", "de", parts["subject"], parts["html"], parts["text"], None, world.now)


def test_a_kind_of_ones_own_is_kept_and_listed(world: World) -> None:
    both = {"en_US": ("Hi", "<p>{{user-name}}</p>", ""), "de_DE": ("Hallo", "", "Hallo")}
    made = templates.add(world.by, EMAIL, "Welcome Pack", both, world.now)
    assert (made.shipped, made.changed, made.purpose) == (False, ("de", "en"), "Kept for programs that ask for it. Nothing here sends it.")
    assert templates.kinds(world.by, EMAIL)[-1].kind == "Welcome Pack"
    for kind, texts, error in (("Welcome pack", {"en": ("Hi", "<p>x</p>", "")}, Conflict), ("a/b", {"en": ("Hi", "<p>x</p>", "")}, Invalid),
                               ("Other", {}, Invalid), ("Other", {"../x": ("Hi", "<p>x</p>", "")}, Invalid)):
        with pytest.raises(error):
            templates.add(world.by, EMAIL, kind, texts, world.now)
    assert templates.reset(world.by, EMAIL, "welcomepack", None, world.now) == 2
    with pytest.raises(NotFound):
        templates.find(world.by, EMAIL, "Welcome Pack")
    with pytest.raises(NotFound):
        templates.get(other_world(world).by, EMAIL, "no\0such", "en")


def test_every_kind_says_what_it_is_for_and_which_locales_are_changed(world: World) -> None:
    write(world)
    found = {kind.kind: kind for kind in templates.kinds(world.by, EMAIL)}
    assert next(iter(found)) == KIND
    assert found[KIND].changed == ("de",)
    assert {"de", "en"} <= set(found[KIND].locales)
    assert all(kind.purpose in PURPOSES.values() for kind in found.values())


def test_the_list_of_names_is_what_is_filled_in(world: World) -> None:
    """Each name of the list really has a value when a message is sent, but for the logo of a tenant that has none."""
    html = "<p>" + " ".join(f"[{name}={{{{{name}}}}}]" for name in MEANINGS if name != "organization.logo.img") + "</p>"
    write(world, "en", html=html, text="")
    profile = Profile(given_name="Jane", family_name="Doe", emails=(Email("jane@example.com", primary=True),))
    users.create(world.house, world.by, NewUser(split_username("jane"), profile, ask_password=True), world.now)
    assert "=]" not in html_of(mail_to(world, "jane"))
