"""Addresses: what can be mailed to is taken as written; what could mean two people, or another one, is refused by name."""

from __future__ import annotations

import time

import pytest

from housekey.core.errors import Invalid
from housekey.operations.addresses import check_address

GOOD = [
    "paul@example.com", "paul+tag@example.com", "o'neil@example.com", "abc$def@gmail.com", "a#b@example.com", "a%b@example.com",
    *(f"a{char}b@example.com" for char in "!#$%&'*+-=?^_"), "x" * 64 + "@example.com", "paul@host.local", "paul@host.internal",
    "paul@host.test", "paul@xn--mnchen-3ya.example", "PAUL@EXAMPLE.COM", "paul@sub.sub.example.museum",
]
BAD = [
    "", "paul", "paul@", "@example.com", "[email\u00a0protected]", "paul@example", "paul@@example.com", "paul@exa mple.com",
    "paul example.com",
    "paul@example.com\n", "paul@example.com\r\nBcc: evil@evil.test", "paul\0@example.com", "abc\\$def@gmail.com", "paul@[192.0.2.1]",
    "paul@192.0.2.1",
    '"paul smith"@example.com', "Paul <paul@example.com>", "<paul@example.com>", "paul(x)@example.com", ".paul@example.com",
    "pa..ul@example.com",
    "x" * 65 + "@example.com", "x@" + "y" * 64 + ".example", "paul@example.com.", "paul@-example.com", "paul@exam_ple.com",
]
TWO = ["jane@example.com,evil@evil.test", "jane@example.com;evil@evil.test", "jane@example.com evil@evil.test",
       "jane@example.com|evil@evil.test",
       "jane@example.com%0aevil@evil.test", "jane@example.com\nevil@evil.test", "<jane@example.com><evil@evil.test>"]
FOLDED = ["attacker＠evil.test@corp.test", "alice@corp。test", "alice@corp．test", "ａlice@corp.test", "alice@ﬀ.test"]


@pytest.mark.parametrize("address", GOOD)
def test_addresses_of_people_are_taken_unchanged(address: str) -> None:
    """A-088, seed 000's list of special characters."""
    assert check_address(address, "emails[0]") == address


@pytest.mark.parametrize("address", BAD + TWO + FOLDED)
def test_others_are_refused_by_name(address: str) -> None:
    """A-081 (the second @), A-083 (two recipients)."""
    with pytest.raises(Invalid) as refused:
        check_address(address, "emails[3]")
    assert refused.value.field == "emails[3]"
    assert refused.value.sentence.startswith("emails[3]:")


def test_a_backslash_before_a_special_character_is_explained() -> None:
    """Guides tell people to escape the dollar sign; nothing here needs it."""
    with pytest.raises(Invalid, match=r"Did you mean abc\$def@gmail.com\?"):
        check_address("abc\\$def@gmail.com", "emails[0]")


@pytest.mark.parametrize("address", ["x" * 65_536 + "@example.com", "a@" + "b." * 10_000 + "c", "a@" + "a-" * 50_000,
                                     "\u0301\u0323" * 500_000])
def test_endless_addresses_are_refused_at_once(address: str) -> None:
    """A-086."""
    started = time.process_time()
    with pytest.raises(Invalid):
        check_address(address, "emails[0]")
    assert time.process_time() - started < 0.05
