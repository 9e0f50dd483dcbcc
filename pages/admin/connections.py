"""The lines to those who paint: which stands still, why, and the button that lets it go on."""

import streamlit as st

from core.errors import remedy, what
from core.studio.status import LineStatus
from pages.parts.visit import Here, require


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Connections"))
    for status in here.services.statuses.lines():
        _line(here, status)


def _line(here: Here, status: LineStatus) -> None:
    text = here.reader
    with st.container(border=True):
        st.markdown(f"**{status.name}**" + (f" · {text('painter, no AI')}" if status.name == "painter" else ""))
        st.caption(
            text(
                "{waiting} waiting · {running} being drawn · {done} done in the last 24 hours",
                waiting=text.number(status.waiting),
                running=text.number(status.running),
                done=text.number(status.done),
            )
        )
        if status.stopped_code is None:
            st.success(text("The line is open."))
            return
        st.error(f"{what(text, status.stopped_code)} {remedy(text, status.stopped_code)}")
        if status.stopped_detail:
            st.code(status.stopped_detail, language=None, wrap_lines=True)
        if status.stopped_request_id:
            st.caption(text("Request id at the provider: {id}", id=status.stopped_request_id))
        st.button(
            text("Open the line again"),
            key=f"resume-{status.name}",
            on_click=_resume,
            args=(status.name,),
            type="primary",
        )


def _resume(name: str) -> None:
    here = require("admin")
    here.services.worker.line.resume(name)
    here.services.worker.wake()
