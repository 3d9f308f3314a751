"""What no link leads to: refusals, mistakes, pages for anybody. axe finds nothing (WCAG 2.2 AA); nothing scrolls sideways; the CSP holds.

`test_every_page` goes through everything else.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Camera
from tests.browser.test_seed_002 import sign_in
from tests.stories.test_seed_000 import ADMIN
from tests.support.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ANYBODY = (
    "/authenticationendpoint/login.do",
    "/accountrecoveryendpoint/confirmrecovery.do?confirmation=none",
    "/nowhere",
    "/oauth2/authorize?client_id=none",
    "/t/nobody.example/myaccount/",
)
UNLINKED = ("/console/design/", "/console/search?q=password", "/console/search?q=nothing-is-called-so", "/logout",
            "/oidc/logout", "/oidc/logout?id_token_hint=none", "/myaccount/applications")
"""Pages that the walk over all links does not come to."""


@pytest.mark.once
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_has_a_barrier(
    serve: Callable[..., Served], new_context_of: Callable[..., BrowserContext], camera: Camera, scheme: str, width: int
) -> None:
    served = serve(ADMIN)
    page = new_context_of(width=width, color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    found = [problem for address in ANYBODY for problem in look(page, served.url + address, camera)]
    page.goto(served.url + ANYBODY[0])
    sign_in(page, "admin", "wrong")
    found += look(page, "", camera)
    sign_in(page, "admin", "admin")
    page.wait_for_url("**/myaccount/")
    found += [problem for address in UNLINKED for problem in look(page, served.url + address, camera)]
    page.goto(served.url + "/console/users/add")
    page.get_by_role("button", name="Finish").click()
    found += look(page, "", camera)
    assert not found, "\n".join(found)
    assert not complaints


def look(page: Page, address: str, camera: Camera) -> list[str]:
    """What is wrong with a page, one line each; `address` empty: the page as it is."""
    if address:
        page.goto(address)
    camera(page, page.url.split("?")[0].rstrip("/").rsplit("/", 1)[-1])
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}, "iframes": False})
    wrong = [f"{page.url}: {item['id']}: {item['nodes'][0]['html'][:120]}" for item in results.response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append(f"{page.url}: scrolls sideways")
    return wrong
