"""Typed values -> messages: the daily post, alerts, and the answers to look-ups and to following."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import discord
from discord import ui

from bot import cards, custom_ids, layouts
from bot.highlighting import Marks
from bot.language import Language
from bot.lookup import MOST_COUNTED, PAGE, Answer, Kind, Lookup, Near, Period
from bot.query import MAX_LENGTH
from bot.ranking import Riser
from bot.text import clean, clip, escape_within, width
from storage.models import Entry, Follows, Sort

_ALERT_CARDS = 8
"""Cards in an alert; with more, the rows of buttons would not fit into 40 components."""


def daily(
    day: date, total: int, entries: Sequence[Entry], language: Language, mark: str, riser: Riser | None = None
) -> ui.LayoutView:
    """The daily post: the top of a day, and a line on the paper of an earlier day that has risen since. ``mark`` goes
    into its ids."""
    papers = language.plural("{n} paper", "{n} papers", total)
    name = language.text("Daily Papers")
    every = [*entries, riser.entry] if riser else entries
    said = " · ".join([papers, *cards.attributions(every)])
    header = f"## {name} · {language.day(day)}\n-# {said}"
    numbered = list(enumerate(entries, 1))
    line = _risen(riser, language) if riser else ""
    room = layouts.TEXT - width(header) - width(line)
    items = [ui.TextDisplay(header), *cards.cards(numbered, language, room, dated=False)]
    if line:
        items.append(ui.TextDisplay(line))
    everything = language.plural("All {n} paper", "All {n} papers", total)
    whole_day = Lookup(Kind.DATE, day.isoformat(), Sort.VOTES)
    buttons = [
        layouts.button(everything, custom_ids.open_lookup(whole_day)),
        layouts.button(language.text("Follow a keyword"), custom_ids.ask()),
    ]
    return layouts.layout(*items, rows=[*cards.summary_menu(every, language, mark), *layouts.rows(buttons)])


def _risen(riser: Riser, language: Language) -> str:
    before = "" if riser.before is None else f"{language.number(riser.before)} → "
    votes = f"▲ {before}{language.number(riser.entry.votes or 0)}"
    heading = language.text("Risen since its day")
    day = language.short_day(riser.entry.date)
    return f"-# {heading} · {cards.link(riser.entry, 300)} · {votes} · {day}"


def alert(
    day: date,
    matches: Sequence[tuple[Entry, Sequence[str]]],
    follows: Sequence[tuple[int, str]],
    language: Language,
    mark: str,
) -> ui.LayoutView:
    """New papers with the texts that each was followed by; ``follows`` has the id and text of each, to unfollow."""
    news = language.plural("A new paper for you", "{n} new papers for you", len(matches))
    header = f"## {news}\n-# {language.day(day)}"
    shown = matches[:_ALERT_CARDS]
    reasons = [_followed_by(texts, language) for _, texts in shown]
    more = [
        f"- {cards.link(entry, 90)} · {escape_within(clean(', '.join(texts)), 60, links=False)}"
        for entry, texts in matches[_ALERT_CARDS:]
    ]
    rest = layouts.as_many_as_fit(more, 1000, language)
    room = layouts.TEXT - width(header) - width(rest)
    shown_cards = cards.cards([(None, entry) for entry, _ in shown], language, room, dated=False, reasons=reasons)
    items = [ui.TextDisplay(header), *shown_cards, *([ui.TextDisplay(rest)] if rest else [])]
    buttons = [
        layouts.button(
            clip(language.text("Unfollow “{text}”", text=text), layouts.LABEL), custom_ids.unfollow(follow_id)
        )
        for follow_id, text in follows[:5]
    ]
    entries = [entry for entry, _ in matches]
    return layouts.layout(*items, rows=[*cards.summary_menu(entries, language, mark), *layouts.rows(buttons)])


def answer(found: Answer, language: Language, *, shared_by: str | None = None) -> ui.LayoutView:
    """A page of a look-up. ``shared_by`` names who shared it with a channel."""
    asked = title(found.lookup, language)
    if not found.total:
        return _nothing(found, asked, language)
    if found.total > MOST_COUNTED:
        papers = language.text("more than {n} papers", n=language.number(MOST_COUNTED))
        pages = language.text("page {page}", page=found.page + 1)
    else:
        papers = language.plural("{n} paper", "{n} papers", found.total)
        pages = language.text("page {page} of {pages}", page=found.page + 1, pages=found.pages)
    header = f"## {asked}\n-# {papers}" + (f" · {pages}" if found.pages > 1 else "")
    header += "".join(f" · {name}" for name in cards.attributions(found.entries))
    if shared_by:
        header += f" · {layouts.shared(shared_by, language)}"
    ranked = found.lookup.kind in (Kind.DATE, Kind.TOP)
    first = found.page * PAGE + 1
    numbered = [(number if ranked else None, entry) for number, entry in enumerate(found.entries, first)]
    items = [
        ui.TextDisplay(header),
        *cards.cards(
            numbered,
            language,
            layouts.TEXT - width(header),
            dated=not _one_day(found.lookup),
            marks=Marks(found.asked, found.phrases) if found.asked else None,
        ),
    ]
    buttons: list[ui.Button[ui.LayoutView]] = []
    if not shared_by:
        buttons += _page_buttons(found, language)
        buttons.append(
            layouts.button(language.text("Share in this channel"), custom_ids.share(found.page, found.lookup))
        )
        buttons += _follow_buttons(found.lookup, language)
    return layouts.layout(*items, rows=[*cards.summary_menu(found.entries, language, "a"), *layouts.rows(buttons)])


def title(lookup: Lookup, language: Language) -> str:
    """What was asked, as a heading."""
    if lookup.kind is Kind.DATE:
        if len(lookup.text) > 7:
            return language.day(date.fromisoformat(lookup.text))
        return language.month(date.fromisoformat(f"{lookup.text}-01"))
    if lookup.kind is Kind.TOP:
        return {
            Period.DAY: language.text("Top of the day"),
            Period.WEEK: language.text("Top of the week"),
            Period.MONTH: language.text("Top of the month"),
            Period.ALL: language.text("Top of all time"),
        }[Period(lookup.text)]
    text = escape_within(clean(lookup.text), 150, links=False)
    if lookup.kind is Kind.AUTHOR:
        return language.text("Papers by {name}", name=text)
    return language.text("Papers on “{text}”", text=text)


def followed(
    text: str,
    kind: Follows,
    new: bool,
    where: str | None,
    recent: int,
    entries: Sequence[Entry],
    follow_id: int,
    language: Language,
) -> ui.LayoutView:
    """The answer to following; ``where`` is the mention of the channel that follows, None for the person."""
    shown = escape_within(clean(text), 150, links=False)
    if not new:
        said = language.text("“{text}” is followed already.", text=shown)
    elif where:
        said = language.text("{channel} now follows “{text}”.", channel=where, text=shown)
    else:
        said = language.text("You now follow “{text}”. New papers come to your direct messages.", text=shown)
    if recent:
        judged = language.plural(
            "In the last 30 days of papers held, it would have found {n} paper:",
            "In the last 30 days of papers held, it would have found {n} papers:",
            recent,
        )
    else:
        judged = language.text("In the last 30 days of papers held, it would have found none.")
    titles = [f"- {cards.link(entry, 120)}" for entry in entries]
    listed = layouts.as_many_as_fit(titles, 3000, language, recent - len(titles))
    button = layouts.button(language.text("Unfollow"), custom_ids.unfollow(follow_id))
    return layouts.layout(
        ui.TextDisplay("\n".join(part for part in (said, judged, listed) if part)), rows=layouts.rows([button])
    )


def followed_list(
    rows: Sequence[tuple[int, str, str]],
    page: int,
    language: Language,
    missed: Sequence[tuple[int, date, int]] = (),
) -> ui.LayoutView:
    """What is followed: (id, text, where), 25 a page, with a menu to remove some. ``missed``: alerts that could not be
    delivered, (id, day, papers) of each."""
    if not rows:
        said = language.text("You follow nothing yet. Try /subscribe keyword.")
        return layouts.note(said, layouts.button(language.text("Follow a keyword"), custom_ids.ask()))
    pages = -(-len(rows) // 25)
    page = min(max(page, 0), pages - 1)
    shown = rows[page * 25 : page * 25 + 25]
    number = language.plural("You follow {n} thing", "You follow {n} things", len(rows))
    header = f"## {number}"
    told = _missed(missed, language)
    lines = [f"- {escape_within(clean(text), 100, links=False)} · {where}" for _, text, where in shown]
    menu = ui.Select[ui.LayoutView](
        custom_id=custom_ids.remove(page),
        placeholder=clip(language.text("Stop following…"), 150),
        min_values=1,
        max_values=len(shown),
        options=[
            discord.SelectOption(label=clip(clean(text) or "…", layouts.OPTION), value=str(follow_id))
            for follow_id, text, _ in shown
        ],
    )
    turns = []
    if page:
        turns.append(layouts.button(language.text("Back"), custom_ids.list_page(page - 1)))
    if page + 1 < pages:
        turns.append(layouts.button(language.text("Next"), custom_ids.list_page(page + 1)))
    listed = layouts.as_many_as_fit(lines, 3800 - width(told), language)
    # Below the last thing of the list, Discord would take it for a part of that.
    texts = [ui.TextDisplay[ui.LayoutView](part) for part in (f"{header}\n{listed}", told) if part]
    buttons = [
        layouts.button(
            language.plural("{day}: {n} paper", "{day}: {n} papers", papers, day=language.day(day)),
            custom_ids.missed(delivery_id),
        )
        for delivery_id, day, papers in missed[:5]
    ]
    return layouts.layout(*texts, rows=[ui.ActionRow(menu), *layouts.rows(turns), *layouts.rows(buttons)])


def _missed(missed: Sequence[tuple[int, date, int]], language: Language) -> str:
    lines = []
    if missed:
        number = language.plural(
            "⚠ {n} alert could not be delivered to you. Press its day to read it.",
            "⚠ {n} alerts could not be delivered to you. Press a day to read it.",
            len(missed),
        )
        lines.append(number)
        lines.append(
            language.text("For new ones to reach you, allow direct messages from members of a server that I am in.")
        )
    return "\n".join(lines)


def _followed_by(texts: Sequence[str], language: Language) -> str:
    quoted = ", ".join(f"“{clip(clean(text), 40)}”" for text in texts)
    return language.text("for {keywords}", keywords=escape_within(quoted, 120, links=False))


def _page_buttons(found: Answer, language: Language) -> list[ui.Button[ui.LayoutView]]:
    if found.pages == 1:
        return []
    last = found.pages - 1
    before, after = max(found.page - 1, 0), min(found.page + 1, last)
    # Two buttons of a message may not have one id, not even where one is disabled.
    return [
        layouts.button(language.text("Back"), custom_ids.page(before, found.lookup), disabled=found.page == 0),
        layouts.button(
            language.text("Next"),
            custom_ids.page(after if after != before else after + 1, found.lookup),
            disabled=found.page == last,
        ),
    ]


def _follow_buttons(lookup: Lookup, language: Language) -> list[ui.Button[ui.LayoutView]]:
    if lookup.kind is Kind.KEYWORD:
        return [layouts.button(language.text("Follow this"), custom_ids.follow(Follows.KEYWORD, lookup.text))]
    if lookup.kind is Kind.AUTHOR:
        return [layouts.button(language.text("Follow this"), custom_ids.follow(Follows.AUTHOR, lookup.text))]
    return []


def _nothing(found: Answer, asked: str, language: Language) -> ui.LayoutView:
    said = f"## {asked}\n" + language.text("No paper held fits this.")
    if found.near:
        said += "\n" + language.text("Near it:")
    buttons = [
        layouts.button(clip(_near(near, language), layouts.LABEL), custom_ids.open_lookup(near.lookup))
        for near in found.near[:5]
        if width(near.lookup.text) <= MAX_LENGTH
    ]
    buttons += _follow_buttons(found.lookup, language)
    return layouts.note(said, *buttons)


def _near(near: Near, language: Language) -> str:
    if near.lookup.kind is Kind.DATE:
        return language.day(date.fromisoformat(near.lookup.text))
    text = clean(near.lookup.text)
    if near.papers is None:
        return text
    number = language.number(min(near.papers, MOST_COUNTED)) + ("+" if near.papers > MOST_COUNTED else "")
    return f"{clip(text, layouts.LABEL - 12)} ({number})"


def _one_day(lookup: Lookup) -> bool:
    return (lookup.kind is Kind.DATE and len(lookup.text) > 7) or lookup == Lookup(Kind.TOP, Period.DAY, Sort.VOTES)
