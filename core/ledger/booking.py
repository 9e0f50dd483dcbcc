"""Booking: what a picture holds and costs, written on its row and in the tallies by the same transaction.

A picture's money belongs to the moment when it was ordered: what was reserved then is what its cost replaces, in the
same window. All changes go through `book`, so the tallies are always the sum of the images.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.ledger.costs import exact_cost
from core.ledger.prices import price_at
from core.ledger.windows import LENGTHS, Length, begin
from core.storage.tables import Image, Tally, Token

EVERYBODY = 0  # the user_id of the tallies of the whole site
SUMS = ("pictures", "cost_micros", "reserved_micros")
# What is booked on: a picture, or of its row these columns.
Booked = Image | Row[*tuple[Any, ...]]
BOOKED = (
    Image.user_id,
    Image.token_id,
    Image.connection,
    Image.created_at,
    Image.started_at,
    Image.settled_at,
    Image.cost_micros,
    Image.reserved_micros,
    Image.counted,
)


def book(session: Session, image: Image, cost: int | None, reserved: int | None, counted: bool) -> None:
    """Put a picture's money where it belongs: `cost` booked, `reserved` held, `counted` among the pictures made."""
    _add_difference(session.connection(), image, cost, reserved, counted)
    image.cost_micros, image.reserved_micros, image.counted = cost, reserved, counted


def settle(
    connection: Connection, image: Booked, model: str, state: str, usage: dict[str, Any] | None
) -> dict[str, Any]:
    """Book what an outcome means for the money, and return what the picture's row has to say of it, by columns.

    `image.started_at` decides which price holds.
    """
    if state == "unknown":
        return {}  # it stays at risk
    price = price_at(connection, model, image.started_at or image.created_at, image.connection)
    cost, held = exact_cost(price, usage), None
    if state == "done":
        named = price is not None
        if cost is None and image.settled_at is not None:
            cost = image.cost_micros  # the answer does not know better than whoever settled it
        if cost is None and price is not None:
            held = image.reserved_micros  # no usage to apply it to: it stays at risk until somebody knows better
    else:
        # Not made. Tokens that the provider reports as used are booked all the same; a price for each picture is for
        # one that was made.
        if price is not None and price.per_picture is not None:
            cost = None
        named = cost is not None
    counted = state == "done"
    _add_difference(connection, image, cost, held, counted)
    price_id = price.id if price is not None and named else None
    return {"cost_micros": cost, "reserved_micros": held, "counted": counted, "price_id": price_id}


def _add_difference(
    connection: Connection, image: Booked, cost: int | None, reserved: int | None, counted: bool
) -> None:
    change = {
        "pictures": counted - bool(image.counted),
        "cost_micros": (cost or 0) - (image.cost_micros or 0),
        "reserved_micros": (reserved or 0) - (image.reserved_micros or 0),
    }
    if any(change.values()):
        add(connection, image.user_id, image.created_at, change)
        charge(connection, image.token_id, change)


def add(connection: Connection, user_id: int, moment: datetime, change: dict[str, int]) -> None:
    """Add to the person's tallies and to everybody's."""
    add_all(connection, [(user_id, moment, change)])


def add_all(connection: Connection, changes: Iterable[tuple[int, datetime, dict[str, int]]]) -> None:
    """The same for many at once: each tally is written once."""
    sums: dict[tuple[int, Length, datetime], dict[str, int]] = {}
    for user_id, moment, change in changes:
        for owner, length in product((EVERYBODY, user_id), LENGTHS):
            row = sums.setdefault((owner, length, begin(length, moment)), dict.fromkeys(SUMS, 0))
            for name in SUMS:
                row[name] += change[name]
    rows = [{"user_id": owner, "length": length, "since": since, **row} for (owner, length, since), row in sums.items()]
    connection.execute(ADDING[connection.dialect.name], rows)


def charge(connection: Connection, token_id: int | None, change: dict[str, int]) -> None:
    """Add to what the token has spent and holds, if it was one that ordered."""
    if token_id is not None:
        more = {"cost": change["cost_micros"], "reserved": change["reserved_micros"]}
        connection.execute(_CHARGING, {"token": token_id, **more})


_CHARGING = (
    update(Token)
    .where(Token.id == bindparam("token", type_=Token.id.type))
    .values(
        cost_micros=Token.cost_micros + bindparam("cost", type_=Token.cost_micros.type),
        reserved_micros=Token.reserved_micros + bindparam("reserved", type_=Token.reserved_micros.type),
    )
)


def _adding(dialect: Any) -> Any:
    """The two dialects say the same with classes of their own."""
    statement = dialect.insert(Tally)
    sums = {name: getattr(Tally, name) + statement.excluded[name] for name in SUMS}
    return statement.on_conflict_do_update(index_elements=[Tally.user_id, Tally.length, Tally.since], set_=sums)


ADDING = {"sqlite": _adding(sqlite), "postgresql": _adding(postgresql)}
