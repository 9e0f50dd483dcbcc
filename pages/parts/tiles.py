"""Tiles: pictures side by side, finished or on their way, drawn by one small component.

The component keeps its elements from one run to the next, so that a preview takes the place of the one before without
a flash, the time so far runs on between two runs, and nothing on the page moves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from core.errors import remedy, what
from core.i18n import Reader
from core.storage.tables import WAITING, Connection, Image, Request
from core.studio.board import Board, Slot

PARTS = Path(__file__).parent
GALLERY = "gallery"  # its address

_tiles = st.components.v2.component(
    "imagier_tiles",
    html='<div class="imagier-tiles"></div>',
    css=(PARTS / "tiles.css").read_text("utf-8"),
    js=(PARTS / "tiles.js").read_text("utf-8") + (PARTS / "picks.js").read_text("utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True, slots=True)
class Offered:
    """An act on a finished picture, with its words; `price` is what it may cost, "" where it costs nothing."""

    name: str
    label: str
    price: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did to a tile: "open", "cancel", "retry" (`confirmed`: it may be billed again), or an act of
    `pages.parts.again`."""

    name: str
    image_id: int
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Picking:
    """The tiles with "pick" can be picked, and `picked` are. `always`: a click picks instead of opening.

    `on_pick` is called with the tiles that are shown, and with those of them that are picked now.
    """

    picked: frozenset[int]
    always: bool
    on_pick: Callable[[frozenset[int], frozenset[int]], None]


def tiles(
    reader: Reader,
    items: Sequence[dict[str, Any]],
    key: str,
    on_act: Callable[[Act], None],
    shape: Literal["grid", "rows", "large", "strip"] = "grid",
    picking: Picking | None = None,
) -> None:
    """Show the items (from `finished` or `standing`): in a grid, in rows of one height, large, or small in a row."""

    def acted() -> None:
        act = _act(st.session_state.get(key))
        if act is not None:
            on_act(act)

    def picked() -> None:
        picks = _picks(st.session_state.get(key))
        if picking is not None and picks is not None:
            step, shown, now = picks
            st.session_state[f"{key}-answered"] = step
            picking.on_pick(shown, now)

    data: dict[str, Any] = {
        "items": list(items),
        "texts": _texts(reader),
        "locale": str(reader.locale).replace("_", "-"),
        "shape": shape,
        "picking": None,
    }
    if picking is not None:
        data["picking"] = {
            "picked": sorted(picking.picked),
            "always": picking.always,
            "answered": st.session_state.get(f"{key}-answered", 0),
            "label": reader("Select: {description}", description="{description}"),
        }
    _tiles(data=data, key=key, on_act_change=acted, on_picks_change=picked)


def finished(
    reader: Reader, image: Image, request: Request, page: str = "", acts: Sequence[Offered] = (), whole: bool = False
) -> dict[str, Any]:
    """A picture that is done, as a link to itself on `page` (its address: "" is the page where one is).

    `whole`: it may be shown so large that only the original is sharp.
    """
    sizes = [f"/pictures/{image.id}/320 320w", f"/pictures/{image.id}/640 640w"] if image.has_thumbnails else []
    if sizes and whole and image.width:
        sizes.append(f"/pictures/{image.id}/original {image.width}w")
    return {
        "id": image.id,
        "state": "done",
        "alt": request.description,
        "href": address(image.id, page),
        "source": f"/pictures/{image.id}/640",
        "sources": ", ".join(sizes),
        "placeholder": image.placeholder or "",
        "ratio": _ratio(image.width, image.height),
        "badge": badge(reader, request),
        "acts": [{"name": act.name, "label": act.label, "price": act.price} for act in acts],
    }


def address(image_id: int, page: str = GALLERY) -> str:
    """Where a picture opens; `page` "" is the page where one is."""
    return f"{page}?picture={image_id}"


