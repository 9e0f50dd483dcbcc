"""Starting from a picture: uploaded, or taken from the gallery."""

import random
import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import Call, ImagesServer
from tests.patience import until
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("references")]


@pytest.fixture
def page(window: Windows, cast: Cast, alice: Somebody) -> Page:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    screens.unfold(page, "Start from a picture")
    return page


def call_for(provider: ImagesServer, description: str) -> Call:
    (call,) = (call for call in provider.requests if call.prompt == description)
    return call


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def kept(cast: Cast, somebody: Somebody) -> list[str]:
    return [file.key for file in cast.files.list(f"uploads/{somebody.user_id}")]


def uploaded(page: Page, name: str) -> None:
    """And every other one, too."""
    zone = page.locator("[data-testid=stFileUploader]")
    expect(zone.get_by_text(name)).to_be_visible()
    expect(zone.locator("[data-testid=stFileChipIconSpinner]")).to_have_count(0)
    screens.settle(page)


def bomb() -> bytes:
    """A small PNG file that says it measures 30,000 × 30,000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )


def test_an_uploaded_picture_arrives_at_the_provider_with_its_own_bytes(
    page: Page, provider: ImagesServer, tmp_path: Path
) -> None:
    data = picture(64, 48, "PNG", "orange")
    screens.upload(page, written(tmp_path, "été à la plage.png", data))
    uploaded(page, "plage.png")
    screens.describe(page, "The same in winter")
    screens.wait_for_tile(page, "done")
    call = call_for(provider, "The same in winter")
    assert call.path == "/v1/images/edits"
    assert [(field, kind, size) for field, _, kind, size in call.files] == [("image", "image/png", len(data))]


def test_an_order_waits_for_a_picture_that_is_still_on_its_way(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody, tmp_path: Path
) -> None:
    on_its_way: list[Route] = []
    page.route("**/_stcore/upload_file/**", lambda route: on_its_way.append(route))
    screens.description(page).fill("Not without my picture")
    screens.upload(page, written(tmp_path, "mine.png", picture(30, 30)))
    expect(page.locator("[data-testid=stFileChipIconSpinner]")).to_be_visible()
    screens.generate(page)
    page.keyboard.press("Control+Enter")
    screens.settle(page)
    assert cast.requests(alice) == []
    until(lambda: page.evaluate("1") and on_its_way, "the upload")
    on_its_way[0].continue_()
    uploaded(page, "mine.png")
    screens.generate(page)
    screens.wait_for_tile(page, "done")
    assert call_for(provider, "Not without my picture").path == "/v1/images/edits"


def test_several_pictures_go_together(page: Page, provider: ImagesServer, tmp_path: Path) -> None:
    kinds = {"one.png": "PNG", "two.jpg": "JPEG", "three.webp": "WEBP"}
    screens.upload(page, *(written(tmp_path, name, picture(40, 40, kind)) for name, kind in kinds.items()))
    uploaded(page, "three.webp")
    screens.describe(page, "All three in one")
    screens.wait_for_tile(page, "done")
    call = call_for(provider, "All three in one")
    assert [(field, kind) for field, _, kind, _ in call.files] == [
        ("image[]", "image/png"),
        ("image[]", "image/jpeg"),
        ("image[]", "image/webp"),
    ]


def test_what_is_no_picture_is_refused_and_not_stored(page: Page, cast: Cast, alice: Somebody, tmp_path: Path) -> None:
    screens.upload(page, written(tmp_path, "notes.png", b"these are words"))
    expect(screens.refusal(page)).to_contain_text("“notes.png” is not a picture that can be used")
    assert kept(cast, alice) == []


def test_a_decompression_bomb_is_refused_and_not_stored(
    page: Page, cast: Cast, alice: Somebody, tmp_path: Path
) -> None:
    screens.upload(page, written(tmp_path, "small.png", bomb()))
    expect(screens.refusal(page)).to_contain_text("“small.png” measures 30,000 × 30,000 pixels, which is too large.")
    assert kept(cast, alice) == []


def test_a_file_that_is_too_large_is_refused_and_not_stored(
    page: Page, cast: Cast, alice: Somebody, tmp_path: Path
) -> None:
    data = picture(8, 8) + random.Random(1).randbytes(50_400_000)
    screens.upload(page, written(tmp_path, "large.png", data))
    zone = page.locator("[data-testid=stFileUploaderDropzone]")
    expect(zone.locator("[aria-invalid=true]")).to_contain_text("large.png")
    said = zone.evaluate("(it) => getComputedStyle(it, '::after').content")
    assert said == '"PNG, JPEG or WebP, up to 50 MB each"'
    assert kept(cast, alice) == []


def test_more_than_sixteen_are_refused_with_the_order(page: Page, cast: Cast, alice: Somebody, tmp_path: Path) -> None:
    screens.upload(page, *(written(tmp_path, f"{i}.png", picture(8 + i, 8)) for i in range(17)))
    uploaded(page, "16.png")
    screens.describe(page, "Far too many")
    expect(screens.refusal(page)).to_contain_text("These are 17 pictures to start from; at most 16 are possible.")
    assert cast.requests(alice) == []


def test_a_picture_of_the_gallery_can_be_the_start(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    data = picture(64, 64, colour="crimson")
    (image_id,) = cast.hang(alice, data)
    screens.go(page, "Gallery")
    screens.tiles(page).locator("a").click()
    screens.dialog(page).get_by_role("button", name="Change it").click()
    expect(page.get_by_text(f"Picture {image_id} of the gallery")).to_be_visible()
    expect(screens.dialog(page)).to_have_count(0)
    screens.settle(page)
    screens.describe(page, "The same at night")
    screens.wait_for_tile(page, "done", 2)
    call = call_for(provider, "The same at night")
    assert call.path == "/v1/images/edits"
    assert [size for *_, size in call.files] == [len(data)]


def test_a_picture_that_was_taken_can_be_taken_away_again(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    (image_id,) = cast.hang(alice, picture(64, 64))
    screens.open_page(page, f"/gallery?picture={image_id}")
    screens.dialog(page).get_by_role("button", name="Change it").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text(f"Picture {image_id} of the gallery")).to_have_count(0)
    screens.settle(page)
    screens.describe(page, "From nothing after all")
    screens.wait_for_tile(page, "done", 2)
    assert call_for(provider, "From nothing after all").path == "/v1/images/generations"
