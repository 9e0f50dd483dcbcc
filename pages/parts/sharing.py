"""Sharing a picture: make a link, copy its address, see those that there are, and take them back."""

from datetime import date, datetime, time, timedelta
from html import escape

import streamlit as st

from core.errors import Problem, explain
from core.i18n import Reader
from core.storage.tables import Image
from core.studio.shares import LEAST_PASSWORD, Link
from pages.parts import shell
from pages.parts.copying import copied
from pages.parts.days import day_format
from pages.parts.links import shared_link
from pages.parts.visit import Here, require

DATE = -1


def show_sharing(here: Here, image: Image) -> None:
    """For the picture's owner."""
    text = here.reader
    if not here.services.site.now().sharing:
        st.caption(text("Sharing by link is turned off on this site; an administrator can turn it on."))
    elif image.hidden_at is not None:
        st.caption(text("An administrator has hidden this picture from links, so no link shows it."))
    else:
        _new(here, image)
    for link in here.services.shares.of(here.person.user_id, image.id):
        _row(text, link)


def show_links(here: Here) -> None:
    """All links of a person that have not ended, each beside its picture; nothing where there are none."""
    text, links = here.reader, here.services.shares.working(here.person.user_id)
    if not links:
        return
    st.subheader(text("Links to your pictures"), anchor=False)
    if not here.services.site.now().sharing:
        st.caption(text("Sharing by link is turned off on this site; an administrator can turn it on."))
    for link in links:
        with st.container(horizontal=True, key=f"shared-{link.share.id}"):
            st.html(_thumbnail(text, link.share.image), width="content")
            _row(text, link)


def _thumbnail(text: Reader, image: Image) -> str:
    name = text("Picture {number}", number=image.id)
    return (
        f'<a href="gallery?picture={image.id}" target="_self">'
        f'<img class="imagier-small" src="/pictures/{image.id}/320" alt="{escape(name)}"></a>'
    )


def _new(here: Here, image: Image) -> None:
    text = here.reader
    st.caption(text("Whoever has the link sees the picture, without an account."))
    label, ends = text("The link ends"), _ends(text)
    days = st.selectbox(label, list(ends), format_func=ends.__getitem__, key="share-end", placeholder=label)
    if days == DATE:
        tomorrow = datetime.now(text.timezone).date() + timedelta(days=1)
        st.date_input(text("Last day"), tomorrow, tomorrow, key="share-day", format=day_format(text))
    st.text_input(
        text("Password, if it needs one"),
        type="password",
        autocomplete="new-password",
        key="share-password",
        help=text("At least {least} characters; tell it to people apart from the link.", least=LEAST_PASSWORD),
    )
    st.toggle(text("Show the description too"), key="share-description")
    refusal = st.session_state.pop("share-refused", None)
    if refusal:
        st.error(shell.plain(refusal))
    st.button(text("Make a link"), key="share-make", type="primary", on_click=_make, args=(image.id,))


def _ends(text: Reader) -> dict[int, str]:
    return {
        0: text("Never"),
        1: text("In a day"),
        7: text("In 7 days"),
        30: text("In 30 days"),
        DATE: text("On a day of your choice"),
    }


def _make(image_id: int) -> None:
    """In a callback: what was typed stays when it is refused, and the password goes when it is not."""
    here, state = require(), st.session_state
    ends = _end(here.reader, state.get("share-end", 0), state.get("share-day"))
    try:
        here.services.shares.make(
            here.person.user_id, image_id, ends, state.get("share-password", ""), bool(state.get("share-description"))
        )
    except Problem as problem:
        state["share-refused"] = explain(here.reader, problem.code, problem.params)
    else:
        state["share-password"] = ""


def _end(text: Reader, days: int, last: date | None) -> datetime | None:
    """The end of a day is that of the person who shares."""
    now = datetime.now(text.timezone)
    if days == DATE and last is not None:
        return datetime.combine(last + timedelta(days=1), time(), text.timezone)
    return now + timedelta(days=days) if days > 0 else None


def _row(text: Reader, link: Link) -> None:
    share = link.share
    with st.container(key=f"share-{share.id}", gap="small"):
        if link.is_open and link.token is not None:
            copied(text, shared_link(link.token), text("Copy the link"), f"share-address-{share.id}", "address")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(" · ".join(_state(text, link)))
            if link.is_open:
                st.button(text("Revoke"), key=f"share-revoke-{share.id}", on_click=_revoke, args=(share.id,))


def _state(text: Reader, link: Link) -> list[str]:
    share = link.share
    if share.revoked_at is not None:
        state = text("revoked on {moment}", moment=text.moment(share.revoked_at))
    elif share.ends_at is None:
        state = text("has no end")
    elif link.is_open:
        state = text("ends on {moment}", moment=text.moment(share.ends_at))
    else:
        state = text("ended on {day}", day=text.date(share.ends_at))
    facts = [text("Link of {moment}", moment=text.moment(share.created_at)), state]
    if share.password is not None:
        facts.append(text("with a password"))
    facts.append(text("with the description") if share.with_description else text("without the description"))
    if share.image.hidden_at is not None:
        facts.append(text("hidden by an administrator"))
    if link.token is None:
        facts.append(text("its address cannot be read any more"))
    return facts


def _revoke(share_id: int) -> None:
    here = require()
    try:
        here.services.shares.revoke(here.person.user_id, share_id)
    except Problem:
        return  # in another tab already
