"""Rows that are written together are the rows that would have been written one by one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from housekey.store import hot, population
from housekey.store.models import Account, AuditEntry, Code
from tests.operations.support import World

MODELS = [model for model in apps.get_app_config("store").get_models() if hasattr(model, "tenant_id")]


def values(row: models.Model) -> dict[str, Any]:
    alike = [field.attname for field in row._meta.concrete_fields if field.attname != "id" and field.default is not uuid4]
    return {name: getattr(row, name) for name in alike}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_row_that_is_made_has_the_defaults_of_its_model(model: type[models.Model]) -> None:
    made, usual = hot.made(model), model()
    assert values(made) == values(usual)
    assert made._state.adding
    for name, value in values(made).items():
        assert not isinstance(value, dict | list) or value is not getattr(hot.made(model), name), "two rows must not share a value"


def test_a_row_cannot_have_what_its_model_lacks() -> None:
    with pytest.raises(TypeError, match="Account has no colour"):
        hot.made(Account, colour="red")


def rows(world: World, number: int) -> list[models.Model]:
    made: list[models.Model] = []
    for _ in range(number):
        account = Account(id=uuid4(), tenant_id=world.tenant.id, domain="PRIMARY", name_key=f"ü{uuid4()}", created=world.now,
                          modified=world.now, locks="A B")
        code = Code(id=uuid4(), tenant_id=world.tenant.id, account_id=account.id, scenario="ASK_PASSWORD", recipient="", nonce=b"\0\xff",
                    key_name="k", digest=account.id.bytes * 2, issued=world.now, issued_by="x", sealed=None)
        entry = AuditEntry(tenant_id=world.tenant.id, at=world.now, actor="a", event="e", target_id=account.id, detail={"ü": [1, None]})
        made += [account, code, entry]
    return made


def test_what_is_gathered_reads_back_as_what_is_inserted(world: World) -> None:
    one, many = rows(world, 1), rows(world, 3)
    for row in one:
        hot.insert(row)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries, hot.gathered():
        for row in many:
            hot.insert(row)
        assert not queries.captured_queries
    for model, name in ((Account, "id"), (Code, "id"), (AuditEntry, "target_id")):
        for row in (row for row in (*one, *many) if isinstance(row, model)):
            found = model.objects.within(world.tenant).get(**{name: getattr(row, name)})
            as_read = {key: bytes(value) if isinstance(value, memoryview) else value for key, value in values(found).items()}
            assert as_read == values(row)


def test_who_is_counted_together_is_counted_once(world: World) -> None:
    before = population.accounts(world.tenant.id, "PRIMARY")
    with transaction.atomic(), hot.gathered():
        for _ in range(5):
            population.change(world.tenant.id, "PRIMARY", +1)
    assert population.accounts(world.tenant.id, "PRIMARY") == before + 5


def together(made: list[Account]) -> None:
    with transaction.atomic(), hot.gathered():
        for row in made:
            hot.insert(row)


def test_of_rows_of_which_one_cannot_be_none_is_there(world: World) -> None:
    made = [row for row in rows(world, 3) if isinstance(row, Account)]
    made[2].name_key = made[0].name_key
    with pytest.raises(IntegrityError):
        together(made)
    assert not Account.objects.within(world.tenant).filter(id__in=[row.id for row in made]).exists()
    hot.insert(made[0])
    assert Account.objects.within(world.tenant).filter(id=made[0].id).exists(), "after a failure nothing may be held back"
