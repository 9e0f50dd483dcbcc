"""What the test server knows of the Images API: its rules for an order, its pictures, its usage."""

import base64
import io
import random
import re
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from PIL import Image

GPT_IMAGE_MODELS = frozenset(
    {
        "gpt-image-2.6-flare",
        "gpt-image-2.6-sunburst",
        "gpt-image-2.5-flare",
        "gpt-image-2.5-flare-2026-09-08",
        "gpt-image-2.5-sunburst",
        "gpt-image-2.5-sunburst-2026-09-08",
        "gpt-image-2",
        "gpt-image-2-2026-04-21",
        "gpt-image-1.5",
        "gpt-image-1-mini",
    }
)
SHARED_PARAMETERS = {
    *("prompt", "model", "n", "size", "quality", "complexity", "background", "output_format"),
    *("output_compression", "partial_images", "stream", "safety_identifier", "user", "svg"),
    *("frame_count", "frame_duration_ms"),
}
GENERATION_PARAMETERS = SHARED_PARAMETERS | {"moderation"}
EDIT_PARAMETERS = SHARED_PARAMETERS | {"image", "mask", "markup", "input_fidelity"}
CHOICES = {
    "background": {"transparent", "opaque", "auto"},
    "output_format": {"png", "webp", "jpeg", "gif", "svg"},
    "moderation": {"auto", "low"},
}
SHADES = 8
RANGES = {"n": (1, 10), "output_compression": (0, 100), "partial_images": (0, 3)}
# Output tokens on the long side; read from published numbers, good enough for a bill that nobody pays.
AXES = {
    "gpt-image-2": {"low": 16, "medium": 48, "high": 96, "auto": 96},
    "gpt-image-2.5": {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96, "auto": 48},
}


class RefusedOrderError(Exception):
    """An answer of the 4xx kind; `body` is the whole JSON of it."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        kind = "image_generation_user_error" if code == "moderation_blocked" else "invalid_request_error"
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def check_order(order: Mapping[str, Any], edits: bool) -> None:
    """Refuse as OpenAI does. A model of another name is a compatible server's, which refuses little."""
    prompt, model = order.get("prompt"), str(order.get("model", ""))
    if not isinstance(prompt, str) or not prompt:
        raise RefusedOrderError(400, "Missing required parameter: 'prompt'.", "missing_required_parameter", "prompt")
    if len(prompt) > 32_000:
        raise RefusedOrderError(400, "Invalid 'prompt': string too long.", "string_above_max_length", "prompt")
    if not model.startswith(("gpt-image", "dall-e")):
        return
    if model not in GPT_IMAGE_MODELS:
        raise RefusedOrderError(404, f"The model `{model}` does not exist.", "model_not_found")
    for name in order:
        if name not in (EDIT_PARAMETERS if edits else GENERATION_PARAMETERS):
            raise RefusedOrderError(400, f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    _check_values(order, model)
    if order.get("stream") and order.get("output_format") in ("svg", "gif"):
        raise RefusedOrderError(400, "Streaming is not supported for this output format.", "invalid_value", "stream")
    if order.get("background") == "transparent" and order.get("output_format") == "jpeg":
        raise RefusedOrderError(400, "Transparent background needs png or webp.", "invalid_value", "background")


def _check_values(order: Mapping[str, Any], model: str) -> None:
    more = {"xhigh", "max"} if model.startswith(("gpt-image-2.5", "gpt-image-2.6")) else set()
    choices = {**CHOICES, "quality": {"auto", "low", "medium", "high"} | more}
    for name, allowed in choices.items():
        if name in order and order[name] not in allowed:
            raise RefusedOrderError(400, f"Invalid value: '{order[name]}' for '{name}'.", "invalid_value", name)
    for name, (least, most) in RANGES.items():
        value = order.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise RefusedOrderError(400, f"Invalid '{name}': must be from {least} to {most}.", "invalid_value", name)
    if not _possible_size(str(order.get("size", "auto")), model):
        raise RefusedOrderError(400, f"Invalid size '{order['size']}'.", "invalid_value", "size")


def _possible_size(size: str, model: str) -> bool:
    if size in ("auto", "1024x1024", "1536x1024", "1024x1536"):
        return True
    width, height = measured(size)
    free = model.startswith("gpt-image-2") and width % 16 == 0 and height % 16 == 0
    if not free or not width or not height:
        return False
    in_shape = max(width, height) <= 3840 and max(width, height) <= 3 * min(width, height)
    return in_shape and 655_360 <= width * height <= 8_294_400


def measured(size: str) -> tuple[int, int]:
    """Width and height of "WIDTHxHEIGHT"; (0, 0) for anything else."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def usage_of(order: Mapping[str, Any], references: int) -> dict[str, Any]:
    """What OpenAI would report for this order, n pictures and their previews in one sum."""
    width, height = measured(str(order.get("size"))) if order.get("size", "auto") != "auto" else (1024, 1024)
    newer = str(order.get("model")).startswith(("gpt-image-2.5", "gpt-image-2.6"))
    across = AXES["gpt-image-2.5" if newer else "gpt-image-2"].get(str(order.get("quality", "auto")), 48)
    long, short = max(width, height, 1), min(width, height)
    down = (2 * across * short + long) // (2 * long)
    image = -(-(across * down * (2_000_000 + width * height)) // 4_000_000)
    previews = int(order.get("partial_images", 0)) if order.get("stream") else 0
    output = int(order.get("n", 1)) * image + 100 * previews
    text = max(1, len(str(order.get("prompt"))) // 4)
    return {
        "input_tokens": text + 1024 * references,
        "input_tokens_details": {"text_tokens": text, "image_tokens": 1024 * references},
        "output_tokens": output,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": output},
        "total_tokens": text + 1024 * references + output,
    }


@cache
def picture(size: str, output_format: str, shade: int, least_bytes: int, transparent: bool) -> bytes:
    """A real picture of one colour, made once; `least_bytes` pads it with what no compression shrinks."""
    width, height = measured(size)
    if output_format == "svg":
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"/>'.encode()
    colour = (40 + shade * 24, 90, 220 - shade * 24)
    mode = "RGBA" if transparent and output_format != "jpeg" else "RGB"
    image = Image.new(mode, (width, height), (*colour, 128) if mode == "RGBA" else colour)
    target = io.BytesIO()
    image.save(target, output_format.upper())
    return _padded(target.getvalue(), least_bytes)


@cache
def picture_base64(size: str, output_format: str, shade: int, least_bytes: int, transparent: bool) -> str:
    return base64.b64encode(picture(size, output_format, shade, least_bytes, transparent)).decode()


def shade_of(prompt: str) -> int:
    """One of eight colours, so that pictures of different prompts can be told apart."""
    return zlib.crc32(prompt.encode("utf-8", "replace")) % SHADES


def _padded(data: bytes, least_bytes: int) -> bytes:
    """A PNG stays strictly valid, with a private chunk before its last one; the others bear a tail."""
    missing = least_bytes - len(data)
    if missing <= 0:
        return data
    noise = random.Random(0).randbytes(missing)
    if not data.startswith(b"\x89PNG"):
        return data + noise
    body = b"npAd" + noise
    chunk = len(noise).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return data[:-12] + chunk + data[-12:]
