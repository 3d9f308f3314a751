"""Codes: underivable without the key, bound to one use, and recognised only whole."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from housekey.core.codes import Keys, derive_link, digest, digests, expiry, is_link_shaped, is_live, new_nonce, new_token

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_retry_derives_the_same_link_and_a_new_issue_never_does() -> None:
    row, nonce = uuid4(), new_nonce()
    assert derive_link(KEY, row, nonce) == derive_link(KEY, row, nonce)
    assert len({derive_link(KEY, row, nonce), derive_link(KEY, row, new_nonce()), derive_link(KEY, uuid4(), nonce),
                derive_link(OTHER_KEY, row, nonce)}) == 4


def test_twenty_thousand_links_are_distinct_and_evenly_spread() -> None:
    """A-018: no duplicate, 43 base64url characters, no position that prefers a character."""
    row = UUID(int=7)
    links = [derive_link(KEY, row, new_nonce()) for _ in range(20_000)]
    assert len(set(links)) == 20_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", link) for link in links)
    expected = 20_000 / 64
    for position in range(42):  # the last character carries only four bits
        seen = Counter(link[position] for link in links)
        chi_square = sum((seen[char] - expected) ** 2 / expected for char in seen) + (64 - len(seen)) * expected
        assert chi_square < 150  # 63 degrees of freedom: beyond 150 less than once in 10^8 positions


def test_a_digest_for_one_use_is_none_for_another() -> None:
    """A-005: a ticket is not a session is not a link."""
    assert len({digest(KEY, purpose, "code") for purpose in ("link", "ticket", "session")}) == 3


def test_after_a_key_change_codes_of_the_old_key_are_still_found() -> None:
    old, both = Keys((("old", OTHER_KEY),)), Keys((("new", KEY), ("old", OTHER_KEY)))
    assert both.newest == ("new", KEY)
    assert digest(old.newest[1], "link", "code") in digests(both, "link", "code")
    with pytest.raises(KeyError):
        old.by_id("new")


def test_only_43_base64url_characters_are_looked_up() -> None:
    """A-009: prefixes, suffixes, padding, white space, NUL and other digits never reach the database."""
    good = new_token()
    assert is_link_shaped(good)
    wrong = [good[:length] for length in range(43)] + [good + end for end in ("=", " ", "\0", "\n", "A", "%00")]
    wrong += [" " + good, good[:-1] + "+", good[:-1] + "/", good[:-1] + "é", good[:-1] + "１"]
    assert not [text for text in wrong if is_link_shaped(text)]


@pytest.mark.parametrize(("minutes", "after", "live"), [
    (1, timedelta(seconds=59), True), (1, timedelta(seconds=60), False), (1, timedelta(seconds=61), False),
    (0, timedelta(0), False), (-1, timedelta(days=3650), True), (10_080, timedelta(days=7) - timedelta(microseconds=1), True),
])
def test_a_code_is_good_strictly_before_its_end(minutes: int, after: timedelta, live: bool) -> None:
    """A-010."""
    assert is_live(expiry(NOON, minutes), NOON + after) is live
