"""Nine languages: every sentence in each of them, how one is chosen, and pages from right to left."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from django.utils.translation import override

from housekey.core.brand import TEXTS
from housekey.core.errors import DeadCode, FeatureOff, NotPermitted, PasswordUsedBefore, Throttled, Unavailable, WrongCredentials
from housekey.core.languages import EVERY, FALLBACK, LANGUAGES, PSEUDO
from housekey.core.names import split_username
from housekey.core.passwords import RULES
from housekey.core.users import Email, NewUser, Profile
from housekey.operations import users
from housekey.web import refusals
from housekey.web.context import DONE
from housekey.web.events import REFUSED, SENTENCES
from tests.doors.pages.support import CODE, LOGIN, OPEN, RECOVER, Browser
from tests.operations.support import PASSWORD, World, other_world, text_of
from tests.support import pseudo
from tests.support.sentences import PACKAGE, catalogue, folder, parts, sentences, untranslated, written

OTHERS = [tag for tag in EVERY if tag != FALLBACK]
SIGN_IN = {"en": "Sign In", "de": "Anmelden", "es": "Iniciar sesión", "fr": "Se connecter", "ja": "サインイン", "nl": "Aanmelden",
           "pt-BR": "Entrar", "zh-Hans": "登录"}
SAME = {"Code", "Error", "Name", "Username", "date\x04j F Y", "date\x04j F Y, H:i", "Menu", "Links"}
"""Written alike in some other language."""
DONE_ON_PAGES = {
    name for file in (PACKAGE / "pages").rglob("*.py")
    for name in re.findall(r"""(?:[?&]|")done(?:=|": ")([\w-]+)""", file.read_text(encoding="utf-8"))
}
SAID_BY_OPERATIONS = {
    WrongCredentials.SENTENCE, PasswordUsedBefore.SENTENCE, Unavailable().sentence, "Sign in first.", "There is no such session.",
    "Too many people are signing in at once. Please try again shortly.", "Choose one of the ways offered.",
    "The database cannot take this change at the moment. Nothing was changed; please try again.",
    "The service cannot be reached at the moment. Nothing was changed; please try again shortly.",
    "This form belongs to another link. Open the link in the message again.",
    "Recovering a forgotten password is switched off here. Ask support for help.",
}
"""What core and operations say in English and a page repeats in the reader's language."""


def shown(page: str) -> set[str]:
    """Sentences and labels of a page; not names, addresses and what a language calls itself."""
    texts = re.findall(r"<(?:h[1-3]|p|label|button|dt|strong|span|a)(?: [^>]*)?>([^<]{9,})<", page)
    return {text.strip() for text in texts if " " in text.strip()} - {*LANGUAGES.values(), "Chrome, Linux"}


def wanted() -> set[tuple[str, str]]:
    with override(FALLBACK):
        events = (*REFUSED.values(), *(said for _, said in SENTENCES.values()))
        words = {str(text) for text in (*(DONE[name] for name in DONE_ON_PAGES), *events)}
    words |= {text.format(low="{n}", high="{n}") for text in RULES.values()} | SAID_BY_OPERATIONS
    words |= {text.default for text in TEXTS.values() if text.default}
    words |= {sentence for _, sentence in DeadCode.SENTENCES.values()}
    return sentences() | {(text, "") for text in words}


@pytest.mark.parametrize("locale", OTHERS)
def test_every_sentence_that_people_meet_is_translated(locale: str) -> None:
    found = wanted()
    assert len(found) > 200
    assert untranslated(found, catalogue(locale)) == []


@pytest.mark.parametrize("locale", OTHERS)
def test_a_translation_keeps_every_placeholder_and_tag(locale: str) -> None:
    known = catalogue(locale)
    for sentence, plural in wanted():
        texts = [known[sentence, number] for number in (0, 1) if (sentence, number) in known] if plural else [known[sentence]]
        assert [text for text in texts if parts(text) not in (parts(sentence), parts(plural or sentence))] == [], sentence


@pytest.mark.parametrize("locale", OTHERS)
def test_the_catalogue_in_use_is_the_one_that_was_written(locale: str) -> None:
    source = (folder(locale) / "django.po").read_text(encoding="utf-8")
    assert "fuzzy" not in source
    used, read = ({key: text for key, text in made.items() if key} for made in (catalogue(locale), written(locale)))
    assert used == read, "compile it again with msgfmt"
    assert all(used.values())


@pytest.mark.parametrize("locale", [tag for tag in OTHERS if tag != PSEUDO])
def test_nothing_was_left_in_english(locale: str) -> None:
    known = catalogue(locale)
    assert [sentence for sentence, _ in wanted() if known.get(sentence) == sentence and sentence not in SAME] == []


