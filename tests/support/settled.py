"""A tenant in which something of every kind exists, and what each of those things is known by."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import NOT_PROVIDED, ForeignKey
from django.test import Client

from housekey.core.custom import CustomAttribute
from housekey.core.groups import NewGroup, split_group
from housekey.core.principal import ADMINISTRATOR, TENANT_PERMISSIONS, USER_VIEW
from housekey.core.principal import GRANTABLE as EVERY
from housekey.operations import clients, codes, custom_attributes, groups, jobs, recovery, roles, stores, templates
from housekey.operations.stores import NewStore
from housekey.store.models import AuditEntry, Code, Message, Role, Session
from housekey.store.models import Tenant as Row
from tests.doors.scim.support import basic
from tests.operations.support import PASSWORD, World, token_of

SCOPES = sorted(EVERY - TENANT_PERMISSIONS)


VALUES = {
    "ConnectionURL": "ldaps://127.0.0.1:1", "ConnectionName": "cn=housekey", "UserSearchBase": "ou=people,dc=example", "SyncMinutes": "0",
}
"""Of a directory that nobody runs."""


@dataclass
class Settled:
    """`known` is what a stranger might learn: kind of identifier -> the identifier. `boss` is the tenant's full administrator."""

    world: World
    word: str = "quill"
    """Part of every name, so that no two tenants share one."""
    boss: str = "boss"
    token: str = ""
    session: str = ""
    known: dict[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return f"/t/{self.world.tenant.domain}"

    @property
    def basic(self) -> str:
        return basic(self.boss, PASSWORD)

    @property
    def bearer(self) -> str:
        return f"Bearer {self.token}"


def everything(world: World, word: str = "quill") -> Settled:
    """People with codes, sessions and tickets; groups, roles, programs, messages, jobs, texts; and a row of every other table."""
    made = Settled(world, word)
    boss = world.add("boss", mail="boss@example.com", role=ADMINISTRATOR)
    made.session = world.sign_in("boss").token
    client = clients.add(world.house, world.by, f"{word.title()} sync", SCOPES, world.now)
    made.token = token_of(world.house, world.tenant, client, world.now).access_token
    made.known |= {"client": client.client_id, "secret": client.client_secret, "client name": f"{word.title()} sync", "token": made.token}
    _people(made, boss.id)
    _names(made)
    place = NewStore(word.upper(), "ldap", VALUES, {}, "a secret of the directory")
    made.known |= {"store": str(stores.add(world.house, world.by, place, world.now).id), "store domain": word.upper()}
    _work(made, boss.id)
    _through_the_doors(made)
    for model in _of_tenants():
        if not model._base_manager.filter(tenant_id=world.tenant.id).exists():
            plant(model, world)
    return made


def _people(made: Settled, boss: uuid.UUID) -> None:
    world, known, word = made.world, made.known, made.word
    ann = world.add(f"annabel.{word}", mail=f"annabel@{word}.example")
    signed = world.sign_in(f"annabel.{word}")
    row = Session.objects.within(world.tenant).get(account_id=ann.id)
    bob = world.invite(f"bob.{word}", f"bob@{word}.example")
    code = Code.objects.within(world.tenant).get(account_id=bob.id)
    text = codes.text_of(world.house, code)
    message = Message.objects.within(world.tenant).get(code=code)
    known |= {
        "user": str(ann.id), "username": f"annabel.{word}", "mail": f"annabel@{word}.example", "session": str(row.pk),
        "session token": signed.token, "invited": str(bob.id), "invited name": f"bob.{word}", "code": str(code.id), "link": text,
        "ticket": recovery.open_link(world.house, world.tenant, text, world.now), "message": str(message.pk), "boss": str(boss),
    }
    world.mails()


def _names(made: Settled) -> None:
    world, known, word = made.world, made.known, made.word
    group = groups.create(world.by, NewGroup(split_group(f"{word.title()} stewards"), (uuid.UUID(known["user"]),)), world.now)
    roles.add(world.by, f"{word.title()} wardens", [USER_VIEW], world.now)
    role = Role.objects.within(world.tenant).get(name=f"{word.title()} wardens")
    custom_attributes.add(world.by, CustomAttribute(f"{word}Size"), world.now)
    texts = {"en": ("Hello", "<p>Hello {{user-name}}</p>", "Hello {{user-name}}")}
    templates.add(world.by, "EMAIL", f"{word.title()}Greeting", texts, world.now)
    known |= {"group": str(group.id), "group name": f"{word.title()} stewards", "role": str(role.pk), "role name": role.name,
              "attribute": f"{word}Size", "template": f"{word.title()}Greeting"}


def _work(made: Settled, boss: uuid.UUID) -> None:
    world, known, word = made.world, made.known, made.word
    ids = [uuid.UUID(known["user"]), boss]
    known["job"] = str(jobs.start(world.house, world.acting_as("boss"), "revoke", ids, world.now).id)
    sheet = f"username,email\nnew.{word},new@{word}.example\n"
    draft = jobs.draft(world.house, world.acting_as("boss"), sheet, f"{word}.csv", world.now)[0]
    known["draft"] = str(draft.id)
    known["audit"] = str(AuditEntry.objects.within(world.tenant).order_by("id").values_list("pk", flat=True)[0])
    known["tenant"] = str(world.tenant.id)


def _through_the_doors(made: Settled) -> None:
    """What only a door gives out: a cursor, and an answer kept under a key."""
    web = Client(headers={"Authorization": made.bearer})
    made.known["cursor"] = web.get(f"{made.prefix}/scim2/Users?cursor=&count=1").json()["nextCursor"]
    key = f"importof{made.word}first"
    body = {"userName": f"kept.{made.word}", "emails": [f"kept@{made.word}.example"]}
    kept = web.post(f"{made.prefix}/scim2/Users", body, "application/json", headers={"Idempotency-Key": key})
    assert kept.status_code == 201, kept.content
    made.known["key"] = key


def _of_tenants() -> Iterator[Any]:
    """Tables with a tenant, those that are pointed at first."""
    every = list(apps.get_app_config("store").get_models())
    yield from sorted((model for model in every if any(field.name == "tenant" for field in model._meta.fields)),
                      key=lambda model: sum(isinstance(field, ForeignKey) for field in model._meta.fields))


def plant(model: Any, world: World) -> Any:
    """A row with just what it must have."""
    values = {field.attname: _value(field, world) for field in model._meta.concrete_fields if _must_have(field)}
    return model._base_manager.create(**values)


def _must_have(field: Any) -> bool:
    return not (field.null or field.default is not NOT_PROVIDED or isinstance(field, models.AutoField))


def _value(field: Any, world: World) -> Any:
    if isinstance(field, ForeignKey):
        if field.remote_field.model is Row:
            return world.tenant.id
        rows = field.remote_field.model._base_manager.filter(tenant_id=world.tenant.id)
        return (rows.first() or plant(field.remote_field.model, world)).pk
    match field:
        case models.UUIDField():
            return uuid.uuid4()
        case models.DateTimeField():
            return datetime.now(UTC)
        case models.BinaryField():
            return uuid.uuid4().bytes * 2
        case models.IntegerField():
            return 1
        case models.FloatField():
            return 1.0
        case models.BooleanField():
            return False
    return uuid.uuid4().hex[: field.max_length or 32]
