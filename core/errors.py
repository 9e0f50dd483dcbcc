"""What can go wrong, in words: every problem says what happened, why, and what to do next.

A problem is a code with parameters; it becomes text only where somebody reads it, in that reader's language. Pictures
keep the code and the parameters of their failure in the database for the same reason.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from core.i18n import Reader
from core.problems import PROBLEMS, Text

_MARKED = {"choice", "rule"}  # parameters that are texts themselves, marked where they come from
_SECONDS = {"wait", "limit"}


class Problem(Exception):
    """A refusal that a person or a program is told about. `code` is a key of PROBLEMS."""

    def __init__(self, code: str, **params: Any):
        super().__init__(code)
        self.code = code
        self.params = params

    @classmethod
    def kept(cls, code: str | None, params: Mapping[str, Any]) -> "Problem":
        """One that a row has kept."""
        return cls(code or "internal", **params)

    def __str__(self) -> str:
        return explain(Reader(), self.code, self.params)


def explain(reader: Reader, code: str, params: Mapping[str, Any] | None = None) -> str:
    """The whole problem in the reader's language, in one paragraph."""
    return " ".join(part for part in (what(reader, code, params), remedy(reader, code, params)) if part)


def what(reader: Reader, code: str, params: Mapping[str, Any] | None = None) -> str:
    return _filled(reader, _text(code).what, params)


def remedy(reader: Reader, code: str, params: Mapping[str, Any] | None = None) -> str:
    return _filled(reader, _text(code).remedy, params)


def _text(code: str) -> Text:
    return PROBLEMS.get(code, PROBLEMS["internal"])


def _filled(reader: Reader, message: str, params: Mapping[str, Any] | None) -> str:
    """A parameter that an old row lacks shows as an ellipsis, not as a crash."""
    shown = {name: _shown(reader, name, value) for name, value in (params or {}).items()}
    return reader(message).format_map(_Gaps(shown))


def _shown(reader: Reader, name: str, value: Any) -> Any:
    """A value as the reader writes it; what it measures is told by its name."""
    match value:
        case Problem():
            return explain(reader, value.code, value.params)
        case str() if name in _MARKED:
            return reader(value)
        case datetime():
            return reader.moment(value)
        case date():
            return reader.date(value)
        case int() | float() if not isinstance(value, bool):
            if name in _SECONDS:
                return reader.duration(value)
            return reader.money(int(value)) if name.endswith("_micros") else reader.number(value)
    return value


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
