"""The ledger beside the provider's bill: real databases, a real server that pages, and its faults."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.engines import openai_costs
from core.errors import Problem, explain
from core.i18n import Reader
from core.ledger.reconciliation import DayDrift, reconcile
from core.settings import Settings
from core.storage.database import Database
from tests.costs_server import DAY, KEY, Answer, CostsServer, Line, bucket, error, page, seconds
from tests.ledger_rows import add_picture, add_text
from tests.studio import Cast, insert_cast

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 3)
START = seconds(FIRST)


@pytest.fixture
def server() -> Iterator[CostsServer]:
    with CostsServer() as server:
        yield server


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


@pytest.fixture
def connected(settings: Settings, server: CostsServer) -> Settings:
    return settings.model_copy(update={"openai_base_url": server.base_url, "openai_admin_key": SecretStr(KEY)})


@pytest.fixture
def empty(connected: Settings, tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    """For what is only about the provider's answers."""
    (tmp_path / "empty.db").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    yield database
    database.close()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def problem_of(database: Database, settings: Settings) -> Problem:
    with pytest.raises(Problem) as caught:
        reconcile(database, settings, FIRST, LAST)
    assert KEY not in explain(Reader(), caught.value.code, caught.value.params)
    assert KEY[:20] not in str(caught.value.params)
    return caught.value


def test_every_day_shows_its_drift(database: Database, cast: Cast, connected: Settings, server: CostsServer) -> None:
    ordered = at("2026-10-31T12:00")
    add_picture(database, cast.alice, ordered, cost=413_000, finished_at=at("2026-11-01T00:00"))
    add_picture(database, cast.bob, ordered, cost=1, finished_at=at("2026-11-01T23:59:59.999999"))
    add_picture(database, cast.alice, ordered, cost=5, state="blocked", finished_at=at("2026-11-03T10:00"))
    add_picture(database, cast.alice, ordered, reserved=52_701, state="unknown", finished_at=at("2026-11-03T11:00"))
    add_picture(database, cast.alice, ordered, cost=9, finished_at=at("2026-10-31T23:59:59.999999"))
    add_picture(database, cast.alice, ordered, cost=9, finished_at=at("2026-11-04T00:00"))
    add_picture(database, cast.alice, ordered, cost=9, finished_at=at("2026-11-02T09:00"), connection="painter")
    add_picture(database, cast.alice, ordered, reserved=9, state="running")
    server.lines = {
        FIRST: [Line("gpt-image-2 image, output", "0.4"), Line("gpt-image-2 text, input", '"0.0130010000000000"')],
        date(2026, 11, 3): [Line("gpt-image-2-2026-04-21 image, output", "0.052706")],
    }
    assert reconcile(database, connected, FIRST, LAST) == [
        DayDrift(FIRST, 413_001, 413_001, 0),
        DayDrift(date(2026, 11, 2), 0, 0, 0),
        DayDrift(LAST, 5, 52_706, 52_701),
    ]
    assert [day.drift_micros for day in reconcile(database, connected, FIRST, LAST)] == [0, 0, 52_701]


