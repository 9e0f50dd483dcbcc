"""What the administrator sets for the whole site while the program runs; a change holds at once in every process.

The environment's settings are the defaults. A value that was changed is a row of `settings`, and wins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.errors import Problem
from core.i18n import LANGUAGES
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import Setting

MOST_DAYS = 36_500
LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Site:
    """The settings of one moment. `retention_days` None: for ever; `text_model` None: there is none."""

    time_zone: str
    language: str
    previews: int
    unpriced: Literal["allow", "refuse"]
    registration: Literal["closed", "open"] = "closed"
    sharing: bool = True
    retention_days: int | None = None
    retention_notice_days: int = 7
    text_model: str | None = None
    text_connection: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def allows_unpriced(self) -> bool:
        return self.unpriced == "allow"


class Sites:
    def __init__(self, database: Database, settings: Settings):
        self._database = database
        self.default = Site(
            time_zone=settings.timezone,
            language=settings.language,
            previews=settings.previews,
            unpriced=settings.unpriced,
        )

    def now(self) -> Site:
        with self._database.read() as session:
            return self.within(session)

    def within(self, session: Session) -> Site:
        """The same, read by a transaction that relies on it, and once in it."""
        known: Site | None = session.info.get("site")
        if known is None:
            known = session.info["site"] = self._site(_stored(session))
        return known

    def change(self, values: Mapping[str, Any]) -> Site:
        """Set all of `values`, by the names in `Site`, or none of them; a Problem says which is impossible."""
        for name, value in values.items():
            _check(name, value)
        with self._database.write() as session:
            stored = _stored(session)
            site = self._site({**stored, **values})
            if site.retention_days is not None and site.retention_notice_days > site.retention_days:
                _refuse("retention_notice_days", site.retention_notice_days, f"1 … {site.retention_days}")
            before = self._site(stored)
            changed = [name for name, value in values.items() if getattr(before, name) != value]
            if not changed:
                return before
            now = self._database.now(session)
            for name in changed:
                session.merge(Setting(name=name, value=values[name], changed_at=now))
            audit.record(
                session,
                now,
                "settings.changed",
                before={name: getattr(before, name) for name in changed},
                after={name: values[name] for name in changed},
            )
            return site

    def _site(self, stored: Mapping[str, Any]) -> Site:
        """What a newer program has stored, and this one does not take, counts as absent."""
        values = {field.name: getattr(self.default, field.name) for field in fields(Site)}
        known = {name: value for name, value in stored.items() if name in RULES and RULES[name][0](value)}
        return Site(**{**values, **known})


_STORED = select(Setting.name, Setting.value)


def _stored(session: Session) -> dict[str, Any]:
    return dict(session.connection().execute(_STORED).all())


def is_zone(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _number(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_days(value: Any) -> bool:
    return value is None or _number(1, MOST_DAYS)(value)


def _is_name(value: Any) -> bool:
    return value is None or (isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable())


# Each setting: whether a value is possible, what it is called where it is refused, and what it takes.
RULES: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "time_zone": (is_zone, "time zone", "UTC, Europe/Paris, …"),
    "language": (lambda value: value in LANGUAGES, "language", ", ".join(LANGUAGES)),
    "previews": (_number(0, 3), "previews", "0, 1, 2, 3"),
    "unpriced": (lambda value: value in ("allow", "refuse"), "models without a price", "allow, refuse"),
    "registration": (lambda value: value in ("closed", "open"), "registration", "closed, open"),
    "sharing": (lambda value: isinstance(value, bool), "sharing", "true, false"),
    "retention_days": (_is_days, "days to keep pictures", f"1 … {MOST_DAYS}"),
    "retention_notice_days": (_number(1, MOST_DAYS), "days of notice", f"1 … {MOST_DAYS}"),
    "text_model": (_is_name, "text model", f"1 … {LONGEST_NAME} a-z"),
    "text_connection": (_is_name, "connection", f"1 … {LONGEST_NAME} a-z"),
}


def _check(name: str, value: Any) -> None:
    if name not in RULES:
        raise ValueError(f"no such setting: {name}")
    is_possible, _, allowed = RULES[name]
    if not is_possible(value):
        _refuse(name, value, allowed)


def _refuse(name: str, value: Any, allowed: str) -> NoReturn:
    raise Problem("setting_impossible", choice=RULES[name][1], value=str(value)[:60], allowed=allowed)
