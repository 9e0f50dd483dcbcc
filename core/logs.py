"""Logs: one JSON object a line on standard error, with the person, the request and the picture they are about."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_concealed: set[str] = set()
_subject: ContextVar[dict[str, object] | None] = ContextVar("subject", default=None)

# What looks like a key or carries one is never written, whoever logs it.
SECRETS = re.compile(
    r"(sk-[A-Za-z0-9_\-]{3})[A-Za-z0-9_\-*]+|(Bearer\s+)\S+|(://[^:/@\s]*:)[^@\s]+(?=@)", re.IGNORECASE
)

TALKATIVE = (
    "aiohttp",
    "uvicorn",
    "httpx2",
    "httpcore2",
    "openai",
    "urllib3",
    "alembic",
    "PIL",
    "asyncio",
    "streamlit",
    "websockets",
)


@contextmanager
def about(**subject: object) -> Iterator[None]:
    """Everything logged inside is about these: `user_id`, `request_id`, `image_id`, `http_id` …"""
    token = _subject.set({**(_subject.get() or {}), **subject})
    try:
        yield
    finally:
        _subject.reset(token)


def conceal(secret: str) -> None:
    """From now on this is masked wherever it turns up: a key that came while the program runs."""
    _concealed.add(secret)


def masked(text: str) -> str:
    return SECRETS.sub(lambda found: (found[1] or found[2] or found[3]) + "…", text)


class JsonLines(logging.Formatter):
    def __init__(self, secrets: tuple[str, ...] = ()):
        """`secrets` are masked wherever they turn up, whatever they look like."""
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": None,
            "user_id": None,
            **(_subject.get() or {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        text = json.dumps(line, ensure_ascii=False, default=str)
        for secret in (*self._secrets, *tuple(_concealed)):
            text = text.replace(secret, "…")
        return masked(text)


class _Passing(logging.Logger):
    """A logger whose lines reach our handler, whatever its library does: uvicorn and Streamlit bring handlers of
    their own, for loggers that they make long after the start."""

    propagate = property(lambda self: True, lambda self, value: None)

    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802
        pass


def set_up(level: str, secrets: tuple[str, ...] = ()) -> None:
    """Send every logger of the process through one handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(secrets))
    handler.addFilter(_is_wanted)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    logging.setLoggerClass(_Passing)
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers = []
            logger.__class__ = _Passing


def _is_wanted(record: logging.LogRecord) -> bool:
    """What libraries tell about their daily business is not written down; their warnings are."""
    return record.levelno >= logging.WARNING or not record.name.startswith(TALKATIVE)
