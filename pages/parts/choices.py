"""The line of choices: each says what is chosen, and unfolds to what else there is.

What a model cannot do is not there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.catalog.catalog import LONGEST_EDGE, STEP, Model, dimensions
from core.engines.connections import Offer
from core.i18n import Reader
from core.studio.orders import MOST_PICTURES
from pages.parts.money import about
from pages.parts.names import background_name, model_name, quality_name, shape, shape_name, size_name, title

CUSTOM = "custom"
LOSSY = ("webp", "jpeg")
ICONS = {
    "square": ":material/crop_square:",
    "landscape": ":material/crop_landscape:",
    "portrait": ":material/crop_portrait:",
    "wide": ":material/crop_16_9:",
    "tall": ":material/crop_9_16:",
    CUSTOM: ":material/aspect_ratio:",
}
ANY_SHAPE = ":material/auto_awesome:"


def choose_model(text: Reader, offers: list[Offer]) -> Offer:
    by_name = {offer.model.name: offer for offer in offers}
    chosen = chosen_offer(offers)
    st.session_state["model"] = chosen.model.name
    with _fold("model", title(text, chosen.model)):
        st.radio(
            text("Model"),
            list(by_name),
            format_func=lambda name: model_name(text, by_name[name].model),
            key="model",
            persist_state="session",
        )
    return chosen_offer(offers)


def chosen_offer(offers: list[Offer]) -> Offer:
    return next((offer for offer in offers if offer.model.name == st.session_state.get("model")), offers[0])


def choose_shape(text: Reader, model: Model) -> None:
    if not model.sizes:
        return
    values = (*model.sizes, *((CUSTOM,) if model.custom_sizes else ()))
    _take_custom(model, values)
    _default("size", values, model.default_size)
    size = chosen_size(model)
    with _fold("size", shape_name(text, size), _icon(st.session_state["size"])):
        st.radio(
            text("Shape"),
            values,
            format_func=lambda value: f"{_icon(value)} {_shape_and_measures(text, value)}",
            key="size",
            persist_state="session",
        )
        if st.session_state["size"] == CUSTOM:
            _custom(text, model)


def chosen_size(model: Model) -> str | None:
    """ "auto", "WIDTHxHEIGHT" or None; a custom one as it is typed, whether the model allows it or not."""
    if not model.sizes:
        return None
    size: str | None = st.session_state.get("size")
    if size != CUSTOM:
        return size
    return f"{int(st.session_state.get('width') or 0)}x{int(st.session_state.get('height') or 0)}"


def choose_quality(text: Reader, model: Model, prices: Mapping[str, int | None]) -> None:
    """`prices`: micro-dollars of a picture at each quality, so that the dear ones are seen to be dear."""
    if not model.qualities:
        return
    _default("quality", model.qualities, model.default_quality)
    with _fold("quality", quality_name(text, st.session_state["quality"])):
        st.radio(
            text("Quality"),
            model.qualities,
            format_func=lambda value: quality_name(text, value),
            captions=[_price(text, prices, quality) for quality in model.qualities],
            key="quality",
            persist_state="session",
        )


def choose_number(text: Reader) -> None:
    numbers = range(1, MOST_PICTURES + 1)
    if st.session_state.get("number") not in numbers:
        st.session_state["number"] = 1
    with _fold("number", text.plural("{count} picture", "{count} pictures", st.session_state["number"])):
        st.radio(
            text("Pictures"), numbers, format_func=text.number, key="number", persist_state="session", horizontal=True
        )


def choose_more(text: Reader, model: Model) -> None:
    if not model.backgrounds and not model.formats:
        return
    with _fold("more", text("More"), ":material/tune:"):
        if model.formats:
            _default("output_format", model.formats, "png")
            _radio(text("Format"), "output_format", model.formats, str.upper, horizontal=True)
        output_format = st.session_state.get("output_format")
        backgrounds = tuple(it for it in model.backgrounds if it != "transparent" or output_format in ("png", "webp"))
        if backgrounds:
            _default("background", backgrounds, "auto")
            _radio(text("Background"), "background", backgrounds, lambda it: background_name(text, it))
        if output_format in LOSSY:
            st.slider(
                text("Compression"),
                0,
                100,
                100,
                key="compression",
                help=text("100 keeps most detail, smaller numbers make smaller files."),
                persist_state="session",
            )


def _fold(key: str, label: str, icon: str | None = None) -> Any:
    return st.popover(label.replace("$", "\\$"), icon=icon, key=f"fold-{key}")


def _take_custom(model: Model, values: Sequence[str]) -> None:
    """Measures that came with a link or from the last order, and stand in no list."""
    measures = dimensions(str(st.session_state.get("size")))
    for key, side in zip(("width", "height"), dimensions(model.default_size) or (1024, 1024), strict=True):
        st.session_state.setdefault(key, side)
    if measures and st.session_state["size"] not in values and model.custom_sizes:
        st.session_state["size"] = CUSTOM
        st.session_state["width"], st.session_state["height"] = (min(side, LONGEST_EDGE) for side in measures)


def _default(key: str, values: Sequence[str], default: str) -> None:
    """Said aloud, because the browser would go on showing what it knows from another model."""
    if st.session_state.get(key) not in values:
        st.session_state[key] = default if default in values else values[0]


def _radio(label: str, key: str, values: Sequence[str], name: Callable[[str], str], horizontal: bool = False) -> None:
    st.radio(label, values, format_func=name, key=key, persist_state="session", horizontal=horizontal)


def _icon(size: str) -> str:
    return ICONS.get(shape(size) or size, ANY_SHAPE)


def _shape_and_measures(text: Reader, size: str) -> str:
    """No two shapes have the same words: Streamlit tells options apart by them."""
    if size == CUSTOM:
        return text("Custom")
    measures = dimensions(size)
    small = f" :small[{measures[0]} × {measures[1]}]" if measures else ""
    return f"{shape_name(text, size)}{small}"


def _custom(text: Reader, model: Model) -> None:
    """Two measures, and at once whether the model draws them."""
    step = 1 if model.dialect == "generic" else STEP
    with st.container(horizontal=True):
        for label, key in ((text("Width"), "width"), (text("Height"), "height")):
            st.number_input(label, 1, LONGEST_EDGE, step=step, key=key, persist_state="session", width=140)
    size = chosen_size(model) or ""
    if model.allows_size(size):
        st.caption(text("{size} fits.", size=size_name(text, size)))
    elif model.dialect == "generic":
        st.caption(text("Each side has 1 to {longest} pixels.", longest=text.number(LONGEST_EDGE)))
    else:
        st.caption(
            text(
                "This does not fit: both sides are multiples of {step}, the longer one has at most {longest} pixels and"
                " is at most three times the shorter one, and the picture has 0.66 to 8.29 million pixels.",
                step=STEP,
                longest=text.number(LONGEST_EDGE),
            )
        )


def _price(text: Reader, prices: Mapping[str, int | None], quality: str) -> str:
    """What a picture costs, and how many of the cheapest that is."""
    if quality not in prices:
        return ""
    micros = prices[quality]
    if micros is None:
        return text("unpriced")
    least = min((price for price in prices.values() if price), default=0)
    times = round(micros / least, 1) if least else 1
    price = about(text, micros)
    shown = text("{price} · {times} times the least", price=price, times=text.number(times)) if times > 1 else price
    return shown.replace("$", "\\$")
