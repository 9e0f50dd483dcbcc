"""Is there room? Checked by the transaction that then takes it: asking twenty times at once gives no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from core.catalog.catalog import dimensions
from core.errors import Problem
from core.ledger.booking import EVERYBODY
from core.ledger.limits import KINDS, QUALITIES, SITE_NAMES, Allowed
from core.ledger.windows import Window, quarter, span
from core.storage.tables import Image, Tally

WINDOWS: tuple[Window, ...] = ("day", "month")
Span = tuple[datetime, datetime]
Spent = Mapping[tuple[Window, int], tuple[int, int, int]]  # by window and whose: pictures, cost, what is reserved


@dataclass(frozen=True, slots=True)
class Use:
    """A limit and what is used of it: pictures, or micro-dollars where `is_money`. `resets` is None for "at once"."""

    kind: str
    is_site: bool
    is_money: bool
    most: int
    used: int
    reserved: int
    resets: datetime | None

    @property
    def left(self) -> int:
        """A limit that was lowered below what is used leaves nothing, not less than nothing."""
        return max(0, self.most - self.used - self.reserved)

    @property
    def name(self) -> str:
        return SITE_NAMES[self.kind] if self.is_site else KINDS[self.kind][1]


def uses(session: Session, user_id: int, allowed: Allowed, now: datetime, zone: tzinfo) -> list[Use]:
    """Every limit on numbers and money that holds for a person, with what is used of it."""
    owners = {user_id: allowed.own, EVERYBODY: allowed.site}
    found = [
        (owner, kind, int(limits[kind])) for owner, limits in owners.items() for kind in SITE_NAMES if kind in limits
    ]
    if not found:
        return []
    spans = {it: span(it, now, zone) for it in WINDOWS if any(_window(kind) == it for _, kind, _ in found)}
    under_way, spent = _under_way(session, user_id), _spent(session, user_id, spans)
    return [_use(owner, kind, most, under_way[owner], spans, spent) for owner, kind, most in found]


def check(
    session: Session, user_id: int, allowed: Allowed, number: int, micros: int | None, now: datetime, zone: tzinfo
) -> None:
    """Raise a Problem if `number` pictures for at most `micros` micro-dollars do not fit; None costs nothing known."""
    for use in uses(session, user_id, allowed, now, zone):
        needed = (micros or 0) if use.is_money else number
        if needed > use.left or (use.is_money and use.left == 0 and micros is None):
            raise refusal(use, needed)


def check_choices(allowed: Allowed, model: str, quality: str | None, size: str | None) -> None:
    """Raise a Problem for what is beyond what this person may order. "auto" counts as the dearest."""
    limits = allowed.own
    models = limits.get("models", model).split(",")
    if model not in models:
        raise Problem("model_limit", model=model, allowed=", ".join(models))
    best = limits.get("quality")
    if best and quality is not None and _rank(quality) > _rank(best):
        raise Problem("choice_limit", rule=KINDS["quality"][1], most=best, value=quality)
    largest = limits.get("size")
    if largest and _pixels(size) > _pixels(largest):
        raise Problem("choice_limit", rule=KINDS["size"][1], most=largest, value=size or "auto")


def refusal(use: Use, needed: int) -> Problem:
    if use.kind == "pictures-at-once":
        return Problem("at_once_limit", rule=use.name, used=use.used, most=use.most, left=use.left, needed=needed)
    if use.is_money:
        return Problem(
            "money_limit",
            rule=use.name,
            used_micros=use.used,
            most_micros=use.most,
            reserved_micros=use.reserved,
            left_micros=use.left,
            needed_micros=needed,
            resets=use.resets,
        )
    return Problem(
        "picture_limit",
        rule=use.name,
        used=use.used,
        reserved=use.reserved,
        most=use.most,
        left=use.left,
        needed=needed,
        resets=use.resets,
    )


def _use(owner: int, kind: str, most: int, under_way: int, spans: Mapping[Window, Span], spent: Spent) -> Use:
    is_site, window = owner == EVERYBODY, _window(kind)
    if window is None:
        return Use(kind, is_site, False, most, under_way, 0, None)
    end = spans[window][1]
    pictures, cost, reserved = spent.get((window, owner), (0, 0, 0))
    if kind.startswith("dollars"):
        return Use(kind, is_site, True, most, cost, reserved, end)
    waiting = min(pictures, under_way)
    return Use(kind, is_site, False, most, pictures - waiting, waiting, end)


def _window(kind: str) -> Window | None:
    return next((window for window in WINDOWS if kind.endswith(f"-per-{window}")), None)


def _spent(session: Session, user_id: int, spans: Mapping[Window, Span]) -> Spent:
    """Of a person and of everybody, in one question for all windows."""
    sums = (func.sum(Tally.pictures), func.sum(Tally.cost_micros), func.sum(Tally.reserved_micros))
    parts = [
        select(literal(window), Tally.user_id, sums[0], sums[1], sums[2])
        .where(Tally.user_id.in_((user_id, EVERYBODY)), Tally.quarter >= quarter(start), Tally.quarter < end)
        .group_by(Tally.user_id)
        for window, (start, end) in spans.items()
    ]
    rows = session.execute(union_all(*parts)).all() if parts else []
    return {(window, owner): (int(pictures), int(cost), int(held)) for window, owner, pictures, cost, held in rows}


def _under_way(session: Session, user_id: int) -> dict[int, int]:
    """Pictures of a person and of everybody; each is counted in an index of its own."""
    everybody = select(func.count()).select_from(Image).where(Image.state.in_(("queued", "running")))
    own = everybody.where(Image.user_id == user_id)
    row = session.execute(select(own.scalar_subquery(), everybody.scalar_subquery())).one()
    return {user_id: row[0], EVERYBODY: row[1]}


def _rank(quality: str) -> int:
    return QUALITIES.index(quality) if quality in QUALITIES else len(QUALITIES)


def _pixels(size: str | None) -> int | float:
    width, height = dimensions(size or "") or (0, 0)
    return width * height or float("inf")
