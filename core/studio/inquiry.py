"""Who asked for what, and what came of it: every picture of everybody, narrowed down, in any order, a page at a time.

No question reads all the pictures, however many there are. A first look goes a short way along the order that is asked
for, which is enough for all that is frequent. What is rare is found by whichever of its marks the fewest pictures have.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, true, tuple_, union_all
from sqlalchemy.orm import Session, contains_eager

from core.accounts.acts import day_of
from core.accounts.people import normal_login
from core.ledger.costs import MILLION
from core.ledger.export import Entry, entries
from core.ledger.windows import midnight
from core.storage.database import Database
from core.storage.tables import Image, Kind, Request, User
from core.studio.gallery import LARGEST_ID
from core.studio.search import has_words, matching, words

PAGE = 30
BATCH = 1_000  # of an export
FIRST_LOOK = 2_000  # pictures along the order that is asked for
FIRST_WORDS = 300  # of them, descriptions that are looked into before the words are counted
RARE = 20_000  # pictures that are looked at one by one
KINDS_AT_ONCE = 40
LONGEST = 200
OF_KIND = ("state", "model", "door", "quality", "connection", "problem")
# How a list can be ordered: by what, and whether the largest comes first. What has none of it is left out.
SORTS: dict[str, tuple[Any, bool]] = {
    "newest": (Image.created_at, True),
    "oldest": (Image.created_at, False),
    "dearest": (Image.cost_micros, True),
    "slowest": (Image.milliseconds, True),
}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Which pictures are wanted; "" and None: all. `user` is a sign-in name, `above` micro-dollars, `q` words."""

    user: str = ""
    state: str = ""
    model: str = ""
    door: str = ""
    quality: str = ""
    connection: str = ""
    problem: str = ""
    q: str = ""
    start: datetime | None = None
    end: datetime | None = None
    above: int | None = None
    sort: str = "newest"

    @classmethod
    def of(cls, address: Mapping[str, str], zone: tzinfo) -> Self:
        """What an address asks for: the names above, `from` and `to` (days of the site), `above` in dollars."""
        first, last = day_of(address.get("from", "")), day_of(address.get("to", ""))
        texts = {
            field.name: address.get(field.name, "")[:LONGEST].replace("\0", "")
            for field in fields(cls)
            if field.type in ("str", str) and field.name != "sort"
        }
        return cls(
            **texts,
            start=midnight(first, zone) if first else None,
            end=midnight(last + timedelta(days=1), zone) if last else None,
            above=_micros(address.get("above", "")),
            sort=sort if (sort := address.get("sort", "newest")) in SORTS else "newest",
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A page of pictures, each with its request and its person; `newer` and `older` are keys of the neighbours."""

    images: Sequence[Image]
    newer: int | None
    older: int | None


class Inquiries:
    def __init__(self, database: Database):
        self.database = database

    def page(self, wanted: Inquiry, before: int | None = None, after: int | None = None, size: int = PAGE) -> Found:
        """The page that follows picture `before` in the order, or precedes picture `after`, or the first one."""
        with self.database.read() as session:
            image_ids = ids(session, wanted, size + 1, before if after is None else after, after is not None)
            more, image_ids = len(image_ids) > size, image_ids[:size]
            if after is not None:
                image_ids.reverse()
            images = _loaded(session, image_ids)
        first, last = (images[0].id, images[-1].id) if images else (None, None)
        if after is not None:
            return Found(images, first if more else None, last)
        return Found(images, first if before is not None else None, last if more else None)

    def export(self, wanted: Inquiry) -> Generator[Entry, None, None]:
        """All of them, in the order. Each batch is of its own moment, so that nothing is held all the while."""
        key = None
        while True:
            with self.database.read() as session:
                image_ids = ids(session, wanted, BATCH, key)
                found = entries(session, image_ids)
            yield from found
            if len(image_ids) < BATCH:
                return
            key = image_ids[-1]

    def marks(self) -> dict[str, list[str]]:
        """What pictures can be narrowed down to: each mark with all that it has been."""
        with self.database.read() as session:
            kinds = session.scalars(select(Kind)).all()
        return {mark: sorted({getattr(kind, mark) for kind in kinds} - {""}) for mark in OF_KIND}


Wrap = Callable[[Any], Any]
Trait = Callable[[Wrap], ColumnElement[bool]]  # a condition; what its columns are wrapped in decides about indexes


def ids(session: Session, wanted: Inquiry, number: int, key: int | None = None, backwards: bool = False) -> list[int]:
    """The first `number` pictures in the order, after picture `key`, or before it if `backwards`."""
    if not wanted.q.strip():
        return _ids(session, wanted, number, key, backwards)
    matches = matching(session, wanted.q)
    found, passed, is_all = _with_words(session, wanted, number, key, backwards, FIRST_WORDS)
    if len(found) >= number or is_all:
        return found[:number]
    if (session.scalar(select(func.count()).select_from(matches.limit(RARE + 1).subquery())) or 0) <= RARE:
        return _ids(session, wanted, number, key, backwards, lambda wrap: wrap(Image.request_id).in_(matches))
    while len(found) < number and not is_all:
        more, passed, is_all = _with_words(session, wanted, number, passed, backwards, FIRST_LOOK)
        found += more
    return found[:number]


def _with_words(
    session: Session,
    wanted: Inquiry,
    number: int,
    key: int | None,
    backwards: bool,
    looked_at: int,
) -> tuple[list[int], int | None, bool]:
    """Of the next pictures that fit otherwise, those whose description has the words; the last of them all; and
    whether there are no further ones."""
    looked_at = max(looked_at, number)
    image_ids = _ids(session, replace(wanted, q=""), looked_at, key, backwards)
    query = select(Image.id, Request.description).join(Image.request).where(Image.id.in_(image_ids))
    looked_for = words(wanted.q)
    having = {image_id for image_id, description in session.execute(query) if has_words(description, looked_for)}
    found = [image_id for image_id in image_ids if image_id in having]
    return found, image_ids[-1] if image_ids else None, len(image_ids) < looked_at


def _ids(
    session: Session, wanted: Inquiry, number: int, key: int | None, backwards: bool, found_by: Trait | None = None
) -> list[int]:
    """The same without looking at descriptions; `found_by`, which few have, is what they are found by."""
    column, largest_first = SORTS[wanted.sort]
    falling = largest_first != backwards
    place = _place(session, column, key)
    if key is not None and place is None:
        return []
    kinds, user_id = _kinds(session, wanted), _user_id(session, wanted)
    if kinds == [] or user_id == 0:
        return []
    by_time = column is Image.created_at
    along = [_after(column, place, falling)] + ([_span(wanted)] if by_time else [])
    marks = _marks(wanted, kinds, user_id, by_time)
    order = _order(column, falling)
    if found_by is None:
        if not marks:
            return list(session.scalars(_select(along, order, number)))
        found, is_all = _first_look(session, along, marks, order, number)
        if len(found) >= number or is_all:
            return found[:number]
    rarest = found_by or _rarest(session, marks)
    if rarest is not None:
        others = [trait(_opaque) for trait in (*along, *marks) if trait is not rarest]
        hidden = [part.desc() if falling else part.asc() for part in (_opaque(column), _opaque(Image.id))]
        return list(session.scalars(select(Image.id).where(rarest(_plain), *others).order_by(*hidden).limit(number)))
    if kinds is not None:
        return _of_kinds(session, kinds, [*along, *marks], column, falling, number)
    return list(session.scalars(_select([*along, *marks], order, number)))


def _plain(column: Any) -> Any:
    return column


def _opaque(column: Any) -> Any:
    """The same values, which no index knows: the rows are found by something better."""
    return func.coalesce(column, None)


def _order(column: Any, falling: bool) -> list[ColumnElement[Any]]:
    return [column.desc(), Image.id.desc()] if falling else [column.asc(), Image.id.asc()]


def _select(marks: Sequence[Trait], order: Sequence[ColumnElement[Any]], number: int) -> Select[int]:
    return select(Image.id).where(*(trait(_plain) for trait in marks)).order_by(*order).limit(number)


def _place(session: Session, column: Any, key: int | None) -> tuple[Any, int] | None:
    """Where in the order a picture is."""
    if key is None or not 0 < key <= LARGEST_ID:
        return None
    row = session.execute(select(column, Image.id).where(Image.id == key)).one_or_none()
    return None if row is None or row[0] is None else (row[0], row[1])


def _after(column: Any, place: tuple[Any, int] | None, falling: bool) -> Trait:
    def trait(wrap: Wrap) -> ColumnElement[bool]:
        if place is None:
            condition: ColumnElement[bool] = wrap(column).is_not(None)
            return condition
        value = literal(place[0], column.type)
        here, there = tuple_(wrap(column), wrap(Image.id)), tuple_(value, literal(place[1]))
        return here < there if falling else here > there

    return trait


def _span(wanted: Inquiry) -> Trait:
    def trait(wrap: Wrap) -> ColumnElement[bool]:
        moment, condition = wrap(Image.created_at), true()
        if wanted.start is not None:
            condition = condition & (moment >= wanted.start)
        return condition if wanted.end is None else condition & (moment < wanted.end)

    return trait


def _marks(wanted: Inquiry, kinds: list[int] | None, user_id: int | None, by_time: bool) -> list[Trait]:
    marks: list[Trait] = []
    if user_id is not None:
        marks.append(lambda wrap: wrap(Image.user_id) == user_id)
    if kinds is not None:
        marks.append(lambda wrap: wrap(Image.kind_id).in_(kinds))
    if wanted.above is not None:
        marks.append(lambda wrap: wrap(Image.cost_micros) > wanted.above)
    if not by_time and (wanted.start is not None or wanted.end is not None):
        marks.append(_span(wanted))
    return marks


def _first_look(
    session: Session, along: Sequence[Trait], marks: Sequence[Trait], order: Sequence[ColumnElement[Any]], number: int
) -> tuple[list[int], bool]:
    """What fits among the first pictures of the order, and whether these were all there are."""
    fits = and_(true(), *(trait(_opaque) for trait in marks)).label("fits")
    look = select(Image.id, fits).where(*(trait(_plain) for trait in along)).order_by(*order)
    rows = session.execute(look.limit(max(FIRST_LOOK, number))).all()
    return [row.id for row in rows if row.fits], len(rows) < max(FIRST_LOOK, number)


def _rarest(session: Session, marks: Sequence[Trait]) -> Trait | None:
    """The mark that the fewest pictures have, if they are few enough to be looked at one by one."""
    counts = []
    for trait in marks:
        having = select(Image.id).where(trait(_plain)).limit(RARE + 1).subquery()
        counts.append((session.scalar(select(func.count()).select_from(having)) or 0, trait))
        if counts[-1][0] <= RARE // 20:
            break
    least, rarest = min(counts, key=lambda pair: pair[0])
    return rarest if least <= RARE else None


def _of_kinds(
    session: Session, kinds: Sequence[int], marks: Sequence[Trait], column: Any, falling: bool, number: int
) -> list[int]:
    """Of each kind the first ones, and of all these the first ones."""
    others = [trait(_plain) for trait in marks]
    firsts: list[tuple[Any, int]] = []
    for start in range(0, len(kinds), KINDS_AT_ONCE):
        parts = [
            select(Image.id, column.label("place"))
            .where(Image.kind_id == kind, *others)
            .order_by(*_order(column, falling))
            .limit(number)
            .subquery()
            for kind in kinds[start : start + KINDS_AT_ONCE]
        ]
        rows = session.execute(union_all(*(select(part.c.place, part.c.id) for part in parts)))
        firsts += [(row[0], row[1]) for row in rows]
    firsts.sort(reverse=falling)
    return [image_id for _, image_id in firsts[:number]]


def _kinds(session: Session, wanted: Inquiry) -> list[int] | None:
    """The kinds that are asked for; None: all."""
    marks = {name: value for name in OF_KIND if (value := getattr(wanted, name))}
    return list(session.scalars(select(Kind.id).filter_by(**marks))) if marks else None


def _user_id(session: Session, wanted: Inquiry) -> int | None:
    """0, which nobody has, for a name that nobody has; None: everybody."""
    if not wanted.user:
        return None
    return session.scalar(select(User.id).where(User.login == normal_login(wanted.user))) or 0


def _loaded(session: Session, image_ids: Sequence[int]) -> list[Image]:
    query = (
        select(Image)
        .join(Image.request)
        .join(Request.user)
        .options(contains_eager(Image.request).contains_eager(Request.user))
        .where(Image.id.in_(image_ids))
    )
    found = {image.id: image for image in session.scalars(query)}
    return [found[image_id] for image_id in image_ids]


def _micros(typed: str) -> int | None:
    with suppress(InvalidOperation):
        dollars = Decimal(typed.strip().replace(",", "."))
        if dollars.is_finite() and 0 <= dollars < MILLION:
            return int(dollars * MILLION)
    return None
