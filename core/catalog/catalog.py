"""What models there are and what each can do: dated data, read from `models.toml`."""

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

PATH = Path(__file__).parent / "models.toml"

# Bounds of sizes that are not in a list. Source: the provider's calculator for gpt-image-2, and its SDK's docstring.
STEP = 16
LONGEST_EDGE = 3840
FEWEST_PIXELS = 655_360
MOST_PIXELS = 8_294_400
WIDEST_RATIO = 3
SHAPES = ("square", "landscape", "portrait", "wide", "tall")
WIDE = (8, 5)  # from this ratio on, a landscape is wide, and a portrait tall


@dataclass(frozen=True, slots=True)
class Model:
    """One model. An empty tuple means that the choice does not exist there. Sizes are "auto" or "WIDTHxHEIGHT"."""

    name: str
    title: str
    strength: Literal["fast", "detail", "earlier", "no_ai", "other"]
    dialect: Literal["openai", "generic", "painter"] = "openai"
    sizes: tuple[str, ...] = (
        "1024x1024",
        "1536x1024",
        "1024x1536",
        "2048x2048",
        "2560x1440",
        "1440x2560",
        "3840x2160",
        "2160x3840",
        "auto",
    )
    custom_sizes: bool = True
    default_size: str = "1024x1024"
    qualities: tuple[str, ...] = ("low", "medium", "high")
    default_quality: str = "medium"
    backgrounds: tuple[str, ...] = ("auto", "opaque", "transparent")
    formats: tuple[str, ...] = ("png", "webp", "jpeg")
    moderations: tuple[str, ...] = ("auto", "low")
    complexities: tuple[str, ...] = ()
    fidelities: tuple[str, ...] = ()
    most_references: int = 16
    masks: bool = True
    shutdown: date | None = None

    def is_shut_down(self, today: date) -> bool:
        return self.shutdown is not None and self.shutdown <= today

    def allows_size(self, size: str) -> bool:
        return size in self.sizes or (self.custom_sizes and self._within_bounds(size))

    def _within_bounds(self, size: str) -> bool:
        width, height = dimensions(size) or (0, 0)
        if self.dialect == "generic":
            return 0 < width <= LONGEST_EDGE and 0 < height <= LONGEST_EDGE
        return (
            width % STEP == 0
            and height % STEP == 0
            and 0 < max(width, height) <= LONGEST_EDGE
            and FEWEST_PIXELS <= width * height <= MOST_PIXELS
            and max(width, height) <= WIDEST_RATIO * min(width, height)
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    checked: date
    warn_days: int
    default: str
    models: dict[str, Model]
    generic: Model

    def get(self, name: str) -> Model:
        """A model by name; one that the file does not name is described as any compatible server's."""
        return self.models.get(name) or replace(self.generic, name=name, title=name)

    def ends_soon(self, model: Model, today: date) -> bool:
        return model.shutdown is not None and 0 < (model.shutdown - today).days <= self.warn_days

    @property
    def openai_models(self) -> frozenset[str]:
        return frozenset(name for name, model in self.models.items() if model.dialect == "openai")


def dimensions(size: str) -> tuple[int, int] | None:
    """(width, height) of "WIDTHxHEIGHT"; None for "auto" and for anything else."""
    width, cross, height = size.partition("x")
    if cross and all(part.isascii() and part.isdigit() and 0 < len(part) <= 5 for part in (width, height)):
        return int(width), int(height)
    return None


def shape_of(width: int, height: int) -> str:
    """One of SHAPES, or "" where there are no measures. `core.storage.shelves` says the same in SQL."""
    if not width * height:
        return ""
    if width == height:
        return "square"
    longer, shorter = max(width, height), min(width, height)
    is_wide = longer * WIDE[1] >= shorter * WIDE[0]
    if width > height:
        return "wide" if is_wide else "landscape"
    return "tall" if is_wide else "portrait"


@cache
def load(path: Path = PATH) -> Catalog:
    data = tomllib.loads(path.read_text("utf-8"))
    models = [_model(row) for row in data["models"]]
    return Catalog(
        checked=data["checked"],
        warn_days=data["warn_days"],
        default=data["default"],
        models={model.name: model for model in models},
        generic=_model(data["generic"]),
    )


def _model(row: dict[str, Any]) -> Model:
    values: dict[str, Any] = {key: tuple(it) if isinstance(it, list) else it for key, it in row.items()}
    return Model(**values)
