"""Search by words: what people take for the same is found, the same on every database, and whatever is typed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from sqlalchemy import delete, insert, select

from core.storage.database import Database
from core.storage.tables import Request
from core.studio.search import has_words, matching, words
from core.studio.texts import storable
from tests.studio import Cast, insert_cast

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SAME = [
    ("café crème", "CAFE CREME"),
    ("cafe\u0301", "Café"),
    ("l’œuvre d’été", "oeuvre ete"),
    ("COEUR", "cœur"),
    ("l'hiver", "HIVER"),
    ("“house” – lake", "lake house"),
    ("eine Straße", "STRASSE"),
    ("strasse", "straße"),
    ("Ærøskøbing", "aeroskobing"),
    ("İstanbul", "istanbul"),
    ("arc-en-ciel", "arc en ciel"),
    ("arc en ciel", "arc-en-ciel"),
    ("cats AND dogs NOT mice", "NOT AND"),
    ("a NEAR(b, 3) story", '"near" (b*'),
    ("C++ code", "c"),
    ("50 % d’un prix", "50%"),
    ("富士山の風景", "風景"),
    ("ภูเขาสูง", "สูง"),
    ("a cat 🐱 and a moon", "🐱"),
    ("👍🏽 well", "👍"),
    ("شَمْس أحمر", "شمس احمر"),
    ("שָׁלוֹם", "שלום"),
    ("snake_case", "case"),
    ("soft\u00adhyphen", "softhyphen"),
    ("word" * 3_000, "wordwordword"),
    ("Việt Nam đẹp", "viet nam dep"),
]
DIFFERENT = [
    ("a cat", "dog"),
    ("a cat", "cat dog"),
    ("category", "gory"),
    ("a cat", "!!!"),
    ("a cat", '"'),
    ("a cat", "*"),
    ("a cat", "\ud800"),
    ("富士山", "海"),
    ("a house", "a -house x"),
    ("word", "word" * 3_000),
]


ROW = {"created_at": NOON, "door": "pages", "connection": "x", "model": "x", "number": 1, "previews": 0}


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


def pairs_found(
    database: Database, cast: Cast, descriptions: Sequence[str], asked: Sequence[str]
) -> set[tuple[str, str]]:
    """Which description is found by what is typed: alike by the index and without it, of alice and of everybody."""
    pairs = set()
    with database.write() as session:
        session.execute(delete(Request))
        for user_id, description in product((cast.alice, cast.bob), descriptions):
            session.execute(insert(Request), {**ROW, "description": description, "user_id": user_id})
        requests = session.scalars(select(Request)).all()
        for typed in asked:
            own = set(session.scalars(matching(session, typed, cast.alice)))
            everybodys = set(session.scalars(matching(session, typed)))
            for request in requests:
                has = has_words(request.description, request.words, words(typed))
                assert (request.id in everybodys) == has, (request.description, typed)
                assert (request.id in own) == (has and request.user_id == cast.alice)
                if has:
                    pairs.add((request.description, typed))
    return pairs


def test_what_people_take_for_the_same_is_found(database: Database, cast: Cast) -> None:
    found = pairs_found(database, cast, [it for it, _ in SAME], [it for _, it in SAME])
    assert [pair for pair in SAME if pair not in found] == []


def test_what_is_something_else_is_not(database: Database, cast: Cast) -> None:
    found = pairs_found(database, cast, [it for it, _ in DIFFERENT], [it for _, it in DIFFERENT])
    assert [pair for pair in DIFFERENT if pair in found] == []


LETTERS = some.text(some.sampled_from("aAbé\u0301ŒßıİΣς1٣²’'\"*-_:&|!() \u00a0\u200d\u00ad山のกู한🐱🏽"), max_size=30)
TEXTS = LETTERS | some.text(max_size=60).map(storable)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    descriptions=some.lists(TEXTS, min_size=1, max_size=6),
    asked=some.lists(TEXTS, max_size=4),
    start=some.integers(0, 9),
)
@example(descriptions=["\ufdfa" * 300], asked=["\ufdfa" * 200], start=0)
def test_whatever_is_written_and_typed_every_database_finds_the_same(
    database: Database, cast: Cast, descriptions: list[str], asked: list[str], start: int
) -> None:
    """What has the words without an index is not asked of a database, so the indexes of both find the same."""
    pieces = [description[start : start + 10] for description in descriptions]
    pairs_found(database, cast, descriptions, [*asked, *descriptions, *pieces])
