"""Everything that was asked for, by everybody: narrowed down, in any order; a picture opens with all that is known."""

from html import escape
from itertools import groupby
from typing import Any

import streamlit as st

from core.errors import what
from core.i18n import Reader
from core.storage.tables import Image
from core.studio.narrowing import AT_RISK, NONE, NOT_MADE, Inquiry
from pages.parts import dossier, filters, shell
from pages.parts.acts import door_name
from pages.parts.money import cost_of
from pages.parts.names import hour_name, quality_name
from pages.parts.needs import show_needs
from pages.parts.picture import number_in_address
from pages.parts.states import STATES, state_name
from pages.parts.visit import Here, require

FILTERS = (
    *("q", "user", "state", "model", "door", "from", "to", "above", "quality", "connection", "problem", "hour"),
    "sort",
)

# The list is one component: a click on a line opens it without loading the page anew.
_list = st.components.v2.component(
    "imagier_list",
    html='<div class="imagier-list"></div>',
    js="""
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.imagier-list')
  root.innerHTML = data.html
  root.onclick = (event) => {
    const line = event.target.closest('a[data-id]')
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    event.preventDefault()
    setTriggerValue('open', Number(line.dataset.id))
  }
}
""",
    isolate_styles=False,
)


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Requests"))
    show_needs(here)
    picture = number_in_address("picture")
    if picture is None:  # an open one says it itself, or nobody would see it
        shell.notice()
    _filters(here)
    asked = filters.asked(FILTERS)
    wanted = Inquiry.of(asked, here.services.site.now().zone)
    page = here.services.inquiries.page(wanted, number_in_address("before"), number_in_address("after"))
    if not page.images:
        st.markdown(text("No request is like that."))
    groups = [list(images) for _, images in groupby(page.images, lambda image: image.request_id)]
    _list(data={"html": "".join(_group(text, images) for images in groups)}, key="list", on_open_change=_open)
    filters.turn_page(text, page.newer, page.older)
    if picture is not None:
        dossier.show(here, picture)


def _filters(here: Here) -> None:
    text, marks = here.reader, here.services.inquiries.marks()
    sorts = {
        "oldest": text("Oldest first"),
        "dearest": text("Dearest first"),
        "slowest": text("Slowest first"),
    }
    with st.container(key="filters"), st.grid("auto", min_column_width=145):
        filters.words("q", text("Search"), text("Words of a description"))
        people = {user.login: user.name for user in here.services.people.all()}
        filters.choice("user", text("Person"), people, text("Everybody"))
        states = {state: state_name(text, state) for state in STATES}
        states |= {NOT_MADE: text("Ended without a picture"), AT_RISK: text("Cost at risk")}
        filters.choice("state", text("State"), states, text("All states"))
        models = {model: model for model in marks["model"]}
        filters.choice("model", text("Model"), models, text("All models"))
        filters.day("from", text("From"))
        filters.day("to", text("To"))
    is_used = bool(filters.asked(("door", "above", "quality", "connection", "problem", "hour")))
    with (
        st.expander(text("More filters"), expanded=is_used),
        st.container(key="more-filters"),
        st.grid("auto", min_column_width=145),
    ):
        doors = {door: door_name(text, door) for door in marks["door"]}
        filters.choice("door", text("Door"), doors, text("All doors"))
        filters.words("above", text("Dollars above"), "0.10")
        qualities = {quality: quality_name(text, quality) for quality in marks["quality"]}
        qualities[NONE] = text("Without a quality")
        filters.choice("quality", text("Quality"), qualities, text("All qualities"))
        connections = {name: name for name in marks["connection"]}
        filters.choice("connection", text("Connection"), connections, text("All connections"))
        problems = {problem: what(text, problem) for problem in marks["problem"]}
        problems[NONE] = text("Without a problem")
        filters.choice("problem", text("Problem"), problems, text("With and without"))
        hours = {f"{day + 1}-{hour:02}": hour_name(text, day, hour) for day in range(7) for hour in range(24)}
        filters.choice("hour", text("Hour of the week"), hours, text("At any time"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="list-tools"):
        with st.container(width=190):
            filters.choice("sort", text("Order"), sorts, text("Newest first"))
        st.html(filters.export_links(text, "requests", filters.asked(FILTERS)), width="content")
        filters.clear(text, FILTERS)


def _open() -> None:
    state: Any = st.session_state.get("list")
    opened = state.get("open") if hasattr(state, "get") else None
    if isinstance(opened, int):
        st.query_params["picture"] = str(opened)


def _group(text: Reader, images: list[Image]) -> str:
    """Neighbours of one request, under its description."""
    request = images[0].request
    facts = [
        request.user.name,
        text.moment(request.created_at),
        request.model,
        quality_name(text, request.quality) if request.quality else "",
        door_name(text, request.door) if request.door != "pages" else "",
    ]
    head = (
        f'<p dir="auto">{escape(request.description[:300])}</p>'
        f"<small>{escape(' · '.join(fact for fact in facts if fact))}</small>"
    )
    return f'<section>{head}<div class="lines">{"".join(_line(text, image) for image in images)}</div></section>'


def _line(text: Reader, image: Image) -> str:
    facts = [f'<b class="state {image.state}">{escape(state_name(text, image.state))}</b>']
    if image.problem:
        facts.append(escape(what(text, image.problem, image.problem_params)))
    if image.deleted_at is not None:
        facts.append(escape(text("deleted")))
    took = text("{seconds} s", seconds=text.number(round(image.milliseconds / 1000, 1))) if image.milliseconds else ""
    cost = cost_of(text, image.cost_micros) if image.state == "done" or image.cost_micros is not None else ""
    figures = "".join(f"<span>{escape(figure)}</span>" for figure in (took, cost))
    return (
        f'<a href="requests?picture={image.id}" data-id="{image.id}" class="line">{_thumbnail(text, image)}'
        f'<span class="what">{" · ".join(facts)}</span><span class="figures">{figures}</span></a>'
    )


def _thumbnail(text: Reader, image: Image) -> str:
    if image.state != "done" or image.image_url is None or image.deleted_at is not None:
        return '<span class="thumbnail"></span>'
    style = f' style="background-image:url({escape(image.placeholder)})"' if image.placeholder else ""
    source = f"/pictures/{image.id}/320"
    alt = escape(text("Picture {number}", number=image.id))
    return f'<span class="thumbnail"{style}><img loading="lazy" src="{source}" alt="{alt}"></span>'
