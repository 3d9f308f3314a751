"""The test bed itself: what other tests lean on really is what it says."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.support import environment
from tests.support.smtp import Sink

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.core.names import Tenant


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for_and_is_kept_safe() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if environment.on_postgres():
            assert connection.vendor == "postgresql"
            return
        assert [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")] == ["wal", 2, 1]
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.django_db
def test_the_default_tenant_has_its_shipped_roles(house: House, tenant: Tenant, now: datetime) -> None:
    from housekey.store.models import Role

    assert tenant.domain == "carbon.super"
    assert set(Role.objects.within(tenant).values_list("name", flat=True)) == {"admin", "Internal/everyone", "Internal/helpdesk"}
    assert now.tzinfo is not None
    assert house.keys.ring


def test_the_relay_demands_encryption_and_a_sign_in_and_refuses_by_rule(smtp: Sink) -> None:
    smtp.rules["gone@example.com"] = "550 5.1.1 no such user"
    with smtplib.SMTP("localhost", smtp.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPException):
            client.login(smtp.username, smtp.password)
        client.starttls(context=ssl.create_default_context(cafile=str(smtp.ca_file)))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(smtp.username, "wrong")
        client.login(smtp.username, smtp.password)
        refused = client.sendmail("a@example.com", ["bob@example.com", "gone@example.com"], "Subject: Hello\r\n\r\nText\r\n")
    assert refused == {"gone@example.com": (550, b"5.1.1 no such user")}
    [received] = smtp.messages
    assert (received.recipients, received.tls, received.login) == (("bob@example.com",), True, smtp.username)
    assert received.message["Subject"] == "Hello"
