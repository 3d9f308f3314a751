"""The Tenants section: list, add, one tenant, suspend, resume, delete. Only in the console of the default tenant."""

from __future__ import annotations

import re

import pytest

from housekey.core.principal import CONSOLE, LOGIN, TENANT_VIEW
from housekey.operations import roles, tenant_removal, tenants
from housekey.store.models import Message
from tests.doors.console.support import stranger
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World, other_world

LIST, ADD = "/console/tenants/", "/console/tenants/add"
NEW = {"domain": "acme.example", "name": "Acme Ltd", "username": "jane", "mail": "jane@acme.example", "way": "mail"}


@pytest.fixture
def admin(world: World) -> Browser:
    return Browser().signed_in("admin", "admin")


def page_of(world: World) -> str:
    return f"{LIST}{world.tenant.id}/"


def test_the_list_says_who_shares_the_server(admin: Browser, world: World) -> None:
    acme, beta = other_world(world), other_world(world, "beta.example")
    acme.add("jane")
    tenants.suspend(world.by, beta.tenant.id, world.now)
    page = admin.get(LIST).page
    assert admin.heading == "Tenants"
    assert re.findall(r">([a-z.]+\.(?:example|super))</a>", page) == ["acme.example", "beta.example", "carbon.super"]
    assert "1–3 of 3" in page
    assert "beta.example" not in admin.get(f"{LIST}?status=active").page
    assert "acme.example" not in admin.get(f"{LIST}?q=beta").page
    assert "No tenant matches" in admin.get(f"{LIST}?q=gamma").page
    assert admin.get(f"{LIST}?status=nonsense&page=x").status == 200


def test_a_tenant_is_added_with_an_administrator_who_gets_a_mail(admin: Browser, world: World) -> None:
    admin.get(ADD)
    assert admin.post(ADD, NEW).status == 303
    assert "The tenant was added and the invitation is on its way." in admin.follow().page
    found = tenants.by_domain("acme.example")
    assert found is not None
    assert found.name == "Acme Ltd"
    assert Message.objects.within(found).get().recipient == "jane@acme.example"
    World(world.house, found, world.now).redeem(world.newest_code("jane@acme.example"))


def test_a_link_to_hand_over_is_shown_once(admin: Browser, world: World) -> None:
    admin.get(ADD)
    page = admin.post(ADD, NEW | {"way": "offline", "mail": ""}).page
    assert admin.status == 200
    assert admin.headers["Cache-Control"] == "no-store"
    link = re.search(r'id="tenant-link">([^<]+)<', page)
    assert link
    found = tenants.by_domain("acme.example")
    assert found is not None
    World(world.house, found, world.now).redeem(link[1].partition("confirmation=")[2].partition("&")[0])


