"""Every page there is, found by following links and held against the URL table: none is missing, none has a barrier, none is a dead end."""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import UUID

import httpx2
import pytest
from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import BrowserContext, Page

from housekey.console.urls import urlpatterns as CONSOLE
from tests.browser.conftest import Camera
from tests.browser.test_accessibility import look
from tests.browser.test_seed_002 import sign_in
from tests.conftest import ServeFactory
from tests.stories.test_seed_000 import ADMIN
from tests.support.person import Person
from tests.support.served import Served, as_json

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once]

PASSWORD = "violet-harbour-41"
LONG = "Wolfeschlegelsteinhausenbergerdorff"
EACH, ALIKE, ENOUGH = 4, 2, 400
"""Addresses of one route that are opened, those of them that are looked at, and all that are opened together."""
ROOTS = ("/console/", "/myaccount/", "/authenticationendpoint/login.do", "/accountrecoveryendpoint/recoverpassword.do")
NOT_PAGES = re.compile(r"\.(?:csv|eml|css|svg|png)(?:\?|$)|/static/|/openapi|/api/|/logout|ui_locales=")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loads: set[str] = set()
        """What the browser fetches by itself, and scripts and styles inside the page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        fetched = {"src", "srcset", "poster", "data"} | ({"href"} if tag == "link" else set())
        self.loads |= {str(value) for name, value in attrs if name in fetched}
        self.loads |= {f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")}
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.loads.add(f"<{tag}>")
        if tag == "a" and given.get("href"):
            self.found.append(str(given["href"]))
        elif tag == "form" and (given.get("method") or "get").lower() == "get" and given.get("action") and "data-many" not in given:
            self.found.append(str(given["action"]))


@dataclass(frozen=True)
class Visited:
    """`pages`: addresses that show a page, below the server's; `routes`: how often each route of the URL table was met."""

    served: Served
    pages: tuple[str, ...]
    routes: Counter[str]
    broken: tuple[str, ...]
    loads: frozenset[str]
    policies: frozenset[str]

    @property
    def samples(self) -> list[str]:
        """Two pages of each route."""
        met: Counter[str] = Counter()
        found = []
        for address in self.pages:
            met[route(address)] += 1
            found += [address] if met[route(address)] <= ALIKE else []
        return found


@pytest.fixture(scope="module")
def visited(serve_once: ServeFactory) -> Iterator[Visited]:
    """A tenant with somebody in every state, gone through by an administrator."""
    served = serve_once(ADMIN)
    people(served)
    with Person(served) as admin:
        admin.sign_in("admin", "admin")
        prepare(admin)
        yield crawl(admin, agree(admin))


def people(served: Served) -> None:
    with httpx2.Client(base_url=f"{served.url}/scim2", auth=("admin", "admin"), verify=served.tls(), timeout=30) as scim:
        def add(user_name: str, /, **more: object) -> str:
            mails = [{"value": f"{user_name}@example.com", "primary": True}]
            answer = scim.post("/Users", json={"userName": user_name, "emails": mails, **more})
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        invited = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"askPassword": "true"}}
        ids = [add("tom", password=PASSWORD, name={"givenName": "Tom"}), add("jane", **invited), add("nobody-asked")]
        long = add(LONG.lower(), password=PASSWORD, name={"givenName": LONG, "familyName": LONG + LONG})
        locked = add("locked", password=PASSWORD)
        reset = add("reset", password=PASSWORD)
        disabled = add("disabled", password=PASSWORD, active=False)
        for user, change in ((locked, {"accountLocked": True}), (reset, {"forcePasswordReset": True})):
            scim.patch(f"/Users/{user}", json={"Operations": [{"op": "add", "value": {"urn:scim:wso2:schema": change}}]})
        members = [{"value": user} for user in (*ids, long, locked, reset, disabled)]
        assert scim.post("/Groups", json={"displayName": "Staff", "members": members}).status_code == 201
        assert scim.post("/Groups", json={"displayName": LONG}).status_code == 201


def prepare(admin: Person) -> None:
    """What only the console makes: a role, a client, an attribute, a job."""
    for place, fields in (
        ("roles/add", {"name": "desk"}), ("claims/add", {"name": "badge"}),
        ("clients/add?kind=program", {"name": "HR", "scopes": "internal_user_mgt_list"}),
        ("clients/add?kind=web", {"name": LONG, "redirect_uris": f"https://{LONG.lower()}.example/signed-in", "consent": "true"}),
        ("clients/add?kind=app", {"name": "Phone", "redirect_uris": "com.example.app:/signed-in"}),
        ("stores/add?kind=ldap", {"domain": "DEPOT", "ConnectionURL": "ldaps://localhost:1", "UserSearchBase": "dc=example"}),
        ("tenants/add", {"domain": "acme.example", "username": "boss", "mail": "boss@acme.example", "way": "mail"}),
        ("users/import", {"text": "username,emailaddress\nanna,anna@example.com\nanna,again@example.com\n"}),
    ):
        admin.open(f"/console/{place}")
        done = admin.submit(place, fields)
        assert done.status_code == 200
        assert 'role="alert"' not in done.text, done.text
    for place, text in (("email/AskPassword", "subject"), ("sms/askPasswordSMSOTP", "text")):
        admin.open(f"/console/templates/{place}/?locale=en")
        done = admin.submit("template", {text: "Staff: {{confirmation-code}}" if text == "text" else "Staff", "do": "save"})
        wrong = re.search(r'<[^>]*role="alert".*?</div>', done.text, re.DOTALL)
        assert wrong is None, wrong[0]


