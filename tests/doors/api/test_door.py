"""What holds for every route: who may, what a body may be, and how a refusal looks."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from django.db import OperationalError, connection

from housekey.api.routes import OPEN, ROUTES, Route
from housekey.api.urls import urlpatterns
from housekey.core import principal
from housekey.core.principal import GOVERNANCE_VIEW, LOGIN
from tests.doors.api.support import Rest, administrator, holder
from tests.doors.scim.support import basic
from tests.operations.support import World, other_world

assert urlpatterns
ROOT = "/api/server/v1/identity-governance"
INVITE = f"{ROOT}/VXNlciBPbmJvYXJkaW5n/connectors/dXNlci1lbWFpbC12ZXJpZmljYXRpb24"
PREFERENCES = f"{ROOT}/preferences"
CLOSED = [item for item in ROUTES if item.scope != OPEN and item.authenticate is None]
"""Routes that authenticate in a way of their own have tests of their own."""
SCOPED = [item for item in CLOSED if item.scope is not None]

SCOPES = (
    (r"/api/server/v1/identity-governance/preferences", "POST", LOGIN),
    (r"/api/server/v1/identity-governance.*", "GET", principal.GOVERNANCE_VIEW),
    (r"/api/server/v1/identity-governance.*", "PATCH|POST", principal.GOVERNANCE_UPDATE),
    (r"/api/server/v1/claim-dialects.*", "GET", principal.CLAIM_VIEW),
    (r"/api/server/v1/claim-dialects/local/claims.*", "PUT|POST|DELETE", principal.CLAIM_UPDATE),
    (r"/api/server/v1/userstores.*", "GET", principal.STORE_VIEW),
    (r"/api/server/v1/userstores.*", "POST", principal.STORE_CREATE),
    (r"/api/server/v1/userstores.*", "PUT|PATCH", principal.STORE_UPDATE),
    (r"/api/server/v1/userstores.*", "DELETE", principal.STORE_DELETE),
    (r"/api/server/v[12]/notification-senders/.*", "GET", principal.SENDER_VIEW),
    (r"/api/server/v[12]/notification-senders/.*", "POST", principal.SENDER_CREATE),
    (r"/api/server/v[12]/notification-senders/.*", "PUT", principal.SENDER_UPDATE),
    (r"/api/server/v[12]/notification-senders/.*", "DELETE", principal.SENDER_DELETE),
    (r"/api/server/v[12]/(?:notification/)?email/template-types.*", "GET", principal.EMAIL_TEMPLATE_VIEW),
    (r"/api/server/v[12]/(?:notification/)?email/template-types.*", "POST", principal.EMAIL_TEMPLATE_CREATE),
    (r"/api/server/v[12]/(?:notification/)?email/template-types.*", "PUT", principal.EMAIL_TEMPLATE_UPDATE),
    (r"/api/server/v[12]/(?:notification/)?email/template-types.*", "DELETE", principal.EMAIL_TEMPLATE_DELETE),
    (r"/api/server/v1/tenants.*", "GET", principal.TENANT_VIEW),
    (r"/api/server/v1/tenants", "POST", principal.TENANT_CREATE),
    (r"/api/server/v1/tenants/{tenant_id}/lifecycle-status", "PUT", principal.TENANT_UPDATE),
    (r"/api/server/v1/tenants/{tenant_id}/metadata", "DELETE", principal.TENANT_DELETE),
    (r"/api/server/v1/notification/sms/template-types.*", "GET", principal.TEMPLATE_VIEW),
    (r"/api/server/v1/notification/sms/template-types.*", "POST", principal.TEMPLATE_CREATE),
    (r"/api/server/v1/notification/sms/template-types.*", "PUT", principal.TEMPLATE_UPDATE),
    (r"/api/server/v1/notification/sms/template-types.*", "DELETE", principal.TEMPLATE_DELETE),
    (r"/api/identity/user/v1.0/me.*", "GET|POST", None),
    (r"/api/identity/user/v1.0/introspect-code", "POST", principal.CODE_VIEW),
    (r"/api/identity/user/v1.0/.*", "POST", principal.CODE_CREATE),
    (r"/api/identity/recovery/v0.9/.*", "POST", principal.RECOVERY_CREATE),
    (r"/api/identity/recovery/v0.9/.*", "GET", principal.RECOVERY_VIEW),
    (r"/api/users/v[12]/recovery/.*", "POST", principal.USER_RECOVERY),
    (r"/api/users/v1/offline-invite-link", "POST", principal.OFFLINE_INVITE),
    (r"/api/users/v1/me/change-password", "POST", principal.OWN_PASSWORD),
    (r"/api/users/v1/{user}/invitations", "GET", principal.USER_VIEW),
    (r"/api/users/v1/{user}/invitations", "POST|PATCH", principal.CODE_CREATE),
    (r"/api/users/v1/{user}/invitations", "DELETE", principal.CODE_DELETE),
    (r"/api/users/v1/{user}/password-reset", "POST", principal.CODE_CREATE),
    (r"/openapi.json", "GET", OPEN),
)
"""The scope map of the reference (4.0) and of Housekey's own routes: path, methods, scope. The first that fits counts."""


