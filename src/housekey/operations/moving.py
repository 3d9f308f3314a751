"""What was read of WSO2's files and lives in the database: texts of messages, attributes, user stores.

Each is a deed of its own: what is refused is said in the report and keeps nothing else from being done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from housekey.conf.house import House
from housekey.core.errors import Conflict, NotFound, NotPermitted, Refused
from housekey.core.moving.report import Moved, MovedClaim, MovedStore, MovedTemplate, Place
from housekey.core.principal import Principal
from housekey.operations import claims, stores, templates
from housekey.operations.stores import NewStore

ALREADY = "The tenant has a text of its own for this already, and it was left alone. With --force it is replaced."
Deed = Callable[[], None]


def bring_in(house: House, by: Principal, moved: Moved, now: datetime, *, force: bool = False) -> int:
    """Into the caller's tenant; how many of them. `force`: also over what is there already. Raises NotPermitted."""
    done = 0
    for places, deed in _deeds(house, by, moved, now, force):
        try:
            deed()
        except NotPermitted:
            raise
        except Refused as refusal:
            moved.refuse(places, refusal.sentence)
        else:
            done += 1
    return done


def _deeds(house: House, by: Principal, moved: Moved, now: datetime, force: bool) -> Iterator[tuple[list[Place], Deed]]:
    for template in moved.templates:
        yield [*template.places.values()], partial(_template, by, template, now, force)
    for claim in moved.claims:
        yield [*claim.places.values()], partial(_claim, by, claim, now)
    for store in moved.stores:
        yield [*store.places.values()], partial(_store, house, by, store, now, force)


def _template(by: Principal, wanted: MovedTemplate, now: datetime, force: bool) -> None:
    present = templates.get(by, wanted.channel, wanted.kind, wanted.locale)
    if present.different and present.words == wanted.words:
        return
    if present.different and not force:
        raise Conflict(ALREADY)
    words = wanted.words
    templates.save(by, wanted.channel, wanted.kind, wanted.locale, words.subject, words.html, words.text, None, now)


def _claim(by: Principal, wanted: MovedClaim, now: datetime) -> None:
    """A pattern that is not named is left as it is; so are the other parts."""
    rule, said = wanted.rule, wanted.places
    claims.update(
        by, wanted.uri, display_name=wanted.display_name, description=wanted.description, display_order=wanted.display_order,
        supported_by_default=wanted.supported_by_default, regex=rule.regex if "regex" in said else None,
        required=rule.required if "required" in said else None, read_only=rule.read_only if "readonly" in said else None, now=now)


def _store(house: House, by: Principal, wanted: MovedStore, now: datetime, force: bool) -> None:
    """If it is switched on, it is looked through at once, as any other that is set up."""
    new = NewStore(wanted.domain, wanted.kind, wanted.properties, password=wanted.secret, description=wanted.description,
                   enabled=wanted.enabled)
    try:
        present = stores.get(by, wanted.domain)
    except NotFound:
        stores.add(house, by, new, now)
        return
    if not force or present.kind != wanted.kind:
        raise Conflict(f"There is a user store {wanted.domain} already, and it was left alone.")
    stores.change(house, by, wanted.domain, new, now)
