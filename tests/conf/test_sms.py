"""What `[output_adapter.sms]` means, and every mistake in it that would keep text messages from leaving."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.conf.explain import explain
from tests.conf.support import configured, refused, said

TABLE = "[output_adapter.sms]\n"
CUSTOM = TABLE + "provider = 'Custom'\nprovider_url = 'https://sms.example.com/send'\n"
TWILIO = TABLE + "provider = 'Twilio'\nkey = 'AC1'\nsecret = 's'\nsender = '+15005550006'\n"


def test_nothing_configured_means_files(tmp_path: Path) -> None:
    config = configured(tmp_path, "")
    assert not config.sms.configured
    assert config.sms_directory == config.data / "sms"


@pytest.mark.parametrize("written", ["Twilio", "twilio", "TWILIO "])
def test_a_provider_is_known_in_any_capitals(tmp_path: Path, written: str) -> None:
    config = configured(tmp_path, TWILIO.replace("Twilio", written))
    assert config.sms.provider == "Twilio"
    assert config.sms.configured
    assert not said(config, "warning")


def test_an_unknown_provider_is_an_error_that_lists_the_three(tmp_path: Path) -> None:
    [error] = refused(tmp_path, TABLE + "provider = 'Tvilio'\n")
    assert error.line == 2
    assert "expected Twilio, Vonage or Custom, not 'Tvilio'" in error.sentence


@pytest.mark.parametrize(("provider", "missing"), [("Twilio", ["key", "secret", "sender"]), ("Vonage", ["key", "secret", "sender"]),
                                                   ("Custom", ["provider_url"])])
def test_what_a_provider_needs_is_asked_for_at_once(tmp_path: Path, provider: str, missing: list[str]) -> None:
    errors = refused(tmp_path, TABLE + f"provider = '{provider}'\n")
    assert [f"{name} is missing" in error.sentence for name, error in zip(missing, errors, strict=True)] == [True] * len(missing)
    assert {error.line for error in errors} == {2}


@pytest.mark.parametrize(("settings", "missing"), [
    ("authentication = 'BASIC'\nkey = 'k'\n", ["secret"]), ("authentication = 'bearer'\n", ["secret"]),
    ("authentication = 'API_KEY'\n", ["secret"]), ("authentication = 'CLIENT_CREDENTIAL'\n", ["key", "secret", "token_endpoint"])])
def test_what_signing_in_needs_is_asked_for(tmp_path: Path, settings: str, missing: list[str]) -> None:
    assert [error.key.rpartition(".")[2] for error in refused(tmp_path, CUSTOM + settings)] == missing


@pytest.mark.parametrize(("url", "words"), [
    ("sms.example.com", "a full URL"), ("ftp://sms.example.com", "a full URL"), ("https://u:p@sms.example.com", "without a user name"),
    ("https://sms.example.com/#x", "without a fragment"), ("https://[sms", "a full URL"), ("https://sms.example.com/a b", "a full URL")])
def test_a_url_that_cannot_be_called_is_an_error(tmp_path: Path, url: str, words: str) -> None:
    [error] = refused(tmp_path, TABLE + f"provider = 'Custom'\nprovider_url = '{url}'\n")
    assert words in error.sentence


def test_plain_http_is_warned_about_except_on_this_machine(tmp_path: Path) -> None:
    far = configured(tmp_path, TABLE + "provider = 'Custom'\nprovider_url = 'http://sms.example.com/'\n")
    assert "plain http" in said(far, "warning")[0][1]
    near = configured(tmp_path, TABLE + "provider = 'Custom'\nprovider_url = 'http://127.0.0.1:8080/'\n")
    assert not said(near, "warning")


@pytest.mark.parametrize(("body", "words"), [
    ('{"to": {{mobile}}}', "lacks {{body}}"), ('{"text": {{body}}}', "lacks {{mobile}}"), ("{}", "lacks {{mobile}} and {{body}}"),
    ('{"to": "{{mobile}}", "text": "{{body}}"}', "bring their own quotes"), ('{"to": {{mobile}}, "text": {{body}}', "is not JSON")])
def test_a_payload_that_could_not_work_is_an_error(tmp_path: Path, body: str, words: str) -> None:
    [error] = refused(tmp_path, CUSTOM + f"body = '{body}'\n")
    assert error.line == 4
    assert words in error.sentence


def test_a_payload_may_stand_on_several_lines(tmp_path: Path) -> None:
    config = configured(tmp_path, CUSTOM + 'body = """\n{\n\t"to": {{mobile}},\n  "text": {{body}}\n}\n"""\n')
    assert config.sms.body == '{ "to": {{mobile}}, "text": {{body}} }'


def test_get_carries_a_form(tmp_path: Path) -> None:
    config = configured(tmp_path, CUSTOM + "http_method = 'GET'\n")
    assert (config.sms.http_method, config.sms.content_type) == ("get", "form")
    [error] = refused(tmp_path, CUSTOM + "http_method = 'GET'\ncontent_type = 'JSON'\n")
    assert 'set content_type = "FORM"' in error.sentence


@pytest.mark.parametrize("written", [
    "headers = ['X-Account: 7', 'Accept: */*']\n", "headers = { X-Account = '7', Accept = '*/*' }\n",
    "[output_adapter.sms.headers]\nX-Account = '7'\n'Accept' = '*/*'\n"])
def test_headers_are_a_list_or_a_table(tmp_path: Path, written: str) -> None:
    config = configured(tmp_path, CUSTOM + written)
    assert config.sms.headers == (("X-Account", "7"), ("Accept", "*/*"))
    assert not said(config, "warning")


def test_headers_can_lie_in_a_file_and_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "headers").write_text("X-Key: s3cret\nX-Account: 7\n")
    config = configured(tmp_path, CUSTOM + f"headers_file = '{tmp_path / 'headers'}'\n")
    assert config.sms.headers == (("X-Key", "s3cret"), ("X-Account", "7"))
    assert {row.value for row in explain(config) if row.key == "output_adapter.sms.headers"} == {"(set)"}


@pytest.mark.parametrize("written", ["headers = ['no colon']", "headers = 7", "headers = [7]", r'headers = ["X: a\u0000b"]',
                                     'headers = ["X: a\\r\\nY: b"]', "headers = ['X Y: a']", "headers = ['X: ä']"])
def test_what_is_no_header_is_an_error_that_shows_nothing(tmp_path: Path, written: str) -> None:
    [error] = refused(tmp_path, CUSTOM + written + "\n")
    assert error.sentence == '[output_adapter.sms] headers: expected headers such as ["X-Account: 7"], in ASCII.'


def test_the_secret_can_lie_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    config = configured(tmp_path, TWILIO.replace("secret = 's'", f"secret_file = '{tmp_path / 'token'}'"))
    assert config.sms.secret == "t0ken"
    assert "t0ken" not in repr(config)
    assert {row.value for row in explain(config) if row.key == "output_adapter.sms.secret"} == {"(set)"}


def test_settings_without_a_provider_and_settings_of_another_are_told(tmp_path: Path) -> None:
    config = configured(tmp_path, TABLE + "sender = 'Acme'\n")
    assert "has no provider" in said(config, "warning")[0][1]
    config = configured(tmp_path, TWILIO + "body = 'x'\n")
    assert "body has no effect with Twilio" in said(config, "info")[0][1]
