"""Pictures for the ledger's tests, booked as the program books them."""

from datetime import datetime
from typing import Any

from core.ledger.booking import add, book
from core.storage.database import Database
from core.storage.tables import Image, Improvement, Request

OF_A_REQUEST = ("description", "door", "model", "size", "quality")


def add_picture(
    database: Database,
    user_id: int,
    ordered_at: datetime,
    cost: int | None = None,
    reserved: int | None = None,
    counted: bool = True,
    **values: Any,
) -> int:
    """One picture of a request of its own, and its id; `cost` and `reserved` are micro-dollars."""
    order = {name: values.pop(name) for name in OF_A_REQUEST if name in values}
    values = {"connection": "openai", "state": "done", **values}
    with database.write() as session:
        request = Request(
            user_id=user_id,
            created_at=ordered_at,
            connection=values["connection"],
            number=1,
            previews=0,
            **{"description": "a tree", "door": "pages", "model": "gpt-image-2", **order},
        )
        image = Image(user_id=user_id, created_at=ordered_at, position=0, seed=1, **values)
        request.images = [image]
        session.add(request)
        session.flush()
        book(session, image, cost, reserved, counted)
        return image.id


def add_text(
    database: Database,
    user_id: int,
    asked_at: datetime,
    cost: int | None = None,
    reserved: int | None = None,
    **values: Any,
) -> int:
    """One suggestion that a text model was asked for, and its id."""
    given = {"connection": "openai", "model": "gpt-words-mini", "original": "a tree", "state": "done", **values}
    with database.write() as session:
        row = Improvement(user_id=user_id, created_at=asked_at, cost_micros=cost, reserved_micros=reserved, **given)
        session.add(row)
        session.flush()
        change = {"pictures": 0, "cost_micros": cost or 0, "reserved_micros": reserved or 0}
        add(session.connection(), user_id, asked_at, change)
        return row.id
