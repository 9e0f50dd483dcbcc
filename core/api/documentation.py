"""/api/openapi.json for programs, /api/docs for people: one page without a script or anything from elsewhere."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from core.api.door import Call, Operation, answer, bearer
from core.api.models import allowed
from core.api.openapi import EDITED, MASKING, document
from core.api.operations import OPERATIONS
from core.api.parameters import parameters_of
from core.engines.connections import Offer
from core.errors import Problem
from core.i18n import Reader
from core.services import Services

LOCKED_UP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentcolor 16%, transparent); --accent: #a4481f; }
@media (prefers-color-scheme: dark) { :root { --accent: #e58a5c; } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem;
  background: light-dark(#fbf9f6, #17150f); color: light-dark(#22201c, #ece8e1); }
h1 { font-size: 1.7rem; margin: 0 0 .4rem; } h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem; }
section { border-top: 1px solid var(--line); padding: 1rem 0; } section p { margin: .3rem 0; }
h3 { font: 600 .95rem ui-monospace, monospace; margin: 0; overflow-wrap: anywhere; }
h3 b { color: var(--accent); display: inline-block; min-width: 4.4rem; }
pre { background: light-dark(#f1ece4, #221f18); padding: 1rem; border-radius: .6rem;
  overflow-x: auto; font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .6rem 0 0; font-size: .92rem; }
dt, code { font-family: ui-monospace, monospace; font-size: .88rem; } dd { margin: 0; } a { color: var(--accent); }
small { opacity: .75; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
"""
CURL = """curl {origin}/api/v1/images/generations \\
  -H "Authorization: Bearer $IMAGIER_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{{"prompt": "A lighthouse at dusk"}}'"""


async def described(call: Call) -> Response:
    offers = await call.threads.run(_offers, call.services, call.request)
    return answer(document([offer.model for offer in offers]), headers={"Vary": "Authorization"})


async def read(call: Call) -> Response:
    headers = {"Content-Security-Policy": LOCKED_UP, "Cache-Control": "no-store", "Vary": "Accept-Language"}
    origin = f"{call.request.url.scheme}://{call.request.url.netloc}"
    return HTMLResponse(page(call.reader, origin), headers=headers)


def _offers(services: Services, request: Request) -> list[Offer]:
    """Those that the reader may use, if a token says who that is."""
    try:
        return allowed(services, services.tokens.caller(bearer(request)).user_id)
    except Problem:
        return services.requests.offers(services.requests.today())


def page(text: Reader, origin: str) -> str:
    title = escape(text("The API of Imagier"))
    intro = escape(
        text("Every SDK of OpenAI works here: give it this address and a token of yours, which the account page makes.")
    )
    repeat = escape(
        text(
            "A call with an Idempotency-Key may be repeated for 24 hours and is billed once. Prefer: respond-async"
            " answers at once with a Location to ask."
        )
    )
    return (
        f'<!DOCTYPE html><html lang="{text.language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
        f"<h1>{title}</h1><p>{intro}</p><pre>{escape(CURL.format(origin=origin))}</pre><p>{repeat}</p>"
        f'<p><a href="/api/openapi.json">openapi.json</a></p><h2>{escape(text("Operations"))}</h2>'
        f"{''.join(_section(text, operation) for operation in OPERATIONS)}</main></body></html>"
    )


def _section(text: Reader, operation: Operation) -> str:
    rows = [(query.name, query.text) for query in operation.query if operation.scope]
    if operation.body in ("generation", "edit"):
        rows = [(parameter.name, parameter.text) for parameter in parameters_of(operation.body == "edit")]
    if operation.body == "edit":
        rows[1:1] = [("image, image[]", EDITED), ("mask", MASKING)]
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text(meaning))}</dd>" for name, meaning in rows)
    scope = f" <small>{escape(operation.scope)}</small>" if operation.scope else ""
    return (
        f"<section><h3><b>{operation.method}</b>{escape(operation.address)}</h3>"
        f"<p>{escape(text(operation.text))}{scope}</p>{f'<dl>{facts}</dl>' if facts else ''}</section>"
    )


# What describes the operations is none of them, and comes by the same door.
DOCUMENTS = (
    Operation("GET", "/openapi.json", "describe", "", described, "", {}, takes_any_query=True),
    Operation("GET", "/docs", "read", "", read, "", {}, takes_any_query=True),
)
