"""What becomes of each file's keys, beyond what the guides print."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.conf.load import load
from tests.moving.support import Command, Ran, written


def _classes(ran: Ran) -> dict[str, str]:
    return {entry["key"]: entry["class"] for entry in ran.json["entries"]}


def test_identity_xml_is_named_by_its_paths_and_slips_of_the_pen_are_said(command: Command, conf: Path) -> None:
    text = ("<Server>\n<EmailVerification><AskPassword><ExpiryTime>60</ExpiryTime><EmailOTP>true</EmailOTP></AskPassword>\n"
            "<OTP><OTPLength>8</OTPLength><UseLowercaseInOtp>false</UseLowercaseInOtp></OTP><LockOnCreatoin>true</LockOnCreatoin>\n"
            "</EmailVerification><SSOService><Port>1</Port></SSOService></Server>")
    ran = command.moved(written(conf, identity_xml=text))
    rows = command.explained()
    start = "identity_mgt.user_onboarding"
    assert [rows[f"{start}.{key}"]["value"] for key in ("ask_password_email_validity", "ask_password_email_otp", "otp.otp_length",
                                                        "otp.use_lowercase_in_otp")] == ["60", "true", "8", "false"]
    slip = ran.entry("EmailVerification.LockOnCreatoin")
    assert (ran.code, slip["class"], slip["line"]) == (1, "could not", 3)
    assert slip["words"].endswith("Did you mean EmailVerification.LockOnCreation?")
    assert ran.entry("SSOService.Port")["class"] == "differs"


def test_how_long_tokens_are_good_for_is_taken_over_and_the_rest_of_oauth_is_said(command: Command, conf: Path) -> None:
    text = ("[oauth.token_validation]\nuser_access_token_validity = 900\nauthorization_code_validity = \"300\"\nid_token_validity = 3600\n"
            "refresh_token_validity = -1\n[oauth.grant_type.password]\nenable = true\n[oauth.grant_type.implicit]\nenable = true\n"
            "[oauth.token_renewal]\nrenew_refresh_token = false\n")
    ran = command.moved(written(conf, deployment_toml=text))
    rows = command.explained()
    assert [rows[f"oauth.{key}"]["value"] for key in ("token_validation.user_access_token_validity",
            "token_validation.authorization_code_validity", "grant_type.password.enable")] == ["900", "300", "true"]
    assert rows["oauth.token_validation.refresh_token_validity"]["origin"] == "built in"
    endless = ran.entry("oauth.token_validation.refresh_token_validity")
    assert (ran.code, endless["class"], "expected a number from 60" in endless["words"]) == (1, "could not", True)
    for key in ("token_validation.id_token_validity", "grant_type.implicit.enable", "token_renewal.renew_refresh_token"):
        assert ran.entry(f"oauth.{key}")["class"] == "differs"


def test_identity_xml_says_how_long_tokens_are_good_for(command: Command, conf: Path) -> None:
    names = ("AuthorizationCodeDefaultValidityPeriod", "UserAccessTokenDefaultValidityPeriod",
             "ApplicationAccessTokenDefaultValidityPeriod", "RefreshTokenValidityPeriod")
    lives = "".join(f"<{name}>{number}</{name}>" for number, name in enumerate(names, 301))
    ran = command.moved(written(conf, identity_xml=f"<Server><OAuth>{lives}<TimestampSkew>0</TimestampSkew></OAuth></Server>"))
    rows = command.explained()
    assert [rows[f"oauth.token_validation.{key}_validity"]["value"] for key in (
        "authorization_code", "user_access_token", "app_access_token", "refresh_token")] == ["301", "302", "303", "304"]
    assert ran.entry("OAuth.TimestampSkew")["class"] == "differs"


def test_the_engine_from_before_5_3_cannot_be_taken(command: Command, conf: Path) -> None:
    name = "org.wso2.carbon.identity.mgt.IdentityMgtEventListener"
    ran = command.moved(written(conf, identity_xml=f'<EventListener name="{name}" enable="true"/>'), "--dry-run")
    assert ran.entry("EventListener[IdentityMgtEventListener]/@enable")["class"] == "could not"
    ran = command.moved(written(conf, deployment_toml="[event.default_listener.identity_mgt]\nenable = true\n"), "--dry-run")
    assert ran.entry("event.default_listener.identity_mgt.enable")["class"] == "could not"


def test_deployment_toml_decides_over_the_xml_made_from_it(command: Command, conf: Path) -> None:
    written(conf, deployment_toml="[scim2]\nmax_bulk_operations = 7\n",
            charon_config_xml='<Property name="bulk-maxOperations">9</Property><Property name="bulk-maxOperatoins">9</Property>')
    ran = command.moved(conf)
    assert ran.entry("bulk-maxOperations") | {"file": "", "becomes": ""} == {
        "file": "", "line": 1, "key": "bulk-maxOperations", "class": "differs", "becomes": "", "value": "",
        "words": "deployment.toml line 2 decides [scim2] max_bulk_operations."}
    assert "Did you mean bulk-maxoperations?" in ran.entry("bulk-maxOperatoins")["words"]
    assert command.explained()["scim2.max_bulk_operations"]["value"] == "7"


@pytest.mark.parametrize(("on", "stays"), [
    (("link", "sms", "email", "offline"), "link"), (("sms", "email", "offline"), "sms"), (("email", "offline"), "email")])
def test_of_several_methods_wso2s_precedence_leaves_one_and_says_so(on: tuple[str, ...], stays: str, command: Command, conf: Path) -> None:
    names = {"link": "enable_emailed_link_based_reset", "sms": "enable_sms_otp_based_reset", "email": "enable_emailed_otp_based_reset",
             "offline": "enable_offline_otp_based_reset"}
    table = "identity_mgt.password_reset_by_admin"
    ran = command.moved(written(conf, deployment_toml=f"[{table}]\n" + "".join(f"{names[one]} = true\n" for one in on)))
    rows = command.explained()
    for one in on:
        entry = ran.entry(f"{table}.{names[one]}")
        assert rows[f"{table}.{names[one]}"]["value"] == str(one == stays).lower()
        assert entry["class"] == ("understood" if one == stays else "differs")
        assert (f"{names[stays]} takes precedence" in entry["words"]) == (one != stays)
    assert not load(file=None, data=command.data, environ={}).findings


def test_references_are_resolved_or_said(command: Command, conf: Path) -> None:
    ran = command.moved(written(conf, deployment_toml=(
        '[server]\nhostname = "id.example.com"\nbase_path = "https://$ref{server.hostname}:${carbon.management.port}"\n'
        '[output_adapter.email]\nsignature = "$ref{who.knows}"\npassword = "$secret{mail}"\n')))
    assert ran.entry("server.base_path")["value"] == "https://id.example.com:9443"
    assert "$ref{who.knows}" in ran.entry("output_adapter.email.signature")["words"]
    assert "password_file" in ran.entry("output_adapter.email.password")["words"]
    assert command.explained()["server.base_path"]["value"] == "https://id.example.com:9443"


def test_a_value_that_cannot_be_used_is_left_out_and_the_rest_is_taken(command: Command, conf: Path) -> None:
    ran = command.moved(written(conf, deployment_toml='[server]\nhostname = "id.example.com"\noffset = 90000\n[scim2]\nx = 1\n'
                                                      '[transport.https]\ny = 1\n[identiy_mgt]\nz = 1\n'))
    assert _classes(ran) == {"server.hostname": "understood", "server.offset": "could not", "scim2.x": "could not",
                             "transport.https.y": "differs", "identiy_mgt.z": "could not"}
    assert (ran.code, command.explained()["server.hostname"]["value"]) == (1, "id.example.com")


def test_a_directory_that_the_primary_users_are_in_is_set_by_the_new_file(command: Command, conf: Path) -> None:
    store = ('<UserManager><Realm><UserStoreManager class="org.wso2.carbon.user.core.ldap.ReadOnlyLDAPUserStoreManager">\n'
             '<Property name="ConnectionURL">ldaps://ldap.example.com:636</Property><Property name="ConnectionName">cn=x</Property>\n'
             '<Property name="ConnectionPassword">s3cret</Property><Property name="UserSearchBase">ou=people,dc=x</Property>\n'
             '<Property name="LDAPConnectionTimeout">4000</Property><Property name="WriteGroups">false</Property>\n'
             '<Property name="UsreEntryObjectClass">x</Property></UserStoreManager></Realm></UserManager>')
    ran = command.moved(written(conf, user_mgt_xml=store))
    rows = command.explained()
    assert [rows[f"user_store.{key}"]["value"] for key in ("type", "connection_url", "connection_password", "properties.UserSearchBase",
                                                           "properties.LDAPConnectionTimeout", "properties.ReadOnly")] == [
        "read_only_ldap", "ldaps://ldap.example.com:636", "(set)", "ou=people,dc=x", "4000", "true"]
    assert (command.data / "user_store-connection_password").read_text() == "s3cret\n"
    assert ran.entry("UserStoreManager[PRIMARY]/WriteGroups")["class"] == "differs"
    assert ran.entry("UserStoreManager[PRIMARY]/UsreEntryObjectClass")["class"] == "could not"


def test_user_store_is_taken_in_every_spelling_of_its_properties(command: Command, conf: Path) -> None:
    ran = command.moved(written(conf, deployment_toml=(
        '[user_store]\ntype = "active_directory_unique_id"\nconnection_url = "ldaps://ad.example.com"\nbase_dn = "dc=x"\n'
        'user_search_base = "cn=staff,dc=x"\n[user_store.properties]\nConnectionName = "cn=x"\nConnectionPassword = "s3cret"\n'
        "UserNameAttribute = \"userPrincipalName\"\nPasswordJavaRegEx = '^[\\S]{5,30}$'\n")))
    rows = command.explained()
    assert [rows[f"user_store.{key}"]["value"] for key in ("type", "connection_name", "connection_password", "properties.UserSearchBase",
                                                           "properties.GroupSearchBase", "properties.UserNameAttribute")] == [
        "active_directory_unique_id", "cn=x", "(set)", "cn=staff,dc=x", "CN=Users,dc=x", "userPrincipalName"]
    assert (ran.code, "s3cret" in ran.out) == (0, False)
    assert ran.entry("user_store.properties.PasswordJavaRegEx")["class"] == "differs"


def test_a_primary_directory_that_lacks_a_part_is_left_out_whole(command: Command, conf: Path) -> None:
    ran = command.moved(written(conf, deployment_toml='[user_store]\ntype = "read_write_ldap"\nconnection_url = "ldap://far.example.com"\n'
                                                      'connection_name = "cn=x"\nconnection_password = "$secret{x}"\n'))
    assert set(_classes(ran).values()) == {"could not"}
    assert command.explained()["user_store.type"]["value"] == "database_unique_id"


def test_arrays_of_tables_are_named_key_by_key(command: Command, conf: Path) -> None:
    written(conf, deployment_toml='[[event_handler]]\nname = "a"\n[event_handler.properties]\nx = 1\n[[event_handler]]\nname = "b"\n'
                                  '[[resource.access_control]]\ncontext = "/api"\n[scim2]\n')
    ran = command.moved(conf, "--dry-run")
    assert _classes(ran) == dict.fromkeys(("event_handler[0].name", "event_handler[0].properties.x", "event_handler[1].name",
                                           "resource.access_control[0].context", "scim2"), "differs")


def test_somebody_elses_delivery_and_the_shared_validity_are_carried_over(command: Command, conf: Path) -> None:
    ran = command.moved(written(conf, deployment_toml='[identity_mgt]\nemail_sender = "external"\ndefault_mail_validity_period = "2d"\n'))
    rows = command.explained()
    assert ran.code == 0
    assert [rows[key]["value"] for key in ("identity_mgt.user_onboarding.notification.manage_internally",
                                           "identity_mgt.recovery.notification.manage_internally",
                                           "identity_mgt.user_onboarding.ask_password_email_validity")] == ["false", "false", "2880"]


def test_a_password_policy_counts_only_where_it_was_on(command: Command, conf: Path) -> None:
    lengths = "passwordPolicy.min.length=12\npasswordPolicy.max.length=30\npasswordExpiry.passwordExpiryInDays : \\\n  45\nno\\u00e9=1\n"
    ran = command.moved(written(conf, identity_event_properties=f"passwordPolicy.enable=true\n{lengths}"), "--dry-run")
    assert ran.entry("passwordPolicy.min.length")["value"] == "12"
    assert ran.entry("passwordPolicy.max.length")["class"] == "differs"
    assert (ran.entry("passwordExpiry.passwordExpiryInDays")["value"], ran.entry("noé")["line"]) == ("45", 6)
    ran = command.moved(written(conf, identity_event_properties=lengths), "--dry-run")
    assert ran.entry("passwordPolicy.min.length")["class"] == "differs"


def test_files_under_names_of_their_own_are_known_by_what_is_in_them(command: Command, conf: Path) -> None:
    (conf / "pasted.xml").write_text("<AskPassword/><EmailVerification><Enable>true</Enable></EmailVerification>", encoding="utf-8")
    (conf / "mail.xml").write_text('<adapterConfig type="email"><property key="mail.smtp.host">a.example</property></adapterConfig>')
    (conf / "web.xml").write_text("<web-app/>", encoding="utf-8")
    ran = command.moved(conf, "--dry-run")
    assert (ran.json["files"], ran.json["passed"]) == (["mail.xml", "pasted.xml"], ["web.xml"])
    assert ran.entry("EmailVerification.Enable")["class"] == "understood"


def test_nothing_to_import_is_said(command: Command, conf: Path, tmp_path: Path) -> None:
    assert "There is nothing of WSO2 in" in command.moved(conf).err
    assert "is no directory" in command.moved(tmp_path / "nowhere").err
    assert command.moved(conf).code == 1


def test_an_existing_configuration_is_replaced_only_by_force_and_kept(command: Command, conf: Path, tmp_path: Path) -> None:
    command.data.mkdir(mode=0o700)
    (command.data / "deployment.toml").write_text("[limits]\npage = 50\n", encoding="utf-8")
    written(conf, deployment_toml="[limits]\npage = 60\n")
    ran = command.moved(conf)
    assert (ran.code, ran.out) == (1, "")
    assert "exists already, and nothing was written" in ran.err
    other = tmp_path / "elsewhere" / "new.toml"
    assert command.moved(conf, "--out", str(other)).json["written"] == [str(other)]
    assert command.explained()["limits.page"]["value"] == "50"
    assert command.moved(conf, "--force").code == 0
    assert command.explained()["limits.page"]["value"] == "60"
    assert (command.data / "deployment.toml.bak").read_text() == "[limits]\npage = 50\n"
