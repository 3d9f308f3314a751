"""Users by name and their claims, as both services take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from housekey.core import claims
from housekey.core.claims import ACCOUNT_DISABLED, ACCOUNT_LOCKED, ASK_PASSWORD, FORCED_RESET, ONE_TIME_PASSWORD, USERNAME, VERIFY_EMAIL
from housekey.core.errors import Invalid, NotFound, NotPermitted, Stale
from housekey.core.names import findable, split_tenant, split_username
from housekey.core.principal import CODE_CREATE, USER_LIST, USER_UPDATE, USER_VIEW
from housekey.core.users import Changes, Profile, User
from housekey.operations import own_profile, resets, tenants, users
from housekey.operations.own_password import me
from housekey.soap.schema import Call, Values
from housekey.web.house import house

PROFILE = "default"
_INSTRUCTIONS = (ASK_PASSWORD, VERIFY_EMAIL, FORCED_RESET)
_SWITCHES = (*_INSTRUCTIONS, ACCOUNT_LOCKED, ACCOUNT_DISABLED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Claims as sent, sorted: what makes something happen, what switches something, what goes into the profile."""

    profile: dict[str, str]
    switches: dict[str, bool]

    def on(self, uri: str) -> bool:
        return self.switches.get(uri) is True


def local(call: Call, text: str | None, field: str = "username") -> str:
    """The name without `@tenant` where that is the caller's own tenant (decisions, Names).

    Raises Invalid for none, NotPermitted for a user of another tenant: who signs in here speaks for this tenant only.
    """
    if not text:
        raise Invalid(f"{field} is missing. Name the user.", field=field)
    if call.request.path.startswith("/t/"):
        return text
    user, domain = split_tenant(findable(text))
    if domain == call.by.tenant.domain:
        return user
    if domain and tenants.by_domain(domain) is not None:
        raise NotPermitted(USER_VIEW)
    return text


def is_own(call: Call, name: str) -> bool:
    """Does the caller speak of themselves?"""
    if call.by.account_id is None:
        return False
    asked, own = split_username(findable(name)), me(call.by).name
    return (asked.domain, asked.key) == (own.domain, own.key)


def user(call: Call, text: str | None, field: str = "username") -> User:
    """The user of that name, for a caller who may see users, or who is that user. Raises NotFound, NotPermitted, Invalid."""
    name = local(call, text, field)
    if is_own(call, name):
        return me(call.by)
    call.by.must(USER_VIEW)
    return users.by_name(call.by, name, call.now)


def value(call: Call, user: User, uri: str) -> str:
    """What a claim says: the offline code only to those who may read it; whoever outranks the caller keeps theirs to themselves.

    Raises Invalid for a claim that does not exist.
    """
    if claims.definition(uri, "claim").uri != ONE_TIME_PASSWORD:
        return claims.value_of(user, uri)
    return resets.readable_code(house(), call.by, user.id, call.now)


def check_profile_name(values: Values) -> None:
    """Raises NotFound: there is one profile for each user (reference 5.1)."""
    if values.get("profileName") not in {None, "", PROFILE}:
        raise NotFound(f"There is no profile {str(values['profileName'])[:100]}. Every user has one, called {PROFILE}.")


def collected(pairs: list[tuple[str | None, str | None]]) -> dict[str, str]:
    """URI -> value. A claim without a value (nil) is left alone; one that is named twice with two values is refused (A-083)."""
    found: dict[str, str] = {}
    for uri, value in pairs:
        name = (uri or "").strip()
        if not name:
            raise Invalid("A claim has no URI. Name it.", field="claimUri")
        if value is None:
            continue
        if found.setdefault(name, value) != value:
            raise Invalid(f"The claim {name[:200]} is given twice, with different values.", field="claimUri")
    return found


