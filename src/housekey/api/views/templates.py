"""WSO2's APIs over the templates of messages (reference server 4.6). What is written here holds for the next message that is sent."""

from __future__ import annotations

from housekey.api.door import Answer, Call, Problem, route
from housekey.api.templating import (
    APIS,
    Api,
    Template,
    TemplateLink,
    TemplateSent,
    TypeLink,
    TypeSent,
    TypeWhole,
    kind_of,
    locale_of,
    parts,
    shown,
    template_link,
    type_link,
    words_of,
)
from housekey.core.connectors import public_id
from housekey.core.errors import NotFound, Refused
from housekey.core.messages import SMS
from housekey.core.wording import Unfit, tag, wso2_locale
from housekey.operations import templates
from housekey.operations.templates import KindView
from housekey.web.house import now

_MAIL = {
    "contentType": "text/html; charset=UTF-8", "subject": "Welcome",
    "body": "<p><a href=\"{{link}}\">Set your password</a></p>", "footer": "",
}
_BODY = ("Only names in double braces are filled in, from the list that the console shows. HTML that mail programs or readers could "
         "stumble over is refused with its line.")


def _refused(refusal: Refused) -> Problem | None:
    """Everything that is wrong with a template, not only the first."""
    if isinstance(refusal, Unfit):
        said = " ".join(item.say() for item in refusal.problems if not item.harmless)
        return Problem(400, refusal.code, said, message="Invalid template.")
    return None


def _example(api: Api) -> dict[str, str]:
    return {"body": "{{organization-name}}: {{confirmation-code}}"} if api.channel == SMS else _MAIL


def _declare_types(api: Api) -> None:
    @route("GET", api.root, scope=api.scope["view"], summary="List the types of templates", tag=api.tag, answers={200: list[TypeLink]})
    def listing(call: Call) -> Answer:
        return Answer(body=[type_link(api, call, kind) for kind in templates.kinds(call.by, api.channel)])

    @route("POST", api.root, scope=api.scope["create"], summary="Add a type of templates", tag=api.tag, body=TypeSent, refusals=_refused,
           answers={201: TypeLink}, errors=(409,),
           example={"displayName": "WelcomePack", "templates": [{api.key: "en_US"} | _example(api)]},
           description=f"With at least one template: a type without any does not exist here. {_BODY}")
    def add(call: Call) -> Answer:
        sent: TypeSent = call.body
        texts = {locale_of(api, item): parts(words_of(api, item)) for item in sent.templates}
        link = type_link(api, call, templates.add_kind(call.by, api.channel, sent.display_name.strip(), texts, now()))
        return Answer(201, link, {"Location": link.self})

    @route("GET", f"{api.root}/{{type}}", scope=api.scope["view"], summary="Read a type of templates", tag=api.tag,
           answers={200: TypeWhole})
    def show(call: Call, type: str) -> Answer:
        kind = templates.find(call.by, api.channel, kind_of(type))
        link = type_link(api, call, kind)
        whole = TypeWhole(id=link.id, display_name=link.display_name, self=link.self)
        if api.whole:
            whole.templates = [shown(api, templates.get(call.by, api.channel, kind.kind, locale)) for locale in kind.locales]
        return Answer(body=whole)

    @route("DELETE", f"{api.root}/{{type}}", scope=api.scope["delete"], summary="Delete a type of templates", tag=api.tag,
           answers={204: None}, description="A type that belongs to the product stays, with its shipped texts.")
    def delete(call: Call, type: str) -> Answer:
        templates.reset(call.by, api.channel, kind_of(type), None, now())
        return Answer(204)


def _declare_templates(api: Api, room: str) -> None:
    here = f"{api.root}/{{type}}/{room}"

    @route("GET", here, scope=api.scope["view"], summary="List the templates of a type", tag=api.tag, answers={200: list[TemplateLink]})
    def listing(call: Call, type: str) -> Answer:
        kind = templates.find(call.by, api.channel, kind_of(type))
        return Answer(body=[template_link(api, call, room, kind.kind, locale) for locale in kind.locales])

    @route("POST", here, scope=api.scope["create"], summary="Add a template in another language", tag=api.tag, body=TemplateSent,
           answers={201: TemplateLink}, errors=(409,), refusals=_refused, example={api.key: "sv_SE"} | _example(api), description=_BODY)
    def add(call: Call, type: str) -> Answer:
        locale = locale_of(api, call.body)
        kind = templates.add_locale(call.by, api.channel, kind_of(type), locale, words_of(api, call.body), now(),
                                    over_shipped=room == "org-templates")
        link = template_link(api, call, room, kind.kind, tag(locale))
        return Answer(201, link, {"Location": link.self})

    @route("GET", f"{here}/{{locale}}", scope=api.scope["view"], summary="Read a template", tag=api.tag, answers={200: Template})
    def show(call: Call, type: str, locale: str) -> Answer:
        kind = templates.find(call.by, api.channel, kind_of(type))
        if tag(locale) not in kind.locales:
            raise _nowhere(kind, locale)
        return Answer(body=shown(api, templates.get(call.by, api.channel, kind.kind, locale)))

    _declare_changes(api, here)


def _declare_changes(api: Api, here: str) -> None:
    @route("PUT", f"{here}/{{locale}}", scope=api.scope["update"], summary="Replace a template", tag=api.tag, body=TemplateSent,
           refusals=_refused, example=_example(api), description=f"Of a mail both parts: the plain text is made from the HTML. {_BODY}")
    def replace(call: Call, type: str, locale: str) -> Answer:
        sent: TemplateSent = call.body
        _check_locale(api, sent, locale)
        subject, html, text = parts(words_of(api, sent))
        templates.save(call.by, api.channel, kind_of(type), locale, subject, html, text, None, now(), only_known=True)
        return Answer()

    @route("DELETE", f"{here}/{{locale}}", scope=api.scope["delete"], summary="Delete a template", tag=api.tag, answers={204: None},
           description="Where a text is shipped for the language, it holds again.")
    def delete(call: Call, type: str, locale: str) -> Answer:
        _check_locale(api, None, locale)
        templates.reset(call.by, api.channel, kind_of(type), locale, now())
        return Answer(204)


def _check_locale(api: Api, sent: TemplateSent | None, locale: str) -> None:
    """Raises NotFound for what is no locale, Problem 400 where a body names another one than the address."""
    if not tag(locale):
        raise NotFound(f"There is no template in the language {locale[:40]}.")
    named: str = getattr(sent, api.key) if sent else ""
    if named and tag(named) != tag(locale):
        raise Problem(400, 400, f"{api.key}: the address says {wso2_locale(tag(locale))}, the body {named[:40]}.")


def _nowhere(kind: KindView, locale: str) -> NotFound:
    there = ", ".join(wso2_locale(item) for item in kind.locales)
    return NotFound(f"{kind.kind[:60]} ({public_id(kind.kind)}) has no template in the language {locale[:40]}. There are: {there}.")


for _api in APIS:
    _declare_types(_api)
    for _room in _api.rooms:
        _declare_templates(_api, _room)
