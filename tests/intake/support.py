"""Files in memory, and hashes as other systems make them."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import replace
from typing import Any

from housekey.core.attributes import ResourceType
from housekey.core.custom import user_kind
from housekey.core.intake import files
from housekey.core.intake.rows import Format, Row, Source
from housekey.operations import intake
from housekey.operations.intake import Mark, Remark, Wanted
from tests.operations.support import World

SALT = base64.b64encode(b"0123456789abcdef").decode()
"""As WSO2's table has it: the text is the salt, not what it stands for."""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def ssha(digest: str, password: str, salt: bytes = b"pepper") -> str:
    return b64(hashlib.new(digest, password.encode() + salt).digest() + salt)


def wso2_hash(password: str, salt: str = SALT, digest: str = "sha256") -> str:
    return b64(hashlib.new(digest, (password + salt).encode()).digest())


def kind() -> ResourceType:
    """What users can have in a tenant without attributes of its own."""
    return user_kind(())


def read(content: str | bytes, format: Format | None = None, source: Source | None = None, name: str = "people") -> list[Row]:
    """All rows of a file, read as the command reads it."""
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return list(files.read(stream, format or files.format_of(stream, name), source or Source(), kind()))


def taken(world: World, content: str | bytes, **wanted: Any) -> tuple[Mark, list[Remark]]:
    """Import a file into the world to its end."""
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    plan = intake.plan(world.house, world.by, stream, replace(Wanted("people"), **wanted))
    remarks: list[Remark] = []
    marks = [plan.mark, *intake.run(world.house, world.by, stream, plan, lambda: world.now, remarks.extend)]
    return marks[-1], remarks
