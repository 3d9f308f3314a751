"""Applications that nobody here wrote sign people in, in a real Chromium: sign-in, refresh, sign-out, and the two jobs of this house,
the first password and the forced new one, from each of them and back into it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.test_seed_002 import PASSWORD, sign_in
from tests.clients.apps import App, OidcClientTs, OpenIdClient
from tests.clients.conftest import running
from tests.stories.test_seed_000 import eventually
from tests.support import codes
from tests.support.person import link_in
from tests.support.served import Served, as_json
from tests.support.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.serve, pytest.mark.slow, pytest.mark.once]

SECOND = "copper-meadow-92"
SCHEMA = "urn:scim:wso2:schema"
_numbers = itertools.count(1)


class Jane:
    """Somebody new with a browser of her own; everybody has another name, since all tests share a server."""

    def __init__(self, server: Served, relay: Sink, context: BrowserContext, *, invited: bool = False) -> None:
        self.server, self.relay, self.context = server, relay, context
        self.name = f"jane{next(_numbers)}"
        self.address = f"{self.name}@pickup.example.com"
        self.basket = f"pears-{self.name}"
        self.password = "" if invited else PASSWORD
        how = {SCHEMA: {"askPassword": True}} if invited else {"password": PASSWORD}
        codes.add(server, self.name, emails=[{"value": self.address, "primary": True}], **how)
        self.page = context.new_page()

    def mail(self) -> str:
        """The newest message to her, as the link or the code it brings."""
        sent = eventually(lambda: [one for one in self.relay.messages if self.address in one.recipients], "the mail arrives")[-1].message
        return link_in(sent) if self.password else codes.in_mail(sent)

    def heads_for(self, app: App) -> None:
        """She opens the application with something in her basket and asks to sign in."""
        self.page.goto(app.opened_with(self.basket))
        self.page.locator("#sign-in").click()
        expect(self.page.locator("[name=password]")).to_be_visible()

    def signs_in_to(self, app: App) -> None:
        self.heads_for(app)
        sign_in(self.page, self.name, self.password)
        self.is_in(app)

    def is_in(self, app: App) -> None:
        """She is back in the application, it knows her, and her basket is what it was."""
        expect(self.page.locator("#user:visible, #error:visible")).to_have_text(self.name)
        expect(self.page.locator("#state")).to_have_text(self.basket)
        assert self.page.url.startswith(app.url), self.page.url

    def chooses(self, password: str) -> None:
        """On the form for a new password, and from there to the sign-in."""
        self.page.locator("[name=reset-password]").fill(password)
        self.page.locator("[name=reset-password2]").fill(password)
        self.page.get_by_role("button", name="Submit").click()
        expect(self.page.locator("body")).to_contain_text("Successfully")
        self.password = password
        self.page.get_by_role("link", name="Continue to").click()
        sign_in(self.page, self.name, self.password)

    def opens_the_mail(self) -> None:
        """In another tab of the same browser, as web mail does."""
        link = self.mail()
        self.page = self.context.new_page()
        self.page.goto(link)


@pytest.fixture
def newcomer(server: Served, relay: Sink, new_context_of: Callable[..., BrowserContext]) -> Callable[..., Jane]:
    """`newcomer(invited=True)`: somebody nobody has met."""
    return lambda **more: Jane(server, relay, new_context_of(), **more)


def force(server: Served, jane: Jane) -> None:
    """An administrator's program demands a new password."""
    with httpx2.Client(base_url=f"{server.url}/scim2", auth=("admin", "admin"), verify=server.tls(), timeout=30) as program:
        [found] = program.get("/Users", params={"filter": f'userName eq "{jane.name}"'}).json()["Resources"]
        change = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                  "Operations": [{"op": "replace", "path": f"{SCHEMA}:forcePasswordReset", "value": True}]}
        answer = program.patch(f"/Users/{found['id']}", json=change, headers={"Content-Type": "application/scim+json"})
    assert answer.status_code == 200, answer.text


def test_a_person_is_signed_in_with_her_state_intact_and_stays_by_refreshing(
    server: Served, app: App, newcomer: Callable[..., Jane]
) -> None:
    jane = newcomer()
    jane.signs_in_to(app)
    first = jane.page.locator("#token").inner_text()
    jane.page.locator("#refresh").click()
    expect(jane.page.locator("#token")).not_to_have_text(first)
    jane.is_in(app)
    token = jane.page.locator("#token").inner_text()
    claims = httpx2.get(f"{server.url}/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"}, verify=server.tls(), timeout=30)
    assert (claims.status_code, claims.json()["sub"]) == (200, jane.page.locator("#sub").inner_text())