def test_it_asks_as_the_provider_wants_to_be_asked(empty: Database, connected: Settings, server: CostsServer) -> None:
    reconcile(empty, connected, FIRST, LAST)
    (asked,) = server.asked
    assert asked.path == "/v1/organization/costs"
    assert asked.query == {
        "start_time": ["1793491200"],
        "end_time": [str(1793491200 + 3 * DAY)],
        "bucket_width": ["1d"],
        "limit": ["180"],
        "group_by[]": ["line_item"],
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_only_the_project_of_the_settings_is_compared(
    empty: Database, connected: Settings, server: CostsServer
) -> None:
    server.lines = {FIRST: [Line("gpt-image-2 image, output", "1"), Line("gpt-image-2 image, output", "2", "proj_b")]}
    own = connected.model_copy(update={"openai_project": "proj_imagier"})
    assert reconcile(empty, own, FIRST, FIRST)[0].provider_micros == 1_000_000
    assert reconcile(empty, connected, FIRST, FIRST)[0].provider_micros == 3_000_000


@pytest.mark.parametrize(("days", "largest_page", "pages"), [(1, 180, 1), (180, 180, 1), (181, 180, 2), (400, 7, 58)])
def test_all_pages_are_read(
    empty: Database, connected: Settings, server: CostsServer, days: int, largest_page: int, pages: int
) -> None:
    server.largest_page = largest_page
    last = FIRST + timedelta(days=days - 1)
    server.lines = {FIRST + timedelta(days=index): [Line("dall-e-3", f"{index}.000001")] for index in range(days)}
    found = reconcile(empty, connected, FIRST, last)
    assert [day.provider_micros for day in found] == [index * 1_000_000 + 1 for index in range(days)]
    assert len(server.asked) == pages


def test_only_what_image_models_cost_is_compared(empty: Database, connected: Settings, server: CostsServer) -> None:
    names = (
        *("gpt-image-1 image, output", "gpt-image-2.6-flare image, cached input", "GPT-Image-2 text, input"),
        *("chatgpt-image-latest image, output", "dall-e-3, standard"),
        *("gpt-5.6-terra, output", "whisper", "Web search tool", "gpt-4o-2024-08-06, input"),
    )
    server.lines = {FIRST: [Line(name, "0.01") for name in names]}
    assert reconcile(empty, connected, FIRST, FIRST) == [DayDrift(FIRST, 0, 50_000, 0)]


def test_texts_that_were_asked_from_here_are_compared_too(
    empty: Database, connected: Settings, server: CostsServer
) -> None:
    """Whatever else the account asks other text models is nobody's business here."""
    user_id = insert_cast(empty).alice
    add_text(empty, user_id, at("2026-11-01T10:00"), cost=4_000, finished_at=at("2026-11-01T10:00:03"))
    add_text(empty, user_id, at("2026-11-01T11:00"), reserved=900, state="unknown", finished_at=at("2026-11-01T11:01"))
    add_text(empty, user_id, at("2026-11-01T12:00"), cost=7, connection="mine", finished_at=at("2026-11-01T12:01"))
    server.lines = {
        FIRST: [
            Line("gpt-words-mini-2026-01-31, input", "0.001"),
            Line("gpt-words-mini, output", "0.003"),
            Line("gpt-words-mini-large, output", "5"),
            Line("gpt-words, output", "5"),
        ]
    }
    assert reconcile(empty, connected, FIRST, FIRST) == [DayDrift(FIRST, 4_000, 4_000, 900)]


def test_a_server_that_does_not_tell_what_for_is_taken_whole_and_says_so(
    empty: Database, connected: Settings, server: CostsServer
) -> None:
    server.groups = False
    server.lines = {FIRST: [Line("gpt-image-1 image, output", "0.01"), Line("gpt-5.6-terra, output", "3")]}
    first, second, _ = reconcile(empty, connected, FIRST, LAST)
    assert first == DayDrift(FIRST, 0, 3_010_000, 0, holds_everything=True)
    assert not second.holds_everything


@pytest.mark.parametrize(
    ("values", "micros"),
    [
        (["0.1", "0.2"], 300_000),
        (["0.0000004", "0.0000001"], 1),  # rounded once, half up
        (['"0.0000004"'], 0),
        (["1e-6"], 1),
        (["12"], 12_000_000),
        (["-0.05"], -50_000),  # a refund
        (["0.13080438"] * 3, 392_413),
        (['"123456789.000001"'], 123_456_789_000_001),
        (["0." + "3" * 5_000], 333_333),
    ],
)
def test_amounts_are_added_up_exactly(
    empty: Database, connected: Settings, server: CostsServer, values: list[str], micros: int
) -> None:
    server.lines = {FIRST: [Line("gpt-image-2 image, output", value) for value in values]}
    assert reconcile(empty, connected, FIRST, FIRST)[0].provider_micros == micros


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (error(401, f"Incorrect API key provided: {KEY}."), "costs_key_refused", "Incorrect API key provided"),
        (error(403, "Missing scopes: api.usage.read"), "costs_key_refused", "Missing scopes: api.usage.read"),
        (Answer(403, b""), "costs_key_refused", "HTTP 403"),
        (error(429, "Slow down", **{"Retry-After": "20"}), "costs_rate_limited", "in 20 seconds"),
        (error(429, "Slow down"), "costs_rate_limited", "in 10 seconds"),
        (error(500, "The server had an error"), "costs_unavailable", "HTTP 500 The server had an error"),
        (Answer(502, b"<html><title>Bad gateway</title>"), "costs_unavailable", "HTTP 502 Bad gateway"),
        (error(400, f"Bearer {KEY} cannot group"), "costs_unavailable", "HTTP 400"),
        (error(404, "Invalid URL"), "costs_unavailable", "HTTP 404"),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "costs_unavailable", "HTTP 302"),
        (Answer(200, b""), "costs_not_understood", ""),
        (Answer(200, b"<html>Hello</html>"), "costs_not_understood", ""),
        (Answer(200, b'{"object": "page", "data": [{"obj'), "costs_not_understood", ""),
        (Answer(200, b"[" * 100_000), "costs_not_understood", ""),
        (Answer(200, b"[]"), "costs_not_understood", ""),
        (Answer(200, b"{}"), "costs_not_understood", ""),
        (Answer(200, b'{"data": [1]}'), "costs_not_understood", ""),
        (Answer(200, b'{"data": [{"start_time": 0}]}'), "costs_not_understood", ""),
        (Answer(200, b'{"data": [{"start_time": 1e300, "results": []}]}'), "costs_not_understood", ""),
        (Answer(200, b'{"data": [{"start_time": "today", "results": []}]}'), "costs_not_understood", ""),
        (Answer(200, page(bucket(START + 3_600))), "costs_not_understood", ""),
        (Answer(200, page(has_more=True)), "costs_incomplete", ""),
    ],
)
def test_a_bad_answer_is_a_clear_sentence(
    empty: Database, connected: Settings, server: CostsServer, answer: Answer, code: str, said: str
) -> None:
    server.answers = [answer]
    problem = problem_of(empty, connected)
    assert problem.code == code
    assert said in str(problem)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "true",
        "[]",
        '"many"',
        '""',
        "NaN",
        "Infinity",
        '"NaN"',
        '"Infinity"',
        "1e400",
        '"1e999999"',
        "9" * 5_000,
    ],
)
def test_an_amount_that_is_none_is_not_taken_for_nothing(
    empty: Database, connected: Settings, server: CostsServer, value: str
) -> None:
    server.lines = {FIRST: [Line("gpt-image-2 image, output", value)]}
    assert problem_of(empty, connected).code == "costs_not_understood"


