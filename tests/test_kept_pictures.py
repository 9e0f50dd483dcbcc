"""The files of pictures: kept before the row says so, found again after a death, swept when nobody wants them."""

import io
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image as Pillow

from core.engines.base import Failed, Painting, Unknown
from core.storage.database import Database
from core.storage.files import Files
from core.studio.pictures import Pictures, folder, preview_key
from tests.studio import PAINTING, PNG, Studio, picture

WORKER = "0123456789abcdef" * 2
AT_ONCE = timedelta(0)


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def drawn(studio: Studio, state: str, worker: str = WORKER) -> int:
    """A picture of alice's in this state, with everything that can lie in the files for it."""
    image_id = studio.submit(studio.alice)[0]
    line = studio.line(worker)
    claim = line.claim(replace(studio.lane, at_once=100))
    assert claim is not None
    studio.pictures.keep_preview(image_id, worker, 1, PNG)
    values = studio.pictures.keep(image_id, worker, PAINTING)
    if state == "done":
        line.finish(claim, values)
    elif state in ("failed", "unknown"):
        line.fail(claim, {"failed": Failed, "unknown": Unknown}[state]("provider_failed"))
    return image_id


def prefixes(studio: Studio, image_id: int, worker: str = WORKER) -> list[str]:
    """Which kinds of files there are of a picture."""
    return sorted({key.split("/")[0] for key in studio.stored() if folder(image_id, worker) in key})


@pytest.mark.parametrize(
    ("kind", "media_type", "extension"),
    [("PNG", "image/png", "png"), ("JPEG", "image/jpeg", "jpg"), ("WEBP", "image/webp", "webp")],
)
def test_the_original_is_untouched_and_its_row_says_what_it_is(
    studio: Studio, kind: str, media_type: str, extension: str
) -> None:
    data = picture(1000, 500, kind)
    values = studio.pictures.keep(7, WORKER, Painting(data))
    assert values["image_url"] == f"pictures/7-01234567/original.{extension}"
    assert studio.files.read(values["image_url"]) == data
    assert (values["media_type"], values["width"], values["height"]) == (media_type, 1000, 500)
    assert (values["size_in_bytes"], values["has_thumbnails"]) == (len(data), True)


def test_what_is_taken_over_is_what_was_kept(studio: Studio) -> None:
    values = studio.pictures.keep(7, WORKER, PAINTING)
    assert studio.pictures.adopt(7, WORKER) == values
    assert studio.pictures.unfinished() == [(7, WORKER[:8])]
    assert studio.pictures.adopt(7, "another" * 4) is None
    studio.pictures.forget_scaffold(7, WORKER)
    assert studio.pictures.unfinished() == []
    assert studio.pictures.adopt(7, WORKER) is None


@pytest.mark.parametrize("survivors", [[], ["receipts"], ["pictures"]])
def test_a_picture_without_its_receipt_or_its_file_is_not_taken_over(studio: Studio, survivors: list[str]) -> None:
    studio.pictures.keep(7, WORKER, PAINTING)
    for key in studio.stored():
        if key.split("/")[0] not in survivors:
            studio.files.delete(key)
    assert studio.pictures.adopt(7, WORKER) is None


def test_a_stranger_among_the_receipts_disturbs_nothing(studio: Studio) -> None:
    for key in ("receipts/README.txt", "receipts/-.json", "receipts/x-1.json", f"receipts/{'9' * 40}-a.json"):
        studio.files.write(key, b"{}", "application/json")
    studio.files.write(f"pictures/{'9' * 40}-a/original.png", PNG, "image/png")
    assert studio.pictures.unfinished() == []
    studio.pictures.sweep(AT_ONCE)


def test_previews_are_small_and_forgotten_in_the_end(studio: Studio) -> None:
    assert studio.pictures.keep_preview(7, WORKER, 1, picture(2000, 1000))
    assert not studio.pictures.keep_preview(7, WORKER, 2, b"words")
    with Pillow.open(io.BytesIO(studio.files.read(preview_key(7, WORKER, 1)))) as preview:
        assert preview.width == 640
    studio.pictures.keep_preview(77, WORKER, 1, PNG)
    studio.pictures.forget_scaffold(7, WORKER)
    assert studio.stored() == [preview_key(77, WORKER, 1)]


@pytest.mark.parametrize(
    ("state", "left"),
    [
        ("done", ["pictures"]),
        ("running", ["pictures", "previews", "receipts"]),
        ("unknown", ["pictures", "receipts"]),
        ("failed", []),
    ],
)
def test_a_sweep_leaves_what_a_row_still_wants(studio: Studio, state: str, left: list[str]) -> None:
    image_id = drawn(studio, state)
    assert prefixes(studio, image_id) == ["pictures", "previews", "receipts"]
    studio.pictures.sweep(AT_ONCE)
    assert prefixes(studio, image_id) == left
    assert studio.pictures.sweep(AT_ONCE) == []


def test_files_without_a_row_go_and_those_of_another_worker_too(studio: Studio) -> None:
    image_id = drawn(studio, "done")
    wanted = studio.stored("pictures")
    studio.pictures.keep(image_id, "f" * 32, PAINTING)  # of a database that began anew beside old files
    studio.pictures.keep(image_id + 1, WORKER, PAINTING)
    assert len(studio.pictures.sweep(AT_ONCE)) == 6
    assert studio.stored() == wanted


def test_the_young_are_spared(studio: Studio) -> None:
    studio.pictures.keep(7, WORKER, PAINTING)
    before = studio.stored()
    assert studio.pictures.sweep() == []
    assert studio.stored() == before


def test_uploads_of_a_request_stay_and_others_go(studio: Studio) -> None:
    wanted = studio.requests.keep_reference(studio.alice, "cat.png", picture(64, 64))
    unwanted = studio.requests.keep_reference(studio.alice, "dog.png", picture(65, 64))
    image_id = studio.submit(studio.alice, references=(wanted,))[0]
    studio.requests.cancel(studio.alice, image_id)
    assert studio.pictures.sweep(AT_ONCE) == [unwanted.file_key]
    assert studio.stored() == [wanted.file_key]


def test_a_sweep_through_a_real_folder_goes_by_age_and_takes_what_was_half_written(
    studio: Studio, tmp_path: Path
) -> None:
    files = Files.open(str(tmp_path / "files"))
    studio.pictures = Pictures(studio.database, files)
    done = drawn(studio, "done")
    for number in range(1000, 1600):  # more than are looked at together
        preview = tmp_path / "files" / f"previews/{number}-abc/1.webp"
        preview.parent.mkdir()
        preview.write_bytes(b"x")
    half = tmp_path / "files" / f"pictures/{folder(done, WORKER)}/original.png.0123456789abcdef.part"
    half.write_bytes(PNG[:10])
    young = "pictures/999-abc/original.png"
    files.write(young, PNG, "image/png")
    long_ago = time.time() - 25 * 3600
    for path in (tmp_path / "files").rglob("*"):
        if path.is_file() and "999-abc" not in str(path):
            os.utime(path, (long_ago, long_ago))
    removed = studio.pictures.sweep()
    assert len(removed) == 600 + 1 + 2  # the previews above, what was half written, and the scaffold of the done one
    left = sorted(file.key for file in files.list())
    assert left == sorted([young, f"pictures/{folder(done, WORKER)}/original.png"])
    assert studio.pictures.sweep() == []
