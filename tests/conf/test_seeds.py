"""Every block of configuration that WSO2's guides print is accepted as it is printed."""

from __future__ import annotations

from pathlib import Path

from housekey.core.properties import CONFIRM_EXPIRY, ENABLE, INVITE_EXPIRY, LOCK, OFFER_ASK_PASSWORD
from tests.conf.support import configured, said

LISTENERS = """
    [event.default_listener.identity_mgt]
    priority= "50"
    enable = false
    [event.default_listener.governance_identity_mgt]
    priority= "95"
    enable = true
    [event.default_listener.governance_identity_store]
    priority= "97"
    enable = true
"""

STEP_1 = """
    [identity_mgt.user_onboarding]
    enable_email_verification = false
    verification_email_validity = "1440"
    lock_on_creation=true
    [identity_mgt] 
    email_sender= "internal"
    [identity_mgt.user_onboarding]
    ask_password_email_validity = "1440"
    password_generator = "org.wso2.carbon.user.mgt.common.DefaultPasswordGenerator"
"""  # noqa: W291 - the guide prints a blank after [identity_mgt]

STEP_2 = """
    [identity_mgt.user_onboarding]
    ask_password_from_user= true
"""

STEP_6 = """
        [identity_mgt.user_onboarding]
        enable_email_verification = true
        lock_on_creation= true
        [identity_mgt] 
        email_sender= "internal" 
"""  # noqa: W291 - the guide prints blanks at the ends of these lines

SCIM = """
    [scim2] 
    enable_schema_extension="true"
"""  # noqa: W291 - likewise

FORMAT = """
\t\t[output_adapter.email]
\t\tfrom_address= ""
\t\tusername= ""
\t\tpassword= ""
\t\thostname= "smtp.gmail.com"
\t\tport= 587
\t\tenable_start_tls= true
\t\tenable_authentication= true
"""

SAMPLE = """
\t\t[output_adapter.email]
\t\tfrom_address= "wso2iamtest@gmail.com"
\t\tusername= "wso2iamtest"
\t\tpassword= "Wso2@iam70"
\t\thostname= "smtp.gmail.com"
\t\tport= 587
\t\tenable_start_tls= true
\t\tenable_authentication= true
"""


def test_seed_000_listeners_are_accepted_and_leave_the_features_on(tmp_path: Path) -> None:
    config = configured(tmp_path, LISTENERS)
    assert config.governance
    assert not said(config, "warning")
    assert [line for line, _ in said(config, "info")] == [3, 6, 9, 10]  # three priorities and the store's switch


def test_seed_000_step_1_is_merged_and_means_off(tmp_path: Path) -> None:
    config = configured(tmp_path, STEP_1)
    assert dict(config.policy) == {ENABLE: "false", LOCK: "true", INVITE_EXPIRY: "1440", CONFIRM_EXPIRY: "1440"}
    [(line, sentence)] = said(config, "warning")
    assert (line, sentence.split(".")[0:2]) == (8, ["The table [identity_mgt", "user_onboarding] is given again (first on line 2)"])


def test_seed_000_all_blocks_in_printed_order_mean_on(tmp_path: Path) -> None:
    config = configured(tmp_path, LISTENERS + STEP_1 + STEP_2 + STEP_6 + SCIM)
    assert dict(config.policy) == {ENABLE: "true", LOCK: "true", INVITE_EXPIRY: "1440", CONFIRM_EXPIRY: "1440", OFFER_ASK_PASSWORD: "true"}
    assert config.scim2.enable_schema_extension
    assert config.governance


def test_seed_000_scim_extension_is_switched_by_a_quoted_word(tmp_path: Path) -> None:
    assert configured(tmp_path, SCIM).scim2.enable_schema_extension
    assert not configured(tmp_path, SCIM.replace("true", "false")).scim2.enable_schema_extension


def test_seed_002_console_invitation_block(tmp_path: Path) -> None:
    assert dict(configured(tmp_path, STEP_2).policy) == {OFFER_ASK_PASSWORD: "true"}


def test_seed_002_format_block_with_empty_quotes_leaves_mail_in_the_outbox(tmp_path: Path) -> None:
    config = configured(tmp_path, FORMAT)
    assert not config.email.configured
    assert "[output_adapter.email] is not filled in" in " ".join(sentence for _, sentence in said(config, "warning"))
    assert [line for line, _ in said(config, "warning")] == [3, 3, 4, 5]


def test_seed_002_format_block_can_be_filled_in_from_the_environment(tmp_path: Path) -> None:
    prefix = "HOUSEKEY__OUTPUT_ADAPTER__EMAIL__"
    config = configured(tmp_path, FORMAT, environ={f"{prefix}USERNAME": "it@acme.example", f"{prefix}PASSWORD": "s3cret"})
    assert (config.email.hostname, config.email.from_address) == ("smtp.gmail.com", "it@acme.example")


def test_seed_002_sample_block(tmp_path: Path) -> None:
    email = configured(tmp_path, SAMPLE).email
    assert (email.from_address, email.username, email.password) == ("wso2iamtest@gmail.com", "wso2iamtest", "Wso2@iam70")
    assert (email.hostname, email.port, email.enable_start_tls, email.enable_authentication) == ("smtp.gmail.com", 587, True, True)


def test_seed_004_unquoted_hostname_is_read_as_text_with_a_warning(tmp_path: Path) -> None:
    block = """
    [output_adapter.email]
    from_address= "wso2iamtest@gmail.com"
    username= "wso2iamtest"
    password= "Wso2@iam70"
    hostname= smtp.gmail.com
    port= 587
    enable_start_tls= true
    enable_authentication= true
    """
    config = configured(tmp_path, block)
    assert config.email.hostname == "smtp.gmail.com"
    assert said(config, "warning") == [(6, "The value of hostname is not in quotes; it was read as text.")]
