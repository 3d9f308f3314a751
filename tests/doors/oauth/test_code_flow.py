"""A person signs in to an application: the authorization code, its tokens, what they tell, and their end."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from housekey.conf.schema import OAuth
from housekey.core.principal import USER_VIEW
from housekey.operations import users
from tests.doors.oauth.application import BACK, BYE, application, signed_in, through, tokens
from tests.doors.pages.support import Browser
from tests.operations.support import World


@pytest.mark.parametrize("public", [False, True])
def test_a_person_signs_in_and_comes_back_with_what_the_application_sent(world: World, public: bool) -> None:
    jane, app = world.add(), application(world, public=public)
    answer = through(app, Browser())
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == (app.state, world.house.config.base_url)
    given = app.exchange(answer["code"])
    assert given.status == 200, given.body
    assert set(given.body) == {"access_token", "refresh_token", "id_token", "token_type", "expires_in", "scope"}
    assert (given.body["token_type"], given.body["scope"]) == ("Bearer", "openid profile email")
    claims = app.read(given.body["id_token"])
    assert (claims["sub"], claims["aud"], claims["iss"]) == (str(jane.id), app.program.id, world.house.config.base_url)
    assert (claims["nonce"], claims["amr"], claims["acr"]) == (app.nonce, ["pwd"], "1")
    assert claims["auth_time"] <= claims["iat"] < claims["exp"]
    told = app.userinfo(given.body["access_token"])
    assert told.status == 200
    assert told.body == {"sub": str(jane.id), "preferred_username": "jane", "email": "jane@example.com", "email_verified": False,
                         "updated_at": int(users.get(world.by, jane.id).modified.timestamp())}


def test_who_is_signed_in_already_is_not_asked_again(world: World) -> None:
    world.add()
    app = application(world)
    assert app.answered(signed_in().get(app.address()))["state"] == app.state


def test_the_id_token_can_be_signed_with_either_algorithm(world: World) -> None:
    world.add()
    for alg in ("RS256", "ES256"):
        app = application(world, name=alg, signed_with=alg)
        given = tokens(app, signed_in())
        assert app.read(given["id_token"])["aud"] == app.program.id


def test_a_code_is_good_once_and_its_second_use_ends_what_it_gave(world: World) -> None:
    """R-OA-04, A-168, RFC 6749 section 4.1.2."""
    world.add()
    app, browser = application(world), signed_in()
    code = app.answered(browser.get(app.address()))["code"]
    given = app.exchange(code).body
    assert app.userinfo(given["access_token"]).status == 200
    assert app.exchange(code).error == (400, "invalid_grant")
    assert app.userinfo(given["access_token"]).status == 401
    assert app.refresh(given["refresh_token"]).error == (400, "invalid_grant")


def test_a_refresh_token_is_good_once_and_its_second_use_ends_everything(world: World) -> None:
    """R-OA-06, RFC 9700 section 4.14.2."""
    world.add()
    app = application(world, public=True)
    first = tokens(app, signed_in())
    second = app.refresh(first["refresh_token"])
    assert second.status == 200
    assert "nonce" not in app.read(second.body["id_token"])
    assert app.refresh(first["refresh_token"]).error == (400, "invalid_grant")
    assert app.refresh(second.body["refresh_token"]).error == (400, "invalid_grant")
    assert app.userinfo(second.body["access_token"]).status == 401


def test_an_application_can_ask_for_less_when_it_refreshes(world: World) -> None:
    world.add()
    app = application(world)
    given = tokens(app, signed_in())
    less = app.refresh(given["refresh_token"], scope="openid roles")
    assert less.body["scope"] == "openid"
    assert "email" not in app.userinfo(less.body["access_token"]).body
    assert app.refresh(less.body["refresh_token"]).body["scope"] == "openid profile email"


def test_a_token_of_a_person_can_do_what_client_and_person_may_and_no_more(world: World) -> None:
    jane, app = world.add(), application(world, USER_VIEW)
    given = tokens(app, signed_in(), scope=f"openid {USER_VIEW} internal_user_mgt_delete")
    assert given["scope"] == f"openid {USER_VIEW}"
    path, header = f"/scim2/Users/{jane.id}", {"Authorization": f"Bearer {given['access_token']}"}
    assert app.program.client.get(path, headers=header).status_code == 403
    world.give(jane.id, "admin")
    assert app.program.client.get(path, headers=header).status_code == 200
    assert app.program.client.delete(path, headers=header).status_code == 403


def test_prompt_none_never_shows_a_page(world: World) -> None:
    world.add()
    app, asking = application(world), application(world, name="asks", consent=True)
    assert app.answered(Browser().get(app.address(prompt="none")))["error"] == "login_required"
    browser = signed_in()
    assert "code" in app.answered(browser.get(app.address(prompt="none")))
    assert asking.answered(browser.get(asking.address(prompt="none")))["error"] == "consent_required"
    assert app.answered(browser.get(app.address(prompt="none login")))["error"] == "invalid_request"


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "0"}, {"prompt": "select_account"}])
def test_a_fresh_sign_in_is_asked_for_once(world: World, asked: dict[str, str]) -> None:
    world.add()
    app, browser = application(world), signed_in()
    first = app.read(tokens(app, browser)["id_token"])
    answer = through(app, browser, **asked)
    again = app.read(app.exchange(answer["code"]).body["id_token"])
    assert again["auth_time"] >= first["auth_time"]
    assert again["sid"] == first["sid"], "the session goes on"


def test_max_age_asks_only_who_signed_in_too_long_ago(world: World) -> None:
    world.add()
    app, browser = application(world), signed_in()
    assert "code" in app.answered(browser.get(app.address(max_age="1000")))


def test_a_hint_of_somebody_else_brings_no_code_of_this_person(world: World) -> None:
    world.add()
    world.add("mary", mail="mary@example.com")
    app = application(world)
    hint = tokens(app, signed_in("mary"))["id_token"]
    browser = signed_in()
    assert app.answered(browser.get(app.address(id_token_hint=hint, prompt="none")))["error"] == "login_required"
    assert through(app, browser, id_token_hint=hint)["error"] == "login_required"
    assert "code" in through(app, browser, "mary", id_token_hint=hint)


def test_the_sign_in_page_knows_the_application_and_the_name_it_gave(world: World) -> None:
    world.add()
    app = application(world, name="Coffee Shop")
    browser = Browser().get(app.address(login_hint="jane", ui_locales="xx de")).follow()
    assert "Coffee Shop" in browser.page
    assert 'value="jane"' in browser.page
    assert '<html lang="de"' in browser.page
    assert "form-action 'self' https://app.example.com;" in browser.headers["Content-Security-Policy"]


def test_consent_is_asked_once_for_what_is_new(world: World) -> None:
    world.add()
    app, browser = application(world, consent=True), signed_in()
    browser.get(app.address(scope="openid profile"))
    assert browser.status == 200
    assert "your name and language" in browser.page
    request = urlsplit(app.address(scope="openid profile")).query
    browser.post("/oauth2/consent", {"request": request, "decision": "deny"})
    assert app.answered(browser)["error"] == "access_denied"
    browser.get(app.address(scope="openid profile")).post("/oauth2/consent", {"request": request, "decision": "allow"})
    assert "code" in app.answered(browser)
    assert "code" in app.answered(browser.get(app.address(scope="openid profile")))
    assert browser.get(app.address(scope="openid email")).status == 200
    assert browser.get(app.address(scope="openid profile", prompt="consent")).status == 200


def test_signing_out_at_the_applications_wish(world: World) -> None:
    world.add()
    app, browser = application(world), signed_in()
    given = tokens(app, browser)
    browser.get(f"/oidc/logout?id_token_hint={given['id_token']}&post_logout_redirect_uri={BYE}&state=x1")
    assert (browser.status, browser.location) == (302, f"{BYE}?state=x1")
    assert app.userinfo(given["access_token"]).status == 401
    assert app.refresh(given["refresh_token"]).error == (400, "invalid_grant")
    assert browser.get(app.address()).status == 303


def test_without_a_token_of_this_session_the_person_is_asked(world: World) -> None:
    """Nobody is signed out by a link on a foreign page."""
    world.add()
    app, browser = application(world), signed_in()
    older = tokens(app, signed_in())["id_token"]
    back = f"post_logout_redirect_uri={BYE}"
    for query in ("", f"client_id={app.program.id}&{back}", f"id_token_hint={older}&{back}"):
        assert browser.get(f"/oidc/logout?{query}").status == 200
        assert "code" in app.answered(browser.get(app.address()))
    query = f"client_id={app.program.id}&post_logout_redirect_uri={BYE}"
    browser.get(f"/oidc/logout?{query}").post("/oidc/logout/confirmed", {"request": query})
    assert (browser.status, browser.location) == (302, BYE)
    assert browser.get(app.address()).status == 303


def test_signing_out_leads_to_registered_addresses_only(world: World) -> None:
    world.add()
    app, browser = application(world), signed_in()
    hint = tokens(app, browser)["id_token"]
    for wrong in (f"{BYE}/", "https://evil.example/bye", BACK, "//evil.example"):
        assert browser.get(f"/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri={wrong}").status == 400
    assert browser.get(f"/oidc/logout?id_token_hint={hint}x").status == 400
    assert "code" in app.answered(browser.get(app.address()))


def test_without_addresses_of_their_own_people_are_sent_to_where_they_sign_in(world: World) -> None:
    """As WSO2's SDKs do."""
    world.add()
    app, browser = application(world, post_logout_redirect_uris=()), signed_in()
    hint = tokens(app, browser)["id_token"]
    assert browser.get(f"/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri={BYE}").status == 400
    assert browser.get(f"/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri={BACK}").location == BACK


