"""Pictures in one file: all of somebody's, one's own or, for an administrator, anybody's; or those that were picked."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.accounts import audit
from core.accounts.sessions import Person
from core.acting import Actor, acting
from core.api.auth import is_from_elsewhere, person_of
from core.i18n import Reader
from core.services import Services
from core.storage.tables import User
from core.studio.picked import Picked
from core.studio.zips import all_of, pictures_zip, some_of

PATH = "/export/pictures.zip"
PICKED = "/export/picked.zip"
LARGEST_ID = 2**63 - 1
LARGEST_FORM, MOST_FIELDS = 2_000_000, 30  # bytes: some hundred thousand numbers


def export_routes(services: Services) -> list[Route]:
    async def pictures(request: Request) -> Response:
        person = await person_of(request, services.sessions)
        if person is None:
            return _refusal("Sign in first.", 401)
        typed = request.query_params.get("person", str(person.user_id))
        wanted = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
        address = request.client.host if request.client else ""
        login = await asyncio.to_thread(_begin, services, person, wanted, address)
        if login is None:
            return _refusal("There is no such person.", 404)
        found = all_of(services.database, wanted)
        is_own = wanted == person.user_id
        return _zip(f"imagier-{login}", pictures_zip(services.files, found, _reader(services, person), is_own))

    async def picked(request: Request) -> Response:
        """A form, because there may be more of them than an address is long."""
        person = await person_of(request, services.sessions)
        if person is None:
            return _refusal("Sign in first.", 401)
        if is_from_elsewhere(request):
            return _refusal("This form is not one of ours.", 403)
        fields = await _fields(request)
        if fields is None:
            return _refusal("This form is not one of ours.", 400)
        address = request.client.host if request.client else ""
        ids = await asyncio.to_thread(_picked, services, person, fields, address)
        found = some_of(services.database, person.user_id, ids)
        return _zip("imagier", pictures_zip(services.files, found, _reader(services, person)))

    return [Route(PATH, pictures), Route(PICKED, picked, methods=["POST"])]


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


async def _fields(request: Request) -> dict[str, str] | None:
    """None for what none of our pages sends."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            return None
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS))
    except ValueError:
        return None


def _picked(services: Services, person: Person, fields: Mapping[str, str], address: str) -> list[int]:
    """Which ones, and that they are taken along is written down."""
    zone = Reader(timezone=fields.get("zone")).timezone
    ids = Picked.of(fields, zone).resolved(services.gallery, person)
    with acting(Actor(person.user_id, person.login, address, "pages")), services.database.write() as session:
        now = services.database.now(session)
        audit.record(session, now, "pictures.exported", person.login, after={"pictures": len(ids)})
    return ids


def _reader(services: Services, person: Person) -> Reader:
    return Reader(person.language or services.site.now().language or "en")


def _zip(name: str, pieces: Iterator[bytes]) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.zip"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(in_threads(pieces), headers=headers, media_type="application/zip")


def _refusal(words: str, status: int) -> Response:
    return PlainTextResponse(words, status, {"Cache-Control": "no-store"})


async def in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Starlette would use the few threads that Streamlit needs."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
