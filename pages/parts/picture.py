"""One picture, large: what was asked for, how it was made, and what can be done with it."""

import html

import streamlit as st

from core.errors import Problem
from core.i18n import Reader
from core.storage.tables import Image
from pages.parts import again, shell
from pages.parts.money import cost_of
from pages.parts.names import background_name, model_name, quality_name, size_name
from pages.parts.tiles import badge
from pages.parts.visit import Here, require

# Not st.html: it takes an alternative text away that reads like the end of a script.
_large = st.components.v2.component(
    "imagier_large",
    html='<img class="imagier-large">',
    js="""
export default function ({ data, parentElement }) {
  const image = parentElement.querySelector("img")
  image.alt = data.alt
  image.style.cssText = data.style
  if (image.getAttribute("src") !== data.source) image.src = data.source
}
""",
    isolate_styles=False,
)


def show_picture(image_id: int, in_address: bool = False) -> None:
    """Open a picture over the page; `in_address`: it stands in the page's address, and leaves it when it is closed.

    One that does not exist and one that is not this person's are told apart by nobody.
    """
    here = require()
    text = here.reader
    image = here.services.gallery.picture(here.person, image_id) if image_id else None
    if image is None or image.state != "done":
        shell.refuse(text, Problem("no_such_picture"))
        shell.notice()
        return
    title = text("Picture {number}", number=image.id)
    if in_address:
        st.dialog(title, width="large", on_dismiss=_forget)(_picture)(here, image)
    else:
        st.dialog(title, width="large")(_picture)(here, image)


def picture_in_address() -> int:
    """The picture that the address names; 0, which no picture has, if it names nonsense."""
    return number_in_address("picture") or 0


def number_in_address(name: str) -> int | None:
    """A key out of the address, which anybody may have typed."""
    value = st.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _forget() -> None:
    st.query_params.pop("picture", None)


def _picture(here: Here, image: Image) -> None:
    text, request = here.reader, image.request
    _large(data=_shown(image), key=f"large-{image.id}")
    with st.container(horizontal=True):
        st.html(
            f'<a class="imagier-button" href="/pictures/{image.id}/original?download" download>'
            f"{html.escape(text('Download the original'))}</a>",
            width="content",
        )
        if image.user_id == here.person.user_id:
            st.button(text("Change it"), key="start-from", on_click=_start_from, args=(image.id,))
            for act in again.offered(here, request):
                label = f"{act.label} · {act.price}" if act.price else act.label
                st.button(label.replace("$", "\\$"), key=f"act-{act.name}", on_click=_again, args=(act.name, image.id))
    st.html(f'<p class="imagier-description" dir="auto">{html.escape(request.description)}</p>')
    st.html(_facts(here, image))
    _family(here, image)
    if st.session_state.pop("go_create", False):
        st.switch_page(st.session_state["create_page"])


def _shown(image: Image) -> dict[str, str]:
    """The room is there before the picture is, so that nothing moves when it comes."""
    style = f"background-image:url({image.placeholder});" if image.placeholder else ""
    if image.width and image.height:
        ratio = image.width / image.height
        style += f"aspect-ratio:{ratio:.5f};width:min(100%,{image.width}px,calc(70vh * {ratio:.5f}))"
    return {"source": f"/pictures/{image.id}/original", "alt": image.request.description, "style": style}


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


def _family(here: Here, image: Image) -> None:
    """The picture it was made after, and those made after it."""
    text = here.reader
    family = here.services.lineage.family(image.user_id, image)
    relatives = [(text("Made after"), family.parent)] if family.parent else []
    relatives += [(_relation(text, child.request.relation), child) for child in family.children]
    if relatives:
        links = "".join(
            f'<a href="gallery?picture={it.id}" target="_self"><img class="imagier-small" src="/pictures/{it.id}/320"'
            f' alt="{html.escape(it.request.description, quote=True)}"><small>{html.escape(name)}</small></a>'
            for name, it in relatives
        )
        st.html(f'<div class="imagier-family">{links}</div>')


def _relation(text: Reader, relation: str | None) -> str:
    names = {"final": text("Final picture"), "variation": text("Variation"), "change": text("Change")}
    return names.get(relation or "", text("Made from it"))


def _facts(here: Here, image: Image) -> str:
    text, request = here.reader, image.request
    model = here.services.catalog.get(request.model)
    rows = [
        (text("Model"), badge(text, request) or model_name(text, model)),
        (text("Size"), f"{image.width} × {image.height}" if image.width else size_name(text, request.size)),
        (text("Quality"), quality_name(text, request.quality) if request.quality else ""),
        (text("Background"), background_name(text, request.background) if request.background else ""),
        (text("Format"), (image.media_type or "").removeprefix("image/").upper()),
        (text("File"), text.bytes(image.size_in_bytes) if image.size_in_bytes else ""),
        (text("Cost"), cost_of(text, image.cost_micros)),
        (text("Started from"), _references(here, image)),
        (text("Made on"), text.moment(image.finished_at) if image.finished_at else ""),
        (text("By"), request.user.name if image.user_id != here.person.user_id else ""),
        (text("Changed description"), image.revised_description or ""),
        (text("Request id at the provider"), image.provider_request_id or ""),
    ]
    shown = "".join(
        f"<dt>{html.escape(name)}</dt><dd dir='auto'>{html.escape(value)}</dd>" for name, value in rows if value
    )
    return f'<dl class="imagier-facts">{shown}</dl>'


def _references(here: Here, image: Image) -> str:
    return here.reader.listing([reference.name for reference in image.request.references])
