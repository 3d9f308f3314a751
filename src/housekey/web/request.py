"""The request as Housekey's views see it."""

from __future__ import annotations

from django.http import HttpRequest

from housekey.core.names import Tenant
from housekey.core.principal import Principal


class Asked(HttpRequest):
    """A request after the gate: `tenant` from the address, `by` who is asking (anonymous until proved), `network` the client's address."""

    tenant: Tenant
    by: Principal
    network: str
