"""The views of a gallery: each is an address, and shows what one pass over all the pictures gives."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.catalog.catalog import shape_of
from core.storage.database import Database
from core.storage.tables import Collection, CollectionPicture, Image, Request, User
from core.studio import selection
from core.studio.gallery import Gallery
from core.studio.views import ANY_STATE, BIN, EVERYBODY, NAMES, View
from tests.studio import Cast, insert_cast, person

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
WORDS = ("maison bleue", "Maïson rouge", "un chat", "lake-side house", "ÉTÉ à la mer", "œuvre d’été")
SIZES = ((1024, 1024), (1536, 1024), (1024, 1536), (2048, 1024), (1024, 2048), (None, None))
VIEWS: list[dict[str, str]] = [
    {},
    {"sort": "old"},
    {"sort": "dear"},
    {"q": "mais"},
    {"q": "MAÏSON r", "sort": "dear"},
    {"q": "ete"},
    {"q": "d’été mer"},
    {"q": "!!!"},
    {"model": "painter"},
    {"shape": "tall"},
    {"shape": "landscape", "sort": "dear"},
    {"favourites": "1", "sort": "old"},
    {"favourites": "1", "model": "gpt-image-2", "shape": "square"},
    {"from": "2026-11-20"},
    {"to": "2026-11-19", "sort": "dear"},
    {"from": "2026-11-18", "to": "2026-11-20", "q": "chat", "sort": "old"},
    {"state": "failed"},
    {"state": ANY_STATE, "sort": "dear"},
    {"state": BIN},
    {"state": BIN, "q": "maison"},
    {"state": BIN, "person": EVERYBODY},
    {"collection": "1"},
    {"collection": "1", "q": "mais", "sort": "dear"},
    {"collection": "2"},
    {"collection": "77"},
    {"person": "bob"},
    {"person": EVERYBODY, "q": "chat"},
    {"person": EVERYBODY, "shape": "tall", "sort": "dear"},
    {"person": "nobody"},
]


def filled(database: Database) -> Cast:
    """A few of everything, the same each time."""
    cast = insert_cast(database)
    dice = random.Random(7)
    images = [_picture(dice, index, cast) for index in range(90)]
    with database.write() as session:
        session.add_all(images)
        session.flush()
        for number, owner in enumerate((cast.alice, cast.bob), start=1):
            session.add(Collection(id=number, user_id=owner, name="Sea", folded="sea", created_at=NOON))
            session.flush()
            for image in [image for image in images if image.user_id == owner][::2]:
                session.add(CollectionPicture(collection_id=number, image_id=image.id, added_at=NOON))
    return cast


def _picture(dice: random.Random, index: int, cast: Cast) -> Image:
    width, height = dice.choice(SIZES)
    ordered: dict[str, Any] = {"user_id": dice.choice((cast.alice, cast.alice, cast.bob)), "connection": "openai"}
    ordered["created_at"] = NOON - timedelta(hours=dice.randrange(200))
    is_deleted = dice.random() < 0.2
    request = Request(
        description=f"{dice.choice(WORDS)} {index}",
        model=dice.choice(("gpt-image-2", "painter")),
        door="pages",
        number=1,
        previews=0,
        **ordered,
    )
    return Image(
        request=request,
        cost_micros=dice.choice((None, 0, 40_000, 170_000)),
        state=dice.choice(("done", "done", "done", "failed", "queued")),
        favourite=dice.random() < 0.3,
        width=width,
        height=height,
        position=0,
        seed=1,
        deleted_at=NOON if is_deleted else None,
        deleted_by=dice.choice((ordered["user_id"], ordered["user_id"], cast.ada)) if is_deleted else None,
        purged_at=NOON if is_deleted and dice.random() < 0.3 else None,
        **ordered,
    )


def one_pass(database: Database, user_id: int | None, view: View) -> list[int]:
    """The same by reading everything; words are found where a word of the description begins so."""
    with database.read() as session:
        rows = session.execute(select(Image, Request, User).join(Image.request).join(Request.user)).all()
        inside = set(
            session.scalars(
                select(CollectionPicture.image_id)
                .join(Collection)
                .where(
                    Collection.id == view.collection, (Collection.user_id == user_id) if user_id else Collection.id > 0
                )
            )
        )
    found = []
    for image, request, user in rows:
        fits = user_id is None or user.id == user_id
        if view.state == BIN:
            fits = fits and image.deleted_at is not None and image.purged_at is None
            fits = fits and user_id in (None, image.deleted_by)
        else:
            fits = (
                fits and image.deleted_at is None and (view.state == ANY_STATE or image.state == (view.state or "done"))
            )
        fits = fits and view.model in ("", request.model)
        fits = fits and view.shape in ("", shape_of(image.width or 0, image.height or 0))
        fits = fits and (image.favourite or not view.favourites)
        fits = fits and (view.start is None or image.created_at >= view.start)
        fits = fits and (view.end is None or image.created_at < view.end)
        fits = fits and (view.collection is None or image.id in inside)
        fits = fits and _has(request.description, view.q)
        if fits:
            found.append(image)
    if view.sort == "dear":
        found.sort(key=lambda it: (it.cost_micros is not None, it.cost_micros or 0, it.id), reverse=True)
    else:
        found.sort(key=lambda it: (it.created_at, it.id), reverse=view.sort == "new")
    return [image.id for image in found]


def _has(description: str, q: str) -> bool:
    """For the words that stand above."""
    plain = str.maketrans("ïéàÉ’-", "iea\u00e9  ")

    def words(text: str) -> list[str]:
        return text.lower().translate(plain).split()

    wanted = words(q.replace("!", ""))
    return (not q or bool(wanted)) and all(any(it.startswith(word) for it in words(description)) for word in wanted)


def walked(gallery: Gallery, who: int, kind: str, view: View, size: int = 5) -> list[int]:
    """All of it page by page, forward and back again."""
    viewer = person(who, kind)
    page = gallery.page(viewer, view, size=size)
    pages = [page]
    while page.next is not None:
        page = gallery.page(viewer, view, before=page.next, size=size)
        pages.append(page)
    forward = [image.id for page in pages for image in page.images]
    back = list(page.images)
    while page.previous is not None:
        page = gallery.page(viewer, view, after=page.previous, size=size)
        back = [*page.images, *back]
    assert [image.id for image in back] == forward
    return forward


SMALL = {"FIRST_LOOK": 3, "FIRST_WORDS": 2, "READ": 5, "AT_ONCE": 3, "FEW_SHELVES": 0}


@pytest.mark.parametrize(
    "limits",
    [{}, {**SMALL, "RARE": 30}, {**SMALL, "RARE": 0}, {**SMALL, "RARE": 0, "GATHERED": 0}],
    ids=["as they are", "rare", "gathered", "read to the end"],
)
def test_every_view_shows_what_one_pass_over_everything_gives(
    database: Database, limits: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever way it goes, which a gallery of millions would take."""
    for name, value in limits.items():
        monkeypatch.setattr(selection, name, value)
    cast, gallery = filled(database), Gallery(database)
    for address in VIEWS:
        view = View.of(address, PARIS)
        whose = {"": cast.ada, "bob": cast.bob, EVERYBODY: None, "nobody": 0}[view.person]
        assert walked(gallery, cast.ada, "admin", view) == one_pass(database, whose, view), address
        own = one_pass(database, cast.alice, view)
        assert walked(gallery, cast.alice, "user", view) == own, f"{address}: no administrator sees only their own"
        assert gallery.ids(person(cast.alice), view, 1000) == own, address


def test_a_view_and_its_address_say_the_same() -> None:
    full = {
        "q": "maison bleue",
        "from": "2026-11-20",
        "to": "2026-11-22",
        "model": "painter",
        "shape": "tall",
        "favourites": "1",
        "collection": "3",
        "person": "bob",
        "state": "failed",
        "sort": "dear",
    }
    assert tuple(full) == NAMES
    view = View.of(full, PARIS)
    assert view.address == full
    assert (view.first, view.last) == (date(2026, 11, 20), date(2026, 11, 22))
    assert view.start == datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
    assert view.end == datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert View.of(view.without("q", "shape").address, PARIS) == view.without("q", "shape")
    assert View.of({}).address == {}


@pytest.mark.parametrize(
    "address",
    [
        {"from": "yesterday", "to": "2026-13-99"},
        {"shape": "round", "state": "lost", "sort": "ugly"},
        {"favourites": "yes", "collection": "-1"},
        {"collection": "9" * 40, "before": "7", "picture": "3"},
        {"collection": "٣", "state": "done"},
        {"q": "  \0 ", "unknown": "name"},
    ],
    ids=str,
)
def test_nonsense_in_an_address_asks_for_nothing(address: Mapping[str, str]) -> None:
    assert View.of(address) == View()
