"""`/metrics` for Prometheus, behind a token; without the setting there is no such address.

Every number is read from the database when it is asked for, so it is the same in every process, and right after a
restart. Counters fall only when pictures are deleted, which Prometheus takes for a restart.
"""

import asyncio
import hmac
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.api.health import FRESH
from core.ledger.usage.state import State
from core.ledger.usage.times import OF_AN_OCTAVE
from core.services import Services

STATES = ("queued", "paused", "running", "done", "failed", "blocked", "unknown", "cancelled")
OCTAVES = range(-2, 11)  # of the bounds: from a quarter of a second to 17 minutes
REFUSAL = {**FRESH, "WWW-Authenticate": "Bearer"}


def metrics_routes(services: Services) -> list[Route]:
    token = services.settings.metrics_token

    async def metrics(request: Request) -> Response:
        if token is None:
            return PlainTextResponse("Not Found", 404, FRESH)
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        expected = token.get_secret_value().encode()
        is_right = hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected)
        if kind.lower() != "bearer" or not is_right:
            return PlainTextResponse("Unauthorized", 401, REFUSAL)
        state = await asyncio.to_thread(services.states.now)
        return Response(exposed(state), media_type=CONTENT_TYPE_LATEST, headers=FRESH)

    return [Route("/metrics", metrics)]


def exposed(state: State) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(state))
    return generate_latest(registry)


class _Collector:
    def __init__(self, state: State):
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state
        pictures = GaugeMetricFamily("imagier_pictures", "Pictures by state.", labels=["state"])
        for name in STATES:
            pictures.add_metric([name], state.pictures.get(name, 0))
        yield pictures
        yield GaugeMetricFamily("imagier_waiting", "Pictures that wait in the line.", state.waiting)
        yield GaugeMetricFamily("imagier_running", "Pictures that are being drawn.", state.running)
        yield GaugeMetricFamily(
            "imagier_oldest_waiting_seconds", "How long the oldest of them has waited.", state.oldest_waiting
        )
        yield CounterMetricFamily("imagier_cost_dollars", "Booked in all.", state.cost_micros / 1_000_000)
        yield GaugeMetricFamily("imagier_reserved_dollars", "Held for what is under way.", state.reserved_micros / 1e6)
        yield GaugeMetricFamily("imagier_at_risk_dollars", "May have been billed.", state.risk_micros / 1_000_000)
        calls = CounterMetricFamily(
            "imagier_calls", "Calls to a provider that have ended.", labels=["connection", "outcome"]
        )
        errors = CounterMetricFamily(
            "imagier_call_errors", "Calls that ended without a picture.", labels=["connection", "reason"]
        )
        for labels, number in _grouped(state, lambda outcome, _: outcome).items():
            calls.add_metric(labels, number)
        for labels, number in _grouped(state, lambda outcome, reason: "" if outcome == "done" else reason).items():
            if labels[1]:
                errors.add_metric(labels, number)
        yield calls
        yield errors
        yield _durations(state)


def _grouped(state: State, label: Callable[[str, str], str]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for (connection, outcome, reason), number in state.calls.items():
        key = (connection, label(outcome, reason))
        found[key] = found.get(key, 0) + number
    return found


def _durations(state: State) -> HistogramMetricFamily:
    family = HistogramMetricFamily("imagier_call_seconds", "How long calls to a provider take.", labels=["connection"])
    for connection, numbers in state.durations.items():
        bounds = [
            (str(2.0**octave), sum(number for bucket, number in numbers.items() if bucket <= octave * OF_AN_OCTAVE))
            for octave in OCTAVES
        ]
        family.add_metric([connection], [*bounds, ("+Inf", sum(numbers.values()))], state.seconds[connection])
    return family
