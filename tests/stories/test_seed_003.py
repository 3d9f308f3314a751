"""Seed 003's story, its one-time codes: invited by e-mail or text message, sent again by its curl, used in both of its ways."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.stories.test_seed_000 import ADMIN, FAILED, eventually
from tests.support import codes
from tests.support.person import Person
from tests.support.served import Served
from tests.support.smtp import Sink

pytestmark = [pytest.mark.serve, pytest.mark.slow]

CURL = (Path(__file__).parent.parent / "golden" / "wso2-resend-code.curl").read_text()
PASSWORD = "violet-harbour-41"


def choose_password(jane: Person) -> None:
    assert "Set Password" in jane.page.text
    assert jane.page.url.query == b""
    done = jane.submit("passwordResetForm", {"reset-password": PASSWORD, "reset-password2": PASSWORD})
    assert "Password Set Successfully" in done.text
    assert jane.sign_in("jane", PASSWORD).url.path == "/myaccount/"


def option_1(jane: Person, code: str) -> None:
    """The recovery page, the name, "I already have a code", the code."""
    jane.open("/accountrecoveryendpoint/recoverpassword.do")
    assert "OTP Verification" in jane.submit("recoverDetailsForm", {"username": "jane", "have": "yes"}).text
    jane.submit("otpForm", {"code": code})


def option_2(jane: Person, code: str) -> None:
    """The sign-in page, the code in place of the password."""
    jane.sign_in("jane", code)


@pytest.mark.parametrize("use", [option_1, option_2])
def test_invited_by_mail(smtp: Sink, serve: Callable[..., Served], use: Callable[[Person, str], None]) -> None:
    served = serve(ADMIN + smtp.toml() + codes.BY_MAIL)
    codes.add(served)
    invitation = eventually(lambda: smtp.messages, "the invitation arrives")[0].message
    with Person(served) as jane:
        use(jane, codes.in_mail(invitation))
        choose_password(jane)
    assert eventually(lambda: smtp.messages[1:], "the activation notice arrives")[0].message["Subject"] == "Your account is ready"


@pytest.mark.parametrize("use", [option_1, option_2])
def test_invited_by_text_message(serve: Callable[..., Served], use: Callable[[Person, str], None]) -> None:
    served = serve(ADMIN + codes.BY_SMS)
    codes.add(served)
    code = eventually(lambda: codes.in_text(served), "the text message arrives")
    with Person(served) as jane:
        use(jane, code)
        choose_password(jane)


def test_a_code_sent_again_by_the_printed_curl_replaces_the_first(smtp: Sink, serve: Callable[..., Served]) -> None:
    served = serve(ADMIN + smtp.toml() + codes.BY_MAIL)
    codes.add(served, "alex")
    first = codes.in_mail(eventually(lambda: smtp.messages, "the invitation arrives")[0].message)
    assert resend(served).status_code == 201
    second = codes.in_mail(eventually(lambda: smtp.messages[1:], "it arrives again")[0].message)
    with Person(served) as alex:
        assert FAILED in alex.sign_in("alex", first).text
        assert "Set Password" in alex.sign_in("alex", second).text


def resend(served: Served) -> httpx2.Response:
    """The seed's request, its scenario and all; only where to and who asks are ours."""
    words = shlex.split(CURL.replace("\\\n", " "))
    address = f"{served.url}/api/identity/user/v1.0/resend-code"
    return httpx2.post(address, content=words[words.index("-d") + 1].encode(), headers={"Content-Type": "application/json"},
                       auth=("admin", "admin"), verify=served.tls(), timeout=30)
