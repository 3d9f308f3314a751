"""The console's single keys: each that the page of keys names does something on every page, for whom it is meant, unless turned off."""

from __future__ import annotations

import re

from housekey.core.principal import HELP_DESK
from housekey.web.shortcuts import KEYS
from tests.doors.pages.support import Browser
from tests.operations.support import PASSWORD, World

PAGE = "/console/shortcuts/"


def keys_of(page: str) -> set[str]:
    """What the script would find to press."""
    return set(re.findall(r'data-key="([^"]+)"', page))


def told(page: str) -> set[str]:
    """What the table names, such as `g u`."""
    return {" ".join(re.findall(r"<kbd>([^<]+)</kbd>", row)) for row in re.findall(r"<tr><td>.*?</td>", page)}


def test_every_key_that_is_named_is_there_to_be_pressed(guest: Browser) -> None:
    named = told(guest.get(PAGE).page)
    assert named == {"/", "?", *KEYS.values()}
    for page in ("/console/", "/console/jobs/", PAGE):
        assert keys_of(guest.get(page).page) == named


def test_nobody_is_offered_a_key_to_what_she_may_not_do(world: World) -> None:
    world.add("dora", role=HELP_DESK)
    dora = Browser().sign_in("dora", PASSWORD)
    named = told(dora.get(PAGE).page)
    assert keys_of(dora.page) == named
    assert "g u" in named
    assert not {"n", "m", "g s"} & named


def test_a_browser_that_wants_no_keys_has_none(guest: Browser) -> None:
    guest.get(PAGE)
    assert guest.post(PAGE, {"keys": "off"}).location.endswith("?done=keys")
    assert "data-keys" not in guest.follow().page
    assert not {"n", "m"} & keys_of(guest.page)
