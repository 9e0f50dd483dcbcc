"""What the test of a connection shows: address, key, models, their ends; and one picture, with its price first."""

import html
from dataclasses import replace
from functools import partial

import streamlit as st

from core.connections.lines import Line
from core.errors import Problem, explain, remedy, what
from core.i18n import Reader
from core.studio.trial import Findings, cheapest, trial
from pages.parts import shell
from pages.parts.money import cost_of
from pages.parts.names import quality_name, size_name
from pages.parts.visit import Here, require

FINDINGS = "connection_findings"  # by the name of the connection, each with the revision that was tested
PICTURES = "connection_pictures"  # the same: the picture that was ordered as a test
MOST_SHOWN = 60  # of the models that a server lists
PULSE = 1.0  # seconds


def start_test(name: str) -> None:
    here = require("admin")
    connections = here.services.connections
    try:
        revision = connections.find(name).revision
        found = trial(connections, here.services.catalog, name, here.services.requests.today())
    except Problem as problem:
        shell.refuse(here.reader, problem)
        return
    st.session_state.setdefault(FINDINGS, {})[name] = revision, found


def show_findings(here: Here, line: Line) -> None:
    found: Findings | None
    revision, found = st.session_state.get(FINDINGS, {}).get(line.name, ("", None))
    if found is None or revision != line.revision:
        return  # what was found of another address, or with another key, says nothing
    text = here.reader
    with st.container(key=f"findings-{line.name}"):
        st.html(_list(_sentences(text, line, found)))
        if found.others and not line.is_of_environment:
            _others(text, line, found)
        if found.is_reached and found.key != "refused" and not line.is_paused:
            _picture(here, line)
        st.button(text("Close"), key=f"close-{line.name}", on_click=_forget, args=(line.name,))


def _list(sentences: list[tuple[str, str]]) -> str:
    items = "".join(f'<li data-sign="{sign}">{html.escape(sentence)}</li>' for sign, sentence in sentences)
    return f'<ul class="imagier-findings">{items}</ul>'


def _sentences(text: Reader, line: Line, found: Findings) -> list[tuple[str, str]]:
    good, bad, soon, open_ = "✓", "✗", "!", "–"
    if line.kind == "painter":
        return [(good, text("The painter is always there, and needs no key."))]
    if not found.is_reached:
        why = text("The server was not reached: {reason}.", reason=found.detail or text("no answer in time"))
        return [(bad, f"{why} {text('Check the base URL, and whether the server runs.')}")]
    said = [(good, text("The server answered in {seconds} s.", seconds=text.number(round(found.seconds, 2))))]
    if found.key == "refused":
        said.append((bad, text("It does not accept the key: {detail}", detail=found.detail)))
    elif found.key == "accepted":
        said.append((good, text("It accepts the key.") if line.key_end else text("It needs no key for this.")))
    else:
        said.append((open_, text("What it says of the key is not known before a picture is drawn.")))
    if found.has_list:
        said.append((good, text("Models that it lists: {count}.", count=text.number(_listed(found)))))
        missing = [model.name for model in found.models if not model.is_listed]
        if missing:
            said.append((open_, text("Offered here and not listed there: {models}.", models=text.listing(missing))))
    elif found.key != "refused":
        detail = f" ({found.detail})" if found.detail else ""
        said.append((open_, text("It gives no list of its models, which many servers do not.") + detail))
    for model in found.models:
        if model.shutdown is not None and model.is_listed is not False:
            end = text("{model} ends on {date}.", model=model.name, date=text.date(model.shutdown))
            said.append((soon if model.ends_soon else open_, end))
    return said


def _listed(found: Findings) -> int:
    return len(found.others) + sum(1 for model in found.models if model.is_listed)


def _others(text: Reader, line: Line, found: Findings) -> None:
    with st.expander(text("Other models that it lists")), st.form(f"offer-{line.name}", border=False):
        chosen = st.pills(
            text("Models"),
            found.others[:MOST_SHOWN],
            selection_mode="multi",
            format_func=shell.plain,
            label_visibility="collapsed",
            key=f"others-{line.name}",
        )
        if st.form_submit_button(text("Offer the chosen ones")) and chosen:
            _offer(line.name, list(chosen))


def _offer(name: str, models: list[str]) -> None:
    here = require("admin")
    try:
        here.services.connections.offer(here.person.user_id, name, models)
    except Problem as problem:
        st.error(shell.plain(explain(here.reader, problem.code, problem.params)))
        return
    found: Findings = st.session_state[FINDINGS][name][1]
    found = replace(found, others=tuple(other for other in found.others if other not in models))
    st.session_state[FINDINGS][name] = here.services.connections.find(name).revision, found
    st.rerun()


def _picture(here: Here, line: Line) -> None:
    """The price stands on the button, which is the confirmation."""
    text = here.reader
    image_id = st.session_state.get(PICTURES, {}).get(line.name)
    if image_id is not None:
        is_active = _is_active(here, image_id)
        watch = partial(_watch, image_id, is_active)
        st.fragment(shell.guarded(watch), run_every=PULSE if is_active else None)()
        return
    found = cheapest(here.services.catalog, line, here.services.requests.today())
    if found is None:
        return
    order, _ = found
    try:
        price = here.services.requests.estimate(here.person.user_id, order)
    except Problem:
        return
    facts = [order.model, size_name(text, order.size)]
    if order.quality:
        facts.append(quality_name(text, order.quality))
    shell.caption(text("The cheapest picture here: {facts}.", facts=" · ".join(facts)))
    cost = text("at most {price}", price=text.money(price.micros)) if price.micros else cost_of(text, price.micros)
    st.button(
        text("Draw it · {price}", price=cost).replace("$", "\\$"),
        key=f"draw-{line.name}",
        on_click=_draw,
        args=(line.name,),
    )


def _draw(name: str) -> None:
    here = require("admin")
    services = here.services
    try:
        found = cheapest(services.catalog, services.connections.find(name), services.requests.today())
        if found is not None:
            request_id = services.requests.submit(here.person.user_id, found[0])
            board = services.boards.board(here.person.user_id)
            group = next(group for group in board.groups if group.request.id == request_id)
            st.session_state.setdefault(PICTURES, {})[name] = group.slots[0].image.id
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _is_active(here: Here, image_id: int) -> bool:
    image = here.services.gallery.picture(here.person, image_id)
    return image is not None and image.state in ("queued", "running")


def _watch(image_id: int, was_active: bool) -> None:
    here = require("admin")
    text = here.reader
    if was_active and not _is_active(here, image_id):
        st.rerun()  # what stands around it counts the picture too
    image = here.services.gallery.picture(here.person, image_id)
    if image is None:
        return
    if image.state in ("queued", "running"):
        st.markdown(text("The picture is being drawn …"))
    elif image.state == "done":
        st.html(f'<img class="imagier-small" src="/pictures/{image.id}/320" alt="">')
        st.html(_list([("✓", _came(text, image.cost_micros))]))
    else:
        code = image.problem or "internal"
        params = image.problem_params
        st.html(_list([("✗", f"{what(text, code, params)} {remedy(text, code, params)}")]))


def _came(text: Reader, cost: int | None) -> str:
    if cost is None:
        return text("The picture came; what it cost is not known.")
    if cost == 0:
        return text("The picture came, and was free.")
    return text("The picture came; it cost {price}.", price=text.money(cost))


def _forget(name: str) -> None:
    for kept in (FINDINGS, PICTURES):
        st.session_state.get(kept, {}).pop(name, None)
