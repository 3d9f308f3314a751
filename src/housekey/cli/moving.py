"""`import wso2`: move in from WSO2 Identity Server's files, and say of every key what became of it."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from housekey.cli import output
from housekey.cli.options import DONE, REFUSED, check_keys, now, open_house, say
from housekey.cli.tenants import speaking_in
from housekey.core.errors import Invalid
from housekey.core.moving.report import CLASSES, Entry, Moved

if TYPE_CHECKING:
    from housekey.conf.moving.files import Reading

_NEXT = ("What WSO2 keeps in its database (settings changed in its console, users) is in none of these files: look through the settings in "
         "Housekey's console, and bring the users over with housekey import users.")


def wso2(arguments: Namespace) -> int:
    """Exit code 1 if something could not be taken; the rest is done all the same."""
    from housekey.conf.moving import files, settle, writing

    reading = files.read(Path(arguments.conf))
    plan = settle.settle(reading.moved)
    out = Path(arguments.out) if arguments.out else Path(os.environ["HOUSEKEY_DATA"]) / "deployment.toml"
    written: list[Path] = []
    if not arguments.dry_run:
        if not arguments.force:
            writing.check_free(plan, out)
        try:
            written = writing.write(plan, out.absolute(), arguments.conf)
        except OSError as error:
            raise Invalid(f"{error.filename or out} cannot be written: {error.strerror}.", field="out") from None
        _bring_in(arguments, reading.moved)
    entries = sorted(reading.moved.entries, key=lambda entry: (entry.place.file, entry.place.line))
    if arguments.json:
        output.as_json(_view(reading, entries, written, dry=arguments.dry_run))
    else:
        _report(reading, entries, written, dry=arguments.dry_run)
    return REFUSED if reading.moved.of("could not") else DONE


def _bring_in(arguments: Namespace, moved: Moved) -> None:
    """What lives in the database. Raises NotFound for a tenant that is not there, CannotStart."""
    if not (moved.templates or moved.claims or moved.stores):
        return
    house = open_house()
    from housekey.cli.database import alone, bring_up_to_date
    from housekey.operations import moving, tenants

    with alone():
        bring_up_to_date(asked=False)
        check_keys(house)
        tenants.ensure_default(now())
    moving.bring_in(house, speaking_in(arguments.tenant), moved, now(), force=arguments.force)


def _view(reading: Reading, entries: list[Entry], written: list[Path], *, dry: bool) -> dict[str, Any]:
    return {
        "files": reading.files, "passed": reading.passed, "dryRun": dry, "written": [str(path) for path in written],
        "counts": {kind: len(reading.moved.of(kind)) for kind in CLASSES},
        "entries": [{"file": one.place.file, "line": one.place.line, "key": one.place.key, "class": one.kind, "becomes": one.becomes,
                     "value": one.value, "words": one.words} for one in entries],
    }


def _report(reading: Reading, entries: list[Entry], written: list[Path], *, dry: bool) -> None:
    print(f"Read: {output.text(', '.join(reading.files))}")
    if reading.passed:
        print(f"Not WSO2's, not read: {output.text(', '.join(reading.passed))}")
    for kind, title in CLASSES.items():
        some = [entry for entry in entries if entry.kind == kind]
        print(f"\n{title}: {len(some)}")
        for entry in some:
            print(output.text(f"  {entry.place.file}:{entry.place.line}  {_told(entry)}"))
    print()
    if dry:
        print("Nothing was written (--dry-run).")
    for path in written:
        print(f"Written: {output.text(path)}")
    say(_NEXT)


def _told(entry: Entry) -> str:
    if entry.kind != "understood":
        return f"{entry.place.key}: {entry.words}"
    became = f"{entry.becomes} = {entry.value}" if entry.value else entry.becomes
    return f"{entry.place.key} -> {became}" + (f" ({entry.words})" if entry.words else "")
