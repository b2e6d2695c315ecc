"""A bare discord.py bot, as its own process: what Paperboy's answers, posts, memory and start are held against.

It does what cannot be left out, and nothing else: it holds no data, and answers with constants that it was given. In
the environment: ``BARE_API_URL``, ``BARE_TOKEN``, and ``BARE_LAYOUT``, a file with the components of its answer.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import discord
import yarl
from discord import app_commands, ui
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

_CHOICES = 25
_NAMES = [
    app_commands.Choice(name=f"Somebody Sometime {n:02} ({n})", value=f"Somebody {n:02}") for n in range(_CHOICES)
]
_TITLES = [
    app_commands.Choice(
        name=f"A Title as Long as Titles Are: Efficient and Scalable Learning of Models {n:02}", value=str(n)
    )
    for n in range(_CHOICES)
]
_SORTS = [app_commands.Choice(name=name, value=name) for name in ("relevance", "newest", "votes")]


def item(found: dict[str, Any]) -> ui.Item[Any]:
    """A component of a message as the thing that sends it."""
    inner = [item(each) for each in found.get("components", ())]
    match found["type"]:
        case 1:
            return ui.ActionRow(*inner)
        case 2:
            style = discord.ButtonStyle(found["style"])
            return ui.Button(
                style=style,
                label=found.get("label"),
                custom_id=found["custom_id"],
                disabled=found.get("disabled", False),
            )
        case 3:
            options = [discord.SelectOption(label=one["label"], value=one["value"]) for one in found["options"]]
            return ui.Select(custom_id=found["custom_id"], placeholder=found.get("placeholder"), options=options)
        case 9:
            return ui.Section(*inner, accessory=item(found["accessory"]))
        case 10:
            return ui.TextDisplay(found["content"])
        case 11:
            return ui.Thumbnail(found["media"]["url"], description=found.get("description"))
        case 12:
            return ui.MediaGallery(*(discord.MediaGalleryItem(one["media"]["url"]) for one in found["items"]))
        case 17:
            return ui.Container(*inner, accent_colour=found.get("accent_color"))
    raise ValueError(f"no component of type {found['type']} is known here")


def layout(components: list[dict[str, Any]]) -> ui.LayoutView:
    """The message of these components; nothing of it stays in memory when it is sent."""
    view = ui.LayoutView(timeout=None)
    for found in components:
        view.add_item(item(found))
    view.stop()
    return view


class Papers(commands.GroupCog, group_name="papers"):
    def __init__(self, bot: commands.AutoShardedBot, answer: ui.LayoutView) -> None:
        self.bot = bot
        self.answer = answer

    @app_commands.command(description="-")
    @app_commands.choices(sort=_SORTS)
    async def keyword(
        self, interaction: discord.Interaction, text: str, sort: app_commands.Choice[str] | None = None
    ) -> None:
        await interaction.response.send_message(view=self.answer, ephemeral=True)

    @app_commands.command(description="-")
    async def author(self, interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(view=self.answer, ephemeral=True)

    @app_commands.command(description="-")
    async def show(self, interaction: discord.Interaction, paper: str) -> None:
        await interaction.response.send_message(view=self.answer, ephemeral=True)

    @app_commands.command(description="-")
    async def post(self, interaction: discord.Interaction) -> None:
        """Sends the constant layout to every channel, one after the other."""
        await interaction.response.send_message("…", ephemeral=True)
        for guild in self.bot.guilds:
            for channel in guild.text_channels:
                await channel.send(view=self.answer)

    @author.autocomplete("name")
    async def _names(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _NAMES

    @keyword.autocomplete("text")
    async def _words(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _NAMES

    @show.autocomplete("paper")
    async def _papers(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _TITLES


class Bare(commands.AutoShardedBot):
    def __init__(self, answer: ui.LayoutView) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self.answer = answer

    async def setup_hook(self) -> None:
        _, gateway, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        await self.add_cog(Papers(self, self.answer))
        if os.environ.get("BARE_SYNC"):
            await self.tree.sync()


def main() -> None:
    Route.BASE = os.environ["BARE_API_URL"]
    components = json.loads(Path(os.environ["BARE_LAYOUT"]).read_text("utf-8"))
    Bare(layout(components)).run(os.environ["BARE_TOKEN"], log_handler=None)


if __name__ == "__main__":
    main()