@pytest.mark.parametrize(("changed", "said"), [
    ({"domain": ""}, "Please type a domain for the tenant."), ({"domain": "acme"}, "Use letters, digits and dashes"),
    ({"domain": "taken.example"}, "There is a tenant with this domain already"), ({"username": ""}, "Username is a required field."),
    ({"mail": ""}, "An invitation needs an e-mail address to go to."), ({"mail": "nowhere"}, "is not a valid e-mail address"),
    ({"name": "x" * 300}, "at most 255 characters"), ({"username": "STAFF/jane"}, "in the server's own store"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays(admin: Browser, world: World, changed: dict[str, str], said: str) -> None:
    other_world(world, "taken.example")
    admin.get(ADD)
    page = admin.post(ADD, NEW | changed).page
    assert admin.status == 400
    assert said in page
    field = next(iter(changed))
    assert f'href="#{field}"' in page
    assert f'value="{NEW["username"]}"' in page or field == "username"
    assert len(tenants.listing()) == 2


def test_a_tenant_is_suspended_after_a_question_and_resumed_with_one_button(admin: Browser, world: World) -> None:
    acme = other_world(world)
    one = page_of(acme)
    assert "/t/acme.example/console/" in admin.get(one).page
    page = admin.get(one + "suspend").page
    assert admin.heading == "Suspend the tenant acme.example?"
    assert "Nothing is lost" in page
    assert tenants.by_domain("acme.example") is not None
    admin.post(one + "suspend")
    assert "The tenant was suspended." in admin.follow().page
    assert tenants.by_domain("acme.example") is None
    assert "Resume tenant" in admin.page
    admin.post(one + "resume")
    assert "The tenant is open again." in admin.follow().page
    assert tenants.by_domain("acme.example") is not None


def test_a_tenant_is_renamed(admin: Browser, world: World) -> None:
    one = page_of(other_world(world))
    admin.get(one)
    admin.post(one + "rename", {"name": "Acme Ltd"})
    assert "The tenant was renamed." in admin.follow().page
    assert admin.post(one + "rename", {"name": "x" * 300}).status == 400


def test_deleting_wants_the_domain_and_ones_own_password(admin: Browser, world: World) -> None:
    """A-027"""
    acme = other_world(world)
    acme.add("jane")
    delete = page_of(acme) + "delete"
    page = admin.get(delete).page
    assert admin.heading == "Delete the tenant acme.example?"
    assert "It has 1 user." in page
    wrong = (("", "admin", "Please type the tenant’s domain."), ("acme", "admin", "That is not the domain of this tenant."),
             ("acme.example", "wrong", "That is not your password."))
    for typed, password, said in wrong:
        page = admin.post(delete, {"typed": typed, "password": password}).page
        assert (admin.status, said in page) == (400, True)
        assert "wrong" not in page
    assert tenants.by_domain("acme.example") is not None
    admin.post(delete, {"typed": "acme.example", "password": "admin"})
    page = admin.follow().page
    assert "Being deleted" in page
    assert "What was in it is being taken away" in admin.get(page_of(acme)).page
    while tenant_removal.step(world.now):
        pass
    assert admin.get(page_of(acme)).status == 404


def test_the_servers_own_tenant_offers_no_danger(admin: Browser, world: World) -> None:
    one = page_of(world)
    page = admin.get(one).page
    assert "Danger Zone" not in page
    assert "can be neither suspended nor deleted" in page
    assert admin.post(one + "suspend").status == 400
    assert admin.post(one + "delete", {"typed": "carbon.super", "password": "admin"}).status == 400
    assert tenants.default()


def test_whoever_may_only_look_is_told_so(guest: Browser, world: World) -> None:
    acme = other_world(world)
    world.add("viewer")
    roles.add(world.by, "Viewers", [LOGIN, CONSOLE, TENANT_VIEW], world.now)
    world.give(world.acting_as("viewer").account_id, "Viewers")  # type: ignore[arg-type] # she has an account
    guest.signed_in("viewer", PASSWORD)
    assert "You may look at tenants, but not add any." in guest.get(LIST).page
    page = guest.get(page_of(acme)).page
    assert "You may look at tenants, but not change them." in page
    assert "You may not delete tenants." in page
    for deed in ("rename", "suspend", "resume", "delete"):
        assert guest.post(page_of(acme) + deed).status == 403
    assert guest.get(ADD).status == 403


def test_other_tenants_have_no_such_section(admin: Browser, world: World) -> None:
    """A-142: neither in the navigation nor by its address, also for somebody who was given the permission."""
    acme = other_world(world)
    assert LIST in admin.get("/console/").page
    browser = stranger(acme, "/console/")
    assert "tenants/" not in browser.page
    assert "See the tenants of this server" not in browser.get("/t/acme.example/console/roles/role?name=admin").page
    assert browser.get(f"/t/acme.example{LIST}").status == 403
    acme.add("odd")
    roles.add(acme.by, "Odd", [LOGIN, CONSOLE, TENANT_VIEW], world.now)
    acme.give(acme.acting_as("odd").account_id, "Odd")  # type: ignore[arg-type] # she has an account
    other = Browser()
    other.get("/t/acme.example/authenticationendpoint/login.do")
    other.post("/t/acme.example/authenticationendpoint/login.do", {"username": "odd", "password": PASSWORD})
    assert other.get(f"/t/acme.example{LIST}").status == 403


@pytest.mark.parametrize("number", ["0", "999999", "9" * 40])
def test_an_unknown_tenant_is_not_found(admin: Browser, number: str) -> None:
    for deed in ("", "suspend", "delete"):
        assert admin.get(f"{LIST}{number}/{deed}").status == 404
    for deed in ("rename", "resume"):
        assert admin.post(f"{LIST}{number}/{deed}", {"name": "x"}).status == 404