def _name(item: Route) -> str:
    return f"{item.method} {item.path}"


def _ask(rest: Rest, item: Route, body: object = b"{}") -> Any:
    return rest.send(item.method, re.sub(r"{\w+}", "x", item.path), b"" if item.body is None else body)


# --- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", ROUTES, ids=_name)
def test_every_route_asks_for_the_scope_of_the_reference(item: Route) -> None:
    wanted = [scope for path, methods, scope in SCOPES if re.fullmatch(path, item.path) and item.method in methods.split("|")]
    assert wanted, "a route that the map does not know"
    assert item.scope == wanted[0]


@pytest.mark.parametrize("item", CLOSED, ids=_name)
def test_nobody_gets_in_without_credentials(world: World, item: Route) -> None:
    answer = _ask(Rest(), item)
    problem = answer.problem(401)
    assert (problem["code"], problem["message"]) == (401, "Unauthorized")
    assert problem["description"] == "Authorization failure. Authorization information was invalid or missing from your request."
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize("item", SCOPED, ids=_name)
def test_another_scope_does_not_open_it(world: World, item: Route) -> None:
    assert item.scope is not None
    every = sorted(principal.ADMINISTRATOR_PERMISSIONS - {item.scope, principal.CONSOLE, principal.OWN_PASSWORD})
    problem = _ask(holder(world, *every), item).problem(403)
    assert (problem["code"], problem["message"]) == (403, "Forbidden")
    assert problem["description"].startswith("Operation is not permitted. You do not have permissions to make this request.")
    assert item.scope in problem["description"]


@pytest.mark.parametrize("item", SCOPED, ids=_name)
def test_the_right_scope_opens_it(world: World, item: Route) -> None:
    """Far enough that something else decides what comes of it."""
    assert item.scope is not None
    assert _ask(holder(world, item.scope), item).status not in {401, 403, 404 if "{" not in item.path else 0, 500}


@pytest.mark.parametrize("item", CLOSED, ids=_name)
def test_another_tenants_token_is_as_good_as_none(world: World, item: Route) -> None:
    """A-136"""
    other = other_world(world)
    stranger = holder(other, *sorted(principal.ADMINISTRATOR_PERMISSIONS - {principal.CONSOLE, principal.OWN_PASSWORD}))
    _ask(stranger, item).problem(401)
    stranger.prefix = "/t/carbon.super"
    _ask(stranger, item).problem(401)


def test_a_session_cookie_opens_nothing(world: World, guest: Any) -> None:
    """A-068"""
    world.add("jane")
    rest = Rest()
    signed_in = world.sign_in("admin", "admin")
    rest.client.cookies["__Host-session"] = rest.client.cookies["session"] = signed_in.token
    rest.get(ROOT).problem(401)
    rest.patch(INVITE, {"properties": []}).problem(401)


