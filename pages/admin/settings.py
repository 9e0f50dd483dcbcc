"""What holds for the whole site: place and language, who may come in, what people may order. A change holds at once."""

from dataclasses import asdict
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from core.engines.connections import PAINTER
from core.i18n import LANGUAGES, Reader
from core.site import LONGEST_NAME, MOST_DAYS, Site
from pages.admin import limits
from pages.parts import forms
from pages.parts.visit import Here, require

FORM = "site"


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Settings"))
    st.caption(text("A change holds at once, for everybody. What nobody changed here comes from the environment."))
    # Only the open one is drawn: each has a form of its own.
    site_tab, limits_tab = st.tabs([text("The site"), text("Limits")], key="settings-part", on_change="rerun")
    if site_tab.open:
        with site_tab:
            _site(here)
    if limits_tab.open:
        with limits_tab:
            st.caption(text("What people may make and spend. What is set for a person wins over their role."))
            limits.show(here)


def _site(here: Here) -> None:
    text, site = here.reader, here.services.site.now()
    given = forms.opened(FORM, _shown(site))
    with st.form("settings", border=False):
        typed = {**_place(text, site), **_coming_in(text), **_pictures(text), **_keeping(text)}
        typed |= _text_model(here, site)
        sent = st.form_submit_button(text("Save"), type="primary")
    change = (lambda: here.services.site.change(_stored(forms.changed(given, typed)))) if sent else None
    forms.answer(text, FORM, change, text("Saved. It holds at once."))


def _shown(site: Site) -> dict[str, Any]:
    """As it stands in the form."""
    return {
        **asdict(site),
        "registration": site.registration == "open",
        "unpriced": site.allows_unpriced,
        "retention_days": site.retention_days or 0,
        "text_model": site.text_model or "",
        "text_connection": site.text_connection or "",  # a list would show None as nothing chosen
    }


def _stored(changed: dict[str, Any]) -> dict[str, Any]:
    """As it is kept."""
    words = {"registration": ("closed", "open"), "unpriced": ("refuse", "allow")}
    stored = {name: words[name][value] if name in words else value for name, value in changed.items()}
    for name in ("retention_days", "text_model", "text_connection"):
        if name in stored:
            stored[name] = stored[name] or None
    return stored


def _place(text: Reader, site: Site) -> dict[str, Any]:
    """The zone of a site whose machine has lost it stays among the choices."""
    with st.container(border=True):
        st.header(text("Place and language"), anchor=False)
        return {
            "time_zone": st.selectbox(
                text("Time zone"),
                sorted({*available_timezones(), site.time_zone}),
                placeholder=text("Time zone"),
                key=f"{FORM}-time_zone",
                help=text(
                    "The days and months of limits and figures begin by it. Each person sees times in their own."
                ),
            ),
            "language": st.selectbox(
                text("Language"),
                list(LANGUAGES),
                placeholder=text("Language"),
                key=f"{FORM}-language",
                format_func=lambda one: LANGUAGES[one],
                help=text("For browsers that ask for none that is spoken here."),
            ),
        }


def _coming_in(text: Reader) -> dict[str, Any]:
    with st.container(border=True):
        st.header(text("Coming in"), anchor=False)
        is_open = st.toggle(
            text("Whoever reaches the sign-in page may make an account for themselves"), key=f"{FORM}-registration"
        )
        st.caption(text("It can draw as far as the limits for users go; set them first."))
    return {"registration": is_open}


def _pictures(text: Reader) -> dict[str, Any]:
    with st.container(border=True):
        st.header(text("Pictures"), anchor=False)
        previews = st.number_input(
            text("Previews of each picture"),
            0,
            3,
            key=f"{FORM}-previews",
            help=text("The provider bills about 100 output tokens for each."),
        )
        sharing = st.toggle(text("People may share their pictures by link"), key=f"{FORM}-sharing")
        st.caption(text("Whoever has such a link sees the picture without signing in. Turned off, no link shows any."))
        unpriced = st.toggle(
            text("Models without a price may be used, though no limit in dollars counts them"), key=f"{FORM}-unpriced"
        )
    return {"previews": int(previews), "sharing": sharing, "unpriced": unpriced}


def _keeping(text: Reader) -> dict[str, Any]:
    with st.container(border=True):
        st.header(text("Keeping"), anchor=False)
        with st.grid("auto", min_column_width=300):
            days = st.number_input(
                text("Delete pictures after days"),
                0,
                MOST_DAYS,
                key=f"{FORM}-retention_days",
                help=text("0: they are kept."),
            )
            notice = st.number_input(
                text("Tell their people so many days before"),
                1,
                MOST_DAYS,
                key=f"{FORM}-retention_notice_days",
                help=text("Nothing is deleted before they had these days, also where you shorten the time."),
            )
        st.caption(text("Favourites are kept, and what a picture cost stays in the ledger."))
    return {"retention_days": int(days), "retention_notice_days": int(notice)}


def _text_model(here: Here, site: Site) -> dict[str, Any]:
    text = here.reader
    names = ["", *(line.name for line in here.services.connections.all() if line.kind != PAINTER)]
    chosen = st.session_state.get(f"{FORM}-text_connection")
    names += [name for name in {site.text_connection, chosen} if name and name not in names]
    with st.container(border=True):
        st.subheader(text("Improving descriptions"), anchor=False)
        with st.grid("auto", min_column_width=300):
            model = st.text_input(
                text("Text model"),
                placeholder=text("none: descriptions are not improved"),
                max_chars=LONGEST_NAME,
                autocomplete="off",
                key=f"{FORM}-text_model",
            )
            connection = st.selectbox(
                text("Asked over the connection"),
                names,
                placeholder=text("Asked over the connection"),
                key=f"{FORM}-text_connection",
                format_func=lambda name: name or text("the first that is open"),
            )
        st.caption(
            text(
                "With a text model, people find a button beside the description that suggests a fuller one. What it"
                " costs is in the ledger and under their limits; enter the model's price there."
            )
        )
    return {"text_model": model.strip(), "text_connection": connection}
