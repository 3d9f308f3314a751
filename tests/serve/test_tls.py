"""The certificate: generated well, renewed in time, and a given one understood or refused in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from housekey.cli import tls
from housekey.cli.trouble import CannotStart
from housekey.conf.schema import Config, Server

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def own(data: Path, now: datetime = NOW, hostname: str = "id.example.com") -> tls.Pair:
    pair = tls.prepare(Config(data=data, server=Server(hostname=hostname)), now)
    assert pair is not None
    return pair


def given(data: Path, certificate: bytes, key: bytes) -> Config:
    (data / "given.pem").write_bytes(certificate)
    (data / "given-key.pem").write_bytes(key)
    return Config(data=data, server=Server(certificate=data / "given.pem", private_key=data / "given-key.pem"))


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def private_bytes(key: ec.EllipticCurvePrivateKey, shape: serialization.PrivateFormat, password: bytes = b"") -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, shape, encryption)


def test_the_generated_certificate_names_the_host_and_loopback_and_is_private(tmp_path: Path) -> None:
    pair = own(tmp_path)
    certificate = read(pair.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == {"id.example.com", "localhost", "127.0.0.1", "::1"}
    assert certificate.not_valid_after_utc - NOW == timedelta(days=397)
    assert pair.key.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert pair.key.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in sorted(pair.key.parent.iterdir())] == ["certificate.pem", "key.pem"]


def test_it_stays_until_30_days_before_its_end_and_is_then_renewed(tmp_path: Path) -> None:
    first = read(own(tmp_path).certificate)
    assert own(tmp_path, NOW + timedelta(days=366)).note == ""
    assert read(own(tmp_path, NOW + timedelta(days=366)).certificate) == first
    assert "about to end" in own(tmp_path, NOW + timedelta(days=368)).note
    assert read(tmp_path / "tls" / "certificate.pem") != first


def test_it_is_made_anew_for_another_host_name_a_damaged_file_or_a_key_that_does_not_match(tmp_path: Path) -> None:
    pair = own(tmp_path)
    assert "id2.example.com" in own(tmp_path, hostname="id2.example.com").note
    pair.certificate.write_text("nonsense", encoding="utf-8")
    assert "damaged" in own(tmp_path).note
    pair.key.write_bytes(tls.make("localhost", NOW)[0])
    assert "did not match" in own(tmp_path).note
    assert own(tmp_path).note == ""


def test_an_address_as_host_name_is_an_address_in_the_certificate() -> None:
    certificate = x509.load_pem_x509_certificate(tls.make("192.0.2.7", NOW)[1])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "192.0.2.7" in [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_without_tls_there_is_no_certificate(tmp_path: Path) -> None:
    assert tls.prepare(Config(data=tmp_path, server=Server(tls="off")), NOW) is None
    assert not (tmp_path / "tls").exists()


def test_a_given_pair_is_used_as_it_is(tmp_path: Path) -> None:
    key, certificate = tls.make("id.example.com", NOW)
    config = given(tmp_path, certificate, key)
    pair = tls.prepare(config, NOW)
    assert pair == tls.Pair(tmp_path / "given.pem", tmp_path / "given-key.pem", False)
    ended = tls.prepare(config, NOW + timedelta(days=400))
    assert ended is not None
    assert "ended on" in ended.note


def test_a_key_that_is_not_pkcs8_is_converted_and_that_is_said(tmp_path: Path) -> None:
    key, certificate = tls.make("id.example.com", NOW)
    loaded = serialization.load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    pair = tls.prepare(given(tmp_path, certificate, private_bytes(loaded, serialization.PrivateFormat.TraditionalOpenSSL)), NOW)
    assert pair is not None
    assert pair.key.read_bytes() == key
    assert pair.key.stat().st_mode & 0o777 == 0o600
    assert "PKCS#8" in pair.note


def test_mistakes_in_given_files_are_told_in_words(tmp_path: Path) -> None:
    key, certificate = tls.make("id.example.com", NOW)
    protected = private_bytes(ec.generate_private_key(ec.SECP256R1()), serialization.PrivateFormat.PKCS8, b"secret")
    with pytest.raises(CannotStart, match="does not belong"):
        tls.prepare(given(tmp_path, certificate, tls.make("id.example.com", NOW)[0]), NOW)
    with pytest.raises(CannotStart, match="protected by a password"):
        tls.prepare(given(tmp_path, certificate, protected), NOW)
    with pytest.raises(CannotStart, match="is not a PEM certificate"):
        tls.prepare(given(tmp_path, b"nonsense", key), NOW)
    with pytest.raises(CannotStart, match="is not a PEM private key"):
        tls.prepare(given(tmp_path, certificate, b"nonsense"), NOW)
    (tmp_path / "given.pem").unlink()
    with pytest.raises(CannotStart, match="cannot be read"):
        tls.prepare(Config(data=tmp_path, server=Server(certificate=tmp_path / "given.pem", private_key=tmp_path / "given-key.pem")), NOW)
