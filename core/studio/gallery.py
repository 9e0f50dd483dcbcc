"""What was made: the pictures of a person, newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager, selectinload

from core.accounts.sessions import Person
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Image, Request
from core.studio.texts import storable

PAGE = 24
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page:
    """Pictures newest first; `newer` and `older` are the keys to pass for the neighbouring pages, None at an end."""

    images: Sequence[Image]
    newer: int | None
    older: int | None


class Gallery:
    def __init__(self, database: Database):
        self.database = database

    def page(self, user_id: int, before: int | None = None, after: int | None = None, size: int = PAGE) -> Page:
        """The page below picture `before`, or above picture `after`, or the first one."""
        query = (
            select(Image)
            .join(Image.request)
            .options(contains_eager(Image.request))
            .where(Image.user_id == user_id, is_shown())
        )
        if after is not None:
            query = query.where(Image.id > _within(after)).order_by(Image.id).limit(size + 1)
        else:
            if before is not None:
                query = query.where(Image.id < _within(before))
            query = query.order_by(Image.id.desc()).limit(size + 1)
        with self.database.read() as session:
            found = list(session.scalars(query))
        more, images = len(found) > size, found[:size]
        if after is not None:
            images.reverse()
            return Page(images, images[0].id if images and more else None, images[-1].id if images else None)
        newer = images[0].id if images and before is not None else None
        return Page(images, newer, images[-1].id if images and more else None)

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

    def search(
        self, user_id: int, words: str = "", before: int | None = None, size: int = PAGE
    ) -> tuple[Sequence[Image], bool]:
        """The pictures whose description holds all the words, newest first; and whether there are more."""
        query = _own(user_id).order_by(Image.id.desc()).limit(size + 1)
        if before is not None:
            query = query.where(Image.id < _within(before))
        for word in storable(words).split():
            query = query.where(Request.description.icontains(word, autoescape=True))
        with self.database.read() as session:
            found = list(session.scalars(query))
        return found[:size], len(found) > size

    def own(self, user_id: int, image_id: int) -> Image | None:
        """A finished picture of one's own, with its request."""
        with self.database.read() as session:
            return session.scalar(_own(user_id).where(Image.id == _within(image_id)))

    def any(self, image_id: int) -> Image | None:
        """For who has shown otherwise that they may see it."""
        with self.database.read() as session:
            return session.scalar(select(Image).where(Image.id == _within(image_id), Image.deleted_at.is_(None)))

    def delete(self, user_id: int, image_id: int) -> None:
        """Put a picture of one's own into the bin: nobody else sees it any more. What it cost stays in the ledger."""
        with self.database.write() as session:
            image = session.scalar(_own(user_id).where(Image.id == _within(image_id)))
            if image is None:
                raise Problem("no_such_picture")
            image.deleted_at, image.deleted_by = self.database.now(session), user_id


def _own(user_id: int) -> Select[Image]:
    done = (Image.user_id == user_id, is_shown())
    return select(Image).join(Image.request).options(contains_eager(Image.request)).where(*done)


def is_shown() -> ColumnElement[bool]:
    """A picture that was made and not deleted."""
    return (Image.state == "done") & Image.deleted_at.is_(None)


def in_bin() -> ColumnElement[bool]:
    """A picture that was deleted and can be brought back."""
    return Image.deleted_at.is_not(None) & Image.purged_at.is_(None)


def _within(image_id: int) -> int:
    """What comes from an address may be any number; the database's have an end."""
    return max(0, min(image_id, LARGEST_ID))
