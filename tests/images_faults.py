"""The ways in which an Images API goes wrong, each by name.

A fault is chosen by a marker in the prompt, `[fault:NAME ARGUMENT… option=value…]`, several markers one
after the other, or by `server.faults.append("NAME …")` for the next call. With `times=N` it counts only for the
first N calls with this prompt. The names: the keys of REFUSALS (answered before work, not billed) and BEHAVIOURS.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MARKER = re.compile(r"\[fault:([^\]]*)\]")

# What comes after the call was billed, and what each does.
BEHAVIOURS = {
    "delay": "delay SECONDS: works that much longer",
    "hold": "hold: waits before the picture until server.release()",
    "hold-each": "hold-each: the same, and before every preview but the first",
    "500": "500: a JSON error after the work",
    "502-html": "502-html: a proxy's page",
    "503": "503 [retry-after=SECONDS]: overloaded",
    "504": "504: empty",
    "hang": "hang: never answers",
    "drop": "drop: closes before the answer",
    "drop-midway": "drop-midway: closes in the middle of the answer or of the stream",
    "trickle": "trickle [SECONDS]: one byte each SECONDS (1)",
    "trickle-head": "trickle-head [SECONDS]: the same from the status line on",
    "200-html": "200-html: a page instead of JSON",
    "200-text": "200-text: some words instead of JSON",
    "200-broken-json": "200-broken-json: whole by its length, and cut off as JSON",
    "200-not-an-object": "200-not-an-object: a JSON list",
    "200-empty": "200-empty: no body",
    "200-error": "200-error [CODE]: an error object with status 200",
    "200-empty-list": "200-empty-list: data is []",
    "200-null-data": "200-null-data: data is null",
    "200-no-data": "200-no-data: no data",
    "200-no-picture": "200-no-picture: an item without a picture",
    "bad-base64": "bad-base64: b64_json that is none",
    "not-a-picture": "not-a-picture: b64_json of some words",
    "data-uri": "data-uri: b64_json as data:image/png;base64,…",
    "url": "url absolute|relative|data|ADDRESS: the picture by address. The server has /picture.png, /huge, "
    "/redirect/N (N times, then the picture), /redirect-to?ADDRESS, /nowhere, /slow, /slow-head, /words",
    "no-usage": "no-usage: usage is absent",
    "zero-usage": "zero-usage: all zeros, as LocalAI",
    "odd-usage": "odd-usage: usage is a text",
    "other-size": "other-size WIDTHxHEIGHT: not the size that was asked",
    "other-format": "other-format FORMAT: not the format that was asked",
    "no-stream": "no-stream: ignores `stream` and answers with JSON",
    "stream-incomplete": "stream-incomplete: ends orderly, without `completed`",
    "stream-error": "stream-error [CODE]: previews, then an error event with the `error` wrapper",
    "stream-error-bare": "stream-error-bare [CODE]: the same without the wrapper",
    "stream-early-error": "stream-early-error [CODE]: the error event before any preview",
    "stream-noise": "stream-noise: comments, retry lines, empty and unreadable events, CRLF, [DONE]",
    "revised": "revised TEXT: revised_prompt",
    "suggest": "suggest TEXT: what the text model answers",
    "suggest-long": "suggest-long NUMBER: so many characters of it",
}


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    argument: str
    options: dict[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer before work: `body` is JSON, or text as it is."""

    status: int
    body: dict[str, Any] | str
    headers: dict[str, str]


def parse(text: str) -> Fault:
    """Read "NAME ARGUMENT option=value"; an unknown name is a mistake in the test."""
    name, *words = text.split()
    if name not in BEHAVIOURS and name not in REFUSALS:
        raise ValueError(f"no such fault: {name}")
    options = dict(word.split("=", 1) for word in words if re.match(r"[a-z-]+=", word))
    return Fault(name, " ".join(word for word in words if not re.match(r"[a-z-]+=", word)), options)


