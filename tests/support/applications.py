"""An application on loopback that is told of sign-outs, and rows as if people had signed in to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from tests.support.sms import Gateway, Taken

if TYPE_CHECKING:
    from housekey.conf.house import House
    from housekey.core.names import Tenant
    from housekey.store.models import Client, Farewell, Grant
    from tests.operations.support import World

PATH = "/backchannel"


@dataclass(frozen=True)
class Application:
    """`there` is what runs; `row` what we know of it."""

    there: Gateway
    row: Client

    @property
    def told(self) -> list[Taken]:
        return self.there.requests

    def until(self, calls: int, seconds: float = 20.0) -> None:
        """Wait for so many calls. Raises AssertionError."""
        deadline = time.monotonic() + seconds
        while len(self.told) < calls:
            assert time.monotonic() < deadline, f"{len(self.told)} calls of {calls}"
            time.sleep(0.01)


Start = Callable[..., Application]


@contextmanager
def applications(world: World) -> Iterator[Start]:
    """`start("wiki")`: an application of the default tenant, or of `tenant`, that answers; `alg` is what its tokens are signed with."""
    running: list[Gateway] = []

    def begin(name: str = "wiki", *, tenant: Tenant | None = None, alg: str = "RS256") -> Application:
        gateway = Gateway()
        gateway.start()
        running.append(gateway)
        return Application(gateway, registered(tenant or world.tenant, name, gateway.url + PATH, world.now, alg))

    yield begin
    for gateway in running:
        gateway.stop()


def leave(world: World, user_id: UUID, now: datetime | None = None) -> None:
    """Everything of this user ends."""
    from housekey.operations import ending
    from housekey.operations.transactions import durable

    with durable():
        ending.everything(world.tenant, user_id, now or world.now)


def left() -> list[Farewell]:
    """What applications still have to be told."""
    from housekey.store.models import Farewell

    return list(Farewell.objects.across_tenants("a test looks").order_by("created", "id"))


def registered(tenant: Tenant, name: str, uri: str, now: datetime, alg: str = "RS256") -> Client:
    """A client as it is stored, told of sign-outs at `uri`."""
    from housekey.store.models import Client

    row: Client = Client.objects.create(
        tenant_id=tenant.id, client_id=f"client_{uuid4().hex}", name=name, secret=bytes(32), redirect_uris=["https://app.example/cb"],
        backchannel_logout_uri=uri, signed_with=alg, created=now, created_by="test",
    )
    return row


def signed_in(client: Client, account_id: UUID, now: datetime, *, sid: UUID | None = None, redeemed: bool = True, session: Any = None,
              **others: Any) -> Grant:
    """What is stored when somebody signed in to the application and it fetched its tokens."""
    from housekey.store.models import Grant

    values: dict[str, Any] = {
        "code": uuid4().bytes * 2, "code_expires": now + timedelta(minutes=1), "redeemed": now if redeemed else None,
        "redirect_uri": "https://app.example/cb", "scopes": ["openid"], "authenticated": now, "created": now,
        "expires": now + timedelta(hours=12), "session": session,
    }
    values |= {"tenant_id": client.tenant_id, "client": client, "account_id": account_id, "sid": sid or uuid4()} | others
    row: Grant = Grant.objects.create(**values)
    return row


def claims_of(house: House, tenant: Tenant, call: Taken, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of the logout token in a call, verified as an application does it: with the tenant's published keys."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    from housekey.operations import signing

    keys: Any = signing.jwks(house, tenant, now)
    found = jwt.decode(call.form["logout_token"], KeySet.import_key_set(keys), algorithms=["RS256", "ES256"])
    return dict(found.header), found.claims