def test_a_line_without_an_amount_is_about_no_money(empty: Database, connected: Settings, server: CostsServer) -> None:
    line = json.dumps({"object": "organization.costs.result", "amount": None, "line_item": "gpt-image-2 text, input"})
    server.answers = [Answer(200, page(bucket(START).replace('"results": []', f'"results": [{line}]')))]
    assert reconcile(empty, connected, FIRST, FIRST)[0].provider_micros == 0


@pytest.mark.parametrize("currency", ["eur", "", "a" * 10_000, "‮eur"])
def test_another_currency_is_not_compared(
    empty: Database, connected: Settings, server: CostsServer, currency: str
) -> None:
    server.lines = {FIRST: [Line("gpt-image-2 image, output", "1", currency=currency)]}
    problem = problem_of(empty, connected)
    assert problem.code == "costs_currency"
    assert len(problem.params["currency"]) <= 20
    assert "‮" not in problem.params["currency"]


def test_a_list_that_goes_in_circles_ends(empty: Database, connected: Settings, server: CostsServer) -> None:
    server.answers = [Answer(200, page(bucket(START), following=name)) for name in ("a", "b", "a")]
    assert problem_of(empty, connected).code == "costs_incomplete"
    assert len(server.asked) == 3


def test_a_list_without_end_ends(
    empty: Database, connected: Settings, server: CostsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_costs, "MOST_PAGES", 5)
    server.answers = [Answer(200, page(following=str(index))) for index in range(50)]
    assert problem_of(empty, connected).code == "costs_incomplete"
    assert len(server.asked) == 5


def test_a_page_that_fails_later_spoils_the_whole(empty: Database, connected: Settings, server: CostsServer) -> None:
    server.answers = [Answer(200, page(bucket(START), following="a")), error(503, "Overloaded")]
    assert problem_of(empty, connected).code == "costs_unavailable"


def test_buckets_of_other_days_are_not_counted(empty: Database, connected: Settings, server: CostsServer) -> None:
    buckets = [bucket(START + index * DAY, Line("gpt-image-2 image, output", "1")) for index in (-1, 0, 1, 2, 3)]
    server.answers = [Answer(200, page(*buckets))]
    assert [day.provider_micros for day in reconcile(empty, connected, FIRST, LAST)] == [1_000_000] * 3


def test_an_answer_that_is_too_large_is_left(
    empty: Database, connected: Settings, server: CostsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_costs, "MOST_BYTES", 100_000)
    server.answers = [Answer(200, b" " * 1_000_000)]
    assert problem_of(empty, connected).code == "costs_unavailable"


def test_an_answer_that_trickles_is_left(
    empty: Database, connected: Settings, server: CostsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_costs, "PAGE_SECONDS", 0.3)
    server.answers = [Answer(200, page(), {"Content-Length": "100000"})]
    assert problem_of(empty, connected).params == {"detail": "TimeoutError"}


def test_a_provider_that_cannot_be_reached_is_a_clear_sentence(empty: Database, connected: Settings) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        problem = problem_of(empty, connected.model_copy(update={"openai_base_url": address}))
    assert problem.code == "costs_unavailable"
    assert problem.params == {"detail": "ConnectionError"}


def test_a_netrc_does_not_replace_the_key(
    empty: Database, connected: Settings, server: CostsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    reconcile(empty, connected, FIRST, LAST)
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_without_an_admin_key_nobody_is_asked(empty: Database, connected: Settings, server: CostsServer) -> None:
    keyless = connected.model_copy(update={"openai_admin_key": None})
    assert problem_of(empty, keyless).code == "costs_key_missing"
    assert server.asked == []
