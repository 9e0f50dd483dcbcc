"""The sums of the usage page, reckoned picture by picture, beside those that it shows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from core.ledger.export import period as bounds
from core.ledger.export import totals
from core.ledger.usage.figures import Numbers, Report
from core.ledger.usage.service import Usage
from core.site import Site
from core.storage.database import Database
from core.storage.tables import Image, Request

KINDS = ("today", "last-month", "year")


def assert_usage_is_the_sum_of_the_pictures(usage: Usage, database: Database, kinds: Sequence[str] = KINDS) -> None:
    """Of every period, in total and by everything that it is broken down by."""
    site = usage._sites.now()
    with database.read() as session:
        images = list(session.scalars(select(Image)))
        requests = {request.id: request for request in session.scalars(select(Request))}
    today = usage.today()
    reports = [usage.report(kind) for kind in kinds]
    if kinds == KINDS:
        reports.append(usage.report("dates", today - timedelta(days=500), today - timedelta(days=17)))
    for report in reports:
        _check(report, site, images, requests)
        with database.read() as session:
            start, end = bounds(report.period.first, report.period.last, site.zone)
            told, numbers = totals(session, start, end), report.total.numbers
        assert (told.cost_micros, told.reserved_micros, told.at_risk_micros) == numbers[4:]


def _check(report: Report, site: Site, images: list[Image], requests: dict[int, Request]) -> None:
    first, last = report.period.first, report.period.last
    sums: dict[str, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0] * 7))
    days: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0] * 7)
    people = set()
    seconds = []
    for image in images:
        request = requests[image.request_id]
        local = image.created_at.astimezone(site.zone)
        if not first <= local.date() <= last:
            continue
        is_done, is_under_way = image.state == "done", image.state in ("queued", "paused", "running")
        held = image.reserved_micros or 0
        row = [
            1,
            is_done,
            image.state in ("failed", "blocked", "unknown"),
            0,
            image.cost_micros or 0,
            held * is_under_way,
            held * (not is_under_way),
        ]
        keys = {
            "total": None,
            "models": (request.model, request.quality or ""),
            "people": image.user_id,
            "doors": request.door,
            "hours": (local.weekday(), local.hour),
            "reasons": (image.state, image.problem or ""),
        }
        for name, key in keys.items():
            sums[name][key] = [a + b for a, b in zip(sums[name][key], row, strict=True)]
        of_the_day = days[local.date(), request.model]
        days[local.date(), request.model] = [a + b for a, b in zip(of_the_day, row, strict=True)]
        people.add(image.user_id)
        if is_done and image.finished_at is not None:
            seconds.append((image.finished_at - image.created_at).total_seconds())
    for request in requests.values():
        if first <= request.created_at.astimezone(site.zone).date() <= last:
            for name, key in (
                ("total", None),
                ("models", (request.model, request.quality or "")),
                ("people", request.user_id),
                ("doors", request.door),
            ):
                sums[name][key][3] += 1
            days[request.created_at.astimezone(site.zone).date(), request.model][3] += 1
            people.add(request.user_id)
    assert report.total.numbers == Numbers(*sums["total"][None])
    assert report.total.people == len(people)
    for name in ("models", "people", "doors", "hours", "reasons"):
        assert getattr(report, name) == {key: tuple(row) for key, row in sums[name].items()}, name
    assert report.days == {key: tuple(row) for key, row in days.items()}
    assert sum(report.histogram["whole"].values()) == len(seconds)
