"""A view of a gallery: which pictures, in which order. An address says it, and it says an address: each is a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Self

from core.accounts.acts import day_of
from core.accounts.people import normal_login
from core.catalog.catalog import SHAPES
from core.ledger.windows import midnight

LONGEST = 200
LONGEST_NUMBER = 19  # digits that no key has
EVERYBODY = "*"  # of an administrator's view: the pictures of all; no sign-in name is like that
BIN = "bin"
ANY_STATE = "any"
STATES = ("done", "queued", "paused", "running", "failed", "blocked", "unknown", "cancelled")
SORTS = ("new", "old", "dear")
NAMES = ("q", "from", "to", "model", "shape", "favourites", "collection", "person", "state", "sort")


@dataclass(frozen=True, slots=True)
class View:
    """All where nothing is said. `first` and `last` are days of `zone`.

    `state` "" is what is finished; "any", every state; "bin", what was deleted. `person` is a sign-in name, or
    EVERYBODY; "" is one's own pictures, and so is anything else for who is no administrator.
    """

    q: str = ""
    first: date | None = None
    last: date | None = None
    model: str = ""
    shape: str = ""
    favourites: bool = False
    collection: int | None = None
    person: str = ""
    state: str = ""
    sort: str = "new"
    zone: tzinfo = UTC

    @classmethod
    def of(cls, address: Mapping[str, str], zone: tzinfo = UTC) -> Self:
        """What an address asks for; anybody may have typed it, and nonsense in it asks for nothing."""
        texts = {name: address.get(name, "")[:LONGEST].replace("\0", "").strip() for name in NAMES}
        return cls(
            q=texts["q"],
            first=day_of(texts["from"]),
            last=day_of(texts["to"]),
            model=texts["model"],
            shape=_one_of(texts["shape"], SHAPES),
            favourites=texts["favourites"] == "1",
            collection=_number(texts["collection"]),
            person=texts["person"],
            state=_one_of(texts["state"], (*STATES[1:], ANY_STATE, BIN)),
            sort=_one_of(texts["sort"], SORTS) or SORTS[0],
            zone=zone,
        )

    @property
    def address(self) -> dict[str, str]:
        """The same as an address has it, without what is left open; the names never change, for the sake of links."""
        values = {
            "q": self.q,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "model": self.model,
            "shape": self.shape,
            "favourites": "1" if self.favourites else "",
            "collection": "" if self.collection is None else str(self.collection),
            "person": self.person,
            "state": self.state,
            "sort": "" if self.sort == SORTS[0] else self.sort,
        }
        return {name: value for name, value in values.items() if value}

    @property
    def filters(self) -> tuple[str, ...]:
        """The names of what narrows it down; the order does not."""
        return tuple(name for name in self.address if name != "sort")

    def without(self, *names: str) -> "View":
        """The same with these filters open."""
        return View.of({name: value for name, value in self.address.items() if name not in names}, self.zone)

    @property
    def start(self) -> datetime | None:
        return midnight(self.first, self.zone) if self.first else None

    @property
    def end(self) -> datetime | None:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1), self.zone) if self.last else None

    @property
    def login(self) -> str:
        """Whose pictures an administrator looks at, "" for everybody's and one's own."""
        return "" if self.person == EVERYBODY else normal_login(self.person)


def _one_of(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else ""


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < LONGEST_NUMBER else None
