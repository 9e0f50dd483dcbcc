"""The settings: where they come from, what wins, what cannot be, and that each is documented."""

import re
import threading
from pathlib import Path

import pytest

from core.settings import Settings, SettingsError, names_of, unknown_names

ROOT = Path(__file__).parents[1]
NAMES = sorted(name for field in Settings.model_fields for name in names_of(field))
LONG = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's .env lies here."""
    monkeypatch.chdir(tmp_path)


def documented(file: str) -> set[str]:
    """The first column of the table of settings."""
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    return set(rows)


@pytest.mark.parametrize("file", ["README.md", "README.fr.md"])
def test_every_setting_is_documented_and_nothing_else_is(file: str) -> None:
    assert documented(file) == set(NAMES)


def test_each_documented_default_is_the_programs() -> None:
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| `([^`]*)` \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    settings = Settings.load()
    for name, default in rows:
        (field,) = (field for field in Settings.model_fields if name in names_of(field))
        value = getattr(settings, field)
        assert f"{value:g}" == default if isinstance(value, float) else str(value) == default, name
    assert len(rows) > 8


def test_the_environment_wins_over_a_file_and_a_file_over_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-dotenv\nIMAGIER_PORT=9001\nIMAGIER_LANGUAGE=fr\n")
    assert Settings.load().port == 9001
    (tmp_path / "port").write_text("9002\n")
    monkeypatch.setenv("IMAGIER_PORT_FILE", str(tmp_path / "port"))
    assert Settings.load().port == 9002
    monkeypatch.delenv("IMAGIER_PORT_FILE")
    monkeypatch.setenv("IMAGIER_PORT", "9003")
    settings = Settings.load()
    assert (settings.port, settings.language) == (9003, "fr")
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "from-dotenv"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    settings = Settings.load()
    assert settings.openai_api_key is None
    assert (settings.port, settings.address) == (8501, "127.0.0.1")


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_can_come_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=f"{name}_FILE: the file .* cannot be read"):
        Settings.load()


def test_a_value_and_a_file_for_it_cannot_both_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("sk-file")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    with pytest.raises(SettingsError, match="OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set; keep one of them"):
        Settings.load()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"OPENAI_BASE_URL": "http://host:port/v1"}, "OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": "http://:secret@host/v1"}, "must hold no name, password or query"),
        ({"IMAGIER_MODELS": "flux"}, "IMAGIER_MODELS is set, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is"),
        ({"OPENAI_ORG_ID": "org-1"}, "OPENAI_ORG_ID is set, but neither"),
        ({"OPENAI_PROJECT_ID": "proj-1"}, "OPENAI_PROJECT_ID is set, but neither"),
        ({"OPENAI_BASE_URL": "http://alice:secret@host/v1"}, "must hold no name, password or query"),
        ({"OPENAI_BASE_URL": "http://host/v1?key=secret"}, "must hold no name, password or query"),
        ({"DATABASE_URL": "sqlite://"}, "must begin with sqlite:///FILE or postgresql://"),
        ({"IMAGIER_PORT": "0"}, "IMAGIER_PORT"),
        ({"IMAGIER_AT_ONCE": "0"}, "IMAGIER_AT_ONCE"),
        ({"IMAGIER_PREVIEWS": "4"}, "IMAGIER_PREVIEWS"),
        ({"IMAGIER_PASSWORD_LENGTH": "7"}, "IMAGIER_PASSWORD_LENGTH"),
        ({"IMAGIER_DEADLINE": "nan"}, "IMAGIER_DEADLINE"),
        ({"IMAGIER_LANGUAGE": "de"}, "IMAGIER_LANGUAGE"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    values: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    said = str(caught.value)
    assert sentence in said
    assert "\n" not in said
    assert "secret" not in said
    assert said.endswith(".")


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_BASE_URL"])
def test_either_a_key_or_an_address_makes_a_connection(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://localhost:8080/v1/")
    monkeypatch.setenv("IMAGIER_PAINTER", "false")
    assert Settings.load().painter is False


def test_an_env_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00IMAGIER_PORT=1")
    with pytest.raises(SettingsError, match=r"\.env is not a text in UTF-8"):
        Settings.load()


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings.load(IMAGIER_DATA_DIR=tmp_path / "data")
    key = settings.secret()
    assert len(key) >= 32
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert Settings.load(IMAGIER_DATA_DIR=tmp_path / "data").secret() == key
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_twenty_that_make_the_key_at_once_end_with_one(tmp_path: Path) -> None:
    settings = Settings.load(IMAGIER_DATA_DIR=tmp_path / "data")
    barrier, keys = threading.Barrier(20), []

    def make() -> None:
        barrier.wait()
        keys.append(settings.secret())

    threads = [threading.Thread(target=make) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 20
    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_a_given_secret_key_is_used_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGIER_SECRET_KEY", LONG)
    settings = Settings.load(IMAGIER_DATA_DIR=tmp_path / "data")
    assert settings.secret() == LONG.encode()
    assert not (tmp_path / "data").exists()


def test_secrets_do_not_show_when_the_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "IMAGIER_SECRET_KEY"):
        monkeypatch.setenv(name, f"sk-canary-{LONG}")
    settings = Settings.load()
    assert "canary" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_the_settings_cannot_be_changed_while_the_program_runs() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().port = 1


@pytest.mark.parametrize(
    ("address", "beyond"),
    [("127.0.0.1", False), ("localhost", False), ("::1", False), ("127.8.0.1", False), ("0.0.0.0", True), ("::", True)],
)
def test_which_addresses_others_can_reach(address: str, beyond: bool) -> None:
    assert Settings.load(IMAGIER_ADDRESS=address).listens_beyond_this_machine is beyond


def test_a_name_that_no_setting_has_is_found_with_what_was_probably_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGIER_DATADIR", "x")
    monkeypatch.setenv("IMAGIER_PORT", "9000")
    monkeypatch.setenv("IMAGIER_PORT_FILE", "x")
    assert unknown_names() == ["IMAGIER_DATADIR is no setting; is IMAGIER_DATA_DIR meant?"]


def test_a_password_in_the_address_of_the_database_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://imagier:canary@host:port/name")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert "canary" not in str(caught.value)
