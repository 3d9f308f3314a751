"""What a stolen database, a log or a printed object tells: no code, no token, no password, no key."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from django.db import connection

from housekey.core.codes import Keys
from housekey.core.errors import Unavailable
from housekey.operations import onboarding, recovery, sealing, signing
from housekey.store.models import Code
from tests.operations.support import PASSWORD, World, code_in


def stored() -> bytes:
    """Everything the database holds; on SQLite the bytes of its file as well."""
    parts: list[bytes] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own tables
            for row in cursor.fetchall():
                parts += [bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in row]
    if connection.vendor == "sqlite":
        parts.append(connection.connection.serialize())
    return b"\0".join(parts)


def forms(secret: str) -> Iterator[bytes]:
    """The secret as it might be written: plain, URL-encoded, hexadecimal, base64, and decoded."""
    raw = secret.encode()
    yield from (raw, quote(secret, safe="").encode(), raw.hex().encode(), base64.b64encode(raw).rstrip(b"="))
    if len(secret) == 43:
        decoded = base64.urlsafe_b64decode(secret + "=")
        yield from (decoded, decoded.hex().encode())


def test_no_secret_rests_in_the_database_or_in_a_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A-019: a hundred links out, half of them still waiting to be sent, sessions and tickets open."""
    caplog.set_level(logging.DEBUG)
    links = []
    for number in range(100):
        user = world.invite(f"user{number}", f"user{number}@example.com")
        links.append(onboarding.link_of(world.house, world.tenant, user, Code.objects.within(world.tenant).get(account_id=user.id)))
        if number == 49:
            assert len(world.mails()) == 50
    codes = [code_in(link) for link in links]
    tickets = [recovery.open_link(world.house, world.tenant, code, world.now) for code in codes[:5]]
    recovery.set_password(world.house, world.tenant, tickets[0], PASSWORD, "", world.now)
    session = world.sign_in("user0").token
    keys = [secret for _, secret in world.house.keys.ring]
    held = stored()
    assert b"user99@example.com" in held  # the search would find what is there
    for secret in (*codes, *tickets, session, PASSWORD):
        for form in forms(secret):
            assert form not in held
            assert form not in caplog.text.encode()
    assert not [key for key in keys if key in held]


def test_printing_the_house_shows_no_secret(world: World) -> None:
    house = world.configured(super_admin=type(world.house.config.super_admin)(password=PASSWORD))
    shown = repr(house) + str(house)
    assert PASSWORD not in shown
    for _, secret in house.keys.ring:
        assert repr(secret) not in shown


def test_issued_codes_are_distinct(world: World) -> None:
    """A-018, through the database's own unique digest as well."""
    from housekey.core.scenario import of
    from housekey.operations import codes

    user = world.add("jane", None)
    made = []
    for _ in range(300):
        code = codes.issue(world.house, world.by, user.id, scenario=of("ASK_PASSWORD"), recipient="", minutes=1, now=world.now)
        made.append(codes.text_of(world.house, code))
        codes.end_live(world.tenant, user.id, "superseded", world.now)
    assert len(set(made)) == 300


def test_a_signing_key_outlives_a_rotation_of_the_servers_keys(world: World) -> None:
    """Tokens go on under the same `kid`, and the older key may be taken off the ring."""
    published = signing.jwks(world.house, world.tenant, world.now)
    keys = Keys((("next", b"n" * 32), *world.house.keys.ring))
    assert sealing.rewrap(replace(world.house, keys=keys)) == len(published["keys"])
    assert sealing.rewrap(replace(world.house, keys=keys)) == 0
    signing.forget()
    only_new = replace(world.house, keys=Keys(keys.ring[:1]))
    _, kid = signing.signer(only_new, world.tenant, "ES256", world.now)
    assert kid in {key["kid"] for key in published["keys"]}
    signing.forget()
    with pytest.raises(Unavailable):
        signing.signer(world.house, world.tenant, "ES256", world.now)
