"""Codes and refresh tokens used at the same moment, and sign-ins that end while an application asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from itertools import product

import pytest
from django.test import Client

from housekey.core.applications import Application
from housekey.core.users import Changes
from housekey.operations import clients, consents, sessions, users
from housekey.store.models import Consent, Grant, RefreshToken, Session, Token
from tests.doors.oauth.application import App, application, signed_in
from tests.doors.oauth.support import Answer
from tests.doors.pages.support import Browser
from tests.operations.support import World
from tests.support.at_once import at_once, with_own_connection

pytestmark = pytest.mark.postgres
SCOPE = "openid profile offline_access"
TRIES = 6
COMES_BACK = {"secret renewed", "consent withdrawn"}
"""After which she can begin anew: a code that nobody has used yet may be there."""


def code(app: App, browser: Browser) -> str:
    return app.answered(browser.get(app.address(scope=SCOPE)))["code"]


def together(*deeds: Callable[[], object]) -> list[object]:
    return [*at_once([with_own_connection(deed) for deed in deeds])]


def left(world: World) -> int:
    return sum(model.objects.within(world.tenant).count() for model in (Grant, Token, RefreshToken))


def twin(app: App) -> App:
    """The same application on another connection."""
    program = copy(app.program)
    program.client = Client(enforce_csrf_checks=True)
    return replace(app, program=program)


@pytest.mark.parametrize("public", [False, True])
def test_of_codes_and_refresh_tokens_used_at_once_one_is_answered_and_then_all_ends(world: World, public: bool) -> None:
    """R-OA-04, R-OA-06, A-168."""
    world.add()
    app, browser = application(world, public=public), signed_in()
    for _ in range(TRIES):
        given = code(app, browser)
        answers = together(*(partial(twin(app).exchange, given) for _ in range(5)))
        assert Counter(one.status for one in answers if isinstance(one, Answer)) == {200: 1, 400: 4}
        assert left(world) == 0
        token = app.exchange(code(app, browser)).body["refresh_token"]
        answers = together(*(partial(twin(app).refresh, token) for _ in range(5)))
        assert Counter(one.status for one in answers if isinstance(one, Answer)) == {200: 1, 400: 4}
        assert left(world) == 0


def _ends(world: World, app: App, name: str, who: str = "jane") -> Callable[[], object]:
    user = users.by_name(world.by, who)
    by = world.acting_as(who)
    session = Session.objects.within(world.tenant).filter(account_id=user.id).values_list("id", flat=True)[0]
    new = Application(redirect_uris=("https://app.example.com/new",), consent=False)
    found: dict[str, Callable[[], object]] = {
        "forced reset": partial(users.change, world.house, world.by, user.id, Changes(force_reset=True), world.now),
        "disabled": partial(users.change, world.house, world.by, user.id, Changes(disabled=True), world.now),
        "deleted": partial(users.delete, world.by, user.id, world.now),
        "consent withdrawn": partial(consents.withdraw, by, app.program.id, world.now),
        "client deleted": partial(clients.delete, world.by, app.program.id, world.now),
        "secret renewed": partial(clients.rotate, world.house, world.by, app.program.id, world.now),
        "address removed": partial(clients.set_application, world.by, app.program.id, new, world.now),
        "signed out": partial(sessions.sign_out, replace(by, session_id=session), world.now),
    }
    return found[name]


WAYS = ("forced reset", "disabled", "deleted", "consent withdrawn", "client deleted", "address removed")


@pytest.mark.parametrize(("name", "public"), [*product(WAYS, (False, True)), ("secret renewed", False)])
def test_whichever_is_first_no_token_outlives_what_ends_it(world: World, name: str, public: bool) -> None:
    """A-160: redeeming, refreshing and asking for a code meanwhile; nobody waits for somebody who waits for him."""
    for number in range(TRIES):
        world.add(f"jane{number}", mail=f"jane{number}@example.com")
        app = application(world, name=f"app{number}", public=public, backchannel_logout_uri="https://app.example.com/out")
        browser, second = signed_in(f"jane{number}"), signed_in(f"jane{number}")
        fresh, waiting = app.exchange(code(app, browser)).body["refresh_token"], code(app, browser)
        end, address = _ends(world, app, name, f"jane{number}"), app.address(scope=SCOPE)
        outcome = together(
            end, partial(twin(app).exchange, waiting), partial(twin(app).refresh, fresh), partial(second.get, address),
        )
        for one in outcome:
            assert not isinstance(one, Exception), (number, outcome)
        answers = [one for one in outcome if isinstance(one, Answer)]
        assert {one.status for one in answers} <= {200, 400, 401}, [one.body for one in answers]
        assert second.status in {302, 303, 400}, second.status
        assert Token.objects.within(world.tenant).count() == RefreshToken.objects.within(world.tenant).count() == 0
        assert name in COMES_BACK or left(world) == 0


def test_signing_out_ends_what_is_being_given(world: World) -> None:
    """A-164."""
    world.add()
    app = application(world, backchannel_logout_uri="https://app.example.com/out")
    for _ in range(TRIES):
        browser = signed_in()
        given = app.answered(browser.get(app.address()))["code"]
        outcome = together(_ends(world, app, "signed out"), partial(twin(app).exchange, given))
        assert not any(isinstance(one, Exception) for one in outcome), outcome
        assert left(world) == Session.objects.within(world.tenant).count() == 0


def test_everybody_of_one_application_is_signed_out_while_others_come(world: World) -> None:
    """A-160: many people, one client, whose secret is renewed meanwhile, twice; no deadlock."""
    people = [world.add(f"p{number}", mail=f"p{number}@example.com") for number in range(4)]
    app = application(world, backchannel_logout_uri="https://app.example.com/out")
    browsers = [signed_in(f"p{number}") for number in range(4)]
    for _ in range(TRIES):
        given = [code(app, browser) for browser in browsers]
        outcome = together(
            *(partial(twin(app).exchange, one) for one in given),
            partial(clients.rotate, world.house, world.by, app.program.id, world.now),
            *(partial(sessions.end_of, world.by, person.id, world.now) for person in people[:1]),
        )
        assert not any(isinstance(one, Exception) for one in outcome), outcome
        assert all(one.status in {200, 400, 401} for one in outcome if isinstance(one, Answer))
        assert Token.objects.within(world.tenant).count() == 0
        new = clients.rotate(world.house, world.by, app.program.id, world.now)
        app.program.secret = new.client_secret
        browsers[0] = signed_in("p0")
    assert Consent.objects.within(world.tenant).count() == 4
