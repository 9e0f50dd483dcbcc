"""Days and months of the site's time zone, across the changes of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.ledger.windows import Window, begin, pieces, span

PARIS = ZoneInfo("Europe/Paris")
ROWS_IN_A_DAY = {"quarter": 96, "day": 1}
MOST_ROWS = 130  # to read for a month, whatever the zone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "zone", "start", "hours"),
    [
        ("2026-11-22T12:00+00:00", UTC, "2026-11-22T00:00+00:00", 24),
        ("2026-03-29T12:00+00:00", PARIS, "2026-03-28T23:00+00:00", 23),  # the clocks go forward
        ("2026-10-25T12:00+00:00", PARIS, "2026-10-24T22:00+00:00", 25),  # and back
        ("2026-11-21T23:30+00:00", PARIS, "2026-11-21T23:00+00:00", 24),
        ("2026-11-22T12:00+00:00", ZoneInfo("Asia/Kathmandu"), "2026-11-21T18:15+00:00", 24),
        ("2026-11-22T12:00+00:00", ZoneInfo("Pacific/Auckland"), "2026-11-22T11:00+00:00", 24),
    ],
)
def test_a_day_is_the_day_of_the_sites_time_zone(moment: str, zone: ZoneInfo, start: str, hours: int) -> None:
    begins, ends = span("day", at(moment), zone)
    assert begins == at(start)
    assert ends - begins == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2026-12-31T23:30+00:00", "2026-12-31T23:00+00:00", "2027-01-31T23:00+00:00"),
        ("2028-02-10T12:00+00:00", "2028-01-31T23:00+00:00", "2028-02-29T23:00+00:00"),
        ("2026-03-10T12:00+00:00", "2026-02-28T23:00+00:00", "2026-03-31T22:00+00:00"),
    ],
)
def test_a_month_is_the_month_of_the_sites_time_zone(moment: str, start: str, end: str) -> None:
    assert span("month", at(moment), PARIS) == (at(start), at(end))


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "UTC"])
def test_every_window_begins_with_a_quarter_so_tallies_never_lie_across_two(zone: str) -> None:
    moment = at("2026-01-01T00:00+00:00")
    for _ in range(400):
        start, end = span("day", moment, ZoneInfo(zone))
        assert begin("quarter", start) == start
        assert start <= moment < end
        moment += timedelta(hours=23)


def test_where_midnight_is_skipped_the_day_begins_at_its_first_moment() -> None:
    start, end = span("day", at("2026-09-06T12:00+00:00"), ZoneInfo("America/Santiago"))
    assert end - start == timedelta(hours=23)


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "UTC"])
@pytest.mark.parametrize("window", ["day", "month"])
def test_the_pieces_of_a_window_make_it_up_without_a_gap_and_are_few(window: Window, zone: str) -> None:
    moment = at("2026-01-01T00:00+00:00")
    while moment.year == 2026:
        start, end = span(window, moment, ZoneInfo(zone))
        found = sorted(pieces(start, end), key=lambda piece: piece[1])
        assert [start, *(piece[2] for piece in found)] == [*(piece[1] for piece in found), end]
        assert all(begin(length, first) == first and begin(length, last) == last for length, first, last in found)
        assert sum((last - first) / timedelta(days=1) * ROWS_IN_A_DAY[it] for it, first, last in found) <= MOST_ROWS
        moment += timedelta(days=5, hours=23)
