"""The models that a token's owner may use, as OpenAI lists models."""

from datetime import UTC, datetime, time
from typing import Any

from starlette.responses import Response

from core.api.door import Call, answer
from core.catalog.catalog import Model
from core.engines.connections import Offer
from core.errors import Problem
from core.services import Services


async def list_models(call: Call) -> Response:
    data = [shown(call, offer) for offer in await call.threads.run(allowed, call.services, call.caller.user_id)]
    return answer({"object": "list", "data": data})


async def one_model(call: Call) -> Response:
    name = call.request.path_params["id"]
    for offer in await call.threads.run(allowed, call.services, call.caller.user_id):
        if offer.model.name == name:
            return answer(shown(call, offer))
    raise Problem("model_not_offered", model=name[:80])


def shown(call: Call, offer: Offer) -> dict[str, Any]:
    model = offer.model
    day = datetime.combine(call.services.catalog.checked, time(), UTC)
    found: dict[str, Any] = {
        "id": model.name,
        "object": "model",
        "created": int(day.timestamp()),
        "owned_by": offer.lane.name,
        **able_to(model),
    }
    if model.shutdown is not None:
        found["shutdown_date"] = model.shutdown.isoformat()
    return found


def able_to(model: Model) -> dict[str, Any]:
    """What can be chosen for it, beside what OpenAI says of a model."""
    return {
        "sizes": list(model.sizes),
        "custom_sizes": model.custom_sizes,
        "qualities": list(model.qualities),
        "backgrounds": list(model.backgrounds),
        "output_formats": list(model.formats),
        "edits": model.most_references > 0,
    }


def allowed(services: Services, user_id: int) -> list[Offer]:
    """Those that a person may use, the default first."""
    requests, names = services.requests, services.ledger.models_of(user_id)
    return [it for it in requests.offers(requests.today()) if names is None or it.model.name in names]
