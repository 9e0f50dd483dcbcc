"""Rows by many keys at once: one parameter however many there are, so that the statement stays the same."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, any_, bindparam, column, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session


def among(session: Session, key: Any, keys: Sequence[int]) -> ColumnElement[bool]:
    """That a column has one of these values."""
    if _is_sqlite(session):
        return key.in_(_listed(keys))  # type: ignore[no-any-return]
    return key == any_(_array(keys))  # type: ignore[no-any-return]


def is_among(session: Session, key: Any, keys: Sequence[int]) -> ColumnElement[bool]:
    """The same, to be asked of row after row in their order, which PostgreSQL would give up for a join."""
    values = _listed(keys) if _is_sqlite(session) else select(func.unnest(_array(keys)))
    return key.in_(values).is_(true())  # type: ignore[no-any-return]


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _listed(keys: Sequence[int]) -> Select[Any]:
    values = func.json_each(bindparam(None, json.dumps(list(keys)))).table_valued(column("value", BigInteger))
    return select(values.c.value)


def _array(keys: Sequence[int]) -> Any:
    return bindparam(None, list(keys), ARRAY(BigInteger))
