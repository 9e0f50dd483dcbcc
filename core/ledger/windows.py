"""Calendar days and months of the site's time zone, as spans of UTC. A day may have 23 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

Window = Literal["day", "month"]
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


def quarter(moment: datetime) -> datetime:
    """The quarter of an hour in which a moment lies, in UTC; every time zone's midnight is the start of one."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)
