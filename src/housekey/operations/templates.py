"""Templates of messages as a tenant has them: what is shipped, what the tenant wrote itself, how it would look, and a test of it.

A template is looked up when a message is sent: what is saved here holds for messages that already wait.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core import principal as scopes
from housekey.core import wording
from housekey.core.errors import Conflict, Invalid, NotFound, NotPermitted, Stale, Unavailable
from housekey.core.languages import PSEUDO
from housekey.core.messages import CHANNELS, EMAIL, SMS
from housekey.core.names import PRIMARY, findable
from housekey.core.principal import Principal
from housekey.core.properties import SUPPORT
from housekey.core.scenario import SCENARIOS, Scenario
from housekey.core.wording import CUSTOM_KIND, Problem, Words, key_of
from housekey.delivery import letter, render
from housekey.delivery.leased import Secret
from housekey.delivery.letter import Letter
from housekey.delivery.outcomes import in_words
from housekey.delivery.own import channel_for_tenant
from housekey.delivery.render import Rendered
from housekey.operations import audit, sending, throttle, users
from housekey.operations.policies import effective
from housekey.operations.transactions import durable
from housekey.store.models import MessageTemplate

MOST_LOCALES, MOST_KINDS = 60, 200
"""How many locales of one kind, and kinds of its own, a tenant may have."""
SAMPLE = {"user-name": "alex", "user.claim.givenname": "Alex", "user.claim.lastname": "Example"}
"""Somebody who does not exist, for a preview."""
DUMMY = "example"
_MOST_DIFF, _WIDEST_DIFF = 200, 300

_SCOPES = {
    "create": (scopes.TEMPLATE_CREATE, scopes.EMAIL_TEMPLATE_CREATE), "view": (scopes.TEMPLATE_VIEW, scopes.EMAIL_TEMPLATE_VIEW),
    "update": (scopes.TEMPLATE_UPDATE, scopes.EMAIL_TEMPLATE_UPDATE), "delete": (scopes.TEMPLATE_DELETE, scopes.EMAIL_TEMPLATE_DELETE),
}


@dataclass(frozen=True, slots=True)
class KindView:
    """A kind of message. `locales`: those with a text of their own, shipped or the tenant's; `changed`: the tenant's among them."""

    kind: str
    channel: str
    purpose: str
    shipped: bool
    locales: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateView:
    """What people of a locale get. `words` is written in `origin_locale`, by the tenant if `own`, else shipped.

    `version` counts the changes of the tenant's text of this very locale; 0: there is none, and `changed` and `changed_by` are empty.
    `default`: what is shipped for this locale, None for a kind that is the tenant's.
    """

    kind: str
    channel: str
    locale: str
    words: Words
    origin_locale: str
    own: bool
    version: int = 0
    changed: datetime | None = None
    changed_by: str = ""
    default: Words | None = None

    @property
    def different(self) -> bool:
        """Has the tenant a text of its own for this very locale?"""
        return self.version > 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A template filled in. `person` is who it was filled in for, `""` for the sample."""

    rendered: Rendered
    person: str = ""


def _must(by: Principal, channel: str, verb: str) -> str:
    """Which scope lets the caller do it: templates of mails have an older and a newer one for each verb. Raises NotPermitted, Invalid."""
    if channel not in CHANNELS:
        raise Invalid(f"There is no channel called {channel[:20]}.", field="channel")
    newer, older = _SCOPES[verb]
    if by.may(newer):
        return newer
    if channel == EMAIL and by.may(older):
        return older
    raise NotPermitted(newer)


def kinds(by: Principal, channel: str) -> list[KindView]:
    """Every kind that the channel has, shipped ones first and in the order of `core.wording`. Raises NotPermitted."""
    _must(by, channel, "view")
    own: dict[str, tuple[str, list[str]]] = {}
    rows = MessageTemplate.objects.within(by.tenant).filter(channel=channel).order_by("kind", "locale")
    for kind, key, locale in rows.values_list("kind", "kind_key", "locale"):
        own.setdefault(key, (kind, []))[1].append(locale)
    known = render.kinds(channel)
    order = {key_of(name): place for place, name in enumerate(wording.PURPOSES)}
    found = [_kind(channel, known[key], own.get(key, ("", []))[1]) for key in sorted(known, key=lambda key: order.get(key, len(order)))]
    return found + [_kind(channel, kind, changed) for key, (kind, changed) in own.items() if key not in known]


