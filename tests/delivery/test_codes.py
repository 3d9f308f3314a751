"""Promises about one-time codes on their way: sealed until they are sent, readable by their owner, and by nobody afterwards."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from housekey.conf.house import House
from housekey.core.messages import CHANNELS, EMAIL, SMS
from housekey.core.names import Tenant
from housekey.core.principal import system
from housekey.core.scenario import SCENARIOS
from housekey.delivery import outbox, sweep, worker
from housekey.delivery.letter import BULLET, preview, write
from housekey.delivery.outcomes import without
from housekey.operations import codes
from housekey.operations import outbox as operations
from housekey.store.models import Code, Message
from tests.delivery.helpers import OTP, Enqueue, code_of, stored, tries
from tests.support.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)

BY_MAIL, BY_SMS = "ADMIN_FORCED_PASSWORD_RESET_VIA_OTP", "ADMIN_FORCED_PASSWORD_RESET_VIA_SMS_OTP"
SENT = [item for item in SCENARIOS if item.channel]


def sealed(message_id: Any) -> bytes | None:
    code = stored(message_id).code
    assert code is not None
    return bytes(code.sealed) if code.sealed else None


def everything() -> str:
    """All that the database holds, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name the database itself gave
            found += [bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                      for row in cursor.fetchall() for value in row]
    return "\n".join(found)


def test_a_code_is_sealed_at_rest_readable_in_the_mail_and_erased_when_sent(mailing: House, smtp: Sink, enqueue: Enqueue,
                                                                            now: datetime) -> None:
    message_id = enqueue(scenario=BY_MAIL)
    text = code_of(mailing, message_id)
    assert OTP.fits(text)
    assert text not in everything()
    assert worker.drain(mailing, now) == 1
    [mail] = smtp.messages
    for kind in ("plain", "html"):
        part = mail.message.get_body((kind,))
        assert part is not None
        assert text in part.get_content()
    assert sealed(message_id) is None
    assert text not in everything()
    assert code_of(mailing, message_id) == ""


