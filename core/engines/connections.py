"""The lines to those who paint: which there are, which models each offers, how much each takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy.orm import Session

from core.catalog.catalog import Catalog, Model
from core.engines.base import Engine
from core.settings import Settings

OPENAI = "openai"
PAINTER = "painter"


@dataclass(frozen=True, slots=True)
class Lane:
    """One connection. At most `at_once` calls run at the same time, at most `per_window` begin in `window` seconds.

    `per_window` 0 means: as many as the provider takes; it says by itself when it is too much.
    """

    name: str
    models: tuple[str, ...]
    make_engine: Callable[[], Engine]
    at_once: int
    per_window: int = 0
    window: float = 60.0
    revision: str = ""  # another one: the engine is another one, too


class Lanes(Protocol):
    """The lanes of this moment that are open, the first choice first; with a session, as its transaction sees them."""

    def __call__(self, session: Session | None = None) -> Sequence[Lane]: ...


def as_lanes(lanes: Lanes | Sequence[Lane]) -> Lanes:
    """Fixed lanes may stand in the place of those that an administrator changes."""
    if not isinstance(lanes, Sequence):
        return lanes
    fixed = tuple(lanes)
    return lambda session=None: fixed


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be ordered today, and from whom."""

    model: Model
    lane: Lane
    ends_soon: bool


def lanes_of(settings: Settings, catalog: Catalog) -> tuple[Lane, ...]:
    """The provider's line if there is a key or an address, and the painter's if wanted or if there is no other."""
    lanes = []
    connected = settings.openai_api_key is not None or settings.openai_base_url is not None
    if connected:
        lanes.append(
            Lane(
                name=OPENAI,
                models=settings.model_names or openai_names(catalog),
                make_engine=lambda: openai_images(
                    catalog,
                    settings.openai_base_url,
                    settings.openai_api_key.get_secret_value() if settings.openai_api_key else None,
                    settings.openai_organisation,
                    settings.openai_project,
                    settings.deadline,
                ),
                at_once=settings.at_once,
                per_window=settings.images_per_minute,
            )
        )
    if settings.painter or (settings.painter is None and not connected):
        lanes.append(Lane(name=PAINTER, models=(PAINTER,), make_engine=painter, at_once=2))
    return tuple(lanes)


def offers(lanes: Sequence[Lane], catalog: Catalog, today: date) -> list[Offer]:
    """What can be ordered today, each model once; the catalogue's default first, if it is among them.

    A model that several lanes offer is drawn by the first of them.
    """
    found: dict[str, Offer] = {}
    for lane in lanes:
        for model in map(catalog.get, lane.models):
            if not model.is_shut_down(today):
                found.setdefault(model.name, Offer(model, lane, catalog.ends_soon(model, today)))
    return sorted(found.values(), key=lambda offer: offer.model.name != catalog.default)


def openai_names(catalog: Catalog) -> tuple[str, ...]:
    return tuple(name for name, model in catalog.models.items() if model.dialect == "openai")


def openai_images(
    catalog: Catalog,
    base_url: str | None,
    key: str | None,
    organisation: str | None,
    project: str | None,
    deadline: float,
) -> Engine:
    from core.engines.openai_images import OpenAIImages, load

    load()
    return OpenAIImages(
        base_url=base_url,
        api_key=key,
        organisation=organisation,
        project=project,
        deadline=deadline,
        openai_models=catalog.openai_models,
    )


def painter() -> Engine:
    from core.engines.painter import Painter

    return Painter()