def test_the_older_address_of_wso2_leads_to_the_same(world: World) -> None:
    app = application(world)
    browser = Browser().get(f"/commonauth?commonAuthLogout=true&type=oidc&commonAuthCallerPath={BYE}&relyingParty={app.program.id}")
    assert browser.follow().location == BYE
    assert parse_qs(urlsplit(Browser().get("/commonauth").location).query) == {}


def test_introspection_tells_of_people_and_of_refresh_tokens(world: World) -> None:
    jane, app = world.add(), application(world)
    given = tokens(app, signed_in())
    told = app.program.look_into(given["access_token"])
    assert (told["active"], told["username"], told["sub"], told["scope"]) == (True, "jane", str(jane.id), "openid profile email")
    assert app.program.look_into(given["refresh_token"])["token_type"] == "refresh_token"
    other = application(world, name="other")
    assert other.program.look_into(given["access_token"]) == {"active": False}


def test_a_token_without_openid_tells_nothing_and_says_what_it_lacks(world: World) -> None:
    """RFC 6750 section 3.1."""
    world.add()
    app = application(world)
    answer = app.userinfo(tokens(app, signed_in(), scope="profile")["access_token"])
    assert answer.error == (403, "insufficient_scope")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Housekey", error="insufficient_scope", scope="openid"'


