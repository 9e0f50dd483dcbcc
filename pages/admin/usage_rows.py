"""What the rows of the usage page are made of: whom, and how much."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from core.ledger.usage.figures import Key, Numbers, Report


def total(rows: Iterable[Numbers]) -> Numbers:
    return Numbers(*(sum(column) for column in zip(*rows, strict=True)))


def difference(whole: Numbers, part: Numbers) -> Numbers:
    return Numbers(*(a - b for a, b in zip(whole, part, strict=True)))


def totals(items: Iterable[tuple[Key, Numbers]]) -> dict[Key, Numbers]:
    """Of each key."""
    found: dict[Key, list[Numbers]] = defaultdict(list)
    for key, numbers in items:
        found[key].append(numbers)
    return {key: total(rows) for key, rows in found.items()}


def person_names(report: Report) -> dict[int, str]:
    """Of everybody in it; with the sign-in name where two have the same name."""
    names = {user_id: report.names.get(user_id, f"#{user_id}") for user_id in report.people}
    often = Counter(names.values())
    return {
        user_id: name if often[name] == 1 else f"{name} · {report.logins.get(user_id, user_id)}"
        for user_id, name in names.items()
    }
