"""Pictures that somebody has picked in a view of their gallery: these, or all that it shows but these.

All of a view are never listed by the page or the address that says so: which they are is asked when it is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Self

from core.accounts.sessions import Person
from core.studio.gallery import Gallery
from core.studio.views import View

MOST = 1_000_000  # of a view
LONGEST_NUMBER = 19  # digits that no key has


@dataclass(frozen=True, slots=True)
class Picked:
    """`ids` are those picked, or, if `all`, those of the view that are not."""

    view: View
    ids: frozenset[int] = frozenset()
    all: bool = False

    @classmethod
    def of(cls, form: Mapping[str, str], zone: tzinfo = UTC) -> Self:
        """What a form says, whoever has filled it in."""
        numbers = form.get("pictures", "").split(",")
        known = (it for it in numbers if it.isascii() and it.isdigit() and len(it) < LONGEST_NUMBER)
        return cls(View.of(form, zone), frozenset(map(int, known)), form.get("all") == "1")

    @property
    def form(self) -> dict[str, str]:
        fields = {"pictures": ",".join(map(str, sorted(self.ids)))}
        return fields | {"all": "1", **self.view.address} if self.all else fields

    def holds(self, image_id: int) -> bool:
        """Of a picture of the view."""
        return (image_id in self.ids) != self.all

    def changed(self, shown: frozenset[int], picked: frozenset[int]) -> Self:
        """The same, but that of the pictures shown exactly these are picked."""
        return replace(self, ids=(self.ids - shown) | (shown - picked if self.all else shown & picked))

    def resolved(self, gallery: Gallery, person: Person) -> list[int]:
        """The keys, in the order of the view, or of the pictures."""
        if not self.all:
            return sorted(self.ids)
        return [it for it in gallery.ids(person, self.view, MOST) if it not in self.ids]
