"""Just enough HTTP/1.1 on asyncio streams for a test server that must also misbehave."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from tests.images_api import RefusedOrderError

REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 500: "Error"}


@dataclass(slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass(slots=True)
class Order:
    """What was asked: the parameters, and the files as (field, file name, media type, bytes)."""

    parameters: dict[str, Any]
    files: list[tuple[str, str, str, bytes]] = field(default_factory=list)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None when the client closed the connection between two."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def whole(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    return head(status, {"Content-Length": str(len(body)), **headers}) + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def trickled(data: bytes, seconds: float) -> AsyncIterator[bytes]:
    for index in range(len(data)):
        yield data[index : index + 1]
        await asyncio.sleep(seconds)


def read_order(request: Request) -> Order:
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        return _multipart(request.body, content_type)
    try:
        parameters = json.loads(request.body)
    except ValueError:
        raise RefusedOrderError(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(parameters, dict):
        raise RefusedOrderError(400, "The body is not an object.")
    return Order(parameters)


def _multipart(body: bytes, content_type: str) -> Order:
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    order = Order({})
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        text = head.decode()
        name = _quoted(text, "name")
        if 'filename="' in text:
            media_type = re.search(r"(?im)^content-type:\s*(\S+)", text)
            order.files.append((name, _quoted(text, "filename"), media_type[1] if media_type else "", content))
        else:
            order.parameters[name] = _typed(name, content.decode())
    return order


def _quoted(text: str, name: str) -> str:
    match = re.search(rf'(?:^|[;\s]){name}="([^"]*)"', text)
    return match[1] if match else ""


def _typed(name: str, value: str) -> Any:
    """A form has only texts; the API reads numbers and booleans out of them."""
    if name in ("n", "output_compression", "partial_images") and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value == "true" if name == "stream" else value


def check_files(order: Order) -> None:
    """Refuse an edit whose files are not pictures, or not the ones that an edit takes."""
    pictures = [one for one in order.files if one[0] in ("image", "image[]")]
    if not 1 <= len(pictures) <= 16 or len({one[0] for one in pictures}) > 1:
        raise RefusedOrderError(400, "Invalid 'image': from 1 to 16 pictures.", "invalid_value", "image")
    if len(pictures) > 1 and pictures[0][0] == "image":
        raise RefusedOrderError(400, "Duplicate parameter: 'image'.", "duplicate_parameter", "image")
    for name, _, _, data in order.files:
        try:
            _verify(data)
        except (OSError, SyntaxError):
            raise RefusedOrderError(400, "Invalid image file or mode.", "invalid_image_file", name) from None


def _verify(data: bytes) -> None:
    import io

    with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"]) as image:
        image.verify()
