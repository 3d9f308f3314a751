"""Random filters over random users: what a real directory finds is never less than what the filter means, in Python and in SQL alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from housekey.core.attributes import CUSTOM_URN
from housekey.core.claims import DIALECT, EMAIL, GIVEN_NAME, LAST_NAME, LOCALE
from housekey.core.entries import merged
from housekey.core.filter_text import parse
from housekey.core.filters import evaluate
from housekey.userstores import pages
from housekey.userstores.directory import DirectoryClient, PersonEntry
from housekey.userstores.ldap.filters import translated
from housekey.userstores.pages import Search
from tests.operations.support import World
from tests.properties.test_filters import FILTERS, KIND, NAMES, PROFILES, QUIET, STANDINGS, VALUES, crowd, peopled
from tests.support.slapd import Place

__all__ = ["crowd"]

MAPPED = {f"{CUSTOM_URN}:badge": "employeeType", f"{DIALECT}/nickname": "initials", f"{DIALECT}/url": "labeledURI"}
# A directory does not take 𝒳 for x, and holds neither nothing nor white space alone.
TEXTS = VALUES.map(lambda text: text.replace("𝒳", "x")).filter(lambda text: bool(text.strip()))
ADDRESSES = st.lists(VALUES.map(lambda text: f"{text}@x").filter(str.isascii), max_size=3, unique_by=str.lower)
ENTRIES = st.fixed_dictionaries({LAST_NAME: TEXTS.map(lambda text: (text,))}, optional={
    **dict.fromkeys((GIVEN_NAME, LOCALE, f"{DIALECT}/displayName", f"{DIALECT}/title", f"{DIALECT}/nickname", f"{DIALECT}/department",
                     f"{DIALECT}/organization", f"{CUSTOM_URN}:badge"), st.lists(TEXTS, min_size=1, max_size=1).map(tuple)),
    EMAIL: ADDRESSES.map(tuple),
})
OURS = PROFILES.map(lambda profile: replace(profile, more={name: found for name, found in profile.more.items() if name != "phoneNumbers"}))
"""What our own database knows beside; phone numbers of odd shapes have no claims."""
CROWDS = st.lists(st.tuples(ENTRIES, OURS, STANDINGS, st.sets(st.integers(0, 1)), st.sets(st.integers(0, 1))), min_size=1, max_size=5)


def entered(client: DirectoryClient, people: list[Any]) -> list[PersonEntry]:
    """The people in the directory, in the order of NAMES, and as it shows them."""
    for entry in client.everybody():
        client.remove(entry.unique_id)
    return [client.add(name, values, "") for name, (values, *_) in zip(NAMES, people, strict=False)]


@pytest.mark.slow
@settings(parent=QUIET, max_examples=60)
@given(CROWDS, st.lists(FILTERS, min_size=8, max_size=8))
def test_a_directory_finds_at_least_whom_a_filter_means(crowd: World, slapd: Place, people: list[Any], texts: list[str]) -> None:
    client = slapd.client(attributes=MAPPED, direct=True)
    directory = slapd.directory(attributes=MAPPED)
    entries = entered(client, people)
    profiles = [merged(profile, entry.values, directory.attributes) for entry, (_, profile, *_) in zip(entries, people, strict=False)]
    shown = peopled(crowd, [(profile, *more) for profile, (_, _, *more) in zip(profiles, people, strict=False)])
    for text in texts:
        if len(text) > 2_000:
            continue
        tree = parse(text, KIND)
        ids = {user_id for user_id, resource in shown.items() if evaluate(tree, resource)}
        assert {row.id for row in pages.page(Search(crowd.tenant, tree), limit=100)} == ids, text
        asked = translated(tree, directory)
        if asked is None:
            continue
        meant = {shown[user_id]["userName"] for user_id in ids}
        found = {entry.username for entry in client.matching(asked.text, 100)}
        assert meant <= found, (text, asked)
        assert not asked.exact or meant == found, (text, asked)
    client.close()


DOMAIN = [("userName eq \"STAFF/erin\"", "(uid=erin)"), ("userName eq \"erin\"", "(!(objectClass=*))"), ("userName sw \"sta\"", None),
          ("userName sw \"staff/er\"", "(uid=er*)"), ("userName sw \"x\"", "(!(objectClass=*))"), ("userName ew \"rin\"", "(uid=*rin)"),
          ("userName co \"ri\"", "(uid=*ri*)"), ("userName co \"taf\"", None), ("userName co \"ff/er\"", "(uid=er*)"),
          ("userName co \"x/er\"", "(!(objectClass=*))"), ("userName ne \"STAFF/erin\"", None), ("userName pr", None),
          ("userName eq \"staff/straße\"", "(uid=stra*e)"), ("userName co \"s\"", None), ("userName eq \"STAFF/*)(uid=*\"",
                                                                                         "(uid=\\2a\\29\\28uid\\3d\\2a)")]


@pytest.mark.parametrize(("text", "wanted"), DOMAIN)
def test_a_name_is_asked_for_without_the_domain_it_is_shown_with(slapd: Place, text: str, wanted: str | None) -> None:
    """A-100."""
    found = translated(parse(text, KIND), slapd.directory(), "STAFF")
    assert (found.text if found else None) == wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ('name.familyName eq "Doe" and active eq true', "(sn=doe)"), ('name.familyName eq "Doe" or active eq true', None),
    ('not (name.familyName eq "Doe")', None), ('not (not (name.familyName eq "Doe"))', "(sn=doe)"),
    ('not (name.familyName pr)', "(!(sn=*))"), ('not (name.familyName pr or emails pr)', "(&(!(sn=*))(!(mail=*)))"),
    ('emails[value co "x" and type eq "work"]', "(mail=*x*)"), ('emails[type eq "work"]', "(mail=*)"),
    ('emails.value ew "@x.example"', "(mail=*\\40x\\2eexample)"), ('phoneNumbers pr', None), ('groups pr', None), ('id pr', None),
    ('name.familyName eq "Jane  Doe"', "(sn=jane*doe)"), ('name.familyName gt "a"', "(sn=*)"), ('title eq "é"', "(title=*)"),
    ('profileUrl eq "x"', "(labeledURI=*)"), ('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "7"',
                                            "(departmentNumber=7*)"),
])
def test_what_a_directory_cannot_know_is_left_to_us(slapd: Place, text: str, wanted: str | None) -> None:
    found = translated(parse(text, KIND), slapd.directory(attributes=MAPPED))
    assert (found.text if found else None) == wanted


def test_active_directory_has_one_address_and_we_may_have_more(active_directory: Place) -> None:
    found = translated(parse('emails eq "a@x.example"', KIND), active_directory.directory())
    assert found is not None
    assert (found.text, found.exact) == ("(mail=*)", False)