def sorted_out(given: Mapping[str, str], present: User | None = None) -> Wanted:
    """Leaves out the one-time password, which clients send back as they read it, and whatever says what is so anyway.

    Raises Invalid, naming the claim, for one that is unknown, read-only or not true or false where it must be.
    """
    profile: dict[str, str] = {}
    switches: dict[str, bool] = {}
    for uri, value in given.items():
        definition = claims.definition(uri)
        if uri in _SWITCHES:
            switches[uri] = _boolean(uri, value)
        elif uri == ONE_TIME_PASSWORD or (present and claims.value_of(present, uri) == value):
            continue
        elif definition.read_only:
            raise Invalid(f"The claim {uri} is read-only.", field=uri)
        else:
            profile[uri] = value
    return Wanted(profile, switches)


def _boolean(uri: str, value: str) -> bool:
    text = value.strip().lower()
    if text not in {"true", "false", ""}:
        raise Invalid(f"The claim {uri} must be true or false.", field=uri)
    return text == "true"


def change(call: Call, name: str, given: Mapping[str, str]) -> None:
    """Write claims of a user, all of them or none. Raises NotFound, NotPermitted, Invalid and whatever the change itself refuses."""
    own = is_own(call, name)
    if own and any(_is_kept_from_owner(me(call.by), uri, value) for uri, value in given.items()):
        raise NotPermitted(USER_UPDATE)
    if not own and not call.by.may(USER_UPDATE):
        _force_only(call, name, given)
        return
    for last in (False, False, True):
        present = me(call.by) if own else users.by_name(call.by, name, call.now)
        wanted = sorted_out(given, present)
        try:
            _write(call, present, wanted)
            return
        except Stale:
            if last:
                raise


def _is_kept_from_owner(owner: User, uri: str, value: str) -> bool:
    """Nobody decides about their own lock, state or reset (reference 5.3); sending back what was read decides nothing."""
    claim = claims.BY_URI.get(uri)
    return claim is not None and claim.identity and uri != ONE_TIME_PASSWORD and claims.value_of(owner, uri) != value


def _force_only(call: Call, name: str, given: Mapping[str, str]) -> None:
    """Without the right to change users: a forced reset and nothing else, as the help desk may (spec section 10)."""
    call.by.must(CODE_CREATE)
    call.by.must(USER_LIST)
    wanted = sorted_out(given)
    others = {uri for uri, on in wanted.switches.items() if on or uri not in _INSTRUCTIONS} - {FORCED_RESET, ACCOUNT_LOCKED}
    if wanted.profile or others or not wanted.on(FORCED_RESET):
        raise NotPermitted(USER_UPDATE)
    resets.force(house(), call.by, users.by_name(call.by, name, call.now).id, call.now)


def _write(call: Call, present: User, wanted: Wanted) -> None:
    if wanted.on(VERIFY_EMAIL):
        raise Invalid(f"The claim {VERIFY_EMAIL} is taken only when a user is added.", field=VERIFY_EMAIL)
    profile = claims.with_claims(present.profile, wanted.profile)
    next_profile = profile if profile != present.profile else None
    if call.by.may(USER_UPDATE):
        changes = Changes(
            profile=next_profile,
            locked=wanted.switches.get(ACCOUNT_LOCKED),
            disabled=wanted.switches.get(ACCOUNT_DISABLED),
            ask_password=wanted.on(ASK_PASSWORD) and present.standing.pending == "",
            force_reset=wanted.on(FORCED_RESET),
            version=present.version,
        )
        if changes != Changes(version=present.version):
            users.change(house(), call.by, present.id, changes, call.now)
    elif set(wanted.profile) - claims.OWN:
        raise NotPermitted(USER_UPDATE)
    elif next_profile:
        own_profile.change(house(), call.by, next_profile, call.now, version=present.version)


def new_profile(given: Mapping[str, str], username: str) -> tuple[Profile, Wanted]:
    """Claims of somebody who is being added. The user name may be repeated among them."""
    wanted = sorted_out({uri: value for uri, value in given.items() if not (uri == USERNAME and value == username)})
    if wanted.on(FORCED_RESET):
        raise Invalid(f"The claim {FORCED_RESET} is for users who exist. To invite a new one, use {ASK_PASSWORD}.", field=FORCED_RESET)
    return claims.with_claims(Profile(), {uri: value for uri, value in wanted.profile.items() if value}), wanted
