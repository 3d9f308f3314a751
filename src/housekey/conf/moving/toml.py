"""WSO2's `deployment.toml`: each key sorted into what holds here, what has no meaning here, and what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from housekey.conf import primary, wso2
from housekey.conf.load import KNOWN, SECTIONS
from housekey.conf.sources import SECRETS, Layer, Report, Value, file_layer, nearest, nearest_table, title
from housekey.core.directories import BY_NAME, SECRET
from housekey.core.moving import realm
from housekey.core.moving.adapters import MAIL, MOST_CONNECTIONS, PLACEHOLDER
from housekey.core.moving.report import Moved, Place, switch

_PATHS = frozenset({"server.certificate", "server.private_key", "secrets.keys_file", f"{MAIL}.ca_file", "output_adapter.sms.ca_file"})
_SECRET = frozenset(key for key in SECRETS if not key.startswith("database.identity_db."))
_SWITCHES = frozenset({wso2.GOVERNANCE, wso2.DATA_STORE, wso2.HYBRID})
_STORE = "user_store."
_AGAIN = re.compile(r"([\w.-]+) is given again \(first on line (\d+)\); the last value counts\.")
"""What the reader says of a key that is in a file twice."""
_STORE_NAMES = {name.lower(): name for name in (*BY_NAME, SECRET)}
_PROXY = "transport.https.properties.proxyport"
_DIFFERS: tuple[tuple[str, str], ...] = (
    (f"{wso2.LISTENERS}*.priority", "The order of listeners has no meaning here."),
    (f"{wso2.LISTENERS}*", "Listeners are built in and cannot be switched."),
    ("*.password_generator", "Nothing generates a password: who is invited has none until she chooses one."),
    ("*.disable_random_value_for_credentials", "A password sent beside askPassword is never kept."),
    ("*confirmation_code_tolerance_period", "A new code always replaces the one before."),
    ("*.callback_url", "Return addresses are a list here, matched exactly: [identity_mgt.recovery] callback_urls."),
    ("*existence", "Whether a user exists is never told to anybody who is not signed in."),
    ("event_*", "Handlers and listeners are built in; none can be added."),
    ("database.*", "This is WSO2's own database and is not taken over. Give Housekey one of its own with [database] url; without, it is "
                   "SQLite in the data directory."),
    ("server.enable_admin_services", "SOAP is always answered."),
    ("super_admin.admin_role", "The role of administrators is called admin here."),
    ("keystore.*", "Housekey has its own keys (keys.json) and takes its certificate from [server] certificate and private_key."),
    ("truststore.*", "Certificate authorities are the system's, and [output_adapter.email] ca_file."),
    ("account_recovery.endpoint.auth.*", "The pages are a part of the server and need no shared secret."),
    ("identity.auth_framework.endpoint.*", "The pages are a part of the server and need no shared secret."),
    ("tenant_context.*", "Every address also works under /t/<tenant>/."),
    (_PROXY, "Links are built from [server] base_path: set it to the address that people see."),
    ("oauth.token_validation.id_token_validity", "An ID token is good for an hour."),
    ("oauth.token_renewal.*", "Each use of a refresh token brings a new one; a second use of the old one ends the sign-in."),
    ("oauth.grant_type.*", "The grants are authorization_code, refresh_token and client_credentials, and password where "
                           "[oauth.grant_type.password] says so. There are no others."),
    ("oauth.*url", "The addresses are fixed: /.well-known/openid-configuration lists them."),
    ("oauth.*endpoint*", "The addresses are fixed: /.well-known/openid-configuration lists them."),
    ("oauth.*hash*", "Tokens and secrets are always kept as digests only."),
    ("oauth.*", "Decided here without a setting, or a part of WSO2's server that Housekey does not have."),
    ("output_adapter.email.*thread", "[outbox] connections is how many sending threads there are."),
    ("output_adapter.email.*", "Mail servers are signed in to with a user name and a password."),
)


def read(path: Path, name: str, moved: Moved) -> None:
    """`name`: what the report calls the file."""
    report = Report()
    layer = file_layer(path, report)
    for finding in report.findings:
        again = _AGAIN.fullmatch(finding.sentence)
        place = Place(name, int(again[2]), again[1]) if again else Place(name, finding.line, "(as it is written)")
        words = f"It is given again on line {finding.line}, which decides." if again else finding.sentence
        (moved.could_not if finding.level == "error" else moved.differs)(place, words)
    for key, value in layer.items():
        if isinstance(value.raw, list) and any(isinstance(row, dict) for row in value.raw):
            for inner in _inside(value.raw):
                _key(Place(name, value.line, f"{key}{inner}"), key, value, moved)
        elif not key.startswith(_STORE):
            _key(Place(name, value.line, key), key, value, moved)
    _store(name, layer, moved)


def _inside(found: object) -> Iterator[str]:
    """The keys of an array of tables, each with its number."""
    if isinstance(found, dict) and found:
        yield from (f".{name}{rest}" for name, inner in found.items() for rest in _inside(inner))
    elif isinstance(found, list) and any(isinstance(row, dict) for row in found):
        yield from (f"[{number}]{rest}" for number, row in enumerate(found) for rest in _inside(row))
    else:
        yield ""


def _key(place: Place, key: str, value: Value, moved: Moved) -> None:
    if value.raw in ("", {}):
        moved.differs(place, "Is empty, which means: not set.")
    elif not isinstance(value.raw, str | int | float | list):
        moved.could_not(place, "Expected a text, a number, a switch or a list.")
    elif key in {wso2.SENDER, wso2.OLD_ENGINE, f"{MAIL}.auth_type"} or key in wso2.ALIASES:
        _special(place, key, value, moved)
    elif key in KNOWN or key in _SWITCHES or key.removesuffix("_file") in _SECRET or key.startswith(_STORE):
        _known(place, key, value, moved)
    elif wso2.is_unused(key) or key in wso2.READ or key.startswith("database.") or key.lower() == _PROXY:
        moved.differs(place, _words(key))
    else:
        _unknown(place, key, moved)


def _known(place: Place, key: str, value: Value, moved: Moved) -> None:
    raw = value.raw
    if isinstance(raw, str) and PLACEHOLDER.fullmatch(raw.strip()):
        moved.could_not(place, "Is not filled in: what stands here is the manual's place-holder.")
        return
    if isinstance(raw, str) and (key in _PATHS or (key not in KNOWN and key.endswith("_file"))):
        raw = str(value.folder / Path(raw).expanduser())
    moved.want(place, key, raw, first=True)


def _special(place: Place, key: str, value: Value, moved: Moved) -> None:
    text = str(value.raw).strip()
    if key == wso2.SENDER and text.lower() == "internal":
        moved.understood(place, "nothing to set", "internal", "Housekey sends its messages itself.")
    elif key == wso2.SENDER:
        for managed in wso2.MANAGED:
            moved.want(place, managed, "false", "Somebody else delivers the messages.", first=True, weak=True)
    elif key == wso2.OLD_ENGINE:
        _old_engine(place, text, moved)
    elif key == f"{MAIL}.auth_type":
        if text.upper() in {"BASIC", "NONE"}:
            moved.understood(place, "nothing to set", text, "Mail servers are signed in to with a user name and a password, if one is set.")
        else:
            moved.differs(place, "Mail servers are signed in to with a user name and a password.")
    elif wso2.ALIASES[key] == "outbox.connections" and text.isdigit() and int(text[:9]) > MOST_CONNECTIONS:
        moved.want(place, wso2.ALIASES[key], str(MOST_CONNECTIONS), f"{text} was cut: more connections than that only make a mail server "
                   "refuse.", first=True, weak=True)
    else:
        moved.want(place, wso2.ALIASES[key], value.raw, first=True, weak=True)


def _old_engine(place: Place, text: str, moved: Moved) -> None:
    if switch(text) is False:
        moved.understood(place, "nothing to set", "off", "The engine from before 5.3 does not exist here.")
    else:
        moved.could_not(place, "Asks for the identity management engine from before 5.3, which does not exist here. "
                               "The one that replaces it is on.")


def _words(key: str) -> str:
    return next((words for pattern, words in _DIFFERS if fnmatchcase(key.lower(), pattern)), "Is accepted and has no effect here.")


def _unknown(place: Place, key: str, moved: Moved) -> None:
    """A slip of the pen is an error; a table that nothing here is like belongs to a part of WSO2 that Housekey does not have."""
    names = KNOWN | wso2.READ | {pattern for pattern in wso2.UNUSED if "*" not in pattern}
    tables = {name.rpartition(".")[0] for name in names} | set(SECTIONS)
    table = key.rpartition(".")[0]
    if table in tables or not table:
        moved.could_not(place, f"{title(key)} is not known.{nearest(key, names)}")
    elif near := nearest_table(table, tables):
        moved.could_not(place, f"The table [{table}] is not known.{near}")
    else:
        moved.differs(place, f"Housekey has no table [{table[:80]}]; it was left out.")



def _store(name: str, layer: Layer, moved: Moved) -> None:
    """`[user_store]`: where the users of PRIMARY are."""
    rows = {key: value for key, value in layer.items() if key.startswith(_STORE)}
    kind = rows.get(f"{_STORE}type")
    database = kind is None or str(kind.raw).strip().lower().startswith("database")
    for key, value in rows.items():
        place = Place(name, value.line, key)
        if database and key != f"{_STORE}type":
            moved.differs(place, realm.OWN)
        else:
            _key(place, _store_key(key), value, moved)


def _store_key(key: str) -> str:
    """Under the name that it has here: WSO2 takes `user_search_base` as well as `UserSearchBase`, with `properties` before it or not."""
    bare = key.removeprefix(_STORE).removeprefix("properties.").removesuffix("_file").replace("_", "").lower()
    known = _STORE_NAMES.get(bare, "")
    ending = "_file" if key.endswith("_file") else ""
    return (primary.KEYS.get(known) or f"{primary.PROPERTIES}.{known}") + ending if known else key
