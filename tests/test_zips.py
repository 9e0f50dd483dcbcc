"""Pictures as one file: names that every system takes, a list of what they are, and of what is missing."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from core.api.auth import COOKIE
from core.services import Services
from core.storage.tables import AuditEntry, Image
from core.studio.file_names import MOST_BYTES, file_name
from core.studio.zip_writer import ZipWriter
from tests.ledger_rows import add_picture
from tests.studio import PNG, insert_cast

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("A lighthouse at dusk", "A lighthouse at dusk 7.png"),
        ("con", "con 7.png"),
        ("", "7.png"),
        (" .. /../", "7.png"),
        ('a/b\\c:d*e?f"g<h>i|j\x00k\n\tl', "a b c d e f g h i j k l 7.png"),
        ("ends with a dot.", "ends with a dot 7.png"),
        ("un café d’été", "un café d’été 7.png"),
        ("cafe\u0301", "café 7.png"),
        ("\u202egnp.exe", "gnp.exe 7.png"),
        ("سفينة في البحر", "سفينة في البحر 7.png"),
        ("👩‍👩‍👧 on a 🏖️", "👩‍👩‍👧 on a 🏖️ 7.png"),
        ("a tree " * 40, "a tree " * 11 + "a 7.png"),
    ],
)
def test_a_description_becomes_a_name(description: str, name: str) -> None:
    assert file_name(description, 7, "png") == name


@pytest.mark.parametrize("description", ["x" * 5_000, "語" * 500, "👩‍👩‍👧" * 90, "e\u0301\u0302" * 300, "👍🏽" * 90])
def test_no_name_is_too_long_or_ends_within_a_sign(description: str) -> None:
    name = file_name(description, 2**63 - 1, "png")
    words = name.removesuffix(f" {2**63 - 1}.png")
    assert 0 < len(words.encode()) <= MOST_BYTES
    assert len(name.encode()) < 255
    assert words[-1] not in "\u200d👩" or words[-1] == description[-1]


def test_more_files_than_a_plain_zip_file_takes_and_further_than_it_reaches(tmp_path: Path) -> None:
    far, number = 5 << 30, 66_000
    contents = io.BytesIO()
    writer = ZipWriter(contents, far)
    with (tmp_path / "far.zip").open("wb") as file:
        file.seek(far)  # a hole: nothing of it is on the disk
        for index in range(number):
            file.writelines(writer.add(f"{index} é.txt", NOW, b"x"))
        file.writelines(writer.end())
    with zipfile.ZipFile(tmp_path / "far.zip") as archive:
        names = archive.namelist()
        assert (len(names), names[-1]) == (number, f"{number - 1} é.txt")
        assert archive.read(names[-1]) == b"x"
        assert archive.getinfo(names[0]).date_time == (2026, 11, 22, 12, 0, 0)


def test_what_was_picked_comes_as_one_file_over_http(doors: tuple[Services, TestClient]) -> None:
    services, client = doors
    cast = insert_cast(services.database)
    kinds: dict[str, Any] = {
        "description": "a lake, =1+1",
        "media_type": "image/png",
        "finished_at": NOW,
        "width": 8,
        "height": 8,
    }
    ids = [add_picture(services.database, cast.alice, NOW, 40_000, **kinds) for _ in range(4)]
    theirs = add_picture(services.database, cast.bob, NOW, 1, **kinds)
    with services.database.write() as session:
        for image in session.scalars(select(Image)):
            image.image_url = f"pictures/{image.id}-a/original.png"
            services.files.write(image.image_url, PNG, "image/png")
    services.files.delete(f"pictures/{ids[1]}-a/original.png")
    services.changes.delete(cast.alice, ids[3:])
    assert client.post("/export/picked.zip", data={"all": "1"}).status_code == 401
    token = services.sessions.exchange(services.sessions.ticket(cast.alice, "192.0.2.1"))
    client.cookies.set(COOKIE, token or "")

    def got(**fields: str) -> zipfile.ZipFile:
        answer = client.post("/export/picked.zip", data=fields)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        return zipfile.ZipFile(io.BytesIO(answer.content))

    archive = got(pictures=f"{ids[0]},{ids[1]},{theirs},{ids[3]},junk,{2**70}")
    assert archive.testzip() is None
    first = f"a lake, =1+1 {ids[0]}.png"
    assert archive.namelist() == [first, "manifest.csv", "manifest.json", "could-not-be-added.txt"]
    (row,) = json.loads(archive.read("manifest.json"))
    assert {
        "file": first,
        "picture": ids[0],
        "description": "a lake, =1+1",
        "cost_usd": "0.040000",
    }.items() <= row.items()
    missing = archive.read("could-not-be-added.txt").decode().split("\r\n")
    assert [line.partition(":")[0] for line in missing] == [f"a lake, =1+1 {ids[1]}.png", str(ids[3]), str(theirs), ""]
    assert len({line.partition(":")[2] for line in missing[1:3]}) == 1
    everything = got(all="1", pictures=str(ids[2]), q="lake")
    assert [row["picture"] for row in json.loads(everything.read("manifest.json"))] == [ids[0]]
    assert [row["picture"] for row in json.loads(got(all="1", person="bob").read("manifest.json"))] == [ids[2], ids[0]]
    assert client.post("/export/picked.zip", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/export/picked.zip", content=b"a=" + b"x" * 3_000_000).status_code == 400
    assert client.get("/export/picked.zip").status_code == 405
    with services.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "pictures.exported")).first()
    assert entry is not None
    assert (entry.subject, entry.after, entry.door) == ("alice", {"pictures": 4}, "pages")
