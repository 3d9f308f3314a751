"""Promises of rendering: templates say nothing but their fields, and fields cannot say anything but themselves."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core.languages import EVERY, LANGUAGES, PSEUDO, right_to_left
from housekey.core.messages import (
    ACTIVATED,
    ASK_PASSWORD,
    CHANNELS,
    EMAIL,
    PASSWORD_CHANGED,
    PASSWORD_SET_SMS,
    RESEND_ASK_PASSWORD,
    SMS,
    TEST,
)
from housekey.core.scenario import SCENARIOS
from housekey.delivery.render import TEMPLATES, NoTemplate, best_locale, fill, kinds, parse, render, shipped, shipped_locales
from housekey.delivery.words import WORDS, expiry_in_words

OTP_KINDS = {(item.channel, kind) for item in SCENARIOS if item.otp for kind in (item.first, item.again) if kind}
LINK_KINDS = {kind for item in SCENARIOS if not item.otp for kind in (item.first, item.again) if kind}
MAILS = sorted(kinds(EMAIL).values())
TEXTS = sorted(kinds(SMS).values())
FIELDS = {
    "user-name": "jane", "recipient-name": "Jane", "organization-name": "Acme", "organization.support.mail": "help@acme.example",
    "expires": "until 31 January 2026, 08:00 UTC", "link": "https://id.example.com/x?confirmation=abc&type=invite",
    "carbon.product-url": "https://id.example.com", "authentication.endpoint-url": "https://id.example.com/authenticationendpoint",
    "account.recovery.endpoint-url": "https://id.example.com/accountrecoveryendpoint", "confirmation-code": "X7K2P9",
    "site-url": "https://id.example.com/", "origin-host": "id.example.com",
}
END = datetime(2026, 1, 31, 8, tzinfo=UTC)
every_mail = pytest.mark.parametrize(("kind", "locale"), [(kind, locale) for kind in MAILS for locale in EVERY])
every_text = pytest.mark.parametrize(("kind", "locale"), [(kind, locale) for kind in TEXTS for locale in EVERY])
IN_ONE_BYTE = ("en", "de")
"""Languages whose text messages keep to letters that cost a phone one place each."""


def test_there_is_a_template_for_every_message_an_operation_sends() -> None:
    for item in SCENARIOS:
        for kind in (item.first, item.again):
            assert not kind or kind in kinds(item.channel).values(), kind
    assert {ACTIVATED, PASSWORD_CHANGED, TEST} <= set(MAILS)
    assert {PASSWORD_SET_SMS, PASSWORD_CHANGED} <= set(TEXTS)


@every_mail
def test_every_mail_has_one_action_and_says_who_and_whom_to_ask(kind: str, locale: str) -> None:
    mail = render(kind, locale, FIELDS)
    [target] = re.findall(r"<a href=\"([^\"]*)\"", mail.html)
    assert html.unescape(target) in mail.text.splitlines()
    assert mail.html.count('id="bodyCell"') == 1
    assert mail.html.index('id="bodyCell"') < mail.html.index("<a href")
    for part in (mail.text, mail.html):
        assert "Acme" in part
        assert "help@acme.example" in part
        assert "{{" not in part
    assert "<img" not in mail.html
    assert "<title>" + html.escape(mail.subject) + "</title>" in mail.html
    assert re.findall(r'<(?:p|h1|a)(?! [^>]*style=)[^>]*>', mail.html) == []
    direction = ' dir="rtl"' if right_to_left(locale) else ""
    assert f'<html lang="{locale}"{direction}>' in mail.html


def looks(path: Path) -> tuple[list[str], list[str], list[str]]:
    """What a translation must leave alone: placeholders, tags and links."""
    text = path.read_text(encoding="utf-8")
    return sorted(parse(text)[1::2]), re.findall(r"</?(\w+)", text), re.findall(r'<a href="([^"]*)"', text)


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_message_exists_in_every_language_and_is_the_same_one(channel: str) -> None:
    for kind in kinds(channel).values():
        room = TEMPLATES / channel.lower() / kind
        assert shipped_locales(kind, channel) == sorted(EVERY), kind
        for source in sorted((room / "en").iterdir()):
            for locale in EVERY:
                assert looks(room / locale / source.name) == looks(source), (kind, locale, source.name)


def test_the_text_around_a_mail_is_the_same_in_every_language() -> None:
    frames = TEMPLATES / "layout"
    assert sorted(path.stem for path in frames.glob("*.txt")) == sorted(EVERY)
    for locale in EVERY:
        assert looks(frames / f"{locale}.txt") == looks(frames / "en.txt"), locale


@pytest.mark.parametrize(("locale", "opening", "side"), [
    ("de", '<html lang="de">', "left"), ("ar-XB", '<html lang="ar-XB" dir="rtl">', "right"),
])
def test_the_page_around_a_mail_says_its_language_and_ends_as_the_text_does(locale: str, opening: str, side: str) -> None:
    made = shipped("AskPassword", locale).fill({"organization-name": "Acme", "organization.support.mail": "help@acme.example"})
    assert opening in made.html
    assert f"text-align:{side}" in made.html
    assert made.text.strip().splitlines()[-1] in made.html
    assert "{{" not in made.html


@pytest.mark.parametrize("locale", [tag for tag in EVERY if tag != "en"])
def test_no_message_was_left_in_english(locale: str) -> None:
    files = [path for channel in CHANNELS for path in (TEMPLATES / channel.lower()).glob("*/en/*")]
    assert [path for path in files if (path.parent.parent / locale / path.name).read_text("utf-8") == path.read_text("utf-8")] == []


@pytest.mark.parametrize("locale", EVERY)
def test_the_end_of_a_code_is_said_in_the_words_of_the_language(locale: str) -> None:
    assert set(WORDS) == set(EVERY)
    said = {month: expiry_in_words(datetime(2026, month, 9, 8, 5, tzinfo=UTC), locale) for month in range(1, 13)}
    assert len(set(said.values())) == 12
    assert all("2026" in text and "9" in text and "08:05" in text for text in said.values())
    ends = {expiry_in_words(None, tag) for tag in EVERY}
    assert len(ends) == len(EVERY)


@every_mail
def test_the_code_of_a_mail_is_its_first_bold_text_and_in_no_link(kind: str, locale: str) -> None:
    mail = render(kind, locale, FIELDS)
    if (EMAIL, kind) in OTP_KINDS:
        assert re.findall(r"<b>([^<]*)</b>", mail.html) == ["X7K2P9"]
        assert "X7K2P9" in mail.text.splitlines()
        assert "confirmation=" not in mail.html + mail.text
        assert not [link for link in re.findall(r"https?://[^\s<\"]+", mail.html) if "X7K2P9" in link]
    else:
        assert "<b>" not in mail.html
        assert "X7K2P9" not in mail.html + mail.text
    assert ("confirmation=" in mail.text) == (kind in LINK_KINDS)
    assert (FIELDS["expires"] in mail.text) == (kind in LINK_KINDS or (EMAIL, kind) in OTP_KINDS)


@every_text
def test_a_text_message_says_who_and_ends_in_the_line_phones_look_for(kind: str, locale: str) -> None:
    text = render(kind, locale, FIELDS if locale in IN_ONE_BYTE else FIELDS | {"expires": expiry_in_words(END, locale)}, SMS)
    assert (text.subject, text.html) == ("", "")
    assert text.text.startswith("Acme: ")
    assert "{{" not in text.text
    if (SMS, kind) in OTP_KINDS:
        first, last = text.text.split("\n")
        assert last == "@id.example.com #X7K2P9"
        assert "X7K2P9" in first
        assert "2026" in first
    else:
        assert "X7K2P9" not in text.text
    assert len(text.text) <= 175
    if locale in IN_ONE_BYTE:
        assert len(text.text) <= 160
        assert not set(text.text) - set("ÄÖÜäöüß") - {chr(number) for number in range(10, 127)}


def test_a_kind_of_one_channel_is_not_that_of_the_other() -> None:
    assert render("adminForcedPasswordReset", "en", FIELDS).subject == "Password reset is required"
    assert render("AdminForcedPasswordReset", "en", FIELDS, SMS).text.endswith("#X7K2P9")
    with pytest.raises(NoTemplate):
        render(ASK_PASSWORD, "en", FIELDS, SMS)
    with pytest.raises(NoTemplate):
        render("askPasswordSMSOTP", "en", FIELDS)


def test_every_placeholder_of_a_shipped_template_is_one_we_fill() -> None:
    files = [path for channel in CHANNELS for path in (TEMPLATES / channel.lower()).rglob("*") if path.is_file()]
    assert len(files) == len(EVERY) * (3 * len(MAILS) + len(TEXTS))
    for path in files:
        assert set(parse(path.read_text(encoding="utf-8"))[1::2]) <= set(FIELDS), path


@pytest.mark.parametrize(("kind", "subject"), [
    ("AskPasswordEmailOTP", "Set your password"), ("AdminForcedPasswordReset", "Password reset is required"),
    ("resendAdminForcedPasswordResetWithOTP", "Password reset is required"), ("PasswordReset", "Reset your password"),
    ("PasswordResetOTP", "Reset your password"), ("EmailConfirm", "Confirm your email"), ("EmailConfirmWithOTP", "Confirm your email")])
def test_subjects_are_the_ones_people_know(kind: str, subject: str) -> None:
    assert render(kind, "en", FIELDS).subject == subject


def test_the_subject_and_button_of_an_invitation() -> None:
    for kind in (ASK_PASSWORD, RESEND_ASK_PASSWORD):
        mail = render(kind, "en", FIELDS)
        assert mail.subject == "Set your password"
        assert ">Set Password</a>" in mail.html
        assert "until 31 January 2026, 08:00 UTC" in mail.text


@pytest.mark.parametrize(("wanted", "given_"), [("de", "de"), ("de-AT", "de"), ("de_CH", "de"), ("DE", "de"), ("en-GB", "en"),
                                                ("fr-CA", "fr"), ("pt", "pt-BR"), ("pt_PT", "pt-BR"), ("zh-CN", "zh-Hans"),
                                                ("zh_hans_cn", "zh-Hans"), ("ar-XB", PSEUDO), ("ar", "en"), ("ar-EG", "en"), ("ru", "en"),
                                                ("", "en"), ("../de", "en"), ("de/../en", "en"), ("de\x00", "en")])
def test_the_nearest_locale_is_chosen(wanted: str, given_: str) -> None:
    assert best_locale(ASK_PASSWORD, wanted) == given_


def test_the_language_from_right_to_left_is_for_trials_only() -> None:
    assert PSEUDO not in LANGUAGES
    assert [tag for tag in EVERY if right_to_left(tag)] == [PSEUDO]


@pytest.mark.parametrize("kind", ["askPassword", "ASKPASSWORD", "Ask Password"])
def test_kinds_compare_as_in_wso2(kind: str) -> None:
    assert render(kind, "en", FIELDS) == render(ASK_PASSWORD, "en", FIELDS)


@pytest.mark.parametrize("kind", ["NoSuchKind", "", "..", "../AskPassword", "AskPassword/en"])
def test_an_unknown_kind_is_an_error_and_never_another_file(kind: str) -> None:
    with pytest.raises(NoTemplate):
        render(kind, "en", FIELDS)


@pytest.mark.parametrize("template", ["{{7*7}}", "{{user.__class__()}}", "${7*7}", "#set($x=7)", "{user.__init__}", "%(x)999999999s", "{{",
                                      "{{}}", "{{ user-name }}", "{% now %}"])
def test_what_is_not_a_placeholder_stays_as_it_is(template: str) -> None:
    assert fill(parse(template), FIELDS, html.escape) == template


def test_a_missing_field_becomes_empty_and_url_encodes() -> None:
    assert fill(parse("[{{nobody}}|{{url:user-name}}|{{url:nobody}}]"), {"user-name": "a b/ä&"}, str) == "[|a%20b%2F%C3%A4%26|]"


def test_a_field_is_not_read_as_a_template_again() -> None:
    assert fill(parse("{{a}}"), {"a": "{{b}}", "b": "no"}, str) == "{{b}}"


@given(st.text(max_size=200))
def test_a_name_of_any_text_is_only_text(name: str) -> None:
    mail = render(ASK_PASSWORD, "en", FIELDS | {"recipient-name": name, "user-name": name, "organization-name": name})
    plain = render(ASK_PASSWORD, "en", FIELDS | {"recipient-name": "x", "user-name": "x", "organization-name": "x"})
    assert re.findall(r"<[^>]*>", mail.html) == re.findall(r"<[^>]*>", plain.html)
    assert len(mail.text.split("\n")) == len(plain.text.split("\n"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", mail.text)
    assert mail.subject == plain.subject


@given(st.text(max_size=300))
def test_a_subject_is_one_line_whatever_it_is_filled_with(value: str) -> None:
    subject = render(TEST, "en", FIELDS | {"organization-name": value}).subject
    assert subject.splitlines() in ([], [subject])


def test_a_name_cannot_carry_a_message_of_its_own() -> None:
    mail = render(ASK_PASSWORD, "en", FIELDS | {"recipient-name": "http://evil.example/" + "x" * 500})
    assert "http://evil" not in mail.text
    assert "x" * 65 not in mail.text
