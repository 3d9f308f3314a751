"""`email-admin-config.xml` and `sms-templates-admin-config.xml`: the texts of messages (reference server 1.7, 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import dedent

from housekey.core import wording
from housekey.core.messages import EMAIL, SMS
from housekey.core.moving.fragments import Node
from housekey.core.moving.report import Moved, MovedTemplate, Place
from housekey.core.wording import PURPOSES, Words

_PARTS = ("subject", "body", "footer")
_UNUSED = {"targetepr": "There is no address to be called: Housekey sends by itself.",
           "redirectpath": "Links are built from [server] base_path."}
_SMS_ONLY = frozenset({"askPasswordSMSOTP", "askPasswordResendSMSOTP", "askPasswordSetSuccess"})
_SMS_TOO = frozenset({"AdminForcedPasswordReset", "resendAdminForcedPasswordReset", "PasswordReset", "resendPasswordReset",
                      "passwordResetSucess"})
KINDS = {EMAIL: {wording.key_of(name): name for name in PURPOSES if name not in _SMS_ONLY},
         SMS: {wording.key_of(name): name for name in PURPOSES if name in _SMS_ONLY | _SMS_TOO}}
"""Channel -> key -> name of what is sent over it."""
_STOCK = ("cdn.wso2.com/", "WSO2 Identity Server Team", "WSO2 Carbon Team")
"""Stands in what WSO2 ships and nobody has changed."""
_LEFT = "stays as it is written"
_PAGE, _BODY = re.compile(r"\s*<(?:!doctype|html|body)\b", re.IGNORECASE), re.compile(r"<body\b[^>]{0,1000}>", re.IGNORECASE)
_FIELD = {"subject": "subject", "html": "body", "text": "body"}


def read(root: Node, file: str, moved: Moved, channel: str = EMAIL) -> None:
    found = list(root.each("configuration"))
    for node in found:
        _template(node, file, moved, channel)
    for node in (node for node in root.children if not found and node.tag != "configurations"):
        moved.could_not(Place(file, node.line, node.tag[:60]), "A template stands in <configuration type=\"…\" locale=\"…\">.")


def _template(node: Node, file: str, moved: Moved, channel: str) -> None:
    kind = node.attributes.get("type", "") or node.attributes.get("display", "")
    locale = node.attributes.get("locale", "en_US")
    start = f"configuration[{kind[:60]}, {locale[:20]}]"
    for child in node.children:
        if words := _UNUSED.get(child.tag.lower()):
            moved.differs(Place(file, child.line, f"{start}/{child.tag}"), words)
        elif child.tag.lower() not in _PARTS:
            moved.could_not(Place(file, child.line, f"{start}/{child.tag[:60]}"), "A template has a subject, a body and a footer.")
    places = {part: Place(file, found.line, f"{start}/{found.tag}") for part in _PARTS if (found := node.child(part))}
    places = places or {"body": Place(file, node.line, start)}
    known = KINDS[channel].get(wording.key_of(kind), "")
    tag = wording.tag(locale)
    if not known:
        for place in places.values():
            moved.differs(place, f"Nothing here sends a message called {kind[:60]}; it was left out.")
    elif any(words in node.inner for words in _STOCK):
        for place in places.values():
            moved.differs(place, "This is the text that WSO2 ships, with WSO2's name; Housekey's own is kept.")
    elif not tag:
        _refuse(moved, places, {}, f"{locale[:20]} is no locale.")
    else:
        framed = _within(_written(node.child("body"))) != _written(node.child("body"))
        _judge(MovedTemplate(known, channel, tag, _words(node, channel), places), moved, framed=framed)


def _words(node: Node, channel: str) -> Words:
    """WSO2 sends the body and then the footer. What was pasted without escaping it is taken as it stands, but for the indentation."""
    texts = {part: _written(node.child(part)) for part in _PARTS}
    texts["body"] = _within(texts["body"])
    whole = "\n".join(dedent(text).strip() for text in (texts["body"], texts["footer"]) if text.strip())
    plain = channel == SMS or node.attributes.get("emailContentType", "text/html").strip().lower().startswith("text/plain")
    return wording.tidied("" if channel == SMS else " ".join(texts["subject"].split()), "" if plain else whole, whole if plain else "")


def _within(text: str) -> str:
    """What stands between <body> and </body>, of a text that is a whole page."""
    if not _PAGE.match(text):
        return text
    start, end = _BODY.search(text), text.lower().rfind("</body")
    return text[start.end():end if end > start.end() else None] if start else text


def _written(node: Node | None) -> str:
    if node is None:
        return ""
    return node.inner if node.children else "".join(node.parts)


def _judge(template: MovedTemplate, moved: Moved, *, framed: bool) -> None:
    """A text in which a name would stand unfilled is refused here, where nobody looks at it as it is saved."""
    wrong: dict[str, str] = {}
    hints: dict[str, str] = {"body": "What stood around <body> was left out: mails are given a frame here."} if framed else {}
    for problem in wording.judge(template.channel, template.kind, template.words):
        into = hints if problem.harmless and _LEFT not in problem.sentence else wrong
        into.setdefault(_FIELD.get(problem.field, "body"), problem.say())
    if wrong:
        _refuse(moved, template.places, wrong, "Left out with the rest of its template.")
        return
    moved.templates.append(template)
    for part, place in template.places.items():
        moved.understood(place, f"template {template.kind} ({template.locale}), {part}", words=hints.get(part, ""))


def _refuse(moved: Moved, places: Mapping[str, Place], wrong: Mapping[str, str], rest: str) -> None:
    for part, words in wrong.items():
        moved.could_not(places.get(part) or next(iter(places.values())), words)
    for place in [place for part, place in places.items() if part not in wrong]:
        moved.could_not(place, rest)
