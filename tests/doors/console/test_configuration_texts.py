"""What is copied works as it stands."""

from __future__ import annotations

import pytest

from housekey.console.configurations import CONFIGURATIONS, filled
from housekey.core.applications import Application

HERE, BACK, BYE = "https://id.example.com", "https://app.example.com/callback", "https://app.example.com/bye"


def texts(application: Application) -> dict[object, str]:
    return {one["key"]: str(one["text"]) for one in filled(application, "client_x", HERE)}


@pytest.mark.parametrize("key", ["oidc-client-ts", "asgardeo"])
def test_an_address_after_signing_out_is_named_only_if_there_is_one(key: str) -> None:
    with_it = texts(Application((BACK,), (BYE,), public=True))[key]
    assert f'"{BYE}"' in with_it
    without = texts(Application((BACK,), public=True))[key]
    assert without.count(BACK) == 1, "a redirect URI is none"
    assert "logout_redirect" not in without
    assert "signOutRedirectURL" not in without


@pytest.mark.parametrize("application", [Application((BACK,)), Application((BACK,), public=True), Application()])
def test_nothing_is_left_to_fill_in_but_the_secret(application: Application) -> None:
    found = texts(application)
    assert set(found) <= {one.key for one in CONFIGURATIONS}
    assert found
    assert not [text for text in found.values() if "@ISSUER@" in text or "@SIGNED_OUT@" in text or "@CLIENT" in text]