def test_signing_out_of_the_application_signs_her_out_here_too(server: Served, app: App, newcomer: Callable[..., Jane]) -> None:
    jane = newcomer()
    jane.signs_in_to(app)
    jane.page.locator("#sign-out").click()
    if not app.hints:
        jane.page.get_by_role("button", name="Sign Out").click()
    expect(jane.page.locator("#signed-out")).to_be_visible()
    assert jane.page.url.startswith(app.post_logout_redirect_uri)
    jane.page.goto(app.url)
    expect(jane.page.locator("#sign-in")).to_be_visible()
    jane.page.goto(f"{server.url}/myaccount/")
    expect(jane.page.locator("[name=password]")).to_be_visible()


def test_an_invited_person_types_her_code_at_sign_in_and_ends_in_the_application(app: App, newcomer: Callable[..., Jane]) -> None:
    jane = newcomer(invited=True)
    jane.heads_for(app)
    sign_in(jane.page, jane.name, jane.mail())
    jane.chooses(PASSWORD)
    jane.is_in(app)


def test_the_link_of_a_forced_reset_ends_in_the_application(server: Served, app: App, newcomer: Callable[..., Jane]) -> None:
    jane = newcomer()
    force(server, jane)
    jane.heads_for(app)
    sign_in(jane.page, jane.name, PASSWORD)
    expect(jane.page.locator("body")).to_contain_text("Login failed")
    jane.opens_the_mail()
    jane.chooses(SECOND)
    jane.is_in(app)


def test_forgot_password_from_its_sign_in_ends_in_the_application(app: App, newcomer: Callable[..., Jane]) -> None:
    jane = newcomer()
    jane.heads_for(app)
    jane.page.get_by_role("link", name="Forgot password?").click()
    jane.page.get_by_label("Username").fill(jane.name)
    jane.page.get_by_label("Username").press("Enter")
    expect(jane.page.get_by_role("heading", level=1)).to_have_text("Check Your Email")
    jane.opens_the_mail()
    jane.chooses(SECOND)
    jane.is_in(app)


def test_a_forced_reset_signs_her_out_of_the_application(server: Served, told: App, newcomer: Callable[..., Jane]) -> None:
    jane = newcomer()
    jane.signs_in_to(told)
    jane.page.goto(told.url)
    expect(jane.page.locator("#user")).to_have_text(jane.name)
    force(server, jane)
    eventually(lambda: jane.page.goto(told.url) and jane.page.locator("#sign-in").count(), "the application was told")
    assert jane.page.url == told.url


@pytest.fixture
def another(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    yield from running(OidcClientTs(tmp_path_factory.mktemp("another")), server)


def test_one_sign_in_opens_two_applications_and_one_sign_out_leaves_both(told: App, another: App, newcomer: Callable[..., Jane]) -> None:
    jane = newcomer()
    jane.signs_in_to(told)
    jane.page.goto(another.opened_with(jane.basket))
    jane.page.locator("#sign-in").click()
    jane.is_in(another)
    jane.page.locator("#sign-out").click()
    expect(jane.page.locator("#signed-out")).to_be_visible()
    eventually(lambda: jane.page.goto(told.url) and jane.page.locator("#sign-in").count(), "the other application was told")


def test_an_application_of_a_second_tenant_knows_that_tenants_people(
    server: Served, new_context_of: Callable[..., BrowserContext], tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = as_json(server.command("tenant", "add", "acme.example", "--name", "Acme", "--admin", "sam", "--json"))["link"]
    for app in running(OpenIdClient(tmp_path_factory.mktemp("acme")), server, tenant="acme.example"):
        page = new_context_of().new_page()
        page.goto(app.opened_with("plums"))
        page.locator("#sign-in").click()
        expect(page.locator("[name=password]")).to_be_visible()
        assert page.url.startswith(f"{server.url}/t/acme.example/")
        page.goto(link)
        page.locator("[name=reset-password]").fill(PASSWORD)
        page.locator("[name=reset-password2]").fill(PASSWORD)
        page.get_by_role("button", name="Submit").click()
        page.get_by_role("link", name="Continue to").click()
        sign_in(page, "sam", PASSWORD)
        expect(page.locator("#user:visible, #error:visible")).to_have_text("sam")
        expect(page.locator("#state")).to_have_text("plums")


@pytest.fixture
def asking(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An application that is not of the house: people are asked."""
    yield from running(OpenIdClient(tmp_path_factory.mktemp("asking")), server, consent=True)


def test_an_application_learns_nothing_before_she_agrees(asking: App, newcomer: Callable[..., Jane]) -> None:
    jane = newcomer()
    jane.heads_for(asking)
    sign_in(jane.page, jane.name, jane.password)
    expect(jane.page.locator("main")).to_contain_text(asking.name)
    jane.page.get_by_role("button", name="Do not allow").click()
    expect(jane.page.locator("#error")).to_have_text("access_denied")
    jane.page.goto(asking.opened_with(jane.basket))
    jane.page.locator("#sign-in").click()
    jane.page.get_by_role("button", name="Allow", exact=True).click()
    jane.is_in(asking)
