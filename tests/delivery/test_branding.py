"""Mails in a tenant's colours, with its logo inside, kept with a real mail server on loopback."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage

import pytest

from housekey.conf.house import House
from housekey.core.names import Tenant
from housekey.core.principal import system
from housekey.core.wording import Unfit
from housekey.delivery import worker
from housekey.operations import branding, templates, tenants
from housekey.operations.branding import Wanted
from tests.delivery.helpers import Enqueue
from tests.support.pictures import png, webp
from tests.support.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def save(tenant: Tenant, now: datetime, **wanted: object) -> None:
    branding.save(system(tenant), Wanted(**wanted), branding.get(system(tenant)).version, now)  # type: ignore[arg-type] # by name


def test_a_mail_wears_the_brand_and_loads_nothing(mailing: House, smtp: Sink, enqueue: Enqueue, tenant: Tenant, now: datetime) -> None:
    texts = {"mail_footer": "Acme <b>GmbH</b>, Street 1"}
    save(tenant, now, primary="#ffd200", background="#fff8f0", logo=png(), logo_alt='Acme "A"', texts=texts)
    enqueue()
    worker.drain(mailing, now)
    mail = smtp.messages[0].message
    page = html_of(mail)
    assert 'class="button" style="display:inline-block;padding:12px 24px;background:#ffd200;color:#000000;' in page
    assert 'style="margin:0;padding:0;background:#fff8f0;"' in page
    assert ".button { background: #ffd200 !important; color: #000000 !important; }" in page, "the night is the brand's too"
    assert "Acme &lt;b&gt;GmbH&lt;/b&gt;, Street 1" in page
    assert text_of(mail).rstrip().endswith("Acme <b>GmbH</b>, Street 1")
    [source, alt] = re.findall(r'<img src="cid:([^"]+)" alt="([^"]*)"', page)[0]
    assert alt == "Acme &quot;A&quot;"
    [image] = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    assert (image["Content-ID"], image.get_content_type(), image.get_payload(decode=True)) == (f"<{source}>", "image/png", png())
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    assert not re.findall(r"src=\"(?!cid:)|url\(|@import|<link|background=", page)
    assert "{{" not in page


def test_without_a_brand_a_mail_looks_as_shipped(mailing: House, smtp: Sink, enqueue: Enqueue, now: datetime) -> None:
    enqueue()
    worker.drain(mailing, now)
    mail = smtp.messages[0].message
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "background:#0b57b0;color:#ffffff;" in html_of(mail)
    assert ".button { background: #8ab8ff !important; color: #0b1a30 !important; }" in html_of(mail)
    assert "{{" not in html_of(mail)


def test_a_logo_that_mail_programs_do_not_show_stays_out(mailing: House, smtp: Sink, enqueue: Enqueue, tenant: Tenant,
                                                        now: datetime) -> None:
    save(tenant, now, logo=webp(), logo_alt="Acme")
    enqueue("a@example.com")
    worker.drain(mailing, now)
    save(tenant, now, logo=png(more=b"x" * 150_000), logo_alt="Acme")
    enqueue("b@example.com")
    worker.drain(mailing, now)
    assert "image" not in {part.get_content_maintype() for mail in smtp.messages for part in mail.message.walk()}
    assert all("<img" not in html_of(mail.message) for mail in smtp.messages)


def test_one_tenants_brand_is_in_no_other_tenants_mail(mailing: House, smtp: Sink, enqueue: Enqueue, tenant: Tenant, now: datetime) -> None:
    other = tenants.add(system(tenant), "acme.example", "Acme", now)
    save(other, now, primary="#123456", logo=png(), logo_alt="Acme")
    enqueue()
    worker.drain(mailing, now)
    page = html_of(smtp.messages[0].message)
    assert "#123456" not in page
    assert "<img" not in page


WSO2 = ('<table bgcolor="{{organization.theme.background.color}}"><tr><td style="color:{{organization.font.color}};'
        'font-family:{{organization.font}};border:1px solid {{organization.theme.border.color}}">'
        '<img src="{{organization.logo.img}}" alt="{{organization.logo.altText}}" width="120">'
        '<p>Hello</p><a href="{{link}}" style="background-color:{{organization.color.primary}};color:{{organization.button.font.color}}">'
        "Set Password</a><p>{{organization.copyright.text}} {{organization.support.mail}}</p></td></tr></table>")


@pytest.mark.parametrize("branded", [True, False])
def test_the_names_of_a_brand_are_filled_in_where_a_template_says_them(mailing: House, smtp: Sink, enqueue: Enqueue, tenant: Tenant,
                                                                       now: datetime, branded: bool) -> None:
    templates.save(system(tenant), "EMAIL", "AskPassword", "en", "Hello", WSO2, "", None, now)
    if branded:
        save(tenant, now, primary="#8a1538", logo=png(), logo_alt="Acme", texts={"mail_footer": "Acme, Street 1"})
    enqueue()
    worker.drain(mailing, now)
    page = html_of(smtp.messages[0].message)
    body = page.partition('id="bodyCell"')[2]
    assert "{{" not in page
    assert '<table bgcolor="#ffffff">' in body
    assert "color:#1b2430;font-family:Segoe UI, Roboto, Helvetica, Arial, sans-serif;border:1px solid #d5dae0" in body
    assert ("background-color:#8a1538;color:#ffffff" if branded else "background-color:#0b57b0;color:#ffffff") in body
    assert (">Acme, Street 1 " if branded else ">© ") in body
    assert len(re.findall(r'<img src="cid:[^"]+" alt="Acme" width="120">', body)) == int(branded)
    assert page.count("<img") == int(branded), "the logo is there once, or no empty image"


@pytest.mark.parametrize("bad", [
    '<img src="https://evil.test/x.png" alt="x">', '<img src="cid:{{organization.logo.img}}" alt="x">', '<img src="{{link}}" alt="x">',
    '<p style="color:{{user.claim.givenname}}">x</p>', '<p style="color:{{organization.color.primary}};x:{{link}}">x</p>',
    '<img src="{{organization.logo.img}}" alt="{{link}}">', '<img src="{{organization.logo.img}}" onload="x">',
])
def test_only_the_brand_itself_may_stand_in_an_image_or_a_style(tenant: Tenant, now: datetime, bad: str) -> None:
    """A-111: a value of a user in an attribute, or a picture that tells whoever serves it who reads."""
    with pytest.raises(Unfit):
        templates.save(system(tenant), "EMAIL", "AskPassword", "en", "Hello", f'<p><a href="{{{{link}}}}">x</a></p>{bad}', "", None, now)
