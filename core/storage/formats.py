"""What a picture is, read from its bytes; no name, header or provider is believed."""

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/svg+xml": "svg",
}

# Six times the largest picture a provider paints (3840 × 2160); decoded, it takes 200 MB.
MOST_PIXELS = 50_000_000

# The names Pillow has for what it may decode; every other decoder it brings stays shut.
_DECODERS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
}

# An SVG is markup: only a declaration, comments and its own doctype may stand before its root, and all of it
# near the start, so that a web page that merely contains a drawing is not taken for one.
_SVG_HEAD = 8192
_SVG = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:<\?xml\b[^>]*>)?"
    rb"(?:\s|<!--.*?-->|<!DOCTYPE\s+svg\b[^>\[]*(?:\[[^\]]*\]\s*)?>)*+"
    rb"<(?:svg:)?svg[\s/>]",
    re.DOTALL,
)


class TooManyPixelsError(ValueError):
    """A picture whose header announces more than MOST_PIXELS; nothing of it was decoded."""

    def __init__(self, width: int, height: int):
        super().__init__(f"{width} × {height} pixels")
        self.width = width
        self.height = height


def media_type_of(data: bytes) -> str | None:
    """The media type of a picture, one of EXTENSIONS, or None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if _is_avif(data):
        return "image/avif"
    if _SVG.match(data[:_SVG_HEAD]):
        return "image/svg+xml"
    return None


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height as the header announces them, in stored pixels (before an EXIF orientation).

    None where the header is damaged, and for AVIF and SVG, which have no such header.
    """
    measure = _MEASURES.get(media_type_of(data) or "")
    width, height = measure(data) if measure else (0, 0)
    return (width, height) if width and height else None


def has_alpha(data: bytes) -> bool:
    """Whether the pixels of a PNG may be transparent: by their own channel, or by a chunk before them."""
    return data[25:26] in (b"\x04", b"\x06") or b"tRNS" in data.partition(b"IDAT")[0]


def open_image(data: bytes) -> "Image":
    """The first frame, not decoded yet; its `load()` raises whatever the damage makes Pillow raise.

    Raises TooManyPixelsError from the header, before memory is spent, and OSError for what cannot be read.
    """
    from PIL import Image, UnidentifiedImageError

    _refuse_too_many_pixels(size_of(data))
    decoder = _DECODERS.get(media_type_of(data) or "")
    if decoder is None:
        raise UnidentifiedImageError("not a picture that can be decoded")
    try:
        image = Image.open(io.BytesIO(data), formats=[decoder])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnidentifiedImageError("the headers contradict each other") from error
    _refuse_too_many_pixels(image.size)  # a hostile file may have two headers
    return image


def _refuse_too_many_pixels(size: tuple[int, int] | None) -> None:
    if size and size[0] * size[1] > MOST_PIXELS:
        raise TooManyPixelsError(*size)


def _is_avif(data: bytes) -> bool:
    """The `ftyp` box: four bytes a brand, a version after the first one (ISO/IEC 14496-12, 4.3)."""
    if data[4:8] != b"ftyp":
        return False
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = [box[:4], *(box[start : start + 4] for start in range(8, len(box), 4))]
    return b"avif" in brands or b"avis" in brands


def _png_size(data: bytes) -> tuple[int, int]:
    """IHDR is the first chunk (PNG, 11.2.1)."""
    return (_big(data[16:20]), _big(data[20:24])) if data[12:16] == b"IHDR" else (0, 0)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """The first frame header, SOFn, reached from segment to segment (ITU-T T.81, B.2.2)."""
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:  # these have no length
            position += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _big(data[position + 7 : position + 9]), _big(data[position + 5 : position + 7])
        elif marker in (0xD9, 0xDA):
            break
        else:
            position += 2 + _big(data[position + 2 : position + 4])
    return 0, 0


def _webp_size(data: bytes) -> tuple[int, int]:
    """The first chunk: extended, lossless or lossy (RFC 9649, 2.5 to 2.7)."""
    chunk = data[12:16]
    if chunk == b"VP8X" and len(data) >= 30:
        return _little(data[24:27]) + 1, _little(data[27:30]) + 1
    if chunk == b"VP8L" and data[20:21] == b"\x2f" and len(data) >= 25:
        bits = _little(data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF
    return 0, 0


def _gif_size(data: bytes) -> tuple[int, int]:
    """The logical screen (GIF89a, 18)."""
    return _little(data[6:8]), _little(data[8:10])


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_MEASURES: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "image/png": _png_size,
    "image/jpeg": _jpeg_size,
    "image/webp": _webp_size,
    "image/gif": _gif_size,
}
