"""What makes a message a reminder: its subject says so, and so does its first line. The rest is the text it had when it first went out."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from housekey.core.languages import FALLBACK, PSEUDO, nearest
from housekey.delivery.render import LONGEST_SUBJECT, Rendered


@dataclass(frozen=True, slots=True)
class Said:
    """`subject` has `{subject}`, and stands before a text message as well; `first` has `{expires}`."""

    subject: str
    first: str


SAID: dict[str, Said] = {
    "en": Said("Reminder: {subject}", "This is a reminder. What we sent you before still works, {expires}."),
    "de": Said("Erinnerung: {subject}", "Dies ist eine Erinnerung. Was wir Ihnen geschickt haben, funktioniert weiterhin, {expires}."),
    "es": Said("Recordatorio: {subject}", "Esto es un recordatorio. Lo que le enviamos antes sigue funcionando, {expires}."),
    "fr": Said("Rappel : {subject}", "Ceci est un rappel. Ce que nous vous avons envoyé fonctionne toujours, {expires}."),
    "ja": Said("再度のお知らせ：{subject}", "これは再度のお知らせです。先にお送りしたものは引き続きご利用いただけます（{expires}）。"),
    "nl": Said("Herinnering: {subject}", "Dit is een herinnering. Wat wij u eerder stuurden, werkt nog, {expires}."),
    "pt-BR": Said("Lembrete: {subject}", "Este é um lembrete. O que lhe enviamos antes ainda funciona, {expires}."),
    "zh-Hans": Said("提醒：{subject}", "这是一条提醒。我们之前发送给您的内容仍然可用，{expires}。"),
    PSEUDO: Said("رهميندهر: {subject}", "تحيس يس ا رهميندهر. وحات وه سهنت يوو بهفوره ستيلل ووركس, {expires}."),
}
_HEADING = re.compile(r"<h1[\s>]", re.IGNORECASE)
_CELL = re.compile(r"<td\s[^>]*id=\"bodyCell\"[^>]*>")
_LOOK = '<p class="soft" style="margin:0 0 12px;font-size:14px;color:#55606c;">'


def reminding(made: Rendered, locale: str, expires: str) -> Rendered:
    """The message as a reminder, in the language of `locale`. `expires`: until when it works, in words."""
    said = SAID[nearest(locale, SAID) or FALLBACK]
    if not made.html:
        return replace(made, text=said.subject.format(subject=made.text))
    first = said.first.format(expires=expires)
    subject = said.subject.format(subject=made.subject)[:LONGEST_SUBJECT]
    return replace(made, subject=subject, text=f"{first}\n\n{made.text}", html=_with_first(made.html, first))


def _with_first(page: str, first: str) -> str:
    """Before the heading, else at the beginning of the text."""
    line = f"{_LOOK}{html.escape(first)}</p>\n"
    place = _HEADING.search(page)
    if place:
        return page[: place.start()] + line + page[place.start() :]
    cell = _CELL.search(page)
    return page[: cell.end()] + line + page[cell.end() :] if cell else line + page
