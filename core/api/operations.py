"""Every operation of the API, described once."""

from typing import Any

from core.accounts.tokens import GENERATE, READ
from core.api import images, library, models, money, requests
from core.api.door import Operation
from core.i18n import mark

IMAGES = "ImagesResponse"
SPENDING = (400, 401, 403, 404, 409, 413, 415, 429, 500, 502, 503, 504)
READING = (400, 401, 403, 429, 500)
ONE = (400, 401, 403, 404, 429, 500)
CHANGING = (400, 401, 403, 404, 409, 413, 415, 429, 500)
REPEATED = ("Idempotency-Key", "Prefer")


def _of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


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
    Operation(
        "GET",
        "/v1/models",
        "listModels",
        mark("The models that may be used with this token."),
        models.list_models,
        READ,
        {200: _of("Models")},
        fails=READING,
    ),
    Operation(
        "GET",
        "/v1/models/{id}",
        "retrieveModel",
        mark("One of them."),
        models.one_model,
        READ,
        {200: _of("Model")},
        fails=ONE,
    ),
    Operation(
        "GET",
        "/v1/requests",
        "listRequests",
        mark("What was ordered, newest first, by pages and by programs."),
        requests.list_requests,
        READ,
        {200: _of("Requests")},
        query=(requests.LIMIT, requests.AFTER),
        fails=READING,
    ),
    Operation(
        "GET",
        "/v1/requests/{id}",
        "retrieveRequest",
        mark("One request, and how each of its pictures stands."),
        requests.one_request,
        READ,
        {200: _of("Request")},
        fails=ONE,
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
        fails=(*CHANGING, 502, 503),
    ),
    Operation(
        "GET",
        "/v1/pictures",
        "listPictures",
        mark("The finished pictures, newest first."),
        library.list_pictures,
        READ,
        {200: _of("Pictures")},
        query=(requests.LIMIT, requests.AFTER, library.SEARCH),
        fails=READING,
    ),
    Operation(
        "GET",
        "/v1/pictures/{id}",
        "retrievePicture",
        mark("One picture."),
        library.one_picture,
        READ,
        {200: _of("Picture")},
        fails=ONE,
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
    Operation(
        "GET",
        "/v1/usage",
        "retrieveUsage",
        mark("What was made and spent in this day and this month."),
        money.usage,
        READ,
        {200: _of("Usages")},
        fails=READING,
    ),
    Operation(
        "GET",
        "/v1/limits",
        "listLimits",
        mark("Every limit that holds, with what is used, reserved and left of it."),
        money.limits,
        READ,
        {200: _of("Limits")},
        fails=READING,
    ),
)
