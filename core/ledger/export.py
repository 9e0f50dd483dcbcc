"""The export: one row for each picture that was ordered in a period, however many there are, then one for each text.

Rows are read in batches by their id, in one transaction that sees one moment: the sums of an export are those of
`totals` at the moment when its first row was read.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.ledger.costs import CLASSES, Tokens, text_tokens_of, tokens_of
from core.ledger.windows import midnight
from core.storage.database import Database
from core.storage.tables import UNDER_WAY, Image, Improvement, Request, User

BATCH = 1_000  # rows; a description has up to 32,000 characters


class Entry(NamedTuple):
    """A picture, as the columns of a file. Money is dollars; None: not known, or none is held.

    `size` is that of the picture that came. `reserved_usd` is held while it is under way; `at_risk_usd` is still held
    although it no longer is, because nobody knows whether it was billed. Cached tokens are not among the others.
    """

    image_id: int | None
    request_id: int | None
    text_id: int | None  # in the place of the two above, for what a text model wrote
    user_id: int
    login: str
    name: str
    ordered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    door: str
    connection: str
    model: str
    size_asked: str | None
    size: str | None
    quality: str | None
    state: str
    counted: bool
    text_in_tokens: int | None
    cached_text_in_tokens: int | None
    image_in_tokens: int | None
    cached_image_in_tokens: int | None
    image_out_tokens: int | None
    text_out_tokens: int | None
    price_id: int | None
    cost_usd: Decimal | None
    reserved_usd: Decimal | None
    at_risk_usd: Decimal | None
    provider_request_id: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the pictures that were ordered in a period: how many count, and micro-dollars as in `Entry`."""

    pictures: int
    cost_micros: int
    reserved_micros: int
    at_risk_micros: int


def period(first: date, last: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last, both of the site's time zone."""
    return midnight(first, zone), midnight(last + timedelta(days=1), zone)


def totals(session: Session, start: datetime, end: datetime, user_id: int | None = None) -> Totals:
    """The sums of `export` for the same period: from `start` on, and before `end`."""
    under_way = Image.state.in_(UNDER_WAY)
    sums = select(
        func.count().filter(Image.counted),
        func.sum(Image.cost_micros),
        func.sum(Image.reserved_micros).filter(under_way),
        func.sum(Image.reserved_micros).filter(~under_way),
    )
    pictures = session.execute(sums.where(_ordered(start, end, user_id))).one()
    is_open = Improvement.state == "running"
    written = select(
        func.sum(Improvement.cost_micros),
        func.sum(Improvement.reserved_micros).filter(is_open),
        func.sum(Improvement.reserved_micros).filter(~is_open),
    )
    texts = session.execute(written.where(_asked(start, end, user_id))).one()
    return Totals(*(int(one or 0) + int(other or 0) for one, other in zip(pictures, (0, *texts), strict=True)))


def export(
    database: Database, start: datetime, end: datetime, person: int | None = None
) -> Generator[Entry, None, None]:
    """The pictures ordered from `start` on and before `end`, by their ids; `person` is a user's id.

    Holds a transaction until its end: whoever may stop earlier closes it (`contextlib.closing`).
    """
    with one_moment(database) as session:
        last = 0
        while rows := session.execute(_batch(_ordered(start, end, person), last)).all():
            yield from map(_entry, rows)
            last = rows[-1].image_id
        last = 0
        while texts := session.execute(_texts(_asked(start, end, person), last)).all():
            yield from (_entry_of_text(row, login, name) for row, login, name in texts)
            last = texts[-1][0].id
            session.expunge_all()


def entries(session: Session, keys: Sequence[int]) -> list[Entry]:
    """These pictures and texts, in this order; the key of a text is its id below zero."""
    image_ids, text_ids = [key for key in keys if key > 0], [-key for key in keys if key < 0]
    rows = session.execute(_batch(Image.id.in_(image_ids), 0).limit(None)).all()
    found = {row.image_id: _entry(row) for row in rows}
    if text_ids:
        texts = session.execute(_texts(Improvement.id.in_(text_ids), 0)).all()
        found |= {-row.id: _entry_of_text(row, login, name) for row, login, name in texts}
    return [found[key] for key in keys]


def note_export(database: Database, first: date, last: date, kind: str, login: str | None = None) -> None:
    """Record that somebody takes the export with them; `login` is the one person whose pictures it has."""
    after = {"format": kind, "login": login} if login else {"format": kind}
    with database.write() as session:
        audit.record(session, database.now(session), "ledger.exported", f"{first} – {last}", after=after)


@contextmanager
def one_moment(database: Database) -> Iterator[Session]:
    """All that is read is of one moment. On SQLite every transaction is like that."""
    with database.read() as session:
        if database.is_postgresql:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def _ordered(start: datetime, end: datetime, user_id: int | None) -> ColumnElement[bool]:
    within = and_(Image.created_at >= start, Image.created_at < end)
    return within if user_id is None else and_(within, Image.user_id == user_id)


def _asked(start: datetime, end: datetime, user_id: int | None) -> ColumnElement[bool]:
    within = and_(Improvement.created_at >= start, Improvement.created_at < end)
    return within if user_id is None else and_(within, Improvement.user_id == user_id)


def _texts(asked: ColumnElement[bool], last: int) -> Select[Improvement, str, str]:
    query = select(Improvement, User.login, User.name).join(User, User.id == Improvement.user_id)
    return query.where(asked, Improvement.id > last).order_by(Improvement.id).limit(BATCH)


def _batch(ordered: ColumnElement[bool], last: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Image.id.label("image_id"),
            Image.request_id,
            Image.user_id,
            User.login,
            User.name,
            Image.created_at,
            Image.started_at,
            Image.finished_at,
            Request.door,
            Image.connection,
            Request.model,
            Request.size,
            Image.width,
            Image.height,
            Request.quality,
            Image.state,
            Image.counted,
            Image.usage,
            Image.price_id,
            Image.cost_micros,
            Image.reserved_micros,
            Image.provider_request_id,
            Request.description,
        )
        .join(Request, Request.id == Image.request_id)
        .join(User, User.id == Image.user_id)
        .where(ordered, Image.id > last)
        .order_by(Image.id)
        .limit(BATCH)
    )


