"""All that is known of one picture or suggestion, for the administrator; and what they do with somebody's picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from core.accounts import audit
from core.acting import actor
from core.errors import Problem
from core.ledger import risk, texts
from core.ledger.costs import Tokens, text_tokens_of, tokens_of
from core.storage.database import Database
from core.storage.tables import Attempt, Image, Improvement, Price, Request, Token, User
from core.studio.gallery import LARGEST_ID


@dataclass(frozen=True, slots=True)
class Dossier:
    """`image` comes with its request, person and references.

    `is_at_risk`: it may have been billed, and nobody has said whether. `tries` are all pictures of its line of retries,
    oldest first; `others` the further pictures of the request; `tokens` and `price` make up the cost; `token_name` is
    that of the API's token; `settled_by` and `deleted_by` are names.
    """

    image: Image
    is_at_risk: bool
    attempts: Sequence[Attempt]
    tries: Sequence[Image]
    others: Sequence[Image]
    tokens: Tokens | None
    price: Price | None
    token_name: str | None
    settled_by: str | None
    deleted_by: str | None

    @property
    def is_last_try(self) -> bool:
        return self.tries[-1].id == self.image.id


@dataclass(frozen=True, slots=True)
class TextDossier:
    """`row` comes with its person; the rest as above."""

    row: Improvement
    is_at_risk: bool
    tokens: Tokens | None
    price: Price | None
    settled_by: str | None


class Dossiers:
    def __init__(self, database: Database):
        self.database = database

    def of(self, image_id: int) -> Dossier | None:
        with self.database.read() as session:
            image = _image(session, image_id)
            if image is None:
                return None
            at_risk = session.scalar(select(risk.AT_RISK).where(Image.id == image_id)) or False
            attempts = session.scalars(select(Attempt).where(Attempt.image_id == image_id).order_by(Attempt.id)).all()
            family = session.scalars(select(Image).where(Image.request_id == image.request_id).order_by(Image.id)).all()
            price = session.get(Price, image.price_id) if image.price_id is not None else None
            token_name = session.scalar(select(Token.name).where(Token.id == image.request.token_id))
            settled_by, deleted_by = _name(session, image.settled_by), _name(session, image.deleted_by)
        tries = _tries(image, family)
        others = [one for one in family if one.id not in {it.id for it in tries}]
        tokens = tokens_of(image.usage)
        return Dossier(image, at_risk, attempts, tries, others, tokens, price, token_name, settled_by, deleted_by)

    def of_text(self, text_id: int) -> TextDossier | None:
        with self.database.read() as session:
            query = select(Improvement).where(Improvement.id == text_id).options(joinedload(Improvement.user))
            row = session.scalar(query) if 0 < text_id <= LARGEST_ID else None
            if row is None:
                return None
            price = session.get(Price, row.price_id) if row.price_id is not None else None
            at_risk = session.scalar(select(texts.AT_RISK).where(Improvement.id == text_id)) or False
            return TextDossier(row, at_risk, text_tokens_of(row.usage), price, _name(session, row.settled_by))

    def delete(self, image_id: int) -> None:
        """Throw a finished picture away: its owner no longer sees it, not even in the bin."""
        with self.database.write() as session:
            image = _image(session, image_id)
            if image is None or image.state != "done" or image.deleted_at is not None:
                raise Problem("no_such_picture")
            image.deleted_at, image.deleted_by = self.database.now(session), actor().user_id
            _record(session, image.deleted_at, "picture.deleted", image, "deleted", True)

    def hide(self, image_id: int, hidden: bool) -> None:
        """Take a picture out of its owner's links, those that there are and those to come; or put it back."""
        with self.database.write() as session:
            image = _image(session, image_id)
            if image is None or image.state != "done" or image.deleted_at is not None:
                raise Problem("no_such_picture")
            if (image.hidden_at is not None) == hidden:
                return
            now = self.database.now(session)
            image.hidden_at = now if hidden else None
            act = "picture.hidden" if hidden else "picture.unhidden"
            _record(session, now, act, image, "hidden", hidden)

    def restore(self, image_id: int) -> None:
        """Give a picture back that was deleted, whoever did it, while it is not purged."""
        with self.database.write() as session:
            image = _image(session, image_id)
            if image is None or image.deleted_at is None or image.purged_at is not None:
                raise Problem("no_such_picture")
            image.deleted_at = image.deleted_by = None
            image.spared_until = self.database.now(session)
            _record(session, image.spared_until, "picture.restored", image, "deleted", False)


def _record(session: Session, now: datetime, act: str, image: Image, name: str, value: bool) -> None:
    after = {name: value, "owner": image.request.user.login}
    audit.record(session, now, act, f"picture {image.id}", {name: not value}, after)


def _name(session: Session, user_id: int | None) -> str | None:
    return session.scalar(select(User.name).where(User.id == user_id)) if user_id is not None else None


def _image(session: Session, image_id: int) -> Image | None:
    if not 0 < image_id <= LARGEST_ID:
        return None
    return session.scalar(
        select(Image)
        .where(Image.id == image_id)
        .join(Image.request)
        .join(Request.user)
        .options(contains_eager(Image.request).options(contains_eager(Request.user), selectinload(Request.references)))
    )


def _tries(image: Image, family: Sequence[Image]) -> list[Image]:
    """The pictures that are tries of the same one."""
    by_id = {one.id: one for one in family}
    following = {one.retry_of: one for one in family if one.retry_of is not None}
    first = image
    while first.retry_of in by_id:
        first = by_id[first.retry_of]
    tries = [first]
    while tries[-1].id in following:
        tries.append(following[tries[-1].id])
    return tries
