"""The reader's language: messages, numbers, money and dates.

A message is written once, in English, where it is used; the catalogues in `core/locales` give the other languages.
Nothing here is process-wide: each reader has a `Reader`, because many people share one process.
"""

import gettext
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal, localcontext
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent / "locales"
LANGUAGES = {"en": "English", "fr": "Français"}
DEFAULT_LANGUAGE = "en"

Day = date  # inside Reader the names are the methods'
Clock = time


def mark(message: str) -> str:
    """Mark a text for translation where it is kept, to be translated where it is shown."""
    return message


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The messages of a language. They are compiled when first used, so no compiled file can be out of date."""
    path = LOCALES / language / "LC_MESSAGES" / "imagier.po"
    with path.open("rb") as source:
        messages = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def choose_language(*wishes: str | None) -> str:
    """The first of the wishes ("fr-CA", "en_GB", None …) that we speak, else English."""
    for wish in wishes:
        language = (wish or "").replace("_", "-").split("-")[0].lower()
        if language in LANGUAGES:
            return language
    return DEFAULT_LANGUAGE


class Reader:
    """Somebody who reads: a language, a region for the formats, a time zone."""

    def __init__(self, language: str = DEFAULT_LANGUAGE, region: str | None = None, timezone: str | None = None):
        self.language = choose_language(language)
        self.locale = _locale(self.language, region)
        self.timezone: tzinfo = _timezone(timezone)
        self._messages = catalogue(self.language)

    def __call__(self, message: str, **params: object) -> str:
        """The message in the reader's language, its {names} filled with `params`."""
        text = self._messages.gettext(message) if message else ""
        return text.format(**params) if params else text

    def plural(self, one: str, many: str, count: int, **params: object) -> str:
        """`one` or `many`, as the language counts; {count} is filled, in the reader's number format."""
        text = self._messages.ngettext(one, many, count)
        return text.format(count=self.number(count), **params)

    def number(self, value: float) -> str:
        with localcontext(prec=400):  # a number that somebody typed may have any length
            return numbers.format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """A share of one, as percent with one digit at most."""
        pattern = self.locale.percent_formats[None].pattern.replace("0", "0.#")
        return numbers.format_percent(share, pattern, locale=self.locale)

    def money(self, micros: int, digits: int | None = None) -> str:
        """US dollars from micro-dollars; two digits, or as many as a small sum needs to be seen."""
        if digits is None:
            digits = _digits(abs(micros))
        pattern = self.locale.currency_formats["standard"].pattern.replace("0.00", ("0." + "0" * digits).rstrip("."))
        return numbers.format_currency(
            Decimal(micros).scaleb(-6), "USD", pattern, locale=self.locale, currency_digits=False
        )

    def date(self, day: Day) -> str:
        """A day; of a moment, the one that it falls on in the reader's time zone."""
        local = day.astimezone(self.timezone) if isinstance(day, datetime) else day
        return dates.format_date(local, "medium", locale=self.locale)

    def short_date(self, day: Day) -> str:
        """Day and month, for where the year is known."""
        return dates.format_skeleton("MMMd", day, locale=self.locale)

    def month(self, day: Day) -> str:
        """The month of a day, and its year."""
        return dates.format_skeleton("yMMM", day, locale=self.locale)

    def weekday(self, day: int) -> str:
        """0 is Monday."""
        return str(dates.get_day_names("abbreviated", "stand-alone", self.locale)[day])

    def moment(self, moment: datetime) -> str:
        """Date and time of day, in the reader's time zone."""
        return f"{self.date(moment)}, {self.time(moment)}"

    def exact(self, moment: datetime) -> str:
        """The same to the second."""
        return f"{self.date(moment)}, {dates.format_time(moment, 'medium', tzinfo=self.timezone, locale=self.locale)}"

    def time(self, moment: datetime) -> str:
        """The time of day, in the reader's time zone."""
        return dates.format_time(moment, "short", tzinfo=self.timezone, locale=self.locale)

    def clock(self, time: Clock) -> str:
        """A time of day of whatever time zone is meant."""
        return dates.format_time(time, "short", locale=self.locale)

    def duration(self, seconds: float) -> str:
        """About how long: "8 seconds", "3 minutes"."""
        return dates.format_timedelta(
            timedelta(seconds=max(1, round(seconds))), threshold=1.5, granularity="second", locale=self.locale
        )

    def bytes(self, size: int) -> str:
        for limit, pattern in ((1_000_000, mark("{size} MB")), (1_000, mark("{size} kB"))):
            if size >= limit:
                return self(pattern, size=numbers.format_decimal(size / limit, "#,##0.#", locale=self.locale))
        return self.plural("{count} byte", "{count} bytes", size)

    def listing(self, items: Sequence[str]) -> str:
        return ", ".join(items)


def _digits(micros: int) -> int:
    if micros % 10_000 == 0 or micros >= 1_000_000:
        return 2
    return 4 if micros >= 100 else 6


def _locale(language: str, region: str | None) -> Locale:
    """French of Canada and French of France share messages, not formats."""
    wish = re.split("[@.]", region or "", maxsplit=1)[0].replace("_", "-")
    if wish.lower().startswith(language + "-"):
        # Not known: a region without data, such as French in the United States.
        with suppress(ValueError, UnknownLocaleError):
            return Locale.parse(wish, sep="-")
    return Locale.parse("en_US" if language == "en" else language)


def _timezone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
