"""Which of WSO2's files lie in a directory, at WSO2's places or flat, and each handed to its reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from housekey.conf.moving import toml
from housekey.core.decoding import decoded
from housekey.core.errors import Invalid
from housekey.core.messages import EMAIL, SMS
from housekey.core.moving import adapters, claims, events, fragments, identity, mails, realm
from housekey.core.moving.fragments import Node
from housekey.core.moving.report import Moved, Place

MOST_BYTES = 4_194_304
"""Size of a file above which it is not read. WSO2's largest, the templates, has about a tenth."""
MOST_STORES = 200
_FOLDERS = tuple(f"{conf}{inner}" for conf in ("", "repository/conf/", "conf/") for inner in ("", "identity", "email", "sms"))
_STORES = ("repository/deployment/server/userstores", "deployment/server/userstores", "userstores")

Reader = Callable[[Node, str, Moved], None]
XML: dict[str, Reader] = {
    "identity.xml": identity.read, "output-event-adapters.xml": adapters.read_adapters, "charon-config.xml": adapters.read_charon,
    "email-admin-config.xml": lambda root, file, moved: mails.read(root, file, moved, EMAIL),
    "sms-templates-admin-config.xml": lambda root, file, moved: mails.read(root, file, moved, SMS),
    "user-mgt.xml": realm.read_users, "claim-config.xml": claims.read,
}
TOML, EVENTS = "deployment.toml", "identity-event.properties"
_TELLING: dict[str, str] = {
    "eventlistener": "identity.xml", "eventlisteners": "identity.xml", "emailverification": "identity.xml", "recovery": "identity.xml",
    "enableaskpasswordadminui": "identity.xml", "server": "identity.xml", "adapterconfig": "output-event-adapters.xml",
    "outputeventadaptersconfig": "output-event-adapters.xml", "provisioning-config": "charon-config.xml",
    "configurations": "email-admin-config.xml", "configuration": "email-admin-config.xml", "usermanager": "user-mgt.xml",
    "realm": "user-mgt.xml", "claimconfig": "claim-config.xml", "dialects": "claim-config.xml", "dialect": "claim-config.xml",
    "claim": "claim-config.xml", "oauth": "identity.xml",
}
"""An outermost element -> the file that it belongs to. For files that somebody saved under another name."""


@dataclass(slots=True)
class Reading:
    """What was found, and in which files. `passed`: XML in the directory that nothing here reads."""

    moved: Moved = field(default_factory=Moved)
    files: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)


def read(folder: Path) -> Reading:
    """Every file of WSO2's below `folder`. Raises Invalid if there is no such directory, or none of them in it."""
    if not folder.is_dir():
        raise Invalid(f"{folder} is no directory.", field="conf")
    reading = Reading()
    for name in (TOML, *XML, EVENTS):
        if (path := _find(folder, name)) is not None:
            reading.files.append(str(path.relative_to(folder)))
            _one(path, name, reading)
    for path in _others(folder):
        _other(path, folder, reading)
    if not reading.files:
        names = ", ".join((TOML, *XML, EVENTS))
        raise Invalid(f"There is nothing of WSO2 in {folder}. Looked for: {names}, and userstores/*.xml.", field="conf")
    return reading


def _find(folder: Path, name: str) -> Path | None:
    return next((path for place in _FOLDERS if (path := folder / place / name).is_file()), None)


def _others(folder: Path) -> Iterator[Path]:
    """User stores, and XML that lies flat under a name of its own."""
    stores = [path for place in _STORES for path in sorted((folder / place).glob("*.xml"))]
    flat = [path for path in sorted(folder.glob("*.xml")) if path.name not in XML]
    yield from [path for path in (*stores, *flat) if path.is_file()][:MOST_STORES]


def _other(path: Path, folder: Path, reading: Reading) -> None:
    name = str(path.relative_to(folder))
    store = path.parent.name == "userstores"
    root = _parsed(path, name, reading) if store else _quietly(path)
    tags = {node.tag.lower() for node in root.children} if root else set()
    kind = next((_TELLING[tag] for tag in sorted(tags) if tag in _TELLING), "")
    if root and (store or "userstoremanager" in tags):
        reading.files.append(name)
        if not store:
            root = _parsed(path, name, reading)
        if root:
            realm.read_stores(root, name, reading.moved, stem=path.stem)
    elif kind:
        reading.files.append(name)
        again = _parsed(path, name, reading)
        if again:
            XML[kind](again, name, reading.moved)
    elif not store:
        reading.passed.append(name)


def _quietly(path: Path) -> Node | None:
    """A look at what a file might be, saying nothing yet."""
    return _parsed(path, path.name, Reading())


def _one(path: Path, name: str, reading: Reading) -> None:
    if name == TOML:
        toml.read(path, name, reading.moved)
    elif name == EVENTS:
        text = _text(path, name, reading)
        if text is not None:
            events.read(text, name, reading.moved)
    else:
        root = _parsed(path, name, reading)
        if root is not None:
            XML[name](root, name, reading.moved)


def _parsed(path: Path, name: str, reading: Reading) -> Node | None:
    text = _text(path, name, reading)
    if text is None:
        return None
    try:
        fragment = fragments.parse(text)
    except fragments.Unsafe as refusal:
        reading.moved.could_not(Place(name, refusal.line, "(the file)"), refusal.sentence)
        return None
    for line, sentence in fragment.faults:
        reading.moved.could_not(Place(name, line, "(as it is written)"), sentence)
    return fragment.root


def _text(path: Path, name: str, reading: Reading) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        reading.moved.could_not(Place(name, 0, "(the file)"), f"It cannot be read: {error.strerror}.")
        return None
    if len(content) > MOST_BYTES:
        reading.moved.could_not(Place(name, 0, "(the file)"), f"It is larger than {MOST_BYTES} bytes.")
        return None
    try:
        text, _ = decoded(content)
    except Invalid:
        text = "\0"
    if "\0" in text:
        reading.moved.could_not(Place(name, 0, "(the file)"), "It is not a text file.")
        return None
    return text
