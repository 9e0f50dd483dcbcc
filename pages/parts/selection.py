"""Pictures of the gallery that are picked, and what can be done with all of them at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from core.api.exports import PICKED
from core.errors import Problem
from core.i18n import Reader
from core.storage.tables import Image
from core.studio.changes import Changed
from core.studio.picked import Picked
from core.studio.views import BIN, View
from pages.parts import shell
from pages.parts.collection_picker import show_picker
from pages.parts.download import download
from pages.parts.tiles import Picking
from pages.parts.undo import ask_for_patience, is_done, say_done, show_done, undoing
from pages.parts.visit import Here, require

PLACE = "gallery"
STATE = "picked"
Words = Callable[[Reader, int], str]  # of so many pictures, what was done to them


@dataclass(frozen=True, slots=True)
class Standing:
    """What is picked; `total`, how many the view shows, once that is asked for; `is_on`: picking has been begun."""

    picked: Picked
    total: int | None = None
    is_on: bool = False

    @property
    def number(self) -> int:
        return (self.total or 0) - len(self.picked.ids) if self.picked.all else len(self.picked.ids)


def picking(view: View, images: Sequence[Image]) -> Picking | None:
    """What the tiles have to know; None where there is nothing to be done with what one would pick."""
    if view.person:
        return None
    standing = _standing(view)
    picked = frozenset(image.id for image in images if standing.picked.holds(image.id))
    return Picking(picked, standing.is_on or standing.number > 0 or view.state == BIN, _pick)


def begin_button(here: Here, view: View) -> None:
    """The way in where nothing hovers."""
    if not view.person and view.state != BIN:
        st.button(
            here.reader("Select"), key="select", icon=":material/check_circle:", on_click=_begin, args=(_scope(view),)
        )


def show_selection(here: Here, view: View, images: Sequence[Image], is_all: bool) -> None:
    """The bar at the foot: how many, and the acts; `is_all`: the page shows all of the view."""
    standing = _standing(view)
    st.session_state[STATE] = standing
    if view.person or not (standing.number or standing.is_on or is_done(PLACE)):
        return
    with st.container(key="selection", gap="small"):
        show_done(here, PLACE)
        if standing.number or standing.is_on:
            _count(here, standing, [image.id for image in images if image.state == "done"], is_all)
        if standing.number:
            with st.container(key="selection-acts", horizontal=True, gap="small"):
                if view.state == BIN:
                    _acts_in_bin(here.reader, standing.picked)
                else:
                    _acts(here, view, standing.picked)


def _count(here: Here, standing: Standing, ids: Sequence[int], is_all: bool) -> None:
    text, number = here.reader, standing.number
    with st.container(key="selection-count", horizontal=True, vertical_alignment="center", gap="small"):
        words = text.plural("{count} selected", "{count} selected", number) if number else text("Select pictures")
        st.html(f'<strong role="status">{escape(words)}</strong>', width="content")
        whole_page = bool(ids) and all(standing.picked.holds(it) for it in ids)
        if not whole_page:
            st.button(text("All on this page"), key="pick-page", type="tertiary", on_click=_pick_page, args=(ids,))
        elif not is_all and not standing.picked.all:
            total = len(
                replace(standing.picked, ids=frozenset(), all=True).resolved(here.services.gallery, here.person)
            )
            words = text.plural("The {count} that is like that", "All {count} that are like that", total)
            st.button(words, key="pick-all", type="tertiary", on_click=_pick_all, args=(total,))
        st.button(text("Clear"), key="pick-none", icon=":material/close:", type="tertiary", on_click=clear_selection)


def _acts(here: Here, view: View, picked: Picked) -> None:
    text = here.reader
    if view.favourites:
        st.button(text("Not a favourite"), key="do-unlove", icon=":material/heart_minus:", on_click=_unlove)
    else:
        st.button(text("Favourite"), key="do-love", icon=":material/favorite:", on_click=_love)
    with st.popover(text("Collection"), icon=":material/folder:", key="do-collect"):
        show_picker(here, view.collection, _add, _move)
    if view.collection is not None:
        st.button(
            text("Take out"),
            key="do-take-out",
            icon=":material/folder_off:",
            help=text("Out of this collection; the pictures stay."),
            on_click=_take_out,
            args=(view.collection,),
        )
    download(text, PICKED, picked.form | {"zone": str(text.timezone)}, "do-download")
    st.button(text("Delete"), key="do-delete", icon=":material/delete:", on_click=_delete)


def _acts_in_bin(text: Reader, picked: Picked) -> None:
    st.button(text("Restore"), key="do-restore", icon=":material/restore_from_trash:", on_click=_restore)
    with st.popover(text("Delete for good"), icon=":material/delete_forever:", key="do-purge-ask"):
        st.markdown(text("There is no way back from this. What the pictures cost stays in the ledger."))
        st.button(text("Delete for good"), key="do-purge", type="primary", on_click=purge, args=(picked,))


def _love() -> None:
    _do(
        lambda here, ids: here.services.changes.favourite(here.person.user_id, ids, True),
        lambda text, number: text.plural("{count} picture is a favourite.", "{count} pictures are favourites.", number),
    )


def _unlove() -> None:
    _do(
        lambda here, ids: here.services.changes.favourite(here.person.user_id, ids, False),
        lambda text, number: text.plural(
            "{count} picture is no favourite any more.", "{count} pictures are no favourites any more.", number
        ),
    )


def _add(collection_id: int, name: str) -> None:
    _do(
        lambda here, ids: here.services.changes.add(here.person.user_id, ids, collection_id),
        lambda text, number: text.plural(
            "{count} picture added to “{name}”.", "{count} pictures added to “{name}”.", number, name=name
        ),
    )


def _move(source: int, collection_id: int, name: str) -> None:
    _do(
        lambda here, ids: here.services.changes.move(here.person.user_id, ids, source, collection_id),
        lambda text, number: text.plural(
            "{count} picture moved to “{name}”.", "{count} pictures moved to “{name}”.", number, name=name
        ),
    )


def _take_out(collection_id: int) -> None:
    _do(
        lambda here, ids: here.services.changes.take_out(here.person.user_id, ids, collection_id),
        lambda text, number: text.plural(
            "{count} picture taken out of the collection.", "{count} pictures taken out of the collection.", number
        ),
    )


def _delete() -> None:
    _do(
        lambda here, ids: here.services.changes.delete(here.person.user_id, ids),
        lambda text, number: text.plural("{count} picture is in the bin.", "{count} pictures are in the bin.", number),
    )


def _restore() -> None:
    _do(
        lambda here, ids: here.services.changes.restore(here.person.user_id, ids),
        lambda text, number: text.plural("{count} picture restored.", "{count} pictures restored.", number),
    )


def purge(picked: Picked) -> None:
    here = require()
    ids = picked.resolved(here.services.gallery, here.person)
    ask_for_patience(here.reader, len(ids))
    gone = here.services.changes.purge(here.person.user_id, ids)
    clear_selection()
    words = here.reader.plural("{count} picture deleted for good.", "{count} pictures deleted for good.", gone)
    say_done(PLACE, words)


def _do(act: Callable[[Here, list[int]], Changed], words: Words) -> None:
    here = require()
    standing = st.session_state[STATE]
    ids = standing.picked.resolved(here.services.gallery, here.person)
    ask_for_patience(here.reader, len(ids))
    try:
        changed = act(here, ids)
    except Problem as problem:
        shell.refuse(here.reader, problem)
        return
    clear_selection()
    if changed.pictures:
        say_done(PLACE, words(here.reader, changed.pictures), undoing(changed))
    else:
        say_done(PLACE, here.reader("That is how they were already."))


def clear_selection() -> None:
    st.session_state.pop(STATE, None)


def _begin(scope: View) -> None:
    st.session_state[STATE] = Standing(Picked(scope), is_on=True)


def _pick(shown: frozenset[int], picked: frozenset[int]) -> None:
    standing = st.session_state[STATE]
    st.session_state[STATE] = replace(standing, picked=standing.picked.changed(shown, picked))


def _pick_page(ids: Sequence[int]) -> None:
    _pick(frozenset(ids), frozenset(ids))


def _pick_all(total: int) -> None:
    standing = st.session_state[STATE]
    st.session_state[STATE] = replace(standing, picked=Picked(standing.picked.view, all=True), total=total)


def _standing(view: View) -> Standing:
    """As long as the view is the same, whatever its order."""
    standing = st.session_state.get(STATE)
    if isinstance(standing, Standing) and standing.picked.view == _scope(view):
        return standing
    return Standing(Picked(_scope(view)))


def _scope(view: View) -> View:
    return view.without("sort")
