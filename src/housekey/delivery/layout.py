"""What all e-mails share: the page around the text, and how its parts look.

Mail programs ignore style sheets, so every element carries its style. Templates are written without: `<h1>`, `<p>`, `<p class="…">`
and one `<a href="…">`; here they get their looks.
"""

from __future__ import annotations

import html
import re

from housekey.core.languages import right_to_left

_SOFT = 'class="soft" style="margin:0 0 12px;font-size:14px;color:#55606c;'
_LOOKS = {
    "<h1>": '<h1 class="ink" style="margin:0 0 16px;font-size:22px;line-height:1.3;color:#1b2430;">',
    "<p>": '<p style="margin:0 0 16px;">',
    '<p class="soft">': f'<p {_SOFT}">',
    '<p class="address">': f'<p {_SOFT}word-break:break-all;">',
    '<p class="action">': '<p style="margin:24px 0;">',
    '<p class="code">': '<p class="ink" style="margin:24px 0;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:28px;'
    'line-height:1.3;letter-spacing:3px;color:#1b2430;">',
}
_BUTTON = (
    r'<a href="\2" class="button" style="display:inline-block;padding:12px 24px;background:{{organization.color.primary}};'
    r'color:{{organization.button.font.color}};font-weight:600;'
    r'text-decoration:none;border-radius:6px;">'
)
_LINK = re.compile(r'<a href="([^"]*)">')
_ACTION = re.compile(r'(<p class="action"[^>]*>\s*)<a href="([^"]*)">')
_PLACE = re.compile(r"\{\{(title|content)\}\}")
_FOOT = "-- \n"
"""What stands above the last lines of a text, as in any mail (RFC 3676 section 4.3)."""
_ELSEWHERE = r'<a href="\1" style="color:inherit;text-decoration:underline;">'


def framed(frame: str, language: str, note: str) -> str:
    """The HTML around mails in a language; its foot is the one of the text that `note` is around."""
    rtl = right_to_left(language)
    places = {"language": language, "direction": ' dir="rtl"' if rtl else "", "side": "right" if rtl else "left",
              "foot": html.escape(note.rpartition(_FOOT)[2].strip(), quote=False)}
    for name, said in places.items():
        frame = frame.replace(f"{{{{{name}}}}}", said)
    return frame


def page(frame: str, title: str, body: str) -> str:
    """The template of a whole HTML page. `frame` has `{{title}}` and `{{content}}`; the results still hold their placeholders.

    The link of an action becomes a button, any other one stays a link.
    """
    body = _LINK.sub(_ELSEWHERE, _ACTION.sub(r"\1" + _BUTTON, body))
    for plain, looking in _LOOKS.items():
        body = body.replace(plain, looking)
    return _PLACE.sub(lambda place: html.escape(title) if place[1] == "title" else body, frame)


def note(frame: str, body: str) -> str:
    """The template of a whole plain text."""
    return frame.replace("{{content}}", body)
