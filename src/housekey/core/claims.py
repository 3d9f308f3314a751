"""The local claims `http://wso2.org/claims/…` (reference 6.1): a table; what each says of a user, what writing it does to a profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from housekey.core.attributes import ENTERPRISE_URN, HOUSEKEY_URN
from housekey.core.errors import Invalid
from housekey.core.names import findable
from housekey.core.scenario import EMAIL as EMAIL_CHANNEL
from housekey.core.scenario import SMS as SMS_CHANNEL
from housekey.core.users import Email, Profile, User

DIALECT = "http://wso2.org/claims"
IDENTITY = f"{DIALECT}/identity/"
MOST_TEXT = 1_000
"""Characters of a claim's value."""
MOST_LOCALE = 35
"""Characters of a language tag (RFC 5646 section 4.4.1)."""

USERNAME = f"{DIALECT}/username"
GIVEN_NAME = f"{DIALECT}/givenname"
LAST_NAME = f"{DIALECT}/lastname"
EMAIL = f"{DIALECT}/emailaddress"
MOBILE = f"{DIALECT}/mobile"
TELEPHONE = f"{DIALECT}/telephone"
LOCALE = f"{DIALECT}/locale"
LOCAL = f"{DIALECT}/local"
ONE_TIME_PASSWORD = f"{DIALECT}/oneTimePassword"
ASK_PASSWORD = f"{IDENTITY}askPassword"
VERIFY_EMAIL = f"{IDENTITY}verifyEmail"
FORCED_RESET = f"{IDENTITY}adminForcedPasswordReset"
ACCOUNT_LOCKED = f"{IDENTITY}accountLocked"
ACCOUNT_DISABLED = f"{IDENTITY}accountDisabled"
ACCOUNT_STATE = f"{IDENTITY}accountState"
LOCKED_REASON = f"{IDENTITY}lockedReason"
EMAIL_VERIFIED = f"{IDENTITY}emailVerified"
PHONE_VERIFIED = f"{IDENTITY}phoneVerified"
PREFERRED_CHANNEL = f"{IDENTITY}preferredChannel"

INSTRUCTIONS = frozenset({ASK_PASSWORD, VERIFY_EMAIL, FORCED_RESET})
"""Claims that make something happen and are never kept."""
OWN = frozenset({GIVEN_NAME, LAST_NAME, MOBILE, TELEPHONE, LOCALE, LOCAL, f"{DIALECT}/displayName", f"{DIALECT}/nickname"})
"""What people may write about themselves: names, language and phone; not the address that codes are sent to."""


@dataclass(frozen=True, slots=True)
class ClaimDefinition:
    """One claim as shipped. `attribute` is the one WSO2 maps it to; an importer goes by `uri`, never by attribute."""

    uri: str
    display_name: str
    description: str
    attribute: str
    display_order: int = 0
    """Profiles are shown by this, then by URI."""
    supported_by_default: bool = False
    """Shown in profiles without being asked for."""
    required: bool = False
    read_only: bool = False
    """A client that writes it is refused."""
    regex: str = ""
    identity: bool = False
    """Never written by the owner of the account."""


def _identity(name: str, display_name: str, description: str, *, read_only: bool = False, attribute: str = "") -> ClaimDefinition:
    return ClaimDefinition(f"{IDENTITY}{name}", display_name, description, attribute or name, read_only=read_only, identity=True)


def _person(name: str, display_name: str, description: str, attribute: str, order: int = 0, **more: Any) -> ClaimDefinition:
    """`order` 0: not shown by default."""
    return ClaimDefinition(f"{DIALECT}/{name}", display_name, description, attribute, order, order > 0, **more)


