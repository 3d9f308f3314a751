"""Every request that docs/scim.md prints, sent in the order of the page."""

from __future__ import annotations

import re
import shlex
from typing import Any
from urllib.parse import quote, urlsplit

from housekey.core.custom import CustomAttribute
from housekey.operations import custom_attributes
from tests.docs.reading import blocks
from tests.doors.scim.anywhere import ask
from tests.doors.scim.support import Answer, Scim
from tests.operations.support import World

PAGE = [block.text for block in blocks("bash") if block.file == "docs/scim.md"]
TAKES_A_VALUE = {"--user", "--header", "--data", "--request", "--data-urlencode"}


def curl(scim: Scim, text: str, known: dict[str, str]) -> Answer:
    for name, value in known.items():
        text = text.replace(name, value)
    words = shlex.split(text)
    assert words.pop(0) == "curl"
    address, options = words.pop(), list(words)
    given: dict[str, list[str]] = {}
    while options:
        option = options.pop(0)
        given.setdefault(option, []).append(options.pop(0) if option in TAKES_A_VALUE else "")
    headers: dict[str, str] = {}
    for header in given.get("--header", []):
        name, _, value = header.partition(": ")
        headers[name.replace("-", "_")] = value
    parts = urlsplit(address)
    query = "&".join(f"{name}={quote(value)}" for name, _, value in (item.partition("=") for item in given.get("--data-urlencode", [])))
    path = parts.path.removeprefix("/scim2") + (f"?{parts.query or query}" if parts.query or query else "")
    body = given["--data"][0].encode() if "--data" in given else None
    method = given.get("--request", ["POST" if body else "GET"])[0]
    if "--user" not in given:
        scim = Scim("", "")
        scim.headers = {}
    return ask(scim, method, path, body, **headers)


def test_every_printed_request_is_answered_as_the_page_says(world: World, scim: Scim) -> None:
    assert len(PAGE) > 25
    custom_attributes.add(world.by, CustomAttribute("badge"), world.now)
    known: dict[str, str] = {}
    for text in PAGE:
        status, request = re.fullmatch(r"# (\d+)\n(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr] # every block begins so
        answer = curl(scim, request, known)
        assert answer.status == int(status), f"{request}\n{answer.text}"
        known |= learned(scim, answer, known)


def learned(scim: Scim, answer: Answer, known: dict[str, str]) -> dict[str, str]:
    """The placeholders that an answer fills."""
    body: Any = answer.body if answer.text else {}
    kind = body.get("meta", {}).get("resourceType", "") if isinstance(body, dict) else ""
    found = {f"{kind.upper()}_ID": body["id"]} if answer.status == 201 and kind in {"User", "Group", "Role"} else {}
    user = found.get("USER_ID") or known.get("USER_ID")
    return found | ({"VERSION": scim.get(user).headers["ETag"]} if user else {})


def test_what_the_page_shows_of_an_invitation_is_there(scim: Scim) -> None:
    known: dict[str, str] = {}
    for text in PAGE[:4]:
        answer = curl(scim, text.partition("\n")[2], known)
        known |= learned(scim, answer, known)
    assert answer.body["urn:housekey:scim:schemas:extension:2.0:User"]["invitation"]["state"] == "queued"
