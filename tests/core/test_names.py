"""Names: one key for every spelling, and nothing in a name that only looks like another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from housekey.core.errors import Invalid
from housekey.core.names import UserName, check_username, name_key, split_tenant, split_username


@pytest.mark.parametrize(("one", "other"), [
    ("alice", "ALICE"), ("alice", "Alice"), ("strasse", "straße"), ("strasse", "STRASSE"), ("jose\u0301", "josé"), ("alice", "ａｌｉｃｅ"),
    ("kelvin", "\u212aelvin"), ("sam", "ſam"), ("office", "o\ufb03ce"), ("ΣΊΣΥΦΟΣ", "σίσυφος"),
])
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    """A-080, A-084."""
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("alice", "аlice"), ("jose", "josé"), ("mike", "mıke"), ("alice", "a1ice"), ("l", "I")])
def test_different_letters_stay_different_names(one: str, other: str) -> None:
    """A-084: look-alikes of other alphabets are other people on every path."""
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("bad", [
    "", " ", "alice ", " alice", "al ice", "al\u00a0ice", "al\u200bice", "al\u200dice", "al\u00adice", "\u202ealice", "al\0ice", "al\nice",
    "al\ufeffice", "al\ud800ice", "al/ice", "al*ice", "al?ice", "al%ice", "\ue000", "a" * 256, "ﬃ" * 100,
])
def test_names_that_cannot_be_told_apart_or_have_a_meaning_are_refused(bad: str) -> None:
    """A-084: white space, invisible, control and unassigned characters, and the wildcards of directories."""
    with pytest.raises(Invalid) as refused:
        check_username(UserName("PRIMARY", bad))
    assert refused.value.field == "userName"


@pytest.mark.parametrize("good", ["Paul", "paul.smith@acme.example", "o'neil", "张伟", "Ålesund", "a", "a" * 255, "user+tag", "x=y", "a\\b",
                                  "{b}"])
def test_names_of_people_are_taken(good: str) -> None:
    check_username(UserName("PRIMARY", good))


def test_a_domain_is_written_in_any_case_and_primary_is_not_shown() -> None:
    assert split_username("primary/alex") == split_username("alex") == UserName("PRIMARY", "alex")
    assert str(split_username("PRIMARY/alex")) == "alex"
    assert str(split_username("ldap/alex")) == "LDAP/alex"


def test_a_tenant_is_split_off_at_the_last_at_sign() -> None:
    assert split_tenant("alex@acme.example@Other.Example") == ("alex@acme.example", "other.example")
    assert split_tenant("alex") == ("alex", "")
    assert split_tenant("@acme.example") == ("@acme.example", "")


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_letters_compare_as_all_letters_do(text: str) -> None:
    """They are folded by a shorter way."""
    assert name_key(text) == name_key(text + "é")[:-1]
