"""The last choices of a person: the next order begins with them, on whatever device."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from core.storage.database import Database
from core.storage.tables import User
from core.studio.orders import Order


@dataclass(frozen=True, slots=True)
class Choices:
    """None: nothing was chosen yet, or the model did not offer it."""

    model: str | None = None
    size: str | None = None
    quality: str | None = None
    number: int | None = None
    background: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    several: bool | None = None  # descriptions, one on each line


NAMES = tuple(Choices.__dataclass_fields__)


def chosen_of(order: Order) -> dict[str, Any]:
    """What of an order is remembered."""
    return {name: getattr(order, name) for name in NAMES if name != "several"}


class LastChoices:
    def __init__(self, database: Database):
        self.database = database

    def of(self, user_id: int) -> Choices:
        with self.database.read() as session:
            stored = session.scalars(select(User.choices).where(User.id == user_id)).one_or_none()
        return _choices(stored or {})

    def remember(self, user_id: int, order: Order) -> None:
        self._change(user_id, chosen_of(order))

    def remember_several(self, user_id: int, several: bool) -> None:
        self._change(user_id, {"several": several})

    def _change(self, user_id: int, values: dict[str, Any]) -> None:
        with self.database.write() as session:
            stored = session.scalars(select(User.choices).where(User.id == user_id)).one_or_none()
            session.execute(update(User).where(User.id == user_id).values(choices={**(stored or {}), **values}))


def _choices(stored: dict[str, Any]) -> Choices:
    """Names that an earlier program stored and that mean nothing any more are left out."""
    return Choices(**{name: value for name, value in stored.items() if name in NAMES})
