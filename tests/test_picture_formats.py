"""What a file is, from its bytes alone."""

import io
import time

import pytest
from PIL import Image

from core.storage.formats import EXTENSIONS, media_type_of, size_of


def _encoded(format: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (37, 23), "teal").save(file, format, **options)
    return file.getvalue()


PICTURES = {
    "png": _encoded("PNG"),
    "jpeg": _encoded("JPEG"),
    "progressive jpeg": _encoded("JPEG", progressive=True, comment=b"x" * 60_000),
    "webp": _encoded("WEBP"),
    "lossless webp": _encoded("WEBP", lossless=True),
    "extended webp": _encoded("WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    "gif": _encoded("GIF"),
    "avif": _encoded("AVIF"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_known_by_its_bytes(name: str) -> None:
    assert media_type_of(PICTURES[name]) == f"image/{name.split()[-1]}"
    assert media_type_of(PICTURES[name]) in EXTENSIONS


@pytest.mark.parametrize("name", [name for name in PICTURES if name != "avif"])
def test_its_size_stands_in_the_header(name: str) -> None:
    assert size_of(PICTURES[name]) == (37, 23)


@pytest.mark.parametrize("name", PICTURES)
def test_a_cut_header_has_the_right_size_or_none(name: str) -> None:
    for length in range(64):
        assert size_of(PICTURES[name][:length]) in (None, (37, 23))


@pytest.mark.parametrize(
    "data",
    [
        b"<svg/>",
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- <html> --><!-- -->\n<!DOCTYPE svg PUBLIC 'a' 'b'>\r\n<svg\n",
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg:svg>",
    ],
)
def test_an_svg_is_known_by_its_root(data: bytes) -> None:
    assert media_type_of(data) == "image/svg+xml"
    assert size_of(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x89PNG", b"RIFF\0\0\0\0WAVE", b"GIF90a", b"BM", b"%PDF-1.7", b"MZ", b"II*\0", b"{\"b64_json\": \"\"}",
        b"<html><svg>", b"<!DOCTYPE html><svg ", b"<svgfoo>", b"text <svg>", b"<!-- <svg> -->", b"<?php ?><svgx>",
        b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", b"\0\0\0\0ftyp", b"ftyp",
    ],
)  # fmt: skip
def test_anything_else_is_not_a_picture(data: bytes) -> None:
    assert media_type_of(data) is None
    assert size_of(data) is None


@pytest.mark.parametrize(
    "hostile",
    [b"<!--" * 3000, b"<!---->" * 3000, b" " * 9000, b"<!DOCTYPE svg " * 700, b"<!---->" * 1000 + b"<!--" * 300],
)
def test_markup_made_to_be_slow_is_not(hostile: bytes) -> None:
    started = time.process_time()
    assert media_type_of(hostile) is None
    assert time.process_time() - started < 1  # it takes less than a millisecond


def test_a_jpeg_whose_segments_never_end_has_no_size() -> None:
    assert size_of(b"\xff\xd8\xff" + b"\xff" * 100_000) is None
    assert size_of(b"\xff\xd8\xff\xe0\0\0" * 10_000) is None
