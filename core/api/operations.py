"""Every operation of the API, described once."""

from typing import Any

from core.accounts.tokens import GENERATE, READ
from core.api import images, library, models, money, requests
from core.api.door import Handler, Operation, Query
from core.i18n import mark

IMAGES = "ImagesResponse"
SPENDING = (400, 401, 403, 404, 409, 413, 415, 429, 500, 502, 503, 504)
READING = (400, 401, 403, 429, 500)
ONE = (400, 401, 403, 404, 429, 500)
CHANGING = (400, 401, 403, 404, 409, 413, 415, 429, 500)
KEY = "Idempotency-Key"
REPEATED = (KEY, "Prefer")


def _of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _read(path: str, name: str, text: str, handler: Handler, answer: str, query: tuple[Query, ...] = ()) -> Operation:
    """A question for which a token that only reads is enough; with an id, there may be no such thing."""
    fails = ONE if "{id" in path else READING
    return Operation("GET", path, name, text, handler, READ, {200: _of(answer)}, query=query, fails=fails)


OPERATIONS = (
    Operation(
        "POST",
        "/v1/images/generations",
        "createImage",
        mark("Make pictures from a description."),
        images.generate,
        GENERATE,
        {200: _of(IMAGES), 202: _of("Request")},
        body="generation",
        headers=REPEATED,
        fails=SPENDING,
    ),
    Operation(
        "POST",
        "/v1/images/edits",
        "createImageEdit",
        mark("Make pictures from a description and pictures to start from."),
        images.edit,
        GENERATE,
        {200: _of(IMAGES), 202: _of("Request")},
        body="edit",
        headers=REPEATED,
        fails=(*SPENDING, 410),
    ),
    _read(
        "/v1/models",
        "listModels",
        mark("The models that may be used with this token."),
        models.list_models,
        "Models",
    ),
    _read(
        "/v1/models/{id:path}",
        "retrieveModel",
        mark("One of them."),
        models.one_model,
        "Model",
    ),
    _read(
        "/v1/requests",
        "listRequests",
        mark("What was ordered, newest first, by pages and by programs."),
        requests.list_requests,
        "Requests",
        query=(requests.LIMIT, requests.AFTER),
    ),
    _read(
        "/v1/requests/{id}",
        "retrieveRequest",
        mark("One request, and how each of its pictures stands."),
        requests.one_request,
        "Request",
    ),
    Operation(
        "POST",
        "/v1/requests/{id}/cancel",
        "cancelRequest",
        mark("Take the pictures that still wait out of the line."),
        requests.cancel,
        GENERATE,
        {200: _of("Request")},
        fails=CHANGING,
    ),
    Operation(
        "POST",
        "/v1/requests/{id}/retry",
        "retryRequest",
        mark("Order once more what did not come. What may already have been billed wants may_be_billed_again."),
        requests.retry,
        GENERATE,
        {200: _of("Request")},
        body="retry",
        headers=(KEY,),
        fails=(*CHANGING, 502, 503),
    ),
    _read(
        "/v1/pictures",
        "listPictures",
        mark("The finished pictures, newest first."),
        library.list_pictures,
        "Pictures",
        query=(requests.LIMIT, requests.AFTER, library.SEARCH),
    ),
    _read(
        "/v1/pictures/{id}",
        "retrievePicture",
        mark("One picture."),
        library.one_picture,
        "Picture",
    ),
    Operation(
        "DELETE",
        "/v1/pictures/{id}",
        "deletePicture",
        mark("Throw a picture away. What it cost stays in the ledger."),
        library.delete,
        GENERATE,
        {200: _of("DeletedPicture")},
        fails=ONE,
    ),
    Operation(
        "GET",
        "/v1/pictures/{id}/content",
        "retrievePictureContent",
        mark("The bytes of a picture, as the provider sent them, or a small one."),
        library.content,
        READ,
        {200: None},
        query=(library.VARIANT,),
        media_type="image/*",
        fails=ONE,
    ),
    Operation(
        "GET",
        "/v1/files/{id}",
        "retrieveFile",
        mark("A picture by the address of response_format=url, which ends after an hour; without a token."),
        library.file,
        "",
        {200: None},
        query=(library.ENDS, library.SIGNATURE),
        media_type="image/*",
        fails=(400, 403, 404, 500),
    ),
    _read(
        "/v1/usage",
        "retrieveUsage",
        mark("What was made and spent in this day and this month."),
        money.usage,
        "Usages",
    ),
    _read(
        "/v1/limits",
        "listLimits",
        mark("Every limit that holds, with what is used, reserved and left of it."),
        money.limits,
        "Limits",
    ),
)
