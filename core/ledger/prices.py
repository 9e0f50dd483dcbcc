"""The price list: the catalogue's rows and the administrator's, each from a moment on. Nothing booked ever changes."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, literal_column, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.catalog import catalog
from core.errors import Problem
from core.ledger.costs import CLASSES, MILLION, Price
from core.storage.database import Database
from core.storage.tables import Price as Row

PATH = Path(catalog.__file__).with_name("prices.toml")
LONGEST_MODEL = 128  # characters, as the table has them
DEAREST = Decimal(1_000_000)  # dollars; whatever is above was mistyped


class Prices:
    def __init__(self, database: Database):
        self.database = database

    def load_catalogue(self) -> None:
        """Add the catalogue's rows that are not in the list yet; a row whose price it changed is added anew."""
        with self.database.read() as session:
            missing = _missing(session)
        if not missing:
            return
        with self.database.write() as session:
            now = self.database.now(session)
            session.add_all(Row(**values, created_at=now) for values in _missing(session))

    def add(
        self, user_id: int, model: str, valid_from: datetime, source: str, dollars: dict[str, Decimal | None]
    ) -> int:
        """A row from a moment on. `dollars` has a price for a million tokens of each class, or for `per_picture`."""
        micros = {name: micros_of(value) for name, value in dollars.items() if value is not None}
        model, source = model.strip(), "".join(filter(str.isprintable, source)).strip()
        if not 0 < len(model) <= LONGEST_MODEL or not model.isprintable():
            raise Problem("price_incomplete")
        if not micros or ("per_picture" in micros and len(micros) > 1):
            raise Problem("price_incomplete")
        with self.database.write() as session:
            now, before = self.database.now(session), price_at(session.connection(), model, valid_from)
            values = {"model": model, "valid_from": valid_from, "source": source or "–", **micros}
            row = Row(**values, created_at=now, user_id=user_id)
            session.add(row)
            session.flush()
            audit.record(
                session,
                now,
                "price.added",
                model,
                {name: value for name, value in asdict(before).items() if value is not None} if before else None,
                {"id": row.id, **values, "valid_from": valid_from.isoformat()},
            )
            return row.id

    def all(self) -> Sequence[Row]:
        """Every row, model by model, the one that holds last first."""
        with self.database.read() as session:
            return session.scalars(select(Row).order_by(Row.model, Row.valid_from.desc(), Row.id.desc())).all()

    def today(self, model: str, connection: str = "") -> Price | None:
        with self.database.read() as session:
            return price_at(session.connection(), model, self.database.now(session), connection)


def price_at(connection: Connection, model: str, moment: datetime, drawn_by: str = "") -> Price | None:
    """The price of a model at a moment, drawn by the connection of this name; None: unpriced."""
    row = _row_at(connection, model, moment, drawn_by)
    if row is not None and row.connection and not _has_prices(row):
        row = _row_at(connection, model, moment, "")
    return Price(*row[:-1]) if row is not None else None


def price_of(session: Session, price_id: int | None) -> Price | None:
    """That of a row, which a picture names."""
    row = session.execute(select(*_PRICE).where(Row.id == price_id)).one_or_none()
    return Price(*row) if row is not None else None


def set_price_of(
    session: Session, connection: str, model: str, micros: int | None, now: datetime, user_id: int | None
) -> None:
    """From now on a picture of this model costs so much on this connection; None: what the list says."""
    if own_price(session.connection(), connection, model, now) != micros:
        session.add(
            Row(
                model=model,
                connection=connection,
                valid_from=now,
                source=connection,
                created_at=now,
                user_id=user_id,
                per_picture=micros,
            )
        )
        session.flush()


def own_price(connection: Connection, name: str, model: str, now: datetime) -> int | None:
    """What a picture of this model costs on this connection, if it has a price of its own."""
    row = _row_at(connection, model, now, name)
    return row.per_picture if row is not None and row.connection else None


def _has_prices(row: Any) -> bool:
    return any(getattr(row, name) is not None for name in (*CLASSES, "per_picture"))


def _row_at(connection: Connection, model: str, moment: datetime, drawn_by: str) -> Any:
    bound = {"wanted": model, "moment": moment, "drawn_by": drawn_by}
    return connection.execute(_HOLDING, bound).one_or_none()


_PRICE = tuple(getattr(Row, field.name) for field in fields(Price))
_HOLDING = (
    select(*_PRICE, Row.connection)
    .where(
        Row.model == bindparam("wanted", type_=Row.model.type),
        Row.valid_from <= bindparam("moment", type_=Row.valid_from.type),
        (Row.connection == "") | (Row.connection == bindparam("drawn_by", type_=Row.connection.type)),
    )
    .order_by(Row.connection == "", Row.valid_from.desc(), Row.id.desc())
    .limit(literal_column("1"))
)


def _missing(session: Session) -> list[dict[str, Any]]:
    rows = session.scalars(select(Row).where(Row.user_id.is_(None), Row.connection == "").order_by(Row.id))
    known = {(row.model, row.valid_from): row for row in rows}
    return [
        values
        for values in _catalogue(PATH)
        if (row := known.get((values["model"], values["valid_from"]))) is None
        or any(getattr(row, name) != values.get(name) for name in (*CLASSES, "per_picture"))
    ]


@cache
def _catalogue(path: Path) -> list[dict[str, Any]]:
    return list(_rows(tomllib.loads(path.read_text("utf-8"))["prices"]))


def _rows(tables: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for table in tables:
        day: date = table["from"]
        micros = {name: micros_of(Decimal(table[name])) for name in (*CLASSES, "per_picture") if name in table}
        for model in table["models"]:
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            yield {"model": model, "valid_from": start, "source": table["source"], **micros}


def micros_of(dollars: Decimal) -> int:
    """Micro-dollars of an amount that must be one: finite, not negative, not beyond all measure."""
    if not dollars.is_finite() or not 0 <= dollars <= DEAREST:
        raise Problem("price_impossible", value=str(dollars)[:20])
    return int((dollars * MILLION).to_integral_value())
