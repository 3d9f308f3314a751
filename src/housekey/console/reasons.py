"""Why a row of a job failed, as the people in the console say it: operations speak to programs too, and name parts of a request."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from housekey.web.forms import Words

_REASONS: tuple[tuple[str, Words], ...] = (
    (r"This name stands in line (\d+) already\.", gettext_lazy("This name stands in line %s already.")),
    (r"There is a user called (.+) already\.", gettext_lazy("There is a user called %s already.")),
    (r"User with the name: (.+) already exists in the system\. .+", gettext_lazy("There is a user called %s already.")),
    (r"There are (\d+) cells where the first line has (\d+) columns\.",
     gettext_lazy("There are %s cells where the first line has %s columns.")),
    (r"A cell is longer than (\d+) characters\.", gettext_lazy("A cell is longer than %s characters.")),
    (r"\S+ needs an e-mail address to send the message to\. .+", gettext_lazy("There is no e-mail address to send the message to.")),
    (r"\S+ needs a mobile number to send the message to\. .+", gettext_lazy("There is no mobile number to send the message to.")),
    (r"emails\[\d+\]: “(.*)” is not a valid e-mail address\. .+", gettext_lazy("“%s” is not a valid e-mail address.")),
    (r"emails\[\d+\]: the e-mail address is longer than (\d+) characters\.",
     gettext_lazy("The e-mail address is longer than %s characters.")),
    (r"emails\[\d+\]: the e-mail address contains characters that look like others\. .+",
     gettext_lazy("The e-mail address contains characters that look like others. Write it in plain characters.")),
    (r"phoneNumbers: “(.*)” is not a mobile number\. .+",
     gettext_lazy("“%s” is not a mobile number. Write it with its country code, such as +4915112345678.")),
    (r"The user name is longer than (\d+) characters\.", gettext_lazy("The user name is longer than %s characters.")),
    (r"The user name may not contain (\S)", gettext_lazy("The user name may not contain %s")),
    (r"name\.givenName is longer than (\d+) characters\.", gettext_lazy("The first name is longer than %s characters.")),
    (r"name\.familyName is longer than (\d+) characters\.", gettext_lazy("The last name is longer than %s characters.")),
    (r"locale is longer than (\d+) characters\.", gettext_lazy("The language is longer than %s characters.")),
    (r"(.+) is disabled\. Enable the account first\.", gettext_lazy("%s is disabled. Enable the account first.")),
    (r"(.+) has set a password already\. .+", gettext_lazy("%s has set a password already. Force a reset to have a new one chosen.")),
    (r"Operation is not permitted\. This needs the permission (.+)\.", gettext_lazy("This needs the permission %s.")),
    (r"The column (.+) cannot be imported\. Take it out of the file\.",
     gettext_lazy("The column %s cannot be imported. Take it out of the file.")),
    (r"Two columns mean (\w+)\. Keep one of them\.", gettext_lazy("Two columns mean %s. Keep one of them.")),
    (r"Line (\d+) cannot be read: .+", gettext_lazy("Line %s cannot be read. Is a quotation mark missing?")),
    (r"The file has more than (\d+) people\. Split it\.", gettext_lazy("The file has more than %s people. Split it.")),
    (r"The file has more than (\d+) columns\.", gettext_lazy("The file has more than %s columns.")),
)
"""What is said, with its parts, and how people read it."""


def reason(sentence: str) -> str:
    """In the reader's language where the catalogue has it; `""` for none."""
    for pattern, words in _REASONS:
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            return str(words) % found.groups()
    return _(sentence) if sentence else ""
