"""What a reader reads: the language, and numbers, money, dates and sizes as they are written there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st

from core.i18n import LANGUAGES, Reader, catalogue, choose_language

HOSTILE = [
    "../../etc",
    "/etc/passwd",
    "fr_XX",
    "fr-",
    "en-\x00",
    "en-é",
    "fr-" + "x" * 10_000,
    "-",
    "\ud800",
    "fr-CA-u-x",
]
ENGLISH = Reader("en", "en-US", "America/New_York")
FRENCH = Reader("fr", "fr-FR", "Europe/Paris")


# --- the language


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ((None, "fr-CA", "en"), "fr"),
        (("en", "fr-FR", "fr"), "en"),
        (("", "FR_be"), "fr"),
        (("de", "es-MX", "fr"), "fr"),
        (("frp-FR",), "en"),
        (("C", None), "en"),
        ((), "en"),
    ],
)
def test_the_first_wish_that_we_speak_is_chosen(wishes: tuple[str | None, ...], expected: str) -> None:
    assert choose_language(*wishes) == expected


def test_a_text_that_no_catalogue_has_is_shown_as_it_is() -> None:
    assert FRENCH("Nobody translated {this}.", this="that") == "Nobody translated that."
    assert FRENCH("") == ""


def test_what_fills_a_text_is_not_read_as_a_text() -> None:
    assert (
        FRENCH("{name} can sign in now.", name="{0.__class__} {x}") == "{0.__class__} {x} peut maintenant se connecter."
    )


def test_a_plural_counts_as_the_language_does() -> None:
    def counted(reader: Reader) -> list[str]:
        return [reader.plural("{count} byte", "{count} bytes", count) for count in (0, 1, 2, 1000)]

    assert counted(ENGLISH) == ["0 bytes", "1 byte", "2 bytes", "1,000 bytes"]
    assert counted(FRENCH) == ["0\xa0octet", "1\xa0octet", "2\xa0octets", "1\u202f000\xa0octets"]


def test_two_readers_at_once_have_each_their_own_language() -> None:
    catalogue.cache_clear()
    together = Barrier(8)

    def read(language: str) -> set[str]:
        together.wait()
        reader = Reader(language)
        return {f"{reader('Gallery')} {reader.number(1234.5)}" for _ in range(200)}

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(read, ["fr", "en"] * 4))
    assert texts == [{"Galerie 1\u202f234,5"}, {"Gallery 1,234.5"}] * 4


# --- the place


@pytest.mark.parametrize(
    ("language", "region", "expected"),
    [
        ("fr", "fr-CA", "fr_CA"),
        ("fr", "fr_CH.UTF-8", "fr_CH"),
        ("fr", "fr_FR@euro", "fr_FR"),
        ("en", "en-GB", "en_GB"),
        ("en", "fr-FR", "en_US"),  # somebody in France who chose English
        ("fr", "en-GB", "fr"),
        ("fr", "fr-US", "fr"),  # a browser's wish, for which there is no data
        ("en", None, "en_US"),
        ("de", "de-DE", "en_US"),
    ],
)
def test_the_region_gives_the_formats_of_its_own_language(language: str, region: str | None, expected: str) -> None:
    assert str(Reader(language, region).locale) == expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("region", HOSTILE)
def test_a_hostile_region_leaves_the_formats_of_the_language(language: str, region: str) -> None:
    reader = Reader(language, region)
    assert (reader.language, reader.locale.language) == (language, language)
    assert choose_language(region) in LANGUAGES


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_region_and_time_zone_can_be_read_with(region: str, timezone: str) -> None:
    for language in LANGUAGES:
        reader = Reader(language, f"{language}-{region}", timezone)
        assert reader.moment(datetime(2026, 7, 14, 12, tzinfo=UTC))
        assert reader.number(1) == "1"


@pytest.mark.parametrize(
    "name",
    [None, "", "Mars/Phobos", "../../etc/passwd", "/etc/passwd", "Europe", "zone.tab", "\x00", "\ud800", "x" * 10_000],
)
def test_an_unknown_time_zone_is_utc(name: str | None) -> None:
    assert str(Reader("fr", None, name).timezone) == "UTC"


# --- the formats


def test_numbers() -> None:
    assert ENGLISH.number(1234.5) == "1,234.5"
    assert FRENCH.number(1234.5) == "1\u202f234,5"
    assert Reader("fr", "fr-CA").number(1234.5) == "1\xa0234,5"
    assert [FRENCH.number(value) for value in (0, -1, 0.25)] == ["0", "-1", "0,25"]


@pytest.mark.parametrize(
    ("micros", "english", "french"),
    [
        (0, "$0.00", "0,00\xa0$US"),
        (40_000, "$0.04", "0,04\xa0$US"),
        (52_700, "$0.0527", "0,0527\xa0$US"),
        (-52_700, "-$0.0527", "-0,0527\xa0$US"),
        (1_234_567_800, "$1,234.57", "1\u202f234,57\xa0$US"),
        (100, "$0.0001", "0,0001\xa0$US"),
        (7, "$0.000007", "0,000007\xa0$US"),  # a small sum is not shown as nothing
        (9_007_199_254_740_993, "$9,007,199,254.74", "9\u202f007\u202f199\u202f254,74\xa0$US"),
    ],
)
def test_money(micros: int, english: str, french: str) -> None:
    assert ENGLISH.money(micros) == english
    assert FRENCH.money(micros) == french


def test_money_in_as_many_digits_as_wanted() -> None:
    assert [ENGLISH.money(5_000_000, digits) for digits in (2, 3)] == ["$5.00", "$5.000"]
    assert FRENCH.money(1_999_999, 2) == "2,00\xa0$US"


def test_money_says_whose_dollars_where_there_are_others() -> None:
    assert Reader("en", "en-GB").money(40_000) == "US$0.04"
    assert Reader("fr", "fr-CA").money(40_000) == "0,04\xa0$\xa0US"


def test_every_region_of_our_languages_shows_a_small_sum_and_a_date() -> None:
    names = [name for name in locale_identifiers() if name.split("_")[0] in LANGUAGES and name != "en"]
    for name in names:
        reader = Reader(name, name)
        assert str(reader.locale) == name
        assert "0.0527" in reader.money(52_700).replace(",", "."), name
        assert "2026" in reader.moment(datetime(2026, 7, 14, 12, tzinfo=UTC)), name
    assert len(names) > 100


def test_dates_and_times_are_those_of_the_time_zone() -> None:
    evening = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert FRENCH.date(evening) == "1 janv. 2027"
    assert FRENCH.moment(evening) == "1 janv. 2027, 00:30"
    assert ENGLISH.moment(evening) == "Dec 31, 2026, 6:30\u202fPM"
    assert Reader("fr", "fr-CA", "America/Toronto").moment(evening) == "31 déc. 2026, 18 h 30"
    assert Reader("en", "en-GB").moment(evening) == "31 Dec 2026, 23:30"


def test_a_day_without_a_time_is_the_same_in_every_time_zone() -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert Reader("fr", None, zone).date(date(2026, 11, 22)) == "22 nov. 2026"


def test_summer_time_begins_and_ends() -> None:
    def times(*moments: datetime) -> list[str]:
        return [FRENCH.moment(moment).rpartition(" ")[2] for moment in moments]

    # 29 March 2026: from 01:59 to 03:00; 25 October 2026: from 02:59 back to 02:00.
    assert times(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == [
        "01:59",
        "03:00",
    ]
    assert times(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == [
        "02:30",
        "02:30",
    ]


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "1 second", "1 seconde"),
        (-5, "1 second", "1 seconde"),
        (8.4, "8 seconds", "8 secondes"),
        (89, "89 seconds", "89 secondes"),
        (180, "3 minutes", "3 minutes"),
        (7200, "2 hours", "2 heures"),
        (3 * 86_400, "3 days", "3 jours"),
    ],
)
def test_durations(seconds: float, english: str, french: str) -> None:
    assert ENGLISH.duration(seconds) == english
    assert FRENCH.duration(seconds).replace("\xa0", " ") == french


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [
        (0, "0 bytes", "0\xa0octet"),
        (1, "1 byte", "1\xa0octet"),
        (999, "999 bytes", "999\xa0octets"),
        (1_500, "1.5 kB", "1,5\xa0ko"),
        (2_345_678, "2.3 MB", "2,3\xa0Mo"),
        (1_234_567_890, "1,234.6 MB", "1\u202f234,6\xa0Mo"),
    ],
)
def test_sizes(size: int, english: str, french: str) -> None:
    assert ENGLISH.bytes(size) == english
    assert FRENCH.bytes(size) == french


def test_a_list() -> None:
    assert FRENCH.listing(["a", "b"]) == "a, b"
    assert FRENCH.listing([]) == ""
