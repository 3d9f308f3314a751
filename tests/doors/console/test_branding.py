"""Styles & Text: what is saved reaches the pages of this tenant and no other, and nothing but a brand gets in."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from housekey.core.brand import PLAIN
from housekey.core.principal import HELP_DESK
from housekey.operations import branding
from housekey.operations.branding import Wanted
from housekey.store import brands
from housekey.store.models import AuditEntry
from tests.doors.pages.support import LOGIN, Browser
from tests.operations.support import PASSWORD, World, other_world
from tests.support.pictures import gif, png

FORM = "/console/branding/"
TEXTS = {"login_heading": "Willkommen <b>hier</b>", "footer": "Acme \"GmbH\" & Co"}


def fields(page: str) -> dict[str, str]:
    """What a browser would send back unchanged."""
    form = page.partition('enctype="multipart/form-data"')[2].partition("</form>")[0]
    inputs = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]+>", form)]
    return {item["name"]: html.unescape(item.get("value", "")) for item in inputs
            if "name" in item and item.get("type") not in {"checkbox", "file"}}


def send(guest: Browser, *, logo: bytes | None = None, name: str = "logo.png", kind: str = "image/png", **values: str) -> Browser:
    sent: dict[str, Any] = fields(guest.get(f"{FORM}?locale={values.pop('locale', 'en')}").page) | values
    if logo is not None:
        sent["logo"] = SimpleUploadedFile(name, logo, kind)
    return guest.post(FORM, sent)


def asset(address: str, **headers: str) -> Any:
    return Browser().client.get(address, secure=True, headers=headers)


def test_colours_logo_and_texts_reach_the_sign_in_page(guest: Browser, world: World) -> None:
    assert send(guest, logo=png(), primary="#8a1538", background="fff8f0", logo_alt="Acme “A” <x>", **TEXTS).location == (
        FORM + "?locale=en&done=brand-saved")
    assert "Pages and e-mails look like this from now on." in guest.follow().page
    answer = asset(LOGIN)
    page = answer.content.decode()
    assert "<h1>Willkommen &lt;b&gt;hier&lt;/b&gt;</h1>" in page, "texts are plain text"
    assert "Acme &quot;GmbH&quot; &amp; Co" in page
    [sheet] = re.findall(r'href="(/brand\.css\?v=\w+)"', page)
    [logo, alt] = re.findall(r'<img class="logo" src="(/brand/logo\?v=\w+)" alt="([^"]*)"', page)[0]
    assert alt == "Acme “A” &lt;x&gt;"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert ":root{--brand:#8a1538;--on-brand:#ffffff;" in asset(sheet).content.decode()
    picture = asset(logo)
    assert (picture.content, picture["Content-Type"], picture["X-Content-Type-Options"]) == (png(), "image/png", "nosniff")
    assert picture["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_without_a_brand_nothing_more_is_loaded(guest: Browser) -> None:
    page = asset(LOGIN).content.decode()
    assert "brand" not in re.sub(r"--\w+", "", page.partition("</head>")[0])
    assert "<h1>Sign In</h1>" in page
    assert (asset("/brand.css").status_code, asset("/brand/logo").status_code) == (404, 404)
    assert guest.get(FORM).status == 200


def test_files_of_the_brand_are_kept_and_asked_for_again_when_it_changes(guest: Browser, world: World) -> None:
    send(guest, logo=png(), primary="#8a1538", logo_alt="Acme")
    for path in ("/brand.css", "/brand/logo"):
        first = asset(path)
        assert first["Cache-Control"] == "no-cache"
        assert asset(f"{path}?v={first['ETag'].strip(chr(34))}")["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset(path, If_None_Match=f'"x", W/{first["ETag"]}').status_code == 304
        assert "Set-Cookie" not in first
    before = asset("/brand.css")["ETag"]
    guest.post("/console/branding/reset", {"version": "1"})
    send(guest, primary="#00695c")
    assert asset("/brand.css")["ETag"] != before, "a brand that begins anew is another one"


def test_a_tenants_brand_is_on_its_own_pages_only(guest: Browser, world: World) -> None:
    acme = other_world(world, "acme.example")
    branding.save(acme.by, Wanted("#00695c", "", png(), "Acme", texts={"login_heading": "Acme's door"}), 0, world.now)
    send(guest, primary="#8a1538", login_heading="The first door")
    ours, theirs = asset(LOGIN).content.decode(), asset("/t/acme.example" + LOGIN).content.decode()
    assert "The first door" in ours
    assert "Acme" not in ours
    assert "Acme&#x27;s door" in theirs
    assert "The first door" not in theirs
    assert 'href="/t/acme.example/brand.css?v=' in theirs
    assert "#00695c" in asset("/t/acme.example/brand.css").content.decode()
    assert "#8a1538" in asset("/brand.css").content.decode()
    assert asset("/brand/logo").status_code == 404
    assert asset("/t/acme.example/brand/logo").content == png()
    mark = brands.of(acme.tenant.id).mark
    assert asset(f"/brand.css?v={mark}")["Cache-Control"] == "no-cache", "another tenant's mark keeps nothing"


def test_texts_are_those_of_their_language(guest: Browser) -> None:
    send(guest, locale="de", login_heading="Hereinspaziert")
    send(guest, locale="en", login_heading="Come in")
    assert "<h1>Hereinspaziert</h1>" in asset(f"{LOGIN}?ui_locales=de").content.decode()
    assert "<h1>Come in</h1>" in asset(f"{LOGIN}?ui_locales=en").content.decode()
    assert "Come in" not in asset(f"{LOGIN}?ui_locales=fr").content.decode()
    page = guest.get(f"{FORM}?locale=de").page
    assert 'value="Hereinspaziert"' in page
    assert "Shipped: “Anmelden”" in page


def test_the_console_keeps_its_own_looks(guest: Browser) -> None:
    send(guest, logo=png(), primary="#8a1538", logo_alt="Acme")
    assert "brand.css" not in guest.get("/console/").page
    assert "brand.css" in guest.get("/myaccount/").page


@pytest.mark.parametrize("colour", ["red;}body{display:none", "#12345", "url(https://evil.test)", "</style><script>", "var(--x)"])
def test_what_is_no_colour_is_refused_and_stays_in_the_field(guest: Browser, world: World, colour: str) -> None:
    """A-064: stored, it would stand in a style sheet that everybody loads."""
    send(guest, primary=colour)
    assert guest.status == 400
    assert "Write the colour as # and six digits" in guest.page
    assert not branding.get(world.by).version


def test_an_unreadable_background_is_refused_with_its_numbers(guest: Browser, world: World) -> None:
    send(guest, background="#336699")
    assert guest.status == 400
    assert re.search(r"Text on the background has 1\.\d:1; 4\.5:1 is needed\. Choose a lighter colour\.", guest.page)
    assert not branding.get(world.by).version


@pytest.mark.parametrize(("data", "name", "kind", "words"), [
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.svg", "image/svg+xml", "SVG is not taken"),
    (b"<?xml version='1.0'?><svg/>", "logo.png", "image/png", "SVG is not taken"),
    (b"<html><script>alert(1)</script>", "logo.png", "image/png", "not a PNG, JPEG, WebP or GIF"),
    (gif() + b"/*<script>alert(1)</script>*/", "logo.gif", "image/gif", "damaged, or not only an image"),
    (png() + b"<?php", "logo.png", "image/png", "damaged, or not only an image"),
    (png(60_000, 60_000), "logo.png", "image/png", "more than 2000 pixels"),
    (png() + b"\0" * 300_000, "logo.png", "image/png", "larger than 256 KB"),
])
def test_what_is_no_harmless_image_is_refused(guest: Browser, world: World, data: bytes, name: str, kind: str, words: str) -> None:
    """A-064: a stored logo that is a page or a script to somebody's browser."""
    send(guest, logo=data, name=name, kind=kind, logo_alt="Acme")
    assert guest.status == 400
    assert words in guest.page
    assert 'id="logo-error"' in guest.page
    assert not branding.get(world.by).version


