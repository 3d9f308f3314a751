"""Tokens, attacked: of another kind, tenant, client or make; used twice, too late or for too much."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from housekey.core.principal import CLIENT_VIEW, LOGIN, USER_CREATE, USER_LIST, USER_VIEW
from housekey.delivery.sweep import sweep
from housekey.oauth import protocol
from housekey.operations import clients, consents, sessions, signing, stores
from housekey.store.models import Kept, Role, Session, SigningKey
from tests.doors.api.support import Rest
from tests.doors.oauth.application import BYE, SCOPE, App, application, signed_in, tokens
from tests.doors.pages.support import Browser
from tests.doors.scim.support import PATCH, invited
from tests.doors.soap.support import Soap
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, other_world
from tests.stores.support import connected
from tests.support.slapd import Place

LASTING = f"{SCOPE} offline_access"


class Bearing:
    """A program that shows this token at every door."""

    def __init__(self, token: str) -> None:
        self.rest, self.soap = Rest(f"Bearer {token}"), Soap("")
        self.soap.headers = {"Authorization": f"Bearer {token}"}

    def scim(self, path: str, method: str = "GET", body: object = b"") -> int:
        return self.rest.send(method, f"/scim2{path}", body, content_type="application/scim+json").status


def opens_nothing(app: App, token: str) -> bool:
    program = Bearing(token)
    found = {app.userinfo(token).status, program.scim("/Users"), program.scim("/Me"), program.rest.get("/api/server/v1/userstores").status,
             program.soap.store("listUsers", filter="*", maxItemLimit="1").status}
    return found == {401} and not app.program.look_into(token)["active"]


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def test_no_kind_of_token_does_the_work_of_another(world: World) -> None:
    """A-005, A-170: whatever is not an access token opens nothing, and an access token is nothing else."""
    jane, app = world.add(), application(world, USER_VIEW, USER_LIST)
    world.give(jane.id, "admin")
    browser = signed_in()
    given = tokens(app, browser, scope=f"{SCOPE} {USER_VIEW} {USER_LIST}")
    waiting = app.answered(browser.get(app.address()))["code"]
    claims = {"sub": str(jane.id), "aud": app.program.id, "sid": app.read(given["id_token"])["sid"]}
    farewell = signing.sign(world.house, world.tenant, "RS256", claims, world.now, typ="logout+jwt")
    session = next(cookie.value for name, cookie in browser.client.cookies.items() if name.endswith("session"))
    for other in (given["id_token"], farewell, waiting, session, app.program.secret, app.program.id, app.nonce, app.state):
        assert opens_nothing(app, other)
    assert app.userinfo(given["refresh_token"]).status == 401
    assert app.program.client.get("/scim2/Users", headers={"Authorization": f"Bearer {given['refresh_token']}"}).status_code == 401
    access = given["access_token"]
    assert app.exchange(access).error == app.refresh(access).error == app.refresh(waiting).error == (400, "invalid_grant")
    assert app.exchange(given["refresh_token"]).error == (400, "invalid_grant")
    for hint in (access, given["refresh_token"], farewell, waiting):
        assert browser.get(f"/oidc/logout?{urlencode({'id_token_hint': hint})}").status == 400
    planted = Browser()
    for name in ("__Host-session", "session", "__Host-ticket", "ticket"):
        planted.client.cookies[name] = access
    assert planted.get("/myaccount").status in {302, 303, 404}
    assert app.userinfo(access).status == 200


def test_a_token_belongs_into_the_header(world: World) -> None:
    """R-OA-09, RFC 9700 section 4.3.2."""
    world.add()
    app = application(world, USER_VIEW)
    given = tokens(app, signed_in())
    token = given["access_token"]
    for path in ("/oauth2/userinfo", "/scim2/Me", "/scim2/Users"):
        assert app.program.client.get(f"{path}?access_token={token}").status_code == 401
    assert app.program.client.post("/oauth2/userinfo", {"access_token": token}).status_code == 401
    for query in (f"token={token}", f"client_id={app.program.id}", f"client_secret={app.program.secret}",
                  f"refresh_token={given['refresh_token']}", "code=x", "code_verifier=x", "grant_type=refresh_token", "scope=openid"):
        for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"):
            assert app.post(f"{path}?{query}", {"token": token, "grant_type": "refresh_token"}).status in {400, 401}
    assert app.userinfo(token).status == 200


def test_nothing_of_one_tenant_holds_in_another(world: World) -> None:
    """A-140, A-141: also where client, person and name are the same."""
    other = other_world(world)
    prefix = "/t/acme.example"
    for home in (world, other):
        home.give(home.add().id, "admin")
    here = application(world, USER_VIEW, USER_LIST, CLIENT_VIEW)
    there = application(other, USER_VIEW, USER_LIST, CLIENT_VIEW, prefix=prefix)
    given = tokens(here, signed_in(), scope=f"{SCOPE} {USER_VIEW} {USER_LIST} {CLIENT_VIEW}")
    header = {"Authorization": f"Bearer {given['access_token']}"}
    for path in ("/oauth2/userinfo", "/scim2/Users", "/scim2/Me", "/api/server/v1/userstores"):
        assert here.program.client.get(f"{prefix}{path}", headers=header).status_code == 401
    for kind in ("access_token", "refresh_token"):
        assert not there.program.look_into(given[kind])["active"]
        assert there.post("/oauth2/revoke", {"token": given[kind]}).status == 200
    assert there.refresh(given["refresh_token"]).error == (400, "invalid_grant")
    browser = signed_in(prefix=prefix)
    assert browser.get(f"{prefix}/oidc/logout?id_token_hint={given['id_token']}").status == 400
    assert "code" in there.answered(browser.get(there.address(id_token_hint=given["id_token"])))
    published = here.program.client.get("/oauth2/jwks").json()["keys"], here.program.client.get(f"{prefix}/oauth2/jwks").json()["keys"]
    assert not {key["kid"] for key in published[0]} & {key["kid"] for key in published[1]}
    assert here.userinfo(given["access_token"]).status == 200


def _forged(app: App, token: str) -> dict[str, str]:
    """The same claims, and signatures that are not the tenant's."""
    head, body, signature = token.split(".")
    public = next(key for key in app.program.client.get("/oauth2/jwks").json()["keys"] if key["kty"] == "RSA")
    own, claims = RSAKey.generate_key(2048, {"kid": public["kid"]}), app.read(token)
    pem = RSAKey.import_key(public).as_pem(private=False)
    secrets = (pem, json.dumps(public).encode(), public["n"].encode())
    header = {"typ": "JWT", "alg": "RS256", "kid": public["kid"]}
    macs = {f"HS256 with {n}": jws.serialize_compact(
        header | {"alg": "HS256"}, json.dumps(claims), OctKey.import_key(base64.urlsafe_b64encode(secret).decode()), algorithms=["HS256"],
    ) for n, secret in enumerate(secrets)}
    lies: dict[str, dict[str, Any]] = {
        "same kid": {}, "jku": {"jku": "https://evil.example/jwks"}, "x5u": {"x5u": "https://evil.example/x"}, "no kid": {"kid": ""},
        "path": {"kid": "../../../../dev/null"}, "query": {"kid": "x' OR '1'='1"}, "own jwk": {"jwk": own.as_dict(private=False)},
    }
    own_signed = {name: jwt.encode(header | more, claims, own, algorithms=["RS256"]) for name, more in lies.items()}
    none = {f"alg {alg}": f"{part({'typ': 'JWT', 'alg': alg, 'kid': public['kid']})}.{body}." for alg in ("none", "None", "NONE", "nOnE",
                                                                                                          "")}
    heads: dict[str, Any] = {
        "crit": header | {"crit": ["exp"]}, "unknown crit": header | {"crit": ["x"], "x": 1}, "b64": header | {"b64": False,
                                                                                                               "crit": ["b64"]},
        "alg of the other": header | {"alg": "ES256"}, "alg list": header | {"alg": ["RS256"]}, "alg number": header | {"alg": 1},
        "kid number": header | {"kid": 1}, "kid null": header | {"kid": None}, "kid list": header | {"kid": [public["kid"]]},
        "list": [header],
        "text": "x", "number": 1, "null": None, "enc": header | {"enc": "A256GCM"}, "no alg": {"typ": "JWT"}, "empty": {},
    }
    odd = {name: f"{part(value)}.{body}.{signature}" for name, value in heads.items()}
    deep = {f"deep {sign[:5]!r}": f"{part((sign * 5_000)[:5_500].encode())}.e30.{signature}" for sign in ("[", '{"a":', '{"crit":[')}
    rough = {
        "cut": token[:-1], "swapped": f"{head}.{body}.{signature[::-1]}", "no signature": f"{head}.{body}.", "two parts": f"{head}.{body}",
        "five parts": f"{token}.x.y", "dots": "...", "json": part(claims), "space": f" {token}", "long": token + "A" * 9_000,
        "nul": token + "\0",
        "number": part(b"1" * 5_000) + ".e30.x", "bytes": part(bytes(range(256))) + f".{body}.{signature}", "ü": "ü.ü.ü",
        "claims": f"{head}.{part([1])}.{signature}",
        "changed": f"{head}.{part(claims | {'sub': 'x'})}.{signature}",
    }
    return macs | own_signed | none | odd | deep | rough


