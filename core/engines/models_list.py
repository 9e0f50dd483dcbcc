"""What a server says of its models: `GET /models`, where one learns at no cost whether address and key are right.

Sources: the SDK 3.54 for the shape ({"data": [{"id", "shutdown_date"}]}); other servers answer with a bare list, with
{"models": [{"name"}]}, or have no such address at all. Nothing of it is believed beyond what is shown.
"""

from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Any, Literal

from core.engines.complaints import load, presentable, read_complaint
from core.engines.visits import ERRORS, Visit, introduction

SECONDS = 15.0  # in all, whatever the server does
MOST_BYTES = 4 * 1024 * 1024
MOST_MODELS = 2_000
LONGEST_NAME = 128

KeyState = Literal["accepted", "refused", "untold"]


@dataclass(frozen=True, slots=True)
class ListedModel:
    name: str
    shutdown: date | None


@dataclass(frozen=True, slots=True)
class ModelsAnswer:
    """`models` None: it was reached and gave no list; `detail` is why, with secrets masked; `seconds` it took."""

    is_reached: bool
    key: KeyState
    models: tuple[ListedModel, ...] | None
    detail: str
    seconds: float


def ask_models(
    base_url: str, key: str | None, organisation: str = "", project: str = "", seconds: float = SECONDS
) -> ModelsAnswer:
    """Blocks, for `seconds` at most; raises nothing."""
    url = base_url.rstrip("/") + "/models"
    begun = monotonic()
    with Visit(url, seconds) as visit:
        try:
            with visit.answer("GET", url, introduction(key, organisation, project)) as answer:
                status, content = answer.status_code, visit.content(answer, MOST_BYTES)
        except ERRORS as error:
            # Only the name: the texts of these errors repeat what was sent.
            detail = "" if visit.is_over else type(error).__name__
            return ModelsAnswer(False, "untold", None, detail, monotonic() - begun)
    taken = monotonic() - begun
    if status == 200:
        return _read(content, key, taken)
    state: KeyState = "refused" if status in (401, 403) else "untold"
    said = read_complaint(content, key).message
    return ModelsAnswer(True, state, None, f"HTTP {status} {said}".strip(), taken)


def _read(content: bytes, key: str | None, taken: float) -> ModelsAnswer:
    try:
        body = load(content)
    except ValueError:
        return ModelsAnswer(True, "untold", None, presentable(content.decode("utf-8", "replace")[:500], key), taken)
    listed = body
    if isinstance(body, dict):
        listed = next((body[name] for name in ("data", "models") if isinstance(body.get(name), list)), None)
    if not isinstance(listed, list):
        return ModelsAnswer(True, "untold", None, read_complaint(content, key).message, taken)
    found = {model.name: model for item in listed[:MOST_MODELS] if (model := _model(item, key))}
    return ModelsAnswer(True, "accepted", tuple(sorted(found.values(), key=lambda model: model.name)), "", taken)


def _model(item: Any, key: str | None) -> ListedModel | None:
    day = None
    if isinstance(item, dict):
        day = _day(item.get("shutdown_date"))
        item = next((item[name] for name in ("id", "name", "model") if isinstance(item.get(name), str)), None)
    if not isinstance(item, str):
        return None
    name = presentable(item, key)
    return ListedModel(name, day) if 0 < len(name) <= LONGEST_NAME else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
