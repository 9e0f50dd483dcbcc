"""New people: one, with a password or a link; or many from a list, all of them or none."""

import html

import streamlit as st

from core.accounts.people import LONGEST_NAME, TYPES, normal_name, possible_login
from core.errors import Problem, explain
from core.i18n import Reader
from core.members.joining import Joined
from core.members.lines import Entry, FaultyLines, decoded, read_list
from pages.admin.person import role_name
from pages.parts import shell
from pages.parts.links import PASSWORD, link, show_table
from pages.parts.visit import Here

FEW, HIGHEST = 12, 360  # faults, and the pixels in which more of them scroll


def show_joining(here: Here) -> None:
    text = here.reader
    joined: list[Joined] | None = st.session_state.get("joined")
    if joined is not None:
        _links(text, joined)
        return
    _one(here)
    _many(here)


def _links(text: Reader, joined: list[Joined]) -> None:
    said = text.plural("{count} account is made.", "{count} accounts are made.", len(joined))
    st.success(f"{said} {text('Each person chooses a password with their link.')}")
    show_table(text, [(one.login, one.name, link(PASSWORD, one.token)) for one in joined], "links-file")
    st.button(text("Done"), key="links-done", on_click=lambda: st.session_state.pop("joined", None))


def _one(here: Here) -> None:
    text = here.reader
    with st.form("add-person"):
        st.header(text("Somebody"), anchor=False)
        with st.grid("auto", min_column_width=220):
            name = st.text_input(text("Name"), max_chars=LONGEST_NAME, autocomplete="off")
            login = st.text_input(text("Sign-in name"), max_chars=64, autocomplete="off")
            kind = st.selectbox(
                text("Role"), TYPES[::-1], format_func=lambda value: role_name(text, value), placeholder=text("Role")
            )
            password = st.text_input(
                text("First password"),
                type="password",
                autocomplete="new-password",
                placeholder=text("empty: a link is made"),
                help=text("Tell it to them; they can change it on their account page."),
            )
        if not st.form_submit_button(text("Add")):
            return
        try:
            if password:
                here.services.people.add(login, name, kind or "user", password)
                st.success(shell.plain(text("{name} can sign in now.", name=name)))
                return
            entry = Entry(1, possible_login(login), normal_name(name), kind or "user")
            st.session_state["joined"] = here.services.joining.add([entry])
        except Problem as problem:
            st.error(shell.plain(explain(text, problem.code, problem.params)))
        except FaultyLines as faulty:
            (fault,) = faulty.faults
            st.error(shell.plain(explain(text, fault.problem.code, fault.problem.params)))
        else:
            st.rerun()


def _many(here: Here) -> None:
    text = here.reader
    st.html(f"<style>{_uploader(text)}</style>")
    with st.form("add-people"):
        st.header(text("Several at once"), anchor=False)
        st.caption(
            text(
                "A line for each person: sign-in name, name, role. With a first line of column names also limits, "
                "such as pictures-per-day."
            )
        )
        st.text_area(
            text("List"),
            key="people-list",
            height=180,
            placeholder=text("alice, Alice Martin, user"),
            label_visibility="collapsed",
        )
        file = st.file_uploader(text("or a CSV file"), type=["csv", "tsv", "txt"], key="people-file")
        sent = st.form_submit_button(text("Add all"))
    if not sent:
        return
    try:
        typed = decoded(file.getvalue()) if file is not None else st.session_state["people-list"]
        st.session_state["joined"] = here.services.joining.add(*read_list(typed))
    except Problem as problem:
        st.error(shell.plain(explain(text, problem.code, problem.params)))
    except FaultyLines as faulty:
        _faults(here, faulty)
    else:
        st.rerun()


def _faults(here: Here, faulty: FaultyLines) -> None:
    text = here.reader
    lines = [
        text(
            "Line {number}: {fault}",
            number=text.number(fault.number),
            fault=explain(text, fault.problem.code, fault.problem.params),
        )
        for fault in faulty.faults
    ]
    said = text.plural(
        "Nobody was added: {count} line has a fault.",
        "Nobody was added: {count} lines have a fault.",
        len(lines),
    )
    with st.container(height=HIGHEST if len(lines) > FEW else "content", border=False, key="list-faults"):
        st.error("\n".join([said, "", *(f"- {shell.plain(line)}" for line in lines)]))


def _uploader(text: Reader) -> str:
    """The stylesheet puts words for pictures on every uploader; this one takes lists."""
    words = {
        "--upload-button": text("Choose a file"),
        "--upload-drop": text("or drop it here"),
        "--upload-limit": ".csv",
    }
    quoted = "".join(f'{name}: "{html.escape(word)}";' for name, word in words.items())
    return f".st-key-people-file {{ {quoted} }}"