def test_no_forged_id_token_is_taken_for_one_of_ours(world: World) -> None:
    """A-008, A-170, R-OA-01: `alg`, `kid`, `jku`, `jwk`, `crit` say what they like; none is a mistake of the server's either."""
    world.add()
    app, browser = application(world), signed_in()
    hint = tokens(app, browser)["id_token"]
    for name, forged in _forged(app, hint).items():
        assert signing.read(world.house, world.tenant, forged) is None, name
        asked = {"id_token_hint": forged, "post_logout_redirect_uri": BYE}
        assert browser.get(f"/oidc/logout?{urlencode(asked)}").status in {400, 413, 414}, name
        if len(forged) < 2_000:
            assert browser.get(app.address(id_token_hint=forged, prompt="none")).status in {302, 400}, name
    assert "code" in app.answered(browser.get(app.address(prompt="none"))), "she is still signed in"
    assert browser.get(f"/oidc/logout?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': BYE})}").location == BYE


def test_a_key_that_leaked_signs_nothing_any_more(world: World) -> None:
    """A-008."""
    world.add()
    app, browser = application(world), signed_in()
    hint = tokens(app, browser)["id_token"]
    signing.rotate(world.house, world.by, "RS256", world.now, at_once=True)
    assert browser.get(f"/oidc/logout?id_token_hint={hint}").status == 400


