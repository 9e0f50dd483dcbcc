"""Small copies of a picture, made once: two WebP widths and an inline placeholder.

The original is paid for, so nothing here may lose it: of a damaged, huge or unknown picture comes back what
can be known, and the page shows the original in place of the copies.
"""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.storage.formats import media_type_of, open_image, size_of

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

WIDTHS = (640, 320)  # a card of the grid on a dense screen, and on any other
_TALLEST = 4  # times the width: taller than any model paints, and far from WebP's limit of 16383 pixels
_BOX = (WIDTHS[0], WIDTHS[0] * _TALLEST)
_PLACEHOLDER_EDGE = 16

# Measured: method 1 makes smaller files than 0 and 2, and method 4 takes twice as long for 1 % less.
_ENCODING = {"quality": 80, "method": 1}
_PLACEHOLDER_ENCODING = {"quality": 20, "alpha_quality": 0, "method": 6}

# Averaging whole pixels first, then Lanczos for the rest: finer than bicubic alone, in less time.
_REDUCING_GAP = 1.1


@dataclass(frozen=True, slots=True)
class Look:
    """What the head of a picture says: `can_shrink` if it is one that thumbnails are made of."""

    media_type: str | None
    width: int | None
    height: int | None
    can_shrink: bool


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """What is known of a picture.

    `width` and `height` in pixels, as it is shown (turned as its EXIF says); None if unknown, as for SVG.
    `variants` maps each of WIDTHS to a WebP at most that wide, and is empty if the picture cannot be decoded.
    `placeholder` is a data URI of a few pixels, or empty.
    """

    media_type: str | None
    width: int | None = None
    height: int | None = None
    variants: Mapping[int, bytes] = field(default_factory=dict)
    placeholder: str = ""


def look_at(data: bytes) -> Look:
    """What can be told without decoding it, in less than a millisecond. Never raises, whatever `data` is."""
    media_type = media_type_of(data)
    try:
        image = open_image(data)
        # Without this a PNG is decoded to the end, where its EXIF may be; `make_thumbnails` looks there.
        turn = turn_of(image) if media_type != "image/png" or "exif" in image.info else None
        height, width = image.size if _lies(turn) else reversed(image.size)
        return Look(media_type, width, height, can_shrink=True)
    except Exception:  # Pillow raises nearly anything on damaged data
        known = size_of(data)
        return Look(media_type, known and known[0], known and known[1], can_shrink=False)


def make_thumbnails(data: bytes) -> Thumbnails:
    """Never raises, whatever `data` is. About 60 ms of processor time for 1536 × 1024 pixels in PNG."""
    media_type = media_type_of(data)
    try:
        return _made(media_type, open_image(data))
    except Exception:  # Pillow raises nearly anything on damaged data
        width, height = size_of(data) or (None, None)
        return Thumbnails(media_type, width, height)


def make_preview(data: bytes) -> bytes | None:
    """A WebP as wide as the wider thumbnail; None if the picture cannot be decoded. Never raises."""
    try:
        return _webp(upright(open_image(data), _BOX), _ENCODING)
    except Exception:
        return None


def _made(media_type: str | None, image: "Image") -> Thumbnails:
    height, width = image.size if _lies(turn_of(image)) else reversed(image.size)
    image = upright(image, _BOX)
    variants = {}
    for most in WIDTHS:
        _shrink(image, (most, most * _TALLEST))
        variants[most] = _webp(image, _ENCODING)
    image.thumbnail((_PLACEHOLDER_EDGE, _PLACEHOLDER_EDGE))
    placeholder = base64.b64encode(_webp(image, _PLACEHOLDER_ENCODING)).decode()
    return Thumbnails(media_type, width, height, variants, f"data:image/webp;base64,{placeholder}")


def upright(image: "Image", box: tuple[int, int]) -> "Image":
    """Turned, in the colours of a screen, and shrunk to fit into `box`, if it is larger."""
    turn = turn_of(image)
    image = _resizable(image)
    _shrink(image, box[::-1] if _lies(turn) else box)
    image = _in_srgb(image if turn is None else image.transpose(turn))
    _shrink(image, box)
    return image


def _lies(turn: "Transpose | None") -> bool:
    from PIL.Image import Transpose

    return turn in (Transpose.TRANSPOSE, Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90)


def turn_of(image: "Image") -> "Transpose | None":
    """What makes the picture upright, a `PIL.Image.Transpose`; None if it is, or if the EXIF is damaged."""
    from PIL import ExifTags
    from PIL.Image import Transpose

    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # the picture is more than its EXIF
        return None
    turns: dict[int | None, Transpose] = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return turns.get(orientation)


def _resizable(image: "Image") -> "Image":
    """Out of a palette and the like. A JPEG is not touched, so that it can be decoded at a fraction."""
    if image.mode.startswith("I"):  # grey in 16 bits
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("RGB", "L", "CMYK") else image.convert("RGB")


def _shrink(image: "Image", box: tuple[int, int]) -> None:
    """In place; never larger than it was."""
    from PIL.Image import Resampling

    image.thumbnail(box, Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)


def _in_srgb(image: "Image") -> "Image":
    """In the colours a browser assumes of a picture without a profile."""
    from PIL import ImageCms

    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            return converted or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a damaged profile, or one for other channels: the plain colours are the better guess
    return image.convert(mode)


def _webp(image: "Image", encoding: Mapping[str, int]) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", **encoding)
    return file.getvalue()
