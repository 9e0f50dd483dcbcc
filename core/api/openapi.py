"""The OpenAPI 3.1 document, made of the descriptions of the operations."""

from http import HTTPStatus
from typing import Any

from core.api.door import Operation
from core.api.operations import OPERATIONS
from core.api.parameters import CUSTOM_SIZE, schema
from core.catalog.catalog import Model
from core.i18n import mark
from core.storage.uploads import MOST_REFERENCES
from core.studio.gallery import LARGEST_ID

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
MAYBE_TEXT, MAYBE_NUMBER = {"type": ["string", "null"]}, {"type": ["integer", "null"]}
EDITED = mark("The file of a picture to start from (PNG, JPEG or WebP), or the id of a picture of one's own.")
MASKING = mark(
    "A PNG that is transparent where the first picture is to be painted anew, or the id of a picture like that."
)
STREAMING = {"createImage": "image_generation", "createImageEdit": "image_edit"}
KEY = "^[!-~]([ -~]*[!-~])?$"  # spaces at its ends are no part of a header
PACE = ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")
NUMBERS = (*PACE[:2], "Retry-After")
OF_REQUESTS = ("retrieveRequest", "cancelRequest", "retryRequest")
OF_PICTURES = ("retrievePicture", "retrievePictureContent", "deletePicture")
LINKS = {  # not of pictures: they may come in a stream, where no link finds anything
    "Request": dict.fromkeys(OF_REQUESTS, "/id") | dict.fromkeys(OF_PICTURES, "/pictures/0/id"),
    "Picture": dict.fromkeys(OF_PICTURES, "/id"),
    "Models": {"retrieveModel": "/data/0/id"},
}
HEADERS = {
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": KEY},
    "Prefer": {
        "type": "string",
        "description": "respond-async: a 202 at once, with a Location to ask.",
        "examples": ["respond-async"],
    },
}


def document(models: list[Model]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.address, {})[operation.method.lower()] = _operation(operation, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Imagier",
            "version": "1",
            "description": "OpenAI's Images API with personal tokens; one's requests, pictures, usage and limits.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS,
        },
    }


def _operation(operation: Operation, models: list[Model]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, found in operation.answers.items():
        if found is None:
            kinds = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/avif", "image/svg+xml")
            content: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
        else:
            content = {"application/json": {"schema": found}}
            if operation.name in STREAMING and status == 200:
                content["text/event-stream"] = {"schema": _event(STREAMING[operation.name])}
        answers[str(status)] = {"description": operation.text, "content": content} | _links(found)
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for status in (*operation.fails, 405):
        answers[str(status)] = {"description": HTTPStatus(status).phrase, "content": error}
    for code, one in answers.items():
        one["headers"] = _headers(operation, int(code))
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.text,
        "parameters": _parameters(operation),
        "responses": answers,
    }
    if not operation.scope:
        described["security"] = []
    body = _body(operation.body, models)
    if body is not None:
        described["requestBody"] = body
    return described


def _links(found: dict[str, Any] | None) -> dict[str, Any]:
    """What can be asked next of what was answered."""
    by = {} if found is None else LINKS.get(found["$ref"].rpartition("/")[2], {})
    links = {name: {"operationId": name, "parameters": {"id": f"$response.body#{place}"}} for name, place in by.items()}
    return {"links": links} if links else {}


def _headers(operation: Operation, status: int) -> dict[str, Any]:
    names = ["x-request-id"]
    if operation.scope and status not in (401, 405):
        names += PACE
    if status == 202:
        names.append("Location")
    if status == 429:
        names.append("Retry-After")
    return {name: {"schema": NUMBER if name in NUMBERS else TEXT} for name in names}


def _event(name: str) -> dict[str, Any]:
    """Of each event of the stream; a line that begins with a colon is a sign of life and no event."""
    kinds = {"enum": [f"{name}.partial_image", f"{name}.completed", "error"]}
    content = _object({"type": kinds}, {"b64_json": TEXT, "url": TEXT, "error": INNER})
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": content}
    return _object({"event": kinds, "data": data})


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in operation.address:
        number: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
        named: dict[str, Any] = {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9]+([._:/-][A-Za-z0-9]+)*$"}
        is_model = operation.name == "retrieveModel"
        found.append({"name": "id", "in": "path", "required": True, "schema": named if is_model else number})
    for query in operation.query:
        found.append(
            {
                "name": query.name,
                "in": "query",
                "required": not operation.scope,
                "description": query.text,
                "schema": dict(query.schema),
            }
        )
    found += [{"name": name, "in": "header", "schema": HEADERS[name]} for name in operation.headers]
    return found


def _body(kind: Any, models: list[Model]) -> dict[str, Any] | None:
    match kind:
        case "generation":
            return {
                "required": True,
                "content": {"application/json": {"schema": schema(False, models, models[0] if models else None)}},
            }
        case "edit":
            kinds = {"contentType": "image/png, image/jpeg, image/webp"}
            files = {"image": kinds, "image[]": kinds, "mask": {"contentType": "image/png"}}
            return {
                "required": True,
                "content": {"multipart/form-data": {"schema": _edit(models), "encoding": files}},
            }
        case "retry":
            flag = {"type": ["boolean", "null"]}
            wanted = {"type": "object", "properties": {"may_be_billed_again": flag}, "additionalProperties": False}
            return {"required": False, "content": {"application/json": {"schema": wanted}}}
    return None


