"""The words of a problem: what happened and why, what to do next, and what HTTP says of it."""

from dataclasses import dataclass

from core.i18n import mark


@dataclass(frozen=True, slots=True)
class Text:
    """`what` happened and why; `remedy`, what to do next; `status`, what HTTP says of it."""

    what: str
    remedy: str
    status: int = 400


CHOICES = (
    mark("size"),
    mark("quality"),
    mark("background"),
    mark("output format"),
    mark("compression"),
    mark("number of pictures"),
    mark("seed"),
    mark("pictures per minute"),
    mark("pictures at once"),
    mark("deadline"),
    mark("time zone"),
    mark("language"),
    mark("previews"),
    mark("moderation"),
    mark("complexity"),
    mark("input fidelity"),
    mark("models without a price"),
    mark("registration"),
    mark("sharing"),
    mark("days to keep pictures"),
    mark("days of notice"),
    mark("text model"),
    mark("connection"),
    mark("moderation"),
    mark("complexity"),
    mark("input fidelity"),
)