def _kind(channel: str, kind: str, changed: list[str]) -> KindView:
    shipped = key_of(kind) in render.kinds(channel)
    there = {*changed, *(render.shipped_locales(kind, channel) if shipped else ())} - ({PSEUDO} - {*changed})
    return KindView(kind, channel, wording.purpose_of(kind), shipped, tuple(sorted(there)), tuple(changed))


def find(by: Principal, channel: str, kind: str) -> KindView:
    """Raises NotPermitted, NotFound."""
    _must(by, channel, "view")
    return _found(by, channel, kind)


def _found(by: Principal, channel: str, kind: str) -> KindView:
    key = key_of(findable(kind))
    rows = list(MessageTemplate.objects.within(by.tenant).filter(channel=channel, kind_key=key).order_by("locale"))
    name = render.kinds(channel).get(key) or (rows[0].kind if rows else "")
    if not name:
        raise NotFound(f"There is no message template called {findable(kind)[:60]}.")
    return _kind(channel, name, [row.locale for row in rows])


def get(by: Principal, channel: str, kind: str, locale: str) -> TemplateView:
    """What people of a locale get, and what is shipped beside it. Raises NotPermitted, NotFound, Invalid for what is no locale."""
    _must(by, channel, "view")
    return _view(by, _found(by, channel, kind), _tag(locale))


def _tag(locale: str) -> str:
    found = wording.tag(locale)
    if not found:
        raise Invalid("This is no locale. Write it like de, de-AT or pt-BR.", field="locale")
    return found


def _view(by: Principal, kind: KindView, locale: str) -> TemplateView:
    rows = {row.locale: row for row in MessageTemplate.objects.within(by.tenant).filter(channel=kind.channel, kind_key=key_of(kind.kind))}
    default = render.shipped_words(kind.kind, locale, kind.channel) if kind.shipped else None
    chosen = render.own_locale(kind.kind, locale, kind.channel, rows)
    if not chosen and default is None:
        chosen = sorted(rows)[0]
    if chosen:
        words, origin = _words(rows[chosen]), chosen
    else:
        assert default is not None  # noqa: S101 - a kind is shipped or has rows
        words, origin = default, render.best_locale(kind.kind, locale, kind.channel)
    view = TemplateView(kind.kind, kind.channel, locale, words, origin, bool(chosen), default=default)
    row = rows.get(locale)
    return replace(view, version=row.version, changed=row.changed, changed_by=row.changed_by) if row else view


def _words(row: MessageTemplate) -> Words:
    return Words(row.subject, row.html, row.text)


def problems(channel: str, kind: KindView, words: Words) -> list[Problem]:
    """What is wrong with a text, and hints. Of nobody's data, so that nobody is asked who they are."""
    return wording.judge(channel, kind.kind, words, shipped=kind.shipped)


def save(
    by: Principal, channel: str, kind: str, locale: str, subject: str, html: str, text: str, version: int | None, now: datetime, *,
    only_known: bool = False,
) -> TemplateView:
    """Write the tenant's own text of a kind for a locale. `version` is the one the text was made from, None for whatever there is.
    `only_known`: not for a locale in which nobody has written one.

    Raises NotPermitted, NotFound, Unfit with all that is wrong, Stale if somebody saved another text since.
    """
    _must(by, channel, "update")
    found, locale = _found(by, channel, kind), _tag(locale)
    if only_known and locale not in found.locales:
        raise NotFound("There is no template in this language.")
    return _save(by, found, locale, wording.tidied(subject, html, text), version, now)


def add(by: Principal, channel: str, kind: str, texts: dict[str, tuple[str, str, str]], now: datetime) -> KindView:
    """Write a tenant's own texts (locale -> subject, html, text) where it has none: a new kind, or a new locale of a kind there is.

    Raises NotPermitted, Invalid, Unfit, Conflict if one is there already; then none is written.
    """
    _must(by, channel, "create")
    wanted = {_tag(locale): wording.tidied(*parts) for locale, parts in texts.items()}
    if not CUSTOM_KIND.fullmatch(kind):
        raise Invalid("The name of a type has at most 50 letters, digits and spaces.", field="displayName")
    if not wanted:
        raise Invalid("Give the type at least one template.", field="templates")
    shipped = render.kinds(channel).get(key_of(kind))
    view = KindView(shipped or kind, channel, wording.purpose_of(kind), shipped is not None, (), ())
    for words in wanted.values():
        wording.check(channel, view.kind, words, shipped=view.shipped)
    there = Conflict(f"There is a template of {view.kind[:60]} in this language already.", field="locale")
    rows = MessageTemplate.objects.within(by.tenant).filter(channel=channel)
    with durable(taken=there):
        if rows.filter(kind_key=key_of(kind), locale__in=wanted).exists():
            raise there
        _check_room(by, view)
        for locale, words in wanted.items():
            _insert(by, view, locale, words, now)
    return _found(by, channel, kind)


