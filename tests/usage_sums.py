"""The sums of the usage page, reckoned picture by picture and text by text, beside those that it shows."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from core.ledger.export import period as bounds
from core.ledger.export import totals
from core.ledger.usage.figures import Report, Total
from core.ledger.usage.report import MEASURES
from core.ledger.usage.service import Usage
from core.ledger.usage.times import exact_percentile
from core.ledger.windows import midnight, span
from core.site import Site
from core.storage.database import Database
from core.storage.tables import Image, Improvement, Request

KINDS = ("today", "last-month", "year")
FACETS = ("models", "people", "doors", "hours", "reasons", "days")
Row = list[int]
DAY = timedelta(days=1)


@dataclass
class Reckoned:
    total: Row = field(default_factory=lambda: [0] * 7)
    facets: dict[str, dict[Any, Row]] = field(default_factory=lambda: {facet: {} for facet in FACETS})
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Sequence[int], **keys: Any) -> None:
        rows = [self.facets[facet].setdefault(key, [0] * 7) for facet, key in keys.items()]
        for known in (self.total, *rows):
            known[:] = [a + b for a, b in zip(known, row, strict=True)]


@dataclass(frozen=True)
class Rows:
    """All that there is."""

    site: Site
    images: Sequence[Image]
    requests: Sequence[Request]
    texts: Sequence[Improvement]

    @classmethod
    def of(cls, database: Database, site: Site) -> "Rows":
        with database.read() as session:
            images, requests, texts = (session.scalars(select(it)).all() for it in (Image, Request, Improvement))
        return cls(site, images, requests, texts)  # type: ignore[arg-type]

    def between(self, start: datetime, end: datetime) -> Reckoned:
        sums, asked = Reckoned(), {request.id: request for request in self.requests}
        for image in self.images:
            if start <= image.created_at < end:
                self._add_picture(sums, image, asked[image.request_id])
        for text in self.texts:
            if start <= text.created_at < end:
                held, is_open = text.reserved_micros or 0, text.state == "running"
                row = [0, 0, 0, 0, text.cost_micros or 0, held * is_open, held * (not is_open)]
                keys = self._keys(text.created_at, text.user_id, text.model, None, "pages")
                sums.add(row, **keys, reasons=("text", ""))
        for request in self.requests:
            if start <= request.created_at < end:
                keys = self._keys(request.created_at, request.user_id, request.model, request.quality, request.door)
                del keys["hours"]  # where only pictures are counted
                sums.add([0, 0, 0, 1, 0, 0, 0], **keys)
        return sums

    def _add_picture(self, sums: Reckoned, image: Image, request: Request) -> None:
        is_done, is_under_way = image.state == "done", image.state in ("queued", "paused", "running")
        is_failed, held = image.state in ("failed", "blocked", "unknown"), image.reserved_micros or 0
        row = [1, is_done, is_failed, 0, image.cost_micros or 0, held * is_under_way, held * (not is_under_way)]
        keys = self._keys(image.created_at, image.user_id, request.model, request.quality, request.door)
        sums.add(row, **keys, reasons=(image.state, image.problem or ""))
        if is_done and image.started_at is not None and image.finished_at is not None:
            times = (image.created_at, image.finished_at), (image.created_at, image.started_at)
            for measure, (begun, ended) in zip(MEASURES, (*times, (image.started_at, image.finished_at)), strict=True):
                sums.seconds[measure].append((ended - begun).total_seconds())

    def _keys(self, moment: datetime, user_id: int, model: str, quality: str | None, door: str) -> dict[str, Any]:
        local = moment.astimezone(self.site.zone)
        where = {"models": (model, quality or ""), "people": user_id, "doors": door}
        return {**where, "hours": (local.weekday(), local.hour), "days": (local.date(), model)}


def assert_usage_is_the_sum_of_the_pictures(usage: Usage, database: Database, kinds: Sequence[str] = KINDS) -> None:
    """Of every period, in total and by everything that it is broken down by, beside the period before."""
    rows = Rows.of(database, usage._sites.now())
    today = usage.today()
    reports = [usage.report(kind, leading=("cost_micros", 1)) for kind in kinds]
    if kinds == KINDS:
        reports.append(usage.report("dates", today - timedelta(days=500), today - timedelta(days=17)))
    for report in reports:
        _check(report, rows)
        with database.read() as session:
            start, end = bounds(report.period.first, report.period.last, rows.site.zone)
            told, numbers = totals(session, start, end), report.total.numbers
        assert (told.cost_micros, told.reserved_micros, told.at_risk_micros) == numbers[4:]


def assert_the_month_is_the_sum_of_the_pictures(usage: Usage, database: Database) -> None:
    """Where everything was booked as the program books it."""
    rows = Rows.of(database, usage._sites.now())
    with database.read() as session:
        month = rows.between(*span("month", database.now(session), rows.site.zone))
    assert usage.report("today").forecast.spent_micros == sum(month.total[4:])


def _check(report: Report, rows: Rows) -> None:
    period, zone = report.period, rows.site.zone
    found = rows.between(midnight(period.first, zone), midnight(period.last + DAY, zone))
    for facet in FACETS:
        expected = {key: tuple(row) for key, row in found.facets[facet].items() if facet != "days" or any(row)}
        assert getattr(report, facet) == expected, facet
    _check_total(report.total, found, MEASURES)
    assert sum(report.histogram["whole"].values()) == len(found.seconds["whole"])
    for (day, person), numbers in report.leaders.items():
        of_the_day = rows.between(midnight(day, zone), midnight(day + DAY, zone))
        assert numbers == tuple(of_the_day.facets["people"][person])
    until = midnight(period.before_last + DAY, zone)
    if period.before_until is not None:
        until = datetime.combine(period.before_last, period.before_until, zone).astimezone(UTC)
    _check_total(report.before, rows.between(midnight(period.before_first, zone), until), ("whole",))


def _check_total(total: Total, found: Reckoned, measures: Sequence[str]) -> None:
    assert total.numbers == tuple(found.total)
    assert total.people == len(found.facets["people"])
    for measure in measures:
        seconds = sorted(found.seconds[measure])
        assert total.times[measure] == (exact_percentile(seconds, 50), exact_percentile(seconds, 95))