def _edit(models: list[Model]) -> dict[str, Any]:
    able = [model for model in models if model.most_references]
    found = schema(True, able, models[0] if models else None)
    more = {"type": "array", "items": _picture(EDITED), "minItems": 1}
    for one in found.get("anyOf", [found]):
        one["properties"] |= {"image": _picture(EDITED), "image[]": more, "mask": _picture(MASKING)}
        one["anyOf"] = [
            {"required": ["image"], "properties": {"image[]": {"maxItems": MOST_REFERENCES - 1}}},
            {"required": ["image[]"], "properties": {"image": False, "image[]": {"maxItems": MOST_REFERENCES}}},
        ]
    return found


def _picture(text: str) -> dict[str, Any]:
    """A string of any bytes: what is no picture is refused, and no schema can tell."""
    return {"type": "string", "minLength": 1, "description": text}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def _list(of: str, paged: bool = True) -> dict[str, Any]:
    items = {"object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}}
    more = {"has_more": FLAG, "first_id": MAYBE_NUMBER, "last_id": MAYBE_NUMBER} if paged else {}
    return _object({**items, **more})


INNER = _object(
    {"message": TEXT, "type": TEXT, "param": MAYBE_TEXT, "code": TEXT},
    {
        "details": {"type": "object"},
        "moderation_details": {"type": "object"},
        "provider_request_id": TEXT,
        "index": NUMBER,
    },
)
TEXTS = {"type": "array", "items": TEXT}
SCHEMAS: dict[str, Any] = {
    "Error": _object({"error": INNER}),
    "CustomSize": CUSTOM_SIZE,
    "ImagesResponse": _object(
        {
            "created": NUMBER,
            "request_id": NUMBER,
            "data": {
                "type": "array",
                "items": _object(
                    {"id": NUMBER, "index": NUMBER}, {"b64_json": TEXT, "url": TEXT, "revised_prompt": TEXT}
                ),
            },
        },
        {
            "background": TEXT,
            "output_format": TEXT,
            "quality": TEXT,
            "size": TEXT,
            "safety_identifier": TEXT,
            "usage": {"type": "object"},
            "errors": {"type": "array", "items": INNER},
        },
    ),
    "Model": _object(
        {"id": TEXT, "object": {"const": "model"}, "created": NUMBER, "owned_by": TEXT},
        {
            "shutdown_date": TEXT,
            "sizes": TEXTS,
            "custom_sizes": FLAG,
            "qualities": TEXTS,
            "backgrounds": TEXTS,
            "output_formats": TEXTS,
            "edits": FLAG,
        },
    ),
    "Models": _list("Model", paged=False),
    "Request": _object(
        {
            "id": NUMBER,
            "object": {"const": "request"},
            "created": NUMBER,
            "status": {"enum": ["queued", "paused", "running", "done", "failed", "blocked", "unknown", "cancelled"]},
            "door": TEXT,
            "model": TEXT,
            "prompt": TEXT,
            "n": NUMBER,
            "size": MAYBE_TEXT,
            "quality": MAYBE_TEXT,
            "background": MAYBE_TEXT,
            "output_format": MAYBE_TEXT,
            "pictures": {
                "type": "array",
                "items": _object(
                    {
                        "id": NUMBER,
                        "index": NUMBER,
                        "status": TEXT,
                        "content": MAYBE_TEXT,
                        "cost_micros": MAYBE_NUMBER,
                        "error": {"anyOf": [INNER, {"type": "null"}]},
                    }
                ),
            },
        }
    ),
    "Requests": _list("Request"),
    "Picture": _object(
        {
            "id": NUMBER,
            "object": {"const": "picture"},
            "created": NUMBER,
            "request_id": NUMBER,
            "prompt": TEXT,
            "revised_prompt": MAYBE_TEXT,
            "model": TEXT,
            "quality": MAYBE_TEXT,
            "width": MAYBE_NUMBER,
            "height": MAYBE_NUMBER,
            "media_type": MAYBE_TEXT,
            "bytes": MAYBE_NUMBER,
            "cost_micros": MAYBE_NUMBER,
            "content": TEXT,
        }
    ),
    "Pictures": _list("Picture"),
    "DeletedPicture": _object({"id": NUMBER, "object": {"const": "picture.deleted"}, "deleted": FLAG}),
    "Usage": _object(
        {
            "object": {"const": "usage"},
            "window": {"enum": ["day", "month"]},
            "begins": TEXT,
            "ends": TEXT,
            "pictures": NUMBER,
            "cost_micros": NUMBER,
            "reserved_micros": NUMBER,
        }
    ),
    "Usages": _list("Usage", paged=False),
    "Limit": _object(
        {
            "id": TEXT,
            "object": {"const": "limit"},
            "kind": TEXT,
            "scope": {"enum": ["person", "site", "token"]},
            "unit": {"enum": ["pictures", "micro_dollars", "choice"]},
            "limit": {"type": ["integer", "string"]},
            "used": MAYBE_NUMBER,
            "reserved": MAYBE_NUMBER,
            "left": MAYBE_NUMBER,
            "resets": MAYBE_TEXT,
        }
    ),
    "Limits": _list("Limit", paged=False),
}
