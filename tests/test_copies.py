"""Thumbnails are made later, and never missed: when somebody asks, when it is quiet, and after a death."""

import io
import threading
from collections.abc import Iterator

import pytest
from PIL import ExifTags
from PIL import Image as Pillow

from core.engines.base import Painting
from core.storage.database import Database
from core.storage.thumbnails import Thumbnails, make_thumbnails
from core.studio import copies
from core.studio.pictures import thumbnail_key
from tests.studio import PAINTING, Studio, picture, until

WIDE = picture(1000, 500)
WORKER = "0123456789abcdef" * 2


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def drawn(studio: Studio, data: bytes = WIDE) -> tuple[int, str]:
    """A picture of alice's that is done, and nothing more; with its original."""
    (image_id,) = studio.submit(studio.alice)
    line = studio.line(WORKER)
    claim = line.claim(studio.lane)
    assert claim is not None
    values = studio.pictures.keep(image_id, WORKER, Painting(data))
    assert line.finish(claim, values)
    return image_id, values["image_url"]


def widths(studio: Studio, image_url: str) -> list[int]:
    found = []
    for width in (320, 640):
        if studio.files.exists(thumbnail_key(image_url, width)):
            with Pillow.open(io.BytesIO(studio.files.read(thumbnail_key(image_url, width)))) as thumbnail:
                assert thumbnail.format == "WEBP"
                found.append(thumbnail.width)
    return found


def test_both_widths_and_a_placeholder_are_made_of_one_original(studio: Studio) -> None:
    image_id, image_url = drawn(studio)
    assert (studio.image(image_id).has_thumbnails, studio.image(image_id).placeholder) == (True, None)
    studio.copies.make(image_id, image_url)
    assert widths(studio, image_url) == [320, 640]
    image = studio.image(image_id)
    assert (image.width, image.height, image.has_thumbnails) == (1000, 500, True)
    assert (image.placeholder or "").startswith("data:image/webp;base64,")


def test_a_picture_that_says_only_at_its_end_that_it_lies_is_turned_on_its_row_and_its_shelf(studio: Studio) -> None:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = io.BytesIO()
    Pillow.new("RGB", (1000, 500), "teal").save(file, "PNG", exif=exif)
    data = file.getvalue()
    chunk, end = data.index(b"eXIf") - 4, data.index(b"IEND") - 4
    size = int.from_bytes(data[chunk : chunk + 4]) + 12
    image_id, image_url = drawn(
        studio, data[:chunk] + data[chunk + size : end] + data[chunk : chunk + size] + data[end:]
    )
    before = studio.image(image_id)
    studio.copies.make(image_id, image_url)
    after = studio.image(image_id)
    assert [(image.width, image.height) for image in (before, after)] == [(1000, 500), (500, 1000)]
    assert before.shelf_id != after.shelf_id


def test_what_is_there_is_not_made_again(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    image_id, image_url = drawn(studio)
    studio.copies.make(image_id, image_url)
    monkeypatch.setattr(copies, "make_thumbnails", None)
    studio.copies.make(image_id, image_url)


def test_many_who_ask_at_once_have_it_made_once(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []

    def making(data: bytes) -> Thumbnails:
        made.append(data)
        return make_thumbnails(data)

    monkeypatch.setattr(copies, "make_thumbnails", making)
    image_id, image_url = drawn(studio)
    threads = [threading.Thread(target=studio.copies.make, args=(image_id, image_url)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [WIDE]


def test_a_picture_whose_damage_shows_only_now_has_none(studio: Studio) -> None:
    image_id, image_url = drawn(studio, WIDE[:-200])
    assert studio.image(image_id).has_thumbnails
    studio.copies.make(image_id, image_url)
    assert not studio.image(image_id).has_thumbnails
    assert widths(studio, image_url) == []


def test_a_death_between_the_two_copies_is_made_good(studio: Studio) -> None:
    image_id, image_url = drawn(studio)
    studio.copies.make(image_id, image_url)
    studio.files.delete(thumbnail_key(image_url, 320))
    studio.copies.make(image_id, image_url)
    assert widths(studio, image_url) == [320, 640]


def test_a_row_that_names_another_file_is_left_alone(studio: Studio) -> None:
    image_id, _ = drawn(studio)
    studio.pictures.keep(image_id, "f" * 32, Painting(picture(9, 9)))
    studio.copies.make(image_id, f"pictures/{image_id}-ffffffff/original.png")
    assert (studio.image(image_id).width, studio.image(image_id).placeholder) == (1000, None)


def test_the_worker_makes_them_once_it_is_quiet_and_then_forgets_the_receipt(studio: Studio) -> None:
    studio.worker()
    for image_id in studio.submit(studio.alice, number=3):
        studio.wait_for(image_id, "done")
    until(lambda: not studio.stored("receipts"))
    for image in studio.images():
        assert widths(studio, image.image_url or "") == [8, 8]
        assert image.placeholder


def test_what_a_dead_worker_had_not_come_to_is_made_by_the_next(studio: Studio) -> None:
    image_id, image_url = drawn(studio)
    assert studio.pictures.without_copies() == [(image_id, WORKER, image_url)]
    studio.worker()
    until(lambda: not studio.stored("receipts"))
    assert widths(studio, image_url) == [320, 640]
    assert studio.pictures.without_copies() == []


def test_a_receipt_of_another_database_is_nobodys(studio: Studio) -> None:
    image_id, _ = drawn(studio)
    studio.pictures.forget_scaffold(image_id, WORKER)
    studio.pictures.keep(image_id, "f" * 32, PAINTING)
    studio.pictures.keep(image_id + 1, WORKER, PAINTING)
    assert studio.pictures.without_copies() == []


@pytest.mark.parametrize("failures", [1, 2])
def test_a_store_that_takes_no_copy_costs_the_picture_nothing(studio: Studio, failures: int) -> None:
    image_id, image_url = drawn(studio)
    studio.files.beginning, studio.files.failures = image_url.rsplit("/", 1)[0], failures
    for _ in range(failures):
        with pytest.raises(OSError, match="No space"):
            studio.copies.make(image_id, image_url)
    studio.copies.make(image_id, image_url)
    assert widths(studio, image_url) == [320, 640]


def test_a_picture_that_was_deleted_meanwhile_is_passed_over(studio: Studio) -> None:
    image_id, image_url = drawn(studio)
    studio.files.delete(image_url)
    with pytest.raises(FileNotFoundError):
        studio.copies.make(image_id, image_url)
    studio.worker()
    until(lambda: not studio.stored("receipts"))
    assert studio.stored() == []
