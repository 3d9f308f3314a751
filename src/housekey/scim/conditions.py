"""Entity tags (RFC 7644 section 3.14): nobody overwrites what they have not seen, and nobody reads again what has not changed."""

from __future__ import annotations

import zlib

from django.http import HttpResponse

from housekey.core.errors import Stale
from housekey.core.users import User
from housekey.web.request import Asked


def tag(version: int, *more: str) -> str:
    """A weak tag of a row's version and of what else is shown that does not count it up, such as the names of roles."""
    if not more:
        return f'W/"{version}"'
    shown_beside = zlib.crc32("\n".join(more).encode("utf-8", "replace"))
    return f'W/"{version}.{shown_beside:x}"'


def tag_of(user: User) -> str:
    """The tag of a user as shown: roles and groups are part of that, and change without the account. Lists read them in another order
    than a single user is read."""
    return tag(user.version, *sorted(user.roles), *sorted(f"{group.id} {group.name}" for group in user.groups))


def check(request: Asked, present: str) -> None:
    """Before a write. Raises Stale (412) if If-Match names another version, or If-None-Match this one (RFC 9110 section 13.1)."""
    wanted, unwanted = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if (wanted is not None and not _names(wanted, present)) or (unwanted is not None and _names(unwanted, present)):
        raise Stale("The resource is no longer the one you have seen. Read it again and repeat your change.")


def conditional(request: Asked) -> bool:
    """Does this write depend on the version? Then it is refused, not repeated, when somebody else was faster."""
    return "If-Match" in request.headers or "If-None-Match" in request.headers


def known(request: Asked, present: str) -> HttpResponse | None:
    """304 if the reader has this version already."""
    if request.headers.get("If-Match") is not None:
        check(request, present)
    header = request.headers.get("If-None-Match")
    if header is None or not _names(header, present):
        return None
    response = HttpResponse(status=304)
    response["ETag"] = present
    return response


def _names(header: str, present: str) -> bool:
    """Weakly compared: the tags of SCIM are weak, also in If-Match (RFC 7644 section 3.14's own example)."""
    given = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in given or present.removeprefix("W/") in given
