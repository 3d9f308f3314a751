"""Every sentence people meet has a German one."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path

import pytest
from django.utils.translation import gettext, override

import housekey
from housekey.core.errors import DeadCode, WrongCredentials
from housekey.core.passwords import RULES
from housekey.core.properties import PROPERTIES
from housekey.core.scenario import BY_NAME
from housekey.pages import dead
from housekey.web.context import DONE
from housekey.web.events import REFUSED, SENTENCES
from housekey.web.templatetags.ui import told

PACKAGE = Path(housekey.__file__).parent
CATALOGUE = PACKAGE / "locale" / "de" / "LC_MESSAGES" / "django.po"
SAME = {"Name", "Status", "Organisation", "Code"}
_BLOCK = re.compile(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", re.DOTALL)
_VARIABLE = re.compile(r"{{ (\w+) }}")
_TAG = re.compile(r"{% translate (?:\"([^\"]+)\"|'([^']+)')")


def german(sentence: str) -> str:
    with override("de"):
        return gettext(sentence)


@pytest.mark.parametrize("room", ["web", "pages", "oauth", "console"])
def test_every_sentence_of_the_templates_is_translated(room: str) -> None:
    found = {match[1] or match[2] for file in (PACKAGE / room / "templates").rglob("*.html") for match in _TAG.finditer(file.read_text())}
    assert found
    assert [sentence for sentence in sorted(found - SAME) if german(sentence) == sentence] == []


@pytest.mark.parametrize("room", ["web", "pages"])
def test_every_sentence_of_the_code_is_translated(room: str) -> None:
    calls = {"_", "gettext", "gettext_lazy"}
    found = {
        argument.value
        for file in (PACKAGE / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    assert found
    assert [sentence for sentence in sorted(found - SAME) if german(sentence) == sentence] == []


def test_there_is_a_way_out_of_every_dead_code() -> None:
    for reason in DeadCode.SENTENCES:
        for scenario, code, recoverable in product(("", *BY_NAME), ("", "a link"), (True, False)):
            way = dead.way_out(DeadCode(reason, scenario), code, recoverable=recoverable)
            assert (way, reason) in dead.ADVICE, (reason, scenario, code, recoverable)


@pytest.mark.parametrize("room", ["web", "pages"])
def test_every_block_of_the_templates_is_translated(room: str) -> None:
    texts = (file.read_text(encoding="utf-8") for file in (PACKAGE / room / "templates").rglob("*.html"))
    found = {_VARIABLE.sub(r"%(\1)s", block) for text in texts for block in _BLOCK.findall(text)}
    assert found
    assert [sentence for sentence in sorted(found) if german(sentence) == sentence] == []


def test_every_setting_is_translated() -> None:
    words = {text for item in PROPERTIES for text in (item.label, item.hint, item.unit) if text}
    assert [text for text in sorted(words) if german(text) == text] == []


def test_refusals_and_notices_are_translated() -> None:
    words = {WrongCredentials.SENTENCE, *(sentence for _, sentence in DeadCode.SENTENCES.values())}
    assert [text for text in sorted(words) if german(text) == text] == []
    with override("en"):
        lazy = {str(text): text for text in (*DONE.values(), *REFUSED.values(), *(sentence for _, sentence in SENTENCES.values()))}
    with override("de"):
        assert [text for text, said in lazy.items() if str(said) == text] == []


def test_password_rules_are_translated_around_their_number() -> None:
    with override("de"):
        said = [told(key, text.format(low=8, high=128), ()).sentence for key, text in RULES.items()]
    assert said[:2] == ["Mindestens 8 Zeichen", "Höchstens 128 Zeichen"]
    assert all(text not in said for text in RULES.values())


def test_no_entry_of_the_catalogue_is_empty() -> None:
    entries = CATALOGUE.read_text(encoding="utf-8").split("\n\n")[1:]
    assert entries
    assert [entry for entry in entries if re.search(r'^msgstr(\[\d\])? ""$', entry, re.MULTILINE)] == []
