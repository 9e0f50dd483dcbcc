"""A picture without what is written inside its file: descriptions, names, places, programs.

Programs write the whole description into a picture, and cameras where it was taken. What is taken out is everything
but pixels and colours; nothing is encoded anew where the format can be taken apart.
"""

import io
import re
from collections.abc import Iterator

from core.storage.formats import media_type_of, open_image
from core.storage.thumbnails import turn_of, upright

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD pHYs acTL fcTL fdAT".split()
)
_PNG_PROVENANCE = frozenset([b"caBX"])
_WEBP_KEPT = frozenset([b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
_WEBP_PROVENANCE = frozenset([b"C2PA"])
_WEBP_WRITTEN = 0x0C  # the flags of VP8X that announce EXIF and XMP
# Of the segments that programs write, those that a decoder needs.
_JPEG_WRITTEN = frozenset([*range(0xE0, 0xF0), 0xFE])
_JPEG_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_JPEG_PROVENANCE = {0xEB: b"JP"}
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in coded data; others are stuffed bytes and restarts
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA


def cleaned(data: bytes, with_provenance: bool = False) -> bytes | None:
    """The same picture, bare; None if it is of a kind that cannot be taken apart, as SVG, or damaged.

    `with_provenance` leaves content credentials (C2PA) in, which hold true as long as nothing else was taken out.
    """
    try:
        match media_type_of(data):
            case "image/png" if not _lies(data):
                kept = _PNG_KEPT | (_PNG_PROVENANCE if with_provenance else frozenset())
                return _PNG + b"".join(chunk for kind, chunk in _png(data) if kind in kept)
            case "image/jpeg" if not _lies(data):
                return b"\xff\xd8" + b"".join(_jpeg(data, with_provenance))
            case "image/webp" if not _lies(data):
                kept = _WEBP_KEPT | (_WEBP_PROVENANCE if with_provenance else frozenset())
                chunks = b"WEBP" + b"".join(_webp(data, kept))
                return b"RIFF" + len(chunks).to_bytes(4, "little") + chunks
            case "image/png" | "image/jpeg" | "image/webp" | "image/gif" | "image/avif":
                return _encoded(data)
    except Exception:  # Pillow raises nearly anything on damaged data
        return None
    return None


def _lies(data: bytes) -> bool:
    """Whether only what is written in it says which side is up."""
    if data.startswith(_PNG) and all(kind != b"eXIf" for kind, _ in _png(data)):
        return False  # Pillow would decode all of it to find out
    return turn_of(open_image(data)) is not None


def _png(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk by its kind, with length, kind, data and checksum; nothing after the end."""
    place, kind = len(_PNG), b""
    while kind != b"IEND":
        length, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        end = place + 12 + length
        if end > len(data):
            raise ValueError("the picture breaks off")
        yield kind, data[place:end]
        place = end


def _jpeg(data: bytes, with_provenance: bool) -> Iterator[bytes]:
    """The segments; a scan goes on to the next marker that is not part of it. Nothing after the end."""
    place, kept = 2, {**_JPEG_KEPT, **(_JPEG_PROVENANCE if with_provenance else {})}
    while True:
        while data[place : place + 2] == b"\xff\xff":
            place += 1
        marker = data[place + 1]
        if data[place] != 0xFF:
            raise ValueError("a segment is missing")
        if marker == _JPEG_END:
            yield data[place : place + 2]
            return
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        if marker == _JPEG_SCAN:
            found = _JPEG_MARKER.search(data, end)
            if found is None:
                raise ValueError("the picture breaks off")
            end = found.start()
        is_needed = marker in kept and data.startswith(kept[marker], place + 4)
        if marker not in _JPEG_WRITTEN or is_needed:
            yield data[place:end]
        place = end


def _webp(data: bytes, kept: frozenset[bytes]) -> Iterator[bytes]:
    place, end = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while place + 8 <= end:
        kind, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        chunk = data[place : place + 8 + length + length % 2]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_WRITTEN]) + chunk[9:]
        if kind in kept:
            yield chunk
        place += len(chunk)


def _encoded(data: bytes) -> bytes:
    """Decoded and written anew, in a format that loses nothing one could see."""
    image = open_image(data)
    image = upright(image, (max(image.size), max(image.size)))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=95, method=2)
    return file.getvalue()