def add_kind(by: Principal, channel: str, kind: str, texts: dict[str, tuple[str, str, str]], now: datetime) -> KindView:
    """A kind that does not exist yet, not even as a shipped one. Raises as `add` does."""
    _must(by, channel, "create")
    rows = MessageTemplate.objects.within(by.tenant).filter(channel=channel, kind_key=key_of(kind))
    if key_of(kind) in render.kinds(channel) or rows.exists():
        raise Conflict(f"There is a type called {kind[:60]} already.", field="displayName")
    return add(by, channel, kind, texts, now)


def add_locale(by: Principal, channel: str, kind: str, locale: str, words: Words, now: datetime, *, over_shipped: bool) -> KindView:
    """A text of a kind there is, in a locale that has none. `over_shipped`: a shipped text is no hindrance. Raises NotFound, and what
    `add` raises."""
    _must(by, channel, "create")
    found = _found(by, channel, kind)
    if _tag(locale) in (found.changed if over_shipped else found.locales):
        raise Conflict(f"There is a template of {found.kind[:60]} in this language already.", field="locale")
    return add(by, channel, found.kind, {locale: (words.subject, words.html, words.text)}, now)


def _check_room(by: Principal, kind: KindView) -> None:
    rows = MessageTemplate.objects.within(by.tenant).filter(channel=kind.channel)
    if rows.filter(kind_key=key_of(kind.kind)).count() >= MOST_LOCALES:
        raise Invalid(f"There are {MOST_LOCALES} locales of this template already.", field="locale")
    if not kind.shipped and rows.values("kind_key").distinct().count() >= MOST_KINDS:
        raise Invalid(f"There are {MOST_KINDS} types already.", field="displayName")


def _save(by: Principal, kind: KindView, locale: str, words: Words, version: int | None, now: datetime) -> TemplateView:
    wording.check(kind.channel, kind.kind, words, shipped=kind.shipped)
    stale = Stale("Somebody else changed the same template meanwhile. Look at it and save again.")
    with durable(taken=stale):
        rows = MessageTemplate.objects.within(by.tenant).filter(channel=kind.channel, kind_key=key_of(kind.kind), locale=locale)
        row = rows.select_for_update().first()
        if version is not None and version != (row.version if row else 0):
            raise stale
        if row is None:
            _check_room(by, kind)
            _insert(by, kind, locale, words, now)
        elif _words(row) != words:
            _record(by, "template:change", kind, locale, _words(row), words, now)
            row.subject, row.html, row.text = words.subject, words.html, words.text
            row.version, row.changed, row.changed_by = row.version + 1, now, by.name[:300]
            row.save(update_fields=["subject", "html", "text", "version", "changed", "changed_by"])
    return _view(by, kind, locale)


def _insert(by: Principal, kind: KindView, locale: str, words: Words, now: datetime) -> None:
    MessageTemplate(
        tenant_id=by.tenant.id, channel=kind.channel, kind=kind.kind, kind_key=key_of(kind.kind), locale=locale, subject=words.subject,
        html=words.html, text=words.text, changed=now, changed_by=by.name[:300],
    ).save(force_insert=True)
    before = render.shipped_words(kind.kind, locale, kind.channel) if kind.shipped else Words("", "", "")
    _record(by, "template:change", kind, locale, before, words, now)


def reset(by: Principal, channel: str, kind: str, locale: str | None, now: datetime) -> int:
    """Forget the tenant's text of one locale, or of all (None): what is shipped holds again. How many were forgotten.

    Raises NotPermitted, NotFound for a kind that does not exist, Invalid for what is no locale.
    """
    _must(by, channel, "delete")
    found = _found(by, channel, kind)
    with durable():
        rows = MessageTemplate.objects.within(by.tenant).filter(channel=channel, kind_key=key_of(found.kind))
        if locale is not None:
            rows = rows.filter(locale=_tag(locale))
        gone = list(rows.select_for_update())
        rows.filter(pk__in=[row.pk for row in gone]).delete()
        for row in gone:
            after = render.shipped_words(found.kind, row.locale, channel) if found.shipped else Words("", "", "")
            _record(by, "template:reset", found, row.locale, _words(row), after, now)
    return len(gone)


