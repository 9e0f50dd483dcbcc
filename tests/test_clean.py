"""Pictures without what is written inside their files, and the small ones for messengers."""

import io
import random
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, PngImagePlugin

from core.storage.cards import EDGE, MOST_BYTES, card_size, make_card
from core.storage.clean import cleaned

WRITTEN = "a secret description"


def _saved(kind: str, image: Image.Image, **more: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def _noise(mode: str = "RGB", size: tuple[int, int] = (64, 40)) -> Image.Image:
    return Image.frombytes(mode, size, random.Random(1).randbytes(size[0] * size[1] * len(mode)))


def _exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = WRITTEN, orientation
    return exif.tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", WRITTEN)
    info.add_itxt("XML:com.adobe.xmp", WRITTEN, zip=False)
    data = _saved("PNG", _noise("RGBA"), pnginfo=info)
    return data + WRITTEN.encode()  # after the end


def jpeg() -> bytes:
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + WRITTEN.encode()
    return _saved("JPEG", _noise(), exif=_exif(), comment=WRITTEN, xmp=xmp) + WRITTEN.encode()


def progressive() -> bytes:
    return _saved("JPEG", _noise(), exif=_exif(), comment=WRITTEN, progressive=True)


def webp() -> bytes:
    return _saved("WEBP", _noise("RGBA"), exif=_exif(), xmp=WRITTEN.encode(), lossless=True)


def gif() -> bytes:
    return _saved("GIF", _noise(), comment=WRITTEN)


def avif() -> bytes:
    return _saved("AVIF", _noise(), exif=_exif(), xmp=WRITTEN.encode())


@pytest.mark.parametrize("make", [png, jpeg, progressive, webp])
def test_what_is_written_goes_and_every_pixel_stays(make: Callable[[], bytes]) -> None:
    data = make()
    assert WRITTEN.encode() in data
    bare = cleaned(data)
    assert bare is not None
    assert WRITTEN.encode() not in bare
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(bare))
    assert (after.format, after.mode, after.size) == (before.format, before.mode, before.size)
    assert after.tobytes() == before.tobytes()
    assert not {"exif", "xmp", "comment", "parameters"} & set(after.info)
    assert cleaned(bare) == bare


@pytest.mark.parametrize("make", [gif, avif])
def test_what_cannot_be_taken_apart_is_encoded_anew(make: Callable[[], bytes]) -> None:
    data = make()
    bare = cleaned(data)
    assert bare is not None
    assert WRITTEN.encode() not in bare
    assert Image.open(io.BytesIO(bare)).size == (64, 40)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_lies_stands_upright_without_its_exif(kind: str) -> None:
    bare = cleaned(_saved(kind, _noise(), exif=_exif(6)))
    assert bare is not None
    assert Image.open(io.BytesIO(bare)).size == (40, 64)
    assert WRITTEN.encode() not in bare


def test_the_exif_of_a_picture_that_stands_is_cut_out_of_a_png() -> None:
    data = _saved("PNG", _noise(), exif=_exif())
    assert cleaned(data) == _saved("PNG", _noise())


def test_colours_are_not_written_text() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("PNG", "JPEG", "WEBP"):
        bare = cleaned(_saved(kind, _noise(), icc_profile=profile))
        assert bare is not None
        assert Image.open(io.BytesIO(bare)).info["icc_profile"] == profile


def test_content_credentials_stay_only_where_they_may() -> None:
    plain = _saved("PNG", _noise())
    credentials = plain[:33] + _chunk(b"caBX", b"jumb " + WRITTEN.encode()) + plain[33:]
    assert cleaned(credentials, with_provenance=True) == credentials
    assert cleaned(credentials) == plain


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"<svg/>", b"RIFF\0\0\0\0WEBP", bytes(range(99))]
)
def test_what_is_no_picture_or_cannot_be_bare_is_not_given_out(data: bytes) -> None:
    assert not cleaned(data)
    assert make_card(data) is None


@pytest.mark.parametrize("make", [png, jpeg, webp])
def test_a_picture_that_breaks_off_is_never_a_crash(make: Callable[[], bytes]) -> None:
    data = make()
    for length in range(0, len(data), 97):
        bare = cleaned(data[:length])
        assert bare is None or WRITTEN.encode() not in bare


@pytest.mark.parametrize("size", [(2048, 1365), (1024, 3072), (300, 200), (1, 2000)])
def test_a_card_is_as_large_as_it_says_and_small_enough(size: tuple[int, int]) -> None:
    card = make_card(_saved("PNG", Image.effect_noise(size, 90).convert("RGB")))
    assert card is not None
    assert len(card) <= MOST_BYTES
    found = Image.open(io.BytesIO(card))
    assert (found.format, found.size) == ("JPEG", card_size(*size))
    assert max(found.size) <= EDGE


def test_a_card_of_something_transparent_lies_on_paper_and_tells_nothing() -> None:
    card = make_card(png())
    assert card is not None
    assert WRITTEN.encode() not in card
    clear = make_card(_saved("PNG", Image.new("RGBA", (40, 40), (0, 0, 0, 0))))
    assert clear is not None
    assert min(Image.open(io.BytesIO(clear)).tobytes()) > 240
