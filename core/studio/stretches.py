"""An order of pictures in parts: what has a value to go by, and behind it what has none; and conditions along it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, func, literal, tuple_

from core.storage.tables import Image

Place = tuple[Any, int]  # in an order: the value that it goes by, None for what has none, and the key
Wrap = Callable[[Any], Any]
Trait = Callable[[Wrap], ColumnElement[bool]]  # a condition; what its columns are wrapped in decides about indexes


def plain(column: Any) -> Any:
    return column


def opaque(column: Any) -> Any:
    """The same values, which no index knows: the rows are found by something better."""
    return func.coalesce(column, None)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an order: by this column, after this place, either what has a value in it or what has none."""

    column: Any
    falling: bool
    place: Place | None = None
    has_value: bool = True

    @property
    def is_by_time(self) -> bool:
        return self.column is Image.created_at

    def is_part(self, value: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = value.is_not(None) if self.has_value else value.is_(None)
        return condition

    def is_after(self, place: Place, value: Any, key: Any) -> ColumnElement[bool]:
        """All that has no value is in the order of its keys."""
        here: Any = key
        there: Any = literal(place[1])
        if self.has_value:
            here, there = tuple_(value, here), tuple_(literal(place[0], value.type), there)
        condition: ColumnElement[bool] = here < there if self.falling else here > there
        return condition


def stretches(column: Any, falling: bool, place: Place | None, backwards: bool) -> list[Stretch]:
    """One after the other, from a place on; `falling` as it is read, which is the other way round if `backwards`."""
    known = Stretch(column, falling)
    if known.is_by_time:  # which everything has
        return [replace(known, place=place)]
    unknown = replace(known, has_value=False)
    if place is None:
        return [known, unknown]
    if place[0] is None:
        here = replace(unknown, place=place)
        return [here, known] if backwards else [here]
    here = replace(known, place=place)
    return [here] if backwards else [here, unknown]


def order(value: Any, key: Any, falling: bool) -> list[ColumnElement[Any]]:
    return [value.desc(), key.desc()] if falling else [value.asc(), key.asc()]
