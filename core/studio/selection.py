"""Which pictures a view shows, in its order, a piece at a time.

No question reads all the pictures of a person, however many there are. Each stands on a shelf (`core.storage.tables`),
and of the shelves that a view shows, only the first pictures of each are read. What shelves do not know (words, a
collection, days where the order is another) is looked for along the order for a short way, which finds all that is
frequent; what is rare is found by whichever of its marks the fewest pictures have.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, true
from sqlalchemy.orm import Session, aliased

from core.accounts.sessions import Person
from core.storage.among import among, is_among
from core.storage.tables import Image, Request, Shelf, User
from core.studio.search import has_words, matching, words
from core.studio.stretches import Place, Stretch, opaque, order, plain, stretches
from core.studio.views import EVERYBODY, View
from core.studio.wanted import NOBODY, Wanted, after, wanted_of

LARGEST_ID = 2**63 - 1
FIRST_LOOK = 600  # pictures along the order
FIRST_WORDS = 200  # of them, descriptions that are looked into
RARE = 1_000  # pictures that are looked at one by one
READ = 1_500  # descriptions that are read before the words are looked up, if that should do
AT_ONCE = 1_000  # of them
GATHERED = 50_000  # matches among all that are few enough to be gathered
FEW_SHELVES = 8


def owner(session: Session, person: Person, view: View) -> int | None:
    """Whose pictures a person looks at; None: everybody's, which only an administrator does."""
    if not person.is_admin or not view.person:
        return person.user_id
    if view.person == EVERYBODY:
        return None
    return session.scalar(select(User.id).where(User.login == view.login)) or NOBODY


def place_of(session: Session, view: View, image_id: int | None) -> Place | None:
    """Where in the view's order a picture is; None, the beginning, for one that there is not."""
    if image_id is None or not 0 < image_id <= LARGEST_ID:
        return None
    row = session.execute(select(_column(view), Image.id).where(Image.id == image_id)).one_or_none()
    return None if row is None else (row[0], row[1])


def ids(
    session: Session, user_id: int | None, view: View, number: int, place: Place | None, backwards: bool = False
) -> list[int]:
    """The first `number` pictures of the view, after a place in its order, or before it if `backwards`."""
    wanted = wanted_of(session, user_id, view)
    if wanted is None:
        return []
    found: list[int] = []
    for part in _stretches(view, place, backwards):
        within, stretch = wanted.narrowed(part)
        more = _with_words(session, within, stretch, number - len(found), view.q)
        found += [image_id for _, image_id in more]
        if len(found) >= number:
            break
    return found


def _column(view: View) -> Any:
    return Image.cost_micros if view.sort == "dear" else Image.created_at


def _stretches(view: View, place: Place | None, backwards: bool) -> list[Stretch]:
    """What costs nobody knows how much comes behind all that has a cost."""
    return stretches(_column(view), (view.sort != "old") != backwards, place, backwards)


def _with_words(session: Session, wanted: Wanted, stretch: Stretch, number: int, typed: str) -> list[Place]:
    """The first of those that fit whose descriptions have the words."""
    if not typed:
        return _fitting(session, wanted, stretch, number)
    found, rest = _looked_into(session, wanted, stretch, max(FIRST_WORDS, number), typed)
    more, rest = _read_on(session, wanted, rest, number - len(found), typed, len(found) / FIRST_WORDS, READ)
    found += more
    if rest is None or len(found) >= number:
        return found[:number]
    requests = session.scalars(matching(session, typed, wanted.user_id).limit(GATHERED + 1)).all()
    if len(requests) <= RARE:
        return _one_by_one(session, wanted, stretch, number, among(session, Image.request_id, requests))
    if len(requests) <= GATHERED:
        return found + _walked(session, wanted, rest, number - len(found), requests)
    return found + _read_on(session, wanted, rest, number - len(found), typed, 1 / FIRST_WORDS)[0]


def _read_on(
    session: Session,
    wanted: Wanted,
    rest: Stretch | None,
    number: int,
    typed: str,
    share: float,
    most: int | None = None,
) -> tuple[list[Place], Stretch | None]:
    """As `_looked_into`, where about this share of the descriptions has the words; `most`: as long as so many should
    do, and no more are read."""
    found: list[Place] = []
    read = 0
    while rest is not None and len(found) < number and share:
        likely = int((number - len(found)) / share)
        if most is not None and read + likely > most:
            break
        likely = min(max(likely, FIRST_WORDS), AT_ONCE)
        more, rest = _looked_into(session, wanted, rest, likely, typed)
        found, read = found + more, read + likely
    return found[:number], rest


