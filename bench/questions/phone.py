"""From the mail to “done” on a phone: a scripted person who reads, types on glass and taps, in a real Chromium of a phone's size.

The person's own time is part of the figure, by the rates below; `PHONE_PICTURES=DIRECTORY` keeps a picture of each step.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

from bench import client
from bench.figures import Line, Spread, at_most, told
from bench.load import once
from bench.process import housekey
from bench.room import Room

if TYPE_CHECKING:
    from playwright.sync_api import Page

READING = 238 / 60
"""Words a second of an adult who reads English in silence (Brysbaert 2019). Of the mail what stands above the button is read, of a page
every second word."""
TYPING = 36 / 60 * 5
"""Characters a second with two thumbs (36 words a minute: Palin et al. 2019)."""
TAP = 1.0
"""Seconds to find a button and to hit it."""
MOST, PAGES = 30.0, 2
PASSWORD = "amber-lamp-7"


def ask(room: Room) -> list[Line]:
    """Twice: she types the password two times, and her phone suggests one, which fills both fields at a tap."""
    home = room.new("phone") / "ours"
    lines: list[Line] = []
    with housekey(home, client.CONFIG) as server:
        for way, typed in (("password typed twice", True), ("password from the phone's manager", False)):
            walks: list[tuple[float, float, float]] = []
            for number in range(room.runs):
                name = f"walker{number}{'typed' if typed else 'suggested'}"
                made = once(server.port, client.create(client.BASIC, invite=True)(name))
                assert client.created(made), made.body
                walks.append(_walk(server.port, _mail(home, name), typed=typed))
            spent, waited, pages = (Spread(figures) for figures in zip(*walks, strict=True))
            lines += [at_most(f"phone, {way}: from the open mail to “Password Set Successfully”", MOST, spent, "s"),
                      told("of that, waiting for server and browser", waited, "s"),
                      at_most("pages between the mail and the end, that one included", PAGES, pages, "pages")]
    return lines


def _mail(home: Path, name: str) -> str:
    """The HTML of an invitation, once it is there."""
    deadline = time.monotonic() + 10
    while not (files := list((home / "mail").glob(f"*{name}*.eml"))):
        assert time.monotonic() < deadline, "the invitation does not arrive"
        time.sleep(0.05)
    part = message_from_bytes(files[0].read_bytes(), policy=policy.default).get_body(("html",))
    assert part is not None
    return str(part.get_content())


class Person:
    """Somebody with a clock: `waited` are the seconds in which the machine was at work, and not they."""

    def __init__(self) -> None:
        self.began, self.waited = time.perf_counter(), 0.0

    def read(self, text: str, share: float = 1.0) -> None:
        time.sleep(len(text.split()) * share / READING)

    def tap(self, act: Callable[[], object]) -> None:
        time.sleep(TAP)
        began = time.perf_counter()
        act()
        self.waited += time.perf_counter() - began

    @property
    def spent(self) -> float:
        return time.perf_counter() - self.began


def _walk(port: int, mail: str, *, typed: bool) -> tuple[float, float, float]:
    """Seconds in all, seconds of them that the machine took, and pages seen after the mail."""
    with _phone() as page:
        pages: list[str] = []
        folder = os.environ.get("PHONE_PICTURES", "")

        def keep(name: str) -> None:
            if folder:
                page.screenshot(path=Path(folder) / f"phone-{name}.png")

        def shown(answered: Page) -> None:
            if str(port) in answered.url:
                pages.append(answered.url)

        page.set_content(mail)
        page.on("load", shown)
        keep("1-mail")
        person = Person()
        person.read(page.inner_text("body").partition(page.locator("a").first.inner_text())[0])
        link = re.search(r'<a [^>]*href="([^"]+)"', mail)
        assert link
        person.tap(lambda: page.goto(link[1].replace("&amp;", "&"), wait_until="load"))
        keep("2-password")
        person.read(page.inner_text("main"), share=0.5)
        _choose(page, person, typed=typed)
        person.tap(lambda: page.locator("form button.primary").first.click())
        page.get_by_text("Password Set Successfully").first.wait_for()
        spent = person.spent
        keep("3-done")
        return spent, person.waited, float(len(pages))


def _choose(page: Page, person: Person, *, typed: bool) -> None:
    fields = [page.locator(f"[name={name}]") for name in ("reset-password", "reset-password2")]
    if not typed:
        person.tap(lambda: fields[0].fill(PASSWORD))
        fields[1].fill(PASSWORD)
        return
    for field in fields:
        person.tap(field.click)
        page.keyboard.type(PASSWORD, delay=1000 / TYPING)


@contextmanager
def _phone() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright  # only who asks this question needs a browser

    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 360, "height": 740}, device_scale_factor=2, has_touch=True, is_mobile=True, locale="en")
        page.set_default_timeout(10_000)
        yield page
        browser.close()
