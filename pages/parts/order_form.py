"""The order: a description, the line of choices, pictures to start from; and what all that asks for."""

import streamlit as st

from core.engines.connections import Offer
from core.i18n import Reader
from core.studio.choices import Choices
from core.studio.orders import LONGEST_DESCRIPTION, MOST_PICTURES, Order
from pages.parts import choices
from pages.parts.batches import is_several, several_toggle
from pages.parts.improving import improve_button, suggestion
from pages.parts.mask import chosen_mask
from pages.parts.names import title
from pages.parts.references import chosen_references, references
from pages.parts.template_picker import template_picker
from pages.parts.visit import Here, require

# What a link may carry, beside the description: the widget that it sets, by its name in the address.
IN_ADDRESS = {
    "model": "model",
    "size": "size",
    "quality": "quality",
    "background": "background",
    "format": "output_format",
}


def order_form(here: Here, offers: list[Offer]) -> Offer:
    """Draw the form; the offer that is chosen in it."""
    text = here.reader
    _begin(here)
    _described(here)
    with st.container(key="choices", horizontal=True):
        offer = choices.choose_model(text, offers)
        model = offer.model
        choices.choose_shape(text, model)
        choices.choose_quality(text, model, here.services.requests.prices(order_as_it_stands(here, offers)))
        choices.choose_number(text)
        choices.choose_more(text, model)
        template_picker(here)
    references(here, model)
    return offer


def order_as_it_stands(here: Here, offers: list[Offer]) -> Order:
    """What is typed and chosen at this moment. A button was drawn before, and knows only what stood there then."""
    state = st.session_state
    model = choices.chosen_offer(offers).model
    output_format = state.get("output_format") if model.formats else None
    pictures = chosen_references(here) if model.most_references else ()
    changed = next((picture.image_id for picture in pictures if picture.image_id is not None), None)
    return Order(
        description=state.get("description") or "",
        model=model.name,
        size=choices.chosen_size(model),
        quality=state.get("quality") if model.qualities else None,
        number=int(state.get("number") or 1),
        background=state.get("background") if model.backgrounds else None,
        output_format=output_format,
        output_compression=state.get("compression") if output_format in choices.LOSSY else None,
        references=pictures,
        mask=chosen_mask(here, model, pictures),
        parent_id=changed,
        relation="change" if changed is not None else None,
    )


def _described(here: Here) -> None:
    """The description, what a text model suggests beside it, and below it what can be done with it."""
    improvements, is_one = here.services.improvements, not is_several()
    model = improvements.offered() if is_one else None
    found = improvements.current(here.person.user_id) if is_one else None
    if found is None:
        _description(here)
    else:
        words, suggested = st.columns(2)
        with words:
            _description(here)
        with suggested:
            suggestion(here, model, found)
    with st.container(key="below-description", horizontal=True, vertical_alignment="center"):
        several_toggle(here)
        if model is not None and found is None:
            improve_button(here, model)


def _description(here: Here) -> None:
    text = here.reader
    example = text("Snowy mountains above a quiet sea at dawn, pines in front")
    if is_several():
        example += "\n" + text("A lighthouse in a storm, painted in oil")
    st.text_area(
        text("Descriptions, one per line") if is_several() else text("Description"),
        key="description",
        height=200 if is_several() else 130,
        placeholder=example,
        persist_state="session",
        on_change=_keep_draft,
    )


def _keep_draft() -> None:
    here = require()
    here.services.people.save_draft(here.person.user_id, st.session_state.get("description") or "")


def take_over(order: Order) -> None:
    """Put an order into the form, as if it had been typed: before the form is drawn."""
    st.session_state["several"] = False  # of its lines none is a description of its own
    st.session_state["description"] = order.description
    st.session_state["taken"] = list(order.references)
    _set(Choices(order.model, order.size, order.quality, None, order.background, order.output_format))


def ends_soon(text: Reader, offer: Offer) -> str | None:
    """A sentence about a model that the provider shuts down before long."""
    model = offer.model
    if not offer.ends_soon or model.shutdown is None:
        return None
    day = text.date(model.shutdown)
    return text(
        "{model} is shut down on {date}. Choose another one for what is to last.", model=title(text, model), date=day
    )


def _begin(here: Here) -> None:
    """At the first run of a visit the form is as the person left it; then comes what a link says."""
    if "description" in st.session_state:
        return
    st.session_state["description"] = here.services.people.draft(here.person.user_id)
    _set(here.services.choices.of(here.person.user_id))
    address = {
        name: st.query_params[name] for name in (*IN_ADDRESS, "description", "number") if name in st.query_params
    }
    if not address:
        return
    for name, key in IN_ADDRESS.items():
        if name in address:
            st.session_state[key] = address[name]
    if "description" in address:
        st.session_state["several"] = False
        st.session_state["description"] = address["description"][:LONGEST_DESCRIPTION]
    number = address.get("number", "")
    if number.isascii() and number.isdigit() and 1 <= int(number[:3]) <= MOST_PICTURES:
        st.session_state["number"] = int(number[:3])
    for name in address:
        del st.query_params[name]  # taken over; a reload must not undo what is typed after it


def _set(chosen: Choices) -> None:
    """Only what was chosen; a choice that the model does not offer becomes its default when the form is drawn."""
    for name, value in (
        ("model", chosen.model),
        ("size", chosen.size),
        ("quality", chosen.quality),
        ("number", chosen.number),
        ("background", chosen.background),
        ("output_format", chosen.output_format),
        ("compression", chosen.output_compression),
        ("several", chosen.several),
    ):
        if value is not None:
            st.session_state[name] = value
