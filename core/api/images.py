"""OpenAI's Images API: generations and edits. A call is an order like that of a page, and then waiting for it."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.responses import Response

from core.api import answers
from core.api.bodies import object_of
from core.api.door import Call, answer
from core.api.errors import NOT_AGAIN, refused
from core.api.forms import File, Form, read_form
from core.api.models import allowed
from core.api.once import key_of, once_of
from core.api.parameters import Wanted, from_form, refuse_pictures, wanted
from core.api.requests import shown
from core.api.streams import Events
from core.api.waiting import ended, kept
from core.engines.base import Painting
from core.errors import Problem
from core.storage.formats import media_type_of
from core.storage.uploads import MOST_REFERENCES
from core.studio.news import Watch
from core.studio.orders import Order, ReferenceFile
from core.studio.repeats import Once

IMAGE, IMAGES, MASK = "image", "image[]", "mask"


async def generate(call: Call) -> Response:
    values = await object_of(call.request)
    return await _made(call, "image_generation", values, None)


async def edit(call: Call) -> Response:
    with Form() as form:
        await read_form(call.request, call.threads, form)
        return await _made(call, "image_edit", from_form(form.fields), form)


async def _made(call: Call, name: str, values: Mapping[str, Any], form: Form | None) -> Response:
    """Order it, then answer at once, in events, or when all of it has come to an end."""
    services, caller = call.services, call.caller
    with ExitStack() as stack:
        watch = stack.enter_context(services.news.watching((), wants_pictures=True))
        found, request_id = await call.threads.run(_order, call, values, form, watch)
        if form is not None:
            form.close()
        if _prefers_async(call):
            record = await call.threads.run(services.records.one, caller.user_id, request_id)
            headers = {"Location": f"/api/v1/requests/{request_id}", "Preference-Applied": "respond-async"}
            return answer(shown(call.reader, record), 202, headers)
        if found.streams:
            events = Events(call, request_id, watch, name, found)
            return answers.Sending(
                events(),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
                after=stack.pop_all().close,
            )
        is_for_one = found.order.number == 1 and not found.wants_addresses
        came = await ended(call, request_id, watch, is_for_one)
        if isinstance(came, Painting):
            then = partial(kept, call, request_id, watch)
            return answers.begun(came, then, call.reader, found.repeated, after=stack.pop_all().close)
        record = came
        pictures = answers.Pictures(services, watch)
        for image in record.images:
            pictures.fetch(image)
    if not any(answers.is_there(image) for image in record.images):
        # Ordered anew it may be billed.
        return refused(call.reader, answers.problem_of(record.images[0], record.stopped), NOT_AGAIN)
    address = (lambda image: answers.address_of(call.request, services, image)) if found.wants_addresses else None
    return answers.whole(record, pictures, call.reader, address, found.repeated)


def _order(call: Call, values: Mapping[str, Any], form: Form | None, watch: Watch) -> tuple[Wanted, int]:
    """What the caller wants, and the id of the request that it has become."""
    files = form.files if form is not None else []
    for one in files:
        if one.field not in (IMAGE, IMAGES, MASK):
            refuse_pictures(one.field[:80])
    found = wanted(values, form is not None, call.services.catalog, partial(_default, call))
    requests, caller, once = call.services.requests, call.caller, _once(call, values, form)
    if form is None:
        order = found.order
    else:  # what it started from may be gone since the call was made first
        if once is not None and (before := requests.ordered_before(caller.user_id, once)) is not None:
            return found, before
        order = _with_pictures(call, found.order, files)
    return found, requests.submit(caller.user_id, order, "api", caller.token_id, once, watch.also)


def _default(call: Call) -> str:
    offers = allowed(call.services, call.caller.user_id)
    if not offers:
        raise Problem("model_not_offered", model="–")
    return offers[0].model.name


def _with_pictures(call: Call, order: Order, files: list[File]) -> Order:
    """Check each as on the page and keep it."""
    images = [one for one in files if one.field != MASK]
    masks = [one for one in files if one.field == MASK]
    if not images:
        raise Problem("parameter_missing", param=IMAGE)
    if len(images) > MOST_REFERENCES:
        raise Problem("too_many_references", count=len(images), most=MOST_REFERENCES)
    if len(masks) > 1:
        raise Problem("parameter_type", param=MASK, expected="file", found="array")
    references = tuple(_kept(call, one) for one in images)
    mask = _kept(call, masks[0]) if masks else None
    return replace(order, references=references, mask=mask)


def _kept(call: Call, one: File) -> ReferenceFile:
    """A file, or a text that is the id of a picture of one's own."""
    requests, user_id, image_id = call.services.requests, call.caller.user_id, _id_in(one)
    if image_id is not None:
        from_gallery = requests.mask_from_gallery if one.field == MASK else requests.reference_from_gallery
        try:
            return from_gallery(user_id, image_id)
        except Problem as problem:
            problem.params.setdefault("param", one.field)
            raise
    return (requests.keep_mask if one.field == MASK else requests.keep_reference)(user_id, one.name, one.read())


def _id_in(one: File) -> int | None:
    """None for what is no text; a text that is no number is the id of nothing."""
    data = b"" if one.is_named else one.read()
    if not data or media_type_of(data) is not None:
        return None
    try:
        typed = data.decode()
    except UnicodeDecodeError:
        return None
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 19 else 0


def _once(call: Call, values: Mapping[str, Any], form: Form | None) -> Once | None:
    """The key that the caller gave to this call."""
    key = key_of(call.request)
    if key is None:
        return None
    files = [(one.field == MASK, _sent(one)) for one in form.files] if form is not None else []
    return once_of(call.request, key, values, files)


def _sent(one: File) -> int | str:
    """What makes a file the same as another."""
    image_id = _id_in(one)
    return one.sha256() if image_id is None else image_id


def _prefers_async(call: Call) -> bool:
    wishes = ",".join(call.request.headers.getlist("prefer")).lower().split(",")
    return any(wish.partition(";")[0].strip() == "respond-async" for wish in wishes)
