"""Problems in the shape of OpenAI's errors, so that its SDKs raise what their users expect."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from starlette.responses import Response

from core.errors import Problem, explain
from core.i18n import Reader
from core.problems import PROBLEMS

JSON = "application/json"
NOT_AGAIN = {"x-should-retry": "false"}  # the SDKs try again by themselves
INVALID, RATE, SERVER = "invalid_request_error", "rate_limit_error", "server_error"

# What OpenAI calls it: the type and the code. A problem that is not named here has its own code and its status' type.
NAMES: dict[str, tuple[str, str]] = {
    "token_refused": (INVALID, "invalid_api_key"),
    "session_ended": (INVALID, "invalid_api_key"),
    "token_scope": (INVALID, "insufficient_permissions"),
    "too_many_calls": (RATE, "rate_limit_exceeded"),
    "at_once_limit": (RATE, "rate_limit_exceeded"),
    "picture_limit": (RATE, "rate_limit_exceeded"),
    "money_limit": ("insufficient_quota", "insufficient_quota"),
    "token_limit": ("insufficient_quota", "insufficient_quota"),
    "model_not_offered": (INVALID, "model_not_found"),
    "model_shut_down": (INVALID, "model_not_found"),
    "blocked": ("image_generation_user_error", "moderation_blocked"),
    "parameter_unknown": (INVALID, "unknown_parameter"),
    "parameter_missing": (INVALID, "missing_required_parameter"),
    "parameter_type": (INVALID, "invalid_type"),
    "parameter_value": (INVALID, "invalid_value"),
    "parameter_below": (INVALID, "integer_below_min_value"),
    "parameter_above": (INVALID, "integer_above_max_value"),
    "parameter_too_long": (INVALID, "string_above_max_length"),
    "choice_not_offered": (INVALID, "invalid_value"),
    "choice_not_there": (INVALID, "invalid_value"),
    "size_not_offered": (INVALID, "invalid_value"),
    "parameter_impossible": (INVALID, "invalid_value"),
    "parameter_twice": (INVALID, "duplicate_parameter"),
    "choice_limit": (INVALID, "choice_not_allowed"),
    "model_limit": (INVALID, "model_not_allowed"),
    "number_out_of_range": (INVALID, "invalid_value"),
    "transparent_needs_format": (INVALID, "invalid_value"),
    "description_missing": (INVALID, "missing_required_parameter"),
    "description_too_long": (INVALID, "string_above_max_length"),
    "body_not_json": (INVALID, "invalid_json"),
    "body_not_object": (INVALID, "invalid_json"),
    "body_not_form": (INVALID, "invalid_form"),
    "not_an_image": (INVALID, "invalid_image_file"),
    "image_broken": (INVALID, "invalid_image_file"),
    "mask_of_other_size": (INVALID, "invalid_image_file"),
    "mask_without_alpha": (INVALID, "invalid_image_file"),
    "mask_not_png": (INVALID, "invalid_image_file"),
}
STATUSES = {"model_not_offered": 404, "model_shut_down": 404, "image_broken": 400, "not_an_image": 415}
PARAMS = {
    "description_missing": "prompt",
    "description_too_long": "prompt",
    "model_not_offered": "model",
    "model_shut_down": "model",
    "model_limit": "model",
    "size_not_offered": "size",
    "transparent_needs_format": "background",
    "references_not_offered": "image",
    "too_many_references": "image",
    "not_an_image": "image",
    "image_broken": "image",
    "file_too_large": "image",
    "image_too_many_pixels": "image",
    "mask_of_other_size": "mask",
    "mask_without_alpha": "mask",
    "mask_not_png": "mask",
    "mask_too_large": "mask",
    "mask_not_offered": "mask",
}
CHOICES = {
    "size": "size",
    "quality": "quality",
    "background": "background",
    "output format": "output_format",
    "compression": "output_compression",
    "number of pictures": "n",
    "previews": "partial_images",
    "moderation": "moderation",
    "complexity": "complexity",
    "input fidelity": "input_fidelity",
}
DETAILS = {
    "most": "limit",
    "most_micros": "limit",
    "used": "used",
    "used_micros": "used",
    "reserved": "reserved",
    "reserved_micros": "reserved",
    "left": "left",
    "left_micros": "left",
    "needed": "needed",
    "needed_micros": "needed",
    "resets": "resets",
}


def error_of(reader: Reader, problem: Problem) -> dict[str, Any]:
    """The inner object of an error."""
    code, values = problem.code, problem.params
    status = status_of(code)
    kind, name = NAMES.get(code, (SERVER if status >= 500 else INVALID, code))
    message = explain(reader, code, values)
    param = values.get("param", PARAMS.get(code) or CHOICES.get(str(values.get("choice"))))
    if code == "choice_limit":
        param = values["kind"]
    error: dict[str, Any] = {"message": message, "type": kind, "param": param, "code": name}
    if code.endswith("_limit") and "left" in {name for key, name in DETAILS.items() if key in values}:
        unit = "micro_dollars" if "most_micros" in values else "pictures"
        error["details"] = {"unit": unit, **{DETAILS[key]: _plain(values[key]) for key in DETAILS if key in values}}
    if values.get("provider_request_id"):
        error["provider_request_id"] = values["provider_request_id"]
    if code == "blocked":
        stage, categories = values.get("stage") or "unknown", list(values.get("categories") or ())
        error["moderation_details"] = {"moderation_stage": stage, "categories": categories}
    return error


def status_of(code: str) -> int:
    if code in STATUSES:
        return STATUSES[code]
    known = PROBLEMS.get(code)
    return known.status if known is not None else 500


def refused(reader: Reader, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    sent = {"Cache-Control": "no-store", **_headers(problem.code, problem.params), **(headers or {})}
    return Response(dumped({"error": error_of(reader, problem)}), status_of(problem.code), sent, JSON)


def dumped(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _headers(code: str, params: Mapping[str, Any]) -> dict[str, str]:
    """When it is of use to try again, and where it is of none."""
    if code == "method_not_allowed":
        return {"Allow": str(params["allowed"])}
    if code == "token_refused":
        return {"WWW-Authenticate": "Bearer"}
    if code == "content_encoding":
        return {"Accept-Encoding": "identity"}
    if code == "token_limit" or status_of(code) == 409:
        return NOT_AGAIN
    if code == "too_many_calls":
        wait, limit = params["wait"], params["limit_per_minute"]
        all_again = wait + 60 - 60 / limit  # the next call is possible after `wait`
        pace = {"limit": limit, "remaining": 0, "reset": f"{round(all_again * 1000)}ms"}
        headers = {f"x-ratelimit-{name}-requests": str(value) for name, value in pace.items()}
        return {"Retry-After": str(max(1, math.ceil(wait))), **headers}
    seconds = params.get("wait")
    if isinstance(params.get("resets"), datetime):
        seconds = (params["resets"] - datetime.now(UTC)).total_seconds()
    if status_of(code) != 429:
        return {}
    again = {"Retry-After": str(max(1, math.ceil(seconds)))} if seconds is not None else {}
    return {**again, **(NOT_AGAIN if _fits_never(params) else {})}


def _fits_never(params: Mapping[str, Any]) -> bool:
    """The order needs more than there is when nothing of it is used."""
    return any(
        needed in params and params[needed] > params[most]
        for needed, most in (("needed", "most"), ("needed_micros", "most_micros"))
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
