"""All of somebody's pictures in one file: one's own, or, for an administrator, those of anybody."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.accounts import audit
from core.accounts.sessions import Person
from core.acting import Actor, acting
from core.api.auth import person_of
from core.members.zips import pictures_zip
from core.services import Services
from core.storage.tables import User

PATH = "/export/pictures.zip"
LARGEST_ID = 2**63 - 1


def export_routes(services: Services) -> list[Route]:
    async def pictures(request: Request) -> Response:
        person = await person_of(request, services.sessions)
        if person is None:
            return PlainTextResponse("Sign in first.", 401, {"Cache-Control": "no-store"})
        typed = request.query_params.get("person", str(person.user_id))
        wanted = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
        address = request.client.host if request.client else ""
        login = await asyncio.to_thread(_begin, services, person, wanted, address)
        if login is None:
            return PlainTextResponse("There is no such person.", 404, {"Cache-Control": "no-store"})
        headers = {
            "Content-Disposition": f'attachment; filename="imagier-{login}.zip"',
            "Cache-Control": "no-store",
        }
        pieces = pictures_zip(services.database, services.files, wanted)
        return StreamingResponse(in_threads(pieces), headers=headers, media_type="application/zip")

    return [Route(PATH, pictures)]


def of_person(user_id: int) -> str:
    return f"{PATH}?person={user_id}"


def _begin(services: Services, person: Person, wanted: int, address: str) -> str | None:
    """The sign-in name of whose pictures they are, written down; None if they are none of this person's business."""
    if wanted != person.user_id and not person.is_admin:
        return None
    with acting(Actor(person.user_id, person.login, address, "pages")), services.database.write() as session:
        user = session.get(User, wanted)
        if user is None or user.left_at is not None:
            return None
        audit.record(session, services.database.now(session), "pictures.exported", user.login)
        return user.login


async def in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Starlette would use the few threads that Streamlit needs."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