def test_a_picture_is_what_its_bytes_say(guest: Browser, world: World) -> None:
    send(guest, logo=gif(), name="logo.html", kind="text/html", logo_alt="Acme")
    answer = asset("/brand/logo")
    assert (answer["Content-Type"], answer["Content-Disposition"]) == ("image/gif", 'inline; filename="logo.gif"')


def test_a_logo_needs_words_and_can_be_taken_away(guest: Browser, world: World) -> None:
    send(guest, logo=png(), logo_alt="")
    assert "Please say in words what the logo shows" in guest.page
    send(guest, logo=png(), logo_alt="Acme")
    send(guest, primary="#8a1538")
    assert branding.get(world.by).logo_type == "image/png", "saving something else leaves the logo"
    send(guest, without="yes")
    assert branding.get(world.by).logo_type == ""
    assert asset("/brand/logo").status_code == 404


def test_a_lost_race_is_told_and_nothing_is_overwritten(guest: Browser, world: World) -> None:
    sent = fields(guest.get(FORM).page) | {"primary": "#8a1538"}
    branding.save(world.by, Wanted("#00695c"), 0, world.now)
    guest.post(FORM, sent)
    assert guest.status == 409
    assert "Somebody else changed the brand meanwhile." in guest.page
    assert 'value="#8a1538"' in guest.page
    assert branding.get(world.by).primary == "#00695c"
    guest.post("/console/branding/reset", {"version": "0"})
    assert guest.status == 412
    assert branding.get(world.by).version == 1