def _looked_into(
    session: Session, wanted: Wanted, stretch: Stretch, number: int, typed: str
) -> tuple[list[Place], Stretch | None]:
    """Of the next pictures that fit otherwise, those with the words; and what is left of the stretch, if anything."""
    places = _fitting(session, wanted, stretch, number)
    keys = among(session, Image.id, [image_id for _, image_id in places])
    descriptions = select(Image.id, Request.description, Request.words).join(Image.request).where(keys)
    looked_for = words(typed)
    having = {row.id for row in session.execute(descriptions) if has_words(row.description, row.words, looked_for)}
    found = [place for place in places if place[1] in having]
    return found, replace(stretch, place=places[-1]) if len(places) == number else None


def _fitting(session: Session, wanted: Wanted, stretch: Stretch, number: int) -> list[Place]:
    """The first that fit, whatever their words."""
    is_of_shelves = stretch.is_by_time and wanted.collection is None
    if not is_of_shelves or len(wanted.shelves) > FEW_SHELVES or number >= FIRST_WORDS:
        found = _first_look(session, wanted, stretch, number)
        if len(found) >= number:
            return found
    if is_of_shelves:
        return _of_shelves(session, wanted, stretch, number)
    for mark in wanted.marks(stretch):
        few = session.scalars(mark.limit(RARE + 1)).all()
        if len(few) <= RARE:
            return _one_by_one(session, wanted, stretch, number, among(session, Image.id, few))
    return _walked(session, wanted, stretch, number)


def _walked(
    session: Session, wanted: Wanted, stretch: Stretch, number: int, requests: Sequence[int] | None = None
) -> list[Place]:
    """Along the order until there are enough; with `requests`, pictures of these."""
    conditions = [trait(opaque) for trait in wanted.conditions(stretch)]
    if requests is not None:
        conditions.append(is_among(session, opaque(Image.request_id), requests))
    walk = _path(wanted, stretch).where(*conditions)
    return _places(session, walk.order_by(*order(stretch.column, Image.id, stretch.falling)).limit(number))


def _of_shelves(session: Session, wanted: Wanted, stretch: Stretch, number: int) -> list[Place]:
    """Of each shelf the first ones, and of all these the first ones."""
    its = aliased(Image)
    value: Any
    image_id: Any
    query: Select[Any]
    traits = (*wanted.whose(), *wanted.span(), *after(stretch))
    firsts = (
        select(its.created_at, its.id)
        .where(its.shelf_id == Shelf.id, *(trait(lambda column: getattr(its, column.key)) for trait in traits))
        .order_by(*order(its.created_at, its.id, stretch.falling))
        .limit(number)
        .correlate(Shelf)
    )
    if session.get_bind().dialect.name == "sqlite":
        ids_of_firsts = firsts.with_only_columns(its.id)
        value, image_id = Image.created_at, Image.id
        query = select(value, image_id).select_from(Shelf).join(Image, image_id.in_(ids_of_firsts))
    else:
        lateral = firsts.lateral()
        value, image_id = lateral.c.created_at, lateral.c.id
        query = select(value, image_id).select_from(Shelf).join(lateral, true())
    ordered = order(value, image_id, stretch.falling)
    return _places(session, query.where(Shelf.id.in_(wanted.shelves)).order_by(*ordered).limit(number))


def _first_look(session: Session, wanted: Wanted, stretch: Stretch, number: int) -> list[Place]:
    """What fits among the first pictures of the order."""
    fits = and_(true(), *(trait(opaque) for trait in wanted.conditions(stretch))).label("fits")
    look = _path(wanted, stretch).add_columns(fits).order_by(*order(stretch.column, Image.id, stretch.falling))
    seen = look.limit(max(FIRST_LOOK, 2 * number)).subquery()
    value, image_id = seen.c.value, seen.c.id
    query = select(value, image_id).where(seen.c.fits).order_by(*order(value, image_id, stretch.falling))
    return _places(session, query.limit(number))


def _one_by_one(
    session: Session, wanted: Wanted, stretch: Stretch, number: int, few: ColumnElement[bool]
) -> list[Place]:
    """Of a few pictures, the first ones that fit."""
    traits = (*wanted.whose(), *wanted.span(), *after(stretch), *wanted.conditions(stretch))
    query = select(stretch.column, Image.id).where(few, *(trait(opaque) for trait in traits))
    ordered = order(opaque(stretch.column), opaque(Image.id), stretch.falling)
    return _places(session, query.order_by(*ordered).limit(number))


def _path(wanted: Wanted, stretch: Stretch) -> Select[Any]:
    """Along the order; an index has all of it."""
    traits = (*wanted.whose(), *(wanted.span() if stretch.is_by_time else ()), *after(stretch))
    return select(stretch.column.label("value"), Image.id).where(*(trait(plain) for trait in traits))


def _places(session: Session, query: Select[Any]) -> list[Place]:
    return [(row[0], row[1]) for row in session.execute(query)]
