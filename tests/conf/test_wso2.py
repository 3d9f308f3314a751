"""What WSO2's keys mean here."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.core.properties import INTERNAL, INVITE_EXPIRY, RESET_EMAIL_OTP, RESET_OFFLINE
from tests.conf.support import configured, refused, said

ONBOARDING = "[identity_mgt.user_onboarding]\n"
DATABASE = "[database.identity_db]\n"


def test_switching_the_listener_off_switches_the_features_off_and_says_so(tmp_path: Path) -> None:
    config = configured(tmp_path, "[event.default_listener.governance_identity_mgt]\nenable = false\n")
    assert not config.governance
    assert "turns invitations and forced password resets off" in said(config, "warning")[0][1]


def test_the_old_engine_is_refused_with_a_sentence(tmp_path: Path) -> None:
    [error] = refused(tmp_path, "[event.default_listener.identity_mgt]\npriority = 50\nenable = 'true'\n")
    assert error.line == 3
    assert "Set it to false" in error.sentence


LOCKS = "[event.default_listener.governance_identity_store]\n"
CLASSES = "org.wso2.carbon.identity.governance.store"


def test_the_lock_store_listener_is_accepted(tmp_path: Path) -> None:
    config = configured(tmp_path, f"{LOCKS}priority = 97\nenable = true\ndata_store = '{CLASSES}.JDBCIdentityDataStore'\n")
    assert not said(config, "warning")
    assert len(said(config, "info")) == 2
    assert config.identity_data == "own"


@pytest.mark.parametrize(("text", "where"), [
    ("", "own"), (f"data_store = '{CLASSES}.UserStoreBasedIdentityDataStore'\n", "store"),
    ("data_store = 'UserStoreBasedIdentityDataStore'\n", "store"), ("data_store = 'JDBCIdentityDataStore'\n", "own"),
    ("enable_hybrid_data_store = 'true'\n", "hybrid"), ("enable_hybrid_data_store = false\n", "own"),
    ("enable_hybrid_data_store = true\ndata_store = 'JDBCIdentityDataStore'\n", "hybrid"),
])
def test_the_data_store_says_where_else_lock_and_state_are_written(tmp_path: Path, text: str, where: str) -> None:
    config = configured(tmp_path, LOCKS + text)
    assert config.identity_data == where
    assert not said(config, "warning")


def test_a_data_store_that_nobody_knows_is_told_and_our_own_is_kept(tmp_path: Path) -> None:
    config = configured(tmp_path, f"{LOCKS}data_store = 'com.acme.LockStore'\n")
    [(line, sentence)] = said(config, "warning")
    assert (line, config.identity_data) == (2, "own")
    assert "class that is not known here" in sentence


@pytest.mark.parametrize(("text", "internal"), [
    ("[identity_mgt]\nemail_sender = 'internal'\n", None), ("[identity_mgt]\nemail_sender = 'external'\n", "false"),
    (ONBOARDING + "notification.manage_internally = false\n", "false"), (ONBOARDING + "notification.manage_internally = true\n", "true"),
    ("[identity_mgt]\nemail_sender = 'external'\n" + ONBOARDING + "notification.manage_internally = true\n", "true")])
def test_another_sender_means_that_another_system_delivers(tmp_path: Path, text: str, internal: str | None) -> None:
    config = configured(tmp_path, text)
    assert config.policy.get(INTERNAL) == internal
    assert not said(config, "warning")


def test_of_several_methods_in_one_file_wso2s_precedence_decides_and_that_is_said(tmp_path: Path) -> None:
    """Spec section 12."""
    config = configured(tmp_path, "[identity_mgt.password_reset_by_admin]\nenable_offline_otp_based_reset = true\n"
                                  "enable_emailed_otp_based_reset = true\n")
    assert (config.policy[RESET_EMAIL_OTP], config.policy[RESET_OFFLINE]) == ("true", "false")
    assert "takes precedence" in said(config, "warning")[0][1]


def test_known_keys_without_effect_are_told_quietly(tmp_path: Path) -> None:
    config = configured(tmp_path, ONBOARDING + """\