def test_revoking_a_refresh_token_ends_the_sign_in(world: World) -> None:
    world.add()
    app = application(world, public=True)
    given = tokens(app, signed_in())
    assert app.post("/oauth2/revoke", {"token": given["refresh_token"], "client_id": app.program.id}).status == 200
    assert app.userinfo(given["access_token"]).status == 401


def test_scripts_of_the_applications_pages_may_read_the_answers(world: World) -> None:
    app = application(world)
    for origin, allowed in (("https://app.example.com", True), ("https://evil.example", False)):
        asked = app.program.client.options("/oauth2/token", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        assert asked.status_code == 204
        assert asked.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert app.program.client.get("/oauth2/jwks", headers={"Origin": "https://evil.example"}).headers["Access-Control-Allow-Origin"] == "*"


def test_the_server_can_call_itself_as_wso2_does(world: World, settings: Any) -> None:
    """The discovery document is below the issuer in either case (Discovery 1.0 section 4)."""
    world.add()
    app = application(world)
    settings.HOUSE = world.configured(oauth=OAuth(wso2_issuer=True))
    issuer = f"{world.house.config.base_url}/oauth2/token"
    told = app.program.client.get("/oauth2/token/.well-known/openid-configuration").json()
    assert (told["issuer"], told["token_endpoint"]) == (issuer, issuer)
    answer = app.answered(signed_in().get(app.address()))
    assert answer["iss"] == issuer
    assert app.read(app.exchange(answer["code"]).body["id_token"])["iss"] == issuer