def test_checking_saves_nothing_and_shows_figures_and_pictures(guest: Browser, world: World) -> None:
    send(guest, primary="#ffd200", login_heading="Draft heading", mail_footer="Draft street 1", check="yes")
    assert guest.status == 200
    assert "Nothing is saved yet." in guest.page
    assert re.search(r"Links by day would have 1\.\d:1; 4\.5:1 is needed\. They are written in #\w{6} instead, with 4\.\d:1\.", guest.page)
    assert not branding.get(world.by).version
    frames = re.findall(r'<iframe class="frame" src="([^"]+)"', guest.page)
    assert guest.headers["Content-Security-Policy"].endswith("; frame-src 'self'")
    pages = [guest.get(address).page for address in frames]
    assert len(pages) == 4
    assert all("Draft heading" in page for page in pages[:2])
    assert all("Draft street 1" in page for page in pages[2:])
    assert all("background:#ffd200;" in page for page in pages[2:])
    assert guest.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox allow-same-origin" in guest.headers["Content-Security-Policy"]
    [night] = re.findall(r'href="(/console/branding/colours/dark\.css[^"]+)"', pages[1])
    assert "color-scheme:dark;" in guest.get(night).page
    assert "--brand:#ffd200" in guest.page
    assert "<script" not in pages[3]


def test_nobody_can_make_up_what_a_preview_says(guest: Browser, world: World) -> None:
    """A draft is signed for its tenant: an address that somebody made up shows nothing."""
    for draft in ("", "x", "eyJ4IjoxfQ:1:x"):
        assert guest.get(f"/console/branding/preview/sign-in/light?draft={draft}").status == 404
    [address, *_rest] = re.findall(r'<iframe class="frame" src="([^"]+)"', guest.get(FORM).page)
    acme = other_world(world, "acme.example")
    acme.add("root", mail="root@acme.example", role="admin")
    other = Browser()
    other.get("/t/acme.example" + LOGIN)
    other.post("/t/acme.example" + LOGIN, {"username": "root", "password": PASSWORD})
    assert other.get("/t/acme.example/console/").status == 200
    assert other.get("/t/acme.example" + address).status == 404
    assert Browser().get(address).status == 302
    assert guest.get(address.replace("sign-in", "nothing")).status == 404


def test_figures_come_while_somebody_types(guest: Browser) -> None:
    page = guest.get("/console/branding/contrast?primary=%238a1538&background=%23x").page
    assert "Text on buttons is white, with a contrast of 9." in page
    assert "<html" not in page
    assert "No colours of your own" in guest.get("/console/branding/contrast").page


def test_the_brand_can_be_taken_back_after_a_question(guest: Browser, world: World) -> None:
    send(guest, logo=png(), primary="#8a1538", logo_alt="Acme", login_lead="Hello")
    assert "This cannot be undone." in guest.get("/console/branding/reset").page
    guest.post("/console/branding/reset", {"version": fields_of_question(guest.page)})
    assert guest.location == FORM + "?done=brand-reset"
    assert branding.get(world.by) == PLAIN
    assert "Hello" not in asset(LOGIN).content.decode()


def fields_of_question(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_the_log_says_who_changed_what(guest: Browser, world: World) -> None:
    send(guest, logo=png(), primary="#8a1538", logo_alt="Acme", login_lead="Hello")
    entry = AuditEntry.objects.within(world.tenant).filter(event="brand:change").get()
    assert entry.detail["primary"] == ["", "#8a1538"]
    assert entry.detail["logo"] == f"image/png, {len(png())} bytes"
    assert entry.detail["texts"] == ["login_lead en"]
    assert "Brand changed" in guest.get("/console/audit/").page


def test_who_may_not_see_settings_sees_no_brand_form(world: World) -> None:
    world.add("helen", mail="helen@example.com", role=HELP_DESK)
    helen = Browser().signed_in("helen", PASSWORD)
    assert helen.get(FORM).status == 403
    assert helen.get("/console/branding/reset").status == 403