def _entry(row: Row[Any]) -> Entry:
    tokens = tokens_of(row.usage)
    held = _dollars(row.reserved_micros)
    is_under_way = row.state in UNDER_WAY
    return Entry(
        image_id=row.image_id,
        request_id=row.request_id,
        text_id=None,
        user_id=row.user_id,
        login=row.login,
        name=row.name,
        ordered_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        door=row.door,
        connection=row.connection,
        model=row.model,
        size_asked=row.size,
        size=f"{row.width}x{row.height}" if row.width and row.height else None,
        quality=row.quality,
        state=row.state,
        counted=row.counted,
        **_tokens(tokens),
        price_id=row.price_id,
        cost_usd=_dollars(row.cost_micros),
        reserved_usd=held if is_under_way else None,
        at_risk_usd=None if is_under_way else held,
        provider_request_id=row.provider_request_id,
        description=row.description,
    )


def _entry_of_text(row: Improvement, login: str, name: str) -> Entry:
    tokens, held = text_tokens_of(row.usage), _dollars(row.reserved_micros)
    is_open = row.state == "running"
    return Entry(
        image_id=None,
        request_id=None,
        text_id=row.id,
        user_id=row.user_id,
        login=login,
        name=name,
        ordered_at=row.created_at,
        started_at=row.created_at,
        finished_at=row.finished_at,
        door="pages",
        connection=row.connection,
        model=row.model,
        size_asked=None,
        size=None,
        quality=None,
        state=row.state,
        counted=False,
        **_tokens(tokens),
        price_id=row.price_id,
        cost_usd=_dollars(row.cost_micros),
        reserved_usd=held if is_open else None,
        at_risk_usd=None if is_open else held,
        provider_request_id=row.provider_request_id,
        description=row.original,
    )


def _tokens(found: Tokens | None) -> dict[str, int | None]:
    """The columns of each class."""
    return {f"{name}_tokens": getattr(found, name) if found else None for name in CLASSES}


def _dollars(micros: int | None) -> Decimal | None:
    return None if micros is None else Decimal(micros).scaleb(-6)
