"""A text beside a button that copies it."""

from pathlib import Path
from typing import Literal

import streamlit as st

from core.i18n import Reader

# Without TLS a browser gives no clipboard to a script; what it still does is copy what is selected.
_copied = st.components.v2.component(
    "imagier_copy",
    html='<div class="imagier-copy"><p dir="auto"></p><button type="button"></button></div>',
    js=(Path(__file__).parent / "copying.js").read_text("utf-8"),
    isolate_styles=False,
)


def copied(text: Reader, content: str, label: str, key: str, kind: Literal["description", "address"]) -> None:
    """`label` is what the button says."""
    _copied(data={"content": content, "kind": kind, "label": label, "done": text("Copied")}, key=key)
