"""What one value may be, and what is said when it is something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.conf.load import load
from housekey.conf.schema import ConfigErrors
from housekey.core.properties import ENABLE, INVITE_EXPIRY, MIN_LENGTH, ORGANIZATION
from tests.conf.support import configured, refused, said


def test_nothing_configured_is_a_server_on_loopback(tmp_path: Path) -> None:
    config = load(file=None, data=tmp_path / "new", environ={})
    assert (config.base_url, config.server.bind, config.port) == ("https://localhost:9443", "127.0.0.1", 9443)
    assert (config.file, config.findings, dict(config.policy), dict(config.origins)) == (None, (), {}, {})
    assert not (tmp_path / "new").exists()


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match="cannot be read: No such file"):
        load(file=tmp_path / "absent.toml", data=tmp_path, environ={})


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigErrors, match="is a file"):
        load(file=None, data=tmp_path / "data", environ={})


def test_all_mistakes_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    errors = refused(tmp_path, """\
        [server]
        port = "https"
        tls = "on"
        hostname = "https://id.example.com"
        trusted_proxies = ["10.0.0.0/33"]
        certificate = "absent.pem"
        x y
        [identity_mgt.user_onboarding]
        ask_password_email_validity = "99999"
        enable_email_verification = "maybe"
        [limits]
        page = 0
        [event.default_listener.identity_mgt]
        enable = true
        """)
    assert [error.line for error in errors] == [2, 3, 4, 5, 6, 6, 7, 9, 10, 12, 14]
    assert str(errors[0]) == "error: deployment.toml line 2: [server] port: expected a whole number, not 'https'."
    assert 'expected "auto" or "off"' in errors[1].sentence
    assert "choose a number from -1 to 10080" in errors[7].sentence
    assert "engine from before 5.3" in errors[-1].sentence


@pytest.mark.parametrize(("written", "minutes"), [
    ("1440", "1440"), ('"1440"', "1440"), ('"1440m"', "1440"), ('"24h"', "1440"), ('"1d"', "1440"), ("1d", "1440"), ('"-1"', "-1"),
    ("-1", "-1"), ("0", "0"), ('"120s"', "2"), ('"60000ms"', "1")])
def test_validity_is_minutes_bare_quoted_or_with_a_unit(tmp_path: Path, written: str, minutes: str) -> None:
    config = configured(tmp_path, f"[identity_mgt.user_onboarding]\nask_password_email_validity = {written}\n")
    assert config.policy[INVITE_EXPIRY] == minutes


@pytest.mark.parametrize("written", ['"1w"', '"1.5h"', '"90s"', "1.5", "true", "[]", '"-2"', '"８"'])
def test_a_validity_that_is_no_number_of_minutes_is_refused(tmp_path: Path, written: str) -> None:
    [error] = refused(tmp_path, f"[identity_mgt.user_onboarding]\nask_password_email_validity = {written}\n")
    assert error.key == "identity_mgt.user_onboarding.ask_password_email_validity"


@pytest.mark.parametrize(("written", "on"), [
    ("true", True), ('"true"', True), ('"TRUE"', True), ("True", True), ("false", False), ('"off"', False), ("0", False)])
def test_switches_are_bare_or_quoted(tmp_path: Path, written: str, on: bool) -> None:
    policy = f"[identity_mgt.user_onboarding]\nenable_email_verification = {written}\n"
    config = configured(tmp_path, policy + f"[scim2]\nwso2_responses = {written}\n")
    assert (config.policy[ENABLE], config.scim2.wso2_responses) == (str(on).lower(), on)


def test_numbers_are_bare_or_quoted(tmp_path: Path) -> None:
    config = configured(tmp_path, '[server]\noffset = "410"\n[identity_mgt.password_policy]\nmin_length = 15\n')
    assert (config.port, config.policy[MIN_LENGTH]) == (9853, "15")


@pytest.mark.parametrize("value", ["true", "1.5", "[1]", '"9443x"', "99999", "-1"])
def test_a_port_is_a_port(tmp_path: Path, value: str) -> None:
    [error] = refused(tmp_path, f"[server]\nport = {value}\n")
    assert (error.line, error.key) == (2, "server.port")


def test_a_password_without_quotes_is_refused_and_not_repeated(tmp_path: Path) -> None:
    [error] = refused(tmp_path, "[super_admin]\npassword = 1_000\n")
    assert error.sentence == "[super_admin] password: expected text in quotes."


def test_line_breaks_do_not_get_into_text(tmp_path: Path) -> None:
    errors = refused(tmp_path, '[output_adapter.email]\nsignature = "a\\r\\nBcc: x@y.example"\n[organization]\nname = "a\\nb"\n')
    assert [error.line for error in errors] == [2, 4]


def test_empty_strings_mean_unset_with_a_warning(tmp_path: Path) -> None:
    config = configured(tmp_path, '[super_admin]\nusername = ""\npassword = ""\n[organization]\nname = ""\n')
    assert (config.super_admin.username, config.super_admin.password) == ("admin", "")
    assert ORGANIZATION not in config.policy
    assert [line for line, _ in said(config, "warning")] == [2, 3, 5]


@pytest.mark.parametrize(("text", "hint"), [
    ("[server]\nhostnam = 'x'\n", "[server] hostnam is not known and has no effect. Did you mean [server] hostname?"),
    ("[identity_mgt.user_onboarding]\nmin_length = 9\n", "Did you mean [identity_mgt.password_policy] min_length?"),
    ("[servre]\nport = 1\nbind = 'x'\n", "The table [servre] is not known and has no effect. Did you mean [server]?"),
    ("[output_adapter.mail]\nhostname = 'x'\n", "Did you mean [output_adapter.email]?"),
    ("[event.default_listener.governance_identity_mgmt]\nenable = true\n",
     "Did you mean [event.default_listener.governance_identity_mgt]?"),
    ("[server]\nqqqq = 1\n", "[server] qqqq is not known and has no effect."),
    ("zzz = 1\n", "zzz is not known and has no effect."),
])
def test_unknown_names_warn_with_the_nearest(tmp_path: Path, text: str, hint: str) -> None:
    [(_, sentence)] = said(configured(tmp_path, text), "warning")
    assert sentence.endswith(hint)


def test_a_table_written_as_a_value_is_an_error(tmp_path: Path) -> None:
    [error] = refused(tmp_path, "server = 'localhost'\n")
    assert error.sentence == "[server] is a table; write its keys below a line [server]."


def test_references_are_resolved(tmp_path: Path) -> None:
    config = configured(tmp_path, """
        [server]
        hostname = "id.example.com"
        base_path = "${carbon.protocol}://$ref{server.hostname}:${carbon.management.port}"
        offset = 10
        [organization]
        name = "$ref{server.base_path} of ${carbon.host}"
        """)
    assert config.base_url == "https://id.example.com:9453"
    assert config.policy[ORGANIZATION] == "https://id.example.com:9453 of id.example.com"


@pytest.mark.parametrize("name", ["$ref{organization.name}", "$ref{super_admin.password}", "$env{HOME}", "$secret{x}", "${carbon.home}"])
def test_a_reference_that_leads_nowhere_is_an_error(tmp_path: Path, name: str) -> None:
    [error] = refused(tmp_path, f"[super_admin]\npassword = 'hidden'\n[organization]\nname = '{name}'\n")
    assert error.line == 4
    assert "hidden" not in error.sentence


def test_a_dollar_in_a_password_is_a_dollar(tmp_path: Path) -> None:
    assert configured(tmp_path, "[super_admin]\npassword = 'a${b}$ref{c}'\n").super_admin.password == "a${b}$ref{c}"
    [error] = refused(tmp_path, "[super_admin]\npassword = '$secret{admin}'\n")
    assert "use password_file" in error.sentence


@pytest.mark.parametrize("url", ["id.example.com", "ftp://id.example.com", "https://", "https://a b", "https://id.example.com?x=1", "https://id.example.com#x",
                                 "https://u@id.example.com", "https://id.example.com:x", "https://[::1", "javascript:alert(1)", "https://id\\.example"])
def test_base_path_is_a_full_url(tmp_path: Path, url: str) -> None:
    [error] = refused(tmp_path, f"[server]\nbase_path = '{url}'\n")
    assert "[server] base_path: expected" in error.sentence


def test_the_public_url_is_built_from_what_is_configured(tmp_path: Path) -> None:
    assert configured(tmp_path, "[server]\nbase_path = 'https://id.example.com/'\n").base_url == "https://id.example.com"
    assert configured(tmp_path, "[server]\nport = 443\nhostname = 'id.example.com'\n").base_url == "https://id.example.com"
    assert configured(tmp_path, "[server]\nport = 8080\ntls = 'off'\n").base_url == "http://localhost:8080"
    assert configured(tmp_path, "[server]\nhostname = '::1'\n").base_url == "https://[::1]:9443"


def test_cookies_are_secure_except_for_plain_http_on_this_machine(tmp_path: Path) -> None:
    assert configured(tmp_path, "").secure_cookies
    assert not configured(tmp_path, "[server]\ntls = 'off'\n").secure_cookies
    assert configured(tmp_path, "[server]\ntls = 'off'\nbase_path = 'https://id.example.com'\n").secure_cookies
    assert configured(tmp_path, "[server]\ntls = 'off'\nhostname = 'id.example.com'\n").secure_cookies


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("x")
    [error] = refused(tmp_path, "[server]\ncertificate = 'cert.pem'\n")
    assert "private_key" in error.sentence
    config = configured(tmp_path, "[server]\ncertificate = 'cert.pem'\nprivate_key = 'cert.pem'\n")
    assert config.server.certificate == tmp_path / "cert.pem"  # relative to the file that names it


def test_a_directory_is_no_certificate(tmp_path: Path) -> None:
    assert refused(tmp_path, "[server]\ncertificate = '.'\nprivate_key = '.'\n")[0].sentence.startswith(
        "[server] certificate: expected a file that can be read (Is a directory)")


def test_passwords_in_the_clear_are_warned_about(tmp_path: Path) -> None:
    assert "in the clear" in str(said(configured(tmp_path, "[server]\ntls = 'off'\nbind = '0.0.0.0'\n"), "warning"))
    assert "plain http" in str(said(configured(tmp_path, "[server]\nbase_path = 'http://id.example.com'\n"), "warning"))


def test_no_secret_is_in_what_python_prints_of_a_config(tmp_path: Path) -> None:
    config = configured(tmp_path, """
        [super_admin]
        password = "s3cret-a"
        [database]
        url = "postgresql://u:s3cret-b@h/n"
        [output_adapter.email]
        hostname = "h"
        username = "a@b.example"
        password = "s3cret-c"
        """)
    assert "s3cret" not in repr(config)
