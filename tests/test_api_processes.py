"""The API and other processes: a restart, a token revoked elsewhere, a stream that waits long, an outside checker."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from core.services import build
from core.settings import Settings
from tests.api import MODEL, Api, lane_to, opened, serving, settings_with
from tests.images_server import ImagesServer
from tests.patience import until
from tests.test_audit import entries


@dataclass
class Site:
    settings: Settings
    server: ImagesServer
    api: Api


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    settings = settings_with(tmp_path / "data", sqlite_template, IMAGIER_API_HEARTBEAT=0.02)
    with ImagesServer() as server, opened(settings, server) as api:
        yield Site(settings, server, api)


def test_a_key_gives_the_same_picture_after_a_restart_and_no_second_call(tmp_path: Path, sqlite_template: Path) -> None:
    call: dict[str, Any] = {"model": MODEL, "prompt": "a quay", "extra_headers": {"Idempotency-Key": "restart"}}
    settings = settings_with(tmp_path / "data", sqlite_template)
    with ImagesServer() as server:
        with opened(settings, server) as api:
            first = api.client().images.generate(**call).model_dump()
        with (
            serving(build(settings, [lane_to(server)])) as origin,
            openai.OpenAI(api_key=api.token, base_url=f"{origin}/api/v1", max_retries=0) as client,
        ):
            second = client.images.generate(**call).model_dump()
            with pytest.raises(openai.ConflictError):
                client.images.generate(**{**call, "prompt": "another quay"})
        assert second == first
        assert len(server.calls) == 1


def test_a_token_revoked_by_one_process_is_refused_by_another_at_once(site: Site) -> None:
    with (
        serving(build(site.settings, [lane_to(site.server)])) as origin,
        openai.OpenAI(api_key=site.api.token, base_url=f"{origin}/api/v1", max_retries=0) as client,
    ):
        assert client.models.list().data
        (token,) = site.api.services.tokens.of(site.api.cast.alice)
        site.api.services.tokens.revoke(site.api.cast.alice, token.id)
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
        until(lambda: entries(site.api.services.database)[-1].act == "token.refused", "the record of it")
        entry = entries(site.api.services.database)[-1]
        assert (entry.address, entry.door, entry.subject) == ("127.0.0.1", "api", "alice: test")


def test_a_stream_gives_a_sign_of_life_while_nothing_comes(site: Site) -> None:
    site.server.holding = True
    request = urllib.request.Request(
        f"{site.api.base_url}/images/generations",
        json.dumps({"model": MODEL, "prompt": "a quay", "stream": True}).encode(),
        {"Authorization": f"Bearer {site.api.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert [answer.readline() for _ in range(3)] == [b": keep-alive\n", b"\n", b": keep-alive\n"]
            site.server.holding = False
            site.server.release()
            events = [line for line in answer if line.startswith(b"event:")]
    finally:
        site.server.holding = False
        site.server.release()
    assert events == [b"event: image_generation.completed\n"]


def test_schemathesis_finds_nothing(site: Site, tmp_path: Path) -> None:
    """With all of its checks, and without a word of configuration."""
    checked = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{site.api.origin}/api/openapi.json"),
            *("--header", f"Authorization: Bearer {site.api.token}", "--phases", "fuzzing,stateful"),
            *("--max-examples", "3", "--seed", "1", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