CLAIMS: tuple[ClaimDefinition, ...] = (
    _person("givenname", "First Name", "Given name", "givenName", 1, required=True),
    _person("lastname", "Last Name", "Family name", "sn", 2, required=True),
    _person("emailaddress", "Email", "E-mail address that messages go to", "mail", 3, regex=r"^[^@\s<>,;]+@[^@\s<>,;]+$"),
    _person("mobile", "Mobile", "Number that text messages go to", "mobile", 4),
    _person("telephone", "Telephone", "Telephone number at work", "telephoneNumber", 5),
    _person("organization", "Organization", "Organisation the user belongs to", "organizationName", 6),
    _person("department", "Department", "Department the user works in", "departmentNumber", 7),
    _person("locale", "Locale", "Language of messages, for example de-DE", "localityName", 8),
    _person("local", "Local", "The same as locale, under its older name", "local"),
    _person("displayName", "Display Name", "Name as other people see it", "displayName"),
    _person("nickname", "Nick Name", "Casual name", "nickName"),
    _person("title", "Title", "Job title", "title"),
    _person("url", "URL", "Address of a web page about the user", "url"),
    _person("externalid", "External User ID", "Identifier in the system that provisioned the user", "externalId"),
    _person("fullname", "Full Name", "Whole name", "cn", read_only=True),
    _person("username", "Username", "Name used at sign-in", "uid", read_only=True),
    _person("userid", "User ID", "Unique identifier", "scimId", read_only=True),
    _person("role", "Role", "Roles of the user, comma separated", "role", read_only=True),
    _person("created", "Created Time", "When the user was created", "createdDate", read_only=True),
    _person("modified", "Last Modified Time", "When the user was last changed", "lastModifiedDate", read_only=True),
    ClaimDefinition(ONE_TIME_PASSWORD, "One Time Password", "Code of an offline password reset", "oneTimePassword", 20, identity=True),
    _identity("askPassword", "Ask Password", "Invite the user to set a password; never kept"),
    _identity("verifyEmail", "Verify Email", "Have the owner of a new account confirm the address; never kept"),
    _identity("adminForcedPasswordReset", "Force Password Reset", "Demand a new password; never kept", attribute="forcePasswordReset"),
    _identity("accountLocked", "Account Locked", "Whether the account is locked", attribute="accountLock"),
    _identity("accountDisabled", "Account Disabled", "Whether the account is disabled"),
    _identity("accountState", "Account State", "Where the account stands", read_only=True),
    _identity("lockedReason", "Locked Reason", "Why the account is locked", read_only=True),
    _identity("emailVerified", "Email Verified", "Whether the e-mail address was proved", read_only=True),
    _identity("phoneVerified", "Phone Verified", "Whether the mobile number was proved", read_only=True),
    _identity("unlockTime", "Unlock Time", "Kept empty: locks do not end by themselves", read_only=True),
    _identity("failedLoginAttempts", "Failed Login Attempts", "Kept empty: tries are counted by the sign-in throttle", read_only=True),
    _identity("preferredChannel", "Preferred Channel", "EMAIL or SMS: the channel of invitations and forced resets"),
    _identity("emailaddress.pendingValue", "Pending Email", "Kept empty: a new address holds at once", read_only=True),
)
BY_URI: dict[str, ClaimDefinition] = {claim.uri: claim for claim in CLAIMS}


def definition(uri: str, field: str = "claimUri") -> ClaimDefinition:
    """Raises Invalid, naming the URI, for a claim that does not exist."""
    found = BY_URI.get(uri)
    if found is None:
        raise Invalid(f"There is no claim {findable(uri)[:200]}.", field=field)
    return found


# --- a claim of a user -------------------------------------------------------------------------------------------------


def value_of(user: User, uri: str) -> str:
    """What the claim says about this user, `""` for nothing. Never a code: who may read that is an operation's question."""
    reader = _READERS.get(uri)
    return reader(user) if reader else ""


@dataclass(frozen=True, slots=True)
class _Bearer:
    """As much of a user as claims of a profile are read from."""

    profile: Profile


def text_of(profile: Profile, uri: str) -> str:
    """What a profile says; `""` also for a claim that is no part of profiles."""
    return value_of(cast(User, _Bearer(profile)), uri) if uri in _WRITERS else ""


def _text(name: str) -> Callable[[User], str]:
    return lambda user: str(user.profile.more.get(name) or "")


def _enterprise(name: str) -> Callable[[User], str]:
    def read(user: User) -> str:
        rows = user.profile.more.get(ENTERPRISE_URN)
        return str(rows.get(name) or "") if isinstance(rows, dict) else ""

    return read


def _number_of(profile: Profile, kind: str) -> str:
    rows = [row for row in profile.more.get("phoneNumbers", []) if isinstance(row, dict) and str(row.get("type", "")).lower() == kind]
    return str(next(iter(rows), {}).get("value") or "")


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_READERS: dict[str, Callable[[User], str]] = {
    USERNAME: lambda user: str(user.name),
    GIVEN_NAME: lambda user: user.profile.given_name,
    LAST_NAME: lambda user: user.profile.family_name,
    EMAIL: lambda user: user.profile.mail,
    MOBILE: lambda user: user.profile.mobile,
    TELEPHONE: lambda user: _number_of(user.profile, "work"),
    LOCALE: lambda user: user.profile.locale,
    LOCAL: lambda user: user.profile.locale,
    f"{DIALECT}/displayName": _text("displayName"),
    f"{DIALECT}/nickname": _text("nickName"),
    f"{DIALECT}/title": _text("title"),
    f"{DIALECT}/url": _text("profileUrl"),
    f"{DIALECT}/externalid": _text("externalId"),
    f"{DIALECT}/organization": _enterprise("organization"),
    f"{DIALECT}/department": _enterprise("department"),
    f"{DIALECT}/fullname": lambda user: user.profile.full_name,
    f"{DIALECT}/userid": lambda user: str(user.id),
    f"{DIALECT}/role": lambda user: ",".join(user.roles),
    f"{DIALECT}/created": lambda user: _when(user.created),
    f"{DIALECT}/modified": lambda user: _when(user.modified),
    ACCOUNT_LOCKED: lambda user: _flag(user.standing.locked),
    ACCOUNT_DISABLED: lambda user: _flag(user.standing.disabled),
    ACCOUNT_STATE: lambda user: user.standing.state,
    LOCKED_REASON: lambda user: user.standing.locked_reason,
    EMAIL_VERIFIED: lambda user: _flag(user.email_verified),
    PHONE_VERIFIED: lambda user: _flag(user.phone_verified),
    PREFERRED_CHANNEL: lambda user: user.profile.channel,
}


