"""A mask that is painted on the picture itself: where it was painted, the picture changes, and nowhere else."""

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from core.catalog.catalog import Model
from core.errors import Problem
from core.studio.orders import ReferenceFile
from pages.parts import shell
from pages.parts.visit import Here

PARTS = Path(__file__).parent
PNG = "data:image/png;base64,"

_painter = st.components.v2.component(
    "imagier_mask",
    html='<div class="imagier-mask"></div>',
    css=(PARTS / "mask.css").read_text("utf-8"),
    js=(PARTS / "mask.js").read_text("utf-8"),
    isolate_styles=False,
)


def mask_painter(here: Here, model: Model, picture: ReferenceFile) -> None:
    """For the first picture to start from, where the model takes a mask."""
    text = here.reader
    if not model.masks or picture.image_id is None:
        return
    if not st.toggle(text("Change only a part of it"), key="masks", persist_state="session"):
        return
    st.caption(
        text("Paint over what is to change; the description says what comes there. Unpainted, all of it may change.")
    )
    texts = {
        "brush": text("Brush"),
        "eraser": text("Eraser"),
        "undo": text("Undo"),
        "clear": text("Start anew"),
        "size": text("Width"),
        "canvas": text("The picture, to be painted on"),
        "keys": text("By keyboard: arrows move the brush, the space bar lowers and lifts it."),
    }
    data = {
        "source": f"/pictures/{picture.image_id}/original",
        "alt": "",
        "width": picture.width,
        "height": picture.height,
        "texts": texts,
    }
    _painter(data=data, key=_key(picture), on_mask_change=lambda: None)


def chosen_mask(here: Here, model: Model, pictures: tuple[ReferenceFile, ...]) -> ReferenceFile | None:
    """What is painted on the first picture at this moment, checked and kept as an upload is."""
    if not model.masks or not st.session_state.get("masks") or not pictures or pictures[0].image_id is None:
        return None
    painted = _painted(st.session_state.get(_key(pictures[0])))
    if painted is None:
        return None
    known: dict[str, ReferenceFile | None] = st.session_state.setdefault("kept_masks", {})
    name = hashlib.sha256(painted.encode()).hexdigest()
    if name not in known:
        known[name] = _kept(here, painted)
    return known[name]


def _painted(state: Any) -> str | None:
    """The data URI that the component has sent, if it is one."""
    painted = state.get("mask") if hasattr(state, "get") else None
    return painted if isinstance(painted, str) and painted.startswith(PNG) else None


def _kept(here: Here, painted: str) -> ReferenceFile | None:
    try:
        data = base64.b64decode(painted.removeprefix(PNG), validate=True)
        return here.services.requests.keep_mask(here.person.user_id, "mask.png", data)
    except binascii.Error:
        return None
    except Problem as problem:
        shell.refuse(here.reader, problem)
        return None


def _key(picture: ReferenceFile) -> str:
    return f"mask-{picture.image_id}"
