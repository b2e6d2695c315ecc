"""Sources at an address: what one has for a day, and one paper of Hugging Face."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from bot import huggingface
from bot.config import HuggingFaceSource, MarkdownSource
from bot.errors import FetchError, SourceError
from bot.fetching import NEVER, Fetcher
from bot.parsed import Parsed
from storage.models import Entry, Version

RemoteSource = MarkdownSource | HuggingFaceSource

_ABSENT = (404, 410)
UNKNOWN = (400, *_ABSENT)
"""What Hugging Face says of a paper that it does not know; a number of before 2007, which has a slash, may be a bad
request to it."""
_NOT_BEGUN = 400
"""What Hugging Face says of a day that has not begun by its clock; of one that is over it is a failure."""
_HTML = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
_MOST_BYTES = 40 * 1024 * 1024
"""Of all pages of a day."""


@dataclass(slots=True)
class Found:
    """What a source has for a day: None where nothing has changed, no digest where there is none. ``versions`` are
    those of each address."""

    parsed: Parsed | None = None
    versions: dict[str, Version] = field(default_factory=dict)


async def fetch(fetcher: Fetcher, source: RemoteSource, day: date, known: Mapping[str, Version], today: date) -> Found:
    """Fetches a day, unless it is that of the ``known`` versions.

    Raises:
        SourceError: the source does not answer, or with something else than papers.
    """
    if isinstance(source, MarkdownSource):
        return await _markdown(fetcher, source, day, known)
    try:
        return await _hugging_face(fetcher, source, day, known)
    except FetchError as error:
        if error.status == _NOT_BEGUN and day >= today:
            return Found(Parsed((), ()), {huggingface.address(day, 0, source.api_url): NEVER})
        raise


async def fetch_paper(fetcher: Fetcher, source: HuggingFaceSource, arxiv_id: str, today: date) -> Entry:
    """Fetches one paper.

    Raises:
        FetchError: the source does not answer, or does not know it (``UNKNOWN``).
        SourceError: it answers with something else than this paper.
    """
    address = huggingface.paper_address(arxiv_id, source.api_url)
    found = await fetcher.get(address, token=_token(source), allow_private=source.allow_private)
    entry = huggingface.parse_paper(found.body or b"", today)
    if entry.paper.arxiv_id != arxiv_id:
        raise SourceError(
            "{name} answers with {found}, and not with {asked}.",
            name=source.name,
            found=entry.paper.arxiv_id,
            asked=arxiv_id,
        )
    return entry


async def _markdown(fetcher: Fetcher, source: MarkdownSource, day: date, known: Mapping[str, Version]) -> Found:
    from bot import parsing  # As in bot.sources: when there is something to read.

    address = source.address.format(date=day)
    try:
        found = await fetcher.get(address, known=known.get(address, NEVER), allow_private=source.allow_private)
    except FetchError as error:
        if error.status in _ABSENT:
            return Found(Parsed((), ()), {address: NEVER})
        raise
    if found.body is None:
        return Found(None, {address: found.version})
    parsed = await asyncio.to_thread(parsing.parse, found.body, f"{source.name}, {day}")
    if parsed.rejects and not parsed.digests:
        reason = parsed.rejects[0].reason
        raise SourceError("{name} answers with no digest for {day}: {why}.", name=source.name, day=day, why=reason)
    if not parsed.digests and _HTML.match(found.body):
        raise SourceError("{name} answers with no digest for {day}: it is a web page.", name=source.name, day=day)
    return Found(parsed, {address: found.version})


async def _hugging_face(fetcher: Fetcher, source: HuggingFaceSource, day: date, known: Mapping[str, Version]) -> Found:
    listed: list[Any] = []
    answer = Found()
    size, last = 0, b""
    for page in count():
        address = huggingface.address(day, page, source.api_url)
        # Only a whole day can be said not to have changed.
        version = known.get(address, NEVER) if len(known) == 1 else NEVER
        found = await fetcher.get(address, known=version, token=_token(source), allow_private=source.allow_private)
        answer.versions[address] = found.version
        if found.body is None:
            return answer
        if found.body == last:
            # It knows of no pages, and has told all.
            break
        size, last = size + len(found.body), found.body
        items = await asyncio.to_thread(huggingface.items, found.body)
        listed += items
        if len(listed) > huggingface.MOST_PAPERS or size > _MOST_BYTES:
            raise SourceError(
                "{name} answers with page after page for {day}, and never with the last one.",
                name=source.name,
                day=day,
            )
        if len(items) < huggingface.PAGE:
            break
    parsed = await asyncio.to_thread(huggingface.parse, listed, day)
    if parsed.rejects and not parsed.digests:
        reason = parsed.rejects[0].reason
        raise SourceError(
            "No paper that {name} has for {day} can be read: {why}.", name=source.name, day=day, why=reason
        )
    answer.parsed = parsed
    return answer


def _token(source: HuggingFaceSource) -> str:
    # Without encryption everyone on the way could read it.
    return os.environ.get("HF_TOKEN", "").strip() if source.api_url.lower().startswith("https:") else ""
