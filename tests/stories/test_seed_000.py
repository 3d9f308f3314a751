"""Seed 000's story, whole: its configuration, its curl byte for byte, a real relay, a real server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conf.test_seeds import LISTENERS, SCIM, STEP_1, STEP_2, STEP_6
from tests.support.person import Person, link_in
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.serve, pytest.mark.slow]

GOLDEN = Path(__file__).parent.parent / "golden"
FAILED = "Login failed! Please recheck the username and password and try again."
ADMIN = '[super_admin]\nusername="admin"\npassword="admin"\n'
CURL = (GOLDEN / "wso2-5.9-ask-password.curl").read_text().split("'")[1].encode()
NEW_PASSWORD = "violet-harbour-41"


def curl(served: Served) -> httpx2.Response:
    """The seed's request as curl sends it: HTTP Basic, `Content-Type:application/json`."""
    return httpx2.post(f"{served.url}/scim2/Users", content=CURL, headers={"Content-Type": "application/json"}, auth=("admin", "admin"),
                       verify=served.tls(), timeout=30)


def eventually(found: Callable[[], Any], what: str) -> Any:
    """Wait up to ten seconds for something that another process does."""
    for _ in range(200):
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError(f"did not happen: {what}")


def test_the_seeds_curl_ends_with_paul_signed_in(smtp: Sink, serve: Callable[..., Served]) -> None:
    served = serve(ADMIN + smtp.toml() + LISTENERS + STEP_1 + STEP_2 + STEP_6 + SCIM)
    created = curl(served)
    assert created.status_code == 201, created.text
    assert created.json()["userName"] == "Paul"
    assert "password" not in {key.lower() for key in created.json()}
    assert '"password"' not in created.text

    invitation = eventually(lambda: smtp.messages, "the invitation arrives")[0]
    assert (invitation.tls, invitation.login) == (True, smtp.username)
    assert invitation.message["Subject"] == "Set your password"
    assert invitation.recipients == ("dewmi123455@gmail.com",)
    link = link_in(invitation.message)

    with Person(served) as paul:
        assert FAILED in paul.sign_in("Paul", "password").text

        for _ in range(2):
            head = paul.client.head(link)
            assert (head.status_code, head.content) == (200, b"")
            assert paul.open(link).status_code == 200
            assert "Set Password" in paul.page.text
            assert "confirmation=" not in str(paul.page.url)
            assert paul.submit("passwordResetForm").status_code in {200, 400, 422}
            assert "Password Set Successfully" not in paul.page.text
        assert state(served)["accountState"] == "PENDING_AP"

        paul.open(link)
        done = paul.submit("passwordResetForm", {"reset-password": NEW_PASSWORD, "reset-password2": NEW_PASSWORD})
        assert done.status_code == 200
        assert "Password Set Successfully" in done.text
        assert state(served) == {"accountLocked": False, "emailVerified": True}

        notice = eventually(lambda: smtp.messages[1:], "the activation notice arrives")[0]
        assert notice.message["Subject"] == "Your account is ready"
        assert paul.open(link).status_code == 410
        assert "already used" in paul.page.text
        assert paul.sign_in("Paul", NEW_PASSWORD).status_code == 200
        assert paul.page.url.path == "/myaccount/"
    assert len(smtp.messages) == 2


def state(served: Served) -> dict[str, Any]:
    answer = httpx2.get(f"{served.url}/scim2/Users", params={"filter": 'userName eq "Paul"'}, auth=("admin", "admin"), verify=served.tls())
    shown: dict[str, Any] = answer.json()["Resources"][0]["urn:scim:wso2:schema"]
    return shown


def test_step_1_alone_refuses_until_the_checkbox_is_ticked(serve: Callable[..., Served]) -> None:
    served = serve(ADMIN + STEP_1)
    refused = curl(served)
    assert refused.status_code == 400
    assert "enable_email_verification" in refused.json()["detail"]

    with Person(served) as admin:
        admin.sign_in("admin", "admin")
        admin.open("/console/onboarding/")
        assert "The settings were saved." in admin.submit("onboarding", {"EmailVerification.Enable": "true"}).text
    assert curl(served).status_code == 201
