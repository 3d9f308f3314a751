"""User Stores in the console: connect a directory, try it, change it, look through it, switch it off, take it away."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings
from django.utils.translation import gettext, override

from housekey.conf.schema import PrimaryStore
from housekey.core.custom import CustomAttribute
from housekey.core.directories import PROPERTIES, clean
from housekey.core.groups import NewGroup
from housekey.core.names import UserName
from housekey.core.principal import CONSOLE, LOGIN, STORE_VIEW
from housekey.operations import custom_attributes, groups, looking, roles, stores
from housekey.operations.stores import NewStore, StoreView
from housekey.store.models import AuditEntry, Directory, Group
from tests.doors.console.support import stranger
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, other_world
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.support.slapd import Place

LIST, ADD = "/console/stores/", "/console/stores/add"
STAFF = LIST + "STAFF/"
SECRET = "s3cret-of-the-directory"
TYPED = {"domain": "staff", "description": "Our people", "ConnectionURL": "ldap://127.0.0.1:1", "ConnectionName": "cn=housekey",
         "ConnectionPassword": SECRET, "UserSearchBase": "ou=people,dc=example", "LDAPConnectionTimeout": "500", "SyncMinutes": "0",
         "claim-givenname": "givenName", "claim-lastname": "sn", "claim-emailaddress": "mail", "claim-title": "employeeType",
         "claim-department": ""}
VALUES = {"ConnectionURL": "ldap://127.0.0.1:1", "UserSearchBase": "ou=people,dc=example", "SyncMinutes": "0"}


def staff(world: World, *, password: str | None = SECRET) -> StoreView:
    return stores.add(world.house, world.by, NewStore("STAFF", "ldap", VALUES, {}, password), world.now)


def test_the_list_says_what_there_is_and_what_to_do(guest: Browser, world: World) -> None:
    page = guest.get(LIST).page
    assert guest.heading == "User Stores"
    assert "PRIMARY" in page
    assert "No directories yet" in page
    staff(world)
    page = guest.get(LIST).page
    assert "No directories yet" not in page
    assert "2 user stores" in page
    assert f'href="{STAFF}"' in page


def test_the_kind_is_chosen_first_and_brings_its_defaults(guest: Browser) -> None:
    page = guest.get(ADD).page
    assert 'value="ldap" checked' in page
    assert 'value="ad"' in page
    assert "inetOrgPerson" in guest.get(ADD + "?kind=ldap").page
    assert 'value="sAMAccountName"' in guest.get(ADD + "?kind=ad").page
    assert guest.get(ADD + "?kind=sql").status == 404


def test_every_property_has_a_field_and_german_words(guest: Browser) -> None:
    page = guest.get(ADD + "?kind=ldap").page
    assert not [one.name for one in PROPERTIES if f'id="{one.name}"' not in page]
    with override("de"):
        words = {text for one in PROPERTIES for text in (one.label, one.hint) if text}
        assert not [text for text in sorted(words) if gettext(text) == text]


def test_a_directory_is_connected_changed_and_its_password_never_shown(guest: Browser, world: World) -> None:
    """A-138."""
    guest.get(ADD + "?kind=ldap")
    assert guest.post(ADD + "?kind=ldap", TYPED).location == STAFF + "?done=store-added"
    found = stores.get(world.by, "STAFF")
    assert (found.secret, found.attributes["http://wso2.org/claims/title"]) == (True, "employeeType")
    assert "http://wso2.org/claims/department" not in found.attributes
    page = guest.get(STAFF + "?done=store-added").page
    assert "The user store was added" in page
    assert "One is stored and never shown." in page
    changed = {name: text for name, text in TYPED.items() if name not in {"domain", "ConnectionPassword"}}
    guest.post(STAFF, changed | {"version": "1", "description": "Everybody", "ReadOnly": "true"})
    assert guest.location == STAFF + "?done=store-saved"
    found = stores.get(world.by, "STAFF")
    assert (found.description, found.read_only, found.secret) == ("Everybody", True, True)
    assert "Read only" in guest.get(LIST).page
    assert SECRET not in page + guest.get(STAFF).page + guest.get(LIST).page
    assert not [row for row in AuditEntry.objects.within(world.tenant) if SECRET in str(row.detail)]


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(guest: Browser, world: World) -> None:
    guest.get(ADD + "?kind=ldap")
    for wrong, field in (({"ConnectionURL": "http://x"}, "ConnectionURL"), ({"domain": "PRIMARY"}, "domain"), ({"domain": ""}, "domain"),
                         ({"UserSearchBase": ""}, "UserSearchBase"), ({"ReadTimeout": "never"}, "ReadTimeout"),
                         ({"claim-title": "userPassword"}, "claim-title"), ({"claim-title": "mail"}, "claim-title"),
                         ({"UserNameListFilter": "uid=*"}, "UserNameListFilter"), ({"Referral": "chase"}, "Referral"),
                         ({"CACertificates": "x"}, "CACertificates"), ({"description": "x" * 301}, "description")):
        page = guest.post(ADD + "?kind=ldap", TYPED | wrong).page
        assert f'<a href="#{field}">' in page, wrong
        assert 'value="cn=housekey"' in page
        assert SECRET not in page
    assert not Directory.objects.within(world.tenant).exists()


def test_a_stored_password_is_not_carried_to_another_server(guest: Browser, world: World) -> None:
    staff(world)
    guest.get(STAFF)
    moved = TYPED | {"version": "1", "ConnectionURL": "ldap://127.0.0.1:2", "ConnectionName": "", "ConnectionPassword": ""}
    assert '<a href="#ConnectionPassword">' in guest.post(STAFF, moved).page
    assert '<a href="#ConnectionPassword">' in guest.post(STAFF, moved | {"try": "yes"}).page


def test_somebody_elses_change_is_not_overwritten(guest: Browser, world: World) -> None:
    staff(world)
    guest.get(STAFF)
    stores.change(world.house, world.by, "STAFF", NewStore("STAFF", "ldap", VALUES, {}, None, "Theirs"), world.now)
    page = guest.post(STAFF, TYPED | {"version": "1", "description": "Mine"}).page
    assert "Somebody else changed" in page
    assert 'value="Mine"' in page
    assert stores.get(world.by, "STAFF").description == "Theirs"


def test_a_try_shows_its_steps_keeps_what_was_typed_and_stores_nothing(guest: Browser, world: World) -> None:
    guest.get(ADD + "?kind=ldap")
    sent = TYPED | {"ConnectionURL": f"ldap://127.0.0.1:{free_port()}", "try": "yes"}
    page = guest.post(ADD + "?kind=ldap", sent).page
    assert "The connection does not work yet." in page
    assert "not well" in page
    assert 'value="ou=people,dc=example"' in page
    assert "type it again before you save" in page
    assert SECRET not in page
    assert not Directory.objects.within(world.tenant).exists()


def test_a_real_directory_is_tried_connected_and_looked_through(guest: Browser, world: World, slapd: Place) -> None:
    slapd.add("jane", mail="jane@example.com", password=PASSWORD)
    path, sent = ADD + "?kind=ldap", TYPED | slapd.settings() | {"ConnectionPassword": slapd.secret}
    del sent["LDAPConnectionTimeout"]
    guest.get(path)
    assert "The connection works." in guest.post(path, sent | {"try": "yes"}).page
    assert "The connection does not work yet." in guest.post(path, sent | {"ConnectionPassword": "wrong", "try": "yes"}).page
    assert guest.post(path, sent).status == 303
    assert looking.step(world.house, world.now + timedelta(minutes=1))
    assert "1 seen, 1 new" in guest.get(STAFF).page
    assert "STAFF/jane" in guest.get("/console/users/?domain=STAFF").page
    guest.get(STAFF)
    moved = {name: text for name, text in sent.items() if name not in {"domain", "ConnectionPassword"}}
    assert "The connection works." in guest.post(STAFF, moved | {"version": "1", "try": "yes"}).page, "with the stored password"
    guest.post(STAFF + "switch")
    guest.get(STAFF + "remove")
    assert "1 user of it is known here." in guest.page
    assert guest.post(STAFF + "remove", {"domain": "STAFF"}).status == 303
    assert "STAFF/jane" not in guest.get("/console/users/").page
    assert slapd.read("jane"), "the directory itself is not changed"


def test_a_script_gets_only_the_steps(guest: Browser, world: World) -> None:
    staff(world)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', guest.get(STAFF).page)
    assert token
    sent = TYPED | {"try": "yes", "version": "1", "csrfmiddlewaretoken": token[1]}
    answer = guest.client.post(STAFF, sent, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "The connection does not work yet." in text
    assert "<html" not in text
    answer = guest.client.post(STAFF, sent | {"UserSearchBase": ""}, headers={"HX-Request": "true"})
    assert 'href="#UserSearchBase"' in answer.content.decode()


def test_nothing_changes_without_the_forms_own_token(guest: Browser, world: World) -> None:
    staff(world)
    for path in (ADD + "?kind=ldap", STAFF, STAFF + "look", STAFF + "switch", STAFF + "remove"):
        assert guest.client.post(path, TYPED | {"domain": "STAFF"}).status_code == 403
    assert stores.get(world.by, "STAFF").version == 1


def test_it_is_looked_through_when_asked(guest: Browser, world: World) -> None:
    staff(world)
    Directory.objects.within(world.tenant).update(due=None, findings={"seen": 7, "added": 2, "refused": ["eve: no name"]})
    page = guest.get(STAFF).page
    assert "7 seen, 2 new" in page
    assert "eve: no name" in page
    assert guest.post(STAFF + "look").location == STAFF + "?done=store-looking"
    assert Directory.objects.within(world.tenant).get().due is not None
    assert "It is being looked through." in guest.get(STAFF).page


def test_a_failed_look_is_seen_in_the_list(guest: Browser, world: World) -> None:
    staff(world)
    Directory.objects.within(world.tenant).update(findings={"seen": 0, "error": "It does not answer."})
    page = guest.get(LIST).page
    assert "In trouble" in page
    assert "It does not answer." in page


def test_it_is_switched_off_and_on_after_a_question(guest: Browser, world: World) -> None:
    staff(world)
    assert guest.get(STAFF + "switch").heading == "Switch STAFF off?"
    assert guest.post(STAFF + "switch").location == STAFF + "?done=store-off"
    assert not stores.get(world.by, "STAFF").enabled
    assert "It is switched off." in guest.get(STAFF).page
    assert guest.get(STAFF + "switch").heading == "Switch STAFF on?"
    assert guest.post(STAFF + "switch").location == STAFF + "?done=store-on"


def test_it_is_removed_after_its_name_was_typed(guest: Browser, world: World) -> None:
    staff(world)
    assert guest.get(STAFF + "remove").heading == "Remove the user store STAFF?"
    assert '<a href="#domain">' in guest.post(STAFF + "remove", {"domain": "STUFF"}).page
    assert guest.post(STAFF + "remove", {"domain": "staff"}).location == LIST + "?done=store-removed"
    assert not Directory.objects.within(world.tenant).exists()
    assert guest.get(STAFF).status == 404


def test_the_servers_own_database_is_shown_with_the_reason(guest: Browser, world: World) -> None:
    page = unescape(guest.get(LIST + "PRIMARY/").page)
    assert "set by [user_stores] domains in deployment.toml" in page
    assert "Danger Zone" not in page
    for path in ("", "look", "switch", "remove"):
        guest.get(LIST + "PRIMARY/")
        assert guest.post(LIST + f"PRIMARY/{path}", {"domain": "PRIMARY"}).status == 400


def test_who_may_only_look_sees_no_form(world: World) -> None:
    staff(world)
    roles.add(world.by, "lookers", [LOGIN, CONSOLE, STORE_VIEW], world.now)
    world.add("lena", role="lookers")
    lena = Browser().signed_in("lena", PASSWORD)
    page = lena.get(STAFF).page
    assert "You may look at user stores, but not change them." in page
    assert "ldap://127.0.0.1:1" in page
    assert 'name="ConnectionURL"' not in page
    assert "Danger Zone" not in page
    assert "You may look at user stores, but not add any." in lena.get(LIST).page or "Add User Store" not in lena.get(LIST).page
    for path in (ADD, STAFF + "switch", STAFF + "remove"):
        assert lena.get(path).status == 403
    for path in (STAFF, STAFF + "look", STAFF + "switch", STAFF + "remove", ADD + "?kind=ldap"):
        lena.get(STAFF)
        assert lena.post(path, TYPED).status in {400, 403}
    assert stores.get(world.by, "STAFF").version == 1


def test_another_tenants_store_does_not_exist(world: World) -> None:
    """A-140."""
    staff(world)
    assert stranger(other_world(world), STAFF).status == 404


@pytest.mark.parametrize("words", ["User Stores", "Secondary user store", "LDAP", "active directory"])
def test_the_search_finds_it_under_every_name(guest: Browser, words: str) -> None:
    assert LIST in guest.get(f"/console/search?q={words}").page


def test_the_domain_of_a_directory_is_in_the_drop_down_of_new_users(guest: Browser, world: World) -> None:
    staff(world)
    assert "<option>STAFF</option>" in guest.get("/console/users/add").page
    with override_settings(HOUSE=world.configured(user_stores=replace(world.house.config.user_stores, domains=("PARTNERS",)))):
        assert "PARTNERS" in guest.get("/console/users/add").page
        assert "deployment.toml" in guest.get(LIST + "PARTNERS/").page


def test_a_claims_page_says_where_each_store_keeps_it(guest: Browser, world: World) -> None:
    claim = "/console/claims/claim?uri=http://wso2.org/claims/title"
    assert "Where it is kept" not in guest.get(claim).page
    staff(world)
    page = guest.get(claim).page
    assert "Where it is kept" in page
    assert f'<a href="{STAFF}">STAFF</a>' in page
    assert "Where it is kept" not in guest.get("/console/claims/claim?uri=http://wso2.org/claims/role").page


def test_the_state_of_accounts_can_be_written_to_the_directory_too(guest: Browser, world: World) -> None:
    staff(world)
    guest.get(STAFF)
    assert guest.post(STAFF, TYPED | {"version": "1", "claim-identity-accountLocked": "pager"}).status == 303
    assert 'name="claim-identity-accountLocked" type="text" autocomplete="off" value="pager"' in guest.get(STAFF).page


def test_an_attribute_of_ones_own_is_mapped_like_any_other(guest: Browser, world: World) -> None:
    custom_attributes.add(world.by, CustomAttribute("badgeNumber"), world.now)
    staff(world)
    guest.get(STAFF)
    assert guest.post(STAFF, TYPED | {"version": "1", "claim-badgeNumber": "employeeNumber"}).status == 303
    assert stores.get(world.by, "STAFF").attributes["urn:scim:schemas:extension:custom:User:badgeNumber"] == "employeeNumber"
    assert "employeeNumber" in guest.get("/console/claims/badgeNumber/").page


def test_a_directory_that_is_only_read_is_not_offered_for_new_users(guest: Browser, world: World) -> None:
    stores.add(world.house, world.by, NewStore("STAFF", "ldap", VALUES | {"ReadOnly": "true"}), world.now)
    page = guest.get("/console/users/add").page
    assert "<option>STAFF</option>" not in page
    assert "nothing is written to it: STAFF" in page
    sent = {"domain": "STAFF", "username": "new", "method": "password", "password": PASSWORD, "password2": PASSWORD}
    assert "Choose one of the domains in the list." in guest.post("/console/users/add", sent).page


def test_the_list_of_users_is_filtered_by_domain(guest: Browser, world: World) -> None:
    world.add("jane")
    house = world.configured(user_stores=replace(world.house.config.user_stores, domains=("PARTNERS",)))
    with override_settings(HOUSE=house):
        world.add("PARTNERS/pat")
        page = guest.get("/console/users/?domain=PARTNERS").page
        assert "PARTNERS/pat" in page
        assert ">jane<" not in page
        assert 'aria-current="true">PARTNERS</a>' in page
        assert "PARTNERS/pat" not in guest.get("/console/users/?domain=PRIMARY").page
        assert "Nobody matches" in guest.get("/console/users/?domain=PARTNERS&q=zoe").page
        assert "PARTNERS/pat" in guest.get("/console/users/?domain=PARTNERS&q=pat&sort=-created").page
        assert ">jane<" in guest.get("/console/users/?domain=NONE").page


def test_a_group_of_a_directory_is_changed_there(guest: Browser, world: World) -> None:
    staff(world)
    group = groups.create(world.by, NewGroup(UserName("STAFF", "readers")), world.now)
    Group.objects.within(world.tenant).filter(id=group.id).update(unique_id="1")
    page = guest.get(f"/console/groups/{group.id}/").page
    assert "It is read from the directory of STAFF" in page
    assert "Rename" not in page
    assert "read from a directory" in guest.get("/console/groups/").page
    assert guest.post(f"/console/groups/{group.id}/rename", {"name": "STAFF/x"}).status == 400


def managed(world: World) -> None:
    """PRIMARY as deployment.toml puts it into a directory, which does not answer."""
    values = clean("ldap", VALUES, private=True)
    house = world.configured(primary_store=PrimaryStore("ldap", values, {}, SECRET))
    stores.ensure_primary(house, world.by, world.now)


def test_primary_in_a_directory_is_shown_and_changed_in_deployment_toml_only(guest: Browser, world: World) -> None:
    guest.get(LIST)
    managed(world)
    page = guest.get(LIST + "PRIMARY/").page
    assert "PRIMARY is set by [user_store] in deployment.toml." in page
    assert "ou=people,dc=example" in page
    assert 'name="ConnectionURL"' not in page
    assert "Danger Zone" not in page
    assert SECRET not in page
    for path in ("", "switch", "remove"):
        assert guest.post(LIST + f"PRIMARY/{path}", TYPED | {"version": "1", "domain": "PRIMARY"}).status == 400
    assert guest.post(LIST + "PRIMARY/look").status == 303
    assert stores.get(world.by, "PRIMARY").version == 1
