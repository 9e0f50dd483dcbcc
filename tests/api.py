"""The API on a real server: our routes under uvicorn, with a worker, in front of the test server of the provider."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import uvicorn
from starlette.applications import Starlette

from core import start
from core.engines.connections import Lane
from core.engines.openai_images import OpenAIImages
from core.services import Services, build
from core.settings import Settings
from tests.images_api import GPT_IMAGE_MODELS
from tests.images_server import KEY, ImagesServer
from tests.studio import Cast, insert_cast

MODEL = "gpt-image-2.6-flare"


@dataclass
class Api:
    services: Services
    server: ImagesServer
    cast: Cast
    origin: str
    token: str
    clients: list[openai.OpenAI] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"{self.origin}/api/v1"

    def client(self, token: str | None = None, **more: Any) -> openai.OpenAI:
        client = openai.OpenAI(api_key=token or self.token, base_url=self.base_url, **{"max_retries": 0, **more})
        self.clients.append(client)
        return client

    def token_of(self, user_id: int, name: str = "test", **more: Any) -> str:
        return self.services.tokens.make(user_id, name, **more)


@contextmanager
def serving(services: Services) -> Iterator[str]:
    """The address of a server with our routes and our middleware; the worker runs as long as it does."""
    app = Starlette(
        routes=start.routes(services), middleware=start.middleware(services), lifespan=start.lifespan(services)
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), name="api-server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def lane_to(server: ImagesServer, *models: str) -> Lane:
    def engine() -> OpenAIImages:
        return OpenAIImages(base_url=server.base_url, api_key=KEY, openai_models=GPT_IMAGE_MODELS, deadline=20.0)

    return Lane("openai", models or (MODEL, "gpt-image-2"), engine, at_once=8)


@contextmanager
def opened(settings: Settings, server: ImagesServer) -> Iterator[Api]:
    services = build(settings, [lane_to(server)])
    cast = insert_cast(services.database)
    with serving(services) as origin:
        api = Api(services, server, cast, origin, services.tokens.make(cast.alice, "test"))
        try:
            yield api
        finally:
            for client in api.clients:
                client.close()


def settings_with(folder: Path, template: Path, **more: Any) -> Settings:
    settings = Settings.load(_env_file=None, IMAGIER_DATA_DIR=folder, **more)
    settings.make_data_dir()
    shutil.copy(template, folder / "imagier.db")
    return settings
