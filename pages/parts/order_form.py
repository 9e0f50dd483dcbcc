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
LOSSY = ("webp", "jpeg")


def order_form(here: Here, offers: list[Offer]) -> Offer:
    """Draw the form; the offer that is chosen in it."""
    text = here.reader
    _description(here)
    with st.container(key="choices"), st.grid("auto", min_column_width=NARROW):
        offer = _offer(text, offers)
        model = offer.model
        _choice(text("Size"), "size", model.sizes, model.default_size, lambda value: size_name(text, value))
        _choice(
            text("Quality"), "quality", model.qualities, model.default_quality, lambda value: quality_name(text, value)
        )
        st.number_input(text("Pictures"), 1, MOST_PICTURES, 1, key="number", persist_state="session")
    _more(text, model)
    _references(here, model)
    return offer


def order_as_it_stands(here: Here, offers: list[Offer]) -> Order:
    """What is typed and chosen at this moment. A button was drawn before, and knows only what stood there then."""
    state = st.session_state
    model = _chosen(offers).model
    output_format = state.get("output_format") if model.formats else None
    return Order(
        description=state.get("description") or "",
        model=model.name,
        size=state.get("size") if model.sizes else None,
        quality=state.get("quality") if model.qualities else None,
        number=int(state.get("number") or 1),
        background=state.get("background") if model.backgrounds else None,
        output_format=output_format,
        output_compression=state.get("compression") if output_format in LOSSY else None,
        references=_chosen_references(here) if model.most_references else (),
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


def _offer(text: Reader, offers: list[Offer]) -> Offer:
    by_name = {offer.model.name: offer for offer in offers}
    st.selectbox(
        text("Model"),
        list(by_name),
        format_func=lambda name: model_name(text, by_name[name].model),
        key="model",
        placeholder=text("Model"),
        persist_state="session",
    )
    return _chosen(offers)


def _chosen(offers: list[Offer]) -> Offer:
    return next((offer for offer in offers if offer.model.name == st.session_state.get("model")), offers[0])


def ends_soon(text: Reader, offer: Offer) -> str | None:
    """A sentence about a model that the provider shuts down before long."""
    model = offer.model
    if not offer.ends_soon or model.shutdown is None:
        return None
    day = text.date(model.shutdown)
    return text(
        "{model} is shut down on {date}. Choose another one for what is to last.", model=title(text, model), date=day
    )


def _choice(label: str, key: str, values: tuple[str, ...], default: str, name: Any) -> None:
    """A choice among a model's values; none where the model has none."""
    if not values:
        return
    if st.session_state.get(key) not in values:
        # Said aloud, because the browser would go on showing what it knows from another model.
        st.session_state[key] = default if default in values else values[0]
    st.selectbox(label, values, format_func=name, key=key, placeholder=label, persist_state="session")


def _more(text: Reader, model: Model) -> None:
    if not model.backgrounds and not model.formats:
        return
    with st.expander(text("Background and format")), st.container(key="more"), st.grid("auto", min_column_width=NARROW):
        _choice(text("Format"), "output_format", model.formats, "png", str.upper)
        output_format = st.session_state.get("output_format")
        backgrounds = tuple(
            value for value in model.backgrounds if value != "transparent" or output_format in ("png", "webp")
        )
        _choice(text("Background"), "background", backgrounds, "auto", lambda value: background_name(text, value))
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


def _references(here: Here, model: Model) -> None:
    """Pictures to start from: uploaded ones, and those taken from the gallery."""
    text = here.reader
    if not model.most_references:
        return
    taken = _taken()
    with st.expander(text("Start from a picture"), expanded=bool(taken)):
        files = st.file_uploader(
            text("Up to {most} pictures that the description then changes", most=MOST_REFERENCES),
            accept_multiple_files=True,
            key="uploads",
        )
        for file in files:
            kept = _kept(here, file)
            if isinstance(kept, str):
                st.error(shell.plain(kept))
        for position, reference in enumerate(taken):
            with st.container(horizontal=True, vertical_alignment="center"):
                if reference.image_id is not None:
                    st.html(f'<img class="imagier-small" src="/pictures/{reference.image_id}/320" alt="">')
                st.markdown(text("Picture {number} of the gallery", number=reference.image_id or 0))
                st.button(text("Remove"), key=f"remove-{position}", on_click=_remove, args=(position,))


def _chosen_references(here: Here) -> tuple[ReferenceFile, ...]:
    uploaded = (_kept(here, file) for file in st.session_state.get("uploads") or ())
    return (*_taken(), *(kept for kept in uploaded if isinstance(kept, ReferenceFile)))


def _taken() -> list[ReferenceFile]:
    taken: list[ReferenceFile] = st.session_state.setdefault("taken", [])
    return taken


def _remove(position: int) -> None:
    del st.session_state["taken"][position]


def _kept(here: Here, file: Any) -> ReferenceFile | str:
    """Check and keep an upload once, not at every run; of what is refused, why."""
    known: dict[str, ReferenceFile | str] = st.session_state.setdefault("kept_uploads", {})
    if file.file_id not in known:
        try:
            known[file.file_id] = here.services.requests.keep_reference(
                here.person.user_id, file.name, bytes(file.getbuffer())
            )
        except Problem as problem:
            known[file.file_id] = explain(here.reader, problem.code, problem.params)
    return known[file.file_id]


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
