"""Personal tokens: made once, seen once, and refused from the moment that they are revoked."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.__main__ import main
from core.accounts.refused_tokens import RefusedTokens
from core.accounts.tokens import GENERATE, READ, Tokens
from core.errors import Problem
from core.ledger.prices import Prices
from core.storage.database import Database
from core.storage.tables import AuditEntry, Token, User
from core.studio.orders import Order
from tests.conftest import SettableClock
from tests.studio import MODEL, Cast, Studio, insert_cast
from tests.test_audit import entries


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


@pytest.fixture
def tokens(database: Database) -> Tokens:
    return Tokens(database, per_minute=3)


def refusal(function: object, *arguments: object) -> str:
    with pytest.raises(Problem) as caught:
        function(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_a_token_is_its_owners_and_only_its_hash_is_kept(database: Database, cast: Cast, tokens: Tokens) -> None:
    secret = tokens.make(cast.alice, "  my laptop ")
    caller = tokens.caller(secret)
    assert (caller.user_id, caller.login) == (cast.alice, "alice")
    assert caller.scopes == {GENERATE, READ}
    with database.read() as session:
        row = session.scalars(select(Token)).one()
        entry = session.scalars(select(AuditEntry)).one()
    assert row.name == "my laptop"
    assert row.token_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(row.__dict__) + repr(entry.__dict__)
    assert (entry.act, entry.subject) == ("token.made", "alice: my laptop")


def test_one_refusal_for_all_that_is_no_token(
    database: Database, clock: SettableClock, cast: Cast, tokens: Tokens
) -> None:
    ended = tokens.make(cast.alice, "ended", ends_at=clock.now + timedelta(days=1))
    revoked = tokens.make(cast.alice, "revoked")
    disabled = tokens.make(cast.bob, "disabled")
    tokens.revoke(cast.alice, tokens.of(cast.alice)[0].id)
    with database.write() as session:
        session.execute(update(User).where(User.id == cast.bob).values(disabled_at=clock.now))
    assert tokens.caller(ended).login == "alice"
    clock.forward(86_400)
    refused = RefusedTokens(database)
    for secret in (ended, revoked, disabled, "", "imagier_", "sk-\ud800", "imagier_\ud800", "imagier_" + "x" * 43):
        assert refusal(tokens.caller, secret) == "token_refused"
        refused.note(secret)
        refused.note(secret)
    noted = [(it.subject, it.after) for it in entries(database) if it.act == "token.refused"]
    assert noted == [
        ("alice: ended", {"reason": "ended_token"}),
        ("alice: revoked", {"reason": "revoked_token"}),
        ("bob: disabled", {"reason": "disabled_account"}),
    ], "each once, and nothing of what never was a token"
    clock.forward(3_600)
    refused.note(revoked)
    refused.note(tokens.make(cast.alice, "good"))
    assert [it.subject for it in entries(database) if it.act == "token.refused"][3:] == ["alice: revoked"]


def test_nobody_revokes_a_token_of_somebody_else(cast: Cast, tokens: Tokens) -> None:
    secret = tokens.make(cast.alice, "mine")
    token_id = tokens.of(cast.alice)[0].id
    for user_id, wanted in ((cast.bob, token_id), (cast.alice, 999), (cast.alice, 2**63)):
        assert refusal(tokens.revoke, user_id, wanted) == "no_such_token"
    assert tokens.caller(secret).user_id == cast.alice
    assert tokens.of(cast.bob) == []


@pytest.mark.parametrize(("name", "code"), [(" ", "token_name_missing"), ("x" * 101, "name_too_long")])
def test_a_token_has_a_name_that_can_be_shown(cast: Cast, tokens: Tokens, name: str, code: str) -> None:
    assert refusal(tokens.make, cast.alice, name) == code


def test_a_minutes_calls_may_come_at_once_and_no_more(clock: SettableClock, cast: Cast, tokens: Tokens) -> None:
    tokens.make(cast.alice, "busy")
    token_id = tokens.of(cast.alice)[0].id
    assert [tokens.count(token_id).remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(Problem) as caught:
        tokens.count(token_id)
    assert (caught.value.code, caught.value.params["wait"]) == ("too_many_calls", 20.0)
    clock.forward(20)
    assert tokens.count(token_id).remaining == 0
    clock.forward(3600)
    assert tokens.count(token_id).remaining == 2


def test_the_last_use_is_kept_to_the_minute(clock: SettableClock, cast: Cast, tokens: Tokens) -> None:
    tokens.make(cast.alice, "used")
    (token,) = tokens.of(cast.alice)
    first = clock.now
    tokens.count(token.id)
    clock.forward(59)
    tokens.count(token.id)
    assert tokens.of(cast.alice)[0].last_used_at == first
    clock.forward(1)
    tokens.count(token.id)
    assert tokens.of(cast.alice)[0].last_used_at == clock.now


def test_what_a_token_may_spend_holds_with_twenty_at_once(database: Database, clock: SettableClock) -> None:
    with Studio(database) as studio:
        Prices(database).add(studio.ada, MODEL, clock.now, "ours", {"per_picture": Decimal("0.10")})
        tokens = Tokens(database, 1000)
        tokens.make(studio.alice, "bounded", limit_micros=250_000)
        token_id = tokens.of(studio.alice)[0].id

        def submit(_: int) -> str:
            try:
                studio.requests.submit(studio.alice, Order("a tree", MODEL), "api", token_id)
            except Problem as problem:
                return problem.code
            return "ordered"

        with ThreadPoolExecutor(20) as pool:
            outcomes = list(pool.map(submit, range(20)))
        assert outcomes.count("ordered") == 2
        assert outcomes.count("token_limit") == 18
        assert tokens.one(token_id).reserved_micros == 200_000
        studio.requests.cancel(studio.alice, studio.images()[0].id)
        assert tokens.one(token_id).reserved_micros == 100_000
        worker = studio.worker()
        worker.wake()
        studio.wait_for(studio.images()[1].id, "done")
        assert (tokens.one(token_id).cost_micros, tokens.one(token_id).reserved_micros) == (100_000, 0)


def test_a_token_that_was_revoked_meanwhile_orders_nothing(database: Database) -> None:
    with Studio(database) as studio:
        tokens = Tokens(database, 1000)
        tokens.make(studio.alice, "revoked")
        token_id = tokens.of(studio.alice)[0].id
        tokens.revoke(studio.alice, token_id)
        order = Order("a tree", MODEL)
        assert refusal(studio.requests.submit, studio.alice, order, "api", token_id) == "token_refused"
        assert studio.images() == []


@pytest.fixture
def terminal(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_hashes: None
) -> Iterator[Database]:
    """The database that the command finds by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("IMAGIER_DATA_DIR", str(tmp_path / "data"))
    database = Database(database_url)
    yield database
    database.close()


