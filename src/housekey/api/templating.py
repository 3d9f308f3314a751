"""How WSO2's template APIs write types and templates (reference server 4.6): four addresses of the same things, with small differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from housekey.api.door import Call, Problem
from housekey.api.reading import Body
from housekey.core import markup
from housekey.core import principal as scopes
from housekey.core.connectors import name_of, public_id
from housekey.core.messages import EMAIL, SMS
from housekey.core.wording import Words, wso2_locale
from housekey.operations.templates import KindView, TemplateView

HTML, PLAIN = "text/html; charset=UTF-8", "text/plain; charset=UTF-8"

Short = Annotated[str, msgspec.Meta(max_length=1_000)]
Long = Annotated[str, msgspec.Meta(max_length=200_000)]


class TypeLink(Body, rename="camel"):
    id: str
    display_name: str
    self: str


class Template(Body, rename="camel"):
    """A template as it is read and written. Which keys it has depends on the API."""

    body: str
    id: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    content_type: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    footer: str | UnsetType = UNSET


class TemplateLink(Body, rename="camel"):
    self: str
    id: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET


class TypeWhole(TypeLink, rename="camel"):
    templates: list[Template] | UnsetType = UNSET


class TemplateSent(Body, rename="camel"):
    body: Long
    id: Short = ""
    locale: Short = ""
    content_type: Short = HTML
    subject: Short = ""
    footer: Short = ""


class TypeSent(Body, rename="camel"):
    display_name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    templates: Annotated[list[TemplateSent], msgspec.Meta(max_length=60)] = []


@dataclass(frozen=True, slots=True)
class Api:
    """One of the addresses. `key`: what a template calls its locale; `rooms`: the words its templates stand under, the first in links."""

    root: str
    channel: str
    key: str
    rooms: tuple[str, ...]
    whole: bool
    """Does a type show its templates?"""
    tag: str

    @property
    def scope(self) -> dict[str, str]:
        if self.channel == SMS:
            return {"create": scopes.TEMPLATE_CREATE, "view": scopes.TEMPLATE_VIEW, "update": scopes.TEMPLATE_UPDATE,
                    "delete": scopes.TEMPLATE_DELETE}
        return {"create": scopes.EMAIL_TEMPLATE_CREATE, "view": scopes.EMAIL_TEMPLATE_VIEW, "update": scopes.EMAIL_TEMPLATE_UPDATE,
                "delete": scopes.EMAIL_TEMPLATE_DELETE}


_NEW = "/api/server/v1/notification"
APIS = (
    Api("/api/server/v1/email/template-types", EMAIL, "id", ("templates",), True, "Email templates (v1)"),
    Api("/api/server/v2/email/template-types", EMAIL, "locale", ("templates", "org-templates"), True, "Email templates (v2)"),
    Api(f"{_NEW}/email/template-types", EMAIL, "locale", ("org-templates",), False, "Notification templates: e-mail"),
    Api(f"{_NEW}/sms/template-types", SMS, "locale", ("org-templates",), False, "Notification templates: SMS"),
)


def kind_of(wanted: str) -> str:
    """The name behind an id. Raises Problem 404."""
    try:
        return name_of(wanted)
    except ValueError:
        raise Problem(404, 404, f"There is no template type with the id {wanted[:80]}.") from None


def type_link(api: Api, call: Call, kind: KindView) -> TypeLink:
    return TypeLink(id=public_id(kind.kind), display_name=kind.kind, self=f"{call.prefix}{api.root}/{public_id(kind.kind)}")


def template_link(api: Api, call: Call, room: str, kind: str, locale: str) -> TemplateLink:
    written = wso2_locale(locale)
    link = TemplateLink(self=f"{call.prefix}{api.root}/{public_id(kind)}/{room}/{written}")
    setattr(link, api.key, written)
    return link


def shown(api: Api, view: TemplateView) -> Template:
    """As the API writes it: of a mail the HTML, or the text where nobody wrote any HTML."""
    words, written = view.words, wso2_locale(view.locale)
    if api.channel == SMS:
        return Template(locale=written, body=words.text)
    plain = not words.html.strip()
    found = Template(content_type=PLAIN if plain else HTML, subject=words.subject, body=words.text if plain else words.html, footer="")
    setattr(found, api.key, written)
    return found


def words_of(api: Api, sent: TemplateSent) -> Words:
    """What was sent. Whichever of HTML and text is missing is made from the other; a footer goes below the body. Raises Problem 400."""
    if api.channel == SMS:
        return Words("", "", sent.body)
    kind = sent.content_type.partition(";")[0].strip().lower()
    if kind not in {"text/html", "text/plain"}:
        raise Problem(400, 400, f"contentType: {sent.content_type[:80]} is not possible. Send text/html or text/plain.")
    footer = sent.footer.strip()
    if kind == "text/plain":
        return Words(sent.subject, "", f"{sent.body}\n\n{footer}" if footer else sent.body)
    if footer and "<" not in footer:
        footer = markup.to_html(footer)
    return Words(sent.subject, f"{sent.body}\n{footer}" if footer else sent.body, "")


def locale_of(api: Api, sent: TemplateSent) -> str:
    """The locale a body names. Raises Problem 400 if it names none."""
    found: str = getattr(sent, api.key)
    if not found:
        raise Problem(400, 400, f"{api.key} is missing. Send a locale, such as en_US.")
    return found


def parts(words: Words) -> tuple[str, str, str]:
    return words.subject, words.html, words.text
