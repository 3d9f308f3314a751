"""A tenant's own words and colours on the way from the message to the password, and what they cost."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from housekey.core.brand import TEXTS, Brand
from housekey.operations import branding
from housekey.operations.branding import Wanted
from housekey.store import brands
from housekey.store.models import Brand as Row
from tests.doors.pages.support import LOGIN, OPEN, RECOVER, Browser
from tests.operations.support import PASSWORD, World
from tests.support.pictures import png

SAID = {key: f"Our <i>{key}</i> & more" for key in TEXTS}


def brand(world: World) -> Brand:
    wanted = Wanted("#8a1538", "#fff8f0", png(), "Acme", texts=SAID)
    return branding.save(world.by, wanted, branding.get(world.by).version, world.now)


def test_each_text_stands_on_its_page_as_plain_text(guest: Browser, world: World) -> None:
    brand(world)
    seen = {"login_heading": LOGIN, "login_lead": LOGIN, "footer": LOGIN, "recover_lead": RECOVER}
    for key, address in seen.items():
        answer = guest.client.get(address, secure=True).content.decode()
        assert f"Our &lt;i&gt;{key}&lt;/i&gt; &amp; more" in answer, key
    world.invite()
    guest.get(f"{OPEN}?confirmation={world.newest_code()}").follow()
    assert "Our <i>password_lead</i> & more" in guest.page
    assert guest.set_password(PASSWORD).heading == "Password Set Successfully"
    assert "Our <i>invited</i> & more" in guest.page
    assert "Our <i>reset</i>" not in guest.page


def test_my_account_and_refusals_wear_the_brand_too(guest: Browser, world: World) -> None:
    brand(world)
    for address in ("/myaccount/", "/nowhere"):
        page = Browser().signed_in("admin", "admin").get(address).page
        assert "/brand.css?v=" in page
        assert '<img class="logo" src="/brand/logo?v=' in page


def test_a_brand_costs_no_query_that_a_page_did_not_make_before(guest: Browser, world: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            guest.get(LOGIN)
        return len(seen)

    guest.get(LOGIN)
    plain = queries()
    brand(world)
    guest.get(LOGIN)
    assert queries() == plain
    guest.client.get("/brand.css", secure=True)
    assert not [query for query in _seen(guest, "/brand.css") if "store_brand" in query]
    assert not [query for query in _seen(guest, "/brand.css") if "logo" in query]


def _seen(guest: Browser, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        guest.client.get(address, secure=True)
    return [query["sql"] for query in seen.captured_queries]


def test_the_style_sheet_of_a_brand_is_a_few_lines(guest: Browser, world: World) -> None:
    brand(world)
    sheet = guest.client.get("/brand.css", secure=True).content
    assert len(sheet) < 600
    assert len(gzip.compress(sheet)) < 300


@pytest.mark.parametrize("colour", ["red;}x{", "#abc", "#12345\n", "}}}}}}}"])
def test_what_stands_in_the_database_is_not_trusted_to_be_a_colour(guest: Browser, world: World, colour: str) -> None:
    """A-064: rules in a style sheet that everybody loads, written past every form."""
    brand(world)
    Row.objects.within(world.tenant).update(primary=colour, version=2)
    brands.forget()
    sheet = guest.client.get("/brand.css", secure=True).content.decode()
    assert colour not in sheet
    assert "--ground:#fff8f0" in sheet
    world.invite()
    assert world.mails(), "and it stops no mail"


def test_the_change_of_another_process_is_seen_soon(guest: Browser, world: World) -> None:
    brand(world)
    assert "login_heading" in guest.get(LOGIN).page
    Row.objects.within(world.tenant).update(texts={"login_heading": {"en": "Changed elsewhere"}}, version=9,
                                            changed=world.now + timedelta(seconds=1))
    assert "Changed elsewhere" not in guest.get(LOGIN).page, "remembered for a moment"
    brands._found[world.tenant.id] = (0.0, brands.of(world.tenant.id))
    assert "Changed elsewhere" in guest.get(LOGIN).page
