"""A real Chromium. Screenshots are kept under test-artefacts/."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

RESULTS = Path(__file__).resolve().parents[2] / "test-artefacts"
Camera = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium; nothing is ever downloaded."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return browser_type_launch_args | {"executable_path": found, "args": quiet}


@pytest.fixture
def new_context_of(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Separate people with separate cookies: `new_context_of(width=360, javascript=False)`."""
    contexts: list[BrowserContext] = []

    def start(*, width: int = 1280, javascript: bool = True, **options: Any) -> BrowserContext:
        context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=javascript, ignore_https_errors=True,
                                      locale=options.pop("locale", "en"), **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def camera(request: pytest.FixtureRequest) -> Camera:
    """`camera(page, "name")` keeps a picture of the whole page."""
    folder = RESULTS / re.sub(r"[^\w.-]+", "-", request.node.name)
    folder.mkdir(parents=True, exist_ok=True)
    taken = iter(range(1, 1000))

    def take(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{next(taken):02}-{name}.png", full_page=True)

    return take


WIDE = 48 * 16
"""CSS pixels from which on the navigation stands beside the page (`console.css`)."""


def to(page: Page, name: str) -> None:
    """An entry of the console's navigation; on a phone it is behind the menu. The width decides: before its style has come, a page that
    is still loading shows the menu's button on a desktop, too."""
    if page.viewport_size is not None and page.viewport_size["width"] < WIDE:
        page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("navigation", name="Console").get_by_role("link", name=name, exact=True).click()
