"""The record of acts: who did what, when, from where, and what was before and after. It is read here, and no more."""

from datetime import date
from html import escape
from itertools import groupby
from typing import Any

import streamlit as st

from core.accounts.acts import Narrowed
from core.i18n import Reader
from core.storage.tables import AuditEntry
from pages.parts import filters
from pages.parts.acts import act_name, door_name
from pages.parts.changes import changes
from pages.parts.picture import number_in_address
from pages.parts.visit import Here, require

FILTERS = ("q", "user", "act", "door", "from", "to", "sort")
DOORS = ("pages", "api", "terminal", "worker")


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Audit"))
    acts = here.services.acts
    with st.container(key="filters"), st.grid("auto", min_column_width=145):
        filters.words("q", text("Search"), text("Any words"))
        people = {user.login: user.name for user in here.services.people.all()}
        filters.choice("user", text("Person"), people, text("Everybody"))
        filters.choice("act", text("Act"), {act: act_name(text, act) for act in acts.kinds()}, text("All acts"))
        filters.choice("door", text("Door"), {door: door_name(text, door) for door in DOORS}, text("All doors"))
        filters.day(text, "from", text("From"))
        filters.day(text, "to", text("To"))
    asked = filters.asked(FILTERS)
    with st.container(horizontal=True, vertical_alignment="bottom", key="list-tools"):
        with st.container(width=230):
            filters.choice("sort", text("Order"), {"oldest": text("Oldest first")}, text("Newest first"))
        st.html(filters.export_links(text, "audit", asked), width="content")
        filters.clear(text, FILTERS)
    wanted = Narrowed.of(asked, here.services.site.now().zone)
    page = acts.page(wanted, number_in_address("before"), number_in_address("after"))
    if page.entries:
        st.html("".join(_day(here, day, list(entries)) for day, entries in groupby(page.entries, _day_of(text))))
    else:
        st.markdown(text("There is no such act in the record."))
    names = (text("Older"), text("Newer")) if wanted.oldest_first else None
    filters.turn_page(text, page.newer, page.older, names)


def _day_of(text: Reader) -> Any:
    def day_of(entry: AuditEntry) -> date:
        return entry.created_at.astimezone(text.timezone).date()

    return day_of


def _day(here: Here, day: date, entries: list[AuditEntry]) -> str:
    lines = "".join(_line(here.reader, entry) for entry in entries)
    return f'<section class="imagier-acts"><h2>{escape(here.reader.date(day))}</h2>{lines}</section>'


def _line(text: Reader, entry: AuditEntry) -> str:
    who = entry.login or (text("Somebody") if entry.door != "worker" else "")
    place = " · ".join(part for part in (door_name(text, entry.door), entry.address) if part)
    subject = entry.subject if entry.subject != entry.login else ""
    changed = changes(text, entry.before or {}, entry.after or {})
    head = (
        f"<time title='{escape(text.exact(entry.created_at))}'>{escape(text.time(entry.created_at))}</time>"
        f"<span class='what' dir='auto'><b>{escape(who or door_name(text, entry.door))}</b> "
        f"<span>{escape(act_name(text, entry.act))}</span>"
        + (f" <i>{escape(subject)}</i>" if subject else "")
        + f"</span><small>{escape(place)}</small>"
    )
    if not changed:
        return f"<div class='act'>{head}</div>"
    return f"<details class='act'><summary>{head}</summary><dl>{changed}</dl></details>"
