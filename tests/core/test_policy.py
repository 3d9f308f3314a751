"""Settings: a value is taken in its canonical form or refused by name."""

from __future__ import annotations

import pytest

from housekey.core.errors import Invalid
from housekey.core.policy import clean
from housekey.core.properties import BY_TOML, CALLBACKS, ENABLE, INVITE_EXPIRY, MIN_LENGTH, ORGANIZATION, PROPERTIES


@pytest.mark.parametrize(("name", "text", "value"), [
    (ENABLE, " TRUE ", "true"), (ENABLE, "off", "false"), (ENABLE, "0", "false"), (INVITE_EXPIRY, "-1", "-1"), (INVITE_EXPIRY, "0", "0"),
    (INVITE_EXPIRY, "10080", "10080"), (INVITE_EXPIRY, " 60 ", "60"), (MIN_LENGTH, "15", "15"), (ORGANIZATION, " Acme & Co ", "Acme & Co"),
])
def test_values_are_taken_in_canonical_form(name: str, text: str, value: str) -> None:
    assert clean(name, text) == value


@pytest.mark.parametrize(("name", "text"), [
    (ENABLE, "maybe"), (ENABLE, ""), (INVITE_EXPIRY, "-2"), (INVITE_EXPIRY, "10081"), (INVITE_EXPIRY, "1.5"), (INVITE_EXPIRY, ""),
    (INVITE_EXPIRY, "9" * 5000), (MIN_LENGTH, "7"), (ORGANIZATION, "Acme\r\nBcc: evil@evil.test"), (ORGANIZATION, "x" * 101),
    ("nonsense", "1"),
])
def test_values_that_cannot_be_are_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean(name, text)
    assert refused.value.field == name


def test_every_built_in_value_is_one_that_could_be_stored() -> None:
    assert [clean(item.name, item.default) for item in PROPERTIES] == [item.default for item in PROPERTIES]
    assert len(BY_TOML) == len(PROPERTIES)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example/", "/done", "https://", "https://a@evil.example/",
                                     "data:text/html,x", "https://ok.example/ ftp://x.example/", "https:\\\\evil.example", "http://[::1"])
def test_people_are_led_back_only_to_whole_web_addresses(address: str) -> None:
    """A-064."""
    with pytest.raises(Invalid, match="Allowed return addresses"):
        clean(CALLBACKS, address)
    assert clean(CALLBACKS, " https://app.example.com/done?x=1 https://b.example/ ") == "https://app.example.com/done?x=1 https://b.example/"
