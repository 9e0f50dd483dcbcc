"""Calendar days and months of the site's time zone, as spans of UTC. A day may have 23 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

Window = Literal["day", "month"]
Length = Literal["quarter", "day"]  # of a tally
Piece = tuple[Length, datetime, datetime]
LENGTHS: tuple[Length, ...] = ("quarter", "day")
QUARTER = timedelta(minutes=15)


def span(window: Window, moment: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of the window that holds `moment`, and the first one after it."""
    today = moment.astimezone(zone).date()
    if window == "day":
        return midnight(today, zone), midnight(today + timedelta(days=1), zone)
    first = today.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return midnight(first, zone), midnight(after, zone)


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins. Where the clocks are put forward at midnight, it begins at the first moment there is."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def hours(weekday: int, hour: int, start: datetime, end: datetime, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    """When it is this hour of the week (Monday is 0) between two moments; where clocks are put back, for two hours."""
    spans: list[tuple[datetime, datetime]] = []
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date() + timedelta(days=1)
    day += timedelta(days=(weekday - day.weekday()) % 7)
    while day <= last:
        there = datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
        for step in range(-8, 12):  # quarters of an hour, around the change of the clocks
            moment = there + step * QUARTER
            local = moment.astimezone(zone)
            if (local.date(), local.hour) == (day, hour) and max(moment, start) < min(moment + QUARTER, end):
                if spans and spans[-1][1] == moment:
                    spans[-1] = (spans[-1][0], min(moment + QUARTER, end))
                else:
                    spans.append((max(moment, start), min(moment + QUARTER, end)))
        day += timedelta(days=7)
    return spans


def begin(length: Length, moment: datetime) -> datetime:
    """When the quarter of an hour or the day of UTC begins in which a moment lies."""
    moment = moment.astimezone(UTC)
    if length == "day":
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)


def pieces(start: datetime, end: datetime) -> list[Piece]:
    """A window as tallies make it up: the whole days of UTC in it, and the quarters of an hour before and after them.

    Every time zone's midnight is the start of a quarter.
    """
    first, last = begin("day", start + timedelta(days=1, microseconds=-1)), begin("day", end)
    if first >= last:
        return [("quarter", begin("quarter", start), end)]
    edges: list[Piece] = [("quarter", begin("quarter", start), first), ("quarter", last, end)]
    return [("day", first, last), *(edge for edge in edges if edge[1] < edge[2])]
