"""The states of a picture in the reader's words."""

from core.i18n import Reader, mark

STATES = {
    "queued": mark("Waiting"),
    "paused": mark("Paused"),
    "running": mark("Drawing"),
    "done": mark("Done"),
    "failed": mark("Failed"),
    "blocked": mark("Refused"),
    "unknown": mark("Unknown outcome"),
    "cancelled": mark("Cancelled"),
}


def state_name(text: Reader, state: str) -> str:
    name = STATES.get(state, "")
    return text(name) or state
