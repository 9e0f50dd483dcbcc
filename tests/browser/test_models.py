"""What is offered: by OpenAI today, and by a compatible server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.catalog import catalog
from tests.browser import screens
from tests.browser.application import Application
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import ImagesServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("models")]

GENERIC = {"model", "prompt", "n", "size", "response_format"}


def test_no_model_is_offered_that_was_shut_down_and_one_that_ends_soon_says_so(
    window: Windows, cast: Cast, alice: Somebody
) -> None:
    models, today = catalog.load(), datetime.now(UTC).date()
    page = window(token=cast.token(alice))
    screens.open_page(page)
    offered = {option.partition(" · ")[0] for option in screens.options(page, "model")}
    assert offered == {model.title for model in models.models.values() if not model.is_shut_down(today)}
    expect(screens.fold(page, "model")).to_contain_text("GPT Image 2.6 Flare")
    expect(page.get_by_text("is shut down on")).to_have_count(0)
    for model in models.models.values():
        if models.ends_soon(model, today):
            screens.choose(page, "model", f"{model.title} ·")
            expect(page.get_by_text(f"{model.title} is shut down on")).to_be_visible()
            return


def test_what_a_model_cannot_do_is_not_on_the_page(
    window: Windows, cast: Cast, alice: Somebody, provider: ImagesServer
) -> None:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    assert "Very high" in screens.options(page, "quality")
    screens.choose(page, "quality", "Very high")
    screens.choose(page, "model", "GPT Image 2 ·")
    expect(screens.fold(page, "quality")).to_contain_text("Medium")
    assert screens.options(page, "quality") == ["Low", "Medium", "High"]
    assert screens.options(page, "background") == ["Automatic", "Opaque"]
    screens.describe(page, "A lake by an earlier model")
    screens.wait_for_tile(page, "done")
    (call,) = (call for call in provider.calls if call.prompt == "A lake by an earlier model")
    assert (call.parameters["model"], call.parameters["quality"]) == ("gpt-image-2", "medium")


@pytest.fixture
def local_server() -> Iterator[ImagesServer]:
    with ImagesServer(key=None) as server:
        yield server


@pytest.fixture
def local(tmp_path: Path, sqlite_template: Path, local_server: ImagesServer) -> Iterator[Application]:
    application = Application(tmp_path, OPENAI_BASE_URL=local_server.base_url, IMAGIER_MODELS="some-model, other")
    Cast(application.data, sqlite_template).close()
    with application:
        yield application


def test_a_compatible_server_is_sent_what_every_server_understands(
    window: Windows, local: Application, local_server: ImagesServer, complaints: list[str]
) -> None:
    cast = Cast(local.data)
    page = window(local, cast.token(cast.join("Alice")))
    screens.open_page(page)
    assert screens.options(page, "model") == ["some-model", "other"]
    for key in ("quality", "background"):
        expect(screens.fold(page, key)).to_have_count(0)
    screens.describe(page, "A lake, wherever")
    screens.wait_for_tile(page, "done")
    screens.choose(page, "size", "Square 512")
    screens.describe(page, "A lake, in a square")
    screens.wait_for_tile(page, "done", 2)
    cast.close()
    first, second = local_server.calls
    assert "size" not in first.parameters
    assert second.parameters["size"] == "512x512"
    for call in (first, second):
        assert call.parameters["model"] == "some-model"
        assert call.parameters.keys() <= GENERIC, call.parameters
        assert "sk-" not in call.headers.get("authorization", "")
    assert complaints == []
