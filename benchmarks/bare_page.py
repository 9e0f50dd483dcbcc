"""A Streamlit page with nothing behind it: the same kinds of elements as the board, out of constants."""

import streamlit as st

_tiles = st.components.v2.component(
    "bare_tiles",
    html='<div class="tiles"></div>',
    js="export default function ({ data }) {}",
    isolate_styles=False,
)
ITEMS = [
    {
        "id": 1,
        "state": "queued",
        "alt": "A lighthouse at dusk",
        "source": "",
        "ratio": 1.0,
        "badge": "",
        "since": None,
        "lines": ["Waiting, place 120 in the line", "there in about 4 minutes"],
        "cancel": True,
        "retry": False,
        "confirm": False,
    }
]


def _acted() -> None:
    """The board has such a function too."""


@st.fragment(run_every=0.7)
def board() -> None:
    st.html("<div><p>A lighthouse at dusk</p><small>GPT Image · 1024 × 1024 · low · today</small></div>")
    # In a list, because Streamlit loads pandas to look for tables among the values of a dictionary.
    _tiles(data=[{"items": ITEMS, "texts": {"cancel": "Cancel"}}], key="tiles", on_act_change=_acted)


st.set_page_config(page_title="Bare", layout="wide")
st.text_area("Description")
st.button("Generate", type="primary")
board()
