"""One picture, large: what was asked for, how it was made, and what can be done with it."""

import html

import streamlit as st

from core.errors import Problem
from core.storage.tables import Image
from core.studio.views import View
from pages.parts import again, shell
from pages.parts.copying import copied
from pages.parts.facts import cost, facts
from pages.parts.family import show_family
from pages.parts.keep import show_deleted, show_keeping
from pages.parts.sharing import show_sharing
from pages.parts.viewer import viewer
from pages.parts.visit import Here, require

SHOWN = "large"  # of the state: the id of the picture that is open
IN_ADDRESS = "large-in-address"
AT_HAND = 3  # neighbours on each side that the browser knows


def show_picture(image_id: int, in_address: bool = False) -> None:
    """Open a picture over the page; `in_address`: it stands in the page's address, and leaves it when it is closed.

    One that does not exist and one that is not this person's are told apart by nobody.
    """
    here = require()
    text = here.reader
    if _image(here, image_id) is None:
        shell.refuse(text, Problem("no_such_picture"))
        shell.notice()
        return
    st.session_state[SHOWN], st.session_state[IN_ADDRESS] = image_id, in_address
    if in_address:
        st.dialog(text("Picture"), width="large", on_dismiss=_forget)(_picture)()
    else:
        st.dialog(text("Picture"), width="large")(_picture)()


def picture_in_address() -> int:
    """The picture that the address names; 0, which no picture has, if it names nonsense."""
    return number_in_address("picture") or 0


def number_in_address(name: str) -> int | None:
    """A key out of the address, which anybody may have typed."""
    value = st.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _forget() -> None:
    st.query_params.pop("picture", None)


def _image(here: Here, image_id: int) -> Image | None:
    image = here.services.gallery.picture(here.person, image_id) if image_id else None
    return image if image is not None and image.state == "done" else None


def _picture() -> None:
    """The dialog stays open while one goes from picture to picture: it asks anew which one it shows."""
    here = require()
    text, image = here.reader, _image(here, st.session_state[SHOWN])
    if image is None:  # deleted meanwhile
        if show_deleted(here):
            return
        st.markdown(shell.plain(text("This picture is no longer here.")))
        return
    shell.notice()
    before, after = here.services.gallery.neighbours(here.person, _view(here), image.id, AT_HAND)
    viewer(text, image, before, after, _go)
    with st.container(horizontal=True, key="large-acts"):
        _acts(here, image)
    copied(text, image.request.description, text("Copy"), "large-description", "description")
    show_keeping(here, image)
    left, right = st.columns(2, gap="large")
    with left:
        st.html(facts(here, image))
    with right:
        st.html(cost(text, here.services.ledger.explain(image)))
        show_family(text, image, here.services.lineage.family(image.user_id, image), _go)
    if st.session_state.pop("go_create", False):
        st.switch_page(st.session_state["create_page"])


def _acts(here: Here, image: Image) -> None:
    text, request = here.reader, image.request
    st.html(
        f'<a class="imagier-button" href="/pictures/{image.id}/original?download" download>'
        f"{html.escape(text('Download the original'))}</a>",
        width="content",
    )
    if image.user_id != here.person.user_id:
        return
    with st.popover(text("Share")):
        show_sharing(here, image)
    st.button(text("Change it"), key="start-from", on_click=_start_from, args=(image.id,))
    for act in again.offered(here, request):
        label = f"{act.label} · {act.price}" if act.price else act.label
        st.button(label.replace("$", "\\$"), key=f"act-{act.name}", on_click=_again, args=(act.name, image.id))


def _view(here: Here) -> View:
    """What the page underneath shows: the neighbours are those of its order."""
    address = st.query_params.to_dict() if st.session_state[IN_ADDRESS] else {}
    return View.of(address, here.reader.timezone)


def _go(image_id: int) -> None:
    """In a callback. Where the page underneath ends, it is turned, so that it is there when the picture is closed."""
    here = require()
    if _image(here, image_id) is None:
        return
    if st.session_state[IN_ADDRESS]:
        _turn(here, image_id)
        st.query_params["picture"] = str(image_id)
    st.session_state[SHOWN] = image_id


def _turn(here: Here, shown: int) -> None:
    view, gallery = _view(here), here.services.gallery

    def ids(before: int | None, after: int | None = None) -> list[int]:
        return [image.id for image in gallery.page(here.person, view, before, after).images]

    underneath = ids(number_in_address("before"), number_in_address("after"))
    if shown in underneath or not underneath:
        return
    nearest, _ = gallery.neighbours(here.person, view, shown)
    turns = [("before", underneath[-1]), ("after", underneath[0])]
    turns += [("before", image.id) for image in nearest]
    for name, key in turns:
        if shown in (ids(key) if name == "before" else ids(None, key)):
            st.query_params[name] = str(key)
            st.query_params.pop("after" if name == "before" else "before", None)
            return


def _start_from(image_id: int) -> None:
    here = require()
    try:
        file = here.services.requests.reference_from_gallery(here.person.user_id, image_id)
    except Problem as problem:
        shell.refuse(here.reader, problem)
        return
    st.session_state.setdefault("taken", []).append(file)
    st.session_state["go_create"] = True


def _again(name: str, image_id: int) -> None:
    """What is made after it appears on the page that creates."""
    again.act(name, image_id)
    st.session_state["go_create"] = True
