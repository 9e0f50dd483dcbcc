"""What an administrator types for a connection, and whether it can be one."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from core.engines.connections import PAINTER
from core.engines.openai_images import DEFAULT_BASE_URL
from core.errors import Problem
from core.ledger.limits import GROUPED
from core.ledger.prices import LONGEST_MODEL, micros_of
from core.settings import checked_address

OPENAI, COMPATIBLE = "openai", "compatible"
KINDS = (OPENAI, COMPATIBLE, PAINTER)
LONGEST_NAME = 64
LONGEST_TEXT = 300
MOST_MODELS = 100
PER_MINUTE, AT_ONCE, DEADLINE = (0, 100_000), (1, 1_000), (1, 3_600)  # the least and the most of each
OPENAI_ADDRESS, EXAMPLE_ADDRESS, EXAMPLE_MODELS = DEFAULT_BASE_URL, "http://localhost:8080/v1", "flux-dev = 0.04"


@dataclass(frozen=True, slots=True)
class Draft:
    """`key` None: the one that is kept; "": none. `models` have micro-dollars for a picture, or None for the list's.

    `base_url` "" is the provider's own; `images_per_minute` 0 means as many as it takes; `deadline` is in seconds.
    """

    kind: str
    base_url: str = ""
    key: str | None = field(default=None, repr=False)
    organisation: str = ""
    project: str = ""
    images_per_minute: int = 0
    at_once: int = 10
    deadline: float = 600
    models: Mapping[str, int | None] = field(default_factory=dict)


def checked_name(name: str) -> str:
    wanted = unicodedata.normalize("NFC", name).strip()
    if not 0 < len(wanted) <= LONGEST_NAME or not wanted.isprintable():
        raise Problem("connection_name_impossible", most=LONGEST_NAME)
    return wanted


def checked(draft: Draft) -> Draft:
    """The draft as it is kept; a Problem for what cannot be."""
    if draft.kind not in KINDS:
        raise ValueError(f"no such kind of connection: {draft.kind}")
    _check_number("pictures per minute", draft.images_per_minute, PER_MINUTE)
    _check_number("pictures at once", draft.at_once, AT_ONCE)
    _check_number("deadline", draft.deadline, DEADLINE)
    if draft.kind == PAINTER:
        return Draft(PAINTER, "", "", "", "", draft.images_per_minute, draft.at_once, draft.deadline, {PAINTER: None})
    address = draft.base_url.strip()
    try:
        address = checked_address(address) if address else ""
    except ValueError:
        raise Problem("address_impossible") from None  # it may hold a password: it is not repeated
    if not address and draft.kind == COMPATIBLE:
        raise Problem("address_missing")
    return replace(
        draft,
        base_url=address,
        key=_key(draft.key),
        organisation=_header(draft.organisation),
        project=_header(draft.project),
    )


def models_of(text: str) -> dict[str, int | None]:
    """One model a line, and behind it, after "=", the dollars for a picture, if the price list is not to decide."""
    found: dict[str, int | None] = {}
    for line in filter(str.strip, text.splitlines()):
        name, equals, price = line.rpartition("=")
        model = unicodedata.normalize("NFC", name if equals else price).strip()
        if not 0 < len(model) <= LONGEST_MODEL or not model.isprintable():
            raise Problem("model_impossible", model=line.strip()[:80], most=LONGEST_MODEL)
        if model == PAINTER:
            raise Problem("model_of_the_painter")
        found[model] = _price(price.strip()) if equals else None
    if len(found) > MOST_MODELS:
        raise Problem("too_many_models", count=len(found), most=MOST_MODELS)
    return found


def text_of(models: Mapping[str, int | None]) -> str:
    """The same text again."""
    return "\n".join(name if micros is None else f"{name} = {dollars(micros)}" for name, micros in models.items())


def dollars(micros: int) -> str:
    written = f"{Decimal(micros) / 1_000_000:.6f}".rstrip("0")
    return written.rstrip(".")


def _price(typed: str) -> int:
    refusal = Problem("price_impossible", value=typed[:20])
    if GROUPED.fullmatch(typed):
        raise refusal  # a thousand to one reader, and one to another
    try:
        amount = Decimal(typed.removeprefix("$").strip().replace(",", "."))
    except InvalidOperation:
        raise refusal from None
    return micros_of(amount)


def _check_number(choice: str, value: float, allowed: tuple[int, int]) -> None:
    least, most = allowed
    if not least <= value <= most:
        raise Problem("number_out_of_range", choice=choice, value=value, least=least, most=most)


def _key(typed: str | None) -> str | None:
    """Whatever is wrong with a key, no part of it is repeated."""
    if typed is None:
        return None
    key = typed.strip()
    if not (key.isascii() and key.isprintable()) or " " in key or len(key) > LONGEST_TEXT:
        raise Problem("key_impossible")
    return key


def _header(typed: str) -> str:
    value = typed.strip()
    if not (value.isascii() and value.isprintable()) or len(value) > LONGEST_TEXT:
        raise Problem("header_impossible")
    return value
