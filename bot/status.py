"""How a server's daily posts stand: the next one, the last seven days, and what to do about a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import discord
from discord import ui

from bot import custom_ids, layouts
from bot.language import Language
from bot.refusals import SENTENCES
from bot.sources import only_weekend
from bot.text import width
from storage.models import Channel, Delivery, DeliveryState, Notice, Reason, Sentence, SourceState, Target

DAYS = 7
_SHORT = 3
"""Days shown of each channel where a server has so many that all do not fit."""
_UNKNOWN = Sentence("?", {})


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel with a daily post: its deliveries of the last days, the newest first; its target; the names of the
    permissions that the bot lacks there, and of those that would be of use."""

    channel: Channel
    deliveries: Sequence[Delivery]
    target: Target | None = None
    lacking: Sequence[str] = ()
    wanting: Sequence[str] = ()


def status(
    newest: date | None,
    until: datetime | None,
    sources: Sequence[SourceState],
    standings: Sequence[Standing],
    language: Language,
) -> ui.LayoutView:
    """The answer to /digest status; papers of the ``newest`` digest come ``until`` then."""
    held = language.day(newest) if newest else language.text("none yet")
    lines = [language.text("Newest digest held: {day}", day=held), *_sources(newest, sources, language)]
    if newest and until:
        lines.append(growing(newest, until, language))
    first = "\n".join(lines)
    # Where not all channels fit, those that need somebody do.
    standings = sorted(standings, key=lambda one: not (one.target and one.target.set_aside_at) and not one.lacking)
    for days in (DAYS, _SHORT, 1):
        blocks = [_block(one, days, language) for one in standings]
        if sum(width(block) + 1 for block in (first, *blocks)) <= layouts.TEXT:
            break
    return layouts.note(layouts.as_many_as_fit([first, *blocks], layouts.TEXT, language))


def growing(day: date, until: datetime, language: Language) -> str:
    """Why the newest digest is not posted yet."""
    return language.text(
        "The papers of {day} come until {when}. They are posted at the next posting time after that.",
        day=language.day(day),
        when=when(until),
    )


def notice(told: Notice, mark: str, languages: Sequence[Language]) -> ui.LayoutView:
    """To the owner of the bot, whose language is not known: in each of ``languages``."""
    lines = []
    for language in languages:
        name, since = layouts.quoted(told.source), when(told.since)
        if told.back:
            lines.append(language.text("✓ {name} answers again. It had failed since {when}.", name=name, when=since))
        else:
            lines.append(
                language.text(
                    "⚠ {name} has failed since {when}: {why} Posting goes on with what there is, and I ask again by "
                    "myself.",
                    name=name,
                    when=since,
                    why=layouts.said(told.why or _UNKNOWN, language),
                )
            )
    button = layouts.button(languages[0].text("How is it now?"), custom_ids.sources(mark))
    return layouts.note("\n".join(lines), button)


def standing(sources: Sequence[SourceState], language: Language) -> ui.LayoutView:
    """How it is with the sources that are fetched."""
    lines = _sources(None, [one for one in sources if one.fetched_at or one.failing_since], language)
    return layouts.note("\n".join(lines) or language.text("No source was asked yet."))


def lacks(channel: str, names: Sequence[str], language: Language) -> str:
    """What the bot may not do in a channel, which is mentioned by ``channel``."""
    return language.text(
        "⚠ I lack these permissions in {channel}: {names}. Nothing can be posted before I have them.",
        channel=channel,
        names=", ".join(language.text(name) for name in names),
    )


def wants(channel: str, names: Sequence[str], language: Language) -> str:
    """What would be of use in a channel, which is mentioned by ``channel``."""
    return language.text(
        "With {names} in {channel} I could see after a breakdown whether a post is there.",
        channel=channel,
        names=", ".join(language.text(name) for name in names),
    )


def sentence(reason: Reason, why: str | None, language: Language) -> str:
    """What happened and what to do, for an admin."""
    return language.text(SENTENCES[reason], why=layouts.quoted(why or "?"))


def when(moment: datetime) -> str:
    """A moment as each reader's Discord shows it, by the clock and from now."""
    return f"{discord.utils.format_dt(moment, 'F')} ({discord.utils.format_dt(moment, 'R')})"


def _sources(newest: date | None, sources: Sequence[SourceState], language: Language) -> list[str]:
    """How it is with the sources that are fetched."""
    lines = []
    for source in sources:
        name = layouts.quoted(source.name)
        if source.failing_since:
            lines.append(
                language.text(
                    "⚠ {name} has failed since {when}: {why} I ask again by myself.",
                    name=name,
                    when=when(source.failing_since),
                    why=layouts.said(source.why or _UNKNOWN, language),
                )
            )
        elif source.fetched_at and (newest is None or newest < source.fetched_at.date()):
            asked = discord.utils.format_dt(source.fetched_at, "R")
            lines.append(
                language.text("{name} answered {when}.", name=name, when=asked)
                if newest is None
                else language.text("{name} was asked {when} and had nothing newer.", name=name, when=asked)
                + (
                    " " + language.text("On weekends there are seldom papers.")
                    if only_weekend(newest, source.fetched_at.date())
                    else ""
                )
            )
    return lines


def _block(standing: Standing, days: int, language: Language) -> str:
    channel, target = standing.channel, standing.target
    aside = bool(target and target.set_aside_at)
    if channel.paused:
        next_post = language.text("paused")
    else:
        next_post = language.text("as soon as I can") if aside else when(channel.next_post_at)
    lines = [
        f"### <#{channel.channel_id}>",
        language.text(
            "Every day at {time} ({zone}), top {top}. Next post: {when}",
            time=f"{channel.wall_time:%H:%M}",
            zone=channel.timezone,
            top=channel.top,
            when=next_post,
        ),
    ]
    if target and target.set_aside_at and target.reason:
        said = sentence(target.reason, target.why, language)
        lines.append(language.text("⚠ Not posted to since {when}. {why}", when=when(target.set_aside_at), why=said))
    if standing.lacking and not aside:
        lines.append(lacks(f"<#{channel.channel_id}>", standing.lacking, language))
    elif standing.wanting and not aside:
        lines.append(wants(f"<#{channel.channel_id}>", standing.wanting, language))
    lines += [f"- {_line(delivery, channel, language)}" for delivery in standing.deliveries[:days]]
    if not standing.deliveries:
        lines.append(language.text("Nothing was posted in the last seven days."))
    return "\n".join(lines)


def _line(delivery: Delivery, channel: Channel, language: Language) -> str:
    day, at = language.day(delivery.digest_date), discord.utils.format_dt(delivery.updated_at, "R")
    if delivery.state is DeliveryState.SENT:
        address = f"https://discord.com/channels/{channel.guild_id}/{delivery.channel_id}/{delivery.message_id}"
        posted = language.text("posted")
        return f"✓ {day} · [{posted}]({address}) {at}"
    if delivery.state is DeliveryState.PLANNED or (delivery.state is DeliveryState.CLAIMED and not delivery.reason):
        waits = language.text("It waits to be sent.")
        return f"… {day} · {waits}"
    if delivery.state is DeliveryState.CLAIMED:
        said = language.text("It was begun and is not confirmed. I look again by myself.")
    elif delivery.state is DeliveryState.SET_ASIDE and delivery.reason is not Reason.UNCONFIRMED:
        # What stands in the way is said above, once, as long as it does.
        said = language.text("not posted")
    else:
        said = sentence(delivery.reason or Reason.UNREACHED, delivery.why, language)
    return f"{'–' if delivery.state is DeliveryState.EXPIRED else '⚠'} {day} · {said}"
