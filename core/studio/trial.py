"""Trying a connection: is it reached, is the key right, which models are there and until when; and what a picture of
the cheapest kind would cost, which is then ordered like any other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from core.catalog.catalog import Catalog, Model, dimensions
from core.connections.connections import Connections
from core.connections.lines import Line
from core.engines.connections import PAINTER
from core.engines.models_list import KeyState, ModelsAnswer, ask_models
from core.engines.openai_images import DEFAULT_BASE_URL
from core.ledger.estimates import Estimate, estimate
from core.studio.orders import Order

TRIAL = "A grey stone"  # as little as can be asked for


@dataclass(frozen=True, slots=True)
class Seen:
    """A model of the connection: whether the server lists it (None: it gave no list), and when it ends."""

    name: str
    is_listed: bool | None
    shutdown: date | None
    ends_soon: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What a test showed; `others` are models that the server lists and the connection does not offer."""

    is_reached: bool
    key: KeyState
    has_list: bool
    detail: str
    seconds: float
    models: tuple[Seen, ...]
    others: tuple[str, ...]


def trial(connections: Connections, catalog: Catalog, name: str, today: date) -> Findings:
    """Asks the provider, which costs nothing. Blocks for some seconds at most."""
    line, way = connections.find(name), connections.way(name)
    if way.kind == PAINTER:
        answer = ModelsAnswer(True, "accepted", None, "", 0.0)
    else:
        answer = ask_models(way.base_url or DEFAULT_BASE_URL, way.key or None, way.organisation, way.project)
    told = {"reached": answer.is_reached, "key_state": answer.key, "models": len(answer.models or ())}
    connections.note_test(name, told | ({"detail": answer.detail} if answer.detail else {}))
    listed = {model.name: model.shutdown for model in answer.models or ()}
    offered = [model.name for model in line.models if not catalog.get(model.name).is_shut_down(today)]
    return Findings(
        is_reached=answer.is_reached,
        key=answer.key,
        has_list=answer.models is not None,
        detail=answer.detail,
        seconds=answer.seconds,
        models=tuple(_seen(catalog, one, listed, answer.models is not None, today) for one in offered),
        others=tuple(one for one in listed if one not in offered),
    )


def cheapest(catalog: Catalog, line: Line, today: date) -> tuple[Order, Estimate] | None:
    """The order of one picture that costs least on this connection, and what it may cost without previews.

    Models with a price go first; None: the connection offers nothing today.
    """
    found = [
        (order, price)
        for offered in line.models
        if not (model := catalog.get(offered.name)).is_shut_down(today)
        for order in _orders(line.name, model)
        for price in (
            estimate(offered.price, model.name, order.size or model.default_size, order.quality, 1, 0, TRIAL),
        )
    ]
    return min(found, key=lambda pair: (pair[1].micros is None, pair[1].micros or 0), default=None)


def _orders(connection: str, model: Model) -> Iterable[Order]:
    """Of the sizes only those with a number: nobody knows what "auto" becomes."""
    measured = [size for size in model.sizes if dimensions(size)]
    sizes: list[str | None] = [None] if model.dialect == "generic" else [*measured] or [None]
    for size in sizes:
        for quality in model.qualities or (None,):
            yield Order(TRIAL, model.name, size=size, quality=quality, connection=connection)


def _seen(catalog: Catalog, name: str, listed: dict[str, date | None], has_list: bool, today: date) -> Seen:
    """The provider's own word about the end wins over the catalogue's."""
    model = catalog.get(name)
    shutdown = listed.get(name) or model.shutdown
    days = (shutdown - today).days if shutdown else None
    return Seen(name, name in listed if has_list else None, shutdown, days is not None and days <= catalog.warn_days)
