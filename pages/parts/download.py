"""A button that brings a file which takes a form to say what is in it: an address would be too long."""

from collections.abc import Mapping

import streamlit as st

from core.i18n import Reader

_download = st.components.v2.component(
    "imagier_download",
    html='<form method="post"><button type="submit" class="imagier-button"></button></form>',
    js="""
const make = (name, values) => Object.assign(document.createElement(name), values)

export default function ({ data, parentElement }) {
  const form = parentElement.querySelector("form")
  const button = form.querySelector("button")
  form.action = data.action
  button.replaceChildren(
    make("span", { className: "imagier-sign", ariaHidden: "true", translate: false, textContent: "download" }),
    make("p", { textContent: data.label }),
  )
  const fields = Object.entries(data.fields).map(([name, value]) =>
    make("input", { type: "hidden", name, value }))
  form.replaceChildren(...fields, button)
}
""",
    isolate_styles=False,
)


def download(text: Reader, action: str, fields: Mapping[str, str], key: str) -> None:
    data = {"action": action, "fields": dict(fields), "label": text("Download")}
    with st.container(key=key, width="content"):
        _download(data=data, key=f"{key}-form")
