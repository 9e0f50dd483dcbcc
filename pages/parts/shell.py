"""What every page wears: the mark, the language of the document; and what a lost session leaves."""

import html
import logging
import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import streamlit as st

from core.errors import Problem, explain
from core.i18n import Reader
from pages.parts.visit import Visit, visit

log = logging.getLogger(__name__)

PARTS = Path(__file__).parent
MARK = PARTS / "mark.svg"
ICON = PARTS / "icon.png"

SCRIPTS = ("folds.js", "typing.js", "words.js", "document.js")

_document = st.components.v2.component(
    "imagier_document", js="\n".join((PARTS / name).read_text("utf-8") for name in SCRIPTS)
)


def dress(reader: Reader) -> None:
    st.set_page_config(page_title="Imagier", page_icon=str(ICON), layout="wide")
    st.logo(str(MARK), size="large", icon_image=str(MARK))
    st.html(f"<style>{_written(reader)}</style>")
    with st.container(key="document"):
        data = {
            "language": reader.language,
            "skip": reader("Skip to the content"),
            "menu": reader("Menu"),
            "close": reader("Close the menu"),
            "words": _words(reader),
            "description": st.session_state.get("description"),  # as much of it as has arrived
        }
        _document(data=data, key="language")


def name(title: str) -> None:
    """Of a page, in the tab of the browser and to a screen reader that comes to it."""
    st.set_page_config(page_title=f"{title} · Imagier")


def keep_draft(seen: Visit) -> None:
    """The session ended while its person was typing: the description must be there when they are back."""
    user_id, description = st.session_state.get("user_id"), st.session_state.get("description")
    if isinstance(user_id, int) and isinstance(description, str) and description:
        seen.services.people.save_draft(user_id, description)


def notice() -> None:
    """Show what the last act had to say, once."""
    problem = st.session_state.pop("notice", None)
    if problem is not None:
        st.error(plain(problem))


def refuse(reader: Reader, problem: Problem) -> None:
    """Remember a problem for `notice`: a callback runs before the page that shows it."""
    st.session_state["notice"] = explain(reader, problem.code, problem.params)


def say(what: str) -> None:
    """Remember that something was done, for the run that shows it."""
    st.session_state["said"] = what


def is_said(what: str) -> bool:
    """Whether it was done just now; once."""
    if st.session_state.get("said") != what:
        return False
    del st.session_state["said"]
    return True


def caption(text: str) -> None:
    """A quiet line letter by letter: Markdown would make a link even of a sign-in name that is an e-mail address."""
    st.html(f'<p class="imagier-caption">{html.escape(text)}</p>')


def plain(text: str) -> str:
    """What somebody else has written, as Markdown shows it letter by letter."""
    return "".join(f"\\{character}" if character in r"\`*_{}[]()#+-.!|<>~$:" else character for character in text)


def guarded(show: Callable[[], None]) -> Callable[[], None]:
    """A fault of ours is told in the reader's words, with what the administrator needs to find it in the log."""

    @wraps(show)
    def shown() -> None:
        try:
            show()
        except Exception:
            number = secrets.token_hex(4)
            log.exception("a page broke off, number %s", number)
            text = visit().reader
            st.error(f"{explain(text, 'internal')} {text('Number in the log: {number}', number=number)}")

    return shown


def _words(reader: Reader) -> dict[str, str]:
    """What Streamlit tells a screen reader in English, in the reader's words: its names, as words.js spells them."""
    return {
        "help": reader("Help"),
        "increment": reader("More by one"),
        "decrement": reader("Less by one"),
        "close": reader("Close"),
        "clear_value": reader("Empty the field"),
        "open": reader("Show the list"),
        "show_password": reader("Show the password"),
        "hide_password": reader("Hide the password"),
        "app_pages": reader("Pages"),
        "sidebar": reader("Menu"),
        "collapse_sidebar": reader("Close the menu"),
        "expand_sidebar": reader("Menu"),
        "navigate_to_home_page": reader("To the first page"),
        "notifications": reader("Notices"),
        "choose_date": reader("Choose a day"),
        "choose_date_range": reader("Choose days"),
        "clear_date": reader("Empty the field"),
        "clear_dates": reader("Empty the field"),
        "empty": reader("empty"),
        "day,_": reader("day:"),
        "month,_": reader("month:"),
        "year,_": reader("year:"),
        "link_to_heading": reader("The address of this part"),
        "file_upload": reader("Choose pictures"),
        "add_files": reader("Choose more pictures"),
        "remove_": reader("Remove:"),
        "shortcut_": reader("Shortcut:"),
        "connection_error": reader("Imagier does not answer"),
        "away": reader("This page goes on by itself as soon as it does. What you have ordered is kept."),
        "previous_month": reader("Previous month"),
        "next_month": reader("Next month"),
    }


def _written(reader: Reader) -> str:
    """What Streamlit writes in English only; the stylesheet puts these words in the place of its own."""
    words = {
        "--day": reader("dd"),
        "--month": reader("mm"),
        "--year": reader("yyyy"),
        "--upload-button": reader("Choose pictures"),
        "--upload-drop": reader("or drop them here"),
        "--upload-limit": reader("PNG, JPEG or WebP, up to 50 MB each"),
    }
    quoted = "".join(f'{name}: "{_css(text)}";' for name, text in words.items())
    return f":root {{ {quoted} }}"


def _css(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ")
