"""The ledger: an order is estimated, checked and reserved; an outcome is booked; an unknown one is settled."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from core.accounts.tokens import Budget
from core.errors import Problem
from core.ledger import risk, texts
from core.ledger.booking import add, charge
from core.ledger.costs import Price, Tokens
from core.ledger.estimates import Choices, Estimate, estimate, sum_of
from core.ledger.explained import Explained, explained
from core.ledger.limits import Allowed, allowed
from core.ledger.prices import price_at, price_of
from core.ledger.risk import Risk
from core.ledger.room import Span, Sums, Use, check, check_budget, check_choices, spent, uses
from core.ledger.windows import Window
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Image, Improvement, Request


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

    def estimate(self, request: Choices | Request, number: int, references: Sequence[tuple[int, int]] = ()) -> Estimate:
        """What an order that is not stored yet may cost at most, at the prices of this moment."""
        with self.database.read() as session:
            return _estimate(session, request, number, references, self.database.now(session))

    def estimate_all(
        self, requests: Sequence[Choices | Request], references: Sequence[tuple[int, int]] = ()
    ) -> list[Estimate]:
        """The same for several that differ in their descriptions alone."""
        with self.database.read() as session:
            return _estimates(session, requests, references, self.database.now(session))

    def by_quality(
        self, request: Choices | Request, qualities: Sequence[str], references: Sequence[tuple[int, int]] = ()
    ) -> dict[str, int | None]:
        """What one picture may cost at most at each quality, in micro-dollars."""
        with self.database.read() as session:
            price = price_at(session.connection(), request.model, self.database.now(session), request.connection)
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

    def choices_of(self, user_id: int) -> dict[str, str]:
        """The limits on what a person may choose: "quality", "size" and "models", as far as there are any."""
        with self.database.read() as session:
            own = allowed(session, user_id).own
        return {kind: own[kind] for kind in ("quality", "size", "models") if kind in own}

    def check(
        self,
        session: Session,
        user_id: int,
        request: Choices | Request,
        number: int,
        references: Sequence[tuple[int, int]],
        now: datetime,
        connection: str | None = None,
        token: Budget | None = None,
    ) -> Estimate:
        """What the order may cost at most, or a Problem if it may not be made. To be followed by `hold`, at once.

        `connection` draws it, if another one than that of the request; `token` is what it is ordered with.
        """
        limits = allowed(session, user_id)
        found = _estimate(session, request, number, references, now, connection)
        self._check(session, user_id, limits, request, found.number, found.micros, now)
        if token is not None:
            check_budget(token, found.micros)
        return found

    def check_all(
        self,
        session: Session,
        user_id: int,
        requests: Sequence[Choices | Request],
        references: Sequence[tuple[int, int]],
        now: datetime,
    ) -> list[Estimate]:
        """The same for several that differ in their descriptions alone: what each may cost, if there is room for all
        of them together."""
        limits = allowed(session, user_id)
        found = _estimates(session, requests, references, now)
        number, micros = sum(one.number for one in found), sum_of(found)
        self._check(session, user_id, limits, requests[0], number, micros, now)
        return found

    def hold(
        self, session: Session, user_id: int, found: Estimate, now: datetime, token_id: int | None = None
    ) -> dict[str, Any]:
        """Reserve the estimate for pictures that join the line now, and return what the row of each says of it."""
        return self.hold_all(session, user_id, [found], now, token_id)[0]

    def hold_all(
        self, session: Session, user_id: int, found: Sequence[Estimate], now: datetime, token_id: int | None = None
    ) -> list[dict[str, Any]]:
        change = {
            "pictures": sum(one.number for one in found),
            "cost_micros": 0,
            "reserved_micros": sum((one.each or 0) * one.number for one in found),
        }
        add(session.connection(), user_id, now, change)
        charge(session.connection(), token_id, change)
        return [{"reserved_micros": one.each, "counted": True} for one in found]

    def explain(self, image: Image) -> Explained:
        """How the cost of a picture is made up."""
        with self.database.read() as session:
            return explained(image, price_of(session, image.price_id))

    def estimate_text(self, model: str, connection: str, tokens: Tokens) -> int | None:
        """What a text may cost at most, in micro-dollars; None: unpriced."""
        with self.database.read() as session:
            return texts.most(price_at(session.connection(), model, self.database.now(session), connection), tokens)

    def hold_text(
        self, session: Session, user_id: int, model: str, connection: str, tokens: Tokens, now: datetime
    ) -> int | None:
        """Reserve what a text may cost at most, and return it; a Problem if there is no room for it."""
        limits = allowed(session, user_id)
        micros = texts.most(price_at(session.connection(), model, now, connection), tokens)
        zone, allows_unpriced = self._rules(session)
        if micros is None and not allows_unpriced:
            raise Problem("unpriced_refused", model=model)
        check(session, user_id, limits, 0, micros, now, zone)
        texts.hold(session, user_id, micros, now)
        return micros

    def days_at_risk(self) -> list[date]:
        """The days of the site on which something at risk was ordered, the newest first."""
        with self.database.read() as session:
            return risk.days(session, self._zone_of(session), texts.newest_at_risk)

    def risk(self, day: date | None = None) -> Risk:
        """How much is at risk, of one day of the site or in all."""
        with self.database.read() as session:
            return texts.all_at_risk(session, day, self._zone_of(session))

    def texts_at_risk(self, day: date | None = None) -> list[Improvement]:
        """The first of the texts that may have been billed, with their people."""
        with self.database.read() as session:
            return texts.at_risk(session, day, self._zone_of(session))

    def settle_text(self, administrator_id: int, text_id: int, billed: bool, micros: int | None = None) -> None:
        with self.database.write() as session:
            texts.settle(session, self.database.now(session), administrator_id, text_id, billed, micros)

    def at_risk(self, day: date | None = None, skipped: int = 0, most: int | None = None) -> list[Image]:
        """Pictures that may have been billed and whose cost nobody knows; of one day of the site, or all."""
        with self.database.read() as session:
            return risk.images(session, day, self._zone_of(session), skipped, most)

    def settle(self, administrator_id: int, image_id: int, billed: bool, micros: int | None = None) -> None:
        """Say of a picture of unknown outcome what it cost: the estimate, or `micros`; or that it was not billed."""
        with self.database.write() as session:
            risk.settle(session, self.database.now(session), administrator_id, image_id, billed, micros)

    def settle_all(
        self, administrator_id: int, day: date | None, last_id: int, billed: bool, last_text_id: int = 0
    ) -> int:
        """Say the same of all that `risk` told of, and return how many there still were."""
        with self.database.write() as session:
            now, zone = self.database.now(session), self._zone_of(session)
            number = risk.settle_all(session, now, administrator_id, day, zone, last_id, billed)
            number += texts.settle_all(session, now, administrator_id, day, zone, last_text_id, billed)
            if not number:
                raise Problem("not_settleable")
            return number

    def _check(
        self,
        session: Session,
        user_id: int,
        limits: Allowed,
        request: Choices | Request,
        number: int,
        micros: int | None,
        now: datetime,
    ) -> None:
        zone, allows_unpriced = self._rules(session)
        if micros is None and not allows_unpriced:
            raise Problem("unpriced_refused", model=request.model)
        check_choices(limits, request.model, request.quality, request.size)
        check(session, user_id, limits, number, micros, now, zone)

    def _zone_of(self, session: Session) -> tzinfo:
        return self._rules(session)[0]

    def _rules(self, session: Session) -> tuple[tzinfo, bool]:
        """The site's time zone, and whether models without a price are allowed."""
        if self._sites is None:
            return self._zone, self._allows_unpriced
        site = self._sites.within(session)
        return site.zone, site.allows_unpriced


def _estimate(
    session: Session,
    request: Choices | Request,
    number: int,
    references: Sequence[tuple[int, int]],
    now: datetime,
    connection: str | None = None,
) -> Estimate:
    price = price_at(session.connection(), request.model, now, connection or request.connection)
    return _at(price, request, number, references)


def _estimates(
    session: Session, requests: Sequence[Choices | Request], references: Sequence[tuple[int, int]], now: datetime
) -> list[Estimate]:
    price = price_at(session.connection(), requests[0].model, now, requests[0].connection)
    return [_at(price, request, request.number, references) for request in requests]


def _at(
    price: Price | None, request: Choices | Request, number: int, references: Sequence[tuple[int, int]]
) -> Estimate:
    return estimate(
        price,
        request.model,
        request.size,
        request.quality,
        number,
        request.previews,
        request.description,
        references,
    )
