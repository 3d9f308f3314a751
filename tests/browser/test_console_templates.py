"""The editor of templates in a real browser: the preview follows what is typed, names go where the cursor is, nothing is in the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Camera
from tests.browser.test_accessibility import ANYBODY, look
from tests.browser.test_seed_002 import sign_in
from tests.stories.test_seed_000 import ADMIN
from tests.support.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once]

EDIT = "/console/templates/email/AskPassword/?locale=de"
PLACES = ("/console/templates/email/", "/console/templates/sms/", EDIT, "/console/templates/sms/askPasswordSMSOTP/")
COLOURED = '<p style="color:#123456">Hallo {{recipient-name}}</p><p><a href="{{link}}">Los</a></p>'


def enter(served: Served, context: BrowserContext, address: str) -> Page:
    here = context.new_page()
    here.goto(served.url + ANYBODY[0])
    sign_in(here, "admin", "admin")
    here.wait_for_url("**/myaccount/")
    here.goto(served.url + address)
    return here


def test_the_preview_follows_what_is_typed(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera
) -> None:
    here = enter(serve(ADMIN), new_context_of(), EDIT)
    frame = here.frame_locator("iframe[name=preview]")
    expect(frame.get_by_text("Legen Sie Ihr Passwort fest").first).to_be_visible()
    steps = here.evaluate("history.length")
    here.get_by_label("HTML", exact=True).fill(COLOURED)
    expect(frame.get_by_text("Hallo Alex")).to_have_css("color", "rgb(18, 52, 86)")
    here.get_by_label("Subject", exact=True).fill("Willkommen ")
    here.get_by_role("button", name="Insert {{user-name}}").click()
    expect(frame.get_by_text("Willkommen alex")).to_be_visible()
    assert here.evaluate("history.length") == steps, "Back leads to the page before"
    here.get_by_label("Plain text", exact=True).fill("")
    here.get_by_role("button", name="Show plain text").click()
    expect(frame.get_by_text("Los:")).to_be_visible()
    here.get_by_label("HTML", exact=True).fill(COLOURED + "<script>1</script>")
    expect(frame.get_by_text("This cannot be sent yet:")).to_be_visible()
    camera(here, "typed")
    here.get_by_role("button", name="Save", exact=True).click()
    expect(here.get_by_role("alert")).to_contain_text("<script> is not taken")
    expect(frame.get_by_text("This cannot be sent yet:")).to_be_visible()
    here.get_by_label("HTML", exact=True).fill(COLOURED)
    here.get_by_role("button", name="Save", exact=True).click()
    expect(here.get_by_text("The text was saved.")).to_be_visible()
    camera(here, "saved")


def test_the_editor_is_complete_without_javascript(serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext]) -> None:
    here = enter(serve(ADMIN), new_context_of(javascript=False), EDIT)
    here.get_by_label("HTML", exact=True).fill(COLOURED)
    here.get_by_role("button", name="Show", exact=True).click()
    expect(here.frame_locator("iframe[name=preview]").get_by_text("Hallo Alex")).to_be_visible()
    here.get_by_role("button", name="Save", exact=True).click()
    here.wait_for_url("**done=template-saved")


@pytest.mark.once
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_of_templates_has_a_barrier(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, scheme: str, width: int
) -> None:
    served = serve(ADMIN)
    here = enter(served, new_context_of(width=width, color_scheme=scheme), EDIT)
    complaints: list[str] = []
    here.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    found = [problem for address in PLACES for problem in look(here, served.url + address, camera)]
    here.goto(served.url + EDIT)
    here.get_by_label("HTML", exact=True).fill("<p>{{7*7}}<script></p>")
    here.get_by_role("button", name="Save", exact=True).click()
    found += look(here, "", camera)
    assert not found, "\n".join(found)
    assert not complaints
