"""The administrator's list of pictures: any narrowing, any order, page by page, always what one pass over all gives."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from core.storage.database import Database
from core.storage.tables import Image, Kind, Request, User
from core.studio import inquiry
from core.studio.inquiry import Inquiries, ids
from core.studio.narrowing import AT_RISK, NONE, NOT_MADE, SORTS, Hour, Inquiry
from core.studio.search import matching
from tests.ledger_rows import add_picture
from tests.studio import Cast, insert_cast

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORDS = ("maison bleue", "Maïson rouge", "un chat", "lake-side house", "ÉTÉ à la mer")


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


def fill(database: Database, cast: Cast, number: int = 60) -> None:
    """A few of everything, the same each time."""
    dice = random.Random(7)
    for index in range(number):
        ordered = NOON - timedelta(hours=dice.randrange(200))
        state = dice.choice(("done", "done", "failed", "unknown"))
        add_picture(
            database,
            dice.choice((cast.alice, cast.alice, cast.bob)),
            ordered,
            cost=dice.choice((None, 0, 40_000, 170_000)),
            reserved=dice.choice((None, 50_000)),
            state=state,
            problem="rate_limited" if state == "failed" else None,
            finished_at=ordered + timedelta(seconds=dice.randrange(60)) if dice.random() < 0.8 else None,
            description=f"{dice.choice(WORDS)} {index}",
            model=dice.choice(("gpt-image-2", "painter")),
            quality=dice.choice((None, "high")),
            door=dice.choice(("pages", "api")),
        )


def one_pass(database: Database, wanted: Inquiry) -> list[int]:
    """The same by reading everything."""
    with database.read() as session:
        rows = session.execute(select(Image, Request, User).join(Image.request).join(Request.user)).all()
        matches = set(session.scalars(matching(session, wanted.q))) if wanted.q else None
    column, largest_first = SORTS[wanted.sort]
    found = []
    for image, request, user in rows:
        marks = {"user": user.login, "state": image.state, "connection": image.connection, "problem": image.problem}
        marks |= {"model": request.model, "door": request.door, "quality": request.quality}
        fits = all(getattr(wanted, name) in ("", value or NONE, *groups(image)) for name, value in marks.items())
        local = image.created_at.astimezone(wanted.hour.zone) if wanted.hour else NOON
        hour = (wanted.hour.weekday, wanted.hour.hour) if wanted.hour else (NOON.isoweekday(), NOON.hour)
        fits = fits and (local.isoweekday(), local.hour) == hour
        fits = fits and (matches is None or request.id in matches)
        fits = fits and (wanted.above is None or (image.cost_micros or 0) > wanted.above)
        fits = fits and (wanted.start is None or image.created_at >= wanted.start)
        fits = fits and (wanted.end is None or image.created_at < wanted.end)
        place = getattr(image, column.key)
        if fits and place is not None:
            found.append((place, image.id))
    return [image_id for _, image_id in sorted(found, reverse=largest_first)]


def groups(image: Image) -> list[str]:
    """What can be asked for like a state, and is several of them or a part of one."""
    is_at_risk = image.state == "unknown" or (
        image.state == "done" and image.cost_micros is None and image.reserved_micros is not None
    )
    found = [AT_RISK] if is_at_risk and image.settled_at is None else []
    return [*found, NOT_MADE] if image.state in ("failed", "blocked", "unknown") else found


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"user": "alice"},
    {"state": "failed", "model": "painter"},
    {"problem": "rate_limited", "door": "api", "user": "bob"},
    {"quality": "high", "above": 0},
    {"start": NOON - timedelta(days=4), "end": NOON - timedelta(days=1), "state": "done"},
    {"q": "maison"},
    {"q": "maison", "user": "alice", "state": "done", "start": NOON - timedelta(days=6)},
    {"connection": "openai", "above": 100_000},
    {"state": "cancelled"},
    {"user": "nobody"},
    {"state": NOT_MADE, "quality": NONE},
    {"state": AT_RISK},
    {"state": AT_RISK, "model": "painter", "problem": NONE},
    {"hour": Hour(7, 9, UTC)},
    {"hour": Hour(4, 23, ZoneInfo("Asia/Kathmandu")), "state": NOT_MADE, "start": NOON - timedelta(days=6)},
]


@pytest.mark.parametrize(("look", "rare"), [(2_000, 20_000), (3, 20_000), (3, 0)])
def test_every_question_is_answered_as_one_pass_over_everything_would(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch, look: int, rare: int
) -> None:
    """Whichever way it goes: at the first look, by the rarest mark, or kind by kind."""
    monkeypatch.setattr(inquiry, "FIRST_LOOK", look)
    monkeypatch.setattr(inquiry, "RARE", rare)
    fill(database, cast)
    for question in QUESTIONS:
        for sort in SORTS:
            wanted = Inquiry(**question, sort=sort)
            with database.read() as session:
                found = ids(session, wanted, 7)
            assert found == one_pass(database, wanted)[:7], wanted


@pytest.mark.parametrize("sort", SORTS)
def test_pages_follow_one_another_and_lead_back(database: Database, cast: Cast, sort: str) -> None:
    fill(database, cast)
    wanted = Inquiry(user="alice", sort=sort)
    inquiries, everything = Inquiries(database), one_pass(database, Inquiry(user="alice", sort=sort))
    pages = [inquiries.page(wanted, size=5)]
    while pages[-1].older is not None:
        pages.append(inquiries.page(wanted, before=pages[-1].older, size=5))
    assert [image.id for page in pages for image in page.images] == everything
    for page, following in pairwise(pages):
        back = inquiries.page(wanted, after=following.newer, size=5)
        assert [image.id for image in back.images] == [image.id for image in page.images]


def test_a_description_is_found_in_any_case_without_accents_and_from_a_words_beginning(
    database: Database, cast: Cast
) -> None:
    for description in (*WORDS, "中文 描述", "наша ДАЧА"):
        add_picture(database, cast.alice, NOON, description=description)

    def found(typed: str) -> set[str]:
        with database.read() as session:
            rows = session.scalars(select(Request.description).where(Request.id.in_(matching(session, typed))))
            return set(rows)

    assert found("maison") == {"maison bleue", "Maïson rouge"}
    assert found("MAÏS") == {"maison bleue", "Maïson rouge"}
    assert found("rouge maison") == {"Maïson rouge"}
    assert found("ete") == {"ÉTÉ à la mer"}
    assert found("side") == {"lake-side house"}
    assert found("中文") == {"中文 描述"}
    assert found("maison zebra") == found("!!! \0 \" ' * : & | (") == set()
    with database.write() as session:
        session.execute(text("UPDATE requests SET description = 'zebra' WHERE description = 'un chat'"))
    assert found("chat") == set()
    assert found("zebra") == {"zebra"}


def test_a_pictures_kind_follows_its_state(database: Database, cast: Cast) -> None:
    image_id = add_picture(database, cast.alice, NOON, state="running", quality="high", model="painter")

    def kind() -> tuple[str, str, str, int | None]:
        with database.read() as session:
            image = session.get_one(Image, image_id)
            found = session.get_one(Kind, image.kind_id)
            return found.state, found.model, found.problem, image.milliseconds

    assert kind() == ("running", "painter", "", None)
    with database.write() as session:
        image = session.get_one(Image, image_id)
        image.state, image.problem, image.finished_at = "failed", "rate_limited", NOON + timedelta(seconds=1.5)
    assert kind() == ("failed", "painter", "rate_limited", 1500)
    assert Inquiries(database).marks()["state"] == ["failed", "running"]


@pytest.mark.parametrize(
    "typed",
    [
        {"from": "x", "to": "-", "above": "NaN", "sort": "random", "user": "\0", "state": "x" * 999, "q": "\0"},
        {"above": "1e999999", "q": "a" * 10_000, "user": "é" * 5_000},
    ],
)
def test_nonsense_in_the_address_is_no_fault(database: Database, cast: Cast, typed: dict[str, str]) -> None:
    assert Inquiries(database).page(Inquiry.of(typed, UTC), before=2**70).images == []
    assert Inquiry.of({"above": "0,04"}, UTC).above == 40_000
