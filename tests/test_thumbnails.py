"""Small copies of real pictures, and what is left of damaged ones."""

import base64
import io
import random
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageFile

from core.storage import formats
from core.storage.thumbnails import Thumbnails, look_at, make_preview, make_thumbnails


def _picture(width: int = 1536, height: int = 1024, mode: str = "RGB") -> Image.Image:
    """Red at the top left, blue towards the bottom right."""
    picture = Image.new("RGB", (width, height))
    picture.paste(Image.linear_gradient("L").resize((width, height)).convert("RGB"))
    red = Image.new("RGB", (max(1, width // 2), max(1, height // 2)), "red")
    picture.paste(red, (0, 0))
    return picture.convert(mode)


def _encoded(picture: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def _opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def _pixel(thumbnails: Thumbnails, x: float, y: float, width: int = 640) -> tuple[int, ...]:
    """The colour at a place from 0 to 1."""
    picture = _opened(thumbnails.variants[width])
    pixel = picture.getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    assert isinstance(pixel, tuple)
    return pixel


def _is_red(pixel: tuple[int, ...]) -> bool:
    return pixel[0] > 200 and pixel[1] < 60 and pixel[2] < 60


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_a_picture_gets_two_widths_and_a_placeholder(format: str) -> None:
    thumbnails = make_thumbnails(_encoded(_picture(), format))
    assert (thumbnails.media_type, thumbnails.width, thumbnails.height) == (f"image/{format.lower()}", 1536, 1024)
    sizes = {width: _opened(data).size for width, data in thumbnails.variants.items()}
    assert sizes[640] in ((640, 426), (640, 427))
    assert sizes[320] in ((320, 213), (320, 214))
    assert {formats.media_type_of(data) for data in thumbnails.variants.values()} == {"image/webp"}
    assert _is_red(_pixel(thumbnails, 0.1, 0.1))
    assert not _is_red(_pixel(thumbnails, 0.9, 0.9))


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_preview_is_the_wider_thumbnail_alone(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _encoded(_picture(), format, exif=exif)
    assert make_preview(data) == make_thumbnails(data).variants[640]


@pytest.mark.parametrize("data", [b"", b"words", _encoded(_picture(64, 64))[:200]])
def test_what_cannot_be_decoded_has_no_preview(data: bytes) -> None:
    assert make_preview(data) is None


def test_the_placeholder_is_a_tiny_picture_in_a_data_uri() -> None:
    thumbnails = make_thumbnails(_encoded(_picture()))
    head, _, body = thumbnails.placeholder.partition(",")
    assert head == "data:image/webp;base64"
    assert _opened(base64.b64decode(body)).size == (16, 11)
    assert len(thumbnails.placeholder) < 150


def test_a_small_picture_is_never_enlarged() -> None:
    thumbnails = make_thumbnails(_encoded(_picture(200, 100)))
    assert [_opened(data).size for data in thumbnails.variants.values()] == [(200, 100), (200, 100)]
    assert {_opened(data).width for data in make_thumbnails(_encoded(_picture(400, 10))).variants.values()} == {
        400,
        320,
    }


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (16, 20_000), (20_000, 1), (3840, 2160), (1024, 3072)])
def test_odd_shapes_have_thumbnails_too(size: tuple[int, int]) -> None:
    thumbnails = make_thumbnails(_encoded(_picture(*size)))
    assert (thumbnails.width, thumbnails.height) == size
    for width, data in thumbnails.variants.items():
        assert _opened(data).width <= width
        assert _opened(data).height <= 4 * width
    assert set(thumbnails.variants) == {320, 640}
    assert thumbnails.placeholder


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_transparency_is_kept(format: str) -> None:
    picture = _picture(mode="RGBA")
    picture.paste((0, 0, 0, 0), (768, 512, 1536, 1024))
    thumbnails = make_thumbnails(_encoded(picture, format))
    assert _pixel(thumbnails, 0.9, 0.9)[3] == 0
    assert _pixel(thumbnails, 0.1, 0.1, 320)[3] == 255
    assert _is_red(_pixel(thumbnails, 0.49, 0.49))  # no dark fringe out of the invisible black
    assert len(thumbnails.placeholder) < 300


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_looks_like_itself(mode: str) -> None:
    grey = Image.linear_gradient("L")
    if mode == "I;16":
        picture = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        picture = grey.convert("RGB").convert(mode)
    thumbnails = make_thumbnails(_encoded(picture))
    assert _pixel(thumbnails, 0.5, 0.02)[0] < 40
    assert _pixel(thumbnails, 0.5, 0.98)[0] > 215


def test_a_transparent_palette_stays_transparent() -> None:
    picture = Image.new("P", (800, 800), 0)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    thumbnails = make_thumbnails(_encoded(picture, "GIF", transparency=0))
    assert _pixel(thumbnails, 0.5, 0.5)[3] == 0


def test_a_jpeg_for_print_comes_out_in_screen_colours() -> None:
    thumbnails = make_thumbnails(_encoded(_picture(mode="CMYK"), "JPEG"))
    assert _is_red(_pixel(thumbnails, 0.1, 0.1))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_as_its_exif_says(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    thumbnails = make_thumbnails(_encoded(_picture(), format, exif=exif))
    lies = orientation >= 5
    assert (thumbnails.width, thumbnails.height) == ((1024, 1536) if lies else (1536, 1024))
    assert {width: _opened(data).width for width, data in thumbnails.variants.items()} == {640: 640, 320: 320}
    red = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    corners = [(x, y) for x in (0, 1) for y in (0, 1)]
    assert [corner for corner in corners if _is_red(_pixel(thumbnails, *corner))] == [red]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"])
def test_a_damaged_exif_costs_no_thumbnail(exif: bytes) -> None:
    assert make_thumbnails(_encoded(_picture(), "JPEG", exif=exif)).variants


def _swapped_profile() -> bytes:
    """sRGB with the primaries of red and green swapped: whoever applies it sees red where green is stored."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_colour_profile_is_applied_and_left_behind(format: str, mode: str) -> None:
    if (format, mode) == ("JPEG", "RGBA"):
        mode = "RGB"
    picture = Image.new(mode, (700, 500), "lime")
    thumbnails = make_thumbnails(_encoded(picture, format, icc_profile=_swapped_profile()))
    assert _is_red(_pixel(thumbnails, 0.5, 0.5))
    assert "icc_profile" not in _opened(thumbnails.variants[640]).info


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 500, _swapped_profile()[:200]])
def test_a_damaged_profile_costs_no_thumbnail(profile: bytes) -> None:
    thumbnails = make_thumbnails(_encoded(_picture(), "JPEG", icc_profile=profile))
    assert _is_red(_pixel(thumbnails, 0.1, 0.1))


def test_a_profile_for_other_channels_costs_no_thumbnail() -> None:
    thumbnails = make_thumbnails(_encoded(_picture(mode="L"), "PNG", icc_profile=_swapped_profile()))
    assert set(thumbnails.variants) == {320, 640}


def test_an_animation_is_shown_by_its_first_frame() -> None:
    frames = [Image.new("RGB", (400, 400), colour) for colour in ("red", "blue", "green")]
    for format in ("GIF", "WEBP", "PNG"):
        thumbnails = make_thumbnails(_encoded(frames[0], format, save_all=True, append_images=frames[1:]))
        assert _is_red(_pixel(thumbnails, 0.5, 0.5))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_cut_picture_is_still_known_by_type_and_size(format: str) -> None:
    noise = Image.effect_noise((300, 200), 90)
    data = _encoded(noise.convert("RGB"), format)
    thumbnails = make_thumbnails(data[: len(data) // 2])
    assert thumbnails == Thumbnails(f"image/{format.lower()}", 300, 200)


def test_an_svg_is_recognised_and_not_drawn() -> None:
    assert make_thumbnails(b"<svg width='10' height='10'></svg>") == Thumbnails("image/svg+xml")


@pytest.mark.parametrize("data", [b"", b"no picture", b"<html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a"])
def test_what_is_no_picture_has_nothing(data: bytes) -> None:
    thumbnails = make_thumbnails(data)
    assert (thumbnails.width, thumbnails.height, thumbnails.placeholder) == (None, None, "")
    assert thumbnails.variants == {}


def test_a_picture_of_too_many_pixels_is_stored_without_thumbnails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MOST_PIXELS", 1_000_000)
    assert make_thumbnails(_encoded(_picture())) == Thumbnails("image/png", 1536, 1024)
    assert make_thumbnails(_encoded(_picture(1000, 1000))).variants


@pytest.mark.filterwarnings("ignore")  # Pillow warns of some damage and goes on
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_random_damage_never_raises(format: str) -> None:
    chance = random.Random(f"damage to {format}")
    whole = _encoded(_picture(90, 60), format)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        make_thumbnails(bytes(data[: chance.randint(0, len(data))] if chance.random() < 0.3 else data))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("orientation", [None, 3, 6])
def test_a_look_at_the_head_says_what_decoding_finds(format: str, orientation: int | None) -> None:
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    data = _encoded(_picture(60, 40), format, exif=exif)
    seen, made = look_at(data), make_thumbnails(data)
    assert (seen.media_type, seen.width, seen.height) == (made.media_type, made.width, made.height)
    assert seen.can_shrink


@pytest.mark.parametrize("data", [b"", b"words", _encoded(_picture(64, 64))[:20], b"<svg/>", b"GIF89a"])
def test_a_look_at_what_has_no_thumbnails_says_so(data: bytes) -> None:
    assert not look_at(data).can_shrink


def test_a_look_decodes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {format: _encoded(_picture(60, 40), format) for format in ("PNG", "JPEG", "GIF")}
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    assert all(look_at(it).width == 60 for it in data.values())
