"""What a tenant asks of the values of its users' attributes: a pattern, a value at all, no change by their owner.

A rule is about what somebody sets now. What a user had before the rule came stays until it is changed, so no rule keeps anybody from
changing something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from housekey.core.attributes import CUSTOM_URN
from housekey.core.claims import BY_URI, DIALECT, EMAIL, text_of
from housekey.core.errors import Invalid
from housekey.core.patterns import BadPattern, Pattern, compiled
from housekey.core.users import NOBODY, Profile

Part = Literal["regex", "required", "read_only"]
SETTINGS: dict[Part, str] = {"regex": "regEx:", "required": "required:", "read_only": "readOnly:"}
"""A rule is stored as a setting of the tenant; its name is this and the claim's URI."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one claim beyond what holds for everybody."""

    regex: str = ""
    required: bool = False
    read_only: bool = False
    """Its owner cannot change it; administrators and programs can."""

    @property
    def pattern(self) -> Pattern | None:
        """None also for a stored one that is not taken any more: it must not lock everybody out."""
        try:
            return compiled(self.regex) if self.regex else None
        except BadPattern:
            return None


Rules = Mapping[str, Rule]
"""By claim URI."""
NO_RULE = Rule()


def setting(part: Part, uri: str) -> str:
    return SETTINGS[part] + uri


def rules_in(stored: Mapping[str, tuple[str, int]]) -> dict[str, Rule]:
    """The rules among a tenant's stored settings (name -> value, version)."""
    found: dict[str, dict[str, str | bool]] = {}
    for name, (value, _version) in stored.items():
        for part, start in SETTINGS.items():
            if name.startswith(start):
                found.setdefault(name.removeprefix(start), {})[part] = value if part == "regex" else value == "true"
    return {uri: Rule(**parts) for uri, parts in found.items()}  # type: ignore[arg-type] # each part has the type of its field


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a claim in a profile. `field`: what refusals call it."""

    text: str
    field: str = field(compare=False)


def values(profile: Profile, uri: str) -> list[Value]:
    """Every value that the profile has of a claim; of addresses all, since any of them can become the one that mail goes to."""
    if uri == EMAIL:
        return [Value(mail.value, f"emails[{number}]") for number, mail in enumerate(profile.emails) if mail.value]
    if uri in BY_URI:
        text = text_of(profile, uri)
    else:
        own = profile.more.get(CUSTOM_URN)
        kept = own.get(uri.removeprefix(f"{DIALECT}/")) if isinstance(own, dict) else None
        text = "" if kept is None else str(kept).lower() if isinstance(kept, bool) else str(kept)
    return [Value(text, uri)] if text else []


def name_of(uri: str) -> str:
    """What people call the claim."""
    return BY_URI[uri].display_name if uri in BY_URI else uri.removeprefix(f"{DIALECT}/")


def check(rules: Rules, before: Profile | None, after: Profile) -> None:
    """Raises Invalid for the first value that is set (`before` None: for a new user) against a rule. Only what changes is judged."""
    for uri, rule in rules.items():
        had, has = values(before or NOBODY, uri), values(after, uri)
        if rule.required and not has and (had or before is None):
            sentence = f"{name_of(uri)} is required: every user of this organisation needs one."
            raise Invalid(sentence, field="emails" if uri == EMAIL else uri)
        for value in _unfit(rule, [value for value in has if value not in had]):
            start = f"{value.field}: " if uri == EMAIL else ""
            raise Invalid(f"{start}“{value.text[:80]}” does not match what this organisation asks of {name_of(uri)}: {rule.regex}",
                          field=value.field)


def check_own(rules: Rules, before: Profile, after: Profile) -> None:
    """Likewise for somebody who changes her own profile. Raises Invalid."""
    for uri, rule in rules.items():
        if rule.read_only and values(before, uri) != values(after, uri):
            raise Invalid(f"Only an administrator can change {name_of(uri)}.", field=uri)
    check(rules, before, after)


def unfit(rule: Rule, profile: Profile, uri: str) -> bool:
    """Has the profile a value of the claim that the rule's pattern would not take?"""
    return any(True for _ in _unfit(rule, values(profile, uri)))


def _unfit(rule: Rule, found: list[Value]) -> Iterator[Value]:
    pattern = rule.pattern
    return (value for value in found if pattern is not None and not pattern.fits(value.text))
