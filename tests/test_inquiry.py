"""The administrator's list of requests: any narrowing, any order, page by page, always what one pass over all gives."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from core.storage.database import Database
from core.storage.tables import Image, Improvement, Kind, Request, User
from core.studio import inquiry
from core.studio.inquiry import Found, Inquiries, ids
from core.studio.narrowing import AT_RISK, NONE, NOT_MADE, SORTS, Chosen, Hour, Inquiry, Lasted, chosen, listed
from core.studio.search import has_words, matching, words
from tests.ledger_rows import add_picture, add_text
from tests.studio import Cast, insert_cast

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORDS = ("maison bleue", "Maïson rouge", "un chat", "lake-side house", "ÉTÉ à la mer")


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


def fill(database: Database, cast: Cast, number: int = 60) -> None:
    """A few of everything, the same each time; every fifth is a suggestion of a text model."""
    dice = random.Random(7)
    for index in range(number):
        ordered = NOON - timedelta(hours=dice.randrange(200))
        state = dice.choice(("done", "done", "failed", "unknown"))
        user_id = dice.choice((cast.alice, cast.alice, cast.bob))
        cost, reserved = dice.choice((None, 0, 40_000, 170_000)), dice.choice((None, 50_000))
        began = ordered + timedelta(seconds=dice.randrange(30)) if dice.random() < 0.8 else None
        ended = began + timedelta(microseconds=dice.randrange(1, 30_000_000)) if began else None
        problem, words = "rate_limited" if state == "failed" else None, f"{dice.choice(WORDS)} {index}"
        if index % 5 == 4:
            state = dice.choice((state, "running"))
            told: dict[str, Any] = {"state": state, "problem": problem, "finished_at": ended, "original": words}
            add_text(database, user_id, ordered, cost, reserved, **told)
            continue
        add_picture(
            database,
            user_id,
            ordered,
            cost,
            reserved,
            state=state,
            problem=problem,
            started_at=began,
            finished_at=ended,
            description=words,
            model=dice.choice(("gpt-image-2", "painter")),
            quality=dice.choice((None, "high")),
            door=dice.choice(("pages", "api")),
        )


def one_pass(database: Database, wanted: Inquiry) -> list[int]:
    """The same by reading everything."""
    with database.read() as session:
        pictures = session.execute(select(Image, Request, User).join(Image.request).join(Request.user)).all()
        texts = session.execute(select(Improvement, User).join(Improvement.user)).all()
    rows: list[tuple[Any, ...]] = [
        (image, request, user, request.description, image.id) for image, request, user in pictures
    ]
    rows += [(row, OfText(row.model, "pages", None), user, row.original, -row.id) for row, user in texts]
    looked_for = words(wanted.q)
    found = []
    for item, request, user, description, key in rows:
        marks = {"user": user.login, "state": item.state, "connection": item.connection, "problem": item.problem}
        marks |= {"model": request.model, "door": request.door, "quality": request.quality}
        marks |= {"paint": f"{request.model}:{request.quality or NONE}"}
        marks |= {"what": "pictures" if key > 0 else "suggestions"}
        fits = all(
            is_chosen(getattr(wanted, name), {value or NONE, *(groups(item) if name == "state" else ())})
            for name, value in marks.items()
        )
        local = item.created_at.astimezone(wanted.hour.zone) if wanted.hour else NOON
        hour = (wanted.hour.weekday, wanted.hour.hour) if wanted.hour else (NOON.isoweekday(), NOON.hour)
        fits = fits and (local.isoweekday(), local.hour) == hour
        fits = fits and (not wanted.q or has_words(description, None, looked_for))
        fits = fits and (wanted.above is None or (item.cost_micros or 0) > wanted.above)
        fits = fits and (wanted.start is None or item.created_at >= wanted.start)
        fits = fits and (wanted.end is None or item.created_at < wanted.end)
        fits = fits and all(lasted(item, name, getattr(wanted, name)) for name in ("waiting", "drawing"))
        ended = item.finished_at
        took = ended and round((ended - item.created_at).total_seconds() * 1000)
        places = {"dearest": item.cost_micros, "slowest": took}
        place = places.get(wanted.sort, item.created_at)
        if fits:
            found.append((place is not None, place if place is not None else 0, key))
    return [key for *_, key in sorted(found, reverse=wanted.sort != "oldest")]


class OfText(NamedTuple):
    model: str
    door: str
    quality: None


def is_chosen(asked: str, values: set[str]) -> bool:
    names = set(asked.removeprefix("!").split(","))
    return not asked or bool(names & values) != asked.startswith("!")


def lasted(item: Image | Improvement, name: str, wanted: Lasted | None) -> bool:
    if wanted is None:
        return True
    if isinstance(item, Improvement) or item.started_at is None or item.finished_at is None:
        return False
    begun, ended = (item.created_at, item.started_at) if name == "waiting" else (item.started_at, item.finished_at)
    micros = (ended - begun) // timedelta(microseconds=1)
    return (wanted.more is None or micros > wanted.more) and (wanted.most is None or micros <= wanted.most)


def groups(item: Image | Improvement) -> list[str]:
    """What can be asked for like a state, and is several of them or a part of one."""
    is_at_risk = item.state == "unknown" or (
        item.state == "done" and item.cost_micros is None and item.reserved_micros is not None
    )
    found = [AT_RISK] if is_at_risk and item.settled_at is None else []
    return [*found, NOT_MADE] if item.state in ("failed", "blocked", "unknown") else found


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
    {"user": "!nobody", "what": "pictures"},
    {"user": "alice,bob", "what": "suggestions"},
    {"user": "!alice", "model": "!painter"},
    {"model": "gpt-words-mini,painter", "above": 0},
    {"model": "gpt-words-mini", "q": "maison", "what": "suggestions"},
    {"paint": "!painter:high,gpt-image-2:-"},
    {"paint": "gpt-words-mini:-,painter:high", "state": "done"},
    {"waiting": Lasted(None, 10_000_000)},
    {"waiting": Lasted(20_000_000, None), "drawing": Lasted(1_500_000, 22_627_416), "state": "done"},
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
            everything = one_pass(database, wanted)
            with database.read() as session:
                assert ids(session, wanted, 7) == everything[:7], wanted
                assert ids(session, wanted, 1_000) == everything, wanted


@pytest.mark.parametrize("sort", SORTS)
def test_pages_follow_one_another_and_lead_back(database: Database, cast: Cast, sort: str) -> None:
    fill(database, cast)
    wanted = Inquiry(user="alice", sort=sort)
    inquiries, everything = Inquiries(database), one_pass(database, Inquiry(user="alice", sort=sort))
    pages = [inquiries.page(wanted, size=5)]
    while pages[-1].older is not None:
        pages.append(inquiries.page(wanted, before=pages[-1].older, size=5))
    assert [key for page in pages for key in keys(page)] == everything
    for page, following in pairwise(pages):
        assert keys(inquiries.page(wanted, after=following.newer, size=5)) == keys(page)


def keys(page: Found) -> list[int]:
    return [item.id if isinstance(item, Image) else -item.id for item in page.items]


def test_a_page_that_is_not_there_any_more_is_the_first_one(database: Database, cast: Cast) -> None:
    """What was narrowed down to has been dealt with meanwhile; and nobody is left on a page of two."""
    ids = [add_picture(database, cast.alice, NOON - timedelta(minutes=number)) for number in range(6)]
    inquiries = Inquiries(database)
    first, gone = inquiries.page(Inquiry(), size=4), inquiries.page(Inquiry(), before=ids[-1], size=4)
    assert keys(gone) == keys(first) == ids[:4]
    assert (gone.newer, gone.older) == (None, ids[3])
    assert keys(inquiries.page(Inquiry(), after=ids[2], size=4)) == ids[:4]
    with database.write() as session:
        for image_id in ids[3:]:
            session.get_one(Image, image_id).state = "failed"
    assert keys(inquiries.page(Inquiry(state="done"), before=ids[3], size=4)) == ids[:3]
    new = add_picture(database, cast.alice, NOON + timedelta(minutes=1))
    assert keys(inquiries.page(Inquiry(), before=ids[3], size=4)) == ids[4:]
    assert keys(inquiries.page(Inquiry(), after=ids[4], size=4)) == [*ids[:4]]
    assert inquiries.page(Inquiry(), after=ids[4], size=4).newer == ids[0] != new


def test_a_suggestion_is_in_the_export_where_it_is_in_the_list(database: Database, cast: Cast) -> None:
    fill(database, cast)
    inquiries = Inquiries(database)
    for wanted in (Inquiry(), Inquiry(user="alice", sort="dearest"), Inquiry(what="suggestions")):
        exported = list(inquiries.export(wanted))
        assert [entry.image_id or -(entry.text_id or 0) for entry in exported] == one_pass(database, wanted)
    assert all(entry.text_id for entry in inquiries.export(Inquiry(what="suggestions")))
    marks = inquiries.marks()
    assert "gpt-words-mini" in marks["model"]
    assert "rate_limited" in marks["problem"]


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
        {"what": "x", "user": "!", "paint": ":,!:", "model": ",", "waiting": "--1e9", "drawing": "9-1"},
    ],
)
def test_nonsense_in_the_address_is_no_fault(database: Database, cast: Cast, typed: dict[str, str]) -> None:
    assert Inquiries(database).page(Inquiry.of(typed, UTC), before=2**70).items == []
    assert Inquiry.of({"above": "0,04"}, UTC).above == 40_000


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool)), st.booleans())
def test_names_that_are_put_together_are_read_as_they_were(names: list[str], is_others: bool) -> None:
    assert chosen("!" * is_others + listed(names)) == Chosen(tuple(names), is_others)