def test_the_published_keys_hold_nothing_private(world: World) -> None:
    """A-019, A-141: nor does the database hold it in the clear."""
    app = application(world)
    keys = app.program.client.get("/oauth2/jwks").json()["keys"]
    assert {key["alg"] for key in keys} == {"RS256", "ES256"}
    assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & {name for key in keys for name in key}
    assert not any(b'"d"' in bytes(row.sealed) for row in SigningKey.objects.within(world.tenant))


def test_a_refresh_token_is_worth_nothing_to_anybody_else(world: World) -> None:
    """A-168: the try does its owner no harm."""
    world.add()
    app, public = application(world), application(world, name="public", public=True)
    thief = application(world, name="thief")
    given = tokens(app, signed_in())["refresh_token"]
    assert thief.refresh(given).error == public.refresh(given).error == (400, "invalid_grant")
    assert public.refresh(given, client_id=app.program.id).error == (401, "invalid_client")
    assert thief.post("/oauth2/revoke", {"token": given}).status == 200
    assert not thief.program.look_into(given)["active"]
    assert app.refresh(given).status == 200


def test_signing_out_ends_what_was_not_meant_to_last(world: World) -> None:
    """A-160, A-164, OpenID Connect Core section 11."""
    world.add()
    app, browser = application(world), signed_in()
    brief, lasting = tokens(app, browser), tokens(app, browser, scope=LASTING)
    cookie = next(one.value for name, one in browser.client.cookies.items() if name.endswith("session"))
    by = sessions.recognise(world.house, world.tenant, cookie, "", world.now)
    assert by is not None
    sessions.sign_out(by, world.now)
    assert app.userinfo(brief["access_token"]).status == 401
    assert app.refresh(brief["refresh_token"]).error == (400, "invalid_grant")
    assert app.refresh(lasting["refresh_token"]).status == 200


@pytest.mark.parametrize("who", ["herself", "an administrator"])
def test_signing_out_everywhere_reaches_sessions_that_ended_by_themselves(world: World, who: str) -> None:
    """A-160: of one that was idle too long nothing is listed any more, but what an application got in it still holds."""
    jane, app = world.add(), application(world)
    brief, lasting = tokens(app, signed_in()), tokens(app, signed_in(), scope=LASTING)
    idle = Session.objects.within(world.tenant).filter(account_id=jane.id)
    idle.update(last_seen=world.now - timedelta(days=2))
    sweep(world.house.config, datetime.now(UTC))
    assert not idle.exists()
    if who == "herself":
        sessions.end_others(world.acting_as("jane"), world.now)
    else:
        sessions.end_of(world.by, jane.id, world.now)
    assert app.userinfo(brief["access_token"]).status == 401
    assert app.refresh(brief["refresh_token"]).error == (400, "invalid_grant")
    assert app.refresh(lasting["refresh_token"]).status == 200


