"""/scim2/Me: the signed-in person's own user (RFC 7644 section 3.11). A program's token belongs to no person, so it has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse

from housekey.core.custom import settled
from housekey.core.errors import Invalid, NotFound, NotPermitted, Stale
from housekey.core.principal import LOGIN, USER_UPDATE
from housekey.core.resource import profile_of
from housekey.core.users import Changes, Profile, User
from housekey.operations import own_password, own_profile
from housekey.operations.custom_attributes import kind_of_users
from housekey.scim import conditions, mapping, patch
from housekey.scim.conditions import tag_of
from housekey.scim.dialect import read_changes, read_replacement, to_patch
from housekey.scim.door import door, not_possible
from housekey.scim.errors import answer
from housekey.scim.projection import Projection, of_query
from housekey.scim.reading import read_object
from housekey.web.house import house, now
from housekey.web.request import Asked


@door
def me(request: Asked) -> HttpResponse:
    """/scim2/Me"""
    request.by.must(LOGIN)
    if request.by.account_id is None:
        raise NotFound("This token belongs to a program, not to a person, so there is no Me. Use /Users.")
    match request.method:
        case "GET":
            return _show(request)
        case "PUT" | "PATCH":
            return _write(request, read_object(request))
    raise not_possible(request, "GET, PUT, PATCH")


def _show(request: Asked) -> HttpResponse:
    projection, user = of_query(request, kind_of_users(request.by.tenant)), own_password.me(request.by)
    return conditions.known(request, tag_of(user)) or _told(request, user, projection)


def _told(request: Asked, user: User, projection: Projection) -> HttpResponse:
    """Location names the user's lasting address (RFC 7644 section 3.11). Invitations are the administrators' business."""
    response = answer(mapping.told(house(), request.by.tenant, user, projection))
    response["ETag"] = tag_of(user)
    response["Content-Location"] = response["Location"] = mapping.location(house(), request.by.tenant, user)
    return response


def _write(request: Asked, body: dict[str, Any]) -> HttpResponse:
    """As often as somebody else was faster, but three times at most; never if the client said which version it means."""
    projection = of_query(request, kind_of_users(request.by.tenant))
    for last in (False, False, True):
        user = own_password.me(request.by)
        user = replace(user, profile=settled(user.profile, kind_of_users(request.by.tenant)))
        conditions.check(request, tag_of(user))
        wanted = _replaced(request, user, body) if request.method == "PUT" else _patched(request, user, body)
        try:
            changed = own_profile.change(house(), request.by, wanted, now(), version=user.version)
            break
        except Stale:
            if last or conditions.conditional(request):
                raise
    return _told(request, changed, projection)


def _patched(request: Asked, user: User, body: dict[str, Any]) -> Profile:
    kind, before = kind_of_users(request.by.tenant), to_patch(mapping.shown(house(), request.by.tenant, user))
    changes = read_changes(patch.apply(before, body, kind), before, user, kind, extensions_on=True)
    _only_the_profile(changes)
    return changes.profile or user.profile


def _replaced(request: Asked, user: User, body: dict[str, Any]) -> Profile:
    """What its owner may write is replaced; the rest may be left out, or sent as it was read, but not be changed."""
    kind, before = kind_of_users(request.by.tenant), mapping.shown(house(), request.by.tenant, user)
    _only_the_profile(read_replacement(body, before, user, kind, extensions_on=True))
    asked, present = profile_of(body, kind), user.profile
    for name in asked.more.keys() - own_profile.OPEN:
        if asked.more[name] != present.more.get(name):
            raise NotPermitted(USER_UPDATE)
    if asked.emails and asked.emails != present.emails:
        raise NotPermitted(USER_UPDATE)
    opened = {name: value for name, value in asked.more.items() if name in own_profile.OPEN}
    kept = {name: value for name, value in present.more.items() if name not in own_profile.OPEN}
    return replace(asked, emails=present.emails, more=kept | opened)


def _only_the_profile(changes: Changes) -> None:
    """Raise for what decides whether and how one gets in: an identity is not its owner's to change (reference 1.4, blocked claims)."""
    if changes.password is not None:
        raise Invalid("Change your password at /api/users/v1/me/change-password, where the old one is asked for.", field="password")
    if changes.disabled is not None or changes.locked is not None or changes.force_reset or changes.ask_password:
        raise NotPermitted(USER_UPDATE)
