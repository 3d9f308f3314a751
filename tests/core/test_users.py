"""Which of several addresses gets the mail; what links and permissions are made of."""

from __future__ import annotations

import pytest

from housekey.core.errors import NotPermitted
from housekey.core.links import invitation_link
from housekey.core.names import SUPER_TENANT, Tenant
from housekey.core.principal import (
    ADMINISTRATOR_PERMISSIONS,
    HELP_DESK_PERMISSIONS,
    USER_CREATE,
    USER_DELETE,
    anonymous,
    system,
)
from housekey.core.users import Email, Profile

HOME, WORK, PLAIN = Email("h@x.example", "home"), Email("w@x.example", "work"), Email("p@x.example")


@pytest.mark.parametrize(("emails", "mail"), [
    ((HOME, Email("m@x.example", "work", primary=True), PLAIN), "m@x.example"), ((HOME, PLAIN), "p@x.example"),
    ((HOME, WORK), "h@x.example"), ((), ""),
])
def test_mail_goes_to_the_primary_else_the_first_untyped_else_the_first(emails: tuple[Email, ...], mail: str) -> None:
    assert Profile(emails=emails).mail == mail


def test_a_link_is_built_from_the_configured_address_and_cannot_be_broken_out_of() -> None:
    """A-060, A-066."""
    link = invitation_link("https://id.example/", "acme.example", "c" * 43, "PRIMARY", "o'neil&\"<x>\r\n#张")
    assert link.startswith("https://id.example/t/acme.example/accountrecoveryendpoint/confirmrecovery.do?confirmation=ccc")
    assert not set(link) & set("'\"<>\r\n #")
    assert "/t/" not in invitation_link("https://id.example", SUPER_TENANT, "c" * 43, "PRIMARY", "x")


def test_permissions_are_named_when_they_are_missing() -> None:
    tenant = Tenant(1, SUPER_TENANT)
    system(tenant).must(USER_DELETE)
    with pytest.raises(NotPermitted) as refused:
        anonymous(tenant).must(USER_CREATE)
    assert USER_CREATE in refused.value.sentence


def test_help_desk_can_do_less_than_an_administrator() -> None:
    assert HELP_DESK_PERMISSIONS < ADMINISTRATOR_PERMISSIONS
    assert not HELP_DESK_PERMISSIONS & {USER_CREATE, USER_DELETE}