def test_the_command_prints_the_token_alone(terminal: Database, capsys: pytest.CaptureFixture[str]) -> None:
    insert_cast(terminal)
    arguments = ["token", "add", " ALICE", "--name", "night job", "--scope", "read", "--ends", "2099-12-31"]
    assert main([*arguments, "--dollars", "1.50"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("imagier_")
    assert said.out.count("\n") == 1
    tokens = Tokens(terminal, 10)
    caller = tokens.caller(said.out.strip())
    assert caller.login == "alice"
    assert caller.scopes == {READ}
    token = tokens.one(caller.token_id)
    assert token.limit_micros == 1_500_000
    assert token.ends_at is not None
    assert token.ends_at.isoformat() == "2100-01-01T00:00:00+00:00"
    assert main(["token", "list", "alice"]) == 0
    assert capsys.readouterr().out == f"{token.id}\talice\tread\t2100-01-01T00:00:00+00:00\t-\tnight job\n"
    assert main(["token", "revoke", "alice", str(token.id)]) == 0
    assert main(["token", "list"]) == 0
    assert capsys.readouterr().out == ""
    assert refusal(tokens.caller, said.out.strip()) == "token_refused"


@pytest.mark.parametrize(
    "arguments",
    [("nobody", "--name", "x"), ("alice", "--name", " "), ("alice", "--name", "x", "--dollars", "-1"),
     ("alice", "--name", "x", "--ends", "2001-01-01")],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(
    terminal: Database, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    insert_cast(terminal)
    assert main(["token", "add", *arguments]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "per-month" not in said.err, "what a token may spend is no limit of a month"
