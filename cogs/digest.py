"""/digest: a channel's daily post."""

from __future__ import annotations

import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot import layouts, permissions, planning, ranking, rendering, schedule, status
from bot.answering import answer, home, reader, spoken
from bot.errors import NotAllowedError, NotFoundError
from bot.language import Language, language
from bot.status import when
from storage import accounts, channels, deliveries, digests, lookups, sources, targets
from storage.models import Channel, Delivery, DeliveryKind, DeliveryState, Reason, Subscriber

Target = discord.TextChannel | discord.Thread

DEFAULT_TOP = 5


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
        async with bot.database.write() as connection:
            # Read here, for it may be posted to in this very moment.
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
                next_post_at=schedule.first_post_at(bot.now(), wall_time, zone, held.last_post_at if held else None),
            )
            newest = max(await digests.most_votes(connection, 1, bot.now()), default=None)
            await channels.skip_pause(connection, channel.id, newest)
            await channels.keep(connection, set_up)
        await bot.take_up(Subscriber.CHANNEL, channel.id, channel.guild.id)
        said = words.text(
            "{channel} gets the day's top {top} every day at {time} ({zone}). The next post is {when}.",
            channel=channel.mention,
            top=set_up.top,
            time=f"{wall_time:%H:%M}",
            zone=zone,
            when=when(set_up.next_post_at),
        )
        lines = [said]
        if lacking := permissions.missing(channel):
            lines.append(status.lacks(channel.mention, lacking, words))
        elif wanting := permissions.wanting(channel):
            lines.append(status.wants(channel.mention, wanting, words))
        await answer(interaction, layouts.note("\n".join(lines)))

    @app_commands.command(name="status", description="The next post, the last seven days, and what stands in the way")
    @spoken
    async def standing(self, interaction: discord.Interaction) -> None:
        words, bot, guild = reader(interaction), home(interaction), _guild(interaction)
        since = bot.now() - datetime.timedelta(days=status.DAYS)
        async with bot.database.read() as connection:
            found = await channels.of_guild(connection, guild.id)
            newest = await digests.newest(connection)
            growing = await digests.growing(connection, bot.now())
            states = await sources.all_of_them(connection)
            known = {one.target_id: one for one in await targets.of_guild(connection, guild.id)}
            ids = [channel.channel_id for channel in found]
            sent = await accounts.since(connection, Subscriber.CHANNEL, ids, since)
        if not found:
            raise NotFoundError("No channel here has a daily post yet. Set one up with /digest setup.")
        standings = []
        for channel in found:
            there = guild.get_channel_or_thread(channel.channel_id)
            posts = [one for one in sent if one.target_id == channel.channel_id and one.kind is DeliveryKind.DAILY]
            lacking = permissions.missing(there) if isinstance(there, Target) else []
            wanting = permissions.wanting(there) if isinstance(there, Target) else []
            standings.append(status.Standing(channel, posts, known.get(channel.channel_id), lacking, wanting))
        await answer(interaction, status.status(newest, growing and growing[1], states, standings, words))

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
            raise NotFoundError(planning.NOTHING)
        view = rendering.daily(newest, len(entries), top, language(chosen.language), "preview")
        await answer(interaction, view)

    @app_commands.command(description="Post now, without waiting for the time")
    @app_commands.describe(channel="The channel with the daily post")
    @spoken
    async def post(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        words, bot = reader(interaction), home(interaction)
        chosen = await _set_up(interaction, channel)
        planned = await planning.plan_now(bot.database, chosen.channel_id, bot.now())
        done = planned
        if planned and planned.state is not DeliveryState.SENT:
            done = await bot.sender.send_now(planned.id)
        async with bot.database.read() as connection:
            growing = await digests.growing(connection, bot.now())
        said = [_posted(chosen, planned, done, words), *([status.growing(*growing, words)] if growing else [])]
        await answer(interaction, layouts.note("\n".join(said)))

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
        text = words.text("{channel} goes on. The next post is {when}.", channel=f"<#{chosen}>", when=when(next_post))
        await answer(interaction, layouts.note(text))

    @app_commands.command(description="End the daily post of a channel")
    @app_commands.describe(channel="The channel with the daily post")
    @spoken
    async def remove(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen = await _set_up(interaction, channel)
        async with home(interaction).database.write() as connection:
            await channels.remove(connection, chosen.channel_id)
            await deliveries.withdraw(
                connection, Subscriber.CHANNEL, chosen.channel_id, DeliveryKind.DAILY, home(interaction).now()
            )
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
        async with bot.database.write() as connection:
            now = bot.now()
            # It may have been posted to in this very moment, or removed.
            chosen = await channels.get(connection, chosen.channel_id) or chosen
            next_post = schedule.first_post_at(now, chosen.wall_time, chosen.timezone, chosen.last_post_at)
            if not paused:
                newest = max(await digests.most_votes(connection, 1, now), default=None)
                await channels.skip_pause(connection, chosen.channel_id, newest)
            await channels.set_paused(connection, chosen.channel_id, paused, next_post)
            if paused:
                await deliveries.withdraw(connection, Subscriber.CHANNEL, chosen.channel_id, DeliveryKind.DAILY, now)
        if not paused:
            await bot.take_up(Subscriber.CHANNEL, chosen.channel_id, chosen.guild_id)
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


def _posted(channel: Channel, before: Delivery | None, after: Delivery | None, words: Language) -> str:
    """What came of posting now."""
    name = f"<#{channel.channel_id}>"
    if before is None or before.state is DeliveryState.SENT:
        return words.text("The newest digest is in {channel} already; nothing is posted twice.", channel=name)
    if after is None or after.state is DeliveryState.PLANNED:
        return words.text("The post for {channel} waits to be sent. /digest status tells how it went.", channel=name)
    if after.state is DeliveryState.SENT:
        return words.text("Posted in {channel}.", channel=name)
    if after.state is DeliveryState.CLAIMED:
        return words.text(
            "A post in {channel} was begun, and Discord has not confirmed it. I look again by myself.", channel=name
        )
    said = status.sentence(after.reason or Reason.UNREACHED, after.why, words)
    return words.text("The post is not in {channel}. {why}", channel=name, why=said)


async def setup(bot: commands.Bot) -> None:
    await bot.add_cog(Digest())
