"""At risk: pictures that may have been billed and whose cost nobody knows, until an administrator settles them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, and_, func, literal_column, not_, or_, select, true, update
from sqlalchemy.orm import Session, joinedload

from core.accounts import audit
from core.errors import Problem
from core.ledger.booking import add_all, book, charge
from core.ledger.windows import midnight
from core.storage.tables import Image, Request

MOST_MICROS = 10**12  # a million dollars; whoever types more for one picture has mistyped
MOST_DAYS = 60  # to choose from; the older ones come up when these are settled

# Unknown, or made by a server that did not say what it used; and not settled yet. Written as the condition of the index
# is, or neither database would use it; and so that SQLite does not rather look up each state in the index of states.
AT_RISK = and_(
    Image.settled_at.is_(None),
    not_(
        and_(
            Image.state != literal_column("'unknown'"),
            or_(
                Image.state != literal_column("'done'"),
                Image.cost_micros.is_not(None),
                Image.reserved_micros.is_(None),
            ),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Risk:
    """How many pictures and texts are at risk, for how much, and the last of them: what comes later is not meant."""

    pictures: int
    reserved_micros: int
    last_id: int
    texts: int = 0
    last_text_id: int = 0

    @property
    def number(self) -> int:
        return self.pictures + self.texts


def days(
    session: Session,
    zone: tzinfo,
    newest_other: Callable[[Session, datetime | None], datetime | None] = lambda session, before: None,
) -> list[date]:
    """The days on which something at risk was ordered, the newest first. `newest_other` tells when something else than
    a picture was, the last one before a moment."""
    found: list[date] = []
    end: datetime | None = None
    while len(found) < MOST_DAYS:
        before = AT_RISK if end is None else and_(AT_RISK, Image.created_at < end)
        found_last = (session.scalar(select(func.max(Image.created_at)).where(before)), newest_other(session, end))
        newest = max((moment for moment in found_last if moment is not None), default=None)
        if newest is None:
            break
        found.append(newest.astimezone(zone).date())
        end = midnight(found[-1], zone)
    return found


def risk(session: Session, day: date | None, zone: tzinfo) -> Risk:
    sums = select(func.count(), func.sum(Image.reserved_micros), func.max(Image.id)).where(_of(day, zone))
    return Risk(*(int(value or 0) for value in session.execute(sums).one()))


def images(session: Session, day: date | None, zone: tzinfo, skipped: int, most: int | None) -> list[Image]:
    """With their requests and people, the oldest first."""
    query = select(Image).where(_of(day, zone)).options(joinedload(Image.request).joinedload(Request.user))
    return list(session.scalars(query.order_by(Image.created_at, Image.id).offset(skipped).limit(most)))


def settle(
    session: Session, now: datetime, administrator_id: int, image_id: int, billed: bool, micros: int | None
) -> None:
    image = session.scalar(select(Image).where(Image.id == image_id, AT_RISK))
    if image is None:
        raise Problem("not_settleable")
    cost = (micros if micros is not None else image.reserved_micros) if billed else 0
    if cost is not None and not 0 <= cost <= MOST_MICROS:
        raise Problem("price_impossible", value="…")  # it may have more digits than can be written
    before = {"state": image.state, "reserved_micros": image.reserved_micros}
    book(session, image, cost, None, counted=billed or image.state == "done")
    image.settled_at, image.settled_by = now, administrator_id
    audit.record(
        session, now, "picture.settled", f"picture {image_id}", before, {"billed": billed, "cost_micros": cost}
    )


def settle_all(
    session: Session,
    now: datetime,
    administrator_id: int,
    day: date | None,
    zone: tzinfo,
    last_id: int,
    billed: bool,
) -> int:
    """All that `Risk` told of, in a few statements however many there are."""
    meant = and_(_of(day, zone), Image.id <= last_id)
    columns = (
        Image.user_id,
        Image.created_at,
        Image.state,
        Image.counted,
        Image.reserved_micros,
        Image.token_id,
    )
    rows = session.execute(select(*columns).where(meant)).all()
    if not rows:
        return 0
    changes = [
        (
            row.user_id,
            row.created_at,
            {
                "pictures": (billed or row.state == "done") - row.counted,
                "cost_micros": (row.reserved_micros or 0) if billed else 0,
                "reserved_micros": -(row.reserved_micros or 0),
            },
        )
        for row in rows
    ]
    session.execute(
        update(Image)
        .where(meant)
        .values(
            cost_micros=Image.reserved_micros if billed else 0,
            reserved_micros=None,
            counted=true() if billed else Image.state == "done",
            settled_at=now,
            settled_by=administrator_id,
        )
        .execution_options(synchronize_session=False)
    )
    add_all(session.connection(), changes)
    for token_id in {row.token_id for row in rows}:
        held = sum(row.reserved_micros or 0 for row in rows if row.token_id == token_id)
        charge(session.connection(), token_id, {"cost_micros": held if billed else 0, "reserved_micros": -held})
    held = sum(row.reserved_micros or 0 for row in rows)
    audit.record(
        session,
        now,
        "picture.settled",
        f"{len(rows)} pictures" + (f" of {day}" if day is not None else ""),
        {"reserved_micros": held},
        {"billed": billed, "cost_micros": held if billed else 0, "last_id": last_id},
    )
    return len(rows)


def _of(day: date | None, zone: tzinfo) -> ColumnElement[bool]:
    if day is None:
        return AT_RISK
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return and_(AT_RISK, Image.created_at >= start, Image.created_at < end)
