"""What lives in the database: texts of messages, attributes, user stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from housekey.core.claims import DIALECT, EMAIL
from housekey.core.messages import EMAIL as MAIL
from housekey.core.messages import SMS
from housekey.core.moving.mails import KINDS
from housekey.core.names import Tenant
from housekey.core.principal import Principal, system
from housekey.delivery import render
from housekey.operations import claim_rules, claims, stores, templates, tenants
from tests.moving.support import GIVEN, Command, written
from tests.operations.support import World

ASK = ('<configuration type="askPassword" display="AskPassword" locale="{locale}" emailContentType="text/html"><subject>Welcome</subject>'
       "<body>{body}</body><footer>---</footer></configuration>")
LINK = '&lt;p&gt;&lt;a href="{{link}}"&gt;Choose a password&lt;/a&gt;&lt;/p&gt;'


@pytest.fixture
def by(world: World) -> Principal:
    return system(world.tenant, "test")


def test_the_kinds_of_messages_are_those_that_are_sent() -> None:
    assert {channel: set(kinds) for channel, kinds in KINDS.items()} == {channel: set(render.kinds(channel)) for channel in (MAIL, SMS)}


def test_wso2s_texts_attributes_and_stores_are_the_tenants(command: Command, world: World, by: Principal) -> None:
    assert command.moved(GIVEN / "wso2_5x").code == 0
    mail = templates.get(by, MAIL, "AskPassword", "en")
    assert (mail.own, mail.words.subject) == (True, "WSO2 - Password Change for New Account")
    assert mail.words.html.endswith("---")
    assert "<b>{{confirmation-code}}</b>" in templates.get(by, MAIL, "AdminForcedPasswordResetWithOTP", "en").words.html
    claim = claims.get(by, EMAIL)
    assert (claim.description, claim.display_order, claim.required) == ("Email Address", 6, False)
    assert claim.regex == r"^[^@\s<>,;]+@[^@\s<>,;]+$"
    staff = stores.get(by, "STAFF")
    assert (staff.kind, staff.secret, staff.properties["UserSearchBase"]) == ("ldap", True, "ou=Users,dc=example,dc=com")


def test_a_text_that_cannot_be_sent_is_said_with_its_reason(command: Command, world: World, by: Principal, conf: Path) -> None:
    body = '&lt;p onclick="x()"&gt;{{callback}}&lt;/p&gt;'
    ran = command.moved(written(conf, email_admin_config_xml=ASK.format(locale="de_DE", body=body)))
    assert ran.code == 1
    assert ran.entry("configuration[askPassword, de_DE]/subject")["words"] == "Left out with the rest of its template."
    assert "{{callback}}" in ran.entry("configuration[askPassword, de_DE]/body")["words"]
    assert not templates.get(by, MAIL, "AskPassword", "de").own


def test_a_text_that_was_pasted_unescaped_is_taken_as_it_stands(command: Command, world: World, by: Principal, conf: Path) -> None:
    body = '<p>Hello &amp; welcome: <a href="{{link}}">choose</a></p>'
    assert command.moved(written(conf, email_admin_config_xml=ASK.format(locale="fr_FR", body=body))).code == 0
    assert templates.get(by, MAIL, "AskPassword", "fr").words.html == f"{body}\n---"


def test_what_wso2_ships_with_its_own_name_is_not_taken_over(command: Command, world: World, by: Principal, conf: Path) -> None:
    written(conf, email_admin_config_xml=ASK.format(locale="en_US", body=f"{LINK}&lt;p&gt;Thanks, WSO2 Identity Server Team&lt;/p&gt;"))
    ran = command.moved(conf)
    assert (ran.code, {entry["class"] for entry in ran.json["entries"]}) == (0, {"differs"})
    assert not templates.get(by, MAIL, "AskPassword", "en").own


def test_plain_texts_lose_their_indentation_and_names_of_other_versions_are_refused(
    command: Command, world: World, by: Principal, conf: Path
) -> None:
    text = ('<configurations><configuration type="passwordResetSucess" locale="{}" emailContentType="text/plain"><subject>Done</subject>\n'
            "    <body>\n        Hello {},\n          your password was changed.\n    </body><footer>\n  IT\n </footer></configuration>"
            "</configurations>")
    assert command.moved(written(conf, email_admin_config_xml=text.format("en_US", "{{user-name}}"))).code == 0
    assert templates.get(by, MAIL, "passwordResetSucess", "en").words.text == "Hello {{user-name}},\n  your password was changed.\nIT"
    ran = command.moved(written(conf, email_admin_config_xml=text.format("de_DE", "{givenname}")), "--dry-run")
    assert ran.code == 1
    assert "{givenname} stays as it is written" in ran.entry("configuration[passwordResetSucess, de_DE]/body")["words"]


def test_a_tenants_own_text_is_replaced_only_by_force(command: Command, world: World, by: Principal, conf: Path) -> None:
    templates.save(by, MAIL, "AskPassword", "en", "Ours", '<a href="{{link}}">x</a>', "", None, world.now)
    written(conf, email_admin_config_xml=ASK.format(locale="en_US", body=LINK))
    ran = command.moved(conf)
    assert (ran.code, "left alone" in ran.entry("configuration[askPassword, en_US]/body")["words"]) == (1, True)
    assert templates.get(by, MAIL, "AskPassword", "en").words.subject == "Ours"
    assert command.moved(conf, "--force").code == 0
    assert templates.get(by, MAIL, "AskPassword", "en").words.subject == "Welcome"
    assert command.moved(conf, "--out", str(conf / "again.toml")).code == 0  # the same text once more is no conflict


def _claim(name: str, parts: str) -> str:
    return f"<Claim><ClaimURI>{DIALECT}/{name}</ClaimURI>{parts}</Claim>"


def test_what_is_asked_of_attributes_is_carried_over(command: Command, world: World, by: Principal, conf: Path) -> None:
    ran = command.moved(written(conf, claim_config_xml=(
        _claim("department", "<Required/>\n<RegEx>^[A-Z]{2}$</RegEx>\n<ReadOnly>true</ReadOnly>") +
        _claim("oneTimePassword", "\n<SupportedByDefault/>") + _claim("userid", "\n<Required/>") +
        _claim("title", "\n<RegEx>(?=x)</RegEx>") + _claim("mobile", "\n<Required>false</Required>"))))
    rules = claim_rules.of(world.tenant)
    rule = rules[f"{DIALECT}/department"]
    assert (rule.regex, rule.required, rule.read_only) == ("^[A-Z]{2}$", True, True)
    assert list(rules) == [f"{DIALECT}/department"]
    assert claims.is_supported(world.tenant, f"{DIALECT}/oneTimePassword")
    assert (ran.code, ran.entry(f"Claim[{DIALECT}/title]/RegEx")["class"]) == (1, "could not")
    assert ran.entry(f"Claim[{DIALECT}/userid]/Required")["class"] == "differs"


def test_a_store_that_cannot_be_spoken_to_safely_is_said(command: Command, world: World, by: Principal, conf: Path) -> None:
    text = ('<UserStoreManager class="x.ActiveDirectoryUserStoreManager"><Property name="ConnectionURL">ldap://ad.example.com</Property>\n'
            '<Property name="ConnectionPassword">s3cret</Property><Property name="UserSearchBase">dc=x</Property></UserStoreManager>')
    (conf / "userstores").mkdir()
    (conf / "userstores" / "corp_example.xml").write_text(text, encoding="utf-8")
    ran = command.moved(conf)
    assert "must travel encrypted" in ran.entry("UserStoreManager[corp.example]/ConnectionURL")["words"]
    assert ran.entry("UserStoreManager[corp.example]/ConnectionPassword")["words"] == "Left out with its user store."
    assert "s3cret" not in ran.out + ran.err
    assert [store.domain for store in stores.listing(by)] == ["PRIMARY"]


def test_a_store_whose_password_is_encrypted_comes_switched_off(command: Command, world: World, by: Principal, conf: Path) -> None:
    text = ('<UserStoreManager class="x.ReadOnlyLDAPUserStoreManager"><Property name="ConnectionURL">ldaps://a.example.com</Property>\n'
            '<Property name="ConnectionPassword" encrypted="true">kuv2MubUUveMyv6GeHrXr9il</Property>\n'
            '<Property name="UserSearchBase">dc=x</Property><Property name="DomainName">old</Property></UserStoreManager>')
    ran = command.moved(written(conf, old_xml=text))
    assert (ran.code, "type the password" in ran.entry("UserStoreManager[old]/ConnectionPassword")["words"]) == (1, True)
    store = stores.get(by, "OLD")
    assert (store.enabled, store.secret, store.read_only) == (False, False, True)


def test_another_tenant_gets_what_is_meant_for_it(command: Command, world: World, by: Principal, conf: Path) -> None:
    other: Tenant = tenants.add(by, "acme.example", "Acme", world.now)
    written(conf, email_admin_config_xml=ASK.format(locale="en_US", body=LINK))
    assert command.moved(conf, "--tenant", "acme.example").code == 0
    assert templates.get(system(other, "test"), MAIL, "AskPassword", "en").own
    assert not templates.get(by, MAIL, "AskPassword", "en").own
    assert command.moved(conf, "--tenant", "nobody.example", "--force").code == 1
