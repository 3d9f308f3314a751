"""Every way Housekey says no. Doors translate these by table; the sentence is said once, here or where it is raised.

    Refused                      stable code, a sentence a person can act on
    ├── Invalid                  the request is wrong; `field` names the part to change
    │   ├── FeatureOff           a setting forbids it; names the setting
    │   ├── NothingPending       there is no invitation or reset to send again
    │   ├── StoreReadOnly        the user is in a directory that nothing is written to
    │   ├── KeyReused            an Idempotency-Key came a second time, with another request
    │   └── PasswordRefused      the password breaks rules; lists them
    │       └── PasswordUsedBefore   it is the very one that had to be replaced
    ├── NotSignedIn              nobody has proved who they are
    │   └── WrongCredentials     one sentence for wrong, unknown, locked, pending and disabled
    ├── NotPermitted             known, but lacks a permission; names it
    ├── NotFound                 no such thing in this tenant
    ├── Conflict                 it exists already
    ├── InFlight                 the same request is being worked on at this moment
    ├── Stale                    somebody else changed it first
    ├── DeadCode                 expired, used, superseded or revoked
    ├── Throttled                too many tries; carries the seconds to wait
    └── Unavailable              we cannot at the moment; carries the seconds to wait

Codes: five digits are WSO2's own where it has one (reference: wso2-server sections 3.4, 3.8); `HK-` codes are Housekey's.
"""

from __future__ import annotations

from typing import Literal

DeadReason = Literal["expired", "spent", "superseded", "revoked", "exhausted", "unknown"]


class Refused(Exception):
    """Root of all refusals. `code` is stable and machine readable, `sentence` is for people."""

    code = "HK-400"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if code is not None:
            self.code = code


class Invalid(Refused):
    """The request cannot be taken as it is. `field` is the name the caller used (SCIM path, form field, option)."""

    def __init__(self, sentence: str, *, field: str = "", code: str | None = None) -> None:
        super().__init__(sentence, code=code)
        self.field = field


class TooMany(Invalid):
    """A search for which more would have to be looked at than the server is willing to (RFC 7644 section 3.12, tooMany)."""


class FeatureOff(Invalid):
    """A setting forbids it. `setting` is the key an operator would look for in `deployment.toml`."""

    code = "HK-410"

    def __init__(self, sentence: str, *, setting: str, field: str = "") -> None:
        super().__init__(sentence, field=field)
        self.setting = setting


class NothingPending(Invalid):
    """No invitation, reset or confirmation is waiting for this user, so none can be sent again (reference 4.1)."""

    code = "18005"
    SENTENCE = "User recovery data is not found. Please re-initiate the recovery flow."

    def __init__(self, why: str = "") -> None:
        super().__init__(why or self.SENTENCE, field="user")


class StoreReadOnly(Invalid):
    """The user is in a directory that is only read (reference 3.4: 17008). Raised before anything is locked or sent."""

    code = "17008"

    def __init__(self, name: str, domain: str, *, field: str = "user") -> None:
        super().__init__(
            f"{name} is in the user store {domain}, which is read-only here: passwords and profiles are changed in the directory itself.",
            field=field,
        )


class PasswordRefused(Invalid):
    """The password breaks the policy. `rules` holds the keys of the broken rules, in the order they are shown."""

    code = "20035"

    def __init__(self, sentence: str, *, rules: tuple[str, ...]) -> None:
        super().__init__(sentence, field="password")
        self.rules = rules


class PasswordUsedBefore(PasswordRefused):
    """The password that had to be replaced was chosen again (reference 3.9)."""

    SENTENCE = "This is the password that has to be replaced. Please choose a different password."

    def __init__(self) -> None:
        super().__init__(self.SENTENCE, rules=())
        self.code = "22001"


class NotSignedIn(Refused):
    """No proof of identity came with the request."""

    code = "HK-401"


class WrongCredentials(NotSignedIn):
    """Sign-in failed. The sentence never says why (spec section 7); the audit log does."""

    code = "17002"
    SENTENCE = "Login failed! Please recheck the username and password and try again."

    def __init__(self, why: str = "wrong password") -> None:
        super().__init__(self.SENTENCE)
        self.why = why


class NotPermitted(Refused):
    """The caller is known but lacks `permission` (an `internal_*` scope)."""

    code = "HK-403"

    def __init__(self, permission: str) -> None:
        super().__init__(f"Operation is not permitted. This needs the permission {permission}.")
        self.permission = permission


class NotFound(Refused):
    """Nothing of that name or id in this tenant."""

    code = "HK-404"


class Conflict(Invalid):
    """Something with this name exists already."""

    code = "HK-409"


class KeyReused(Invalid):
    """The Idempotency-Key belongs to another request of the same caller (HTTP 422)."""

    code = "HK-422"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request. Send the same request again, or a new key.", field="Idempotency-Key"
        )


class InFlight(Refused):
    """A request with the same Idempotency-Key has not been answered yet (HTTP 409). `retry_after` in seconds."""

    code = "HK-409"

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__("A request with this Idempotency-Key is being worked on. Send it again in a moment to get its answer.")
        self.retry_after = retry_after


class Stale(Refused):
    """The thing changed since the caller read it (HTTP 412, form version)."""

    code = "HK-412"


class DeadCode(Refused):
    """A code that cannot be used (any more). Distinguished inside; doors decide how much of `reason` to show. `scenario` is the name of
    what the code was for, `""` where that is not known."""

    SENTENCES: dict[DeadReason, tuple[str, str]] = {
        "expired": ("18002", "This link has expired."),
        "spent": ("18001", "This link was already used."),
        "superseded": ("18001", "A newer message was sent. Please use the link in the newest one."),
        "revoked": ("18001", "This link was withdrawn by an administrator."),
        "exhausted": ("18001", "Too many wrong codes were typed, so this one no longer works."),
        "unknown": ("18001", "This link is not valid. Please check that it was copied completely."),
    }

    def __init__(self, reason: DeadReason, scenario: str = "") -> None:
        code, sentence = self.SENTENCES[reason]
        super().__init__(sentence, code=code)
        self.reason: DeadReason = reason
        self.scenario = scenario


class Throttled(Refused):
    """Too many tries. `retry_after` in seconds, at least 1."""

    code = "HK-429"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Please wait {max(1, retry_after)} seconds and try again.")
        self.retry_after = max(1, retry_after)


class Unavailable(Refused):
    """Housekey is busy or cannot write. `retry_after` in seconds, at least 1."""

    code = "HK-503"

    def __init__(self, sentence: str = "The server is busy. Please try again shortly.", *, retry_after: int = 2) -> None:
        super().__init__(sentence)
        self.retry_after = max(1, retry_after)