def test_a_directory_that_is_switched_off_lets_nobody_in_by_what_an_application_holds(world: World, slapd: Place) -> None:
    """A-160: as with her browser, so with her tokens."""
    slapd.add("anna", password=PASSWORD)
    directory = connected(world, slapd)
    app, browser = application(world), signed_in("STAFF/anna")
    given, lasting = tokens(app, browser), tokens(app, browser, scope=LASTING)
    waiting = app.answered(browser.get(app.address()))["code"]
    stores.switch(directory.by, "STAFF", False, world.now)
    assert app.exchange(waiting).error == (400, "invalid_grant")
    for one in (given, lasting):
        assert app.userinfo(one["access_token"]).status == 401
        assert not app.program.look_into(one["access_token"])["active"]
        assert app.refresh(one["refresh_token"]).error == (400, "invalid_grant")


@pytest.mark.parametrize("scope", [SCOPE, LASTING])
def test_nothing_is_refreshed_for_ever(world: World, monkeypatch: pytest.MonkeyPatch, scope: str) -> None:
    """A-168, R-OA-06: however often it is used."""
    world.add()
    app, config = application(world), world.house.config
    token, moment = tokens(app, signed_in(), scope=scope)["refresh_token"], datetime.now(UTC)
    most = timedelta(seconds=config.tokens.offline_access_validity) if scope == LASTING else timedelta(minutes=config.sessions.absolute)
    end, step = moment + most, min(timedelta(seconds=config.tokens.refresh_token_validity), most) * 0.9
    while (moment := moment + step) < end - timedelta(minutes=1):
        monkeypatch.setattr(protocol, "now", lambda moment=moment: moment)
        answer = app.refresh(token)
        assert answer.status == 200
        assert moment + timedelta(seconds=answer.body["expires_in"]) <= end + timedelta(minutes=1)
        token = answer.body["refresh_token"]
    monkeypatch.setattr(protocol, "now", lambda: end + timedelta(minutes=1))
    assert app.refresh(token).error == (400, "invalid_grant")


def test_a_public_client_has_no_rights_of_its_own(world: World) -> None:
    """A-170: it has nothing to show for itself, so there is nothing to get without a person."""
    world.add()
    app = application(world, USER_VIEW, public=True)
    own = {"client_id": app.program.id}
    for more in ({"grant_type": "client_credentials"}, {"grant_type": "client_credentials", "client_secret": ""},
                 {"grant_type": "password", "username": "jane", "password": PASSWORD}, {"grant_type": "client_credentials",
                                                                                        "client_secret": "x"}):
        assert app.post("/oauth2/token", own | more).status in {400, 401}
    assert app.post("/oauth2/introspect", own | {"token": "x" * 43}).status == 401
    assert app.program.post("/oauth2/token", {"grant_type": "client_credentials"}, authorization=app.program.header).status in {400, 401}
    scim = app.program.client.get("/scim2/Users", headers={"Authorization": app.program.header})
    assert scim.status_code == 401


def test_a_client_is_told_about_itself_and_a_person_who_she_is_only_with_her_token(world: World) -> None:
    """A-147: a client's own token is nobody."""
    app = application(world, USER_VIEW)
    token = app.program.token()
    assert app.userinfo(token).status == 401
    assert Bearing(token).scim("/Me") in {403, 404}


def test_scopes_that_client_or_person_lost_are_lost_to_the_token(world: World) -> None:
    """A-148, A-167: at once, and in what the next refresh promises."""
    jane, app = world.add(), application(world, USER_VIEW, USER_LIST)
    world.give(jane.id, "admin")
    given = tokens(app, signed_in(), scope=f"{SCOPE} {USER_VIEW} {USER_LIST}")
    program = Bearing(given["access_token"])
    assert program.scim("/Users") == 200
    clients.set_scopes(world.by, app.program.id, [USER_VIEW], world.now)
    assert program.scim("/Users") == 403
    assert USER_LIST not in app.program.look_into(given["access_token"])["scope"].split()
    assert USER_LIST not in app.refresh(given["refresh_token"]).body["scope"].split()
    Role.objects.within(world.tenant).filter(name="admin").update(permissions=[])
    assert program.scim(f"/Users/{jane.id}") == 403


