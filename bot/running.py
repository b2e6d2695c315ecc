"""``paperboy run``: the bot, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

import aiohttp
import discord

from bot import config, logs
from bot.app import create_bot
from bot.config import Settings
from bot.errors import ConfigurationError, PaperboyError

log = logging.getLogger(__name__)


def run() -> None:
    """Runs it with the settings of this folder and the environment.

    Raises:
        PaperboyError: it cannot start. Where the log is JSON, a line of it tells so, and the process is ended.
    """
    settings, token = config.load(), config.token()
    if token is None:
        raise ConfigurationError(
            "There is no token: set DISCORD_TOKEN to your bot's, or see Paperboy at work without one: paperboy try"
        )
    logs.configure(settings, token.get_secret_value())
    try:
        asyncio.run(_serve(settings, token.get_secret_value()))
    except PaperboyError as error:
        if settings.log_format == "text":
            raise
        # Whoever reads JSON reads each line as such.
        log.critical(str(error))
        raise SystemExit(2) from None


async def _serve(settings: Settings, token: str) -> None:
    """Runs the bot until it is told to stop (SIGINT, SIGTERM)."""
    bot = create_bot(settings)
    running = asyncio.create_task(bot.start(token))
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told.set)
    stopping = asyncio.create_task(told.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        log.info("stopping")
    except discord.LoginFailure:
        raise ConfigurationError("Discord does not know this token. Copy it anew from the Developer Portal.") from None
    except discord.ConnectionClosed as error:
        raise ConfigurationError(f"Discord has ended the connection: {error}") from error
    except (aiohttp.ClientError, OSError, discord.HTTPException, discord.GatewayNotFound) as error:
        raise ConfigurationError(f"Discord cannot be reached at {settings.discord.api_url}: {error}") from error
    finally:
        stopping.cancel()
        # One cancellation may be lost in discord.py (asyncio.wait_for before Python 3.12 can swallow it); then closing
        # the bot is what ends it.
        running.cancel()
        await asyncio.wait((running,), timeout=1)
        await bot.close()
        await asyncio.wait((running,), timeout=5)
