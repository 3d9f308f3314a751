"""Django's `DATABASES["default"]` from the configuration: SQLite in the data directory, or PostgreSQL from a URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from housekey.conf.schema import Config

SQLITE_PRAGMAS = (
    "PRAGMA busy_timeout=5000",  # first: turning WAL on needs a lock that another process may hold
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # NORMAL would forget the last commits on a power cut, among them spent codes
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
)

QUERY = frozenset({"host", "sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "connect_timeout", "target_session_attrs"})
"""Parameters of a PostgreSQL URL that are handed to the driver; any other one is an error."""

CONNECT_SECONDS = 5


def django_database(config: Config) -> dict[str, Any]:
    """The dictionary for `DATABASES["default"]`. The URL was checked when it was loaded."""
    common: dict[str, Any] = {"ATOMIC_REQUESTS": False, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    if config.database.url:
        return common | _postgresql(config.database.url)
    return common | {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(config.data / "housekey.db"),
        "OPTIONS": {
            # A deferred transaction that reads first and then writes fails with "locked" without waiting.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "; ".join(SQLITE_PRAGMAS),
        },
    }


def url_mistake(url: str) -> str:
    """What is wrong with a database URL, as the end of a sentence (`expected …`); empty if nothing is."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "expected postgresql://user@host:port/name"
    if parts.scheme not in {"postgresql", "postgres"}:
        return "expected a URL that begins with postgresql:// (leave it out for SQLite)"
    if not unquote(parts.path.strip("/")):
        return "expected a database name at the end: postgresql://user@host/name"
    unknown = sorted({name for name, _ in parse_qsl(parts.query)} - QUERY)
    return f"does not know the parameter {unknown[0]}; it takes {', '.join(sorted(QUERY))}" if unknown else ""


def _postgresql(url: str) -> dict[str, Any]:
    parts: SplitResult = urlsplit(url)
    options: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "housekey"}
    options |= dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        # A cursor on the server does not survive a connection pooler between two statements.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
