"""The certificate that `serve` shows: a given one, checked; else one of its own, made and renewed at start."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from housekey.cli.trouble import CannotStart
from housekey.conf.replacing import put

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from housekey.conf.schema import Config

VALID = timedelta(days=397)
"""The longest validity that browsers accept of a server certificate."""
RENEW = timedelta(days=30)
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Pair:
    """PEM files for the web server. `note` is for the operator, "" if there is nothing to say."""

    certificate: Path
    key: Path
    generated: bool
    note: str = ""


def prepare(config: Config, now: datetime) -> Pair | None:
    """The certificate to serve with; None with `tls = "off"`. Raises CannotStart with a sentence that names the file."""
    if config.server.tls == "off":
        return None
    if config.server.certificate and config.server.private_key:
        return _given(config.server.certificate, config.server.private_key, config.data / "tls", now)
    return _own(config.data / "tls", config.server.hostname, now)


def _own(directory: Path, hostname: str, now: datetime) -> Pair:
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    reason = _renewal_reason(certificate, key, hostname, now)
    if reason:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            key_pem, certificate_pem = make(hostname, now)
            # Key first: a crash between the two leaves a pair that does not match, which the next start renews.
            put(key, key_pem, keep=False)
            put(certificate, certificate_pem, keep=False, mode=0o644)
        except OSError as error:
            raise CannotStart(f"The certificate cannot be written to {directory}: {error.strerror}.") from None
    return Pair(certificate, key, True, reason)


def _renewal_reason(certificate: Path, key: Path, hostname: str, now: datetime) -> str:
    """Why the own certificate must be made anew; "" if it is still good."""
    if not (certificate.exists() and key.exists()):
        return "A certificate was generated. Browsers warn about it once, until you trust it or configure your own."
    try:
        found = _read_certificate(certificate)
        matches = _public(found.public_key()) == _public(_read_key(key).public_key())
    except CannotStart:
        return "The generated certificate was damaged; a new one was made."
    if not matches:
        return "The generated certificate did not match its key; a new one was made."
    if found.not_valid_after_utc - now < RENEW:
        return "The generated certificate was about to end; a new one was made."
    return "" if hostname in _names(found) else f"The host name is {hostname} now; a new certificate was made."


def make(hostname: str, now: datetime) -> tuple[bytes, bytes]:
    """A P-256 key (PKCS#8 PEM) and a self-signed certificate for `hostname` and the names of loopback."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    # RFC 5280: a common name holds at most 64 characters; clients match the alternative names.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    names = [_general_name(text) for text in dict.fromkeys((hostname, *LOCAL))]
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return (key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), certificate.public_bytes(pem))


def _given(certificate: Path, key: Path, directory: Path, now: datetime) -> Pair:
    found, private = _read_certificate(certificate), _read_key(key)
    if _public(found.public_key()) != _public(private.public_key()):
        raise CannotStart(f"The certificate {certificate} does not belong to the private key {key}. "
                          "The server's own certificate must come first in the file.")
    note = f"The certificate {certificate} ended on {found.not_valid_after_utc:%Y-%m-%d}." if found.not_valid_after_utc < now else ""
    if b"-----BEGIN PRIVATE KEY-----" in key.read_bytes():
        return Pair(certificate, key, False, note)
    return Pair(certificate, _converted(key, private, directory), False,
                f"{note} The private key {key} is not PKCS#8; a converted copy in {directory} is used.".strip())


def _converted(source: Path, key: PrivateKeyTypes, directory: Path) -> Path:
    from cryptography.hazmat.primitives import serialization

    target = directory / "converted-key.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(target, pem, keep=False)
    except OSError as error:
        raise CannotStart(f"The private key {source} is not PKCS#8 and cannot be converted into {directory}: {error.strerror}.") from None
    return target


def _read_certificate(path: Path) -> x509.Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise CannotStart(f"The certificate {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise CannotStart(f"The certificate {path} is not a PEM certificate.") from None


def _read_key(path: Path) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise CannotStart(f"The private key {path} cannot be read: {error.strerror}.") from None
    except TypeError:
        raise CannotStart(f"The private key {path} is protected by a password. Store it without one, readable by this user only.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise CannotStart(f"The private key {path} is not a PEM private key.") from None


def _public(key: object) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(  # type: ignore[attr-defined,no-any-return] # every public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _names(certificate: x509.Certificate) -> set[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in names}


def _general_name(text: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
