"""A believable past: who ordered what when, and what came of it. The same seed gives the same past.

Nothing is under way in it, so that no worker ever draws anything of it.
"""

import math
import random
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate
from typing import Any

from core.ledger.costs import Price, Tokens
from core.ledger.estimates import TOKENS_OF_A_PREVIEW, estimate, output_tokens

# Pictures of an hour of the day, and of a day of the week, beside one another.
HOURS = (1, 1, 0, 0, 0, 1, 2, 5, 14, 24, 28, 24, 14, 20, 26, 27, 24, 18, 10, 7, 7, 6, 4, 2)
WEEKDAYS = (10, 12, 12, 11, 9, 2, 1.5)
MODELS = (  # of several that have a price at the moment, how often each is taken
    ("gpt-image-2.6-flare", 60),
    ("gpt-image-2.6-sunburst", 14),
    ("gpt-image-2.5-flare", 26),
    ("gpt-image-2", 12),
    ("gpt-image-1.5", 9),
    ("gpt-image-1-mini", 8),
)
QUALITIES = (("low", 28), ("medium", 52), ("high", 20))
NUMBERS = ((1, 62), (2, 18), (3, 4), (4, 16))
SECONDS = {"low": 7.0, "medium": 16.0, "high": 38.0}  # that drawing takes, about
OUTCOMES = (
    ("done", None, 9_420),
    ("blocked", "blocked", 260),
    ("failed", "provider_failed", 90),
    ("failed", "answer_empty", 40),
    ("unknown", "deadline_passed", 30),
    ("unknown", "connection_lost", 30),
    ("cancelled", None, 130),
)
OPEN_DAYS = 3  # for so long nobody has said yet what the unknown ones cost


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, with the money as the ledger books it."""

    state: str
    problem: str | None
    ordered: datetime
    started: datetime | None
    finished: datetime
    usage: dict[str, Any] | None
    cost: int | None
    reserved: int | None
    counted: bool
    price_id: int | None
    settled: bool
    is_refused_first: bool


@dataclass(frozen=True, slots=True)
class Order:
    """One request; `person` and `subject` are places in the lists of people and descriptions."""

    person: int
    subject: int
    ordered: datetime
    door: str
    model: str
    quality: str
    pictures: Sequence[Picture]


class History:
    def __init__(
        self,
        prices: Mapping[str, Sequence[tuple[datetime, Price]]],
        people: int,
        sizes: Sequence[str],
        zone: tzinfo,
        seed: int = 1,
    ):
        """`prices` by model, the first first; `sizes` by subject, as "WIDTHxHEIGHT"."""
        self._prices = prices
        self._sizes = sizes
        self._zone = zone
        self._dice = random.Random(seed)  # noqa: S311 - a past, not a secret
        # Few order much, many a little.
        self._people = [*accumulate(1 / (rank + 2) for rank in range(people))]

    def orders(self, pictures: int, days: int, now: datetime) -> Iterator[Order]:
        """From the oldest on, all before `now`, with exactly so many pictures."""
        for day, number in _spread(pictures, days, now.astimezone(self._zone).date()):
            orders = []
            for moment in self._moments(day, number, now):
                if number == 0:
                    break
                order = self._order(moment, number, now)
                number -= len(order.pictures)
                orders.append(order)
            yield from sorted(orders, key=lambda order: order.ordered)

    def _moments(self, day: date, number: int, now: datetime) -> list[datetime]:
        """In the hours of work of the site; of the day that is not over yet, as far as it has come."""
        begin = datetime.combine(day, time(), self._zone)
        hours = self._dice.choices(range(24), HOURS, k=number)
        moments = [
            (begin + timedelta(hours=hour, seconds=self._dice.random() * 3600)).astimezone(UTC) for hour in hours
        ]
        latest, begun = now - timedelta(minutes=10), begin.astimezone(UTC)
        if latest <= begun:
            return [latest - timedelta(seconds=place) for place in range(number, 0, -1)]
        return [moment if moment < latest else begun + (latest - begun) * self._dice.random() for moment in moments]

    def _order(self, moment: datetime, most: int, now: datetime) -> Order:
        dice = self._dice
        model, price = self._model(moment)
        quality = _drawn(dice, QUALITIES)
        person = bisect(self._people, dice.random() * self._people[-1])
        subject = int(dice.random() * len(self._sizes))
        size = self._sizes[subject]
        number = min(most, _drawn(dice, NUMBERS))
        found = estimate(price, model, size, quality, 1, 2, "x" * 60)
        # What a busy hour makes wait: seconds before the first of them begins.
        waiting = dice.expovariate(1 / (0.4 + HOURS[moment.astimezone(self._zone).hour] / 12))
        pictures = [
            self._picture(moment, waiting + 1.5 * position, model, quality, size, price, found.each, now)
            for position in range(number)
        ]
        door = "api" if person % 5 == 3 and dice.random() < 0.7 else "pages"
        return Order(person, subject, moment, door, model, quality, pictures)

    def _picture(
        self,
        ordered: datetime,
        waiting: float,
        model: str,
        quality: str,
        size: str,
        price: Price | None,
        held: int | None,
        now: datetime,
    ) -> Picture:
        dice = self._dice
        state, problem = _drawn(dice, [((state, problem), share) for state, problem, share in OUTCOMES])
        is_refused = dice.random() < 0.02
        started = ordered + timedelta(seconds=waiting + 12 * is_refused)
        seconds = min(180.0, SECONDS[quality] * math.exp(dice.gauss(0, 0.35)))
        if problem == "deadline_passed":
            seconds = 600.0
        finished = min(started + timedelta(seconds=seconds), now)
        if state == "cancelled":
            return Picture(state, None, ordered, None, started, None, None, None, False, None, False, False)
        if state == "done":
            usage, tokens = _usage(dice, model, size, quality)
            cost = price.of(tokens) if price else None
            price_id = price.id if price else None
            return Picture(
                state, None, ordered, started, finished, usage, cost, None, True, price_id, False, is_refused
            )
        if state != "unknown":
            return Picture(state, problem, ordered, started, finished, None, None, None, False, None, False, is_refused)
        if now - ordered < timedelta(days=OPEN_DAYS):
            return Picture(state, problem, ordered, started, finished, None, None, held, True, None, False, is_refused)
        billed = dice.random() < 0.5
        cost = held if billed else 0
        return Picture(state, problem, ordered, started, finished, None, cost, None, billed, None, True, is_refused)

    def _model(self, moment: datetime) -> tuple[str, Price | None]:
        holding = [(name, price, share) for name, share in MODELS if (price := self._price(name, moment)) is not None]
        if not holding:
            return MODELS[-1][0], None
        choice: tuple[str, Price | None] = _drawn(
            self._dice, [((name, price), share) for name, price, share in holding]
        )
        return choice

    def _price(self, model: str, moment: datetime) -> Price | None:
        rows = self._prices.get(model, ())
        return next((price for start, price in reversed(rows) if start <= moment), None)


def _spread(pictures: int, days: int, today: date) -> list[tuple[date, int]]:
    """How many on which day: more on working days, and more from month to month."""
    dates = [today - timedelta(days=days - 1 - index) for index in range(days)]
    weights = [WEEKDAYS[day.weekday()] * (0.6 + 0.8 * index / days) for index, day in enumerate(dates)]
    ends = [round(pictures * part / sum(weights)) for part in accumulate(weights)]
    return [(day, end - begin) for day, begin, end in zip(dates, [0, *ends], ends, strict=False)]


def _usage(dice: random.Random, model: str, size: str, quality: str) -> tuple[dict[str, Any], Tokens]:
    most = output_tokens(model, size, quality)
    share = 0.55 + 0.4 * dice.random() if model.startswith("gpt-image-2.6") else 1.0
    text_in, image_out = int(10 + 50 * dice.random()), int(most * share) + 2 * TOKENS_OF_A_PREVIEW
    usage = {
        "input_tokens": text_in,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": text_in},
        "output_tokens": image_out,
        "total_tokens": text_in + image_out,
    }
    return usage, Tokens(text_in=text_in, image_out=image_out)


def _drawn(dice: random.Random, choices: Sequence[tuple[Any, float]]) -> Any:
    sums = [*accumulate(weight for _, weight in choices)]
    return choices[bisect(sums, dice.random() * sums[-1])][0]
