"""What a gallery is narrowed down by and in which order it is, on one line; and what to open where nothing is found."""

from collections.abc import Mapping

import streamlit as st

from core.catalog.catalog import SHAPES
from core.i18n import Reader
from core.studio.views import ANY_STATE, BIN, EVERYBODY, STATES, View
from pages.parts import filters
from pages.parts.bin import bin_button
from pages.parts.collections import manage_button
from pages.parts.names import name_of_shape, title
from pages.parts.search_field import search_field
from pages.parts.selection import begin_button
from pages.parts.shell import plain
from pages.parts.states import state_name
from pages.parts.visit import Here


def show_bar(here: Here, view: View) -> None:
    text = here.reader
    with st.container(key="gallery-bar", horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        search_field(text, view.q)
        folded = [name for name in view.filters if name != "q"]
        label = text("Filters · {count}", count=text.number(len(folded))) if folded else text("Filters")
        with st.popover(label, icon=":material/tune:", key=filters.FOLD, on_change="rerun"):
            _filters(here, view)
        sorts = sort_names(text)
        with st.popover(sorts[view.sort], icon=":material/swap_vert:", key="fold-sort"):
            filters.one_of("sort", text("Order"), sorts)
        begin_button(here, view)
    labels = _labels(here, view)
    if labels:
        with st.container(key="chips", horizontal=True, gap="small"):
            for name, words in labels.items():
                st.button(
                    plain(words),
                    key=f"chip-{name}",
                    icon=":material/close:",
                    help=text("Remove this filter"),
                    on_click=filters.forget,
                    args=((name,),),
                )
            if len(labels) > 1:
                st.button(
                    text("Remove all"),
                    key="chip-all",
                    type="tertiary",
                    on_click=filters.forget,
                    args=(view.filters,),
                )


def show_nothing(here: Here, view: View) -> None:
    """Say that nothing is found, and offer to open what is in the way of something."""
    text = here.reader
    if not view.filters:
        st.markdown(text("There are no pictures here yet. The first one is a description away."))
        return
    if view.filters == ("state",) and view.state == BIN:
        st.markdown(text("The bin is empty."))
        return
    with st.container(key="nothing"):
        st.markdown(f"**{text('No picture is like that.')}**")
        labels = {"q": view.q} if view.q else {}
        labels |= _labels(here, view)
        helps = [name for name in labels if here.services.gallery.page(here.person, view.without(name), size=1).images]
        if helps:
            st.caption(text("There are pictures without one of these:"))
        with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
            for name in helps:
                st.button(
                    text("Remove “{filter}”", filter=plain(labels[name])),
                    key=f"open-{name}",
                    on_click=filters.forget,
                    args=((name,),),
                )
            if len(labels) > 1 or not helps:
                st.button(
                    text("Show everything"),
                    key="open-all",
                    type="tertiary",
                    on_click=filters.forget,
                    args=(view.filters,),
                )


def sort_names(text: Reader) -> dict[str, str]:
    return {"new": text("Newest first"), "old": text("Oldest first"), "dear": text("Dearest first")}


def neighbours(text: Reader, view: View) -> tuple[str, str]:
    """What the pages before and after are called."""
    return {
        "new": (text("Newer"), text("Older")),
        "old": (text("Older"), text("Newer")),
        "dear": (text("Dearer"), text("Cheaper")),
    }[view.sort]


def _filters(here: Here, view: View) -> None:
    text = here.reader
    with st.container(key="filters"):
        filters.flag("favourites", text("Favourites only"))
        with st.container(horizontal=True):
            filters.day(text, "from", text("From"))
            filters.day(text, "to", text("To"))
        collections = _collections(here)
        if collections:
            filters.choice("collection", text("Collection"), collections, text("All collections"))
        filters.choice("model", text("Model"), _models(here), text("All models"))
        filters.choice("shape", text("Shape"), _shapes(text), text("All shapes"))
        filters.choice("state", text("State"), _states(text), state_name(text, STATES[0]))
        if here.person.is_admin:
            filters.choice("person", text("Person"), _people(here), text("My own"))
        with st.container(horizontal=True):
            manage_button()
            bin_button(here)


def _labels(here: Here, view: View) -> dict[str, str]:
    """The filters that are in use, but for the words, in the reader's own."""
    text, address = here.reader, view.address
    known: dict[str, Mapping[str, str]] = {"model": _models(here), "shape": _shapes(text), "state": _states(text)}
    labels = {name: known[name].get(address[name], address[name]) for name in known if name in address}
    if view.favourites:
        labels["favourites"] = text("Favourites")
    if view.collection is not None:
        labels["collection"] = _collections(here).get(str(view.collection), text("Collection"))
    if view.first:
        labels["from"] = text("From {day}", day=text.date(view.first))
    if view.last:
        labels["to"] = text("Until {day}", day=text.date(view.last))
    if view.person and here.person.is_admin:
        labels["person"] = _people(here).get(view.person, view.person)
    return labels


def _models(here: Here) -> dict[str, str]:
    catalog = here.services.catalog
    return {name: title(here.reader, catalog.get(name)) for name in here.services.gallery.models()}


def _collections(here: Here) -> dict[str, str]:
    return {str(it.id): it.name for it in here.services.collections.all(here.person.user_id)}


def _shapes(text: Reader) -> dict[str, str]:
    return {shape: name_of_shape(text, shape) for shape in SHAPES}


def _states(text: Reader) -> dict[str, str]:
    return {state: state_name(text, state) for state in STATES[1:]} | {
        ANY_STATE: text("All states"),
        BIN: text("Bin"),
    }


def _people(here: Here) -> dict[str, str]:
    return {EVERYBODY: here.reader("Everybody")} | {user.login: user.name for user in here.services.people.all()}