# --- claims written to a profile ---------------------------------------------------------------------------------------


def with_claims(profile: Profile, values: Mapping[str, str]) -> Profile:
    """The profile after these claims were written; what they do not name stays, an empty value takes away.

    Raises Invalid, naming the claim, for one that is unknown, read-only or no part of a profile, and for a text that cannot be kept.
    """
    for uri, value in values.items():
        claim = definition(uri)
        writer = _WRITERS.get(uri)
        if claim.read_only or writer is None:
            raise Invalid(f"The claim {uri} cannot be written.", field=uri)
        profile = writer(profile, _checked(claim, value))
    return profile


def writable(uri: str) -> bool:
    """Can a value of this claim be written to a profile?"""
    return uri in _WRITERS


def _checked(claim: ClaimDefinition, value: str) -> str:
    most = MOST_LOCALE if claim.uri in {LOCALE, LOCAL} else MOST_TEXT
    if len(value) > most:
        raise Invalid(f"The claim {claim.uri} takes at most {most} characters.", field=claim.uri)
    if "\0" in value or value != value.encode("utf-8", "replace").decode():
        raise Invalid(f"The claim {claim.uri} contains a character that cannot be stored.", field=claim.uri)
    return value


def _set_mail(profile: Profile, value: str) -> Profile:
    """The address that mail goes to is replaced, keeping its type, and the others stay. Taken away, all go: mail must not move to
    another address that nobody named."""
    present = profile.mail
    if value == present:
        return profile
    if not value:
        return replace(profile, emails=())
    kept = next((mail for mail in profile.emails if mail.value == present), Email(value, primary=True))
    others = tuple(replace(mail, primary=None) for mail in profile.emails if mail.value not in {present, value})
    return replace(profile, emails=(replace(kept, value=value, primary=True), *others))


def _set_number(kind: str) -> Callable[[Profile, str], Profile]:
    """The first number of that type is replaced or taken away; numbers of other types stay."""

    def write(profile: Profile, value: str) -> Profile:
        present = profile.mobile if kind == "mobile" else _number_of(profile, kind)
        if value == present:
            return profile
        rows = [row for row in profile.more.get("phoneNumbers", []) if isinstance(row, dict)]
        old = [row for row in rows if str(row.get("type", "")).lower() == kind and row.get("value") == present and present]
        rest = [row for row in rows if row not in old]
        written = {**next(iter(old), {"type": kind}), "value": value}
        return _keep(profile, "phoneNumbers", [written, *rest] if value else rest)

    return write


def _set_text(name: str) -> Callable[[Profile, str], Profile]:
    return lambda profile, value: _keep(profile, name, value)


def _set_in(urn: str, name: str) -> Callable[[Profile, str], Profile]:
    """A text of an extension."""

    def write(profile: Profile, value: str) -> Profile:
        present = profile.more.get(urn)
        rows = {key: item for key, item in (present if isinstance(present, dict) else {}).items() if key != name}
        return _keep(profile, urn, rows | ({name: value} if value else {}))

    return write


def _set_channel(profile: Profile, value: str) -> Profile:
    chosen = value.strip().upper()
    if chosen not in {"", EMAIL_CHANNEL, SMS_CHANNEL}:
        raise Invalid(f"The claim {PREFERRED_CHANNEL} takes {EMAIL_CHANNEL} or {SMS_CHANNEL}.", field=PREFERRED_CHANNEL)
    return _set_in(HOUSEKEY_URN, "preferredChannel")(profile, chosen)


def _keep(profile: Profile, name: str, value: Any) -> Profile:
    more = {key: item for key, item in profile.more.items() if key != name}
    return replace(profile, more=more | ({name: value} if value else {}))


_WRITERS: dict[str, Callable[[Profile, str], Profile]] = {
    GIVEN_NAME: lambda profile, value: replace(profile, given_name=value),
    LAST_NAME: lambda profile, value: replace(profile, family_name=value),
    EMAIL: _set_mail,
    MOBILE: _set_number("mobile"),
    TELEPHONE: _set_number("work"),
    LOCALE: lambda profile, value: replace(profile, locale=value),
    LOCAL: lambda profile, value: replace(profile, locale=value),
    f"{DIALECT}/displayName": _set_text("displayName"),
    f"{DIALECT}/nickname": _set_text("nickName"),
    f"{DIALECT}/title": _set_text("title"),
    f"{DIALECT}/url": _set_text("profileUrl"),
    f"{DIALECT}/externalid": _set_text("externalId"),
    f"{DIALECT}/organization": _set_in(ENTERPRISE_URN, "organization"),
    f"{DIALECT}/department": _set_in(ENTERPRISE_URN, "department"),
    PREFERRED_CHANNEL: _set_channel,
}
