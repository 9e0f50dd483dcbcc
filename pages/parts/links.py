"""Links for people: their addresses, and how a page shows them, once."""

import csv
import io
from collections.abc import Sequence
from urllib.parse import urlsplit

import streamlit as st

from core.i18n import Reader

INVITATION, PASSWORD = "invite", "reset"


def link(kind: str, token: str) -> str:
    return f"{_server()}/?{kind}={token}"


def shared_link(token: str) -> str:
    """Of a picture that is shared."""
    return f"{_server()}/s/{token}"


def _server() -> str:
    """As this browser reaches it."""
    parts = urlsplit(str(st.context.url))
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}"


def show_link(text: Reader, address: str) -> None:
    st.code(address, language=None, wrap_lines=True)
    st.caption(text("It is shown this once. Copy it and hand it over."))


def show_table(text: Reader, rows: Sequence[tuple[str, str, str]], key: str) -> None:
    """Sign-in name, name and link of each: to copy, and as a file."""
    st.code("\n".join("\t".join(row) for row in rows), language=None)
    file = io.StringIO(newline="")
    file.write("\ufeff")
    csv.writer(file).writerows([("login", "name", "link"), *rows])
    st.download_button(
        text("Download as CSV"),
        data=file.getvalue().encode(),
        file_name="imagier-links.csv",
        mime="text/csv",
        on_click="ignore",
        key=key,
    )
    st.caption(text("The links are shown this once. Each works once, within 14 days."))