def test_no_origin_may_read_an_answer(world: World) -> None:
    """A-069"""
    for origin in ("https://evil.example", "null", world.house.config.base_url + ".evil.example"):
        answer = administrator().send("GET", ROOT, headers={"Origin": origin})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_wrong_passwords_are_throttled_like_any_sign_in(world: World) -> None:
    """A-040"""
    rest = Rest(basic("admin", "wrong"))
    answers = [rest.get(ROOT) for _ in range(30)]
    assert {answer.status for answer in answers} == {401, 429}
    last = answers[-1]
    assert last.problem(429)["message"] == "Too Many Requests"
    assert int(last.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic Og==", "Bearer", "Bearer x", "Digest x", "Basic " + "A" * 5000, "\x7f", "é"]
)
def test_a_header_that_proves_nothing_is_401(world: World, header: str) -> None:
    Rest(header).get(ROOT).problem(401)


def test_a_wrong_bearer_is_told_apart_from_a_weak_one(world: World) -> None:
    """RFC 6750 section 3"""
    assert 'error="invalid_token"' in Rest("Bearer " + "x" * 43).get(ROOT).headers["WWW-Authenticate"]
    weak = holder(world, LOGIN).get(ROOT)
    assert f'error="insufficient_scope", scope="{GOVERNANCE_VIEW}"' in weak.headers["WWW-Authenticate"]


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/server/v1", "/api/server/v1/claim-dialects/x/y/z", "/api/%00"])
def test_an_address_nobody_owns_is_404_as_json(world: World, path: str) -> None:
    assert administrator().get(path).problem(404)["code"] == 404
    assert administrator("/t/carbon.super").get(path).problem(404)


def test_a_wrong_method_is_told_which_ones_there_are(world: World) -> None:
    answer = administrator().send("DELETE", INVITE)
    assert answer.problem(405)["code"] == 405
    assert answer.headers["Allow"] == "GET, HEAD, PATCH"
    assert administrator().send("BREW", INVITE).headers["Allow"] == "GET, HEAD, PATCH"


def test_head_is_get_without_a_body(world: World) -> None:
    answer = administrator().send("HEAD", ROOT)
    assert (answer.status, answer.text) == (200, "")


def test_an_unknown_tenant_is_404_in_wso2s_words(world: World) -> None:
    answer = administrator("/t/nowhere.example").get(ROOT)
    assert answer.status == 404
    assert answer.body["description"] == "nowhere.example is an invalid tenant domain."


@pytest.mark.parametrize("query", ["?x=%00", "?x=%ff", "?" + "&".join("x=1" for _ in range(500))])
def test_a_hostile_query_is_no_failure_of_the_server(world: World, query: str) -> None:
    assert administrator().get(ROOT + query).status in {200, 400}


# --- bodies ---------------------------------------------------------------------------------------------------------

HOSTILE: tuple[tuple[str, bytes, str], ...] = (
    ("nothing", b"", "There is no body"),
    ("not JSON", b"properties=x", "not JSON"),
    ("cut off", b'{"properties": [', "not JSON"),
    ("two documents", b'{"properties": []}{}', "not JSON"),
    ("a list", b"[]", "an object"),
    ("a text", b'"x"', "an object"),
    ("a number", b"1", "an object"),
    ("null", b"null", "an object"),
    ("not UTF-8", b'{"properties": [], "x": "\xff"}', "not JSON"),
    ("UTF-16", '{"properties": []}'.encode("utf-16"), "not JSON"),
    ("NaN", b'{"properties": [{"name": "x", "value": NaN}]}', "not JSON"),
    ("Infinity", b'{"properties": [{"name": "x", "value": -Infinity}]}', "not JSON"),
    ("an endless number", b'{"properties": [{"name": "x", "value": 1e999}]}', "out of range"),
    ("many digits", b'{"properties": [{"name": "x", "value": ' + b"9" * 5000 + b"}]}", "out of range"),
    ("half a character", b'{"properties": [{"name": "\\ud800", "value": "x"}]}', "not JSON"),
    ("NUL in a value", b'{"properties": [{"name": "x", "value": "\\u0000"}]}', "cannot be stored"),
    ("NUL in a key", b'{"properties": [], "\\u0000": 1}', "cannot be stored"),
    ("nested objects", b'{"a":' * 100_000, "too deeply"),
    ("nested lists", b'{"properties": ' + b"[" * 100 + b"]" * 100 + b"}", "too deeply"),
    ("many values", b'{"properties": [' + b"0," * 30_000 + b"0]}", "too many values"),
    ("a wrong type", b'{"properties": {}}', "properties: expected a list, not an object"),
    ("a wrong type inside", b'{"properties": [{"name": 1, "value": "x"}]}', "properties[0].name: expected a text, not a whole number"),
    ("a missing key", b"{}", "properties is missing"),
    ("null for a key", b'{"properties": null}', "properties is missing"),
    ("a long name", json.dumps({"properties": [{"name": "x" * 500, "value": ""}]}).encode(), "properties[0].name"),
)


