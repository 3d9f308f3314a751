"""What is asked of the values of an attribute, on the forms of shipped attributes and of the tenant's own: pattern, required, read only."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from housekey.core.claim_rules import Rule
from housekey.core.patterns import MOST_PATTERN, MOST_VALUE, BadPattern, compiled
from housekey.operations import claim_rules
from housekey.web.forms import Field, Form
from housekey.web.request import Asked

SPECIAL = "!#$%&'*+-=?^_"
"""The characters that WSO2's documentation says have to be allowed one by one."""


def fields(regex: str) -> list[Field]:
    return [
        Field("regex", gettext_lazy("Regular Expression"), value=regex, limit=MOST_PATTERN,
              hint=gettext_lazy("The whole value has to match. Empty: as shipped.")),
        Field("sample", gettext_lazy("Try a value"), limit=MOST_VALUE, hint=gettext_lazy("Nothing is saved. You see whether the pattern "
                                                                                        "above takes it.")),
    ]


def asked(request: Asked, form: Form) -> Rule:
    """What was sent."""
    return Rule(form.text("regex"), "required" in request.POST, "read_only" in request.POST)


def told(request: Asked, form: Form, uri: str, rule: Rule, *, look: bool) -> dict[str, Any]:
    """What the page says about the pattern as it is typed. `look`: also how many users have a value that it would not take."""
    text = form.fields["regex"].value.strip()
    try:
        pattern = compiled(text)
    except BadPattern as refusal:
        if request.method == "POST":
            form.fail("regex", _(refusal.sentence))
        return {"rule": rule}
    sample = form.fields["sample"].value if "try" in request.POST else ""
    return {
        "rule": rule, "sample": sample, "fits": bool(sample) and (not text or pattern.fits(sample)), "pattern": text,
        "taken": [char for char in SPECIAL if text and pattern.takes(char)],
        "left_out": [char for char in SPECIAL if text and not pattern.takes(char)],
        "concerned": claim_rules.concerned(request.by, uri, text) if text and look else None,
    }
