"""Requests: in the line, out of it, and once more."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select, update

from core.engines.base import Blocked, Failed, Unknown
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Reference, Request, User
from core.studio.orders import Order, ReferenceFile
from tests.conftest import SettableClock
from tests.studio import MODEL, PAINTING, FakeEngine, Studio, lane_of, picture


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def refused(action: Callable[[], object]) -> str:
    with pytest.raises(Problem) as caught:
        action()
    return caught.value.code


def both_at_once(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What each returned, or the code of its problem."""
    barrier, results = threading.Barrier(2), list[object]([None, None])

    def run(index: int, action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[index] = action()
        except Problem as problem:
            results[index] = problem.code

    threads = [threading.Thread(target=run, args=it) for it in enumerate((first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def ended(studio: Studio, state: str) -> int:
    """A picture of alice's in this state."""
    image_id = studio.submit(studio.alice)[0]
    if state == "cancelled":
        studio.requests.cancel(studio.alice, image_id)
        return image_id
    line = studio.line()
    if state == "queued" or (claim := line.claim(studio.lane)) is None or state == "running":
        return image_id
    if state == "done":
        values = studio.pictures.keep(image_id, line.worker, replace(PAINTING, data=picture(64, 64)))
        line.finish(claim, values)
        return image_id
    line.fail(claim, {"failed": Failed, "blocked": Blocked, "unknown": Unknown}[state]("provider_failed"))
    return image_id


def test_a_request_makes_one_row_for_each_picture(studio: Studio, clock: SettableClock) -> None:
    request_id = studio.requests.submit(studio.alice, Order("a\n tree 🦊", MODEL, number=3, seed=5), door="api")
    request = studio.request(request_id)
    assert (request.description, request.door, request.number, request.previews) == ("a\n tree 🦊", "api", 3, 2)
    assert (request.model, request.size, request.quality) == (MODEL, "1024x1024", "medium")
    rows = [(it.user_id, it.position, it.seed, it.state, it.created_at, it.connection) for it in studio.images()]
    assert rows == [(studio.alice, position, 5 + position, "queued", clock(), "openai") for position in range(3)]


def test_a_refused_order_leaves_nothing(studio: Studio) -> None:
    assert refused(lambda: studio.submit(studio.alice, "  ")) == "description_missing"
    assert refused(lambda: studio.submit(studio.alice, number=11)) == "number_out_of_range"
    with studio.database.read() as session:
        assert session.scalar(select(Request.id)) is None


def test_the_longest_description_is_kept_and_a_longer_one_refused(studio: Studio) -> None:
    description = "‮שלום 🏳️‍🌈 " + "x" * 31_000
    image_id = studio.submit(studio.alice, description)[0]
    assert studio.request(studio.image(image_id).request_id).description == description
    assert refused(lambda: studio.submit(studio.alice, "x" * 32_001)) == "description_too_long"


def test_half_a_character_does_not_stop_an_order(studio: Studio) -> None:
    image_id = studio.submit(studio.alice, "a \ud800 fox\x00")[0]
    assert studio.request(studio.image(image_id).request_id).description == "a \ufffd fox"


@pytest.mark.parametrize("model", ["dall-e-9", "painter", "", "x" * 5000, "gpt-image-2"])
def test_a_model_that_no_lane_has_is_not_offered(studio: Studio, model: str) -> None:
    assert refused(lambda: studio.requests.submit(studio.alice, Order("a tree", model))) == "model_not_offered"


def test_a_model_ends_in_the_night_of_its_shutdown(studio: Studio, clock: SettableClock) -> None:
    model = "gpt-image-1.5"
    requests = studio.requests_of(lane_of(FakeEngine(), models=(model,)))
    clock.now = clock.now.replace(month=11, day=30, hour=23, minute=59)
    assert requests.submit(studio.alice, Order("a tree", model))
    clock.forward(60)
    assert refused(lambda: requests.submit(studio.alice, Order("a tree", model))) == "model_shut_down"
    image_id = studio.images()[0].id
    requests.cancel(studio.alice, image_id)
    assert refused(lambda: requests.retry(studio.alice, image_id)) == "model_shut_down"


def test_a_disabled_account_orders_nothing(studio: Studio, clock: SettableClock) -> None:
    image_id = ended(studio, "failed")
    with studio.database.write() as session:
        session.execute(update(User).where(User.id == studio.alice).values(disabled_at=clock()))
    assert refused(lambda: studio.submit(studio.alice)) == "session_ended"
    assert refused(lambda: studio.requests.retry(studio.alice, image_id)) == "session_ended"
    assert refused(lambda: studio.submit(10**9)) == "session_ended"


@pytest.mark.parametrize("image_id", [0, -1, 2**63, 10**40, -(10**40), 12345])
def test_a_picture_that_is_not_there_cannot_be_touched(studio: Studio, image_id: int) -> None:
    requests = studio.requests
    assert refused(lambda: requests.cancel(studio.alice, image_id)) == "no_such_picture"
    assert refused(lambda: requests.retry(studio.alice, image_id)) == "no_such_picture"
    assert refused(lambda: requests.reference_from_gallery(studio.alice, image_id)) == "no_such_picture"


@pytest.mark.parametrize("state", ["queued", "running", "done", "failed", "unknown"])
def test_another_persons_picture_is_not_there(studio: Studio, state: str) -> None:
    image_id, requests = ended(studio, state), studio.requests
    for stranger in (studio.bob, studio.ada):
        assert refused(partial(requests.cancel, stranger, image_id)) == "no_such_picture"
        assert refused(partial(requests.retry, stranger, image_id, True)) == "no_such_picture"
        assert refused(partial(requests.reference_from_gallery, stranger, image_id)) == "no_such_picture"
    assert studio.state(image_id) == state


def test_another_persons_upload_is_not_there(studio: Studio) -> None:
    kept = studio.requests.keep_reference(studio.alice, "cat.png", picture(64, 64))
    assert refused(lambda: studio.submit(studio.bob, references=(kept,))) == "no_such_picture"
    forged = ReferenceFile("x", f"uploads/{studio.bob}0/x.png", "image/png", 1, 1)
    assert refused(lambda: studio.submit(studio.bob, references=(forged,))) == "no_such_picture"


@pytest.mark.parametrize("state", ["queued", "running", "done", "failed", "blocked", "unknown", "cancelled"])
def test_only_a_waiting_picture_can_be_cancelled(studio: Studio, state: str) -> None:
    image_id = ended(studio, state)
    if state == "queued":
        studio.requests.cancel(studio.alice, image_id)
        assert studio.state(image_id) == "cancelled"
        assert studio.line().claim(studio.lane) is None
    else:
        assert refused(lambda: studio.requests.cancel(studio.alice, image_id)) == "not_cancellable"
        assert studio.state(image_id) == state


def test_a_cancellation_and_a_claim_at_once_have_one_winner(studio: Studio) -> None:
    for _ in range(10):
        image_id = studio.submit(studio.alice)[0]
        line = studio.line()
        cancelled, claim = both_at_once(
            partial(studio.requests.cancel, studio.alice, image_id),
            partial(line.claim, replace(studio.lane, at_once=100)),
        )
        assert (cancelled, claim is None, studio.state(image_id)) in (
            (None, True, "cancelled"),
            ("not_cancellable", False, "running"),
        )


@pytest.mark.parametrize("state", ["queued", "running", "done"])
def test_what_is_under_way_or_done_is_not_tried_again(studio: Studio, state: str) -> None:
    image_id = ended(studio, state)
    assert refused(lambda: studio.requests.retry(studio.alice, image_id, True)) == "not_retryable"


@pytest.mark.parametrize("state", ["failed", "blocked", "cancelled", "unknown"])
def test_a_retry_is_a_row_of_its_own(studio: Studio, state: str) -> None:
    image_id = ended(studio, state)
    before = studio.image(image_id)
    again = studio.image(studio.requests.retry(studio.alice, image_id, may_be_billed_again=True))
    assert (again.retry_of, again.request_id, again.position) == (image_id, before.request_id, before.position)
    assert (again.state, again.seed, again.user_id) == ("queued", before.seed, studio.alice)
    assert studio.state(image_id) == state
    assert refused(lambda: studio.requests.retry(studio.alice, image_id, True)) == "not_retryable"


def test_a_retry_that_may_be_billed_again_has_to_be_confirmed(studio: Studio) -> None:
    image_id = ended(studio, "unknown")
    assert refused(lambda: studio.requests.retry(studio.alice, image_id)) == "confirm_retry"
    assert len(studio.images()) == 1
    studio.requests.retry(studio.alice, image_id, may_be_billed_again=True)
    assert len(studio.images()) == 2


def test_two_retries_at_once_make_one_row(studio: Studio) -> None:
    for _ in range(5):
        image_id = ended(studio, "failed")
        before = len(studio.images())
        retry = partial(studio.requests.retry, studio.alice, image_id)
        assert "not_retryable" in both_at_once(retry, retry)
        assert len(studio.images()) == before + 1
        studio.requests.cancel(studio.alice, studio.images()[-1].id)


def test_a_retry_can_be_tried_again_itself(studio: Studio) -> None:
    first = ended(studio, "failed")
    second = studio.requests.retry(studio.alice, first)
    studio.requests.cancel(studio.alice, second)
    third = studio.requests.retry(studio.alice, second)
    assert [image.retry_of for image in studio.images()] == [None, first, second]
    assert studio.state(third) == "queued"


def test_uploads_are_kept_once_and_ordered_in_their_order(studio: Studio) -> None:
    red, blue = picture(64, 64, colour="red"), picture(64, 48, "JPEG", "blue")
    kept = [studio.requests.keep_reference(studio.alice, name, data) for name, data in (("r", red), ("b", blue))]
    assert studio.requests.keep_reference(studio.alice, "again", red).file_key == kept[0].file_key
    assert studio.stored("uploads") == sorted(file.file_key for file in kept)
    studio.submit(studio.alice, references=(kept[1], kept[0], kept[1]))
    with studio.database.read() as session:
        rows = session.scalars(select(Reference).order_by(Reference.position)).all()
    assert [(row.position, row.name, row.media_type, row.width, row.height) for row in rows] == [
        (0, "b", "image/jpeg", 64, 48),
        (1, "r", "image/png", 64, 64),
        (2, "b", "image/jpeg", 64, 48),
    ]


def test_what_is_no_picture_is_not_stored(studio: Studio) -> None:
    assert refused(lambda: studio.requests.keep_reference(studio.alice, "x.png", b"words")) == "not_an_image"
    assert studio.stored() == []


def test_a_picture_of_the_gallery_is_copied_to_start_from(studio: Studio) -> None:
    image_id = ended(studio, "done")
    kept = studio.requests.reference_from_gallery(studio.alice, image_id)
    assert (kept.image_id, kept.width, kept.media_type) == (image_id, 64, "image/png")
    studio.submit(studio.alice, references=(kept,))
    assert kept.file_key in studio.stored("uploads")


def test_only_a_finished_picture_can_be_started_from(studio: Studio) -> None:
    image_id = ended(studio, "failed")
    assert refused(lambda: studio.requests.reference_from_gallery(studio.alice, image_id)) == "no_such_picture"


def test_previews_are_ordered_where_the_model_has_them(studio: Studio) -> None:
    requests = studio.requests_of(lane_of(FakeEngine(), models=("flux", "painter", MODEL)))
    for model in ("flux", "painter", MODEL):
        requests.submit(studio.alice, Order("a tree", model))
    assert [studio.request(image.request_id).previews for image in studio.images()] == [0, 2, 2]
