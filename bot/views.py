"""The buttons and menus that survive a restart: each press is understood from the item's id alone."""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import Any, Self

import discord
from discord import ui

from bot import custom_ids, following, layouts, rendering, summary
from bot.answering import answer, explain, home, reader, sent
from bot.composing import Composer, Message
from bot.errors import NotAllowedError, NotFoundError
from bot.language import Language
from bot.lookup import Answer, Lookup, by_keyword, query_of
from bot.query import MAX_LENGTH
from bot.status import sentence, standing
from bot.summarising import held, in_place, menus, show, summarise
from storage import accounts, deliveries, lookups, matches, sources, subscriptions, targets
from storage.models import DeliveryKind, Follows, Reason, Subscriber, Subscription

_KINDS = {"k": Follows.KEYWORD, "a": Follows.AUTHOR}

_NEVER = re.compile(r"(?!)")


class _Pressed(ui.DynamicItem[ui.Item[Any]], template=_NEVER):
    """A press: ``press`` acts on it, and what it raises is explained to the person."""

    def __init__(self, item: ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(item, match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self.press(interaction)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it, and the person would wait in vain
            await explain(interaction, error)

    async def press(self, interaction: discord.Interaction) -> None:
        raise NotImplementedError


class TurnPage(_Pressed, template=custom_ids.PAGE):
    """Back and Next below a look-up's answer."""

    async def press(self, interaction: discord.Interaction) -> None:
        found = await _found(interaction, Lookup.read(self.match["lookup"]), int(self.match["page"]))
        await interaction.response.edit_message(view=rendering.answer(found, reader(interaction)))


class OpenLookup(_Pressed, template=custom_ids.OPEN):
    """A button that asks something: all papers of the day, or what is near."""

    async def press(self, interaction: discord.Interaction) -> None:
        await look_up(interaction, Lookup.read(self.match["lookup"]))


class Share(_Pressed, template=custom_ids.SHARE):
    """Shows an answer to the whole channel."""

    async def press(self, interaction: discord.Interaction) -> None:
        found = await _found(interaction, Lookup.read(self.match["lookup"]), int(self.match["page"]))
        view = rendering.answer(found, reader(interaction), shared_by=interaction.user.display_name)
        await answer(interaction, view, ephemeral=False)


class ReadSummary(_Pressed, template=custom_ids.SUMMARY):
    """The menu of summaries."""

    async def press(self, interaction: discord.Interaction) -> None:
        await summarise(interaction, _values(interaction)[0])


class TurnSummaryPage(_Pressed, template=custom_ids.SUMMARY_PAGE):
    """Back and Read on in a long summary; in one that was shared, for the reader alone."""

    async def press(self, interaction: discord.Interaction) -> None:
        entry = await held(interaction, self.match["arxiv_id"])
        page = int(self.match["page"])
        if interaction.message and interaction.message.flags.ephemeral:
            await show(interaction, entry, in_place(interaction), page, rows=menus(interaction.message))
        else:
            await show(interaction, entry, partial(answer, interaction), page)


class ShareSummary(_Pressed, template=custom_ids.SHARE_SUMMARY):
    """Shows a summary to the whole channel."""

    async def press(self, interaction: discord.Interaction) -> None:
        entry = await held(interaction, self.match["arxiv_id"])
        respond = partial(answer, interaction, ephemeral=False)
        await show(interaction, entry, respond, shared_by=interaction.user.display_name)


class Bibtex(_Pressed, template=custom_ids.BIBTEX):
    """A paper's BibTeX entry."""

    async def press(self, interaction: discord.Interaction) -> None:
        await answer(interaction, summary.bibtex(await held(interaction, self.match["arxiv_id"])))


class Follow(_Pressed, template=custom_ids.FOLLOW):
    """Follow this: to the person's direct messages."""

    async def press(self, interaction: discord.Interaction) -> None:
        await follow(interaction, _KINDS[self.match["kind"]], self.match["text"])


class Unfollow(_Pressed, template=custom_ids.UNFOLLOW):
    """Unfollow, below what was followed and below an alert."""

    async def press(self, interaction: discord.Interaction) -> None:
        await unfollow(interaction, [int(self.match["id"])])


class AskKeyword(_Pressed, template=custom_ids.ASK):
    """Follow a keyword: asks which."""

    async def press(self, interaction: discord.Interaction) -> None:
        words = reader(interaction)
        modal = ui.Modal(title=words.text("Follow a keyword"), custom_id=custom_ids.ASKED)
        field = ui.TextInput[Any](
            custom_id=custom_ids.ASKED_TEXT, placeholder="diffusion -video", min_length=1, max_length=MAX_LENGTH
        )
        modal.add_item(ui.Label(text=words.text("Words that new papers should have"), component=field))
        # Its answer is read from what Discord sends, not from this process's memory: see asked().
        modal.stop()
        await interaction.response.send_modal(modal)


class RemoveFollowed(_Pressed, template=custom_ids.REMOVE):
    """The menu of what is followed."""

    async def press(self, interaction: discord.Interaction) -> None:
        await unfollow(interaction, [int(value) for value in _values(interaction) if value.isdecimal()][:25])


class TurnList(_Pressed, template=custom_ids.LIST):
    """Back and Next in what is followed."""

    async def press(self, interaction: discord.Interaction) -> None:
        view = await followed_list(interaction, int(self.match["page"]))
        await interaction.response.edit_message(view=view)


class ReadMissed(_Pressed, template=custom_ids.MISSED):
    """An alert that could not be delivered, below what is followed: for the person whose it is."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot, delivery_id = home(interaction), int(self.match["id"])
        async with bot.database.read() as connection:
            missed = {one.id: one for one in await accounts.missed(connection, interaction.user.id)}
        delivery = missed.get(delivery_id)
        composed = (await Composer(bot.database).compose([delivery]))[delivery_id] if delivery else None
        if not isinstance(composed, Message):
            raise NotFoundError("This alert is not held any more.")
        await answer(interaction, composed.view)
        async with bot.database.write() as connection:
            await deliveries.read_in_list(connection, delivery_id, bot.now())


class LookUpKeyword(_Pressed, template=custom_ids.KEYWORDS):
    """The menu of a paper's keywords."""

    async def press(self, interaction: discord.Interaction) -> None:
        await look_up(interaction, by_keyword(_values(interaction)[0]))


class LookAtSources(_Pressed, template=custom_ids.SOURCES):
    """How is it now?, below what the bot's owner is told."""

    async def press(self, interaction: discord.Interaction) -> None:
        async with home(interaction).database.read() as connection:
            states = await sources.all_of_them(connection)
        await answer(interaction, standing(states, reader(interaction)))


ITEMS = (
    LookAtSources,
    LookUpKeyword,
    ReadMissed,
    TurnPage,
    OpenLookup,
    Share,
    ReadSummary,
    TurnSummaryPage,
    ShareSummary,
    Bibtex,
    Follow,
    Unfollow,
    AskKeyword,
    RemoveFollowed,
    TurnList,
)


async def asked(interaction: discord.Interaction) -> None:
    """The modal of "Follow a keyword" was sent; the bot may have been restarted since it was opened."""
    try:
        await follow(interaction, Follows.KEYWORD, _field(sent(interaction), custom_ids.ASKED_TEXT))
    except Exception as error:  # noqa: BLE001 - as for a press
        await explain(interaction, error)


async def look_up(interaction: discord.Interaction, lookup: Lookup) -> None:
    """Answers a look-up for the asker alone."""
    found = await _found(interaction, lookup)
    await answer(interaction, rendering.answer(found, reader(interaction)))


async def follow(
    interaction: discord.Interaction, kind: Follows, text: str, channel: discord.abc.Snowflake | None = None
) -> None:
    """Follows for the person, or for a channel of the server that they manage."""
    # A write waits its turn behind an import; Discord waits three seconds.
    await interaction.response.defer(ephemeral=True, thinking=True)
    words, bot = reader(interaction), home(interaction)
    if channel and not interaction.permissions.manage_guild:
        raise NotAllowedError("Only those with the “Manage Server” permission may have a channel follow.")
    follower = following.Follower(
        Subscriber.CHANNEL if channel else Subscriber.USER,
        channel.id if channel else interaction.user.id,
        words.code,
        bot.settings.subscriptions.limit,
    )
    done = await following.follow(bot.database, follower, kind, text)
    if channel or interaction.user.id in bot.sender.refused_people:
        await bot.take_up(follower.subscriber, follower.id, interaction.guild_id if channel else None)
    where = f"<#{channel.id}>" if channel else None
    kept = done.subscription
    await answer(
        interaction,
        rendering.followed(kept.text, kind, done.new, where, done.recent, done.entries, kept.id, words),
    )


async def unfollow(interaction: discord.Interaction, subscription_ids: list[int]) -> None:
    """Ends subscriptions of the person, or of the channels of a server that they manage."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    words, allowed = reader(interaction), {(Subscriber.USER, interaction.user.id)}
    allowed |= {(Subscriber.CHANNEL, channel_id) for channel_id in managed_channels(interaction)}
    ended = await following.unfollow(home(interaction).database, subscription_ids, allowed)
    texts = ", ".join(f"“{layouts.quoted(one.text)}”" for one in ended)
    await answer(interaction, layouts.note(words.text("No longer followed: {texts}", texts=texts)))


async def followed_list(interaction: discord.Interaction, page: int = 0) -> ui.LayoutView:
    """What the person follows, and what the channels follow of a server that they manage."""
    words = reader(interaction)
    async with home(interaction).database.read() as connection:
        rows = await subscriptions.of(connection, Subscriber.USER, [interaction.user.id])
        rows += await subscriptions.of(connection, Subscriber.CHANNEL, managed_channels(interaction))
        followers = [row.subscriber_id for row in rows if row.subscriber is Subscriber.CHANNEL]
        closed = await targets.reasons(connection, Subscriber.CHANNEL, followers, home(interaction).now())
        unknown = {
            one.target_id: one.digest_date
            for one in await accounts.unconfirmed(connection, followers)
            if one.kind is DeliveryKind.ALERT
        }
        missed = await accounts.missed(connection, interaction.user.id)
        told = await matches.of(connection, [one.id for one in missed]) if missed else {}
    return rendering.followed_list(
        [(row.id, row.text, _where(row, closed, unknown, words)) for row in rows],
        page,
        words,
        [(one.id, one.digest_date, len(told.get(one.id, ()))) for one in missed],
    )


def managed_channels(interaction: discord.Interaction) -> list[int]:
    """The channels whose subscriptions the person may change: those of a server that they manage."""
    if interaction.guild is None or not interaction.permissions.manage_guild:
        return []
    return [channel.id for channel in (*interaction.guild.channels, *interaction.guild.threads)]


def _where(row: Subscription, closed: dict[int, Reason], unknown: dict[int, date], words: Language) -> str:
    what = words.text("author") if row.kind is Follows.AUTHOR else words.text("keyword")
    if row.subscriber is Subscriber.USER:
        return what
    told = [what, f"<#{row.subscriber_id}>"]
    if reason := closed.get(row.subscriber_id):
        told.append(f"⚠ {sentence(reason, None, words)}")
    if day := unknown.get(row.subscriber_id):
        said = words.text(
            "The alert of {day} was begun, and I cannot tell whether it is there. Let me read the message history, and "
            "I look.",
            day=words.day(day),
        )
        told.append(f"⚠ {said}")
    return " · ".join(told)


async def _found(interaction: discord.Interaction, lookup: Lookup, page: int = 0) -> Answer:
    database = home(interaction).database
    if asked := query_of(lookup):
        found = await database.look(lookups.by_query, lookup, asked, page)
        if found.total:
            return found
    async with database.read() as connection:
        return await lookups.run(connection, lookup, page)


def _values(interaction: discord.Interaction) -> list[str]:
    return [str(value) for value in sent(interaction).get("values", [])]


def _field(data: Any, custom_id: str) -> str:
    """The value of a field anywhere in what a modal sent."""
    if isinstance(data, dict):
        if data.get("custom_id") == custom_id:
            return str(data.get("value") or "")
        return next((found for value in data.values() if (found := _field(value, custom_id))), "")
    if isinstance(data, list | tuple):
        return next((found for value in data if (found := _field(value, custom_id))), "")
    return ""
