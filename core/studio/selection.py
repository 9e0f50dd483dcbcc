"""Which pictures a view shows, in its order, a piece at a time."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select, tuple_
from sqlalchemy.orm import Session

from core.accounts.sessions import Person
from core.catalog.catalog import WIDE
from core.storage.tables import Collection, CollectionPicture, Image, Request, User
from core.studio.search import matching
from core.studio.views import ANY_STATE, BIN, EVERYBODY, View

LARGEST_ID = 2**63 - 1
NOBODY = 0  # a key that no row has
UNPRICED = -1  # behind all that have a price

Place = tuple[Any, int]


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
    row = session.execute(select(*_order(view)).where(Image.id == image_id)).one_or_none()
    return None if row is None else (row[0], row[1])


def ids(
    session: Session, user_id: int | None, view: View, number: int, place: Place | None, backwards: bool = False
) -> list[int]:
    """The first `number` pictures of the view, after a place in its order, or before it if `backwards`."""
    falling = (view.sort != "old") != backwards
    order = _order(view)
    query = select(Image.id).join(Image.request).where(*_conditions(session, user_id, view))
    if place is not None:
        here, there = tuple_(*order), tuple_(literal(place[0], order[0].type), literal(place[1]))
        query = query.where(here < there if falling else here > there)
    query = query.order_by(*(column.desc() if falling else column.asc() for column in order))
    return list(session.scalars(query.limit(number)))


def _order(view: View) -> tuple[Any, Any]:
    return (func.coalesce(Image.cost_micros, UNPRICED) if view.sort == "dear" else Image.created_at), Image.id


def _conditions(session: Session, user_id: int | None, view: View) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if view.state == BIN:
        wanted += [Image.deleted_at.is_not(None), Image.purged_at.is_(None)]
    else:
        wanted.append(Image.deleted_at.is_(None))
    if view.state not in (BIN, ANY_STATE):
        wanted.append(Image.state == (view.state or "done"))
    if user_id is not None:
        wanted.append(Image.user_id == user_id)
        if view.state == BIN:  # what an administrator took away is not in its person's bin
            wanted.append(Image.deleted_by == user_id)
    if view.model:
        wanted.append(Request.model == view.model)
    if view.favourites:
        wanted.append(Image.favourite.is_(True))
    if view.start:
        wanted.append(Image.created_at >= view.start)
    if view.end:
        wanted.append(Image.created_at < view.end)
    if view.q:
        wanted.append(Request.id.in_(matching(session, view.q)))
    if view.shape:
        width, height = Image.width, Image.height
        shape = case(
            (width == height, "square"),
            (width >= height * WIDE, "wide"),
            (height >= width * WIDE, "tall"),
            (width > height, "landscape"),
            else_="portrait",
        )
        wanted.append((width > 0) & (shape == view.shape))
    if view.collection is not None:
        inside = select(CollectionPicture.image_id).join(Collection).where(Collection.id == view.collection)
        wanted.append(Image.id.in_(inside if user_id is None else inside.where(Collection.user_id == user_id)))
    return wanted