def agree(admin: Person) -> tuple[str, ...]:
    """Let an application know everything, and return the pages that applications lead to."""
    there = f"{admin.served.url}/myaccount/"
    opened = ("--access-url", "https://shop.example/")
    new = as_json(admin.served.command("client", "add", f"{LONG} Shop", "--redirect-uri", there, *opened, "--json"))
    asked = {"response_type": "code", "client_id": new["client_id"], "redirect_uri": there, "state": "x",
             "scope": "openid profile email phone groups roles offline_access"}
    address = f"/oauth2/authorize?{urlencode(asked)}"
    admin.open(address)
    assert admin.submit("consent", {"decision": "allow"}).url.path == "/myaccount/"
    again = urlencode({"next": address, "prompt": "login"})
    return f"{address}&prompt=consent", "/oidc/logout", f"/authenticationendpoint/login.do?{again}"


def crawl(admin: Person, more: tuple[str, ...] = ()) -> Visited:
    waiting = deque((*more, *ROOTS))
    seen: set[str] = set(waiting)
    routes: Counter[str] = Counter()
    pages: list[str] = []
    broken: list[str] = []
    loads: set[str] = set()
    policies: set[str] = set()
    while waiting and len(pages) < ENOUGH:
        address = waiting.popleft()
        name = route(address)
        if not name or routes[name] >= EACH:
            continue
        routes[name] += 1
        answer = admin.open(address)
        if answer.status_code != 200:
            broken.append(f"{address}: {answer.status_code}")
            continue
        pages.append(address)
        links = _Links()
        links.feed(answer.text)
        loads |= links.loads
        policies.add(answer.headers.get("Content-Security-Policy", "none"))
        for link in links.found:
            parts = urlsplit(urljoin(str(answer.url), link))
            there = parts.path + (f"?{parts.query}" if parts.query else "")
            ours = parts.netloc == urlsplit(admin.served.url).netloc
            if ours and there not in seen and not NOT_PAGES.search(there):
                seen.add(there)
                waiting.append(there)
    return Visited(admin.served, tuple(pages), routes, tuple(broken), frozenset(loads), frozenset(policies))


def route(address: str) -> str:
    """The name of the route in the URL table, `""` for an address that is none."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return ""
    name = match.url_name or ""
    return f"{name}:{match.kwargs['verb']}" if "verb" in match.kwargs else name


def console_routes() -> dict[str, str]:
    """Each route's name, and an address of it. Where it takes no GET, 405 comes before anything is looked up."""
    found = {}
    for item in CONSOLE:
        sample = {name: SAMPLES[type(converter).__name__] for name, converter in item.pattern.converters.items()}
        found[str(item.name)] = reverse(str(item.name), kwargs=sample)
    return found


SAMPLES: dict[str, object] = {"UUIDConverter": UUID(int=0), "SlugConverter": "none", "StringConverter": "none", "IntConverter": 0}


UNLINKED = {
    "console-many": "shows what was ticked in the list of users",
    "console-many-invitations": "shows what was ticked in the list of invitations",
    "console-many-messages": "shows what was ticked in the outbox",
    "console-job-progress": "the part of a job's page that is fetched while it runs",
    "console-stop-job": "only while a job runs",
    "console-import-sample": "a file", "console-job-result": "a file", "console-job-failed": "a file",
    "console-message-file": "a file", "console-audit-export": "a file",
    "console-design": "for whoever adds a page",
    "console-contrast": "the figures of colours, fetched while somebody types",
    "console-brand-preview": "shown in a frame", "console-brand-sheet": "a file",
    "console-reset-brand": "only where there is a brand",
    "console-check-username": "asked while a name is typed",
    "console-email-template-preview": "shown in a frame", "console-sms-template-preview": "shown in a frame",
    "console-revert-channel": "only where the tenant has a sender of its own",
    "console-reveal": "only where a code waits to be passed on",
    "console-search": "asked for by the field above every page",
}
"""Routes that no link leads to, and why."""