def standing(
    reader: Reader, slot: Slot, request: Request, board: Board, acts: Sequence[Offered] = (), whole: bool = False
) -> dict[str, Any]:
    """Any picture of an order, wherever it stands."""
    image = slot.image
    if image.state == "done":
        return finished(reader, image, request, GALLERY, acts, whole)
    return {
        "id": image.id,
        "state": image.state,
        "alt": request.description,
        "source": f"/pictures/{image.id}/preview-{image.previews_seen}" if _has_preview(image) else "",
        "ratio": _ratio(*_asked(request.size)),
        "badge": badge(reader, request),
        "since": int((board.now - image.started_at).total_seconds() * 1000) if image.started_at else None,
        "lines": _lines(reader, slot, board.stopped.get(image.connection)),
        "cancel": image.state in WAITING,
        "retry": slot.can_retry,
        "confirm": image.state == "unknown",
    }


def badge(reader: Reader, request: Request) -> str:
    return reader("painter, no AI") if request.connection == "painter" else ""


def _lines(reader: Reader, slot: Slot, stopped: Connection | None) -> list[str]:
    """What is said on a tile without a picture: what happened and why, then what to do or to expect."""
    image = slot.image
    params = image.problem_params or {}
    if image.state == "queued":
        if stopped is not None and stopped.stopped_code:
            return [reader("Waiting"), what(reader, stopped.stopped_code), remedy(reader, stopped.stopped_code)]
        lines = [reader("Waiting, place {place} in the line", place=slot.place) if slot.place else reader("Waiting")]
        if slot.place and slot.wait is not None:
            until = slot.wait + (slot.typical or 0)
            lines.append(reader("there in about {duration}", duration=reader.duration(until)))
        return lines
    if image.state == "paused":
        return [reader("Paused")]
    if image.state == "cancelled":
        return [reader("Cancelled")]
    if image.state == "running" or image.problem is None:
        return []
    lines = [what(reader, image.problem, params)]
    if image.state == "blocked":
        lines += _moderation(reader, params)
    lines.append(remedy(reader, image.problem, params))
    if image.provider_request_id:
        lines.append(reader("Request id at the provider: {id}", id=image.provider_request_id))
    return lines


def _moderation(reader: Reader, params: dict[str, Any]) -> list[str]:
    stages = {"input": reader("Refused at the description"), "output": reader("Refused at the finished picture")}
    lines = [stages[params["stage"]]] if params.get("stage") in stages else []
    if params.get("categories"):
        lines.append(reader("Categories: {categories}", categories=reader.listing(params["categories"])))
    return lines


def _texts(reader: Reader) -> dict[str, str]:
    return {
        "drawing": reader("Drawing"),
        "sofar": reader("{seconds} s"),
        "cancel": reader("Cancel"),
        "retry": reader("Try again"),
        "confirm": reader("It may be billed again."),
        "yes": reader("Try again all the same"),
        "no": reader("Leave it"),
    }


def _act(state: Any) -> Act | None:
    value = state.get("act") if hasattr(state, "get") else None
    if not isinstance(value, dict) or not isinstance(value.get("id"), int):
        return None
    return Act(str(value.get("name")), value["id"], value.get("confirmed") is True)


def _picks(state: Any) -> tuple[int, frozenset[int], frozenset[int]] | None:
    """The step of the browser, the tiles that can be picked, and those that are."""
    value = state.get("picks") if hasattr(state, "get") else None
    if not isinstance(value, dict) or not isinstance(value.get("step"), int):
        return None
    shown, picked = (
        frozenset(it for it in value.get(name) or () if isinstance(it, int)) for name in ("shown", "picked")
    )
    return value["step"], shown, picked


def _has_preview(image: Image) -> bool:
    return image.state == "running" and image.previews_seen > 0


def _asked(size: str | None) -> tuple[int | None, int | None]:
    width, cross, height = (size or "").partition("x")
    return (int(width), int(height)) if cross else (None, None)


def _ratio(width: int | None, height: int | None) -> float:
    return width / height if width and height else 1.0
