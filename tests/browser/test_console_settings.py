"""The walks through Login & Registration and User Attributes in a real browser, by the labels that the documentation prints."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Camera
from tests.browser.test_accessibility import look
from tests.browser.test_console_templates import enter
from tests.stories.test_seed_000 import ADMIN
from tests.support.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once]

WITH_HASH = r"^([a-zA-Z0-9_\.\-#])+\@(([a-zA-Z0-9#\-])+\.)+([a-zA-Z0-9#]{2,4})+$"


@pytest.mark.parametrize("width", [1280, 360])
def test_the_regular_expression_of_email_is_edited_as_printed(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int
) -> None:
    here = enter(serve(ADMIN), new_context_of(width=width, javascript=width > 360), "/console/claims/")
    here.get_by_role("link", name="Email", exact=True).click()
    here.get_by_label("Regular Expression").fill(WITH_HASH)
    here.get_by_label("Try a value").fill("abc#def@example.com")
    here.get_by_role("button", name="Try", exact=True).click()
    expect(here.get_by_text("matches", exact=True)).to_be_visible()
    here.get_by_text("How a pattern is written").click()
    if width > 360:
        assert look(here, "", camera) == []
    camera(here, "tried")
    here.get_by_role("button", name="Update").click()
    expect(here.get_by_text("The attribute was saved.")).to_be_visible()
    expect(here.get_by_label("Regular Expression")).to_have_value(WITH_HASH)
    camera(here, "saved")


@pytest.mark.parametrize("width", [1280, 360])
def test_every_form_is_a_click_away_and_keeps_what_is_set(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, width: int
) -> None:
    here = enter(serve(ADMIN), new_context_of(width=width), "/console/login-registration/")
    assert look(here, "", camera) == []
    here.get_by_role("main").get_by_role("link", name="Invite User to Set Password").click()
    here.get_by_label("Remind before an invitation expires").fill("120")
    here.get_by_role("button", name="Update").click()
    expect(here.get_by_text("The settings were saved.")).to_be_visible()
    expect(here.get_by_label("Remind before an invitation expires")).to_have_value("120")
    assert look(here, "", camera) == []
    here.get_by_role("button", name="Revert to: 0").click()
    expect(here.get_by_label("Remind before an invitation expires")).to_have_value("0")
