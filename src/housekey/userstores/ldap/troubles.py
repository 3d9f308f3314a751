"""What can go wrong between us and a directory, in words for the administrator who has to mend it. Never with a secret."""

from __future__ import annotations

import math
import socket
import ssl

from housekey.conf.reach import Forbidden
from housekey.userstores.directory import Denied, Down, Gone, Taken, Trouble, Unfit, Weak
from housekey.userstores.ldap.entries import Address

MOST_WORDS = 200
"""Characters of what a directory says that are passed on."""

SUCCESS, SIZE_LIMIT, REFERRAL, GONE, WRONG_PASSWORD = 0, 4, 10, 32, 49
WEAK, UNWILLING = 19, 53
_NAMES = {
    1: "operationsError", 2: "protocolError", 3: "timeLimitExceeded", 4: "sizeLimitExceeded", 7: "authMethodNotSupported",
    8: "strongerAuthRequired", 10: "referral", 11: "adminLimitExceeded", 12: "unavailableCriticalExtension",
    13: "confidentialityRequired", 16: "noSuchAttribute", 17: "undefinedAttributeType", 18: "inappropriateMatching",
    19: "constraintViolation", 20: "attributeOrValueExists", 21: "invalidAttributeSyntax", 32: "noSuchObject", 34: "invalidDNSyntax",
    48: "inappropriateAuthentication", 49: "invalidCredentials", 50: "insufficientAccessRights", 51: "busy", 52: "unavailable",
    53: "unwillingToPerform", 64: "namingViolation", 65: "objectClassViolation", 66: "notAllowedOnNonLeaf", 67: "notAllowedOnRDN",
    68: "entryAlreadyExists", 80: "other",
}
_KINDS: dict[int, tuple[type[Trouble], str]] = {
    8: (Denied, "The directory wants an encrypted connection: use ldaps:// or StartTLS."),
    13: (Denied, "The directory wants an encrypted connection: use ldaps:// or StartTLS."),
    10: (Denied, "The directory points to another server. Connect to that one."),
    32: (Gone, "The directory has no such entry."),
    34: (Unfit, "The directory cannot read a name: write it as a DN, such as cn=housekey,dc=example,dc=com."),
    48: (Denied, "The directory does not let us do this."),
    49: (Denied, "The directory does not let us in."),
    50: (Denied, "The account we connect as may not do this. Give it the right in the directory."),
    53: (Denied, "The directory is unwilling to do this."),
    66: (Denied, "The entry has others below it."),
    68: (Taken, "The directory has an entry of that name."),
    **dict.fromkeys((16, 17, 18, 19, 20, 21, 64, 65, 67), (Unfit, "The directory's schema does not take this.")),
}


def refusal(code: int, text: str, *, password: bool = False) -> Trouble:
    """What a result code other than success means. `password`: one was to be set."""
    if password and (code == WEAK or (code == UNWILLING and "52D" in text.upper())):
        return Weak(f"The directory's own rules refuse the password.{said(text)}")
    kind, sentence = _KINDS.get(code, (Down, "The directory could not do this at the moment."))
    return kind(f"{sentence} It says {_NAMES.get(code, code)}.{said(text)}")


def said(text: str) -> str:
    """The directory's own words, shortened, on one line; `""` if it has none."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return f" “{words[:MOST_WORDS]}”" if words else ""


def network(error: OSError, at: Address, seconds: float) -> str:
    """No connection came about."""
    if isinstance(error, Forbidden):
        return f"{at.host} leads into the server's own network, which a directory of a tenant's own may not be in."
    if isinstance(error, socket.gaierror):
        return f"The name {at.host} is not known. Check the address."
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at {at}. Check host and port, and that the directory runs."
    if isinstance(error, TimeoutError):
        return f"{at} did not take the connection within {math.ceil(seconds)} seconds. Check host, port and firewalls."
    return f"{at} cannot be reached ({error.strerror or type(error).__name__})."


_EXPIRED, _NOT_YET, _NAME, _NUMBER = 10, 9, 62, 64


def certificate(error: ssl.SSLCertVerificationError, at: Address) -> str:
    """The directory's certificate is not good."""
    if error.verify_code == _EXPIRED:
        return f"The certificate of {at} has expired. Renew it there."
    if error.verify_code == _NOT_YET:
        return f"The certificate of {at} is not valid yet. Compare the clocks."
    if error.verify_code in {_NAME, _NUMBER}:
        return f"The certificate of {at} is for another name. Use the name that it is for as the address."
    return (f"The certificate of {at} cannot be trusted: {error.verify_message.rstrip('.')}. If it comes from your own certificate "
            "authority, name that authority's certificate under Certificates to trust (CACertificates).")


def encryption(error: Exception, at: Address) -> str:
    """No encryption came about, for another reason than the certificate."""
    if isinstance(error, TimeoutError):
        return f"{at} did not answer in time while encryption was agreed on."
    reason = getattr(error, "reason", None) or "TLS failed"
    return f"No encrypted connection to {at} ({reason}). ldaps:// mostly is port 636; port 389 is for ldap:// with StartTLS."
