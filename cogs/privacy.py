"""/forget-me: all that is held of a person, deleted."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import layouts
from bot.answering import answer, home, reader, spoken
from storage import servers


class Privacy(commands.Cog):
    @app_commands.command(name="forget-me", description="Delete all that I hold of you")
    @spoken
    async def forget_me(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        words, bot = reader(interaction), home(interaction)
        async with bot.database.write() as connection:
            forgotten = await servers.forget_person(connection, interaction.user.id)
        bot.sender.refused_people.discard(interaction.user.id)
        follows = words.plural("{n} subscription", "{n} subscriptions", forgotten.subscriptions)
        alerts = words.plural("{n} alert", "{n} alerts", forgotten.deliveries)
        text = words.text(
            "Deleted: {follows}, {alerts}, and where your direct messages are. I hold nothing of you any more; what is "
            "in your direct messages is yours to delete.",
            follows=follows,
            alerts=alerts,
        )
        await answer(interaction, layouts.note(text))


async def setup(bot: commands.Bot) -> None:
    await bot.add_cog(Privacy())
