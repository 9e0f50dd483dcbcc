"""One picture after another: the same again, a variation, the final one of a draft, and what is already there."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image as Pillow

from core.errors import Problem
from core.members.leaving import Leaving
from core.storage.database import Database
from core.storage.tables import Image
from core.studio.lineage import Lineage, final_quality
from core.studio.orders import Order
from core.studio.removal import Removal
from tests.studio import MODEL, PNG, Studio, person


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        studio.worker()
        yield studio


@pytest.fixture
def lineage(studio: Studio) -> Lineage:
    return Lineage(studio.database, studio.catalog, studio.requests)


def made(studio: Studio, user_id: int, description: str = "a tree", **choices: Any) -> int:
    (image_id,) = studio.submit(user_id, description, **choices)
    studio.wait_for(image_id, "done")
    return image_id


def picture(studio: Studio, image_id: int) -> Image:
    image = studio.gallery.picture(person(studio.alice), image_id)
    assert image is not None
    return image


def test_a_picture_can_be_ordered_once_more_as_it_was(studio: Studio, lineage: Lineage) -> None:
    image_id = made(studio, studio.alice, quality="low", size="1536x1024", output_format="webp")
    order = lineage.order_of(studio.alice, image_id)
    assert order == Order("a tree", MODEL, "1536x1024", "low", background="auto", output_format="webp")


def test_a_variation_is_linked_to_its_picture(studio: Studio, lineage: Lineage) -> None:
    first = made(studio, studio.alice)
    request_id = studio.requests.submit(studio.alice, lineage.variation(studio.alice, first))
    request = studio.request(request_id)
    assert (request.parent_id, request.relation) == (first, "variation")
    second = studio.images()[-1].id
    studio.wait_for(second, "done")
    family = lineage.family(studio.alice, picture(studio, first))
    assert (family.parent, [child.id for child in family.children]) == (None, [second])
    family = lineage.family(studio.alice, picture(studio, second))
    assert family.parent is not None
    assert (family.parent.id, family.children) == (first, [])


def test_a_variation_of_a_part_painted_anew_changes_no_other_part(studio: Studio, lineage: Lineage) -> None:
    """Whoever gets the picture of somebody who leaves can make one too."""
    sheet = io.BytesIO()
    Pillow.new("RGBA", (8, 8), (0, 0, 0, 0)).save(sheet, "PNG")
    begun, mask = studio.requests.keep_reference(studio.alice, "a.png", PNG), sheet.getvalue()
    painted = studio.requests.keep_mask(studio.alice, "mask.png", mask)
    choices: dict[str, Any] = {"references": (begun,), "mask": painted, "moderation": "low"}
    first = made(studio, studio.alice, quality="low", **choices)
    studio.requests.submit(studio.alice, lineage.variation(studio.alice, first))
    second = studio.images()[-1].id
    studio.wait_for(second, "done")
    job = studio.engine.jobs[-1]
    assert ([reference.data for reference in job.references], job.mask, job.moderation) == ([PNG], mask, "low")
    Leaving(studio.database, studio.files, Removal(studio.database, studio.files)).transfer(studio.alice, studio.bob)
    studio.requests.submit(studio.bob, lineage.variation(studio.bob, second))
    third = studio.images()[-1].id
    studio.wait_for(third, "done")
    job = studio.engine.jobs[-1]
    assert ([reference.data for reference in job.references], job.mask) == ([PNG], mask)
    final = lineage.final(studio.bob, third)
    assert ([reference.image_id for reference in final.references], final.mask) == ([third, None], None)
    studio.requests.submit(studio.bob, final)


def test_the_other_drafts_of_an_order_are_its_family(studio: Studio, lineage: Lineage) -> None:
    ids = studio.submit(studio.alice, number=3)
    for image_id in ids:
        studio.wait_for(image_id, "done")
    family = lineage.family(studio.alice, picture(studio, ids[1]))
    assert [sibling.id for sibling in family.siblings] == [ids[0], ids[2]]
    assert lineage.family(studio.bob, picture(studio, ids[1])).siblings == []


def test_the_final_picture_starts_from_its_draft_at_a_high_quality(studio: Studio, lineage: Lineage) -> None:
    draft = made(studio, studio.alice, quality="low", seed=7)
    final = lineage.final(studio.alice, draft)
    assert (final.quality, final.seed, final.parent_id, final.relation) == ("high", 7, draft, "final")
    assert [reference.image_id for reference in final.references] == [draft]
    studio.requests.submit(studio.alice, final)
    image = studio.images()[-1]
    studio.wait_for(image.id, "done")
    assert studio.engine.jobs[-1].references[0].data == studio.files.read(studio.image(draft).image_url or "")


def test_a_picture_of_a_high_quality_has_no_final_one(studio: Studio, lineage: Lineage) -> None:
    with pytest.raises(Problem, match="already has the quality"):
        lineage.final(studio.alice, made(studio, studio.alice, quality="high"))


@pytest.mark.parametrize(
    ("offered", "quality", "final"),
    [
        (("low", "medium", "high", "xhigh", "max"), "low", "high"),
        (("low", "medium"), "low", "medium"),
        (("low", "medium"), "medium", None),
        (("low", "medium", "high", "xhigh"), "high", None),
        ((), None, None),
    ],
)
def test_a_final_quality_is_the_best_up_to_high(offered: tuple[str, ...], quality: str, final: str | None) -> None:
    assert final_quality(offered, quality) == final


def test_the_same_order_finds_what_it_brought_before(studio: Studio, lineage: Lineage) -> None:
    made(studio, studio.alice)
    newest = made(studio, studio.alice)
    made(studio, studio.alice, "another tree")
    made(studio, studio.alice, quality="high")
    asked = studio.request(studio.image(newest).request_id).fingerprint or ""
    same = lineage.same(studio.alice, asked)
    assert same is not None
    assert same.id == newest
    assert lineage.same(studio.bob, asked) is None


def test_an_order_that_failed_is_not_offered_again(studio: Studio, lineage: Lineage) -> None:
    studio.engine.on("a tree", RuntimeError("broken"))
    (image_id,) = studio.submit(studio.alice)
    studio.wait_for(image_id, "unknown")
    asked = studio.request(studio.image(image_id).request_id).fingerprint or ""
    assert lineage.same(studio.alice, asked) is None


@pytest.mark.parametrize("act", ["order_of", "variation", "final"])
def test_a_strangers_picture_is_nobodys_business(studio: Studio, lineage: Lineage, act: str) -> None:
    image_id = made(studio, studio.alice, quality="low")
    for wrong in (image_id, 10**6, 2**70, 0, -1):
        with pytest.raises(Problem, match="no such picture"):
            getattr(lineage, act)(studio.bob, wrong)
    request_id = studio.requests.submit(studio.bob, Order("a tree", MODEL, parent_id=image_id, relation="variation"))
    request = studio.request(request_id)
    assert (request.parent_id, request.relation) == (None, None)
