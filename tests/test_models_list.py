"""What a server says of its models, in whichever shape, and what it says of the key."""

from collections.abc import Iterator
from datetime import date

import pytest

from core.engines.models_list import ask_models
from tests.images_api import GPT_IMAGE_MODELS
from tests.images_server import KEY, ImagesServer


@pytest.fixture(scope="module")
def running() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


@pytest.fixture
def server(running: ImagesServer) -> ImagesServer:
    running.models = ""
    running.key = KEY
    return running


def names(server: ImagesServer, kind: str) -> list[str] | None:
    server.models = kind
    answer = ask_models(server.base_url, KEY)
    assert answer.is_reached
    assert KEY not in repr(answer)
    return None if answer.models is None else [model.name for model in answer.models]


def test_a_right_key_is_accepted_and_the_models_are_listed_with_their_end(server: ImagesServer) -> None:
    server.models = "shutdown"
    answer = ask_models(server.base_url + "/", KEY, "org-1", "proj-1")
    assert (answer.is_reached, answer.key, answer.detail) == (True, "accepted", "")
    assert answer.models is not None
    assert {model.name for model in answer.models} == GPT_IMAGE_MODELS
    assert [model.shutdown for model in answer.models if model.shutdown] == [date(2027, 2, 1)]


@pytest.mark.parametrize("key", ["sk-another-key-of-somebody", None])
def test_a_wrong_key_is_told_without_repeating_it(server: ImagesServer, key: str | None) -> None:
    answer = ask_models(server.base_url, key)
    assert (answer.is_reached, answer.key, answer.models) == (True, "refused", None)
    assert answer.detail.startswith("HTTP 401 Incorrect API key provided")
    assert "another-key" not in answer.detail


def test_a_server_without_keys_needs_none(server: ImagesServer) -> None:
    server.key = None
    assert ask_models(server.base_url, None).key == "accepted"


@pytest.mark.parametrize("kind", ["bare-list", "names", "texts", "odd-items"])
def test_odd_lists_are_read(server: ImagesServer, kind: str) -> None:
    assert names(server, kind) == ["fox", "hare"]


@pytest.mark.parametrize("kind", ["missing", "no-list", "html", "broken", "overloaded", "redirect"])
def test_a_server_without_a_list_was_reached_all_the_same(server: ImagesServer, kind: str) -> None:
    assert names(server, kind) is None
    assert server.fetches == [], "a redirect is not followed"


def test_an_empty_list_is_a_list(server: ImagesServer) -> None:
    assert names(server, "empty") == []


def test_a_refusal_without_a_key_problem_is_one_of_the_key(server: ImagesServer) -> None:
    server.models = "forbidden"
    assert ask_models(server.base_url, KEY).key == "refused"


@pytest.mark.parametrize("kind", ["hang", "trickle", "drop", "cut-off", "huge"])
def test_what_never_ends_or_breaks_off_ends_here_and_counts_as_not_reached(server: ImagesServer, kind: str) -> None:
    server.models = kind
    answer = ask_models(server.base_url, KEY, seconds=0.4 if kind in ("hang", "trickle") else 10)
    assert (answer.is_reached, answer.models) == (False, None)
    assert KEY not in repr(answer)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/v1", "http://no.such.host.invalid/v1", "http://[::1]:9/v1", "nonsense://x/v1"]
)
def test_nobody_there_is_not_reached(address: str) -> None:
    assert not ask_models(address, KEY, seconds=5).is_reached
