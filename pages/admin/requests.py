"""Everything that was asked for, by everybody: narrowed down, in any order; each opens with all that is known."""

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any

import streamlit as st

from core.errors import what
from core.i18n import Reader
from core.storage.tables import Image, Improvement
from core.studio.inquiry import Item
from core.studio.narrowing import AT_RISK, NONE, NOT_MADE, PICTURES, SUGGESTIONS, Inquiry, chosen, listed
from pages.parts import dossier, filters, shell, suggestion
from pages.parts.acts import door_name
from pages.parts.money import cost_of
from pages.parts.names import hour_name, quality_name
from pages.parts.needs import show_needs
from pages.parts.picture import number_in_address
from pages.parts.states import STATES, state_name
from pages.parts.visit import Here, require

MORE = ("what", "door", "above", "quality", "paint", "connection", "problem", "hour", "until", "waiting", "drawing")
FILTERS = ("q", "user", "state", "model", "from", "to", *MORE, "sort")
MOST_NAMED = 3  # of several that are chosen together

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
    opened = {name: number_in_address(name) for name in ("picture", "suggestion")}
    if not any(opened.values()):  # an open one says it itself, or nobody would see it
        shell.notice()
    _filters(here)
    asked = filters.asked(FILTERS)
    wanted = Inquiry.of(asked, here.services.site.now().zone)
    page = here.services.inquiries.page(wanted, _key("before"), _key("after"))
    if not page.items:
        st.markdown(text("No request is like that."))
    groups = [list(items) for _, items in groupby(page.items, _request)]
    _list(data={"html": "".join(_group(text, items) for items in groups)}, key="list", on_open_change=_open)
    filters.turn_page(text, page.newer, page.older, _turns(text, wanted))
    if opened["picture"] is not None:
        dossier.show(here, opened["picture"])
    elif opened["suggestion"] is not None:
        suggestion.show(here, opened["suggestion"])


def _request(item: Item) -> int:
    """The same for the pictures of one request."""
    return item.request_id if isinstance(item, Image) else -item.id


def _key(name: str) -> int | None:
    """Of a place in the list; that of a suggestion is below zero."""
    value = st.query_params.get(name, "")
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def _turns(text: Reader, wanted: Inquiry) -> tuple[str, str]:
    """What the pages before and after are called in this order."""
    return {
        "oldest": (text("Older"), text("Newer")),
        "dearest": (text("Dearer"), text("Cheaper")),
        "slowest": (text("Slower"), text("Faster")),
    }.get(wanted.sort, (text("Newer"), text("Older")))


def _filters(here: Here) -> None:
    text, marks = here.reader, here.services.inquiries.marks()
    sorts = {
        "oldest": text("Oldest first"),
        "dearest": text("Dearest first"),
        "slowest": text("Slowest first"),
    }
    with st.container(key="filters"), st.grid("auto", min_column_width=145):
        filters.words("q", text("Search"), text("Any words"))
        people = {user.login: user.name for user in here.services.people.all()}
        filters.choice("user", text("Person"), _several(text, "user", people), text("Everybody"))
        states = {state: state_name(text, state) for state in STATES}
        states |= {NOT_MADE: text("Ended without a picture"), AT_RISK: text("Cost at risk")}
        filters.choice("state", text("State"), states, text("All states"))
        models = {listed([model]): model for model in marks["model"]}
        filters.choice("model", text("Model"), _several(text, "model", models), text("All models"))
        filters.day(text, "from", text("From"))
        filters.day(text, "to", text("To"))
    is_used = bool(filters.asked(MORE))
    with (
        st.expander(text("More filters"), expanded=is_used),
        st.container(key="more-filters"),
        st.grid("auto", min_column_width=145),
    ):
        kinds = {PICTURES: text("Pictures"), SUGGESTIONS: text("Suggestions")}
        filters.choice("what", text("What"), kinds, text("Pictures and suggestions"))
        doors = {door: door_name(text, door) for door in marks["door"]}
        filters.choice("door", text("Door"), doors, text("All doors"))
        filters.words("above", text("Dollars above"), "0.10")
        qualities = {quality: quality_name(text, quality) for quality in marks["quality"]}
        qualities[NONE] = text("Without a quality")
        filters.choice("quality", text("Quality"), qualities, text("All qualities"))
        if filters.asked(("paint",)):
            paints = _several(text, "paint", {})
            filters.choice("paint", text("Model and quality"), paints, text("All models"))
        connections = {name: name for name in marks["connection"]}
        filters.choice("connection", text("Connection"), connections, text("All connections"))
        problems = {problem: what(text, problem) for problem in marks["problem"]}
        problems[NONE] = text("Without a problem")
        filters.choice("problem", text("Problem"), problems, text("With and without"))
        hours = {f"{day + 1}-{hour:02}": hour_name(text, day, hour) for day in range(7) for hour in range(24)}
        filters.choice("hour", text("Hour of the week"), hours, text("At any time"))
        filters.words("until", text("Time of the last day"), "15:20")
        filters.words("waiting", text("Seconds of waiting"), "2-8")
        filters.words("drawing", text("Seconds of drawing"), "20-")
    with st.container(horizontal=True, vertical_alignment="bottom", key="list-tools"):
        with st.container(width=230):
            filters.choice("sort", text("Order"), sorts, text("Newest first"))
        st.html(filters.export_links(text, "requests", filters.asked(FILTERS)), width="content")
        filters.clear(text, FILTERS)


