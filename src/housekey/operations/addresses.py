"""Which e-mail addresses, mobile numbers and profiles are taken."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import email_validator
from email_validator import EmailNotValidError, validate_email

from housekey.core.errors import Invalid
from housekey.core.names import findable, name_key
from housekey.core.users import Profile
from housekey.delivery.numbers import BadNumber, wire_number

# Private networks use these (decisions, Doors); what stays on the list can never receive mail.
for _private in ("local", "test"):
    if _private in email_validator.SPECIAL_USE_DOMAIN_NAMES:
        email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(_private)


_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
"""Local parts of which nothing has to be looked up."""


def check_address(address: str, field: str) -> str:
    """Return the address as given if it can be mailed to; raise Invalid naming `field`.

    Refused besides the malformed: anything longer than 254 characters (cut first, A-086) and characters that turn into
    others under NFKC, such as a full-width @ (A-081). Domains such as .local, .internal and .test are valid (decisions).
    """
    if len(address) > 254 or len(name_key(address)) > 254:
        raise Invalid(f"{field}: the e-mail address is longer than 254 characters.", field=field)
    local, _, domain = address.rpartition("@")
    if len(local) <= 64 and _PLAIN.fullmatch(local) and _is_domain(domain):
        return address
    if unicodedata.normalize("NFKC", address) != unicodedata.normalize("NFC", address):
        raise Invalid(f"{field}: the e-mail address contains characters that look like others. Write it in plain characters.", field=field)
    try:
        validate_email(address, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError as error:
        hint = f" Did you mean {address.replace(chr(92), '')}?" if "\\" in address else ""
        raise Invalid(f"{field}: “{address[:80]}” is not a valid e-mail address. {error}{hint}", field=field) from None
    if address.rpartition(".")[2].isdecimal():
        raise Invalid(f"{field}: “{address[:80]}” is not a valid e-mail address. Write a domain name after @, not a number.", field=field)
    if "." not in address.rpartition("@")[2]:
        raise Invalid(f"{field}: “{address[:80]}” is not a valid e-mail address. The part after @ needs a dot.", field=field)
    return address


@lru_cache(maxsize=2_000)
def _is_domain(domain: str) -> bool:
    """Would an address in this domain be taken? Most addresses that are looked at share few domains, and looking takes its time."""
    if not domain.isascii() or "." not in domain or domain.rpartition(".")[2].isdecimal() or domain.startswith("["):
        return False
    try:
        validate_email(f"a@{domain}", check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError:
        return False
    return True


def check_mobile(number: str, field: str) -> str:
    """The number as gateways take it; raise Invalid naming `field` if a text message cannot be sent to it (E.164: at most 15 digits)."""
    try:
        return wire_number(number if len(number) <= 60 else "")
    except BadNumber:
        sentence = f"{field}: “{number[:40]}” is not a mobile number. Write it with its country code, such as +4915112345678."
        raise Invalid(sentence, field=field) from None


def check_profile(profile: Profile) -> None:
    """Raise Invalid, naming `emails[n]`, for an address that cannot be mailed to, or a name or language that is too long."""
    if len(profile.emails) > 20:
        raise Invalid("A user can have at most 20 e-mail addresses.", field="emails")
    for number, mail in enumerate(profile.emails):
        check_address(mail.value, f"emails[{number}]")
    texts = (("name.givenName", profile.given_name, 255), ("name.familyName", profile.family_name, 255), ("locale", profile.locale, 35))
    for path, value, most in texts:
        if len(value) > most:
            raise Invalid(f"{path} is longer than {most} characters.", field=path)
        if value != findable(value):
            raise Invalid(f"{path} contains a character that cannot be stored.", field=path)
