"""The sentences that people can meet on a page, found where they are written, and the catalogues they should be in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from gettext import GNUTranslations
from itertools import product
from pathlib import Path

from django.utils.translation.template import templatize

import housekey

PACKAGE = Path(housekey.__file__).parent
ROOMS = ("web", "pages", "oauth")
CONSOLES_OWN = {"context.py", "chart.html", "chart.py"}
"""Files of `web` whose words only the console shows; `context.py` holds its navigation and what was done there."""

_WORD = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALL = re.compile(rf"\b(n?p?gettext)\({_WORD}(?:, {_WORD})?(?:, {_WORD})?")
_PARTS = re.compile(r"%\(\w+\)[sd]|%s|\{\w*\}|<[^>]*>")
_CONTEXT = "\x04"

Entry = tuple[str, str]
"""A sentence and its plural, `""` without one; before a sentence with a context stand this and `\\x04`, as in a compiled catalogue."""


def sentences() -> set[Entry]:
    """Of the pages that everybody meets, from code and templates."""
    found: set[Entry] = set()
    for room in ROOMS:
        for source in sorted((PACKAGE / room).rglob("*.py")):
            found |= set(_of_code(source)) if source.name not in CONSOLES_OWN else set()
        for source in sorted((PACKAGE / room).rglob("*.html")):
            found |= set(_of_template(source)) if source.name not in CONSOLES_OWN else set()
    return found


def _of_code(source: Path) -> Iterator[Entry]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = [item.value for item in node.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
            name = "gettext" if node.func.id == "_" else node.func.id.removesuffix("_lazy")
            if words and name in {"gettext", "ngettext", "pgettext", "npgettext"}:
                yield _entry(name, words)


def _of_template(source: Path) -> Iterator[Entry]:
    for call in _CALL.finditer(templatize(source.read_text(encoding="utf-8"))):
        yield _entry(call[1], [ast.literal_eval(word) for word in call.groups()[1:] if word])


def _entry(name: str, words: list[str]) -> Entry:
    context = words.pop(0) + _CONTEXT if "p" in name.removesuffix("gettext") else ""
    return context + words[0], words[1] if name.startswith("n") else ""


def folder(locale: str) -> Path:
    """Where the catalogue of a language lies: `pt-BR` in `pt_BR`."""
    return PACKAGE / "locale" / locale.replace("-", "_") / "LC_MESSAGES"


def catalogue(locale: str) -> dict[str | tuple[str, int], str]:
    """What is in use: sentence, or sentence and number of the plural form -> translation."""
    with (folder(locale) / "django.mo").open("rb") as file:
        return dict(vars(GNUTranslations(file))["_catalog"])


def written(locale: str) -> dict[str | tuple[str, int], str]:
    """The same from the source of the catalogue, to be compared with what is in use."""
    found: dict[str | tuple[str, int], str] = {}
    for block in re.split(r"\n\s*\n", (folder(locale) / "django.po").read_text(encoding="utf-8").strip()):
        texts: dict[str, str] = {}
        name = ""
        for line in block.split("\n"):
            if line.startswith("#"):
                continue
            if not line.startswith('"'):
                name, line = line.split(" ", 1)
            texts[name] = texts.get(name, "") + str(ast.literal_eval(line))
        key = (texts["msgctxt"] + _CONTEXT if "msgctxt" in texts else "") + texts["msgid"]
        for name, text in texts.items():
            if name == "msgstr":
                found[key] = text
            elif name.startswith("msgstr["):
                found[key, int(name[7:-1])] = text
    return found


def untranslated(wanted: Iterable[Entry], known: dict[str | tuple[str, int], str]) -> list[str]:
    """Sentences without a translation, or without one of the plural forms that the language has."""
    forms = 1 + max((key[1] for key in known if isinstance(key, tuple)), default=0)
    missing = [sentence for (sentence, plural), number in product(wanted, range(forms))
               if not known.get((sentence, number) if plural else sentence)]
    return sorted(set(missing))


def parts(text: str) -> list[str]:
    """What a translation must leave as it is: placeholders and tags."""
    return sorted(_PARTS.findall(text))
