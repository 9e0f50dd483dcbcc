"""How the parts may know one another, and what the framework below must still have."""

import ast
from functools import cache
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).parents[1]
MODULES = sorted([ROOT / "app.py", *(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")])
MOST_LINES = 400

# The house, from the ground up; a module knows its own part and the floors below it.
FLOORS = (
    ("core.settings", "core.i18n", "core.logs", "core.acting", "core.memory"),
    ("core.problems",),
    ("core.errors",),
    ("core.storage", "core.catalog"),
    ("core.engines", "core.accounts"),
    ("core.site",),
    ("core.ledger", "core.registration"),
    ("core.connections",),
    ("core.studio",),
    ("core.members", "core.backup"),
    ("core.services", "core.demo"),
    ("core.api", "core.commands"),
    ("core.start", "core.__main__", "pages"),
    ("app",),
)
# Where each library lives: so it can be replaced there.
HOMES = {
    "streamlit": ("app.py", "pages/"),
    "streamlit_authenticator": ("pages/parts/authenticator.py",),
    "bcrypt": ("core/accounts/passwords.py",),
    "openai": ("core/engines/openai_images.py",),
    "httpx2": ("core/engines/openai_images.py", "core/engines/transport.py"),
    "aiohttp": ("core/engines/transport.py",),
    "pybase64": ("core/engines/encoded.py",),
    "requests": ("core/engines/",),
    "urllib3": ("core/engines/",),
    "pyarrow": ("core/ledger/formats.py",),
    "obstore": ("core/storage/files.py",),
    "alembic": ("core/storage/",),
    "cryptography": ("core/storage/vault.py",),
    "pandas": ("pages/admin/",),
    "prometheus_client": ("core/api/metrics.py",),
    "sqlalchemy": ("core/",),
    "python_multipart": ("core/api/forms.py",),
    "starlette": ("core/api/", "core/start.py"),
    "PIL": ("core/storage/", "core/engines/"),
    "babel": ("core/i18n.py",),
    "pydantic": ("core/settings.py",),
    "pydantic_settings": ("core/settings.py",),
}
TITLES = {
    "PIL": "pillow",
    "prometheus_client": "prometheus-client",
    "streamlit_authenticator": "streamlit-authenticator",
    "pydantic_settings": "pydantic-settings",
    "python_multipart": "python-multipart",
}
COME_WITH_ANOTHER = {"starlette", "pydantic", "urllib3", "httpx2"}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports(path: Path) -> list[str]:
    """Full names of what a module imports, wherever in it the import stands."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)}: a relative import"
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return found


def part(name: str) -> tuple[int, str] | None:
    """Floor and part of a module of ours."""
    for floor, parts in enumerate(FLOORS):
        for one in parts:
            if name == one or name.startswith(one + "."):
                return floor, one
    return None


def is_ours(name: str) -> bool:
    return name.split(".")[0] in ("core", "pages", "app", "tests", "benchmarks")


def test_the_arrows_point_down() -> None:
    wrong: list[str] = []
    for path in MODULES:
        module = named(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        if module == "core":
            continue
        here = part(module)
        assert here is not None, f"{module} stands on no floor"
        for name in filter(is_ours, imports(path)):
            there = part(name) or part(name.rpartition(".")[0])
            if there is None or (there[1] != here[1] and there[0] >= here[0]):
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_the_core_never_imports_streamlit() -> None:
    core = [path for path in MODULES if named(path).startswith("core/")]
    assert [named(path) for path in core if any(name.startswith("streamlit") for name in imports(path))] == []


def test_each_outside_library_has_one_home() -> None:
    import sys

    for path in MODULES:
        for name in imports(path):
            library = name.split(".")[0]
            if is_ours(name) or library in sys.stdlib_module_names:
                continue
            assert library in HOMES, f"{named(path)} imports {library}, which has no home"
            assert named(path).startswith(HOMES[library]), f"{named(path)} imports {library}"


def test_every_library_with_a_home_is_named_in_the_decision() -> None:
    decision = (ROOT / "docs/decisions/0003-dependencies.md").read_text("utf-8").lower()
    titles = [TITLES.get(library, library).lower() for library in HOMES if library not in COME_WITH_ANOTHER]
    assert [title for title in titles if title not in decision] == []


def test_no_module_is_longer_than_anybody_reads() -> None:
    modules = [*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    assert [named(path) for path in modules if len(path.read_text("utf-8").splitlines()) > MOST_LINES] == []


def test_no_pages_folder_lies_beside_the_main_script() -> None:
    """Streamlit lets anonymous visitors run the files of such a folder, past the sign-in."""
    source = (ROOT / "app.py").read_text("utf-8")
    assert 'st.App(\n    "pages/navigation.py",' in source
    assert not (ROOT / "pages" / "pages").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("server.fileWatcherType", "none"),
        ("runner.postScriptGC", False),
        ("server.enableAgentApi", False),
        ("server.enableStaticServing", False),
        ("client.showErrorDetails", "none"),
        ("browser.gatherUsageStats", False),
        ("server.address", "127.0.0.1"),
        ("server.enableXsrfProtection", True),
        ("server.trustedUserHeaders", {}),
    ],
)
def test_an_option_of_streamlit_that_we_rely_on_exists_and_is_set(option: str, value: object) -> None:
    """Some of them are hidden, and an upgrade may take them away without a word."""
    assert option in config.get_config_options(force_reparse=True)
    assert config.get_option(option) == value


def test_every_option_that_we_set_is_known_to_streamlit() -> None:
    import tomllib

    known = config.get_config_options(force_reparse=True)
    sections = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    for section, options in sections.items():
        for name, value in options.items():
            if not isinstance(value, dict):
                assert f"{section}.{name}" in known
