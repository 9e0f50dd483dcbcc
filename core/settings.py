"""Every setting of a process, read once at the start from the environment, `.env` or `NAME_FILE`.

What the administrator changes while the program runs is in the database, not here. The names, defaults and meanings
below are documented in README.md; a test compares the two.
"""

import difflib
import os
import secrets
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsError(Exception):
    """A setting that cannot be used; the text is one sentence that says what to do."""


def _named(name: str, default: Any = None) -> Any:
    return Field(default=default, validation_alias=AliasChoices(name))


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True, case_sensitive=True
    )

    address: str = _named("IMAGIER_ADDRESS", "127.0.0.1")
    port: int = Field(8501, ge=1, le=65535, validation_alias="IMAGIER_PORT")
    url: str = _named("IMAGIER_URL", "")
    data_dir: Path = _named("IMAGIER_DATA_DIR", Path("data"))
    database_url: str = _named("DATABASE_URL", "")
    files_url: str = _named("IMAGIER_FILES_URL", "")
    secret_key: SecretStr | None = _named("IMAGIER_SECRET_KEY")
    secret_key_old: SecretStr | None = _named("IMAGIER_SECRET_KEY_OLD")
    openai_api_key: SecretStr | None = _named("OPENAI_API_KEY")
    openai_base_url: str | None = _named("OPENAI_BASE_URL")
    openai_organisation: str | None = _named("OPENAI_ORG_ID")
    openai_project: str | None = _named("OPENAI_PROJECT_ID")
    openai_admin_key: SecretStr | None = _named("OPENAI_ADMIN_KEY")
    models: str = _named("IMAGIER_MODELS", "")
    painter: bool | None = _named("IMAGIER_PAINTER")
    images_per_minute: int = Field(0, ge=0, le=100_000, validation_alias="IMAGIER_IMAGES_PER_MINUTE")
    at_once: int = Field(10, ge=1, le=1_000, validation_alias="IMAGIER_AT_ONCE")
    deadline: float = Field(600, ge=1, le=3_600, validation_alias="IMAGIER_DEADLINE")
    previews: int = Field(2, ge=0, le=3, validation_alias="IMAGIER_PREVIEWS")
    timezone: str = _named("IMAGIER_TIMEZONE", "UTC")
    unpriced: Literal["allow", "refuse"] = _named("IMAGIER_UNPRICED", "allow")
    language: Literal["en", "fr"] = _named("IMAGIER_LANGUAGE", "en")
    password_length: int = Field(8, ge=8, le=64, validation_alias="IMAGIER_PASSWORD_LENGTH")
    session_days: int = Field(30, ge=1, le=365, validation_alias="IMAGIER_SESSION_DAYS")
    api_calls_per_minute: int = Field(3_000, ge=1, le=1_000_000, validation_alias="IMAGIER_API_CALLS_PER_MINUTE")
    api_heartbeat: float = Field(15.0, ge=0.01, le=600, validation_alias="IMAGIER_API_HEARTBEAT")
    cors_origins: str = _named("IMAGIER_CORS_ORIGINS", "")
    metrics_token: SecretStr | None = _named("IMAGIER_METRICS_TOKEN")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _named("IMAGIER_LOG_LEVEL", "INFO")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls), dotenv_settings

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("must be an address such as https://imagier.example.org")
        return value.rstrip("/")

    @field_validator("openai_base_url")
    @classmethod
    def _base_url(cls, value: str | None) -> str | None:
        return checked_address(value) if value is not None else None

    @field_validator("openai_organisation", "openai_project")
    @classmethod
    def _header(cls, value: str | None) -> str | None:
        if value is not None and not (value.isascii() and value.isprintable()):
            raise ValueError("must be plain ASCII")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a time zone such as Europe/Paris") from None
        return value

    @field_validator("openai_api_key", "openai_admin_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value is not None else ""
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ValueError("must be one word of plain ASCII; was something else pasted with it?")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in (part.strip() for part in value.split(",") if part.strip()):
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
                raise ValueError("must be addresses such as https://example.org, with commas between them")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value:
            return value
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError("must be an address such as postgresql://user@host/name") from None
        if url.get_backend_name() in ("postgresql", "postgres"):
            return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            return url.set(drivername="sqlite").render_as_string(hide_password=False)
        raise ValueError("must begin with sqlite:///FILE or postgresql://")

    @field_validator("files_url")
    @classmethod
    def _files(cls, value: str) -> str:
        scheme = urlsplit(value).scheme
        if scheme not in ("", "file", "memory", "s3"):
            raise ValueError("must be a folder, file:///FOLDER or s3://BUCKET/PREFIX")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("needs at least 32 characters; leave it out and one is made")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        connected = self.openai_api_key is not None or self.openai_base_url is not None
        for name, value in (
            ("IMAGIER_MODELS", self.models),
            ("OPENAI_ORG_ID", self.openai_organisation),
            ("OPENAI_PROJECT_ID", self.openai_project),
        ):
            if value and not connected:
                raise ValueError(f"{name} is set, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is")
        return self

    @classmethod
    def load(cls, **values: Any) -> "Settings":
        """Read the settings of this process; SettingsError says in one sentence what is wrong."""
        try:
            return cls(**values)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            name = ".".join(str(part) for part in fault["loc"])
            reason = fault["msg"].removeprefix("Value error, ")
            raise SettingsError(f"{name}: {reason}." if name else f"{reason}.") from None
        except UnicodeDecodeError:
            raise SettingsError(".env is not a text in UTF-8; save it again as one.") from None

    @property
    def listens_beyond_this_machine(self) -> bool:
        return self.address not in LOOPBACK and not self.address.startswith("127.")

    @property
    def base_url(self) -> str:
        """Where people reach it, as far as is known without a browser."""
        return self.url or f"http://localhost:{self.port}"

    @property
    def model_names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.models.split(",") if name.strip())

    @property
    def cors(self) -> tuple[str, ...]:
        return tuple(origin.strip().rstrip("/") for origin in self.cors_origins.split(",") if origin.strip())

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'imagier.db').absolute()}"

    @property
    def files(self) -> str:
        return self.files_url or str((self.data_dir / "files").absolute())

    def make_data_dir(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SettingsError(_unwritable(self.data_dir, error)) from None
        if not os.access(self.data_dir, os.W_OK | os.X_OK):
            raise SettingsError(_unwritable(self.data_dir, None))

    def secret(self) -> bytes:
        """What signs and hides: the setting, or a key made once in the data folder, readable by its owner alone."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        path = self.data_dir / "secret_key"
        try:
            self.make_data_dir()
            _make_once(path)
            return path.read_bytes().strip()
        except OSError as error:
            raise SettingsError(_unwritable(path, error)) from None

    def secrets(self) -> tuple[bytes, ...]:
        """The newest first, then those that only read what was hidden with them."""
        old = self.secret_key_old.get_secret_value() if self.secret_key_old else ""
        return self.secret(), *(one.strip().encode() for one in old.split(",") if one.strip())


def checked_address(value: str) -> str:
    """The base URL of a server as it is kept; ValueError, in words, for what cannot be one."""
    parts = urlsplit(value)
    _ = parts.port  # raises for what is none
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isprintable() or " " in value:
        raise ValueError("must be an address such as http://localhost:8080/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must hold no name, password or query; the key belongs in OPENAI_API_KEY")
    return value.rstrip("/")


def unknown_names() -> list[str]:
    """Sentences about IMAGIER_… variables that no setting has: most are misspelt."""
    known = {name for field in Settings.model_fields for name in names_of(field)}
    known |= {f"{name}_FILE" for name in known}
    found = sorted(name for name in os.environ if name.startswith("IMAGIER_") and name not in known)
    close = {name: difflib.get_close_matches(name, known, 1) for name in found}
    return [f"{name} is no setting" + (f"; is {close[name][0]} meant?" if close[name] else "") for name in found]


def names_of(field: str) -> list[str]:
    """The environment names of a field."""
    alias = Settings.model_fields[field].validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]


class _SecretFiles(PydanticBaseSettingsSource):
    """NAME_FILE holds the path of a file whose content is NAME, as containers hand over secrets."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # __call__ below answers for all fields at once

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in self.settings_cls.model_fields:
            for name in names_of(field):
                path = os.environ.get(f"{name}_FILE")
                if not path:
                    continue
                if os.environ.get(name):
                    raise SettingsError(f"{name} and {name}_FILE are both set; keep one of them.")
                try:
                    values[name] = Path(path).read_text("utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    raise SettingsError(f"{name}_FILE: the file {path} cannot be read.") from None
        return values


def _make_once(path: Path) -> None:
    """Two processes that start together must end with one key: the second finds the file and reads it."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _unwritable(path: Path, error: OSError | None) -> str:
    reason = f" ({error.strerror})" if error is not None and error.strerror else ""
    return f"IMAGIER_DATA_DIR: {path} cannot be written{reason}; give this user the right to, or set another folder."
