"""A quiet line at the top of the administrator's pages that opens into what needs them, each with its remedy."""

import streamlit as st

from core.errors import what
from core.i18n import Reader
from core.studio.needs import Need
from pages.parts import shell
from pages.parts.visit import Here, require


def show_needs(here: Here) -> None:
    """Nothing where nothing needs anybody."""
    text, needs = here.reader, here.services.needs.now()
    if not needs:
        return
    label = text.plural("{count} thing needs you", "{count} things need you", len(needs))
    with st.container(key="needs"), st.expander(label):
        for need in needs:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(shell.plain(_said(text, need)), width="stretch")
                _remedy(text, need)


def _said(text: Reader, need: Need) -> str:
    params = need.params
    match need.kind:
        case "stopped":
            return text("The line “{name}” stands still.", name=params["name"]) + " " + what(text, params["code"])
        case "budget":
            return text(
                "{used} of the month’s {most} are spent or reserved.",
                used=text.money(params["used_micros"]),
                most=text.money(params["most_micros"]),
            )
        case "at_risk":
            return text.plural(
                "Nobody knows whether {count} picture was billed: {held} at risk.",
                "Nobody knows whether {count} pictures were billed: {held} at risk.",
                params["number"],
                held=text.money(params["held_micros"]),
            )
        case "spending":
            return text(
                "{name} spends {spent} today; their usual day is {usual}.",
                name=params["name"],
                spent=text.money(params["spent_micros"]),
                usual=text.money(params["usual_micros"]),
            )
        case "drift":
            return text(
                "The last comparison with the bill ({first} to {last}) was off by {drift}.",
                first=text.date(params["first"]),
                last=text.date(params["last"]),
                drift=text.money(params["drift_micros"]),
            )
        case "shutdown":
            return text(
                "{model} is shut down on {date}, and it was used lately.",
                model=params["model"],
                date=text.date(params["date"]),
            )
        case _:
            return text(
                "The disk is nearly full: {free} are free. Make room, or nothing can be kept.",
                free=text.bytes(params["free"]),
            )


def _remedy(text: Reader, need: Need) -> None:
    labels = {
        "stopped": text("Open the line again"),
        "budget": text("Limits"),
        "at_risk": text("Settle"),
        "spending": text("Look at them"),
        "drift": text("Bill"),
        "shutdown": text("Look at them"),
    }
    # By what it is about: the next one in the list must not take the click for its own.
    key = f"need-{need.kind}-{need.params.get('name')}-{need.address.get('user') or need.address.get('model')}"
    if need.kind == "stopped":
        st.button(labels[need.kind], key=key, on_click=_resume, args=(need.params["name"],))
    elif need.page and st.button(labels[need.kind], key=key):
        st.switch_page(st.session_state["admin_pages"][need.page], query_params=need.address)


def _resume(name: str) -> None:
    here = require("admin")
    here.services.worker.line.resume(name)
    here.services.worker.wake()
