"""Pictures to start from, as people (and attackers) upload them."""

import hashlib
import io
import random
import resource
import struct
import unicodedata
import zlib
from typing import Any

import pytest
from PIL import Image

from core.errors import Problem, explain
from core.i18n import Reader
from core.storage.uploads import CheckedImage, check_reference, shown_name


def _encoded(format: str = "PNG", size: tuple[int, int] = (37, 23), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, format, **options)
    return file.getvalue()


def _noise(format: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 150), 90).convert("RGB").save(file, format)
    return file.getvalue()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _header(width: int, height: int) -> bytes:
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def _png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + _chunk(b"IEND", b"")


def _refusal(name: str, data: bytes) -> Problem:
    with pytest.raises(Problem) as raised:
        check_reference(name, data)
    assert raised.value.params["name"] == shown_name(name)
    assert "…" not in str(raised.value) or "…" in shown_name(name)  # every gap of the text is filled
    return raised.value


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_whole_picture_is_known_by_type_size_and_hash(format: str) -> None:
    data = _encoded(format)
    checked = check_reference("chat.png", data)
    assert checked == CheckedImage("chat.png", f"image/{format.lower()}", 37, 23, hashlib.sha256(data).hexdigest())


def test_the_name_is_not_believed() -> None:
    assert check_reference("holiday.txt", _encoded("JPEG")).media_type == "image/jpeg"
    assert _refusal("holiday.png", b"MZ a program").code == "not_an_image"


@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"<svg/>", b"<html><body>", b"%PDF-1.7", b"PK\x03\x04", b"\x89PNG", _encoded("GIF"), _encoded("BMP"),
     _encoded("TIFF"), _encoded("AVIF"), b"RIFF\0\0\0\0WAVEfmt "],
)  # fmt: skip
def test_what_is_not_png_jpeg_or_webp_is_refused(data: bytes) -> None:
    assert _refusal("file.png", data).code == "not_an_image"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_ends_early_is_broken_wherever_it_is_cut(format: str) -> None:
    data = _noise(format)
    for length in (16, 40, len(data) // 4, len(data) // 2, len(data) * 3 // 4):
        assert _refusal("file", data[:length]).code == "image_broken"


def _outcome(data: bytes) -> str:
    try:
        return check_reference("file", data).media_type
    except Problem as problem:
        return problem.code


@pytest.mark.filterwarnings("ignore")  # Pillow warns of some damage and goes on
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_random_damage_is_a_problem_or_a_picture_and_nothing_else(format: str) -> None:
    chance = random.Random(f"damage to {format}")
    whole = _noise(format)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(min(len(data), 400))] = chance.randrange(256)
        expected = {f"image/{format.lower()}", "image_broken", "not_an_image", "image_too_many_pixels"}
        assert _outcome(bytes(data)) in expected


_WIDE_WEBP = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (59_999).to_bytes(3, "little") * 2
_WIDE_JPEG = (
    b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08" + struct.pack(">HH", 60_000, 60_000) + b"\3" + b"\1\x11\0" * 3
)


@pytest.mark.parametrize(
    "bomb",
    [_png(_header(60_000, 60_000), _chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000))), _WIDE_WEBP, _WIDE_JPEG],
    ids=["png", "webp", "jpeg"],
)
def test_a_bomb_is_refused_from_its_header_before_memory_is_spent(bomb: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    problem = _refusal("bomb.png", bomb)
    assert problem.code == "image_too_many_pixels"
    assert (problem.params["width"], problem.params["height"]) == (60_000, 60_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


@pytest.mark.filterwarnings("ignore:Image size")
@pytest.mark.parametrize("edge", [8_000, 12_000, 60_000])
def test_a_second_header_does_not_smuggle_a_bomb_past_the_first(edge: int) -> None:
    problem = _refusal("bomb.png", _png(_header(1, 1), _header(edge, edge), _chunk(b"IDAT", zlib.compress(b"\0" * 4))))
    assert problem.code in ("image_too_many_pixels", "image_broken")


def test_a_text_that_unpacks_to_much_more_is_refused() -> None:
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 200_000_000))
    assert (
        _refusal("bomb.png", _png(_header(1, 1), text, _chunk(b"IDAT", zlib.compress(b"\0" * 4)))).code
        == "image_broken"
    )


def test_the_largest_possible_picture_is_taken_and_one_more_row_is_not() -> None:
    assert check_reference("large.png", _encoded(size=(10_000, 5_000))).width == 10_000
    problem = _refusal("large.png", _encoded(size=(10_000, 5_001)))
    assert explain(Reader("en"), problem.code, problem.params).startswith("“large.png” measures 10,000 × 5,001 pixels")


def test_a_file_of_fifty_megabytes_is_taken_and_one_byte_more_is_not() -> None:
    data = _encoded()
    most = data + b"\0" * (50_000_000 - len(data))
    assert check_reference("large.png", most).width == 37
    problem = _refusal("large.png", most + b"\0")
    assert (problem.code, problem.params["size"], problem.params["most"]) == ("file_too_large", 50.1, 50)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts(format: str) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("blue", "green")]
    checked = check_reference("a", _encoded(format, (40, 30), save_all=True, append_images=frames))
    assert (checked.media_type, checked.width, checked.height) == (f"image/{format.lower()}", 40, 30)


def test_a_picture_that_is_something_else_as_well_is_only_ever_a_picture() -> None:
    for tail in (b"<script>alert(1)</script>", b"PK\x05\x06" + b"\0" * 18, b"%PDF-1.7"):
        assert check_reference("a.html", _encoded("PNG") + tail).media_type == "image/png"
        assert check_reference("a.html", _encoded("JPEG", comment=tail)).media_type == "image/jpeg"


def test_a_camera_file_of_two_pictures_is_a_jpeg() -> None:
    second = Image.new("RGB", (37, 23), "red")
    assert check_reference("a.jpg", _encoded("MPO", save_all=True, append_images=[second])).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("chat.png", "chat.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\alice\\Mes images\\été.png", "été.png"),
        ("e\u0301te\u0301.png", "été.png"),
        ("photo\u202egnp.exe", "photo gnp.exe"),
        ("\u2066a\u2069\u200b\ufeff.png", "a .png"),
        ("قطة.png", "قطة.png"),
        ("חתול.png", "חתול.png"),
        ("👩\u200d🎨.png", "👩\u200d🎨.png"),
        ("a\r\nSet-Cookie: b\0\x1b[31m.png", "a Set-Cookie: b [31m.png"),
        ("half \ud83d.png", "half .png"),
        ("<b>bold</b>", "b>"),
        ("{name} %s", "{name} %s"),
        ("", "…"),
        ("/", "…"),
        ("\u202e\u200f", "…"),
    ],
    ids=ascii,
)
def test_a_name_is_shown_without_what_misleads(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert check_reference(name, _encoded()).name == shown


def test_a_name_of_ten_thousand_characters_keeps_its_beginning_and_its_end() -> None:
    shown = shown_name("cat" + "t" * 10_000 + " final.png")
    assert len(shown) == 80
    assert shown.startswith("catttt")
    assert shown.endswith(" final.png")


def test_no_name_at_all_leaves_controls_behind() -> None:
    chance = random.Random("names")
    for _ in range(300):
        name = "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randrange(30)))
        shown = shown_name(name)
        assert shown.encode()
        assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Co", "Cn"}
