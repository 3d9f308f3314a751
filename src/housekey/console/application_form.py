"""The form of an application: what was typed into it, and the refusals of `core.applications` in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from housekey.console.store_form import Item
from housekey.core.applications import ALGORITHMS, LONGEST_URI, MOST_URIS, Application, Kind
from housekey.core.errors import Invalid
from housekey.operations.clients import MAX_NAME
from housekey.web.forms import Field, Form, Words
from housekey.web.request import Asked


@dataclass(frozen=True, slots=True)
class About:
    """A kind of application: its name, its name in a list, and one sentence for whoever chooses."""

    label: Words
    short: Words
    icon: str
    sentence: Words


KINDS: Mapping[Kind, About] = {
    "web": About(gettext_lazy("Web application"), gettext_lazy("Web application"), "globe", gettext_lazy(
        "People sign in to it. It runs on a server, which keeps a secret.")),
    "app": About(gettext_lazy("Single-page, desktop or mobile application"), gettext_lazy("Single-page or mobile"), "phone", gettext_lazy(
        "People sign in to it. It runs in their browser or on their device, keeps no secret, and is protected by PKCE instead.")),
    "program": About(gettext_lazy("Program"), gettext_lazy("Program"), "settings", gettext_lazy(
        "Nobody signs in. It asks with a secret of its own (client credentials) and may do what its scopes say.")),
}

_SAID = (
    gettext_noop("%s holds a pattern. Addresses are compared character by character: list each of them."),
    gettext_noop("%s has a fragment (#), which is not possible here."),
    gettext_noop("%s holds a character that no address has. Write it percent-encoded."),
    gettext_noop("%s must begin with https://. Plain http:// is possible for localhost only."),
    gettext_noop("%s is no address of a web page: it must begin with https:// and a host name."),
    gettext_noop("At most %s addresses are possible."),
    gettext_noop("An address has at most %s characters."),
    gettext_noop("There is a client %s already."),
    gettext_noop("Give the client a name of 1 to %s printable characters."),
)
"""What operations say about a value; told in the reader's language."""
_WAYS: Mapping[Kind, Words] = {
    "web": gettext_lazy("One on each line, character by character as the application sends it. http:// is possible for localhost only."),
    "app": gettext_lazy("One on each line, character by character as the application sends it. An app’s own address is possible, such as "
                        "com.example.app:/signed-in; with http://127.0.0.1 the port may differ."),
}
_URIS = MOST_URIS * (LONGEST_URI + 2)


def name_field(hint: Words, *, fresh: bool = True) -> Field:
    return Field("name", gettext_lazy("Name"), required=gettext_lazy("Please type a name."), limit=MAX_NAME, focus=fresh, hint=hint)


def _fields(kind: Kind, *, fresh: bool) -> list[Field]:
    return [
        name_field(gettext_lazy("People read it when they sign in, and it stands in the audit log."), fresh=fresh),
        Field("redirect_uris", gettext_lazy("Redirect URIs"), limit=_URIS, hint=_WAYS[kind],
              required=gettext_lazy("Give at least one redirect URI: it is where people come back to after signing in.")),
        Field("access_url", gettext_lazy("Access URL"), limit=LONGEST_URI, hint=gettext_lazy(
            "Where people open the application. My Account links there.")),
        Field("consent", gettext_lazy("Ask people for consent"), hint=gettext_lazy(
            "At the first sign-in people see what the application learns about them. Untick it for an application of your own.")),
        Field("post_logout_redirect_uris", gettext_lazy("Addresses after signing out"), limit=_URIS, hint=gettext_lazy(
            "One on each line (post_logout_redirect_uri). Where the application may send people once they have signed out.")),
        Field("backchannel_logout_uri", gettext_lazy("Back-channel logout URI"), limit=LONGEST_URI, hint=gettext_lazy(
            "Called by this server when somebody’s session ends, also after a forced reset or a lock.")),
        Field("signed_with", gettext_lazy("ID tokens signed with"), hint=gettext_lazy(
            "RS256 is understood everywhere. ES256 is shorter; choose it if the application asks for it.")),
    ]


class ApplicationForm(Form):
    """`before`: the settings as they are; None for a new application. `name`: what it is called."""

    def __init__(self, request: Asked, kind: Kind, before: Application | None, name: str = "") -> None:
        self.kind, shown = kind, before or Application()
        initial = {
            "name": name, "redirect_uris": "\n".join(shown.redirect_uris),
            "post_logout_redirect_uris": "\n".join(shown.post_logout_redirect_uris),
            "backchannel_logout_uri": shown.backchannel_logout_uri, "access_url": shown.access_url,
            "consent": "true" if shown.consent else "false", "signed_with": shown.signed_with,
        }
        sent = {**request.POST.dict(), "consent": "true" if request.POST.get("consent") == "true" else "false"}
        super().__init__(_fields(kind, fresh=before is None), sent if request.method == "POST" else None, initial)

    @property
    def application(self) -> Application:
        """What was typed. Whether it may be is the operations' affair."""
        return Application(
            self._lines("redirect_uris"), self._lines("post_logout_redirect_uris"), self.text("backchannel_logout_uri"),
            self.text("access_url"), public=self.kind == "app", consent=self.text("consent") == "true",
            signed_with=next((alg for alg in ALGORITHMS if alg == self.text("signed_with")), ALGORITHMS[0]),
        )

    def _lines(self, name: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.text(name).splitlines() if line.strip())

    def refuse(self, refusal: Invalid) -> None:
        self.fail(refusal.field, told(refusal))

    def _items(self, *kinds: tuple[str, str]) -> list[Item]:
        return [Item(self.fields[name], kind, ALGORITHMS if kind == "choice" else ()) for name, kind in kinds]

    @property
    def first(self) -> list[Item]:
        return self._items(("name", "text"), ("redirect_uris", "lines"), ("access_url", "text"), ("consent", "flag"))

    @property
    def leaving(self) -> list[Item]:
        return self._items(("post_logout_redirect_uris", "lines"), ("backchannel_logout_uri", "text"))

    @property
    def tokens(self) -> list[Item]:
        return self._items(("signed_with", "choice"))

    @property
    def open(self) -> bool:
        """Does what is folded up hold a mistake, or anything that was set?"""
        return any(item.field.error or item.field.value for item in self.leaving)


def told(refusal: Invalid) -> str:
    """The sentence in the reader's language, with the address, number or name that it holds."""
    for one in _SAID:
        found = re.fullmatch(re.escape(one).replace("%s", "(.*)"), refusal.sentence, re.DOTALL)
        if found:
            return _(one) % found[1]
    return _(refusal.sentence)
