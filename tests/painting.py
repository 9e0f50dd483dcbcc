"""Painting one picture with the OpenAI engine on the test server, and what came of it."""

import asyncio
import traceback
from dataclasses import dataclass, field
from typing import Any

from core.engines.base import (
    EngineFailure,
    Job,
    Painting,
    Preview,
    Reference,
)
from core.engines.openai_images import OpenAIImages
from core.problems import PROBLEMS
from tests.images_api import GPT_IMAGE_MODELS, picture
from tests.images_server import KEY, ImagesServer

MODEL = "gpt-image-2.6-flare"
LOCAL_MODEL = "sd-cpp-local"


@dataclass
class Outcome:
    previews: list[Preview] = field(default_factory=list)
    painting: Painting | None = None
    failure: EngineFailure | None = None


def engine_for(server: ImagesServer, **options: Any) -> OpenAIImages:
    chosen: dict[str, Any] = {
        "base_url": server.base_url,
        "api_key": KEY,
        "openai_models": GPT_IMAGE_MODELS,
        "deadline": 20.0,
    }
    return OpenAIImages(**(chosen | options))


async def painted(engine: OpenAIImages, job: Job) -> Outcome:
    """All that one painting gave; the failure is checked for what holds of every failure."""
    outcome = Outcome()
    try:
        async for step in engine.paint(job):
            if isinstance(step, Preview):
                outcome.previews.append(step)
            else:
                assert outcome.painting is None
                outcome.painting = step
    except EngineFailure as failure:
        outcome.failure = failure
    if outcome.failure:
        check(outcome.failure)
    return outcome


def check(failure: EngineFailure) -> None:
    assert failure.code in PROBLEMS
    assert len(failure.detail) <= 500
    shown = [failure.detail, str(failure), repr(failure), *traceback.format_exception(failure)]
    assert not any(KEY in text for text in shown)


def paint(server: ImagesServer, description: str = "a cat", model: str = MODEL, **options: Any) -> Outcome:
    engine_options = {name: options.pop(name) for name in list(options) if name in ("deadline", "api_key", "base_url")}

    async def run() -> Outcome:
        engine = engine_for(server, **engine_options)
        try:
            return await painted(engine, Job(model, description, **options))
        finally:
            await engine.close()

    return asyncio.run(run())


def references(count: int) -> tuple[Reference, ...]:
    data = picture("64x64", "png", 0, 0, False)
    return tuple(Reference(f"../my secret {n}.png", data, "image/png") for n in range(count))
