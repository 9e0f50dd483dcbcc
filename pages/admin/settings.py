"""What holds for the whole site: place and language, who may come in, what people may order. A change holds at once."""

from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from core.engines.connections import PAINTER
from core.errors import Problem, explain
from core.i18n import LANGUAGES
from core.site import LONGEST_NAME, MOST_DAYS, Site
from pages.parts import shell
from pages.parts.visit import Here, require


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Settings"))
    st.caption(text("A change holds at once, for everybody. What nobody changed here comes from the environment."))
    with st.form("settings", border=False):
        values = _values(here, here.services.site.now())
        sent = st.form_submit_button(text("Save"), type="primary")
    if sent:
        try:
            here.services.site.change(values)
        except Problem as problem:
            st.error(shell.plain(explain(text, problem.code, problem.params)))
        else:
            st.success(text("Saved. It holds at once."))
    ledger = st.session_state.get("ledger_page")
    if ledger is not None:
        st.page_link(ledger, label=text("What people may make and spend is set under “Limits” in the ledger."))


def _values(here: Here, site: Site) -> dict[str, Any]:
    """What stands in the form. The zone of a site whose machine has lost it stays among the choices.

    Without a key, a widget with another value is another widget to Streamlit, which forgets what was chosen in the one
    before: a setting that was saved could not be changed again until the page was loaded anew.
    """
    text = here.reader
    zones = sorted({*available_timezones(), site.time_zone})
    with st.container(border=True):
        st.header(text("Place and language"), anchor=False)
        time_zone = st.selectbox(
            text("Time zone"),
            zones,
            placeholder=text("Time zone"),
            index=zones.index(site.time_zone),
            key="site-time-zone",
            help=text("The days and months of limits and figures begin by it. Each person sees times in their own."),
        )
        language = st.selectbox(
            text("Language"),
            list(LANGUAGES),
            placeholder=text("Language"),
            index=list(LANGUAGES).index(site.language),
            key="site-language",
            format_func=lambda one: LANGUAGES[one],
            help=text("For browsers that ask for none that is spoken here."),
        )
    with st.container(border=True):
        st.header(text("Coming in"), anchor=False)
        is_open = st.toggle(
            text("Whoever reaches the sign-in page may make an account for themselves"),
            value=site.registration == "open",
            key="site-registration",
        )
        st.caption(text("It can draw as far as the limits for users go; set them first."))
    with st.container(border=True):
        st.header(text("Pictures"), anchor=False)
        previews = st.number_input(
            text("Previews of each picture"),
            0,
            3,
            site.previews,
            key="site-previews",
            help=text("The provider bills about 100 output tokens for each."),
        )
        sharing = st.toggle(text("People may share their pictures by link"), value=site.sharing, key="site-sharing")
        st.caption(text("Whoever has such a link sees the picture without signing in. Turned off, no link shows any."))
        allows_unpriced = st.toggle(
            text("Models without a price may be used, though no limit in dollars counts them"),
            value=site.allows_unpriced,
            key="site-unpriced",
        )
    with st.container(border=True):
        st.header(text("Keeping"), anchor=False)
        with st.grid("auto", min_column_width=220):
            days = st.number_input(
                text("Delete pictures after days"),
                0,
                MOST_DAYS,
                site.retention_days or 0,
                key="site-retention-days",
                help=text("0: they are kept."),
            )
            notice = st.number_input(
                text("Tell their people so many days before"),
                0,
                MOST_DAYS,
                site.retention_notice_days,
                key="site-retention-notice-days",
            )
        st.caption(text("Favourites are kept, and what a picture cost stays in the ledger."))
    text_model, text_connection = _text_model(here, site)
    return {
        "text_model": text_model,
        "text_connection": text_connection,
        "retention_days": int(days) or None,
        "retention_notice_days": int(notice),
        "time_zone": time_zone,
        "language": language,
        "registration": "open" if is_open else "closed",
        "sharing": sharing,
        "previews": int(previews),
        "unpriced": "allow" if allows_unpriced else "refuse",
    }


def _text_model(here: Here, site: Site) -> tuple[str | None, str | None]:
    text = here.reader
    names = [line.name for line in here.services.connections.all() if line.kind != PAINTER]
    if site.text_connection is not None and site.text_connection not in names:
        names.append(site.text_connection)
    with st.container(border=True):
        st.subheader(text("Improving descriptions"), anchor=False)
        with st.grid("auto", min_column_width=220):
            model = st.text_input(
                text("Text model"),
                value=site.text_model or "",
                placeholder=text("none: descriptions are not improved"),
                max_chars=LONGEST_NAME,
                autocomplete="off",
            )
            connection = st.selectbox(
                text("Asked over the connection"),
                [None, *names],
                placeholder=text("Asked over the connection"),
                index=[None, *names].index(site.text_connection),
                format_func=lambda name: text("the first that is open") if name is None else name,
            )
        st.caption(
            text(
                "With a text model, people find a button beside the description that suggests a fuller one. What it"
                " costs is in the ledger and under their limits; enter the model's price there."
            )
        )
    return model.strip() or None, connection
