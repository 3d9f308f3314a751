"""The raw floor: onboarding and filter by user name as one WSGI function over sqlite3, with nothing around it.

Run by granian as `bench.floors.handler:app`; `DB=sqlite:///…` names the database, `SYNC` its `synchronous`. The tables are made
by `bench.floors.tables`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_TOKEN = hashlib.sha256(b"bench-token").digest()
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_EQ = re.compile(r'userName eq "([^"\\]*)"')
_mine = threading.local()


def _database() -> sqlite3.Connection:
    connection: sqlite3.Connection | None = getattr(_mine, "connection", None)
    if connection is None:
        path = os.environ["DB"].removeprefix("sqlite:///")
        connection = sqlite3.connect(path, isolation_level=None, timeout=20, cached_statements=64)
        for pragma in ("journal_mode=WAL", f"synchronous={os.environ.get('SYNC', 'FULL')}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _mine.connection = connection
    return connection


def _create(body: bytes) -> tuple[str, Any]:
    given = json.loads(body)
    name, mails = given["userName"], given["emails"]
    if USER not in given["schemas"] or not name.strip() or not all(_MAIL.fullmatch(mail["value"]) for mail in mails):
        return "400 Bad Request", {"detail": "invalid"}
    now = datetime.now(UTC)
    row_id, stamp, later = str(uuid.uuid4()), now.isoformat(), (now + timedelta(days=1)).isoformat()
    code = hashlib.sha256(secrets.token_bytes(32)).digest()
    rest = {key: given[key] for key in ("name", "emails", "title", "locale", "externalId", "displayName") if key in given}
    database = _database()
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute("INSERT INTO user_(id,password,user_name,user_key,email,active,must_reset,attrs,created,updated,version) "
                         "VALUES(?,'!',?,?,?,1,1,?,?,?,1)",
                         (row_id, name, name.casefold(), mails[0]["value"], json.dumps(rest), stamp, stamp))
        database.execute("INSERT INTO token(user_id,hash,purpose,created,expires) VALUES(?,?,'invite',?,?)", (row_id, code, stamp, later))
        database.execute("INSERT INTO outbox(kind,user_id,payload,due,attempts,state) VALUES('invite',?,?,?,0,0)", (row_id, "{}", stamp))
        database.execute("INSERT INTO audit(at,actor,action,target,data) VALUES(?,'client','user.create',?,'{}')", (stamp, row_id))
        database.execute("COMMIT")
    except sqlite3.IntegrityError:
        database.execute("ROLLBACK")
        return "409 Conflict", {"detail": "userName exists"}
    return "201 Created", _shown(row_id, name, rest, stamp)


def _find(query: str) -> tuple[str, Any]:
    wanted = _EQ.fullmatch(parse_qs(query).get("filter", [""])[0])
    if wanted is None:
        return "400 Bad Request", {"detail": "filter"}
    rows = _database().execute("SELECT id,user_name,attrs,created FROM user_ WHERE user_key=?", (wanted[1].casefold(),)).fetchall()
    found = [_shown(row[0], row[1], json.loads(row[2]), row[3]) for row in rows]
    return "200 OK", {"schemas": [LIST], "totalResults": len(found), "startIndex": 1, "itemsPerPage": len(found), "Resources": found}


def _shown(row_id: str, name: str, rest: dict[str, Any], created: str) -> dict[str, Any]:
    meta = {"resourceType": "User", "created": created, "lastModified": created, "location": f"/scim2/Users/{row_id}"}
    return {"schemas": [USER], "id": row_id, "userName": name, "active": True, **rest, "meta": meta}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if environ["PATH_INFO"] == "/health":
        status, answer = "200 OK", {"health": "ok"}
    elif not hmac.compare_digest(hashlib.sha256(authorization.removeprefix("Bearer ").encode()).digest(), _TOKEN):
        status, answer = "401 Unauthorized", {"detail": "token"}
    elif environ["REQUEST_METHOD"] == "GET":
        status, answer = _find(environ.get("QUERY_STRING", ""))
    else:
        status, answer = _create(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    body = json.dumps(answer).encode()
    start_response(status, [("Content-Type", "application/scim+json"), ("Content-Length", str(len(body)))])
    return [body]
