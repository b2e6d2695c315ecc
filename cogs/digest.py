"""/digest: a channel's daily post."""

from __future__ import annotations

import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot import jobs, layouts, permissions, ranking, rendering, schedule
from bot.answering import answer, home, reader, spoken
from bot.errors import NotAllowedError, NotFoundError
from bot.language import Language, language, message
from storage import channels, deliveries, digests, lookups
from storage.models import Channel, DeliveryKind, DeliveryState, Subscriber

Target = discord.TextChannel | discord.Thread

DEFAULT_TOP = 5

_POSTED = {
    jobs.Posted.SENT: message("Posted in {channel}."),
    jobs.Posted.ALREADY: message("The newest digest is in {channel} already; nothing is posted twice."),
    jobs.Posted.NOTHING: message(
        "There is nothing to post: no digest is held, or none of its papers has enough votes."
    ),
    jobs.Posted.UNCONFIRMED: message(
        "A post in {channel} was begun, and Discord has not confirmed it. Please look whether it is there."
    ),
    jobs.Posted.FAILED: message("Discord did not take the post for {channel}. /digest status says why."),
}


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class Digest(commands.GroupCog, group_name="digest", group_description="The daily post of a channel"):
    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        # The default above may be changed by a server's owner; who may manage stays the rule.
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @app_commands.command(description="Post the day's top papers in a channel, every day")
    @app_commands.describe(
        channel="Where to post",
        time="The time of day, such as 09:00",
        timezone="Whose clock: a city, such as Asia/Seoul",
        top="How many papers (1 to 10; 5 if left out)",
        min_votes="Only papers with at least so many votes",
        language="The language of the post",
    )
    @app_commands.choices(
        language=[app_commands.Choice(name="English", value="en"), app_commands.Choice(name="한국어", value="ko")]
    )
    @spoken
    async def setup(
        self,
        interaction: discord.Interaction,
        channel: Target,
        time: app_commands.Range[str, 1, 20],
        timezone: app_commands.Range[str, 1, 60],
        top: app_commands.Range[int, 1, ranking.MAX_TOP] | None = None,
        min_votes: app_commands.Range[int, 0, 100_000] | None = None,
        language: app_commands.Choice[str] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        words, bot = reader(interaction), home(interaction)
        wall_time, zone = schedule.wall_time(time), schedule.timezone(timezone, words.city)
        async with bot.database.read() as connection:
            held = await channels.get(connection, channel.id)
        # What is left out stays as it was.
        set_up = Channel(
            channel_id=channel.id,
            guild_id=channel.guild.id,
            wall_time=wall_time,
            timezone=zone,
            top=top if top is not None else held.top if held else DEFAULT_TOP,
            min_votes=min_votes if min_votes is not None else held.min_votes if held else 0,
            language=language.value if language else held.language if held else words.code,
            paused=False,
            next_post_at=schedule.next_post_at(bot.now(), wall_time, zone),
        )
        async with bot.database.write() as connection:
            await channels.keep(connection, set_up)
        said = words.text(
            "{channel} gets the day's top {top} every day at {time} ({zone}). The next post is {when}.",
            channel=channel.mention,
            top=set_up.top,
            time=f"{wall_time:%H:%M}",
            zone=zone,
            when=_when(set_up.next_post_at),
        )
        await answer(interaction, layouts.note("\n".join([said, *_lacking(channel, words)])))

    @app_commands.command(description="When the next post comes, and how the last one went")
    @spoken
    async def status(self, interaction: discord.Interaction) -> None:
        words, bot = reader(interaction), home(interaction)
        async with bot.database.read() as connection:
            found = await channels.of_guild(connection, _guild(interaction).id)
            newest = await digests.newest(connection)
            last = {
                channel.channel_id: await deliveries.newest(
                    connection, Subscriber.CHANNEL, channel.channel_id, DeliveryKind.DAILY
                )
                for channel in found
            }
        if not found:
            raise NotFoundError("No channel here has a daily post yet. Set one up with /digest setup.")
        held = words.day(newest) if newest else words.text("none yet")
        lines = [words.text("Newest digest held: {day}", day=held)]
        for channel in found:
            next_post = words.text("paused") if channel.paused else _when(channel.next_post_at)
            lines += [
                f"### <#{channel.channel_id}>",
                words.text(
                    "Every day at {time} ({zone}), top {top}. Next post: {when}",
                    time=f"{channel.wall_time:%H:%M}",
                    zone=channel.timezone,
                    top=channel.top,
                    when=next_post,
                ),
            ]
            delivery = last[channel.channel_id]
            if delivery is None or delivery.updated_at is None:
                lines.append(words.text("Nothing was posted yet."))
            elif delivery.state is DeliveryState.FAILED:
                why = layouts.quoted(delivery.why or "")
                lines.append(
                    words.text("⚠ The last post failed {when}: {why}", when=_when(delivery.updated_at), why=why)
                )
            elif delivery.state is DeliveryState.CLAIMED:
                begun = _when(delivery.updated_at)
                lines.append(words.text("⚠ A post was begun {when} and is not confirmed.", when=begun))
            else:
                lines.append(
                    words.text(
                        "Last post: {day}, {when}", day=words.day(delivery.digest_date), when=_when(delivery.updated_at)
                    )
                )
            target = _guild(interaction).get_channel_or_thread(channel.channel_id)
            if isinstance(target, Target):
                lines += _lacking(target, words)
        await answer(interaction, layouts.note("\n".join(lines)))

    @app_commands.command(description="See what would be posted, for you alone")
    @app_commands.describe(channel="The channel with the daily post")
    @spoken
    async def preview(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        chosen = await _set_up(interaction, channel)
        async with home(interaction).database.read() as connection:
            newest = await digests.newest(connection)
            entries = await lookups.top_of_day(connection, newest) if newest else []
        top = ranking.top(entries, chosen.top, chosen.min_votes)
        if newest is None or not top:
            raise NotFoundError("There is nothing to post: no digest is held, or none of its papers has enough votes.")
        view = rendering.daily(newest, len(entries), top, language(chosen.language), "preview")
        await answer(interaction, view)

    @app_commands.command(description="Post now, without waiting for the time")
    @app_commands.describe(channel="The channel with the daily post")
    @spoken
    async def post(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        words, bot = reader(interaction), home(interaction)
        chosen = await _set_up(interaction, channel)
        posted = await jobs.post(interaction.client, bot.database, chosen.channel_id, bot.now())
        text = words.text(_POSTED[posted], channel=f"<#{chosen.channel_id}>")
        await answer(interaction, layouts.note(text))

    @app_commands.command(description="Stop the daily post for a while")
    @app_commands.describe(channel="The channel with the daily post")
    @spoken
    async def pause(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        chosen, _ = await self._pause(interaction, channel, paused=True)
        words = reader(interaction)
        text = words.text("The daily post in {channel} is paused. /digest resume goes on.", channel=f"<#{chosen}>")
        await answer(interaction, layouts.note(text))

    @app_commands.command(description="Go on with the daily post")
    @app_commands.describe(channel="The channel with the daily post")
    @spoken
    async def resume(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        chosen, next_post = await self._pause(interaction, channel, paused=False)
        words = reader(interaction)
        text = words.text("{channel} goes on. The next post is {when}.", channel=f"<#{chosen}>", when=_when(next_post))
        await answer(interaction, layouts.note(text))

    @app_commands.command(description="End the daily post of a channel")
    @app_commands.describe(channel="The channel with the daily post")
    @spoken
    async def remove(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen = await _set_up(interaction, channel)
        async with home(interaction).database.write() as connection:
            await channels.remove(connection, chosen.channel_id)
        text = reader(interaction).text("{channel} gets no daily post any more.", channel=f"<#{chosen.channel_id}>")
        await answer(interaction, layouts.note(text))

    @setup.autocomplete("timezone")
    async def _timezones(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        words, now = reader(interaction), home(interaction).now()
        return [
            app_commands.Choice(name=schedule.timezone_label(name, now, words.city(name)), value=name)
            for name in schedule.timezones_like(typed, words.city)[:25]
        ]

    async def _pause(
        self, interaction: discord.Interaction, channel: Target | None, *, paused: bool
    ) -> tuple[int, datetime.datetime]:
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen, bot = await _set_up(interaction, channel), home(interaction)
        next_post = schedule.next_post_at(bot.now(), chosen.wall_time, chosen.timezone)
        async with bot.database.write() as connection:
            await channels.set_paused(connection, chosen.channel_id, paused, next_post)
        return chosen.channel_id, next_post


async def _set_up(interaction: discord.Interaction, channel: Target | None) -> Channel:
    """The channel that is meant: the named one, this one, or the server's only one with a daily post."""
    async with home(interaction).database.read() as connection:
        found = {one.channel_id: one for one in await channels.of_guild(connection, _guild(interaction).id)}
    if not found:
        raise NotFoundError("No channel here has a daily post yet. Set one up with /digest setup.")
    if channel:
        if channel.id not in found:
            raise NotFoundError("{channel} has no daily post. Set one up with /digest setup.", channel=channel.mention)
        return found[channel.id]
    if interaction.channel_id in found:
        return found[interaction.channel_id]
    if len(found) > 1:
        raise NotFoundError("Several channels here have a daily post. Name the one that you mean.")
    return next(iter(found.values()))


def _guild(interaction: discord.Interaction) -> discord.Guild:
    if interaction.guild is None:
        raise NotAllowedError("This cannot be done here.")
    return interaction.guild


def _lacking(channel: Target, words: Language) -> list[str]:
    names = [words.text(name) for name in permissions.missing(channel)]
    if not names:
        return []
    return [
        words.text(
            "⚠ I lack these permissions in {channel}: {names}. Nothing can be posted before I have them.",
            channel=channel.mention,
            names=", ".join(names),
        )
    ]


def _when(moment: datetime.datetime) -> str:
    return f"{discord.utils.format_dt(moment, 'F')} ({discord.utils.format_dt(moment, 'R')})"


async def setup(bot: commands.Bot) -> None:
    await bot.add_cog(Digest())
