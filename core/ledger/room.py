"""Is there room? Checked by the transaction that then takes it: asking twenty times at once gives no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Integer, String, bindparam, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from core.accounts.tokens import Budget
from core.catalog.catalog import dimensions
from core.errors import Problem
from core.ledger.booking import EVERYBODY
from core.ledger.limits import KINDS, QUALITIES, SITE_NAMES, Allowed
from core.ledger.windows import Length, Window, pieces, span
from core.storage.tables import UNDER_WAY, Image, Tally

WINDOWS: tuple[Window, ...] = ("day", "month")
AT_ONCE = "at once"
Span = tuple[datetime, datetime]
Sums = tuple[int, int, int]  # pictures, cost, what is reserved
Spent = Mapping[tuple[Window, int], Sums]  # by window and whose


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
    def scope(self) -> str:
        """Whose pot it is, for programs."""
        return "site" if self.is_site else "person"

    @property
    def name(self) -> str:
        return SITE_NAMES[self.kind] if self.is_site else KINDS[self.kind][1]


def spent(session: Session, user_id: int, now: datetime, zone: tzinfo) -> list[tuple[Window, Span, Sums]]:
    """Pictures, cost and what is reserved of a person, in each window that is running."""
    spans = {it: span(it, now, zone) for it in WINDOWS}
    _, found = _used(session, user_id, spans)
    return [(it, spans[it], found.get((it, user_id), (0, 0, 0))) for it in WINDOWS]


def uses(session: Session, user_id: int, allowed: Allowed, now: datetime, zone: tzinfo) -> list[Use]:
    """Every limit on numbers and money that holds for a person, with what is used of it."""
    owners = {user_id: allowed.own, EVERYBODY: allowed.site}
    found = [
        (owner, kind, int(limits[kind])) for owner, limits in owners.items() for kind in SITE_NAMES if kind in limits
    ]
    if not found:
        return []
    spans = {it: span(it, now, zone) for it in WINDOWS if any(_window(kind) == it for _, kind, _ in found)}
    under_way, spent = _used(session, user_id, spans)
    return [_use(owner, kind, most, under_way[owner], spans, spent) for owner, kind, most in found]


def check(
    session: Session, user_id: int, allowed: Allowed, number: int, micros: int | None, now: datetime, zone: tzinfo
) -> None:
    """Raise a Problem if `number` pictures for at most `micros` micro-dollars do not fit; None costs nothing known."""
    for use in uses(session, user_id, allowed, now, zone):
        needed = (micros or 0) if use.is_money else number
        if needed > use.left or (use.is_money and use.left == 0 and micros is None):
            raise refusal(use, needed)


def check_budget(token: Budget, micros: int | None) -> None:
    """The same for what the token that orders may spend in all."""
    if token.limit is None:
        return
    left = max(0, token.limit - token.cost - token.reserved)
    if (micros or 0) > left or (left == 0 and micros is None):
        raise Problem(
            "token_limit",
            token=token.name,
            used_micros=token.cost,
            most_micros=token.limit,
            reserved_micros=token.reserved,
            left_micros=left,
            needed_micros=micros or 0,
        )


def check_choices(allowed: Allowed, model: str, quality: str | None, size: str | None) -> None:
    """Raise a Problem for what is beyond what this person may order. "auto" counts as the dearest."""
    limits = allowed.own
    models = limits.get("models", model).split(",")
    if model not in models:
        raise Problem("model_limit", kind="models", scope="person", model=model, allowed=", ".join(models))
    best = limits.get("quality")
    if best and quality is not None and _rank(quality) > _rank(best):
        raise Problem(
            "choice_limit", rule=KINDS["quality"][1], kind="quality", scope="person", most=best, value=quality
        )
    largest = limits.get("size")
    if largest and _pixels(size) > _pixels(largest):
        raise Problem(
            "choice_limit", rule=KINDS["size"][1], kind="size", scope="person", most=largest, value=size or "auto"
        )


def refusal(use: Use, needed: int) -> Problem:
    if use.is_money:
        return Problem(
            "money_limit",
            rule=use.name,
            kind=use.kind,
            scope=use.scope,
            used_micros=use.used,
            most_micros=use.most,
            reserved_micros=use.reserved,
            left_micros=use.left,
            needed_micros=needed,
            resets=use.resets,
        )
    return Problem(
        "at_once_limit" if use.kind == "pictures-at-once" else "picture_limit",
        rule=use.name,
        kind=use.kind,
        scope=use.scope,
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


def _used(session: Session, user_id: int, spans: Mapping[Window, Span]) -> tuple[dict[int, int], Spent]:
    """What is under way and what is spent, of a person and of everybody, in one question."""
    parts = [(window, piece) for window, (start, end) in spans.items() for piece in pieces(start, end)]
    bounds = {
        name: moment
        for number, (_, (_, start, end)) in enumerate(parts)
        for name, moment in ((f"start_{number}", start), (f"end_{number}", end))
    }
    question = _question(tuple((window, length) for window, (length, _, _) in parts))
    under_way = {user_id: 0, EVERYBODY: 0}
    spent: dict[tuple[Window, int], tuple[int, int, int]] = {}
    for window, owner, *sums in session.connection().execute(question, {"person": user_id, **bounds}):
        pictures, cost, held = map(int, sums)
        if window == AT_ONCE:
            under_way[owner] = pictures
        else:
            before = spent.get((window, owner), (0, 0, 0))
            spent[window, owner] = (before[0] + pictures, before[1] + cost, before[2] + held)
    return under_way, spent


@cache
def _question(parts: tuple[tuple[Window, Length], ...]) -> CompoundSelect[Any]:
    """One row for each of `parts` and each owner that has any, and two for what is under way: each of these is counted
    in an index of its own, for which the states are written out."""
    person = bindparam("person", type_=Tally.user_id.type)
    states = Image.state.in_([literal_column(f"'{state}'") for state in UNDER_WAY])
    zero = literal_column("0", Integer)
    counts = [
        select(literal_column(f"'{AT_ONCE}'", String), owner, func.count(), zero, zero)
        .select_from(Image)
        .where(states, *own)
        for owner, own in ((person, [Image.user_id == person]), (literal_column(str(EVERYBODY), Integer), []))
    ]
    sums = (func.sum(Tally.pictures), func.sum(Tally.cost_micros), func.sum(Tally.reserved_micros))
    spent = [
        select(literal_column(f"'{window}'", String), Tally.user_id, *sums)
        .where(
            Tally.user_id.in_([person, literal_column(str(EVERYBODY))]),
            Tally.length == literal_column(f"'{length}'"),
            Tally.since >= bindparam(f"start_{number}", type_=Tally.since.type),
            Tally.since < bindparam(f"end_{number}", type_=Tally.since.type),
        )
        .group_by(Tally.user_id)
        for number, (window, length) in enumerate(parts)
    ]
    return union_all(*counts, *spent)


def _rank(quality: str) -> int:
    return QUALITIES.index(quality) if quality in QUALITIES else len(QUALITIES)


def _pixels(size: str | None) -> int | float:
    width, height = dimensions(size or "") or (0, 0)
    return width * height or float("inf")
