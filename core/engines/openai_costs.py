"""What OpenAI says that image models cost, day by day: `GET /organization/costs`, for which it takes an admin key.

Sources: the SDK 3.54 for the parameters (lists in brackets) and the shape of the answer; for the names of the line
items, which are not documented, what others were billed for: "gpt-image-1 image, output", "gpt-image-2-2026-04-21 text,
input". Amounts are dollars, as numbers or as texts. A bucket is a day of UTC; the last days may still grow.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from core.engines.complaints import presentable, read_complaint, waiting_time
from core.engines.visits import ERRORS, Visit, introduction
from core.errors import Problem

OPENAI_URL = "https://api.openai.com/v1"
MOST_BUCKETS = 180  # that one page may have
MOST_PAGES = 1_000
MOST_BYTES = 32 * 1024 * 1024
MOST_DOLLARS = Decimal(10**9)  # of one line item; whatever is above was not meant as dollars
PAGE_SECONDS = 60.0
_IMAGE_MODEL = re.compile(r"(chat)?gpt-image|dall-?e", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spending:
    """Dollars of a day: on image models, and on what the provider did not name."""

    images: Decimal = Decimal(0)
    unnamed: Decimal = Decimal(0)


def spending(
    base_url: str | None,
    admin_key: str,
    project: str | None,
    first: date,
    last: date,
    texts: Collection[str] = (),
) -> dict[date, Spending]:
    """Of each day of UTC from `first` to `last`, both included, on which something was spent. Blocks.

    `texts` are models that count as those of pictures do.

    Raises a Problem for what cannot be relied on: a sum that lacks a page or a line would look like a drift.
    """
    url = (base_url or OPENAI_URL) + "/organization/costs"
    parameters: dict[str, Any] = {
        "start_time": _seconds(first),
        "end_time": _seconds(last + timedelta(days=1)),
        "bucket_width": "1d",
        "limit": MOST_BUCKETS,
        "group_by[]": "line_item",
    }
    if project:
        parameters["project_ids[]"] = project
    found: dict[date, Spending] = {}
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        body = _page(url, parameters, admin_key)
        for day, line in _lines(body):
            if first <= day <= last:
                found[day] = _with(found.get(day, Spending()), line, texts)
        if not body.get("has_more"):
            return found
        following = body.get("next_page")
        if not isinstance(following, str) or not following or following in seen:
            break
        seen.add(following)
        parameters["page"] = following
    raise Problem("costs_incomplete")


def _page(url: str, parameters: Mapping[str, Any], key: str) -> dict[str, Any]:
    with Visit(url, PAGE_SECONDS) as visit:
        try:
            with visit.answer("GET", url, introduction(key), parameters=parameters) as answer:
                content = visit.content(answer, MOST_BYTES)
        except ERRORS as error:
            # Only the name: the texts of these errors repeat what was sent.
            detail = "TimeoutError" if visit.is_over else type(error).__name__
            raise Problem("costs_unavailable", detail=detail) from None
    if answer.status_code == 200:
        return _loaded(content)
    complaint = read_complaint(content, key).message
    if answer.status_code in (401, 403):
        raise Problem("costs_key_refused", detail=complaint or f"HTTP {answer.status_code}")
    if answer.status_code == 429:
        raise Problem("costs_rate_limited", wait=waiting_time(answer.headers))
    raise Problem("costs_unavailable", detail=f"HTTP {answer.status_code} {complaint}".strip())


def _loaded(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation):
        raise Problem("costs_not_understood") from None
    if not isinstance(body, dict):
        raise Problem("costs_not_understood")
    return body


def _lines(body: Mapping[str, Any]) -> list[tuple[date, Mapping[str, Any]]]:
    """The lines of a page's buckets, each with its day."""
    found = []
    for bucket in _objects(body.get("data")):
        day = _day(bucket.get("start_time"))
        found += [(day, line) for line in _objects(bucket.get("results"))]
    return found


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Problem("costs_not_understood")
    return value


def _day(start: Any) -> date:
    """A bucket that does not begin with a day of UTC is not the day that it would be compared with."""
    try:
        moment = datetime.fromtimestamp(start, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Problem("costs_not_understood") from None
    if moment != datetime.combine(moment.date(), datetime.min.time(), UTC):
        raise Problem("costs_not_understood")
    return moment.date()


def _with(so_far: Spending, line: Mapping[str, Any], texts: Collection[str]) -> Spending:
    dollars = _dollars(line.get("amount"))
    item = line.get("line_item")
    if not isinstance(item, str) or not item:
        return Spending(so_far.images, so_far.unnamed + dollars)
    if _IMAGE_MODEL.match(item) or any(_is_of(item, model) for model in texts):
        return Spending(so_far.images + dollars, so_far.unnamed)
    return so_far


def _is_of(item: str, model: str) -> bool:
    """Whether a line is of this model, or of a dated version of it: "gpt-5-mini-2026-01-31, input"."""
    return re.match(rf"{re.escape(model)}(-\d{{4}}-\d\d-\d\d)?(?![\w.-])", item, re.IGNORECASE) is not None


def _dollars(amount: Any) -> Decimal:
    """An amount, exactly; a line without one is about no money."""
    if amount is None:
        return Decimal(0)
    if not isinstance(amount, dict):
        raise Problem("costs_not_understood")
    value, currency = amount.get("value"), amount.get("currency")
    if not isinstance(currency, str):
        raise Problem("costs_not_understood")
    if currency.lower() != "usd":
        raise Problem("costs_currency", currency=presentable(currency, None)[:20])
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise Problem("costs_not_understood")
    try:
        dollars = Decimal(value)
    except InvalidOperation:
        raise Problem("costs_not_understood") from None
    if not dollars.is_finite() or abs(dollars) > MOST_DOLLARS:
        raise Problem("costs_not_understood")
    return dollars


def _seconds(day: date) -> int:
    return int(datetime.combine(day, datetime.min.time(), UTC).timestamp())