def _record(by: Principal, event: str, kind: KindView, locale: str, before: Words, after: Words, now: datetime) -> None:
    audit.record(by, event, now, target=f"{kind.channel} {kind.kind} {locale}", diff=list(_difference(before, after)))


def _difference(before: Words, after: Words) -> Iterator[str]:
    left = _MOST_DIFF
    for part in ("subject", "html", "text"):
        lines = list(difflib.unified_diff(getattr(before, part).split("\n"), getattr(after, part).split("\n"), part, part, "", "", 0, ""))
        yield from (line[:_WIDEST_DIFF] for line in lines[:left])
        left -= min(left, len(lines))


def preview(
    house: House, by: Principal, channel: str, kind: str, locale: str, words: Words, now: datetime, *, user_id: UUID | None = None
) -> Shown:
    """A text as somebody would get it: `user_id`, who may be looked at with the permission for that, or a sample. The link or code in it
    opens nothing.

    Raises NotPermitted, NotFound, Unfit.
    """
    _must(by, channel, "view")
    person = users.get(by, user_id) if user_id else None
    policy = effective(house, by.tenant)
    if person:
        fields = sending.message_fields(house, by.tenant, policy, person)
    else:
        fields = SAMPLE | {"organization-name": sending.organization(house, by.tenant, policy), "userstore-domain": PRIMARY,
                           "organization.support.mail": policy.text(SUPPORT)}
    return Shown(_filled(house, by, channel, kind, locale, words, now, fields), str(person.name) if person else "")


def _filled(
    house: House, by: Principal, channel: str, kind: str, locale: str, words: Words, now: datetime, fields: dict[str, str]
) -> Rendered:
    found, policy = _found(by, channel, kind), effective(house, by.tenant)
    template = render.own(found.kind, _tag(locale), channel, wording.tidied(words.subject, words.html, words.text))
    scenario = _scenario(channel, found.kind)
    if scenario is None:
        return letter.filled(house, by.tenant, template, fields)
    minutes = policy.minutes(scenario)
    shape = policy.shape(scenario) if scenario.otp else None
    code = (shape.alphabet * shape.length)[: shape.length] if shape else DUMMY
    expires = None if minutes < 0 else now + timedelta(minutes=minutes)
    secret = Secret(uuid4(), b"", "", expires, PRIMARY, scenario.purpose, shape.length if shape else 0)
    return letter.filled(house, by.tenant, template, fields, secret, code)


def _scenario(channel: str, kind: str) -> Scenario | None:
    """What the link or code of a message of this kind would be for."""
    key = key_of(kind)
    return next((item for item in SCENARIOS if item.channel == channel and key in {key_of(item.first), key_of(item.again)}), None)


def send_test(house: House, by: Principal, channel: str, kind: str, locale: str, words: Words, now: datetime) -> str:
    """Send a text to the caller's own address or number, past the outbox, with a link or code that opens nothing; where it went.

    Raises NotPermitted, NotFound, Unfit, Invalid without an address, Throttled, Unavailable with what the server said.
    """
    scope = _must(by, channel, "update")
    myself = users.get(by, by.account_id, permission=scope) if by.account_id else None
    to = "" if myself is None else myself.profile.mobile if channel == SMS else myself.profile.mail
    if myself is None or not to:
        what = "mobile number" if channel == SMS else "e-mail address"
        raise Invalid(f"Your own profile has no {what} that a test could go to.", field="test")
    fields = sending.message_fields(house, by.tenant, effective(house, by.tenant), myself)
    made = _filled(house, by, channel, kind, locale, words, now, fields)
    throttle.reserve_test(by.tenant, now)
    way = channel_for_tenant(house, by.tenant.id, channel)
    try:
        outcome = way.send(Letter(uuid4(), kind, to, now, made.subject, made.text, made.html, logo=made.logo), now)
    finally:
        way.close()
    with durable():
        target = f"{channel} {kind} {locale}"[:400]
        audit.record(by, "template:test", now, target=target, target_id=by.account_id, to=to, result=outcome.kind)
    if outcome.kind not in {"sent", "kept"}:
        raise Unavailable(in_words(outcome.detail))
    return to


def compared(before: Words, after: Words, part: str) -> list[tuple[str, str]]:
    """One part of two texts, line by line: (`+`, `-` or `""`, line). Only the neighbourhood of differences; `…` for what is left out."""
    old, new = getattr(before, part).split("\n"), getattr(after, part).split("\n")
    found: list[tuple[str, str]] = []
    for line in list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]:
        if line.startswith("@@"):
            found += [("", "…")] if found else []
        else:
            found.append((line[0].strip(), line[1:]))
    return found
