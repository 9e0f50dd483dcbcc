"""The lines to those who paint: which there are, which models each offers, how much each takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

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
                models=settings.model_names or tuple(n for n, m in catalog.models.items() if m.dialect == "openai"),
                make_engine=lambda: _openai_images(settings, catalog),
                at_once=settings.at_once,
                per_window=settings.images_per_minute,
            )
        )
    if settings.painter or (settings.painter is None and not connected):
        lanes.append(Lane(name=PAINTER, models=(PAINTER,), make_engine=_painter, at_once=2))
    return tuple(lanes)


def offers(lanes: tuple[Lane, ...], catalog: Catalog, today: date) -> list[Offer]:
    """What can be ordered today; the catalogue's default first, if it is among them."""
    found = [
        Offer(model, lane, catalog.ends_soon(model, today))
        for lane in lanes
        for model in map(catalog.get, lane.models)
        if not model.is_shut_down(today)
    ]
    return sorted(found, key=lambda offer: offer.model.name != catalog.default)


def _openai_images(settings: Settings, catalog: Catalog) -> Engine:
    from core.engines.openai_images import OpenAIImages, load

    load()
    key = settings.openai_api_key
    return OpenAIImages(
        base_url=settings.openai_base_url,
        api_key=key.get_secret_value() if key else None,
        organisation=settings.openai_organisation,
        project=settings.openai_project,
        deadline=settings.deadline,
        openai_models=catalog.openai_models,
    )


def _painter() -> Engine:
    from core.engines.painter import Painter

    return Painter()
