"""What the token's owner has used, and what their limits leave."""

from typing import Any

from starlette.responses import Response

from core.api.door import Call, answer
from core.ledger.room import Use


async def limits(call: Call) -> Response:
    found = await call.threads.run(call.services.ledger.uses, call.caller.user_id)
    data = [_shown(use) for use in found]
    choices = await call.threads.run(call.services.ledger.choices_of, call.caller.user_id)
    data += [_choice(kind, most) for kind, most in choices.items()]
    own = await call.threads.run(call.services.tokens.one, call.caller.token_id)
    if own.limit_micros is not None:
        data.append(
            {
                "id": "token",
                "object": "limit",
                "kind": "dollars",
                "scope": "token",
                "unit": "micro_dollars",
                "limit": own.limit_micros,
                "used": own.cost_micros,
                "reserved": own.reserved_micros,
                "left": max(0, own.limit_micros - own.cost_micros - own.reserved_micros),
                "resets": None,
            }
        )
    return answer({"object": "list", "data": data, "has_more": False})


async def usage(call: Call) -> Response:
    spent = await call.threads.run(call.services.ledger.spent, call.caller.user_id)
    data = [
        {
            "object": "usage",
            "window": window,
            "begins": begins.isoformat(),
            "ends": ends.isoformat(),
            "pictures": pictures,
            "cost_micros": cost,
            "reserved_micros": reserved,
        }
        for window, (begins, ends), (pictures, cost, reserved) in spent
    ]
    return answer({"object": "list", "data": data, "has_more": False})


def _choice(kind: str, most: str) -> dict[str, Any]:
    """The highest quality, the largest size, or the models: nothing that is used up."""
    nothing = dict.fromkeys(("used", "reserved", "left", "resets"))
    about = {"id": f"person:{kind}", "object": "limit", "kind": kind, "scope": "person", "unit": "choice"}
    return {**about, "limit": most, **nothing}


def _shown(use: Use) -> dict[str, Any]:
    scope = "site" if use.is_site else "person"
    return {
        "id": f"{scope}:{use.kind}",
        "object": "limit",
        "kind": use.kind,
        "scope": scope,
        "unit": "micro_dollars" if use.is_money else "pictures",
        "limit": use.most,
        "used": use.used,
        "reserved": use.reserved,
        "left": use.left,
        "resets": use.resets.isoformat() if use.resets is not None else None,
    }
