"""One-time codes as they reach people: in an e-mail, or in a text message that a server without a gateway writes to a file."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import httpx2

from tests.support.served import Served

NUMBER = "+4915112345678"
ADDRESS = "jane@pickup.example.com"
BY_MAIL = "[identity_mgt.user_onboarding]\nask_password_email_otp = true\n"
BY_SMS = "[identity_mgt.user_onboarding]\nask_password_sms_otp = true\n"


def add(served: Served, username: str = "jane", **more: Any) -> None:
    """An administrator's program creates a user with an address and a mobile number; invited unless `more` says otherwise."""
    user = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": username,
        "name": {"givenName": username.capitalize(), "familyName": "Doe"},
        "emails": [{"value": ADDRESS, "primary": True}], "phoneNumbers": [{"value": NUMBER, "type": "mobile"}],
        **(more or {"urn:scim:wso2:schema": {"askPassword": True}}),
    }
    answer = httpx2.post(f"{served.url}/scim2/Users", json=user, headers={"Content-Type": "application/scim+json"}, auth=("admin", "admin"),
                         verify=served.tls(), timeout=30)
    assert answer.status_code == 201, answer.text


def in_mail(message: EmailMessage) -> str:
    """The code on a line of its own."""
    part = message.get_body(("plain",))
    assert part is not None
    found = re.search(r"^([A-Za-z0-9]{4,10})$", part.get_content().replace("\r", ""), re.MULTILINE)
    assert found, part.get_content()
    return found[1]


def in_text(served: Served) -> str:
    """The code of the newest text message, as the phone takes it from the last line; `""` if none came yet."""
    files = sorted((served.data / "sms").glob("*.txt"))
    return files[-1].read_text(encoding="utf-8").strip().rpartition("#")[2] if files else ""