def error(message: str, code: str | None = None, kind: str = "invalid_request_error", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


def refusal(fault: Fault, key: str) -> Refusal | None:
    """The answer of a fault that refuses; None for one that only changes what comes later."""
    build = REFUSALS.get(fault.name)
    return build(fault, key) if build else None


def _plain(status: int, body: dict[str, Any] | str, **headers: str) -> Callable[[Fault, str], Refusal]:
    return lambda fault, key: Refusal(status, body, headers)


def _moderation(fault: Fault, key: str) -> Refusal:
    categories = fault.options.get("categories", "violence").split(",")
    listed = ", ".join(categories)
    body = error(
        f"Your request was rejected by the safety system. safety_violations=[{listed}].",
        fault.options.get("code", "moderation_blocked"),
        "image_generation_user_error",
    )
    if "stage" in fault.options:
        details = {"categories": categories, "moderation_stage": fault.options["stage"]}
        body["error"] |= {
            "moderation_details": details,
            "message": "Your request was rejected by the safety system.",
        }
    if "usage" in fault.options:
        tokens = int(fault.options["usage"])
        body["usage"] = {"input_tokens": tokens, "output_tokens": 0, "total_tokens": tokens}
    return Refusal(400, body, {})


def _rate(fault: Fault, key: str) -> Refusal:
    headers = {name: value for name, value in fault.options.items() if name.startswith("retry-after")}
    headers = {name: value.replace("_", " ") for name, value in headers.items()}
    return Refusal(429, error("Rate limit reached: images per min. Limit 5.", "rate_limit_exceeded"), headers)


def _unknown_parameter(fault: Fault, key: str) -> Refusal:
    """`shape`: openai, message (no param), detail (FastAPI), litellm."""
    name, shape = fault.argument, fault.options.get("shape", "openai")
    if shape == "detail":
        loc = {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
        return Refusal(422, {"detail": [loc]}, {})
    if shape == "litellm":
        text = f"litellm.UnsupportedParamsError: openai does not support parameters: ['{name}'], for model=m."
        return Refusal(400, error(text), {})
    if shape == "message":
        return Refusal(400, {"error": f"unknown field `{name}`"}, {})
    return Refusal(400, error(f"Unknown parameter: '{name}'.", "unknown_parameter", param=name), {})


def _invalid(fault: Fault, key: str) -> Refusal:
    name = fault.argument
    return Refusal(400, error(f"Invalid value for '{name}'.", "invalid_value", param=name), {})


def _shape(fault: Fault, key: str) -> Refusal:
    """The four shapes of an error, and the key in each of them."""
    text = f"something is wrong with {key}"
    bodies: dict[str, dict[str, Any] | str] = {
        "object": error(text),
        "string": {"error": text},
        "detail": {"detail": text},
        "detail-list": {"detail": [{"loc": ["body", "prompt"], "msg": text, "type": "value_error"}]},
        "message": {"message": text},
        "html": f"<!DOCTYPE html><html><head><title>Bad: {text}</title></head><body>no</body></html>",
        "plain": text,
        "empty": "",
    }
    return Refusal(int(fault.options.get("status", "400")), bodies[fault.argument], {})


REFUSALS: dict[str, Callable[[Fault, str], Refusal]] = {
    "401": lambda fault, key: Refusal(401, error(f"Incorrect API key provided: {key}.", "invalid_api_key"), {}),
    "402": _plain(402, error("Insufficient balance")),
    "403": _plain(403, error("Not here.")),
    "403-unverified": _plain(
        403,
        error("Your organization must be verified to use the model `gpt-image-2.6-flare`. Please go to: …"),
    ),
    "403-region": _plain(
        403, error("Country, region, or territory not supported", "unsupported_country_region_territory")
    ),
    "403-quota": _plain(403, error("user quota is not enough", "insufficient_user_quota")),
    "404": _plain(404, "<html><title>404 Not Found</title></html>"),
    "404-model": _plain(404, error("The model `m` does not exist.", "model_not_found")),
    "404-ollama": _plain(404, error('model "m" not found, try pulling it first', None, "not_found_error")),
    "405": _plain(405, {"detail": "Method Not Allowed"}),
    "307": _plain(307, "", Location="/v1/images/generations"),
    "408": _plain(408, error("Request timed out")),
    "409": _plain(409, error("Could not acquire the lock")),
    "400-moderation": _moderation,
    "400-unknown-parameter": _unknown_parameter,
    "400-invalid": _invalid,
    "400-transparent": _plain(
        400,
        error("Transparent background is not supported for this model.", "invalid_value", param="background"),
    ),
    "400-billing-limit": _plain(400, error("Billing hard limit has been reached", "billing_hard_limit_reached")),
    "413": _plain(413, "<html><title>413 Request Entity Too Large</title></html>"),
    "429-rate": _rate,
    "429-quota": _plain(
        429,
        error(
            "You exceeded your current quota, please check your plan and billing details",
            "insufficient_quota",
        ),
    ),
    "shape": _shape,
}
