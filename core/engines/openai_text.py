"""A text from a text model: `POST /chat/completions`, which OpenAI and every compatible server speak.

One call is one answer or one failure (`core.engines.base`), and a call that may have been billed is never repeated:
only one that was refused, before any work, for the name of the one parameter that servers do not agree on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import ReadTimeoutError

from core.engines.base import EngineFailure, Failed, Refused, Unknown
from core.engines.complaints import (
    Complaint,
    complaint_of,
    failure,
    load,
    presentable,
    read_complaint,
    scrubbed,
    usage_of,
    waiting_time,
)
from core.engines.openai_images import DEFAULT_BASE_URL
from core.engines.visits import TooLargeError, Visit, introduction, is_through_proxy

SECONDS = 60.0  # in all, whatever the server does
MOST_BYTES = 4 * 1024 * 1024
# What limits the answer, in the order in which the names are tried: today's, the older one, none at all.
_LIMITS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True, slots=True)
class Asked:
    """`instruction` is ours, `text` a person's; the answer has at most `most_tokens`."""

    model: str
    instruction: str
    text: str
    most_tokens: int


@dataclass(frozen=True, slots=True)
class Written:
    text: str
    usage: Mapping[str, Any] | None
    provider_request_id: str | None


def write(
    asked: Asked,
    base_url: str,
    key: str | None,
    organisation: str = "",
    project: str = "",
    seconds: float = SECONDS,
) -> Written:
    """Blocks, for `seconds` at most; raises an EngineFailure and nothing else."""
    url = (base_url or DEFAULT_BASE_URL).rstrip("/") + "/chat/completions"
    if key and not (key.isascii() and key.isprintable()):
        raise Refused("wrong_key", detail="the key has characters no key has")
    headers = introduction(key, organisation, project)
    messages = [
        {"role": "system", "content": asked.instruction},
        {"role": "user", "content": scrubbed(asked.text)},
    ]
    with Visit(url, seconds) as visit:
        for limit in (*_LIMITS, None):
            body: dict[str, Any] = {"model": asked.model, "messages": messages}
            if limit is not None:
                body[limit] = asked.most_tokens
            status, answered, content = _posted(url, headers, body, visit, seconds)
            request_id = (answered.get("x-request-id") or "")[:200] or None
            if status == 200:
                return _read(content, asked.model, key, request_id)
            complaint = read_complaint(content, key)
            if status in (400, 422) and limit is not None and _is_about(limit, complaint):
                continue
            ended = failure(complaint, status, model=asked.model, edits=False, retry_after=waiting_time(answered))
            ended.provider_request_id = request_id
            raise ended
    raise Unknown("connection_lost")


def _is_about(parameter: str, complaint: Complaint) -> bool:
    return complaint.parameter == parameter or parameter in complaint.message


def _posted(
    url: str, headers: Mapping[str, str], body: Mapping[str, Any], visit: Visit, seconds: float
) -> tuple[int, Mapping[str, str], bytes]:
    try:
        with visit.answer("POST", url, headers, body=body) as answer:
            return answer.status_code, answer.headers, visit.content(answer, MOST_BYTES)
    except TooLargeError:
        raise Failed("improving_no_text", detail=f"more than {MOST_BYTES} bytes") from None
    except Exception as error:
        raise _broken(error, visit, seconds, is_watched=not is_through_proxy(url)) from None


def _broken(error: Exception, visit: Visit, seconds: float, is_watched: bool) -> EngineFailure:
    """A connection that was never made cost nothing; of any other nobody knows. Only the error's name is told: the
    texts of these errors repeat what was sent."""
    detail = type(error).__name__
    never_made = isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or (
        isinstance(error, requests.exceptions.SSLError) and "certificate" in str(error).lower()
    )
    if never_made or (is_watched and not visit.has_connected):
        return Refused("provider_unreachable", detail=detail)
    if visit.is_over or isinstance(error, requests.Timeout | ReadTimeoutError):
        return Unknown("deadline_passed", {"limit": seconds}, detail)
    return Unknown("connection_lost", detail=detail)


def _read(content: bytes, model: str, key: str | None, request_id: str | None) -> Written:
    try:
        body = load(content)
    except ValueError:
        detail = presentable(content[:2000].decode("utf-8", "replace"), key)
        if content.lstrip().startswith(b"{"):  # an answer that was cut off on its way
            raise Unknown("connection_lost", detail=detail, provider_request_id=request_id) from None
        raise Failed("improving_no_text", detail=detail, provider_request_id=request_id) from None
    if not isinstance(body, dict):
        raise Failed("improving_no_text", detail=presentable(str(body), key), provider_request_id=request_id)
    usage = usage_of(body)
    if body.get("error"):
        ended = failure(complaint_of(body, key), None, model=model, edits=False)
        ended.provider_request_id, ended.usage = request_id, usage or ended.usage
        raise ended
    text = _text_of(body)
    if not text:
        raise Failed("improving_no_text", usage=usage, provider_request_id=request_id)
    return Written(text, usage, request_id)


def _text_of(body: Mapping[str, Any]) -> str:
    """The first choice's words; some servers give them in parts."""
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = first.get("message")
    content = message.get("content") if isinstance(message, dict) else first.get("text")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    return scrubbed(content).strip() if isinstance(content, str) else ""
