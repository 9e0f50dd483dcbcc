"""Files for the administrator: what a page shows, as CSV or Parquet, in pieces, however long it is.

The address holds the same filters as the page's. A database is read in asyncio's own threads, because those of
Starlette's limiter are few and Streamlit needs them.
"""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.accounts import audit
from core.accounts.acts import Act, Narrowed
from core.acting import Actor, acting
from core.api.auth import person_of
from core.ledger.export import Entry
from core.ledger.formats import FORMATS
from core.services import Services
from core.studio.narrowing import Inquiry

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
Rows = Generator[tuple[Any, ...], None, None]


def list_routes(services: Services) -> list[Route]:
    """`/lists/audit.csv` and so on."""

    def acts(asked: Mapping[str, str]) -> tuple[Rows, type]:
        return services.acts.export(Narrowed.of(asked, services.site.now().zone)), Act

    def requests(asked: Mapping[str, str]) -> tuple[Rows, type]:
        return services.inquiries.export(Inquiry.of(asked, services.site.now().zone)), Entry

    sources = {"audit": acts, "requests": requests}

    async def export(request: Request) -> Response:
        person = await person_of(request, services.sessions)
        if person is None:
            return PlainTextResponse("Sign in first.", 401, {"Cache-Control": "no-store"})
        name, kind = request.path_params["name"], request.path_params["kind"]
        if not person.is_admin or name not in sources or kind not in FORMATS:
            return PlainTextResponse("There is no such file.", 404, {"Cache-Control": "no-store"})
        asked = dict(request.query_params)
        who = Actor(person.user_id, person.login, request.client.host if request.client else "", "pages")

        def begin() -> Iterator[bytes]:
            with acting(who), services.database.write() as session:
                now = services.database.now(session)
                audit.record(session, now, f"{name}.exported", kind, after=asked or None)
            return _pieces(*sources[name](asked), kind)

        headers = {
            "Content-Disposition": f'attachment; filename="imagier-{name}.{kind}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        pieces = await asyncio.to_thread(begin)
        return StreamingResponse(_in_threads(pieces), headers=headers, media_type=MEDIA_TYPES[kind])

    return [Route("/lists/{name}.{kind}", export)]


def _pieces(rows: Rows, row: type, kind: str) -> Iterator[bytes]:
    with closing(rows):
        yield from FORMATS[kind](rows, row)


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        if piece:
            yield piece
