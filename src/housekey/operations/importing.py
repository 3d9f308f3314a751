"""Many people at once, from a table: looked through first, then created and invited one by one by a job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from housekey.conf.house import House
from housekey.core import claim_rules
from housekey.core.batches import batches
from housekey.core.errors import Refused
from housekey.core.intake.people import from_cells
from housekey.core.jobs import Target
from housekey.core.names import check_username, findable, split_username
from housekey.core.policy import Policy
from housekey.core.principal import Principal
from housekey.core.sheet import Line, Sheet
from housekey.core.users import NewUser
from housekey.operations import onboarding, sending, users
from housekey.operations.addresses import check_profile
from housekey.operations.policies import effective

_AT_ONCE = 500


def look_through(house: House, by: Principal, sheet: Sheet) -> list[Target]:
    """What each line would come to, as far as that can be known before it is done."""
    policy = effective(house, by.tenant)
    return list(_once_each(by, [_target(line, _fault(by, policy, line)) for line in sheet.lines]))


def new_user(input: dict[str, Any]) -> NewUser:
    """The user whom a line describes, to be invited."""
    cells: dict[str, str] = {str(name): str(value) for name, value in input.items()}
    return NewUser(split_username(cells["username"]), from_cells(cells), ask_password=True)


def _target(line: Line, fault: str) -> Target:
    return Target(line.cells.get("username", "") or "?", None, line.number, dict(line.cells), fault)


def _fault(by: Principal, policy: Policy, line: Line) -> str:
    """What would keep this line from being created, `""` for nothing."""
    if line.fault:
        return line.fault
    if any(value != findable(value) for value in line.cells.values()):
        return "A cell contains a character that cannot be stored."
    try:
        new = new_user(dict(line.cells))
        check_username(new.name)
        check_profile(new.profile)
        claim_rules.check(policy.rules, None, new.profile)
        scenario = onboarding.scenario(policy, new.profile)
        sending.must_be_reachable(new.profile, scenario)
        sending.must_deliver(by, policy, scenario)
    except Refused as refusal:
        return refusal.sentence
    return ""


def _once_each(by: Principal, targets: list[Target]) -> Iterator[Target]:
    """Names that stand in the file twice, and names that are taken."""
    seen: dict[tuple[str, str], int | None] = {}
    for piece in batches(targets, _AT_ONCE):
        names = {target.number: split_username(target.subject) for target in piece if not target.refused}
        taken = users.taken(by, list(names.values()))
        for target in piece:
            name = names.get(target.number)
            if name is None:
                yield target
                continue
            key = (name.domain, name.key)
            fault = f"This name stands in line {seen[key]} already." if key in seen else ""
            if not fault and key in taken:
                fault = f"There is a user called {name} already."
            seen.setdefault(key, target.number)
            yield Target(target.subject, None, target.number, target.input, fault)
