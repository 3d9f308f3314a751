"""The words that messages need besides their templates, a row per language: dates, and whom to ask for help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from housekey.core.languages import FALLBACK, PSEUDO, nearest


@dataclass(frozen=True, slots=True)
class Words:
    """`until` has `{day}`, `{month}`, `{year}` and `{time}`. `first`: how the first day of a month is written."""

    until: str
    for_ever: str
    help: str
    """Whom to ask where a tenant has not set a support contact."""
    months: tuple[str, ...]
    first: str = "1"


_NUMBERED = tuple(str(number) for number in range(1, 13))

WORDS: dict[str, Words] = {
    "en": Words("until {day} {month} {year}, {time} UTC", "with no end date", "your administrator", (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")),
    "de": Words("bis {day}. {month} {year}, {time} Uhr UTC", "ohne Enddatum", "Ihre Administration", (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember")),
    "es": Words("hasta el {day} de {month} de {year}, {time} UTC", "sin fecha límite", "su administrador", (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")),
    "fr": Words("jusqu'au {day} {month} {year}, {time} UTC", "sans date limite", "votre administrateur", (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
        first="1er"),
    "ja": Words("{year}年{month}月{day}日 {time} UTC まで", "期限なし", "管理者", _NUMBERED),
    "nl": Words("tot {day} {month} {year}, {time} uur UTC", "zonder einddatum", "uw beheerder", (
        "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december")),
    "pt-BR": Words("até {day} de {month} de {year}, {time} UTC", "sem data final", "seu administrador", (
        "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
        first="1º"),
    "zh-Hans": Words("有效期至 {year}年{month}月{day}日 {time} UTC", "没有期限", "您的管理员", _NUMBERED),
    PSEUDO: Words("ونتيل {day} {month} {year}, {time} UTC", "ويتح نو هند داته", "يوور ادمينيستراتور", (
        "جانواري", "فهبرواري", "ماركح", "ابريل", "ماي", "جونه", "جولي", "اوغوست", "سهبتهمبهر", "وكتوبهر", "نوفهمبهر", "دهكهمبهر")),
}


def words_of(locale: str) -> Words:
    return WORDS[nearest(locale, WORDS) or FALLBACK]


def expiry_in_words(expires: datetime | None, locale: str) -> str:
    """`until 31 January 2026, 08:00 UTC`: the month in words where a language has any, since 01/02 is read differently in different places.
    """
    words = words_of(locale)
    if expires is None:
        return words.for_ever
    moment = expires.astimezone(UTC)
    day = words.first if moment.day == 1 else str(moment.day)
    return words.until.format(day=day, month=words.months[moment.month - 1], year=moment.year, time=f"{moment:%H:%M}")
