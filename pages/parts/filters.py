"""What narrows a list down: widgets whose values are the page's address, so that a link says the same as a hand.

The address is the truth: each run sets the widgets by it, and a widget that is changed changes it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.accounts.acts import day_of
from core.i18n import Reader
from pages.parts.days import day_format

FOLD = "fold-filters"  # of the state: whether what the filters are folded into is open
KEYS = ("before", "after", "offset")  # where one is in the list, which is nowhere once it is another list


def asked(names: Sequence[str]) -> dict[str, str]:
    """The filters that the address has."""
    return {name: value for name in names if (value := st.query_params.get(name, ""))}


def fold() -> None:
    """In a callback of what lies among the filters and leads away from them."""
    st.session_state[FOLD] = False


def words(name: str, label: str, placeholder: str = "") -> None:
    key = _set(name, st.query_params.get(name, ""))
    st.text_input(label, key=key, placeholder=placeholder, autocomplete="off", on_change=_changed, args=(name,))


def choice(name: str, label: str, options: Mapping[str, str], everything: str) -> None:
    """One of `options`, by what the address says of it and what people read, or all."""
    now = st.query_params.get(name, "")
    shown = dict(options)
    if now and now not in shown:
        shown[now] = now  # an address that is older than what there is now
    key = _set(name, now or None)
    st.selectbox(
        label,
        list(shown),
        index=None,
        key=key,
        format_func=lambda value: shown.get(value, str(value)),
        placeholder=everything,
        on_change=_changed,
        args=(name,),
    )


def day(text: Reader, name: str, label: str) -> None:
    key = _set(name, day_of(st.query_params.get(name, "")))
    st.date_input(label, value=None, key=key, format=day_format(text), on_change=_changed, args=(name,))


def flag(name: str, label: str) -> None:
    key = _set(name, st.query_params.get(name) == "1")
    st.toggle(label, key=key, on_change=_changed, args=(name,))


def one_of(name: str, label: str, options: Mapping[str, str]) -> None:
    """One of `options` always; the first, unless the address has another."""
    st.radio(label, list(options), **_always_one(name, options, next(iter(options))))


def segments(name: str, label: str, options: Mapping[str, str], default: str | None = None) -> str:
    """The same side by side; which of them. `default` is what it is if the address does not say, or the first."""
    default = default or next(iter(options))
    st.segmented_control(label, list(options), required=True, **_always_one(name, options, default))
    return one_asked(name, [*options], default)


def one_asked(name: str, options: Sequence[str], default: str | None = None) -> str:
    now = st.query_params.get(name, "")
    return now if now in options else default or options[0]


def clear(text: Reader, names: Sequence[str]) -> None:
    """A way back to everything, where something is left out."""
    if asked(names):
        st.button(text("Show everything"), key="filters-clear", on_click=forget, args=(names,), type="tertiary")


def turn_page(text: Reader, newer: int | None, older: int | None, names: tuple[str, str] | None = None) -> None:
    """`names` are those of the page before and the page after, where they are not what is newer and what is older."""
    before, after = names or (text("Newer"), text("Older"))
    with st.container(horizontal=True, horizontal_alignment="center"):
        if newer is not None:
            st.button(before, key="newer", on_click=_turn, args=("after", newer))
        if older is not None:
            st.button(after, key="older", on_click=_turn, args=("before", older))


def format_name(kind: str) -> str:
    """As its own people write it: CSV, Parquet."""
    return kind.upper() if kind == "csv" else kind.title()


def export_links(text: Reader, name: str, filters: Mapping[str, str], kinds: Sequence[str] = ("csv", "parquet")) -> str:
    """Links to the files of what is shown."""
    query = f"?{urlencode(filters)}" if filters else ""
    links = (
        f'<a class="imagier-button" href="/lists/{name}.{kind}{escape(query)}" download>'
        f"{escape(text('Export as {format}', format=format_name(kind)))}</a>"
        for kind in kinds
    )
    return "".join(links)


def _always_one(name: str, options: Mapping[str, str], default: str) -> dict[str, Any]:
    return {
        "key": _set(name, one_asked(name, [*options], default)),
        "format_func": lambda value: options[value],
        "label_visibility": "collapsed",
        "on_change": _changed,
        "args": (name, default),
    }


def _set(name: str, value: str | date | bool | None) -> str:
    key = f"filter-{name}"
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    return key


def _changed(name: str, default: str = "") -> None:
    value = st.session_state.get(f"filter-{name}")
    if isinstance(value, bool):
        value = "1" if value else ""
    shown = "" if value is None else str(value)
    say(name, "" if shown == default else shown)


def forget(names: Sequence[str]) -> None:
    """Take filters out of the address."""
    _go({name: value for name, value in _address().items() if name not in names})


def say(name: str, value: str) -> None:
    """Put a filter into the address, or take it out where it is empty."""
    say_all({name: value})


def say_all(values: Mapping[str, str]) -> None:
    address = {name: value for name, value in _address().items() if name not in values}
    _go(address | {name: value.strip() for name, value in values.items() if value.strip()})


def _address() -> dict[str, str]:
    """Without where one is in the list."""
    return {name: value for name, value in st.query_params.to_dict().items() if name not in KEYS}


def _go(address: Mapping[str, str]) -> None:
    """Said at once, so that it is one step back."""
    st.query_params.from_dict(address)


def _turn(direction: str, key: int) -> None:
    _go(_address() | {direction: str(key)})
