"""What a picture belongs to: the one it was made after, the others of its order, and those made after it."""

from html import escape
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.storage.tables import Image
from core.studio.lineage import DRAFTS, Family

KEY = "family"

# A click shows the relative in the same dialog; as a link it also opens in a tab of its own.
_family = st.components.v2.component(
    "imagier_family",
    html='<div class="imagier-family"></div>',
    js="""
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.imagier-family')
  if (root.dataset.html !== data.html) {
    root.innerHTML = data.html
    root.dataset.html = data.html
  }
  root.onclick = (event) => {
    const link = event.target.closest('a[data-id]')
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    event.preventDefault()
    setTriggerValue('open', Number(link.dataset.id))
  }
}
""",
    isolate_styles=False,
)


def show_family(text: Reader, image: Image, found: Family, on_open: Any) -> None:
    """`on_open` is called with the id of the relative that was clicked."""

    def opened() -> None:
        state: Any = st.session_state.get(KEY)
        image_id = state.get("open") if hasattr(state, "get") else None
        if isinstance(image_id, int):
            on_open(image_id)

    relatives = [(text("Made after"), found.parent)] if found.parent else []
    number = len(found.siblings) + 1
    of_order = text("Another draft") if number == DRAFTS == image.request.number else text("Of the same order")
    relatives += [(of_order, sibling) for sibling in found.siblings]
    relatives += [(_relation(text, child.request.relation), child) for child in found.children]
    if relatives:
        st.html(f'<h3 class="imagier-head">{escape(text("What belongs to it"))}</h3>')
        _family(data={"html": "".join(_link(name, one) for name, one in relatives)}, key=KEY, on_open_change=opened)


def _link(name: str, image: Image) -> str:
    return (
        f'<a href="gallery?picture={image.id}" data-id="{image.id}"><img class="imagier-small" loading="lazy"'
        f' src="/pictures/{image.id}/320" alt="{escape(image.request.description)}"><small>{escape(name)}</small></a>'
    )


def _relation(text: Reader, relation: str | None) -> str:
    names = {"final": text("Final picture"), "variation": text("Variation"), "change": text("Change")}
    return names.get(relation or "", text("Made from it"))
