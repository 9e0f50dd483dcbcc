"""What the rows of the usage page are made of: whom, which model, how much, and the order of them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from core.catalog.catalog import Catalog
from core.ledger.usage.service import Numbers, Report


def ranked(items: Iterable[tuple[Any, Numbers]], measure: str) -> list[tuple[Any, Numbers]]:
    return sorted(items, key=lambda item: (-amount(item[1], measure), -item[1].ordered, str(item[0])))


def amount(numbers: Numbers, measure: str) -> int:
    return numbers.cost_micros if measure == "cost" else numbers.pictures


def total(rows: Iterable[Numbers]) -> Numbers:
    return Numbers(*(sum(column) for column in zip(*rows, strict=True)))


def person_names(report: Report) -> dict[int, str]:
    """Of everybody in it; with the sign-in name where two have the same name."""
    names = {user_id: report.names.get(user_id, f"#{user_id}") for user_id in report.people}
    often = Counter(names.values())
    return {
        user_id: name if often[name] == 1 else f"{name} · {report.logins.get(user_id, user_id)}"
        for user_id, name in names.items()
    }


def model_name(catalog: Catalog, model: str) -> str:
    return catalog.get(model).title
