"""Settings: ``config.toml``, and the environment over it. The token comes from the environment alone.

A key ``[discord] api_url`` is overridden by ``PAPERBOY_DISCORD__API_URL``, one outside the tables, ``log_level``, by
``PAPERBOY_LOG_LEVEL``; ``PAPERBOY_CONFIG`` names another file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.errors import ConfigurationError

DISCORD_API = "https://discord.com/api/v10"
DEFAULT_FILE = Path("config.toml")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _http(value: str) -> str:
    parts = urlsplit(value.strip())
    # The port is read when it is asked for.
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("not an http(s) address")
    if parts.username is not None:
        raise ValueError("an address without a user is needed")
    return value.strip()


class DiscordSettings(_Table):
    """``[discord]``"""

    api_url: str = DISCORD_API

    @field_validator("api_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if any(part in value for part in "?#"):
            raise ValueError("an address without a query or a fragment is needed")
        return _http(value).rstrip("/")


class DatabaseSettings(_Table):
    """``[database]``"""

    url: Annotated[str, StringConstraints(pattern=r"^sqlite\+aiosqlite:///")] = "sqlite+aiosqlite:///paperboy.db"


class _Source(_Table):
    """One of ``[[sources]]``. ``name`` is what its digests are kept under; ``language`` is that of its texts (ISO
    639-1); ``attribution`` is shown below what comes of it."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    attribution: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""


class FolderSource(_Source):
    """Markdown digests in a folder (or one file), looked at every ``poll_seconds``, and at once where a change is
    noticed (``watch``). A file is read when it was not written to for ``whole_seconds``."""

    kind: Literal["folder"]
    path: Path
    poll_seconds: float = Field(default=60, ge=1, le=86_400)
    whole_seconds: float = Field(default=2, ge=0, le=3600)
    watch: bool = True


class MarkdownSource(_Source):
    """Markdown digests at an address with the day in it: ``https://example.org/{date:%Y/%m/%d}.md``."""

    kind: Literal["markdown"]
    address: str
    allow_private: bool = False

    @field_validator("address")
    @classmethod
    def _has_day(cls, value: str) -> str:
        try:
            fields = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
            days = [value.format(date=date(2024, 1, day)) for day in (1, 2)] if fields == {"date"} else []
        except (ValueError, IndexError, KeyError) as error:
            raise ValueError(f"its date field cannot be used: {error}") from None
        if len(set(days)) < 2:
            raise ValueError("the day is needed in it, such as {date:%Y-%m-%d}")
        _http(days[0])
        return value


class HuggingFaceSource(_Source):
    """Hugging Face's Daily Papers. ``HF_TOKEN`` in the environment raises its limits."""

    kind: Literal["huggingface"]
    api_url: str = "https://huggingface.co/api"
    allow_private: bool = False

    @field_validator("api_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return _http(value).rstrip("/")


SourceSettings = Annotated[FolderSource | MarkdownSource | HuggingFaceSource, Field(discriminator="kind")]


class VoteSettings(_Table):
    """``[votes]``"""

    days: int = Field(default=3, ge=0, le=30)


class PostingSettings(_Table):
    """``[posting]``"""

    tick_seconds: float = Field(default=20, ge=0.05, le=300)
    catch_up_days: int = Field(default=3, ge=1, le=30)
    # Discord takes 50; a second may have a tenth more than the rate.
    requests_per_second: float = Field(default=40, ge=1, le=45)
    dms_per_second: float = Field(default=1, ge=0.01, le=40)


class SubscriptionSettings(_Table):
    """``[subscriptions]``"""

    limit: int = Field(default=50, ge=1, le=1000)
    alert_days: int = Field(default=7, ge=1, le=100_000)


class Settings(BaseSettings):
    """All settings, validated and frozen."""

    model_config = SettingsConfigDict(
        env_prefix="PAPERBOY_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    discord: DiscordSettings = DiscordSettings()
    database: DatabaseSettings = DatabaseSettings()
    sources: tuple[SourceSettings, ...] = (
        HuggingFaceSource(kind="huggingface", name="Hugging Face", attribution="Hugging Face Daily Papers"),
        FolderSource(kind="folder", name="files", path=Path("digests"), language="ko"),
    )
    votes: VoteSettings = VoteSettings()
    posting: PostingSettings = PostingSettings()
    subscriptions: SubscriptionSettings = SubscriptionSettings()

    @field_validator("sources")
    @classmethod
    def _have_names(cls, value: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        names = [source.name for source in value]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two sources are named {twice!r}")
        return value

    @property
    def hugging_face(self) -> HuggingFaceSource | None:
        """Where papers are looked up that are not held: the first source of this kind."""
        return next((source for source in self.sources if isinstance(source, HuggingFaceSource)), None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = Path(os.environ.get("PAPERBOY_CONFIG") or DEFAULT_FILE)
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)


def load() -> Settings:
    """The settings of ``config.toml`` (where there is one) and the environment.

    Raises:
        ConfigurationError: the file cannot be read, or a value cannot be used; the message names the key.
    """
    named = os.environ.get("PAPERBOY_CONFIG")
    if named and not Path(named).is_file():
        raise ConfigurationError(f"PAPERBOY_CONFIG names {named!r}, which is no file.")
    _check_names(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        found = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False))
        raise ConfigurationError("A setting cannot be used. " + "; ".join(found)) from None
    except SettingsError as error:
        raise ConfigurationError(f"A setting cannot be used: {error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{named or DEFAULT_FILE} cannot be read: {error}") from error


def _check_names(environment: Mapping[str, str]) -> None:
    """A mistyped name would be passed over without a word."""
    known = {name.upper() for name in Settings.model_fields}
    for name in environment:
        first = name.upper().removeprefix("PAPERBOY_").partition("__")[0]
        if name.upper().startswith("PAPERBOY_") and first not in known | {"CONFIG"}:
            raise ConfigurationError(f"{name} is no setting; after PAPERBOY_ comes one of {', '.join(sorted(known))}.")


def token(environment: Mapping[str, str] = os.environ) -> SecretStr | None:
    """The bot's token: ``DISCORD_TOKEN``, or the content of the file that ``DISCORD_TOKEN_FILE`` names.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    value = environment.get("DISCORD_TOKEN", "").strip()
    if not value and (path := environment.get("DISCORD_TOKEN_FILE")):
        try:
            value = Path(path).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            # Not the path: some put the token itself there.
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError(f"DISCORD_TOKEN_FILE names a file that cannot be read: {reason}") from None
    return SecretStr(value) if value else None
