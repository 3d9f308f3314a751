"""A person at a browser without JavaScript: follows links and redirects, fills in the forms as they stand on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx2

from tests.support.served import Served


@dataclass
class Form:
    """One form of a page: where it goes and what its fields hold."""

    id: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = self._area = ""

    def handle_data(self, data: str) -> None:
        """A text area's text, and the text of a list's first option, which is its value as long as nothing else says so."""
        if self._area:
            self.forms[-1].fields[self._area] += data
        elif self._select and data.strip():
            self.forms[-1].fields.setdefault(self._select, data.strip())

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select
        self._area = "" if tag == "textarea" else self._area

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("id", ""), given.get("action", "")))
        elif tag == "select" and self.forms:
            self._select = given.get("name", "")
        elif tag == "option" and self._select and "value" in given:
            if "selected" in given:
                self.forms[-1].fields[self._select] = given["value"]
            self.forms[-1].fields.setdefault(self._select, given["value"])
        elif tag == "textarea" and self.forms and given.get("name"):
            self._area = given["name"]
            self.forms[-1].fields[self._area] = ""
        elif tag == "input" and self.forms and given.get("name"):
            choice = given.get("type") in {"radio", "checkbox"}
            if not choice or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "on" if choice else "")


class Person:
    """`page` is the last answer they got."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.client = httpx2.Client(verify=served.tls(), follow_redirects=True, timeout=30)
        self.page: httpx2.Response = self.client.get(served.url + "/healthz")

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: Any) -> None:
        self.client.close()

    def open(self, address: str) -> httpx2.Response:
        self.page = self.client.get(urljoin(self.served.url + "/", address))
        return self.page

    def form(self, part: str) -> Form:
        """The form whose id is `part`, else the first whose id or address contains it; a form without an address goes where the page is."""
        parser = _Forms()
        parser.feed(self.page.text)
        alike = [form for form in parser.forms if part in form.id or part in (form.action or str(self.page.url))]
        found = next((form for form in alike if form.id == part), next(iter(alike), None))
        assert found is not None, f"no form {part!r} on {self.page.url} ({self.page.status_code})"
        return found

    def submit(self, part: str, fields: dict[str, str] | None = None) -> httpx2.Response:
        """Fill `fields` into the form and send it with everything else it holds."""
        form = self.form(part)
        self.page = self.client.post(urljoin(str(self.page.url), form.action), data=form.fields | (fields or {}))
        return self.page

    def sign_in(self, username: str, password: str) -> httpx2.Response:
        self.open("/authenticationendpoint/login.do")
        return self.submit("login", {"username": username, "password": password})


def link_in(message: EmailMessage) -> str:
    """The link of the HTML part, as a scraper takes it: the first `<a href>`."""
    part = message.get_body(("html",))
    assert part is not None
    found = re.search(r'<a [^>]*href="([^"]+)"', part.get_content())
    assert found
    return found[1].replace("&amp;", "&")
