"""What an application gets with a scope, in words that people know."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy

from housekey.web.forms import Words

WORDS: dict[str, Words] = {
    "openid": gettext_lazy("who you are here"),
    "profile": gettext_lazy("your name and language"),
    "email": gettext_lazy("your e-mail address"),
    "phone": gettext_lazy("your phone number"),
    "groups": gettext_lazy("the groups you are in"),
    "roles": gettext_lazy("your roles"),
    "offline_access": gettext_lazy("all of this also while you are not signed in"),
}
"""In the order in which they are read out."""


def known(scopes: Iterable[str]) -> list[Words]:
    """What the application learns."""
    given = set(scopes)
    return [words for scope, words in WORDS.items() if scope in given]


def powers(scopes: Iterable[str]) -> list[str]:
    """The scopes that let it act for the person; they are said by their names, as administrators know them."""
    return [scope for scope in scopes if scope not in WORDS]
