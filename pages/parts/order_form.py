"""The order: description, choices, pictures to start from. What a model cannot do is not on the page."""

from typing import Any

import streamlit as st

from core.catalog.catalog import Model, dimensions
from core.engines.connections import Offer
from core.errors import Problem, explain
from core.i18n import Reader
from core.storage.uploads import MOST_REFERENCES
from core.studio.orders import MOST_PICTURES, Order, ReferenceFile
from pages.parts import shell
from pages.parts.visit import Here, require

NARROW = 150  # pixels, the least width of a choice


def order_form(here: Here, offers: list[Offer]) -> Order:
    """Draw the form; the order as it stands now."""
    text = here.reader
    _description(here)
    with st.container(key="choices"), st.grid("auto", min_column_width=NARROW):
        model = _model(text, offers)
        size = _choice(text("Size"), "size", model.sizes, model.default_size, lambda value: size_name(text, value))
        quality = _choice(
            text("Quality"), "quality", model.qualities, model.default_quality, lambda value: quality_name(text, value)
        )
        number = st.number_input(text("Pictures"), 1, MOST_PICTURES, 1, key="number", persist_state="session")
    background, output_format, compression = _more(text, model)
    references = _references(here, model)
    return Order(
        description=st.session_state.get("description") or "",
        model=model.name,
        size=size,
        quality=quality,
        number=int(number),
        background=background,
        output_format=output_format,
        output_compression=compression,
        references=references,
    )


def _description(here: Here) -> None:
    text = here.reader
    if "description" not in st.session_state:
        st.session_state["description"] = here.services.people.draft(here.person.user_id)
    st.text_area(
        text("Description"),
        key="description",
        height=130,
        placeholder=text("Snowy mountains above a quiet sea at dawn, pines in front"),
        persist_state="session",
        on_change=_keep_draft,
    )


def _keep_draft() -> None:
    here = require()
    here.services.people.save_draft(here.person.user_id, st.session_state.get("description") or "")


def _model(text: Reader, offers: list[Offer]) -> Model:
    by_name = {offer.model.name: offer for offer in offers}
    chosen = st.selectbox(
        text("Model"),
        list(by_name),
        format_func=lambda name: model_name(text, by_name[name].model),
        key="model",
        placeholder=text("Model"),
        persist_state="session",
    )
    return by_name[chosen or offers[0].model.name].model


def ends_soon(text: Reader, offer: Offer) -> str | None:
    """A sentence about a model that the provider shuts down before long."""
    model = offer.model
    if not offer.ends_soon or model.shutdown is None:
        return None
    day = text.date(model.shutdown)
    return text(
        "{model} is shut down on {date}. Choose another one for what is to last.", model=title(text, model), date=day
    )


def _choice(label: str, key: str, values: tuple[str, ...], default: str, name: Any) -> str | None:
    """A choice among a model's values; none where the model has none."""
    if not values:
        return None
    index = values.index(default) if default in values else 0
    if st.session_state.get(key) not in values:
        st.session_state.pop(key, None)  # another model's value
    value: str | None = st.selectbox(
        label, values, index=index, format_func=name, key=key, placeholder=label, persist_state="session"
    )
    return value


def _more(text: Reader, model: Model) -> tuple[str | None, str | None, int | None]:
    if not model.backgrounds and not model.formats:
        return None, None, None
    with st.expander(text("Background and format")), st.container(key="more"), st.grid("auto", min_column_width=NARROW):
        output_format = _choice(text("Format"), "output_format", model.formats, "png", str.upper)
        backgrounds = tuple(
            value for value in model.backgrounds if value != "transparent" or output_format in ("png", "webp")
        )
        background = _choice(
            text("Background"), "background", backgrounds, "auto", lambda value: background_name(text, value)
        )
        compression = None
        if output_format in ("webp", "jpeg"):
            compression = st.slider(
                text("Compression"),
                0,
                100,
                100,
                key="compression",
                help=text("100 keeps most detail, smaller numbers make smaller files."),
                persist_state="session",
            )
    return background, output_format, compression


def _references(here: Here, model: Model) -> tuple[ReferenceFile, ...]:
    """Pictures to start from: uploaded ones, and those taken from the gallery."""
    text = here.reader
    if not model.most_references:
        return ()
    taken: list[ReferenceFile] = st.session_state.setdefault("taken", [])
    label = text("Start from a picture")
    with st.expander(label, expanded=bool(taken)):
        files = st.file_uploader(
            text("Up to {most} pictures that the description then changes", most=MOST_REFERENCES),
            accept_multiple_files=True,
            key="uploads",
        )
        uploaded = [kept for file in files if (kept := _kept(here, file)) is not None]
        for position, file in enumerate(taken):
            with st.container(horizontal=True, vertical_alignment="center"):
                if file.image_id is not None:
                    st.html(f'<img src="/pictures/{file.image_id}/320" alt="" width="72" style="border-radius:8px">')
                st.markdown(text("Picture {number} of the gallery", number=file.image_id or 0))
                st.button(text("Remove"), key=f"remove-{position}", on_click=_remove, args=(position,))
    return (*taken, *uploaded)


def _remove(position: int) -> None:
    del st.session_state["taken"][position]


def _kept(here: Here, file: Any) -> ReferenceFile | None:
    """Check and keep an upload once, not at every run; what is refused says why each time, until it is removed."""
    known: dict[str, ReferenceFile | str] = st.session_state.setdefault("kept_uploads", {})
    if file.file_id not in known:
        try:
            known[file.file_id] = here.services.requests.keep_reference(
                here.person.user_id, file.name, bytes(file.getbuffer())
            )
        except Problem as problem:
            known[file.file_id] = explain(here.reader, problem.code, problem.params)
    found = known[file.file_id]
    if isinstance(found, str):
        st.error(shell.plain(found))
        return None
    return found


def model_name(text: Reader, model: Model) -> str:
    strengths = {
        "fast": text("fast"),
        "detail": text("detailed"),
        "earlier": text("earlier generation"),
        "no_ai": text("no AI"),
    }
    strength = strengths.get(model.strength)
    return f"{title(text, model)} · {strength}" if strength else title(text, model)


def title(text: Reader, model: Model) -> str:
    """What the model is called; ours is a word, the others are names."""
    return text("Painter") if model.strength == "no_ai" else model.title


def size_name(text: Reader, size: str | None) -> str:
    """A shape and its measures; "auto" and None leave it to the provider."""
    measures = dimensions(size or "")
    if measures is None:
        return text("Automatic")
    width, height = measures
    shape = text("Square") if width == height else text("Landscape") if width > height else text("Portrait")
    return f"{shape} · {width} × {height}"


def quality_name(text: Reader, quality: str) -> str:
    names = {
        "low": text("Low"),
        "medium": text("Medium"),
        "high": text("High"),
        "xhigh": text("Very high"),
        "max": text("Highest"),
    }
    return names.get(quality, quality)


def background_name(text: Reader, background: str) -> str:
    names = {
        "auto": text("Automatic"),
        "opaque": text("Opaque"),
        "transparent": text("Transparent"),
    }
    return names.get(background, background)
