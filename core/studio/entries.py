"""Rows of an order that was accepted: the request, its pictures, what it starts from."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from core.errors import Problem
from core.ledger.estimates import Choices
from core.storage.tables import Batch, Image, Reference, Request
from core.studio.gallery import LARGEST_ID
from core.studio.orders import Order, ReferenceFile
from core.studio.turns import Ordered


def check_owner(order: Order, user_id: int) -> None:
    """A door hands over the names of files; those of somebody else are nobody's business."""
    files = order.references if order.mask is None else (*order.references, order.mask)
    if not all(file.file_key.startswith(f"uploads/{user_id}/") for file in files):
        raise Problem("no_such_picture")


def is_own(session: Session, user_id: int, image_id: int | None) -> bool:
    """Whether the picture that an order is made after is still there; what starts from it is a copy."""
    if image_id is None or not 0 < image_id <= LARGEST_ID:
        return False
    return session.scalar(select(Image.id).where(Image.user_id == user_id, Image.id == image_id)) is not None


def is_paused(session: Session, request: Request) -> bool:
    """Whether what waits of it waits for its person to let it go on."""
    batch = session.get(Batch, request.batch_id) if request.batch_id is not None else None
    return batch is not None and batch.paused_at is not None


def sizes_of(references: Sequence[ReferenceFile] | Sequence[Reference]) -> list[tuple[int, int]]:
    return [(reference.width, reference.height) for reference in references]


def choices_of(request: dict[str, Any]) -> Choices:
    """What its price depends on, of a row that is not stored yet."""
    return Choices(**{name: request[name] for name in _CHOICES})


def ordered(request_id: int, request: dict[str, Any], order: Order) -> Ordered:
    """The same for those who draw it."""
    values = {**request, "id": request_id, "references": order.references}
    return Ordered(**{name: values[name] for name in _ORDERED})


def insert_request(
    session: Session, request: dict[str, Any], order: Order, held: dict[str, Any]
) -> tuple[int, Sequence[Row[int, int, int]]]:
    """The id of the request, and id, seed and position of each picture; `held` is what their rows say beside that.

    Rows instead of objects, which take twice the time: every other order waits for this transaction.
    """
    connection = session.connection()
    request_id = connection.execute(_REQUEST, request).scalar_one()
    shared = {name: request[name] for name in ("user_id", "created_at", "connection", "token_id")}
    image = {"request_id": request_id, "state": "queued", **shared, **held}
    seed = order.seed if order.seed is not None else secrets.randbits(31)
    images = [{**image, "position": position, "seed": seed + position} for position in range(order.number)]
    entered = connection.execute(_IMAGE, images).all()
    if order.references:
        files = [{"request_id": request_id, "position": i, **asdict(file)} for i, file in enumerate(order.references)]
        connection.execute(insert(Reference), files)
    return request_id, entered


_CHOICES = tuple(field.name for field in fields(Choices))
_ORDERED = tuple(field.name for field in fields(Ordered))
_REQUEST = insert(Request).returning(Request.id)
_IMAGE = insert(Image).returning(Image.id, Image.seed, Image.position)
