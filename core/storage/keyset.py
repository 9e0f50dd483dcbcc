"""A list that is read a page at a time, from the key of one of its rows on, however deep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """A page of rows, and whether there are others before and behind it."""

    rows: Sequence[Row]
    has_before: bool
    has_behind: bool


def part(
    beyond: Callable[[int, int | None, bool], Sequence[Row]], size: int, before: int | None, after: int | None
) -> Part[Row]:
    """The page that follows the row with the key `before` in the order, or precedes that with the key `after`; the
    first one if there is none like that, or none that is full.

    `beyond` finds the first rows, so many of them, after a key, or backwards from it.
    """
    if after is not None:
        found = beyond(size + 1, after, True)
        if len(found) > size:
            return Part(found[:size][::-1], True, True)
    elif before is not None:
        found = beyond(size + 1, before, False)
        if found:
            return Part(found[:size], True, len(found) > size)
    found = beyond(size + 1, None, False)
    return Part(found[:size], False, len(found) > size)