def test_the_pseudo_language_was_made_of_the_present_english() -> None:
    stale = [path.name for path, text in pseudo.files() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    assert stale == [], "run python -m tests.support.pseudo"


def test_every_language_says_how_long_to_wait_and_what_is_missing() -> None:
    told = set()
    for locale in EVERY:
        with override(locale):
            told |= {refusals.told(Throttled(7)), refusals.told(NotPermitted("internal_x")), refusals.told(FeatureOff("x", setting="y"))}
            assert "7" in refusals.told(Throttled(7))
            assert "internal_x" in refusals.told(NotPermitted("internal_x"))
    assert len(told) == 2 * len(EVERY) + 1


@pytest.mark.parametrize("locale", SIGN_IN)
def test_a_page_is_in_the_language_that_is_asked_for(guest: Browser, locale: str) -> None:
    assert set(SIGN_IN) == set(LANGUAGES)
    assert guest.get(f"{LOGIN}?ui_locales={locale}").heading == SIGN_IN[locale]
    assert f'<html lang="{locale}">' in guest.page


@pytest.mark.parametrize("path", [LOGIN, RECOVER, CODE, OPEN, "/nowhere", "/t/no.such.tenant/"])
def test_every_page_says_its_language(guest: Browser, path: str) -> None:
    plain = guest.get(path)
    english = shown(plain.page)
    assert english
    for locale in OTHERS:
        page = Browser().get(path, **{"Accept-Language": locale}).page
        assert f'<html lang="{locale}"' in page
        assert english & shown(page) == set(), locale


def test_the_address_is_stronger_than_the_cookie_and_the_cookie_than_the_browser(guest: Browser) -> None:
    header = {"Accept-Language": "ja, nl;q=0.5"}
    assert guest.get(LOGIN, **header).heading == SIGN_IN["ja"]
    guest.post("/language", {"language": "nl"})
    assert guest.get(LOGIN, **header).heading == SIGN_IN["nl"]
    assert guest.get(LOGIN + "?ui_locales=es", **header).heading == SIGN_IN["es"]


def test_the_first_language_of_the_address_that_we_have_is_taken_and_remembered(guest: Browser) -> None:
    assert guest.get(LOGIN + "?ui_locales=xx+fr+de").heading == SIGN_IN["fr"]
    assert guest.get(LOGIN).heading == SIGN_IN["fr"]
    assert "ui_lang=fr" in guest.cookies
    assert "HttpOnly" in guest.cookies


@pytest.mark.parametrize("value", [
    "xx", "", "+", "..%2Fde", "de%00", "%ED%A0%80", "x%0d%0aSet-Cookie:x=y", "ar", "ar-EG", "*", "de_DE.UTF-8",
    pytest.param("a-" * 3000, id="long"), pytest.param("x+" * 2000 + "fr", id="many"),
])
def test_a_language_that_we_have_not_is_passed_over(guest: Browser, value: str) -> None:
    """A-105: whatever stands in the address, the page is there; nothing of it gets into a cookie."""
    assert guest.get(f"{LOGIN}?ui_locales={value}").heading == SIGN_IN["en"]
    assert guest.status == 200
    assert "ui_lang" not in guest.cookies


@pytest.mark.parametrize(("asked", "given_"), [("fr-CA", "fr"), ("PT", "pt-BR"), ("pt-PT", "pt-BR"), ("zh-CN", "zh-Hans"),
                                               ("zh-Hans-CN", "zh-Hans"), ("de_AT", "de"), ("en-GB", "en"), ("nl-BE", "nl")])
def test_a_neighbour_of_a_language_is_understood(guest: Browser, asked: str, given_: str) -> None:
    assert guest.get(f"{LOGIN}?ui_locales={asked}").heading == SIGN_IN[given_]
    assert Browser().get(LOGIN, **{"Accept-Language": f"{asked.replace('_', '-')}, xx;q=0.9"}).heading == SIGN_IN[given_]


def test_the_switch_names_each_language_in_itself_and_keeps_the_page(guest: Browser) -> None:
    page = guest.get(RECOVER + "?next=/console/&done=signed-out&ui_locales=fr").page
    links = dict(re.findall(r'<a href="\?([^"]*)" lang="([^"]*)"', page))
    assert list(links.values()) == list(LANGUAGES)
    for query, tag in links.items():
        assert dict(parse_qsl(query)) == {"next": "/console/", "ui_locales": tag}
        assert f'lang="{tag}" hreflang="{tag}"' in page
        assert f">{LANGUAGES[tag]}</a>" in page
    assert 'hreflang="fr" aria-current="true"' in page
    assert PSEUDO not in page


def test_the_switch_never_repeats_a_code(guest: Browser, world: World) -> None:
    """A-002: an address with a code in it must not be asked for a second time, nor stand in the page."""
    page = guest.get(OPEN + "?confirmation=SECRET123&username=jane").page
    assert "SECRET123" not in page
    assert "ui_locales" not in page
    assert page.count('name="language"') == len(LANGUAGES)


def test_the_switch_works_on_the_answer_to_a_form(guest: Browser) -> None:
    guest.sign_in("nobody", "wrong")
    assert guest.page.count('name="language"') == len(LANGUAGES)
    assert guest.post("/language", {"language": "zh-Hans", "next": LOGIN}).location == LOGIN
    assert guest.follow().heading == SIGN_IN["zh-Hans"]


def test_another_tenants_pages_have_the_same_languages(guest: Browser, world: World) -> None:
    other_world(world)
    assert guest.get(f"/t/acme.example{LOGIN}?ui_locales=nl").heading == SIGN_IN["nl"]


def test_the_language_from_right_to_left_is_there_only_for_who_asks(guest: Browser) -> None:
    page = guest.get(f"{LOGIN}?ui_locales={PSEUDO}").page
    assert f'<html lang="{PSEUDO}" dir="rtl">' in page
    assert guest.heading == pseudo.pseudo("Sign In")
    assert f'hreflang="{PSEUDO}"' not in page
    assert f'<html lang="{PSEUDO}" dir="rtl">' in guest.get(LOGIN).page
    assert "dir=" not in Browser().get(LOGIN, **{"Accept-Language": "ar-EG, ar"}).page


@pytest.mark.parametrize("sheet", ["housekey.css", "console.css"])
def test_style_sheets_name_the_start_and_the_end_of_a_line_and_not_left_and_right(sheet: str) -> None:
    text = (PACKAGE / "web" / "static" / sheet).read_text(encoding="utf-8")
    physical = r"(?:margin|padding|border)-(?:left|right)|[{;]\s*(?:left|right)\s*:|text-align:\s*(?:left|right)|float:\s*(?:left|right)"
    assert re.findall(physical, text) == []


def test_icons_that_point_turn_round(guest: Browser, world: World) -> None:
    guest.signed_in("admin", "admin")
    assert '<svg class="icon points"' in guest.get("/myaccount/").page
    sheet = (PACKAGE / "web" / "static" / "housekey.css").read_text(encoding="utf-8")
    assert re.search(r"\[dir=rtl\] \.points \{\s*transform: scaleX\(-1\);?\s*\}", sheet)


def test_the_console_is_in_english_for_a_language_it_has_not(world: World) -> None:
    admin = Browser().signed_in("admin", "admin")
    page = admin.get("/console/?ui_locales=fr").page
    assert '<html lang="en">' in page
    assert "The console is in English and German." in page
    assert re.findall(r'hreflang="([^"]*)"', page) == ["en", "de"]
    assert admin.get("/myaccount/").heading == "Bienvenue, admin", "everywhere else the choice holds"
    assert '<html lang="de">' in admin.get("/console/?ui_locales=de").page
    assert "Die Konsole gibt es auf Englisch und Deutsch." in admin.page


def test_a_programs_door_speaks_english_and_remembers_nothing(guest: Browser, world: World) -> None:
    guest.get("/scim2/Users?ui_locales=fr", **{"Accept-Language": "fr"})
    assert "ui_lang" not in guest.cookies
    assert "invalide" not in guest.page


@pytest.mark.parametrize(("locale", "subject"), [("fr-CA", "Définissez votre mot de passe"), ("pt_PT", "Defina sua senha"),
                                                 ("zh-Hans", "请设置您的密码"), ("ru", "Set your password")])
def test_a_message_is_in_the_language_of_its_reader(world: World, locale: str, subject: str) -> None:
    profile = Profile(emails=(Email("jane@example.com", primary=True),), locale=locale)
    users.create(world.house, world.by, NewUser(split_username("jane"), profile, ask_password=True), world.now)
    [mail] = world.mails()
    assert mail["Subject"] == subject
    assert "confirmation=" in text_of(mail)


@pytest.mark.parametrize("locale", OTHERS)
def test_my_account_is_whole_in_every_language(guest: Browser, world: World, locale: str) -> None:
    world.add("jane")
    guest.sign_in("jane", "wrong")
    guest.signed_in("jane", PASSWORD)
    for path in ("/myaccount/", "/myaccount/personal-info", "/myaccount/security", "/myaccount/applications"):
        english = shown(guest.get(f"{path}?ui_locales=en").page)
        assert len(english) > 2
        assert english & shown(guest.get(f"{path}?ui_locales={locale}").page) == set(), path
