"""The OpenAPI document itself."""

from __future__ import annotations

from typing import Any

from housekey.api import openapi
from housekey.api.door import OPEN, Answer, Call, route
from housekey.web.house import house


@route("GET", "/openapi.json", scope=OPEN, summary="This document", tag="Documentation", answers={200: dict[str, Any]},
       description="OpenAPI 3.1 for REST and OAuth. Shown for people at /api/docs.")
def document(call: Call) -> Answer:
    return Answer(body=openapi.document(house(), call.prefix), headers={"Cache-Control": "no-cache"})
