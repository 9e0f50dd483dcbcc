"""What a person orders, and whether the model can do it."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from core.catalog.catalog import FEWEST_PIXELS, LONGEST_EDGE, MOST_PIXELS, STEP, Model, dimensions
from core.errors import Problem
from core.studio.texts import storable

LONGEST_DESCRIPTION = 32_000  # characters; the provider's own limit
MOST_PICTURES = 10
MOST_PREVIEWS = 3
TRANSPARENT_FORMATS = ("png", "webp")
LARGEST_SEED = 2**31 - 1

Relation = Literal["final", "variation", "change"]


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A checked picture to start from, already in the files; `image_id` says which picture of the gallery it was."""

    name: str
    file_key: str
    media_type: str
    width: int
    height: int
    image_id: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """None means: the model's default, or the first connection that offers it. `number` pictures are ordered at once,
    each painted by itself."""

    description: str
    model: str
    size: str | None = None
    quality: str | None = None
    number: int = 1
    background: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    references: tuple[ReferenceFile, ...] = ()
    seed: int | None = None
    parent_id: int | None = None  # the picture after which it is made
    relation: Relation | None = None  # what it is to that picture
    connection: str | None = None
    previews: int | None = None
    moderation: str | None = None
    complexity: str | None = None
    input_fidelity: str | None = None
    mask: ReferenceFile | None = None


def fingerprint(order: Order) -> str:
    """The same for two completed orders that ask for the same picture, however many of it and after which one."""
    asked = [
        order.description,
        order.model,
        order.size,
        order.quality,
        order.background,
        order.output_format,
        order.output_compression,
        order.moderation,
        order.complexity,
        order.input_fidelity,
        [reference.file_key for reference in order.references],
        order.mask.file_key if order.mask is not None else None,
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def completed(order: Order, model: Model, today: date) -> Order:
    """The order with every choice made explicit; a Problem if the model cannot do it."""
    description = storable(order.description).strip()
    if not description:
        raise Problem("description_missing")
    if len(description) > LONGEST_DESCRIPTION:
        raise Problem("description_too_long", length=len(description), most=LONGEST_DESCRIPTION)
    if model.is_shut_down(today):
        raise Problem("model_shut_down", model=model.title, date=model.shutdown)
    if not 1 <= order.number <= MOST_PICTURES:
        raise _out_of_range("number of pictures", order.number, 1, MOST_PICTURES)
    if order.seed is not None and not 0 <= order.seed <= LARGEST_SEED:
        raise _out_of_range("seed", order.seed, 0, LARGEST_SEED)
    if order.previews is not None and not 0 <= order.previews <= MOST_PREVIEWS:
        raise _out_of_range("previews", order.previews, 0, MOST_PREVIEWS)
    _check_references(order, model)
    _check_mask(order, model)

    size = _plain(order.size or model.default_size)
    if not model.allows_size(size):
        raise _size_not_offered(model, size)
    quality = _chosen(model, "quality", order.quality, model.qualities, model.default_quality or None)
    output_format = _chosen(model, "output format", order.output_format, model.formats, _first(model.formats))
    background = _chosen(model, "background", order.background, model.backgrounds, _first(model.backgrounds))
    if background == "transparent" and output_format not in TRANSPARENT_FORMATS:
        raise Problem("transparent_needs_format", value=str(output_format).upper())
    return replace(
        order,
        description=description,
        size=None if size == "auto" and model.dialect == "generic" else size,
        quality=quality,
        background=background,
        output_format=output_format,
        output_compression=_compression(order, output_format),
        moderation=_chosen(model, "moderation", order.moderation, model.moderations, None),
        complexity=_chosen(model, "complexity", order.complexity, model.complexities, None),
        input_fidelity=_chosen(model, "input fidelity", order.input_fidelity, model.fidelities, None),
    )


def _plain(size: str) -> str:
    """Without leading zeros, which a provider would refuse."""
    measured = dimensions(size)
    return f"{measured[0]}x{measured[1]}" if measured else size


def _chosen(model: Model, choice: str, value: str | None, allowed: tuple[str, ...], default: str | None) -> str | None:
    if value is None:
        return default
    if value not in allowed:
        raise _not_offered(model, choice, value, allowed)
    return value


def _size_not_offered(model: Model, size: str) -> Problem:
    if not model.custom_sizes or model.dialect == "generic":
        return _not_offered(model, "size", size, model.sizes)
    return Problem(
        "size_not_offered",
        model=model.title,
        value=size[:40],
        allowed=", ".join(model.sizes),
        step=STEP,
        longest=LONGEST_EDGE,
        fewest=FEWEST_PIXELS,
        most=MOST_PIXELS,
    )


def _not_offered(model: Model, choice: str, value: str, allowed: tuple[str, ...]) -> Problem:
    if not allowed:
        return Problem("choice_not_there", model=model.title, choice=choice)
    return Problem("choice_not_offered", model=model.title, choice=choice, value=value[:40], allowed=", ".join(allowed))


def _out_of_range(choice: str, value: int, least: int, most: int) -> Problem:
    shown = value if abs(value) < 10**12 else "…"  # a program may send a number that fills a page
    return Problem("number_out_of_range", choice=choice, value=shown, least=least, most=most)


def _compression(order: Order, output_format: str | None) -> int | None:
    """0 to 100, for the formats that lose something; elsewhere the choice does not exist and is dropped."""
    if order.output_compression is None or output_format not in ("webp", "jpeg"):
        return None
    if not 0 <= order.output_compression <= 100:
        raise _out_of_range("compression", order.output_compression, 0, 100)
    return order.output_compression


def _check_references(order: Order, model: Model) -> None:
    if order.references and not model.most_references:
        raise Problem("references_not_offered", model=model.title)
    if len(order.references) > model.most_references:
        raise Problem("too_many_references", count=len(order.references), most=model.most_references)


def _check_mask(order: Order, model: Model) -> None:
    if order.mask is None:
        return
    if not model.masks or not order.references:
        raise Problem("mask_not_offered", model=model.title)
    mask, image = order.mask, order.references[0]
    if (mask.width, mask.height) != (image.width, image.height):
        raise Problem(
            "mask_of_other_size",
            width=mask.width,
            height=mask.height,
            image_width=image.width,
            image_height=image.height,
        )


def _first(values: tuple[str, ...]) -> str | None:
    return values[0] if values else None
