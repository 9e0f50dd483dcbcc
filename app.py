"""Imagier, put together: settings, services, doors. `python app.py`, `streamlit run app.py` or `uvicorn app:app`."""

import sys

if sys.version_info < (3, 11):
    sys.exit("Imagier needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031

from pathlib import Path

import streamlit as st

from core import start
from core.api.first_page import Look

is_main = __name__ == "__main__"  # else Streamlit or uvicorn has imported us, and has chosen the address
settings, services = start.prepare(is_main, None if is_main else st.get_option("server.address"))
look = Look(Path(__file__).parent / "pages" / "parts")

app = st.App(
    "pages/navigation.py",
    lifespan=start.lifespan(services),
    routes=[*start.routes(services), *look.routes()],
    middleware=[*start.middleware(services), look.middleware()],
)

if is_main:
    app.run(config={"server.address": settings.address, "server.port": settings.port})
