"""The gallery: every finished picture once, newest first, for whoever may see it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from core.storage.database import Database
from core.storage.tables import Image
from core.studio.gallery import PAGE
from core.studio.views import View
from tests.studio import Studio, person, picture


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def finish_all(studio: Studio, *image_ids: int) -> None:
    with studio.database.write() as session:
        session.execute(update(Image).where(Image.id.in_(image_ids)).values(state="done", image_url="x"))


def filled(studio: Studio) -> list[int]:
    """Fifty-odd finished pictures of alice's, among those of bob and those that are not finished; newest first."""
    alices: list[int] = []
    for _ in range(9):
        ids = studio.submit(studio.alice, number=7)
        finish_all(studio, *ids[:6], *studio.submit(studio.bob, number=3))
        alices += ids[:6]
    return alices[::-1]


def test_paging_forward_and_back_shows_each_picture_once(studio: Studio) -> None:
    expected = filled(studio)
    pages = [studio.gallery.page(person(studio.alice), size=7)]
    assert pages[0].previous is None
    while (key := pages[-1].next) is not None:
        pages.append(studio.gallery.page(person(studio.alice), before=key, size=7))
    assert [image.id for page in pages for image in page.images] == expected
    assert [len(page.images) for page in pages] == [7] * 7 + [5]

    back = [pages[-1]]
    while (key := back[-1].previous) is not None:
        back.append(studio.gallery.page(person(studio.alice), after=key, size=7))
    assert [image.id for page in reversed(back) for image in page.images] == expected
    assert all(page.next is not None for page in back[1:])


def test_a_full_last_page_leads_to_no_empty_one(studio: Studio) -> None:
    finish_all(studio, *studio.submit(studio.alice, number=6))
    first = studio.gallery.page(person(studio.alice), size=3)
    last = studio.gallery.page(person(studio.alice), before=first.next, size=3)
    assert (len(last.images), last.next) == (3, None)
    again = studio.gallery.page(person(studio.alice), after=last.previous, size=3)
    assert ([image.id for image in again.images], again.previous) == ([image.id for image in first.images], None)


def test_a_picture_that_arrives_meanwhile_moves_no_page(studio: Studio) -> None:
    expected = filled(studio)
    first = studio.gallery.page(person(studio.alice), size=10)
    late = studio.submit(studio.alice)[0]
    finish_all(studio, late)
    second = studio.gallery.page(person(studio.alice), before=first.next, size=10)
    assert [image.id for image in second.images] == expected[10:20]
    assert studio.gallery.page(person(studio.alice), after=first.images[0].id, size=10).images[0].id == late


def test_a_page_comes_with_its_descriptions(studio: Studio) -> None:
    finish_all(studio, *studio.submit(studio.alice, "a lighthouse", number=10))
    page = studio.gallery.page(person(studio.alice))
    assert {image.request.description for image in page.images} == {"a lighthouse"}
    assert len(page.images) == min(10, PAGE)


def test_nobody_pages_through_the_pictures_of_another(studio: Studio) -> None:
    finish_all(studio, *studio.submit(studio.alice, number=3))
    assert list(studio.gallery.page(person(studio.bob)).images) == []
    assert list(studio.gallery.page(person(studio.ada), before=100).images) == []


@pytest.mark.parametrize("key", [-(10**40), -1, 0, 2**63 - 1, 2**63, 10**40])
def test_any_number_may_stand_in_the_address(studio: Studio, key: int) -> None:
    ids = studio.submit(studio.alice, number=2)
    finish_all(studio, *ids)
    alice = person(studio.alice)
    for page in (studio.gallery.page(alice, before=key), studio.gallery.page(alice, after=key)):
        assert [image.id for image in page.images] == ids[::-1], "a key of no picture leads to the first page"
    assert studio.gallery.picture(person(studio.ada, "admin"), key) is None


def test_a_picture_is_for_its_owner_and_the_administrator(studio: Studio) -> None:
    kept = studio.requests.keep_reference(studio.alice, "cat.png", picture(64, 64))
    image_id = studio.submit(studio.alice, "a cat", references=(kept,))[0]
    for viewer in (person(studio.alice), person(studio.ada, "admin")):
        image = studio.gallery.picture(viewer, image_id)
        assert image is not None
        assert (image.request.description, image.request.user.login) == ("a cat", "alice")
        assert [reference.name for reference in image.request.references] == ["cat.png"]
    assert studio.gallery.picture(person(studio.bob), image_id) is None
    assert studio.gallery.picture(person(studio.ada), image_id) is None, "the role counts, not the name"
    assert studio.gallery.picture(person(studio.alice), image_id + 1) is None


def test_neighbours_are_those_of_the_view_also_beyond_the_page(studio: Studio) -> None:
    ids = filled(studio)
    gallery, alice = studio.gallery, person(studio.alice)

    def around(view: View, image_id: int) -> tuple[list[int], list[int]]:
        before, after = gallery.neighbours(alice, view, image_id, 2)
        return [image.id for image in before], [image.id for image in after]

    assert around(View(), ids[0]) == ([], ids[1:3])
    assert around(View(), ids[PAGE]) == ([ids[PAGE - 1], ids[PAGE - 2]], ids[PAGE + 1 : PAGE + 3])
    assert around(View(sort="old"), ids[-1]) == ([], [ids[-2], ids[-3]])
    with studio.database.write() as session:
        session.execute(update(Image).where(Image.id.in_([ids[3], ids[7]])).values(favourite=True))
        session.execute(update(Image).where(Image.id == ids[8]).values(state="failed", favourite=True))
    assert around(View(favourites=True, state="any"), ids[5]) == ([ids[3]], [ids[7]])
    assert around(View(q="nothing is like that"), ids[5]) == ([], [])
    for nonsense in (0, -1, 2**70):
        assert around(View(), nonsense) == ([], [])
    of_bob = gallery.neighbours(person(studio.bob), View(), ids[5], 2)
    assert {image.user_id for side in of_bob for image in side} == {studio.bob}
