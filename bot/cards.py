"""A paper as a card, and what stands beside cards: its title as a link, its picture, the menu of summaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import discord
from discord import ui

from bot import arxiv, custom_ids, layouts, markdown, tex
from bot.highlighting import Marks, bold
from bot.language import Language
from bot.text import clean, clip, escape_within, sentence_at, sentences, width
from storage.models import Entry, Section

_RASTER = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_VIDEO = (".mp4", ".webm", ".mov", ".m4v")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_LIKE_AN_ADDRESS = re.compile(r":/|//|\bwww\.|[\w-]\.[a-z]{2,}/", re.IGNORECASE)
_CARD = 600
_TEASER = 220
_TITLE = 220


def cards(
    entries: Sequence[tuple[int | None, Entry]],
    language: Language,
    room: int,
    *,
    dated: bool,
    reasons: Sequence[str] = (),
    marks: Marks | None = None,
) -> list[ui.Item[ui.LayoutView]]:
    """A card an entry, at most three components each, with ``room`` characters for all. What has ``marks`` is in
    bold, and nothing else."""
    items: list[ui.Item[ui.LayoutView]] = []
    for index, (number, entry) in enumerate(entries):
        share = room // (len(entries) - index)
        text = _card(number, entry, language, share, dated, reasons[index] if reasons else "", marks)
        room -= width(text)
        paper = entry.paper
        image = _media(paper.image_url, _RASTER)
        video = _media(paper.video_url, _VIDEO)
        if image:
            alt = clip(clean(tex.to_unicode(paper.title)), layouts.ALT_TEXT)
            items.append(ui.Section(ui.TextDisplay(text), accessory=ui.Thumbnail(image, description=alt or None)))
        else:
            items.append(ui.TextDisplay(text))
            if video:
                items.append(ui.MediaGallery(discord.MediaGalleryItem(video)))
    return items


def link(entry: Entry, room: int, marks: Marks | None = None) -> str:
    """The title as a link, in at most ``room`` characters; what has ``marks`` is in bold."""
    address = arxiv.abstract_address(entry.paper.arxiv_id)
    arxiv_id = entry.paper.arxiv_id
    title = clean(tex.to_unicode(entry.paper.title))
    if _LIKE_AN_ADDRESS.search(title):
        # Discord shows no link whose text is an address, and a reader would take it for where the link leads.
        text = _shown(title, room - width(address) - len(arxiv_id) - 5, marks)
        return f"{text} [{arxiv_id}]({address})"
    text = _shown(title, room - width(address) - 4, marks)
    return f"[{text or arxiv_id}]({address})"


def votes(entry: Entry, language: Language) -> list[str]:
    return [] if entry.votes is None else [f"▲ {language.number(entry.votes)}"]


def summary_menu(entries: Sequence[Entry], language: Language, mark: str) -> list[ui.ActionRow[ui.LayoutView]]:
    titles = {entry.paper.arxiv_id: entry.paper.title for entry in entries}
    return paper_menu(titles, language.text("Read a summary…"), mark)


def paper_menu(titles: Mapping[str, str], placeholder: str, mark: str) -> list[ui.ActionRow[ui.LayoutView]]:
    """A menu of papers, by arXiv id, whose summaries are to be read; none of no papers."""
    options = [
        discord.SelectOption(label=clip(clean(tex.to_unicode(title)) or arxiv_id, layouts.OPTION), value=arxiv_id)
        for arxiv_id, title in list(titles.items())[:25]
    ]
    if not options:
        return []
    menu = ui.Select[ui.LayoutView](
        custom_id=custom_ids.summary(mark), placeholder=clip(placeholder, 150), options=options
    )
    return [ui.ActionRow(menu)]


def in_order(sections: Iterable[Section], language: Language) -> list[Section]:
    """Sections in the reader's language first, and those in another last."""
    return sorted(sections, key=lambda one: 0 if one.language == language.code else 1 if one.language is None else 2)


def attributions(entries: Iterable[Entry]) -> list[str]:
    """Whom what is shown is owed to."""
    names = dict.fromkeys(name for entry in entries for name in entry.attributions)
    return [escape_within(clean(", ".join(names)), 200, links=False)] if names else []


def gallery(entry: Entry) -> list[ui.Item[ui.LayoutView]]:
    media = _media(entry.paper.video_url, _VIDEO) or _media(entry.paper.image_url, _RASTER)
    return [ui.MediaGallery(discord.MediaGalleryItem(media))] if media else []


def _card(
    number: int | None,
    entry: Entry,
    language: Language,
    room: int,
    dated: bool,
    reason: str,
    marks: Marks | None,
) -> str:
    rank = f"{number}\u2002" if number else ""
    title = link(entry, min(_TITLE, room // 2), marks)
    meta = votes(entry, language)
    if dated:
        meta.append(language.day(entry.date))
    if names := _some_authors(entry, language, marks):
        meta.append(names)
    lines = [rank + title if marks else f"**{rank}{title}**"]
    if meta:
        lines.append(f"-# {' · '.join(meta)}")
    if reason:
        lines.append(f"-# {reason}")
    left = min(room, _CARD) - sum(width(line) + 1 for line in lines)
    if left > 40 and (teaser := _teaser(in_order(entry.sections, language), min(_TEASER, left), marks)):
        lines.append(_shown(teaser, left, marks, links=True))
    return "\n".join(lines)


def _shown(text: str, limit: int, marks: Marks | None, *, links: bool = False) -> str:
    return marks.bold_within(text, limit, links=links) if marks else escape_within(text, limit, links=links)


def _teaser(told: Sequence[Section], limit: int, marks: Marks | None) -> str:
    """The first sentences of the summary, or those of it that have what is looked for."""
    for section in told if marks else ():
        # Not every section is read to its end only to find nothing.
        if marks and marks.has(section.text) and (found := marks.spans(text := markdown.plain(section.text))):
            return sentences(sentence_at(text, *found[0], limit), limit)
    return next((sentences(text, limit) for section in told if (text := markdown.plain(section.text))), "")


def _some_authors(entry: Entry, language: Language, marks: Marks | None) -> str:
    """Two names and how many more. The sources order them as they like, so none is called the first; those that are
    looked for are shown."""
    names = [clean(name) for name in entry.paper.authors]
    if not names:
        return ""
    if marks and (places := marks.of_names(names)):
        names.sort(key=lambda name: name not in places)
        shown = ", ".join(
            bold(clip(name, 40), places.get(name, []) if len(name) <= 40 else [], links=False) for name in names[:2]
        )
    else:
        shown = escape_within(", ".join(clip(name, 40) for name in names[:2]), 90, links=False)
    if len(names) <= 2:
        return shown
    return language.plural("{names} and {n} more", "{names} and {n} more", len(names) - 2, names=shown)


def opens(address: str | None, length: int) -> str | None:
    """The address, where it is one of http(s) that Discord takes, of at most ``length`` characters, and shows where it
    leads. For one that is not well formed, Discord refuses the whole message."""
    if not address or len(address) > length or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return None
    well_formed = parts.scheme in ("http", "https") and "@" not in parts.netloc and _HOST.fullmatch(host)
    return address if well_formed else None


def _media(address: str | None, endings: tuple[str, ...]) -> str | None:
    """The address, where Discord can show what is there: no SVG."""
    address = opens(address, 2048)
    return address if address and urlsplit(address).path.lower().endswith(endings) else None