def _several(text: Reader, name: str, options: dict[str, str]) -> dict[str, str]:
    """With what an address asks for that is several of them, or all others."""
    asked = filters.asked((name,)).get(name, "")
    found = chosen(asked)
    if asked in options or not found.values or (len(found.values) == 1 and not found.is_others and name != "paint"):
        return options
    named = [options.get(value, _paint(text, value) if name == "paint" else value) for value in found.values]
    if len(named) > MOST_NAMED:
        named[MOST_NAMED - 1 :] = [text("{number} more", number=text.number(len(named) - MOST_NAMED + 1))]
    listed = text.listing(named)
    return options | {asked: text("All but {names}", names=listed) if found.is_others else listed}


def _paint(text: Reader, value: str) -> str:
    model, _, quality = value.rpartition(":")
    return model if quality == NONE else f"{model} · {quality_name(text, quality)}"


def _open() -> None:
    state: Any = st.session_state.get("list")
    opened = state.get("open") if hasattr(state, "get") else None
    if isinstance(opened, int):
        st.query_params["picture" if opened > 0 else "suggestion"] = str(abs(opened))


def _suggestion(text: Reader, written: Improvement) -> str:
    facts = [written.user.name, text.moment(written.created_at), written.model, text("a suggestion")]
    taken = written.finished_at - written.created_at if written.finished_at else None
    return (
        f"<section>{_head(written.original, facts)}"
        f'<div class="lines"><a href="requests?suggestion={written.id}" data-id="{-written.id}" class="line">'
        f'<span class="thumbnail words" aria-hidden="true">¶</span><span class="what">{_state(text, written)}</span>'
        f"{_figures(text, taken.total_seconds() if taken else 0, written)}</a></div></section>"
    )


def _group(text: Reader, items: Sequence[Item]) -> str:
    """Neighbours of one request, under its description; or a suggestion."""
    images = [item for item in items if isinstance(item, Image)]
    if not images:
        return "".join(_suggestion(text, item) for item in items if isinstance(item, Improvement))
    request = images[0].request
    facts = [
        request.user.name,
        text.moment(request.created_at),
        request.model,
        quality_name(text, request.quality) if request.quality else "",
        door_name(text, request.door) if request.door != "pages" else "",
    ]
    lines = "".join(_line(text, image) for image in images)
    return f'<section>{_head(request.description, facts)}<div class="lines">{lines}</div></section>'


def _head(description: str, facts: list[str]) -> str:
    return (
        f'<p dir="auto">{escape(description[:300])}</p>'
        f"<small>{escape(' · '.join(fact for fact in facts if fact))}</small>"
    )


def _line(text: Reader, image: Image) -> str:
    deleted = f" · {escape(text('deleted'))}" if image.deleted_at is not None else ""
    return (
        f'<a href="requests?picture={image.id}" data-id="{image.id}" class="line">{_thumbnail(text, image)}'
        f'<span class="what">{_state(text, image)}{deleted}</span>'
        f"{_figures(text, (image.milliseconds or 0) / 1000, image)}</a>"
    )


def _state(text: Reader, item: Item) -> str:
    facts = [f'<b class="state {item.state}">{escape(state_name(text, item.state))}</b>']
    if item.problem:
        facts.append(escape(what(text, item.problem, item.problem_params)))
    return " · ".join(facts)


def _figures(text: Reader, seconds: float, item: Item) -> str:
    took = text("{seconds} s", seconds=text.number(round(seconds, 1))) if seconds else ""
    cost = cost_of(text, item.cost_micros) if item.state == "done" or item.cost_micros is not None else ""
    return f'<span class="figures">{"".join(f"<span>{escape(figure)}</span>" for figure in (took, cost))}</span>'


def _thumbnail(text: Reader, image: Image) -> str:
    if image.state != "done" or image.image_url is None or image.deleted_at is not None:
        return '<span class="thumbnail"></span>'
    style = f' style="background-image:url({escape(image.placeholder)})"' if image.placeholder else ""
    source = f"/pictures/{image.id}/320"
    alt = escape(text("Picture {number}", number=image.id))
    return f'<span class="thumbnail"{style}><img loading="lazy" src="{source}" alt="{alt}"></span>'
