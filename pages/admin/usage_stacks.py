"""The chart of days: a bar for each day; of a longer period for each week, which begins on a Monday, or month."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core.i18n import Reader
from core.ledger.usage.figures import Measure, Numbers
from core.ledger.usage.periods import DAY, Period
from pages.admin.usage_charts import Mark, bars
from pages.admin.usage_links import requests_address

LONGEST_BY_DAY, LONGEST_BY_WEEK = 92, 750  # days; a longer period has larger bars


@dataclass(frozen=True, slots=True)
class Part:
    """What a bar is stacked of: a model, a person, or all others; `filters` lead to it."""

    label: str
    filters: Mapping[str, object]
    is_others: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """How wide a bar is: the day that its days begin with, what is written under it, and the charts' titles."""

    begin: Callable[[date], date]
    label: Callable[[date], str]
    titles: Mapping[str, str]


def show_stacks(
    text: Reader,
    period: Period,
    parts: Mapping[Any, Part],
    order: Sequence[Any],
    found: Mapping[tuple[date, Any], Numbers],
    measure: Measure,
) -> None:
    """Whatever is not in `order` counts as its last one."""
    step = _step(text, period)
    places = sorted({step.begin(period.first + DAY * index) for index in range(period.days)})
    position, ranks = {day: place for place, day in enumerate(places)}, {key: rank for rank, key in enumerate(order)}
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for (day, key), numbers in found.items():
        sums[position[step.begin(day)], ranks.get(key, len(order) - 1)] += getattr(numbers, measure)
    ends = [*(day - DAY for day in places[1:]), period.last]
    state = None if measure == "cost_micros" else "done"
    marks = []
    for (place, rank), value in sorted(sums.items()):
        if value:
            part, first, last = parts[order[rank]], max(places[place], period.first), ends[place]
            when = text.date(first) if first == last else f"{text.date(first)} – {text.date(last)}"
            address = requests_address(period, **part.filters, first=first, last=last, state=state)
            marks.append(Mark(place, value, _spoken(text, value, measure), f"{when} · {part.label}", address, rank))
    has_others = any(mark.part == len(order) - 1 for mark in marks)
    legend = []
    for key in order if has_others else order[:-1]:
        part = parts[key]
        legend.append((part.label, requests_address(period, **part.filters, state=state)))
    labels = [step.label(day) for day in places]
    bars(text, step.titles[measure], marks, labels, legend, is_money=measure == "cost_micros")


def _spoken(text: Reader, value: int, measure: Measure) -> str:
    return text.money(value) if measure == "cost_micros" else text.plural("{count} picture", "{count} pictures", value)


def _step(text: Reader, period: Period) -> Step:
    if period.days <= LONGEST_BY_DAY:
        titles = {"pictures": text("Pictures per day"), "cost_micros": text("Cost per day")}
        return Step(lambda day: day, text.short_date, titles)
    if period.days <= LONGEST_BY_WEEK:
        titles = {"pictures": text("Pictures per week"), "cost_micros": text("Cost per week")}
        return Step(lambda day: day - timedelta(days=day.weekday()), text.short_date, titles)
    titles = {"pictures": text("Pictures per month"), "cost_micros": text("Cost per month")}
    return Step(lambda day: day.replace(day=1), text.month, titles)
