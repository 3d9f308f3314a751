"""The pseudo locale: English in Arabic letters, so that anybody sees what runs from right to left and what nobody translated.

`python -m tests.support.pseudo` writes its catalogue and its messages again after the English ones have changed.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import housekey
from housekey.core.languages import FALLBACK, PSEUDO

PACKAGE = Path(housekey.__file__).parent
MESSAGES = PACKAGE / "delivery" / "templates"
CATALOGUE = PACKAGE / "locale" / PSEUDO.replace("-", "_") / "LC_MESSAGES" / "django.po"
MODEL = PACKAGE / "locale" / "fr" / "LC_MESSAGES" / "django.po"
"""Its sentences are the ones that people meet."""

_LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابكدهفغحيجكلمنوبقرستوفوخيز")
_KEPT = re.compile(r"(<[^>]*>|\{\{[^}]*\}\}(?:/\w+\.do)?|\{\w+\}|%\(\w+\)[sd]|%s|\bUTC\b|@.*$)", re.MULTILINE)
_HEAD = (
    'msgid ""\nmsgstr ""\n"Project-Id-Version: Housekey\\n"\n"Language: ar_XB\\n"\n"MIME-Version: 1.0\\n"\n'
    '"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"'
)


def pseudo(text: str) -> str:
    """The text in other letters; tags, placeholders and addresses stay."""
    return "".join(part if index % 2 else part.lower().translate(_LETTERS) for index, part in enumerate(_KEPT.split(text)))


def files() -> Iterator[tuple[Path, str]]:
    """Every file of the pseudo locale, as it should be."""
    yield CATALOGUE, _catalogue()
    for source in sorted(MESSAGES.glob(f"*/*/{FALLBACK}/*")):
        yield source.parent.parent / PSEUDO / source.name, pseudo(source.read_text(encoding="utf-8"))
    frame = MESSAGES / "layout" / f"{FALLBACK}.txt"
    yield frame.with_name(f"{PSEUDO}.txt"), pseudo(frame.read_text(encoding="utf-8"))


def _catalogue() -> str:
    entries = MODEL.read_text(encoding="utf-8").strip().split("\n\n")[1:]
    return "\n\n".join([_HEAD, *map(_entry, entries)]) + "\n"


def _entry(entry: str) -> str:
    """A date's format is no text."""
    kept, texts = [], []
    for line in entry.split("\n"):
        if not line.startswith("msgstr"):
            kept.append(line)
        if line.startswith("msgid"):
            text = line.split(" ", 1)[1]
            texts.append(text if 'msgctxt "date"' in entry else pseudo(text))
    if len(texts) > 1:
        return "\n".join([*kept, *(f"msgstr[{number}] {text}" for number, text in enumerate(texts))])
    return "\n".join([*kept, f"msgstr {texts[0]}"])


def write() -> None:
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run(["msgfmt", "--check-format", "-o", CATALOGUE.with_suffix(".mo"), CATALOGUE], check=True)


if __name__ == "__main__":
    write()
