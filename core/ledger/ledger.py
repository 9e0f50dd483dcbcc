"""The ledger: an order is estimated, checked and reserved; an outcome is booked; an unknown one is settled."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from core.errors import Problem
from core.ledger.booking import add, book, charge
from core.ledger.estimates import Estimate, estimate
from core.ledger.limits import allowed
from core.ledger.prices import price_at
from core.ledger.room import Span, Sums, Use, check, check_choices, check_token, spent, uses
from core.ledger.windows import Window, midnight
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Image, Request

MOST_MICROS = 10**12  # a million dollars; whoever types more for one picture has mistyped


class Ledger:
    def __init__(
        self, database: Database, zone: tzinfo = UTC, allows_unpriced: bool = True, sites: Sites | None = None
    ):
        """`sites` say by which time zone days and months begin, and whether models without a price may be used; without
        them the other two do."""
        self.database = database
        self._zone = zone
        self._allows_unpriced = allows_unpriced
        self._sites = sites

    @property
    def zone(self) -> tzinfo:
        return self._sites.now().zone if self._sites else self._zone

    def _zone_of(self, session: Session) -> tzinfo:
        return self._sites.within(session).zone if self._sites else self._zone

    def _allows(self, session: Session) -> bool:
        return self._sites.within(session).allows_unpriced if self._sites else self._allows_unpriced

    def estimate(self, request: Request, number: int, references: Sequence[tuple[int, int]] = ()) -> Estimate:
        """What an order that is not stored yet may cost at most, at the prices of this moment."""
        with self.database.read() as session:
            return _estimate(session, request, number, references, self.database.now(session))

    def by_quality(
        self, request: Request, qualities: Sequence[str], references: Sequence[tuple[int, int]] = ()
    ) -> dict[str, int | None]:
        """What one picture may cost at most at each quality, in micro-dollars."""
        with self.database.read() as session:
            price = price_at(session, request.model, self.database.now(session), request.connection)
        return {
            quality: estimate(
                price, request.model, request.size, quality, 1, request.previews, request.description, references
            ).each
            for quality in qualities
        }

    def uses(self, user_id: int) -> list[Use]:
        """Every limit that holds for a person, with what is used of it."""
        with self.database.read() as session:
            return uses(session, user_id, allowed(session, user_id), self.database.now(session), self._zone_of(session))

    def spent(self, user_id: int) -> list[tuple[Window, Span, Sums]]:
        """What a person has used in the day and in the month that are running."""
        with self.database.read() as session:
            return spent(session, user_id, self.database.now(session), self._zone_of(session))

    def models_of(self, user_id: int) -> frozenset[str] | None:
        """The models that a person may order; None for all."""
        with self.database.read() as session:
            names = allowed(session, user_id).own.get("models")
        return frozenset(names.split(",")) if names is not None else None

    def check(
        self,
        session: Session,
        user_id: int,
        request: Request,
        number: int,
        references: Sequence[tuple[int, int]],
        now: datetime,
        connection: str | None = None,
        token_id: int | None = None,
    ) -> Estimate:
        """What the order may cost at most, or a Problem if it may not be made. To be followed by `hold`, at once.

        `connection` draws it, if another one than that of the request.
        """
        limits = allowed(session, user_id)
        found = _estimate(session, request, number, references, now, connection)
        if found.micros is None and not self._allows(session):
            raise Problem("unpriced_refused", model=request.model)
        check_choices(limits, request.model, request.quality, request.size)
        check(session, user_id, limits, number, found.micros, now, self._zone_of(session))
        check_token(session, token_id, found.micros)
        return found

    def hold(
        self, session: Session, user_id: int, found: Estimate, now: datetime, token_id: int | None = None
    ) -> dict[str, Any]:
        """Reserve the estimate for pictures that join the line now, and return what the row of each says of it."""
        change = {"pictures": found.number, "cost_micros": 0, "reserved_micros": (found.each or 0) * found.number}
        add(session, user_id, now, change)
        charge(session, token_id, change)
        return {"reserved_micros": found.each, "counted": True}

    def at_risk(self, day: date | None = None) -> list[Image]:
        """Pictures that may have been billed and whose cost nobody knows; of one day of the site, or all."""
        query = select(Image).where(_at_risk()).options(joinedload(Image.request).joinedload(Request.user))
        if day is not None:
            zone = self.zone
            start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
            query = query.where(Image.created_at >= start, Image.created_at < end)
        with self.database.read() as session:
            return list(session.scalars(query.order_by(Image.id)))

    def settle(self, administrator_id: int, image_id: int, billed: bool, micros: int | None = None) -> None:
        """Say of a picture of unknown outcome what it cost: the estimate, or `micros`; or that it was not billed."""
        with self.database.write() as session:
            image = session.scalar(select(Image).where(Image.id == image_id, _at_risk()))
            if image is None:
                raise Problem("not_settleable")
            cost = (micros if micros is not None else image.reserved_micros) if billed else 0
            if cost is not None and not 0 <= cost <= MOST_MICROS:
                raise Problem("price_impossible", value="…")  # it may have more digits than can be written
            book(session, image, cost, None, counted=billed or image.state == "done")
            image.settled_at = self.database.now(session)
            image.settled_by = administrator_id


def _at_risk() -> ColumnElement[bool]:
    """Unknown, or made by a server that did not say what it used; and not settled yet."""
    unknown_cost = (Image.state == "done") & Image.cost_micros.is_(None) & Image.reserved_micros.is_not(None)
    return and_(or_(Image.state == "unknown", unknown_cost), Image.settled_at.is_(None))


def _estimate(
    session: Session,
    request: Request,
    number: int,
    references: Sequence[tuple[int, int]],
    now: datetime,
    connection: str | None = None,
) -> Estimate:
    return estimate(
        price_at(session, request.model, now, connection or request.connection),
        request.model,
        request.size,
        request.quality,
        number,
        request.previews,
        request.description,
        references,
    )
