"""Hashes of other systems: what was hashed is recognised, nothing else is, and no text does more than be refused."""

from __future__ import annotations

import hashlib

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from housekey.core import foreign_hashes
from housekey.operations import hashing
from tests.intake.support import b64, wso2_hash

PASSWORDS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40)
SALTS = st.binary(max_size=32)
DIGESTS = st.sampled_from(["sha1", "sha256", "sha512"])


@given(PASSWORDS, PASSWORDS, SALTS, DIGESTS)
def test_ldaps_salted_hashes(password: str, other: str, salt: bytes, digest: str) -> None:
    scheme = {"sha1": "SSHA", "sha256": "SSHA256", "sha512": "SSHA-512"}[digest]
    stored = foreign_hashes.of_ldap(f"{{{scheme}}}{b64(hashlib.new(digest, password.encode() + salt).digest() + salt)}").stored
    assert foreign_hashes.matches(stored, password)
    assert foreign_hashes.matches(stored, other) == (other.encode() == password.encode())
    assert len(stored) <= foreign_hashes.LONGEST
    assert foreign_hashes.read(stored).stored == stored


@given(PASSWORDS, SALTS.map(b64), DIGESTS)
def test_wso2s_salted_hashes(password: str, salt: str, digest: str) -> None:
    stored = foreign_hashes.of_wso2(wso2_hash(password, salt, digest), salt).stored
    assert foreign_hashes.matches(stored, password)
    assert not foreign_hashes.matches(stored, password + "x")
    assert len(stored) <= foreign_hashes.LONGEST


@given(PASSWORDS, st.binary(min_size=1, max_size=64), DIGESTS, st.integers(1, 50))
@settings(max_examples=30)
def test_pbkdf2(password: str, salt: bytes, digest: str, rounds: int) -> None:
    key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds)
    text = f"{rounds}${b64(salt).replace('+', '.').rstrip('=')}${b64(key).replace('+', '.').rstrip('=')}"
    stored = foreign_hashes.of_ldap(f"{{PBKDF2-{digest.upper()}}}{text}").stored
    assert foreign_hashes.matches(stored, password)
    assert not foreign_hashes.matches(stored, password + "x")


def test_pbkdf2_of_389_directory_server_and_of_wso2() -> None:
    salt = bytes(range(64))
    blob = (2048).to_bytes(4, "big") + salt + hashlib.pbkdf2_hmac("sha256", b"pw", salt, 2048, 256)
    assert foreign_hashes.matches(foreign_hashes.of_ldap(f"{{PBKDF2_SHA256}}{b64(blob)}").stored, "pw")
    key = hashlib.pbkdf2_hmac("sha256", b"pw", salt[:16], 10_000, 32)
    assert foreign_hashes.matches(foreign_hashes.of_wso2(b64(key), b64(salt[:16]), "pbkdf2").stored, "pw")


@given(st.text(max_size=120) | st.from_regex(r"\{(SSHA|SHA|PBKDF2-SHA256|ARGON2|CRYPT|X)\}[A-Za-z0-9+/=$.]{0,90}", fullmatch=True)
       | st.from_regex(r"\$(salted|pbkdf2|argon2id)[-a-z0-9]{0,8}(\$[A-Za-z0-9+/=,]{0,30}){0,5}", fullmatch=True))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    """What is no hash is never one that matches; reading gives at most one of hash, password and reason."""
    for brought in (foreign_hashes.read(text), foreign_hashes.of_ldap(text), foreign_hashes.of_wso2(text, text)):
        assert bool(brought.stored) + (brought.password is not None) + bool(brought.why) <= 1
        assert len(brought.stored) <= foreign_hashes.LONGEST
    assert not foreign_hashes.matches(text, "pw")
    assert not foreign_hashes.matches(text, "")


@pytest.mark.parametrize("text", [
    "{CRYPT}$6$salt$hash", "{MD5}XrY7u+Ae7tCTyyK7j1rNww==", "{SSHA}short", "{SSHA}", "{}", "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$"
    + "A" * 43, "$argon2id$v=19$m=65536,t=999,p=1$c2FsdHNhbHQ$" + "A" * 43, "$pbkdf2-sha256$9999999$c2FsdA==$" + "A" * 43 + "=",
    "$2b$12$" + "a" * 53, "correct horse battery staple", "",
])
def test_what_cannot_be_checked_is_no_hash(text: str) -> None:
    """A-183: nor is one whose check would take the machine's memory or minutes."""
    assert not foreign_hashes.read(text).stored


def test_the_one_lane_checks_all_kinds() -> None:
    stored = foreign_hashes.of_wso2(wso2_hash("pw"), "MDEyMzQ1Njc4OWFiY2RlZg==").stored
    other = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("pw")
    for phc in (stored, other, hashing.make("pw")):
        assert hashing.check(phc, "pw")
        assert not hashing.check(phc, "pW")
    assert hashing.outdated(stored)
    assert hashing.outdated(other)


def test_nobodys_password_is_empty() -> None:
    """A-051: a directory may hold the hash of nothing at all."""
    empty = foreign_hashes.of_ldap("{SHA}" + b64(hashlib.sha1(b"").digest())).stored  # noqa: S324 - LDAP's own
    assert foreign_hashes.matches(empty, "")
    assert not hashing.check(empty, "")


@pytest.mark.parametrize("stored", ["$salted-sha256$c2FsdA==$" + "A" * 43 + "=", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43,
                                    "", "what is this"])
def test_every_check_costs_one_of_ours(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-051: how long it takes does not tell who was imported."""
    ours: list[str] = []
    honest = hashing._HASHER.verify

    class Counting:
        def verify(self, phc: str, password: str) -> bool:
            if "m=19456,t=2,p=1" in phc:
                ours.append(phc)
            return honest(phc, password)

        check_needs_rehash = staticmethod(hashing._HASHER.check_needs_rehash)

    decoy = hashing._decoy()
    monkeypatch.setattr(hashing, "_HASHER", Counting())
    assert not hashing.check(stored, "pw")
    assert ours == [decoy]
