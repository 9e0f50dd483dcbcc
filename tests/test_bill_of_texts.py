"""What suggestions cost in the ledger, beside the lines of their models on the provider's bill."""

from datetime import UTC, date, datetime

from pydantic import SecretStr

from core.ledger.reconciliation import DayDrift, reconcile
from core.settings import Settings
from core.storage.database import Database
from tests.costs_server import KEY, CostsServer, Line
from tests.ledger_rows import add_text
from tests.studio import insert_cast

FIRST = date(2026, 11, 1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_texts_that_were_asked_from_here_are_compared_too(database: Database, settings: Settings) -> None:
    """Whatever else the account asks other text models is nobody's business here."""
    user_id = insert_cast(database).alice
    add_text(database, user_id, at("2026-11-01T10:00"), cost=4_000, finished_at=at("2026-11-01T10:00:03"))
    add_text(
        database, user_id, at("2026-11-01T11:00"), reserved=900, state="unknown", finished_at=at("2026-11-01T11:01")
    )
    add_text(database, user_id, at("2026-11-01T12:00"), cost=7, connection="mine", finished_at=at("2026-11-01T12:01"))
    lines = {
        FIRST: [
            Line("gpt-words-mini-2026-01-31, input", "0.001"),
            Line("gpt-words-mini, output", "0.003"),
            Line("gpt-words-mini-large, output", "5"),
            Line("gpt-words, output", "5"),
        ]
    }
    with CostsServer() as server:
        server.lines = lines
        asked = {"openai_base_url": server.base_url, "openai_admin_key": SecretStr(KEY)}
        assert reconcile(database, settings.model_copy(update=asked), FIRST, FIRST) == [
            DayDrift(FIRST, 4_000, 4_000, 900)
        ]