def test_a_persons_token_is_not_the_person(world: World) -> None:
    """A-148, A-147, A-133: with `openid` alone it opens no door but userinfo, whoever she is; it never changes a password, nor the number
    that codes go to."""
    jane = world.add()
    world.give(jane.id, "admin")
    app, whole = application(world), application(world, LOGIN, name="whole")
    browser = signed_in()
    bare, login = tokens(app, browser)["access_token"], tokens(whole, browser, scope=f"{SCOPE} {LOGIN}")["access_token"]
    program = Bearing(bare)
    assert {program.scim("/Users"), program.scim("/Me"), program.scim(f"/Users/{jane.id}"), program.scim("/Users", "POST",
                                                                                                         invited())} == {403}
    assert program.rest.get("/api/server/v1/userstores").status == 403
    assert b"jane@example.com" not in program.soap.store("getUserClaimValues", userName="jane", profileName="default").content
    program = Bearing(login)
    assert {program.scim("/Users"), program.scim("/Users", "POST", invited())} == {403}
    mobile = {"op": "replace", "path": "phoneNumbers", "value": [{"type": "mobile", "value": "+4915111111111"}]}
    assert program.scim("/Me", "PATCH", {"schemas": [PATCH], "Operations": [mobile]}) == 403
    claim = {"claimURI": "http://wso2.org/claims/mobile", "claimValue": "+4915111111111", "profileName": "default"}
    assert not program.soap.store("setUserClaimValue", userName="jane", **claim).done
    nickname = {"op": "replace", "path": "nickName", "value": "J"}
    assert program.scim("/Me", "PATCH", {"schemas": [PATCH], "Operations": [nickname]}) == 200
    change = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    assert program.rest.post("/api/users/v1/me/change-password", change).status in {401, 403, 404}
    assert program.rest.post("/api/identity/user/v1.0/me/change-password", change).status in {401, 403, 404}
    assert not program.soap.store("updateCredential", userName="jane", newCredential=OTHER_PASSWORD, oldCredential=PASSWORD).done
    assert world.sign_in("jane")


def test_a_persons_token_looks_into_no_other_and_ends_none(world: World) -> None:
    """A-147: what a client may know of its tokens its people may not."""
    world.add()
    world.add("mary", mail="mary@example.com")
    app = application(world, CLIENT_VIEW)
    hers, marys = tokens(app, signed_in(), scope=f"{SCOPE} {CLIENT_VIEW}"), tokens(app, signed_in("mary"))
    header = f"Bearer {hers['access_token']}"
    for token in (marys["access_token"], marys["refresh_token"], hers["refresh_token"]):
        assert app.program.look_into(token, authorization=header) == {"active": False}
        assert app.program.post("/oauth2/revoke", {"token": token}, authorization=header).status == 401
    assert app.userinfo(marys["access_token"]).status == 200


def test_two_people_of_one_client_have_keys_of_their_own(world: World) -> None:
    """A-147: an answer that was kept for one is not given to the other."""
    for name in ("jane", "mary"):
        world.give(world.add(name, mail=f"{name}@example.com").id, "admin")
    app, scope = application(world, USER_CREATE, USER_VIEW), f"openid {USER_CREATE} {USER_VIEW}"
    found = []
    for name in ("jane", "mary"):
        header = {"Authorization": f"Bearer {tokens(app, signed_in(name), scope=scope)['access_token']}", "Idempotency-Key": "one"}
        body = json.dumps({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], **invited("new", emails=["new@example.com"])})
        found.append(app.program.client.post("/scim2/Users", body, "application/scim+json", headers=header).status_code)
    assert found == [201, 409]
    assert Kept.objects.within(world.tenant).count() >= 1


def test_other_sites_scripts_read_nothing(world: World) -> None:
    """A-068: and no address of ours takes a cookie for a sign-in."""
    world.add()
    app, browser = application(world), signed_in()
    token = tokens(app, browser)["access_token"]
    for origin in ("https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com",
                   "https://app.example.com:8443", "https://APP.example.com", "*", "https://app.example.com/"):
        answer = app.program.client.get("/oauth2/userinfo", headers={"Authorization": f"Bearer {token}", "Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers, origin
        assert "Access-Control-Allow-Credentials" not in answer.headers, origin
        for path in ("/oauth2/introspect", "/scim2/Users"):
            assert "Access-Control-Allow-Origin" not in app.program.client.options(path, headers={"Origin": origin}).headers
        page = browser.get("/oauth2/authorize?x=1", Origin=origin)
        assert "Access-Control-Allow-Origin" not in page.headers
    for path in ("/oauth2/userinfo", "/scim2/Me", "/scim2/Users"):
        assert browser.client.get(path, secure=True, headers={"Origin": "https://app.example.com"}).status_code == 401


def test_one_persons_withdrawal_is_not_anothers(world: World) -> None:
    """A-150: what she takes back is hers."""
    world.add()
    world.add("mary", mail="mary@example.com")
    app = application(world)
    hers, marys = tokens(app, signed_in()), tokens(app, signed_in("mary"))
    consents.withdraw(world.acting_as("jane"), app.program.id, world.now)
    assert [app.userinfo(one["access_token"]).status for one in (hers, marys)] == [401, 200]
