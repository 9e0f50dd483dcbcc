"""What the usage page shows of a period, as numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, TypeVar

from core.ledger.usage.forecast import Forecast
from core.ledger.usage.periods import Period


class Numbers(NamedTuple):
    """`ordered` are all pictures asked for, `pictures` those that were made, `failed` those that ended without one.

    Micro-dollars: booked; reserved while they are under way; at risk, because nobody knows whether they were billed.
    """

    ordered: int = 0
    pictures: int = 0
    failed: int = 0
    requests: int = 0
    cost_micros: int = 0
    reserved_micros: int = 0
    risk_micros: int = 0

    @property
    def share_failed(self) -> float | None:
        """Of those that ended, cancelled ones left out."""
        ended = self.pictures + self.failed
        return self.failed / ended if ended else None


Key = TypeVar("Key")
Measure = Literal["pictures", "ordered", "cost_micros"]
Leading = tuple[Measure, int]  # by what one is first, and how many are


def ranked(items: Iterable[tuple[Key, Numbers]], measure: Measure) -> list[tuple[Key, Numbers]]:
    """The largest first."""
    return sorted(items, key=lambda item: (-getattr(item[1], measure), -item[1].ordered, str(item[0])))


def first_of(rows: Mapping[Key, Numbers], measure: Measure, most: int) -> list[Key]:
    """Who has most, if they have any."""
    return [key for key, numbers in ranked(rows.items(), measure) if getattr(numbers, measure)][:most]


class Time(NamedTuple):
    """Seconds; None if there was nothing."""

    median: float | None
    percentile_95: float | None


@dataclass(frozen=True, slots=True)
class Total:
    numbers: Numbers
    people: int  # who asked for anything
    times: Mapping[str, Time]  # by MEASURES


@dataclass(frozen=True, slots=True)
class Report:
    period: Period
    total: Total
    before: Total
    forecast: Forecast
    models: Mapping[tuple[str, str], Numbers]  # by model and quality
    people: Mapping[int, Numbers]
    names: Mapping[int, str]
    logins: Mapping[int, str]
    doors: Mapping[str, Numbers]
    hours: Mapping[tuple[int, int], Numbers]  # by day of the week, Monday is 0, and hour
    reasons: Mapping[tuple[str, str], Numbers]  # by state and problem
    days: Mapping[tuple[date, str], Numbers]  # by day and model
    leaders: Mapping[tuple[date, int], Numbers]  # by day and person, of those who are first
    histogram: Mapping[str, Mapping[int, int]]  # by measure: how many in which bucket
