"""A small world to act in: the default tenant, somebody who may do everything, and the mails that went out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.apps import apps

from housekey.conf.house import House
from housekey.conf.schema import SuperAdmin
from housekey.core.names import Tenant, split_username
from housekey.core.principal import Principal, system
from housekey.core.users import Email, NewUser, Profile, User
from housekey.delivery import worker
from housekey.operations import bootstrap, clients, codes, login, policies, recovery, tenants, tokens, users
from housekey.operations.clients import NewClient
from housekey.operations.login import SignedIn
from housekey.operations.roles import permissions_of
from housekey.operations.tickets import Opened
from housekey.operations.tokens import NewToken
from housekey.store.models import AuditEntry, Code, Role, RoleMember

PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "seven purple umbrellas tonight"
NETWORK = "192.0.2.10"


@dataclass
class World:
    """`house` keeps its mail under a directory of this test; `now` is the moment everything happens at unless said otherwise."""

    house: House
    tenant: Tenant
    now: datetime

    @property
    def by(self) -> Principal:
        """Holds every permission in the tenant, but is nobody's account."""
        return system(self.tenant)

    def configured(self, **changes: Any) -> House:
        """The house with other parts of its configuration."""
        return replace(self.house, config=replace(self.house.config, **changes))

    def invite(self, name: str = "jane", mail: str = "jane@example.com", *, by: Principal | None = None, house: House | None = None,
               now: datetime | None = None) -> User:
        new = NewUser(split_username(name), Profile(emails=(Email(mail, primary=True),)), ask_password=True)
        return users.create(house or self.house, by or self.by, new, now or self.now)

    def add(self, name: str = "jane", password: str | None = PASSWORD, *, mail: str = "jane@example.com", by: Principal | None = None,
            role: str = "") -> User:
        profile = Profile(emails=(Email(mail, primary=True),) if mail else ())
        user = users.create(self.house, by or self.by, NewUser(split_username(name), profile, password), self.now)
        if role:
            self.give(user.id, role)
        return user

    def give(self, user_id: UUID, role: str) -> None:
        row = Role.objects.within(self.tenant).get(name=role)
        RoleMember(tenant_id=self.tenant.id, role=row, account_id=user_id).save(force_insert=True)

    def acting_as(self, name: str) -> Principal:
        """The principal that a signed-in user of that name is."""
        user = users.by_name(self.by, name)
        return Principal(self.tenant, name, permissions_of(self.tenant, user.id), user.id, network=NETWORK)

    def sign_in(self, name: str, password: str = PASSWORD, *, now: datetime | None = None, tenant: Tenant | None = None,
                network: str = NETWORK) -> SignedIn:
        entered = self.enter(name, password, now=now, tenant=tenant, network=network)
        assert isinstance(entered, SignedIn), "the set-password form was opened instead"
        return entered

    def enter(self, name: str, password: str, *, now: datetime | None = None, tenant: Tenant | None = None, network: str = NETWORK,
              goal: str = "") -> SignedIn | Opened:
        """What the sign-in page does: a session, or an open set-password form."""
        return login.sign_in(self.house, tenant or self.tenant, name, password, network=network, agent="a browser", now=now or self.now,
                             goal=goal)

    def opened(self, name: str, code: str, *, now: datetime | None = None, goal: str = "") -> str:
        """The ticket that a one-time code typed at sign-in opens."""
        entered = self.enter(name, code, now=now, goal=goal)
        assert isinstance(entered, Opened)
        return entered.ticket

    def set(self, **values: object) -> None:
        """Store settings of the tenant: `world.set(**{RESET_LINK: False})`."""
        texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
        policies.change(self.house, self.by, texts, {}, self.now)

    def live_code(self, name: str = "jane") -> Code:
        """The row of the one code that is alive for a user."""
        row = codes.live(self.tenant, users.by_name(self.by, name).id)
        assert row is not None
        return row

    def live_count(self) -> int:
        """How many codes of the tenant are alive."""
        return int(Code.objects.within(self.tenant).filter(spent__isnull=True, dead__isnull=True).count())

    def otp(self, name: str = "jane") -> str:
        """The pending one-time code, from where it rests until it is sent."""
        return codes.text_of(self.house, self.live_code(name))

    def mails(self, *, now: datetime | None = None) -> list[EmailMessage]:
        """Send what is due; every mail that has ever gone out in this test, oldest first."""
        worker.drain(self.house, now or max(self.now, datetime.now(UTC)))
        files = sorted(self.house.config.mail_directory.glob("*.eml")) if self.house.config.mail_directory.is_dir() else []
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def newest_code(self, to: str = "jane@example.com", *, now: datetime | None = None) -> str:
        """The code in the link of the newest mail to that address that has one."""
        links = [link_in(mail) for mail in self.mails(now=now) if mail["To"] == to and "confirmation=" in text_of(mail)]
        return code_in(links[-1])

    def redeem(self, code: str, password: str = PASSWORD, *, now: datetime | None = None) -> None:
        moment = now or self.now
        ticket = recovery.open_link(self.house, self.tenant, code, moment)
        recovery.set_password(self.house, self.tenant, ticket, password, NETWORK, moment)

    def refusals(self) -> list[str]:
        """Why sign-ins were refused, from the audit log, oldest first."""
        rows = AuditEntry.objects.within(self.tenant).filter(outcome="refused").order_by("id")
        return [row.detail["why"] for row in rows]


def new_world(house: House, directory: Path, now: datetime, *, administrator: bool = False) -> World:
    """`administrator`: also the account `admin` with the password `admin`, as `[super_admin]` makes it."""
    first = SuperAdmin("admin", "admin" if administrator else "", create_admin_account=administrator)
    house = replace(house, config=replace(house.config, data=directory, super_admin=first))
    bootstrap.first_administrator(house, now)
    return World(house, tenants.default(), now)


def other_world(world: World, domain: str = "acme.example") -> World:
    """A second tenant of the same house."""
    return World(world.house, tenants.add(world.by, domain, "", world.now), world.now)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"https?://\S+confirmrecovery\.do\?\S+", text_of(mail))
    assert found, text_of(mail)
    return found.group()


def code_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["confirmation"][0]


def counts(*, audit: bool = False) -> dict[str, int]:
    """How many rows each table holds; the audit log only if asked for. Left out are the throttle, which counts tries, good or bad, and
    the population, whose rows are no things but counts of them."""
    left_out = {"Throttle", "Population"} | (set() if audit else {"AuditEntry"})
    return {model.__name__: model._base_manager.count() for model in _models() if model.__name__ not in left_out}


def _models() -> Iterator[Any]:
    yield from apps.get_app_config("store").get_models()


def token_of(
    house: House, tenant: Tenant, new: NewClient, now: datetime, scopes: tuple[str, ...] = (), network: str = NETWORK, secret: str = ""
) -> NewToken:
    """A client shows its secret (`secret`: another one) and gets a token."""
    shown = clients.prove(house, tenant, new.client_id, secret or new.client_secret, network, now)
    return tokens.issue(house, tenant, shown, scopes, network, now)