def test_every_route_of_the_console_can_be_reached_by_links(visited: Visited) -> None:
    met = {name.split(":")[0] for name in visited.routes}
    with Person(visited.served) as admin:
        admin.sign_in("admin", "admin")
        missing = {name for name, address in console_routes().items()
                   if name not in met and name not in UNLINKED and admin.open(address).status_code != 405}
    assert not missing, " ".join(sorted(missing))
    assert set(UNLINKED) <= set(console_routes())


def test_no_link_leads_nowhere(visited: Visited) -> None:
    assert not visited.broken


def test_nothing_is_loaded_from_elsewhere_and_no_policy_allows_it(visited: Visited) -> None:
    assert {load for load in visited.loads if not load.startswith("/") or load.startswith("//")} == set()
    assert visited.policies
    assert all(policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';") for policy in visited.policies)
    assert not [policy for policy in visited.policies if "unsafe" in policy]


LOOKS = [
    pytest.param({"width": 1280, "color_scheme": "light"}, "en", 1, 0, id="desktop-light"),
    pytest.param({"width": 360, "color_scheme": "dark"}, "en", 1, 0, id="phone-dark"),
    pytest.param({"width": 1280, "color_scheme": "dark"}, "ar-XB", 1, 1, id="right-to-left-dark"),
    pytest.param({"width": 1280, "color_scheme": "light"}, "de", 2, 1, id="german-large-text"),
]


@pytest.mark.parametrize(("options", "language", "text", "half"), LOOKS)
def test_no_page_has_a_barrier(
    visited: Visited, new_context_of: Callable[..., BrowserContext], camera: Camera, options: dict[str, object], language: str, text: int,
    half: int,
) -> None:
    """WCAG 2.2 AA by axe; nothing scrolls sideways; the content policy stops nothing. For time every page has two of the looks, a light
    and a dark one; with `LOOKS=full` all four."""
    page = new_context_of(**options).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if "Content Security Policy" in said.text else None)
    page.goto(f"{visited.served.url}/authenticationendpoint/login.do?ui_locales={language}")
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill("admin")
    page.locator("form button.primary").click()
    page.wait_for_url("**/myaccount/**")
    if text != 1:
        page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ document.documentElement.style.fontSize = '{text * 100}%' }})")
    samples = visited.samples if os.environ.get("LOOKS") == "full" else visited.samples[half::2]
    found = [problem for address in samples for problem in look(page, visited.served.url + address, camera)]
    assert not found, "\n".join(found)
    assert not complaints, "\n".join(complaints)


def test_a_page_weighs_at_most_sixty_kilobytes(visited: Visited) -> None:
    """Compressed, as it travels, with everything that it loads."""
    heavy = {}
    with httpx2.Client(verify=visited.served.tls(), timeout=30) as client, Person(visited.served) as admin:
        admin.sign_in("admin", "admin")
        sizes: dict[str, int] = {}

        def size(address: str, through: httpx2.Client) -> tuple[int, str]:
            with through.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
                raw = b"".join(answer.iter_raw())
            return len(raw), answer.headers.get("Content-Encoding", "")

        for path in visited.pages:
            weight, _ = size(visited.served.url + path, admin.client)
            for asset in set(re.findall(r'(?:href|src)="(/(?:static/|[^"]*brand)[^"]+)"', admin.open(path).text)):
                if asset not in sizes:
                    sizes[asset], _ = size(visited.served.url + asset, client)
                weight += sizes[asset]
            if weight > 60_000:
                heavy[path] = weight
    assert not heavy


def test_a_search_finds_pages_by_their_old_names_and_people(visited: Visited, new_context_of: Callable[..., BrowserContext]) -> None:
    """`/`, words, an arrow, Enter: nothing but the keyboard."""
    page = signed_in(visited.served, new_context_of)
    for words, place in (("Enable Password Reset via OTP", "/console/reset/"), ("Ask password code expiry", "/console/onboarding/"),
                         ("tom", "/console/users/")):
        page.goto(f"{visited.served.url}/console/")
        page.keyboard.press("/")
        page.keyboard.type(words)
        page.locator("#hits a").first.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{place}**")
        assert "/console/search" not in page.url


def test_single_keys_can_be_turned_off(visited: Visited, new_context_of: Callable[..., BrowserContext]) -> None:
    """WCAG 2.2, success criterion 2.1.4."""
    page = signed_in(visited.served, new_context_of)
    page.goto(f"{visited.served.url}/console/")
    page.keyboard.type("gu")
    page.wait_for_url("**/console/users/")
    page.goto(f"{visited.served.url}/console/shortcuts/")
    page.get_by_label("Use single keys in this browser").uncheck()
    page.get_by_role("button", name="Keep this choice").click()
    page.keyboard.type("gu")
    page.wait_for_timeout(300)
    assert page.url.endswith("/console/shortcuts/?done=keys")


def signed_in(served: Served, new_context_of: Callable[..., BrowserContext]) -> Page:
    page = new_context_of().new_page()
    page.goto(f"{served.url}/console/")
    sign_in(page, "admin", "admin")
    return page
