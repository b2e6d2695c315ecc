"""A paper's full summary, and its BibTeX entry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import discord
from discord import ui

from bot import arxiv, cards, custom_ids, layouts, markdown, vote_chart
from bot.language import Language
from bot.query import MAX_LENGTH
from bot.text import clean, clip, escape_within, start, width
from storage.models import Entry, Paper

_TEXTS = 16
_ADDRESS_BEGUN = re.compile(r"<https?://[^\s>]*$")


def summary(
    entry: Entry,
    page: int,
    language: Language,
    *,
    shared_by: str | None = None,
    history: vote_chart.History = (),
    rows: Sequence[ui.ActionRow[ui.LayoutView]] = (),
) -> ui.LayoutView:
    """A paper's full summary: every section, over as many pages as it takes. ``history`` is described below them; the
    message must then have its picture attached, as :data:`bot.vote_chart.FILE`. ``rows`` come last."""
    paper = entry.paper
    told = [*cards.votes(entry, language), language.day(entry.date), *cards.attributions([entry])]
    meta = " · ".join([*told, layouts.shared(shared_by, language)] if shared_by else told)
    names = escape_within(clean(", ".join(paper.authors)), 600, links=False)
    head = f"## {cards.link(entry, 300)}\n-# {meta}" + (f"\n{names}" if names else "")
    if paper.keywords:
        head += "\n-# " + escape_within(clean(" · ".join(paper.keywords)), 300, links=False)
    pages = _summary_pages(entry, layouts.TEXT - width(head) - 100, language)
    page = min(max(page, 0), len(pages) - 1)
    items: list[ui.Item[ui.LayoutView]] = [ui.TextDisplay(head)]
    if page == 0:
        items += cards.gallery(entry)
    items += [ui.TextDisplay(text) for text in pages[page]]
    if history:
        items += _votes_over_time(entry, history, language)
    if len(pages) > 1:
        turned = language.text("page {page} of {pages}", page=page + 1, pages=len(pages))
        items.append(ui.TextDisplay(f"-# {turned}"))
    arxiv_id = entry.paper.arxiv_id
    links = [
        ui.Button[ui.LayoutView](label="arXiv", url=arxiv.abstract_address(arxiv_id)),
        ui.Button[ui.LayoutView](label="PDF", url=arxiv.pdf_address(arxiv_id)),
        ui.Button[ui.LayoutView](label="Hugging Face", url=arxiv.hugging_face_address(arxiv_id)),
        layouts.button("BibTeX", custom_ids.bibtex(arxiv_id)),
    ]
    if repository := cards.opens(paper.repository, layouts.ADDRESS):
        stars = f" ★ {language.number(paper.stars)}" if paper.stars is not None else ""
        links.append(ui.Button(label=language.text("Code") + stars, url=repository))
    if project := cards.opens(paper.project, layouts.ADDRESS):
        links.append(ui.Button(label=language.text("Project page"), url=project))
    if not shared_by:
        links.append(layouts.button(language.text("Share in this channel"), custom_ids.share_summary(arxiv_id)))
    turns = []
    if len(pages) > 1:
        before, after = custom_ids.summary_page(page - 1, arxiv_id), custom_ids.summary_page(page + 1, arxiv_id)
        turns.append(layouts.button(language.text("Back"), before) if page else None)
        turns.append(layouts.button(language.text("Read on"), after) if page + 1 < len(pages) else None)
    turning = layouts.rows([turn for turn in turns if turn])
    return layouts.layout(*items, rows=[*turning, *layouts.rows(links), *_keyword_menu(paper, language), *rows])


def bibtex(entry: Entry) -> ui.LayoutView:
    """The paper's BibTeX entry, in the form of arXiv's own."""
    paper = entry.paper

    def field(text: str) -> str:
        return clean(text).replace("`", "'").replace("{", "").replace("}", "")

    authors = clip(" and ".join(field(name) for name in paper.authors), 2500)
    key = "".join(character for character in paper.arxiv_id if character.isalnum())
    lines = [
        f"@misc{{arxiv{key},",
        f"  title         = {{{{{clip(field(paper.title), 600)}}}}},",
        *([f"  author        = {{{authors}}},"] if authors else []),
        f"  eprint        = {{{paper.arxiv_id}}},",
        "  archivePrefix = {arXiv},",
        f"  url           = {{{arxiv.abstract_address(paper.arxiv_id)}}},",
        "}",
    ]
    return layouts.layout(ui.TextDisplay("```bibtex\n" + "\n".join(lines) + "\n```"))


def _keyword_menu(paper: Paper, language: Language) -> list[ui.ActionRow[ui.LayoutView]]:
    """A menu of the paper's keywords, to be looked up; none of no keywords."""
    words = dict.fromkeys(start(clean(word), MAX_LENGTH).strip() for word in paper.keywords)
    options = [discord.SelectOption(label=word, value=word) for word in words if word][:25]
    if not options:
        return []
    menu = ui.Select[ui.LayoutView](
        custom_id=custom_ids.keywords(paper.arxiv_id),
        placeholder=clip(language.text("Look up a keyword…"), 150),
        options=options,
    )
    return [ui.ActionRow(menu)]


def _votes_over_time(entry: Entry, history: vote_chart.History, language: Language) -> list[ui.Item[ui.LayoutView]]:
    described = vote_chart.description(entry.paper.title, history, language)
    image = discord.MediaGalleryItem(f"attachment://{vote_chart.FILE}", description=described)
    caption = language.text("Votes over time (UTC)")
    return [ui.TextDisplay(f"-# {caption}"), ui.MediaGallery(image)]


def _summary_pages(entry: Entry, room: int, language: Language) -> list[list[str]]:
    """The sections as texts, in pages of at most ``room`` characters and 16 texts: all else that a
    message may have takes 22 components."""
    pages: list[list[str]] = [[]]
    left = room
    for section in cards.in_order(entry.sections, language):
        heading = f"### {escape_within(clean(section.heading), 200, links=False)}" if section.heading else ""
        pieces = [
            piece for block in markdown.blocks(section.text) for piece in _pieces(block, room - width(heading) - 1)
        ]
        for text in _joined([heading, *pieces] if heading else pieces, room):
            if width(text) > left or len(pages[-1]) == _TEXTS:
                pages.append([])
                left = room
            pages[-1].append(text)
            left -= width(text)
    if not pages[0]:
        pages[0].append(language.text("The digest has no summary of this paper."))
    return pages


def _joined(lines: Iterable[str], room: int) -> list[str]:
    """``lines`` in texts of at most ``room`` characters."""
    texts: list[str] = []
    for line in lines:
        if texts and width(texts[-1]) + 1 + width(line) <= room:
            texts[-1] += "\n" + line
        else:
            texts.append(line)
    return texts


def _pieces(block: str, room: int) -> list[str]:
    """A block of Discord Markdown, cut where it is longer than a page: at spaces, between escapes and addresses."""
    pieces = []
    while width(block) > room:
        whole = start(block, room - room // 20)
        space = whole.rfind(" ", room // 3)
        cut = space if space > 0 else _between(block, len(whole) or room // 2)
        pieces.append(block[:cut].rstrip())
        block = block[cut:].lstrip()
    return [*pieces, block]


def _between(block: str, cut: int) -> int:
    """``cut``, or the place before it that parts no address and no escape."""
    if address := _ADDRESS_BEGUN.search(block[:cut]):
        return address.start() or cut
    backslashes = len(block[:cut]) - len(block[:cut].rstrip("\\"))
    return cut - backslashes % 2