password_generator = "x.Y"
otp.otp_length = "6"
[identity_mgt.recovery.notification]
manage_internally = true
[output_adapter.email]
maxThread = 100
keepAliveTimeInMillis = 20000
custom_properties.mail.smtp.ssl.protocols = "TLSv1.2"
[server]
enable_admin_services = true
[[event_listener]]
id = "x"
[event_listener.properties]
a = 1
[keystore.primary]
password = "wso2carbon"
[user_store]
type = "database_unique_id"
""")
    assert not said(config, "warning")
    assert [line for line, _ in said(config, "info")] == [2, 7, 8, 9, 11, 12, 17]


def test_the_pool_and_queue_keys_set_concurrency_and_alarm(tmp_path: Path) -> None:
    config = configured(tmp_path, "[output_adapter.email]\nminThread = 20\njobQueueSize = 500\n")
    assert (config.outbox.connections, config.outbox.queue_alarm) == (8, 500)


def test_the_default_mail_validity_counts_where_no_other_is_given(tmp_path: Path) -> None:
    text = "[identity_mgt]\ndefault_mail_validity_period = '2d'\n"
    assert configured(tmp_path, text).policy[INVITE_EXPIRY] == "2880"
    assert configured(tmp_path, text + ONBOARDING + "ask_password_email_validity = 5\n").policy[INVITE_EXPIRY] == "5"


@pytest.mark.parametrize(("text", "url"), [
    ("type = 'postgre'\nurl = 'jdbc:postgresql://db:5432/identity'\nusername = 'a@b'\npassword = 'p:/?#'\n",
     "postgresql://a%40b:p%3A%2F%3F%23@db:5432/identity"),
    ("url = 'jdbc:postgresql://db/identity'\n", "postgresql://db/identity"),
    ("type = 'postgre'\nhostname = 'db'\nport = 5432\nname = 'identity'\nusername = 'u'\n", "postgresql://u@db:5432/identity"),
    ("type = 'h2'\nurl = 'jdbc:h2:./repository/database/WSO2IDENTITY_DB'\nusername = 'wso2carbon'\n", ""),
])
def test_the_identity_database_becomes_a_url(tmp_path: Path, text: str, url: str) -> None:
    assert configured(tmp_path, DATABASE + text).database.url == url


@pytest.mark.parametrize("text", [
    "type = 'mysql'\n", "url = 'jdbc:oracle:thin:@db'\n", "type = 'postgre'\nurl = 'jdbc:postgresql://[db/x'\nusername = 'u'\n"])
def test_another_database_is_refused(tmp_path: Path, text: str) -> None:
    assert len(refused(tmp_path, DATABASE + text)) == 1


def test_the_url_of_housekey_wins_over_the_identity_database(tmp_path: Path) -> None:
    text = "[database]\nurl = 'postgresql:///own'\n" + DATABASE + "type = 'mysql'\n"
    assert configured(tmp_path, text).database.url == "postgresql:///own"


def test_a_mail_server_needs_a_sender(tmp_path: Path) -> None:
    text = "[output_adapter.email]\nhostname = 'h'\npassword = 'p'\n"
    [error] = refused(tmp_path, text + "username = 'u'\n")
    assert "from_address is missing" in error.sentence
    assert configured(tmp_path, text + "username = 'u@a.example'\n").email.from_address == "u@a.example"


def test_signing_in_to_a_mail_server_needs_a_password(tmp_path: Path) -> None:
    text = "[output_adapter.email]\nhostname = 'h'\nusername = 'u@a.example'\n"
    assert "password is missing" in refused(tmp_path, text)[0].sentence
    assert not configured(tmp_path, text + "enable_authentication = false\n").email.enable_authentication


def test_a_relay_without_user_name_is_used_without_signing_in(tmp_path: Path) -> None:
    assert not configured(tmp_path, "[output_adapter.email]\nhostname = 'h'\nfrom_address = 'a@b.example'\n").email.enable_authentication


def test_implicit_tls_replaces_starttls(tmp_path: Path) -> None:
    text = "[output_adapter.email]\nhostname = 'h'\nfrom_address = 'a@b.example'\nport = 465\n"
    assert not configured(tmp_path, text + "enable_tls = true\n").email.enable_start_tls
    assert "enable_tls = true" in said(configured(tmp_path, text), "warning")[0][1]