@pytest.mark.parametrize(("body", "word"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_broken_body_is_400_and_says_where(world: World, body: bytes, word: str) -> None:
    problem = administrator().send("PATCH", INVITE, body).problem(400)
    assert (problem["code"], problem["message"]) == (400, "Bad Request")
    assert problem["description"].startswith("Your client has issued a malformed or illegal request.")
    assert word in problem["description"]


def test_more_than_is_read_may_stand_in_a_body(world: World) -> None:
    body: dict[str, Any] = {"operation": "UPDATE", "properties": [], "extra": {"a": [1, None]}, "x": None}
    assert administrator().patch(INVITE, body).status == 200


def test_the_last_of_equal_keys_counts(world: World) -> None:
    assert administrator().send("PATCH", INVITE, b'{"properties": 1, "properties": []}').status == 200


def test_a_byte_order_mark_is_passed_over(world: World) -> None:
    assert administrator().send("PATCH", INVITE, b'\xef\xbb\xbf{"properties": []}').status == 200


@pytest.mark.parametrize(("content_type", "status"), [
    ("application/json", 200), ("application/json; charset=UTF-8", 200), ("APPLICATION/JSON", 200), ("application/merge-patch+json", 200),
    ("", 200), ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415),
    ("application/json-seq", 415), ("text/json/x", 415),
])
def test_only_json_is_taken(world: World, content_type: str, status: int) -> None:
    """A-068: a form of another site can send none of the types taken."""
    answer = administrator().send("PATCH", INVITE, b'{"properties": []}', content_type=content_type)
    assert answer.status == status
    if status == 415:
        assert "application/json" in answer.problem(415)["description"]


def test_a_body_over_the_limit_is_413(world: World) -> None:
    body = b'{"properties": [], "x": "' + b"x" * world.house.config.limits.body + b'"}'
    assert "bytes" in administrator().send("PATCH", INVITE, body).problem(413)["description"]


# --- refusals -------------------------------------------------------------------------------------------------------


def test_the_trace_of_a_refusal_stands_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="housekey.api"):
        traces = [administrator().get(f"{ROOT}/nothing").problem(404)["traceId"] for _ in range(2)]
    assert all(trace in caplog.text for trace in traces)
    assert len(set(traces)) == 2


def test_a_database_that_is_away_is_503_as_json(world: World) -> None:
    rest = holder(world, GOVERNANCE_VIEW)
    with connection.execute_wrapper(_failing("setting", OperationalError("away"))):
        answer = rest.get(INVITE)
    assert answer.problem(503)["message"] == "Service Unavailable"
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_failure_of_the_server_tells_its_trace_and_nothing_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    rest = holder(world, GOVERNANCE_VIEW)
    with connection.execute_wrapper(_failing("setting", RuntimeError("a secret of the inside"))):
        answer = rest.get(INVITE)
    assert answer.problem(500)["traceId"] in caplog.text
    assert "secret" not in answer.text


def _failing(part: str, error: Exception) -> Any:
    """A database that fails at statements that name `part`."""

    def execute(run: Any, sql: str, *rest: Any) -> Any:
        if part in sql:
            raise error
        return run(sql, *rest)

    return execute


def test_nothing_of_an_answer_may_be_kept(world: World) -> None:
    answer = administrator().get(ROOT)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
