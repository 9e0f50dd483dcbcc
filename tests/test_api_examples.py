"""What the README shows of the API, run as it stands there; and OpenAI's SDK for Node."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api import MODEL, Api, opened, settings_with
from tests.images_server import ImagesServer
from tests.studio import picture

ROOT = Path(__file__).parents[1]
NODE = ROOT / "tests" / "node"
EXAMPLES = {
    "sh": ROOT / "tests" / "examples" / "picture.sh",
    "python": ROOT / "tests" / "examples" / "picture.py",
    "js": NODE / "picture.mjs",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("examples") / "data"
    with ImagesServer() as server, opened(settings_with(folder, sqlite_template), server) as api:
        yield api


def run(api: Api, *command: str, folder: Path, **more: str) -> str:
    environment = {**os.environ, "IMAGIER_URL": api.origin, "IMAGIER_TOKEN": api.token, **more}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def node() -> str:
    program = shutil.which("node")
    if program is None or not (NODE / "node_modules").is_dir():
        reason = "Node's SDK is not installed (apt install nodejs npm, then make test)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return program


@pytest.mark.parametrize("readme", ["README.md", "README.fr.md"])
@pytest.mark.parametrize("language", EXAMPLES)
def test_the_readme_shows_what_is_run_here(readme: str, language: str) -> None:
    example = EXAMPLES[language].read_text("utf-8")
    assert f"```{language}\n{example}```" in (ROOT / readme).read_text("utf-8")


def test_the_example_with_curl_works(api: Api, tmp_path: Path) -> None:
    shell, curl = shutil.which("sh"), shutil.which("curl")
    if shell is None or curl is None:
        pytest.skip("curl is not installed (Debian: apt install curl)")
    answer = json.loads(run(api, shell, str(EXAMPLES["sh"]), folder=tmp_path))
    assert base64.b64decode(answer["data"][0]["b64_json"]).startswith(b"\x89PNG")


def test_the_example_in_python_works(api: Api, tmp_path: Path) -> None:
    run(api, sys.executable, str(EXAMPLES["python"]), folder=tmp_path)
    assert (tmp_path / "lighthouse.png").read_bytes().startswith(b"\x89PNG")


def test_the_example_in_node_works(api: Api, tmp_path: Path) -> None:
    run(api, node(), str(EXAMPLES["js"]), folder=tmp_path)
    assert (tmp_path / "lighthouse.png").read_bytes().startswith(b"\x89PNG")


def test_the_sdk_for_node_streams_edits_and_raises_its_errors(api: Api, tmp_path: Path) -> None:
    start = base64.b64encode(picture(64, 64)).decode()
    found: dict[str, Any] = json.loads(run(api, node(), str(NODE / "sdk.mjs"), folder=tmp_path, PICTURE=start))
    assert found["events"] == [*["image_generation.partial_image"] * 2, "image_generation.completed"]
    assert found["models"] == [MODEL, "gpt-image-2"]
    assert found["edited"] == 1
    assert [(it["kind"], it["status"], it["code"]) for it in found["refused"]] == [
        ("AuthenticationError", 401, "invalid_api_key"),
        ("BadRequestError", 400, "integer_below_min_value"),
        ("NotFoundError", 404, "model_not_found"),
        ("BadRequestError", 400, "moderation_blocked"),
        ("InternalServerError", 502, "connection_lost"),
    ]
    assert found["refused"][1]["param"] == "n"
