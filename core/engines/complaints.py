"""What a provider says went wrong, in whichever of its shapes, and which failure that is.

The shapes are {"error": {…}}, {"error": "text"}, {"detail": …} and plain text or HTML; the codes are those that
OpenAI and the servers compatible with it have been seen to send.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from core.engines.base import Blocked, EngineFailure, Failed, Refused, Unknown

LONGEST_DETAIL = 500
_LONGEST_MARKUP = 8_000
_LARGEST_USAGE = 10_000

DEFAULT_WAIT = 10.0
LONGEST_WAIT = 3600.0
UNREACHABLE_WAIT = 5.0

_MODERATION_CODES = {"moderation_blocked", "content_policy_violation", "content_filter"}
_QUOTA_CODES = {
    "insufficient_quota",
    "insufficient_user_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
}
_MODEL_CODES = {"model_not_found", "DeploymentNotFound"}
_RATE_CODES = {"rate_limit_exceeded", "rate_limit_error"}
_REGION = re.compile(r"\b(country|region|territory)\b", re.IGNORECASE)
_MODEL_MISSING = re.compile(r"\bmodel\b.*\b(not found|not exist|unknown|not available)\b", re.IGNORECASE | re.DOTALL)
_QUOTA = re.compile(r"exceeded your current quota|billing hard limit|insufficient (balance|credit|funds|quota)", re.I)
_SAFETY = re.compile(r"safety system|content policy|safety_violations", re.IGNORECASE)
_VIOLATIONS = re.compile(r"safety_violations=\[([^\]]*)\]")
_SECRETS = re.compile(r"\bsk-[\w*.-]{3,}|\bbearer\s+[^\s\"',}]{8,}", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Complaint:
    """`message` is fit to be shown and kept: without secrets, short, on one line."""

    message: str = ""
    codes: frozenset[str] = frozenset()  # the provider's `code` and `type`
    parameter: str = ""
    usage: Mapping[str, Any] | None = None
    stage: str = ""
    categories: tuple[str, ...] = ()


def presentable(text: str, key: str | None) -> str:
    """The text without the key, or anything that looks like one, without markup and control characters, cut."""
    text = scrubbed(text)
    if key:
        text = text.replace(key, "•••")
    text = _SECRETS.sub("•••", text)[:_LONGEST_MARKUP]
    if re.match(r"\s*<", text):
        title = _TITLE.search(text)
        text = unescape(title[1] if title else _TAG.sub(" ", text))
    text = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def scrubbed(text: str) -> str:
    """The text without lone surrogates and NUL, which no database and no encoder takes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def usage_of(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The provider's usage, if it sent one that can be kept."""
    usage = body.get("usage")
    if not isinstance(usage, dict) or not usage:
        return None
    kept = scrubbed(json.dumps(usage, ensure_ascii=False)).replace("\\u0000", "")
    if len(kept) > _LARGEST_USAGE:
        return None
    loaded: dict[str, Any] = json.loads(kept)
    return loaded


def load(content: bytes | str) -> Any:
    """JSON; what is no number (NaN, Infinity) becomes None. Raises ValueError, also where it nests too deeply."""
    try:
        return json.loads(content, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_complaint(content: bytes, key: str | None) -> Complaint:
    try:
        body = load(content)
    except ValueError:
        return Complaint(presentable(content.decode("utf-8", "replace"), key))
    return complaint_of(body, key)


def complaint_of(body: Any, key: str | None) -> Complaint:
    """A complaint from parsed JSON: a whole answer, or an event of a stream with or without its wrapper."""
    if not isinstance(body, dict):
        return Complaint(presentable(_text(body), key))
    inner = next((body[name] for name in ("error", "detail") if body.get(name)), body)
    if isinstance(inner, list):
        return _validation(inner, key)
    if not isinstance(inner, dict):
        return Complaint(presentable(_text(inner), key), usage=usage_of(body))
    message = presentable(_text(inner.get("message") or inner.get("detail") or inner), key)
    details = inner.get("moderation_details") or body.get("moderation_details")
    stage, categories = _moderation(details if isinstance(details, dict) else {}, message)
    return Complaint(
        message=message,
        codes=frozenset(_text(inner[name]) for name in ("code", "type") if inner.get(name)),
        parameter=_text(inner.get("param") or ""),
        usage=usage_of(body) or usage_of(inner),
        stage=stage,
        categories=categories,
    )


def failure(
    complaint: Complaint, status: int | None, *, model: str, edits: bool, retry_after: float = DEFAULT_WAIT
) -> EngineFailure:
    """The failure that a complaint means. `status` None: it came inside an answer that had begun with 200."""
    detail = complaint.message or (f"HTTP {status}" if status else ", ".join(sorted(complaint.codes)))
    if status is not None and (status >= 500 or status in (408, 499)):
        # Whatever answers with these stood between us and the work, or died in it: the work may have been billed.
        # 408 and 499 are 4xx by number only: gateways say them of a provider for which they stopped waiting.
        return Unknown("connection_lost", detail=detail, usage=complaint.usage)
    if complaint.codes & _MODERATION_CODES or _SAFETY.search(complaint.message):
        return Blocked(
            "blocked", {}, detail, None, complaint.usage, stage=complaint.stage, categories=complaint.categories
        )
    if complaint.codes & _QUOTA_CODES or status == 402 or _QUOTA.search(complaint.message):
        return Refused("quota_exhausted", detail=detail, stops_line=True)
    if complaint.codes & _MODEL_CODES:
        return Refused("model_unknown_to_provider", {"model": model}, detail)
    if status is None:
        return _failed_inside(complaint, detail, retry_after)
    return _refused(status, complaint, detail, model, edits, retry_after)


def waiting_time(headers: Mapping[str, str]) -> float:
    """Seconds that a 429 asks for, within reason; DEFAULT_WAIT where it does not say or says nonsense."""
    seconds = _number(headers.get("retry-after-ms"), 1000) or _number(headers.get("retry-after"), 1)
    if seconds is None:
        try:
            until = parsedate_to_datetime(headers.get("retry-after", ""))
        except (ValueError, OverflowError):
            return DEFAULT_WAIT
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (aware - datetime.now(UTC)).total_seconds()
    return min(seconds, LONGEST_WAIT) if seconds > 0 else DEFAULT_WAIT


def _refused(
    status: int, complaint: Complaint, detail: str, model: str, edits: bool, retry_after: float
) -> EngineFailure:
    if status == 401:
        return Refused("wrong_key", detail=detail, stops_line=True)
    if status == 403 and "must be verified" in detail:
        return Refused("organisation_unverified", detail=detail, stops_line=True)
    if status == 403 and _REGION.search(detail):
        return Refused("region_refused", detail=detail, stops_line=True)
    if status in (404, 405):
        return _not_there(detail, model, edits)
    # The SDK reads 409 as "did not get a lock in time" and repeats it: no work was begun.
    if status in (409, 429):
        return Refused("rate_limited", detail=detail, retry_after=retry_after)
    if status == 413:
        return Refused("too_large_for_provider", detail=detail)
    if status < 400:  # a redirect that leads nowhere
        return Refused("provider_unreachable", detail=detail, retry_after=UNREACHABLE_WAIT)
    named = {"param": presentable(complaint.parameter, None)} if complaint.parameter else {}
    return Refused("request_refused", {"detail": detail, **named}, detail)


def _not_there(detail: str, model: str, edits: bool) -> Refused:
    if _MODEL_MISSING.search(detail):
        return Refused("model_unknown_to_provider", {"model": model}, detail)
    if edits:
        return Refused("edits_not_offered", detail=detail)
    return Refused("provider_unreachable", detail=detail, retry_after=UNREACHABLE_WAIT)


def _failed_inside(complaint: Complaint, detail: str, retry_after: float) -> EngineFailure:
    if complaint.codes & _RATE_CODES:
        return Refused("rate_limited", detail=detail, retry_after=retry_after)
    return Failed("provider_failed", {"detail": detail}, detail, usage=complaint.usage)


def _validation(problems: list[Any], key: str | None) -> Complaint:
    """FastAPI's list of {loc, msg, type}."""
    texts, codes, parameter = [], frozenset[str](), ""
    for problem in problems:
        if not isinstance(problem, dict):
            texts.append(_text(problem))
            continue
        where = problem.get("loc")
        place = _text(where[-1]) if isinstance(where, list) and where else ""
        texts.append(f"{place}: {_text(problem.get('msg') or problem)}")
        if problem.get("type") == "extra_forbidden" and not parameter:
            codes, parameter = frozenset({"unknown_parameter"}), place
    return Complaint(presentable("; ".join(texts), key), codes, parameter)


def _moderation(details: Mapping[str, Any], message: str) -> tuple[str, tuple[str, ...]]:
    """Stage and categories, from the details or else from the message's "safety_violations=[…]"."""
    listed = details.get("categories")
    if not isinstance(listed, list):
        match = _VIOLATIONS.search(message)
        listed = match[1].split(",") if match else []
    categories = tuple(name for name in (presentable(_text(one), None)[:60] for one in listed[:20]) if name)
    stage = details.get("moderation_stage")
    return (stage if stage in ("input", "output") else ""), categories


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(text: str | None, divisor: int) -> float | None:
    try:
        seconds = float(text or "") / divisor
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
