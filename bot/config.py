"""Settings: ``config.toml``, and the environment over it. The token comes from the environment alone.

A key ``[discord] api_url`` is overridden by ``PAPERBOY_DISCORD__API_URL``, one outside the tables, ``log_level``, by
``PAPERBOY_LOG_LEVEL``; ``PAPERBOY_CONFIG`` names another file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
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


class DiscordSettings(_Table):
    """``[discord]``"""

    api_url: str = DISCORD_API

    @field_validator("api_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        # The port is read when it is asked for.
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("not an http(s) address")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an address without a user, a query or a fragment is needed")
        return value.strip().rstrip("/")


class DatabaseSettings(_Table):
    """``[database]``"""

    url: Annotated[str, StringConstraints(pattern=r"^sqlite\+aiosqlite:///")] = "sqlite+aiosqlite:///paperboy.db"


class DigestSettings(_Table):
    """``[digests]``"""

    path: Path = Path("digests")
    poll_seconds: float = Field(default=60, ge=1, le=86_400)


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
    digests: DigestSettings = DigestSettings()
    posting: PostingSettings = PostingSettings()
    subscriptions: SubscriptionSettings = SubscriptionSettings()

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
