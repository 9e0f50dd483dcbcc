"""The export of the ledger for an administrator's browser, streamed: whatever the period, a few rows are in memory."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import date

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.acting import Actor, act_as
from core.api.auth import person_of
from core.api.exports import in_threads
from core.ledger.export import export, note_export, period
from core.ledger.formats import FORMATS
from core.services import Services

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
FIRST_YEAR, LAST_YEAR = 2000, 9000


def ledger_routes(services: Services) -> list[Route]:
    """`/export/ledger.csv?from=2026-11-01&to=2026-11-30`, both days of the site's time zone included."""

    async def exported(request: Request) -> Response:
        person = await person_of(request, services.sessions)
        kind = request.path_params["kind"]
        if person is None:
            return _refusal("Sign in first.", 401)
        if not person.is_admin or kind not in FORMATS:
            return _refusal("There is nothing here.", 404)
        first, last = (_day(request.query_params.get(name, "")) for name in ("from", "to"))
        if first is None or last is None or first > last:
            return _refusal("Two days are needed: ?from=2026-11-01&to=2026-11-30.", 400)
        act_as(Actor(person.user_id, person.login, request.client.host if request.client else "", "pages"))
        zone = (await asyncio.to_thread(services.site.now)).zone
        await asyncio.to_thread(note_export, services.database, first, last, kind)

        def pieces() -> Iterator[bytes]:
            with closing(export(services.database, *period(first, last, zone))) as entries:
                yield from FORMATS[kind](entries)

        headers = {
            "Content-Disposition": f'attachment; filename="imagier-{first}-{last}.{kind}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(in_threads(pieces()), headers=headers, media_type=MEDIA_TYPES[kind])

    return [Route("/export/ledger.{kind}", exported)]


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _refusal(words: str, status: int) -> Response:
    return PlainTextResponse(words, status, {"Cache-Control": "no-store"})
