"""The tables of the usage page: what a chart shows, row by row, to be read, followed and taken along."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.i18n import Reader
from core.ledger.formats import harmless
from core.ledger.usage.service import Numbers
from pages.admin.usage_links import linked

if TYPE_CHECKING:
    import pandas

MOST_SHOWN = 400  # rows; the files have all


@dataclass(frozen=True, slots=True)
class Row:
    """`labels` are what is shown, `values` what the files hold; `address` leads to the requests behind the row."""

    labels: tuple[str, ...]
    values: tuple[object, ...]
    numbers: Numbers
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are the names in the files, `titles` those on the page; then the numbers follow."""

    key: str
    columns: tuple[str, ...]
    titles: tuple[str, ...]
    rows: Sequence[Row]

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
            for row in self.rows
        ]
        return pandas.DataFrame.from_records(records)


def show_table(text: Reader, table: Table, name: str) -> None:
    """Folded away under its chart; `name` is that of the files."""
    with st.expander(text("Table")):
        st.html(_html(text, table))
        if len(table.rows) > MOST_SHOWN:
            st.caption(text("The first {number} rows; the files have all.", number=text.number(MOST_SHOWN)))
        downloads(text, table.key, name, table.frame)


def downloads(text: Reader, key: str, name: str, frame: "Callable[[], pandas.DataFrame]") -> None:
    with st.container(horizontal=True):
        for kind, write in (("csv", _csv), ("parquet", _parquet)):
            st.download_button(
                kind.upper() if kind == "csv" else kind.title(),
                data=partial(write, frame),
                file_name=f"{name}-{key}.{kind}",
                on_click="ignore",
                key=f"{key}-{kind}",
                help=text("Export as {format}", format=kind.upper()),
            )


def _csv(frame: "Callable[[], pandas.DataFrame]") -> bytes:
    made = frame()
    for column in made.columns:
        made[column] = [harmless(value) if isinstance(value, str) else value for value in made[column]]
    return b"\xef\xbb\xbf" + str(made.to_csv(index=False, lineterminator="\r\n")).encode()


def _parquet(frame: "Callable[[], pandas.DataFrame]") -> bytes:
    file = io.BytesIO()
    frame().to_parquet(file, index=False)
    return file.getvalue()


def _dollars(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6)


def _html(text: Reader, table: Table) -> str:
    titles = (
        text("Ordered"),
        text("Made"),
        text("Failed"),
        text("Requests"),
        text("Cost"),
        text("At risk"),
    )
    has_requests = any(row.numbers.requests for row in table.rows)
    heads = [f"<th>{escape(title)}</th>" for title in table.titles]
    heads += [
        f"<th class='number'>{escape(title)}</th>" for title in titles if has_requests or title != text("Requests")
    ]
    rows = "".join(_row(text, row, has_requests) for row in table.rows[:MOST_SHOWN])
    return (
        f"<div class='imagier-table'><table><thead><tr>{''.join(heads)}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(text: Reader, row: Row, has_requests: bool) -> str:
    numbers = row.numbers
    cells = [f"<th scope='row'>{linked(escape(row.labels[0]), row.address)}</th>"]
    cells += [f"<td>{escape(label)}</td>" for label in row.labels[1:]]
    shown = [(text.number(numbers.ordered), row.address), (text.number(numbers.pictures), row.address)]
    shown.append((text.number(numbers.failed), None))
    if has_requests:
        shown.append((text.number(numbers.requests), row.address))
    shown += [(text.money(numbers.cost_micros), row.address), (text.money(numbers.risk_micros), None)]
    cells += [f"<td class='number'>{linked(escape(value), address)}</td>" for value, address in shown]
    return f"<tr>{''.join(cells)}</tr>"
