"""Descriptions with blanks: choose one, fill it in, or keep what is described as one."""

from collections.abc import Mapping

import streamlit as st

from core.errors import Problem, explain
from core.i18n import Reader
from core.storage.tables import Template
from core.studio.batches import MOST_LINES, lines_of
from core.studio.templates import LONGEST_TITLE, blanks, filled, filled_each
from pages.parts import shell
from pages.parts.batches import is_several
from pages.parts.visit import Here, require


def template_picker(here: Here) -> None:
    text = here.reader
    with st.popover(text("Templates"), icon=":material/edit_note:", key="fold-templates"):
        found = {template.id: template for template in here.services.templates.visible(here.person.user_id)}
        names = _names(here, found)
        if found:
            chosen = st.selectbox(
                text("Template"),
                list(found),
                index=None,
                format_func=lambda it: names.get(it, ""),
                key="template",
                placeholder=text("Choose a template"),
            )
            if chosen in found:
                _fill(here, found[chosen])
        else:
            st.caption(text("A template is a description with blanks in braces. Describe one, and keep it here."))
        _keep(here)


def _names(here: Here, found: Mapping[int, Template]) -> dict[int, str]:
    """What each is called. A list tells entries apart by their words, so those with one title are numbered."""
    names: dict[int, str] = {}
    for template_id, template in found.items():
        is_own = template.user_id == here.person.user_id
        name = template.title if is_own else here.reader("{title} · shared", title=template.title)
        number = 1
        while (numbered := name if number == 1 else f"{name} ({number})") in names.values():
            number += 1
        names[template_id] = numbered
    return names


def _fill(here: Here, template: Template) -> None:
    text = here.reader
    st.caption(shell.plain(template.text[:400]))
    if is_several():
        _fill_each(text, template)
    else:
        for name in blanks(template.text):
            st.text_input(shell.plain(name), key=f"blank-{template.id}-{name}", autocomplete="off")
        st.button(
            text("Put it into the description"),
            key="use-template",
            type="primary",
            on_click=_use,
            args=(template.id, template.text),
        )
    if template.user_id == here.person.user_id or (here.person.is_admin and template.shared):
        with st.container(horizontal=True):
            share = text("Share it no longer") if template.shared else text("Share it with everybody")
            st.button(share, key="share-template", on_click=_share, args=(template.id, not template.shared))
            st.button(text("Delete the template"), key="delete-template", on_click=_remove, args=(template.id,))


def _fill_each(text: Reader, template: Template) -> None:
    """Several values of a blank make several descriptions: one for every combination."""
    names = blanks(template.text)
    if names:
        st.caption(text("Several values, one per line, make a description each."))
    with st.container(key="blanks"):
        for name in names:
            st.text_area(shell.plain(name), key=f"blanks-{template.id}-{name}", height=100)
    try:
        number = len(_each(template.id, template.text))
    except Problem as problem:
        st.warning(shell.plain(explain(text, problem.code, problem.params)))
        return
    label = text.plural("Add {count} description", "Add {count} descriptions", number)
    st.button(label, key="use-template", type="primary", on_click=_add, args=(template.id, template.text))


def _each(template_id: int, template_text: str) -> list[str]:
    """The lines that the values make that stand in the blanks at this moment."""
    typed = {name: st.session_state.get(f"blanks-{template_id}-{name}") or "" for name in blanks(template_text)}
    values = {name: [line.description for line in lines_of(text)] for name, text in typed.items()}
    return filled_each(template_text, values, MOST_LINES)


def _add(template_id: int, template_text: str) -> None:
    here = require()
    try:
        lines = _each(template_id, template_text)
    except Problem as problem:
        shell.refuse(here.reader, problem)
        return
    before = (st.session_state.get("description") or "").rstrip()
    _describe(here, "\n".join([before, *lines] if before else lines))


def _describe(here: Here, words: str) -> None:
    st.session_state["description"] = words
    here.services.people.save_draft(here.person.user_id, words)


def _keep(here: Here) -> None:
    text = here.reader
    with st.form("keep-template", clear_on_submit=True, border=False):
        title = st.text_input(
            text("Keep the description as a template"), placeholder=text("Its title"), max_chars=LONGEST_TITLE
        )
        shared = st.checkbox(text("Share it with everybody"))
        if st.form_submit_button(text("Keep")):
            try:
                here.services.templates.add(
                    here.person.user_id, title, st.session_state.get("description") or "", shared
                )
            except Problem as problem:
                shell.refuse(here.reader, problem)
            st.rerun()


def _use(template_id: int, template_text: str) -> None:
    values = {name: st.session_state.get(f"blank-{template_id}-{name}") or "" for name in blanks(template_text)}
    _describe(require(), filled(template_text, values))


def _share(template_id: int, shared: bool) -> None:
    here = require()
    try:
        here.services.templates.share(here.person, template_id, shared)
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _remove(template_id: int) -> None:
    here = require()
    try:
        here.services.templates.remove(here.person, template_id)
    except Problem as problem:
        shell.refuse(here.reader, problem)
