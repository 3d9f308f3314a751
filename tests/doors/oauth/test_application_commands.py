"""`housekey client` for applications that people sign in to, and `housekey signing-key`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.served import Served, as_json

pytestmark = pytest.mark.slow

CALLBACK = "https://shop.example/signed-in"


def test_an_application_is_added_shown_changed_and_listed(serve: Callable[..., Served]) -> None:
    served = serve()
    added = as_json(served.command("client", "add", "Shop", "--redirect-uri", CALLBACK, "--redirect-uri", CALLBACK + "/again",
                                   "--post-logout-redirect-uri", "https://shop.example/", "--no-consent", "--signed-with", "ES256"))
    assert added["client_secret"]
    assert added["issuer"].startswith("https://")
    shown = as_json(served.command("client", "show", added["client_id"], "--json"))
    assert added["client_secret"] not in json.dumps(shown)
    assert shown.pop("created")
    assert shown == {
        "client_id": added["client_id"], "name": "Shop", "kind": "web", "scopes": [], "created_by": "command line",
        "redirect_uris": [CALLBACK, CALLBACK + "/again"], "post_logout_redirect_uris": ["https://shop.example/"],
        "backchannel_logout_uri": "", "access_url": "", "public": False, "consent": False, "signed_with": "ES256",
        "issuer": added["issuer"],
    }
    changed = as_json(served.command("client", "set", added["client_id"], "--redirect-uri", CALLBACK, "--consent",
                                     "--post-logout-redirect-uri", "", "--scope", "internal_user_mgt_list", "--json"))
    assert changed == shown | {
        "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [], "consent": True, "scopes": ["internal_user_mgt_list"],
        "created": changed["created"],
    }
    assert "web" in served.command("client", "list").stdout
    assert CALLBACK in served.command("client", "show", added["client_id"]).stdout


def test_a_public_application_has_no_secret_and_needs_an_address(serve: Callable[..., Served]) -> None:
    served = serve()
    added = as_json(served.command("client", "add", "Phone", "--public", "--redirect-uri", "com.example.app:/signed-in"))
    assert added["client_secret"] == ""
    assert as_json(served.command("client", "show", added["client_id"], "--json"))["kind"] == "app"
    for wrong in (("client", "add", "Other", "--public"), ("client", "add", "Other"), ("client", "rotate", added["client_id"]),
                  ("client", "add", "Other", "--redirect-uri", "https://*.example/"),
                  ("client", "set", added["client_id"], "--redirect-uri", "")):
        done = served.command(*wrong)
        assert (done.returncode, done.stdout) == (1, ""), wrong
        assert done.stderr.startswith("housekey: ")


def test_signing_keys_are_listed_and_made_anew(serve: Callable[..., Served]) -> None:
    served = serve()
    made = as_json(served.command("signing-key", "rotate", "--json"))
    assert [key["alg"] for key in made] == ["RS256", "ES256"]
    assert "signs with ES256 from now on." in served.command("signing-key", "rotate", "--alg", "ES256").stdout
    listed = as_json(served.command("signing-key", "list", "--json"))
    assert [(key["alg"], key["signs"]) for key in listed] == [("RS256", True), ("ES256", True), ("ES256", False)]
    assert "worthless" in served.command("signing-key", "rotate", "--at-once").stdout
    left = as_json(served.command("signing-key", "list", "--json"))
    assert not {key["kid"] for key in left} & {key["kid"] for key in listed}
    head = served.command("signing-key", "list").stdout.splitlines()[0]
    assert head.split() == ["KEY", "ID", "ALGORITHM", "CREATED", "SIGNS", "REPLACED"]