def test_a_code_that_was_sent_still_works(mailing: House, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue(scenario=BY_MAIL)
    text = code_of(mailing, message_id)
    worker.drain(mailing, now)
    code = stored(message_id).code
    assert code is not None
    assert codes.try_otp(mailing, code, text, now)


def test_what_was_only_kept_can_still_be_read_and_sent_later(filing: House, mailing: House, smtp: Sink, enqueue: Enqueue, tenant: Tenant,
                                                             now: datetime) -> None:
    message_id = enqueue(scenario=BY_MAIL)
    text = code_of(filing, message_id)
    assert worker.drain(filing, now) == 1
    assert (stored(message_id).state, code_of(filing, message_id)) == ("kept", text)
    assert text in operations.get(filing, system(tenant), message_id).text
    operations.redrive(system(tenant), message_id, now)
    assert worker.drain(mailing, now) == 1
    assert text in str(smtp.messages[0].message)
    assert sealed(message_id) is None


def test_a_code_that_was_refused_for_now_stays_for_the_next_try(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    smtp.rules["*"] = "451 later"
    message_id = enqueue(scenario=BY_MAIL)
    text = code_of(mailing, message_id)
    worker.drain(mailing, now)
    assert (stored(message_id).state, code_of(mailing, message_id)) == ("queued", text)


def test_a_message_whose_code_was_erased_is_withdrawn_in_words(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue(scenario=BY_MAIL)
    Code.objects.across_tenants("test").filter(pk=stored(message_id).code_id).update(sealed=None)
    assert worker.drain(mailing, now) == 0
    assert smtp.messages == []
    assert stored(message_id).state == "withdrawn"
    assert "its code was erased" in stored(message_id).error


@pytest.mark.parametrize(("change", "words"), [
    ({"dead_reason": "superseded"}, "a newer code was sent"), ({"dead_reason": "revoked"}, "its code was withdrawn"),
    ({"dead_reason": "exhausted"}, "mistyped too often")])
def test_the_message_of_a_dead_code_is_withdrawn_in_words(mailing: House, enqueue: Enqueue, now: datetime, change: dict[str, str],
                                                          words: str) -> None:
    message_id = enqueue(scenario=BY_MAIL)
    Code.objects.across_tenants("test").filter(pk=stored(message_id).code_id).update(dead=now, **change)
    worker.drain(mailing, now)
    assert words in stored(message_id).error


@pytest.mark.parametrize("scenario", sorted({item.name for item in SENT}))
def test_no_message_goes_out_without_its_code(filing: House, enqueue: Enqueue, now: datetime, scenario: str) -> None:
    message_id = enqueue("+491701234567", scenario=scenario)
    Message.objects.across_tenants("test").filter(pk=message_id).update(code=None)
    assert worker.drain(filing, now) == 0
    assert stored(message_id).state == "withdrawn"


def test_expired_codes_are_erased_and_the_living_stay(mailing: House, enqueue: Enqueue, now: datetime) -> None:
    expired = enqueue(scenario=BY_MAIL, expires=timedelta(minutes=5))
    living = enqueue(scenario=BY_MAIL, expires=timedelta(minutes=15))
    endless = enqueue(scenario=BY_MAIL, expires=None)
    assert sweep.sweep(mailing.config, now + timedelta(minutes=6)) == 1
    assert sealed(expired) is None
    assert sealed(living)
    assert sealed(endless)
    code = stored(expired).code
    assert code is not None
    assert code.digest


def test_a_code_with_no_life_at_all_is_still_told_to_its_owner(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue(scenario=BY_MAIL, expires=timedelta(0))
    sweep.sweep(mailing.config, now + timedelta(minutes=1))
    assert worker.drain(mailing, now + timedelta(minutes=1)) == 1
    forgotten = enqueue(scenario=BY_MAIL, expires=timedelta(0))
    sweep.sweep(mailing.config, now + timedelta(days=1))
    assert sealed(forgotten) is None
    assert sealed(message_id) is None


@pytest.mark.parametrize("scenario", sorted({item.name for item in SENT}))
def test_every_kind_of_message_arrives_with_its_own_link_or_code(filing: House, enqueue: Enqueue, now: datetime, scenario: str) -> None:
    [item] = [item for item in SENT if item.name == scenario]
    message_id = enqueue("jane@example.com" if item.channel == EMAIL else "+49 170 1234567", scenario=scenario, locale="de")
    text = code_of(filing, message_id)
    assert worker.drain(filing, now) == 1
    row = stored(message_id)
    shown = preview(filing, row, show_code=True)
    assert text in shown.text
    assert re.search(r"bis \d+\. \w+ \d{4}", shown.text)
    links = [link for link in re.findall(r"https?://\S+", shown.text) if "confirmation=" in link]
    assert ["type=invite" in link for link in links] == ([] if item.otp else [item.purpose == "invitation"])
    page = "confirmregistration.do?" if item.purpose == "confirmation" else "confirmrecovery.do?"
    assert all(f"/accountrecoveryendpoint/{page}confirmation={text}&" in link for link in links)


@pytest.mark.parametrize("scenario", [BY_MAIL, BY_SMS])
def test_an_administrator_sees_the_code_only_while_there_is_no_server_for_it(mailing: House, filing: House, enqueue: Enqueue,
                                                                            tenant: Tenant, scenario: str) -> None:
    """A-044"""
    message_id = enqueue("+491701234567" if scenario == BY_SMS else "jane@example.com", scenario=scenario)
    text, by = code_of(filing, message_id), system(tenant)
    sms = replace(mailing.config.sms, provider="Custom", provider_url="http://127.0.0.1:1/")
    served = replace(mailing, config=replace(mailing.config, sms=sms))
    open_view, closed = operations.get(filing, by, message_id), operations.get(served, by, message_id)
    assert (open_view.server, closed.server) == (False, True)
    assert text in open_view.text
    assert BULLET * 6 in closed.text
    assert text not in closed.text + closed.html
    assert open_view.channel == (SMS if scenario == BY_SMS else EMAIL)


def test_a_preview_of_an_erased_code_shows_bullets(filing: House, enqueue: Enqueue) -> None:
    message_id = enqueue(scenario=BY_MAIL)
    Code.objects.across_tenants("test").filter(pk=stored(message_id).code_id).update(sealed=None)
    assert f"<b>{BULLET * 6}</b>" in preview(filing, stored(message_id), show_code=True).html


def test_a_code_that_a_server_quotes_is_not_written_down(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    """A-191"""
    message_id = enqueue("poison@example.com", scenario=BY_MAIL)
    text = code_of(mailing, message_id)
    smtp.rules["poison@example.com"] = f"550 5.7.1 looks like phishing: your code {text.lower()}."
    worker.drain(mailing, now)
    told = stored(message_id).error + repr(tries(message_id))
    assert "looks like phishing: your code [removed]." in told
    assert text.lower() not in told.lower()


def test_the_trouble_of_one_channel_does_not_hold_up_the_other(house: House, filing: House, enqueue: Enqueue, now: datetime) -> None:
    sms = replace(filing.config.sms, provider="Custom", provider_url="http://127.0.0.1:1/")
    broken = replace(filing, config=replace(filing.config, sms=sms))
    texts = [enqueue("+491701234567", scenario=BY_SMS) for _ in range(3)]
    mails = [enqueue(scenario=BY_MAIL) for _ in range(3)]
    assert worker.drain(broken, now) == 3
    assert {stored(one).state for one in mails} == {"kept"}
    assert {stored(one).state for one in texts} == {"queued"}
    assert [stored(one).attempts for one in texts] == [0, 0, 0]


def test_each_channel_has_a_bell_of_its_own(enqueue: Enqueue, tenant: Tenant, now: datetime) -> None:
    for channel in CHANNELS:
        outbox.bells[channel].clear()
    enqueue("+491701234567", scenario=BY_SMS)
    assert [outbox.bells[channel].is_set() for channel in (EMAIL, SMS)] == [False, True]
    outbox.ring()
    assert outbox.wake.is_set()


@pytest.mark.parametrize(("code", "text", "told"), [("A1b2", "x a1B2 y", "x [removed] y"), ("", "x", "x"), ("1.34", "1234", "1234")])
def test_a_code_is_cut_out_in_whatever_capitals(code: str, text: str, told: str) -> None:
    assert without(code, text) == told


def test_a_message_in_hand_does_not_show_its_secret_by_accident(house: House, enqueue: Enqueue, now: datetime) -> None:
    message_id = enqueue(scenario=BY_MAIL)
    [message] = outbox.lease("one", now, 10)
    letter = write(house, message)
    assert "sealed=" not in repr(message)
    assert letter.code == code_of(house, message_id)
    assert letter.code in letter.text
    assert letter.code not in repr(letter)
