"""Ids that WSO2 makes of names."""

from __future__ import annotations

import pytest

from housekey.core.connectors import LONGEST_ID, name_of, public_id


@pytest.mark.parametrize("name", ["A", "STAFF", "passwordReset", "http://wso2.org/claims/emailaddress", "Größe ~>"])
def test_an_id_says_its_name_with_or_without_padding(name: str) -> None:
    made = public_id(name)
    assert name_of(made) == name
    assert name_of(made + "=" * (-len(made) % 4)) == name


@pytest.mark.parametrize("wanted", ["", "=", "A", "U1RBRkY!", "U1RB RkY", "QR", "fj4+", "_w", "é", "\ud800", "QQ" * LONGEST_ID])
def test_what_was_made_of_no_name_is_no_id(wanted: str) -> None:
    """Neither is another spelling of an id."""
    with pytest.raises(ValueError):
        name_of(wanted)
