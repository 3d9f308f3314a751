"""Users of a database from before there were filters are found and counted like those who came after."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps

from housekey.core.attributes import USERS
from housekey.core.filter_text import parse
from housekey.core.filters import LAST
from housekey.core.names import split_username
from housekey.core.users import Email, NewUser, Profile
from housekey.operations import users
from housekey.operations.searching import Query, search
from housekey.store.models import Population, SqlMail, SqlUser
from tests.doors.scim.support import Scim
from tests.operations.support import PASSWORD, World

FILTERS = ('emails eq "Work@example.com"', 'emails eq "home@example.com"', 'displayName eq "jane d"', 'externalId eq "E-1"',
           'name.givenName sw "ja"',
           'emails[type eq "home" and primary eq true]')


def test_users_from_before_are_found_and_counted(world: World) -> None:
    emails = (Email("work@example.com", "work"), Email("home@example.com", "home", True))
    profile = Profile("Jane", "Doe", emails, more={"displayName": "Jane D", "externalId": "E-1"})
    users.create(world.house, world.by, NewUser(split_username("jane"), profile), world.now)
    world.add("john")

    def found() -> list[list[str]]:
        return [[str(user.name) for user in search(world.house, world.by, Query(parse(text, USERS)), world.now).users] for text in FILTERS]

    assert found() == [["jane"]] * len(FILTERS)
    keys = dict.fromkeys(("external_key", "given_key", "family_key", "display_key", "mail_key"), LAST)
    SqlUser.objects.within(world.tenant).update(search={}, **keys)
    SqlMail.objects.within(world.tenant).delete()
    Population.objects.within(world.tenant).delete()
    assert found() == [[]] * len(FILTERS)
    import_module("housekey.store.migrations.0004_searching").make_searchable(apps, None)
    assert found() == [["jane"]] * len(FILTERS)
    assert search(world.house, world.by, Query(count=1), world.now).total == 2


def test_what_earlier_releases_took_and_this_one_does_not_stands_in_the_way_of_no_change(world: World) -> None:
    user = world.add("jane")
    world.add("boss", role="admin")
    odd = {"phoneNumbers": [{"value": 5}, {"value": "+47 1", "primary": "yes"}, "+47 2", 7], "ims": "x", "photos": {}, "title": "Boss"}
    SqlUser.objects.within(world.tenant).filter(id=user.id).update(more=odd)
    SqlMail.objects.within(world.tenant).delete()
    Population.objects.within(world.tenant).delete()
    import_module("housekey.store.migrations.0004_searching").make_searchable(apps, None)
    answer = Scim("boss", PASSWORD).patch(str(user.id), {"op": "replace", "path": "nickName", "value": "J"})
    assert answer.status == 200, answer.text
    assert answer.body["phoneNumbers"] == [{"value": "+47 1"}, {"value": "+47 2"}]
    assert (answer.body["ims"], answer.body["title"], "photos" in answer.body) == ([{"value": "x"}], "Boss", False)
