"""What was made: the pictures of a person, in the order of a view, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from core.accounts.sessions import Person
from core.storage.database import Database
from core.storage.tables import Image, Kind, Request
from core.studio.selection import LARGEST_ID as LARGEST_ID
from core.studio.selection import ids, owner, place_of
from core.studio.texts import storable
from core.studio.views import LONGEST, View

PAGE = 24
EVERYTHING = View()


@dataclass(frozen=True, slots=True)
class Page:
    """`previous` and `next` are the keys to pass as `after` and `before` for the neighbouring pages, None at an end."""

    images: Sequence[Image]
    previous: int | None
    next: int | None


class Gallery:
    def __init__(self, database: Database):
        self.database = database

    def page(
        self,
        person: Person,
        view: View = EVERYTHING,
        before: int | None = None,
        after: int | None = None,
        size: int = PAGE,
    ) -> Page:
        """The page that follows picture `before` in the order, or precedes picture `after`, or the first one."""
        with self.database.read() as session:
            user_id = owner(session, person, view)
            place = place_of(session, view, before if after is None else after)
            backwards = place is not None and after is not None
            image_ids = ids(session, user_id, view, size + 1, place, backwards)
            more, image_ids = len(image_ids) > size, image_ids[:size]
            images = _loaded(session, image_ids[::-1] if backwards else image_ids)
        first, last = (images[0].id, images[-1].id) if images else (None, None)
        if backwards:
            return Page(images, first if more else None, last)
        return Page(images, first if place is not None else None, last if more else None)

    def ids(self, person: Person, view: View, number: int, before: int | None = None) -> list[int]:
        """The keys of the view's first pictures, or of those that follow picture `before`: also of very many."""
        with self.database.read() as session:
            return ids(session, owner(session, person, view), view, number, place_of(session, view, before))

    def models(self) -> list[str]:
        """The models that any picture was ever ordered from."""
        with self.database.read() as session:
            return list(session.scalars(select(Kind.model).distinct().order_by(Kind.model)))

    def neighbours(
        self, person: Person, view: View, image_id: int, number: int = 1
    ) -> tuple[Sequence[Image], Sequence[Image]]:
        """The finished pictures before one and those after it, in the order of the view, the nearest first."""
        view = view.without("state")
        with self.database.read() as session:
            user_id, place = owner(session, person, view), place_of(session, view, image_id)
            if place is None:
                return (), ()
            sides = [ids(session, user_id, view, number, place, backwards) for backwards in (True, False)]
            before, after = (_loaded(session, side) for side in sides)
        return before, after

    def picture(self, person: Person, image_id: int) -> Image | None:
        """One picture with its request and its references, if this person may see it: its owner, an administrator."""
        query = (
            select(Image)
            .where(Image.id == image_id, Image.deleted_at.is_(None))
            .options(
                contains_eager(Image.request).options(selectinload(Request.references), contains_eager(Request.user))
            )
            .join(Image.request)
            .join(Request.user)
        )
        if not 0 < image_id <= LARGEST_ID:
            return None
        if not person.is_admin:
            query = query.where(Image.user_id == person.user_id)
        with self.database.read() as session:
            return session.scalar(query)

    def thrown_away(self, user_id: int, image_id: int) -> Image | None:
        """A picture in one's own bin."""
        with self.database.read() as session:
            return session.scalar(select(Image).where(Image.id == _within(image_id), in_own_bin(user_id)))

    def search(
        self, user_id: int, words: str = "", before: int | None = None, size: int = PAGE
    ) -> tuple[Sequence[Image], bool]:
        """The pictures whose description holds all the words, newest first; and whether there are more."""
        view = View(q=storable(words).strip()[:LONGEST])
        with self.database.read() as session:
            place = place_of(session, view, before)
            is_known = before is None or place is not None
            image_ids = ids(session, user_id, view, size + 1, place) if is_known else []
            return _loaded(session, image_ids[:size]), len(image_ids) > size

    def own(self, user_id: int, image_id: int) -> Image | None:
        """A finished picture of one's own, with its request."""
        with self.database.read() as session:
            return session.scalar(_own(user_id).where(Image.id == _within(image_id)))

    def any(self, image_id: int) -> Image | None:
        """For who has shown otherwise that they may see it."""
        with self.database.read() as session:
            return session.scalar(select(Image).where(Image.id == _within(image_id), Image.deleted_at.is_(None)))


def _loaded(session: Session, image_ids: Sequence[int]) -> list[Image]:
    query = select(Image).join(Image.request).options(contains_eager(Image.request)).where(Image.id.in_(image_ids))
    found = {image.id: image for image in session.scalars(query)}
    return [found[image_id] for image_id in image_ids]


def _own(user_id: int) -> Select[Image]:
    done = (Image.user_id == user_id, is_shown())
    return select(Image).join(Image.request).options(contains_eager(Image.request)).where(*done)


def is_shown() -> ColumnElement[bool]:
    """A picture that was made and not deleted."""
    return (Image.state == "done") & Image.deleted_at.is_(None)


def in_bin() -> ColumnElement[bool]:
    """A picture that was deleted and can be brought back."""
    return Image.deleted_at.is_not(None) & Image.purged_at.is_(None)


def in_own_bin(user_id: int) -> ColumnElement[bool]:
    """What this person has deleted; not what an administrator took from them."""
    return (Image.user_id == user_id) & (Image.deleted_by == user_id) & in_bin()


def _within(image_id: int) -> int:
    """What comes from an address may be any number; the database's have an end."""
    return max(0, min(image_id, LARGEST_ID))
