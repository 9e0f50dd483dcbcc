"""The tables of the usage page: what a chart shows, row by row, to be read, followed and taken along."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.acting import actor
from core.i18n import Reader
from core.ledger.formats import harmless
from core.ledger.usage.figures import Numbers
from core.ledger.usage.periods import Period
from pages.admin.usage_links import behind, linked
from pages.parts.visit import Here, require

if TYPE_CHECKING:
    import pandas

MOST_SHOWN = 400  # rows; the files have all


@dataclass(frozen=True, slots=True)
class Row:
    """`labels` are what is shown, `values` what the files hold; `filters` lead to the requests behind the row."""

    labels: tuple[str, ...]
    values: tuple[object, ...]
    numbers: Numbers
    filters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are the names in the files, `titles` those on the page; then the numbers follow."""

    key: str
    period: Period
    columns: tuple[str, ...]
    titles: tuple[str, ...]
    rows: Callable[[], Sequence[Row]]

    def frame(self) -> "pandas.DataFrame":
        import pandas

        records = [
            dict(zip(self.columns, row.values, strict=True))
            | {
                "ordered": row.numbers.ordered,
                "pictures": row.numbers.pictures,
                "failed": row.numbers.failed,
                "requests": row.numbers.requests,
                "cost_usd": _dollars(row.numbers.cost_micros),
                "reserved_usd": _dollars(row.numbers.reserved_micros),
                "at_risk_usd": _dollars(row.numbers.risk_micros),
            }
            for row in self.rows()
        ]
        return pandas.DataFrame.from_records(records)


def show_table(table: Table, name: str) -> None:
    """Folded away under its chart; `name` is that of the files."""

    def content(here: Here) -> None:
        text = here.reader
        rows = table.rows()
        st.html(_html(text, table, rows))
        if len(rows) > MOST_SHOWN:
            st.caption(text("The first {number} rows; the files have all.", number=text.number(MOST_SHOWN)))
        downloads(here, table.key, name, table.frame)

    fold(table.key, content)


@st.fragment
def fold(key: str, content: Callable[[Here], None]) -> None:
    """What is only made when somebody opens it: a table takes longer than its chart, and is longer to send."""
    here = require("admin")
    folded = st.expander(here.reader("Table"), key=f"table-{key}", on_change="rerun")
    if folded.open:
        with folded:
            content(here)


def downloads(here: Here, key: str, name: str, frame: "Callable[[], pandas.DataFrame]") -> None:
    text, who = here.reader, actor()  # the file is made by a click, outside this run

    def made(kind: str, write: "Callable[[pandas.DataFrame], bytes]") -> bytes:
        here.services.usage.note_export(f"{name}-{key}.{kind}", who)
        return write(frame())

    with st.container(horizontal=True):
        for kind, write in (("csv", _csv), ("parquet", _parquet)):
            st.download_button(
                kind.upper() if kind == "csv" else kind.title(),
                data=partial(made, kind, write),
                file_name=f"{name}-{key}.{kind}",
                on_click="ignore",
                key=f"{key}-{kind}",
                help=text("Export as {format}", format=kind.upper()),
            )


def _csv(made: "pandas.DataFrame") -> bytes:
    for column in made.columns:
        made[column] = [harmless(value) if isinstance(value, str) else value for value in made[column]]
    return b"\xef\xbb\xbf" + str(made.to_csv(index=False, lineterminator="\r\n")).encode()


def _parquet(made: "pandas.DataFrame") -> bytes:
    file = io.BytesIO()
    made.to_parquet(file, index=False)
    return file.getvalue()


def _dollars(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6)


def _html(text: Reader, table: Table, rows: Sequence[Row]) -> str:
    titles = (
        text("Ordered"),
        text("Made"),
        text("Failed"),
        text("Requests"),
        text("Cost"),
        text("At risk"),
    )
    has_requests = any(row.numbers.requests for row in rows)
    heads = [f"<th>{escape(title)}</th>" for title in table.titles]
    heads += [
        f"<th class='number'>{escape(title)}</th>" for title in titles if has_requests or title != text("Requests")
    ]
    lines = "".join(_row(text, table.period, row, has_requests) for row in rows[:MOST_SHOWN])
    head = f"<thead><tr>{''.join(heads)}</tr></thead>"
    return f"<div class='imagier-table'><table>{head}<tbody>{lines}</tbody></table></div>"


def _row(text: Reader, period: Period, row: Row, has_requests: bool) -> str:
    numbers, links = row.numbers, behind(period, row.filters)
    shown = {
        "ordered": (numbers.ordered, text.number(numbers.ordered)),
        "pictures": (numbers.pictures, text.number(numbers.pictures)),
        "failed": (numbers.failed, text.number(numbers.failed)),
        "requests": (numbers.requests, text.number(numbers.requests)),
        "cost": (numbers.cost_micros, text.money(numbers.cost_micros)),
        "risk": (numbers.risk_micros, text.money(numbers.risk_micros)),
    }
    if not has_requests:
        del shown["requests"]
    row_link = links["ordered" if numbers.ordered or not numbers.cost_micros else "cost"]
    cells = [f"<th scope='row'>{linked(escape(row.labels[0]), row_link)}</th>"]
    cells += [f"<td>{escape(label)}</td>" for label in row.labels[1:]]
    cells += [
        f"<td class='number'>{linked(escape(label), links[name] if value else None)}</td>"
        for name, (value, label) in shown.items()
    ]
    return f"<tr>{''.join(cells)}</tr>"
