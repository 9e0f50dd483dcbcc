"""The picture itself, as large as there is room: neighbours by key and swipe, zoom by click, key and fingers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.storage.tables import Image

PARTS = Path(__file__).parent
KEY = "viewer"
ANSWERED = "viewer-answered"  # of the state: the last step that the browser has taken

# Not st.html: it takes an alternative text away that reads like the end of a script.
_viewer = st.components.v2.component(
    "imagier_viewer",
    html='<div class="imagier-viewer"></div>',
    css=(PARTS / "viewer.css").read_text("utf-8"),
    js=(PARTS / "viewer.js").read_text("utf-8"),
    isolate_styles=False,
)


def viewer(
    text: Reader, image: Image, before: Sequence[Image], after: Sequence[Image], on_go: Callable[[int], None]
) -> None:
    """`before` and `after` are its neighbours, the nearest first; `on_go` is called with the one that is shown now."""

    def gone() -> None:
        step = _step(st.session_state.get(KEY))
        if step is not None:
            st.session_state[ANSWERED] = step[1]
            on_go(step[0])

    data = {
        "item": _item(image),
        "before": [_item(one) for one in before],
        "after": [_item(one) for one in after],
        "answered": st.session_state.get(ANSWERED, 0),
        "texts": {
            "previous": text("Previous picture"),
            "next": text("Next picture"),
            "in": text("Larger"),
            "out": text("Smaller"),
            "whole": text("The whole picture"),
        },
    }
    _viewer(data=data, key=KEY, on_go_change=gone)


def _item(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "source": f"/pictures/{image.id}/original",
        "thumbnail": f"/pictures/{image.id}/640" if image.has_thumbnails else "",
        "alt": image.request.description,
        "width": image.width,
        "ratio": image.width / image.height if image.width and image.height else None,
        "placeholder": image.placeholder or "",
    }


def _step(state: Any) -> tuple[int, int] | None:
    value = state.get("go") if hasattr(state, "get") else None
    if not isinstance(value, dict) or not isinstance(value.get("id"), int) or not isinstance(value.get("step"), int):
        return None
    return value["id"], value["step"]
