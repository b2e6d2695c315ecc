"""Hugging Face's Daily Papers: JSON of ``/api/daily_papers`` and ``/api/papers/{id}`` -> Digests + rejects.

Its form is that of https://huggingface.co/.well-known/openapi.json as seen in 2026. Fields come and go there: one that
is missing is unknown, one that is new is ignored, and one of another type costs its own paper alone.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)

from bot import arxiv
from bot.errors import SourceError
from bot.parsed import Parsed
from storage.models import Digest, Entry, Paper, Reject, Section

API = "https://huggingface.co/api"
PAGE = 100
"""Papers a page, the most that there are."""
MOST_PAPERS = 10_000
"""Of a day, and of a page. No day has had more than some dozens."""

_MOST = 100_000
"""Characters of a text."""
_VIDEO = (".mp4", ".webm", ".mov", ".m4v")


def _address(text: str | None) -> str | None:
    """An address of http(s), or None: it is shown, and never fetched."""
    try:
        parts = urlsplit(text or "")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and len(text or "") <= 2000
    except ValueError:
        return None
    return text if usable else None


def _text(value: object) -> object:
    """A time is a text: pydantic takes numbers for seconds since 1970."""
    if value is not None and not isinstance(value, str):
        raise ValueError("it is no text")
    return value


Text = Annotated[StrictStr, Field(max_length=_MOST)]
Address = Annotated[Text | None, AfterValidator(_address)]


class _Object(BaseModel):
    # Built when papers come: the bot starts without.
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class _Author(_Object):
    name: Text | None = None
    hidden: StrictBool | None = None


class _Paper(_Object):
    id: Text
    title: Text
    summary: Text | None = None
    ai_summary: Text | None = None
    ai_keywords: tuple[Text, ...] | None = None
    upvotes: Annotated[StrictInt, Field(ge=0, lt=10**9)] | None = None
    authors: tuple[_Author, ...] | None = None
    submitted: Annotated[datetime | None, Field(alias="submittedOnDailyAt"), BeforeValidator(_text)] = None
    published: Annotated[datetime | None, Field(alias="publishedAt"), BeforeValidator(_text)] = None
    repository: Annotated[Address, Field(alias="githubRepo")] = None
    stars: Annotated[StrictInt | None, Field(alias="githubStars", ge=0, lt=10**9)] = None
    project: Annotated[Address, Field(alias="projectPage")] = None
    media: Annotated[tuple[Text, ...] | None, Field(alias="mediaUrls")] = None


class _Item(_Object):
    paper: _Paper
    thumbnail: Address = None


def address(day: date, page: int, api: str = API) -> str:
    """Where a page of the papers of a day is."""
    return f"{api}/daily_papers?{urlencode({'date': day.isoformat(), 'limit': PAGE, 'p': page})}"


def paper_address(arxiv_id: str, api: str = API) -> str:
    """Where one paper is."""
    return f"{api}/papers/{arxiv_id}"


def items(content: bytes) -> list[Any]:
    """What a page lists; after the last one there is nothing.

    Raises:
        SourceError: it is no list in JSON, or one of more papers than any day has.
    """
    try:
        # Python refuses numbers of thousands of digits, and the whole page with them.
        found = json.loads(content, parse_int=lambda digits: int(digits) if len(digits) < 20 else math.inf)
    except (ValueError, RecursionError):
        raise SourceError("Hugging Face answers with something else than JSON.") from None
    if not isinstance(found, list):
        raise SourceError("Hugging Face answers with something else than a list of papers.")
    if len(found) > MOST_PAPERS:
        raise SourceError("Hugging Face answers with a list of {number} papers.", number=f"{len(found):,}")
    return found


def parse(found: Iterable[Any], day: date) -> Parsed:
    """Reads what the pages of a day list. The digest is that of the day on which a paper was put there, else of
    ``day``."""
    rejects: list[Reject] = []
    days: dict[date, dict[str, Entry]] = {}
    for place, one in enumerate(found, 1):
        try:
            item = _Item.model_validate(one)
            entry = _entry(item, _day_of(item.paper.submitted, day))
        except (ValidationError, ValueError, OverflowError) as error:
            rejects.append(Reject(f"Hugging Face, {day}", place, _why(error, one)))
            continue
        days.setdefault(entry.date, {}).setdefault(entry.paper.arxiv_id, entry)
    digests = (Digest(found, _placed(entries.values())) for found, entries in sorted(days.items()))
    return Parsed(tuple(digests), tuple(rejects))


def parse_paper(content: bytes, today: date) -> Entry:
    """Reads one paper. Its day is the one on which it was published, at the latest ``today``.

    Raises:
        SourceError: it is none.
    """
    try:
        found = _Paper.model_validate(json.loads(content))
        return _entry(_Item(paper=found), min(_day_of(found.published, today), today))
    except (ValidationError, ValueError, OverflowError, RecursionError) as error:
        raise SourceError(
            "Hugging Face tells of a paper in a form that is not known: {why}.", why=_why(error, None)
        ) from None


def _entry(item: _Item, day: date) -> Entry:
    found = item.paper
    arxiv_id = arxiv.id_of_text(found.id)
    title = " ".join(found.title.split())
    if arxiv_id is None or not title:
        raise ValueError("it has no arXiv number" if arxiv_id is None else "it has no title")
    media = [address for text in found.media or () if (address := _address(text))]
    videos = [address for address in media if urlsplit(address).path.lower().endswith(_VIDEO)]
    images = [address for address in media if address not in videos]
    names = (" ".join(author.name.split()) for author in found.authors or () if author.name and not author.hidden)
    paper = Paper(
        arxiv_id,
        title,
        arxiv.abstract_address(arxiv_id),
        item.thumbnail or next(iter(images), None),
        next(iter(videos), None),
        tuple(dict.fromkeys(name for name in names if any(map(str.isalpha, name)))),
        repository=found.repository,
        stars=found.stars if found.repository else None,
        project=found.project,
        keywords=tuple(dict.fromkeys(kept for word in found.ai_keywords or () if (kept := " ".join(word.split())))),
    )
    texts = (("Summary", found.ai_summary), ("Abstract", found.summary))
    sections = tuple(Section(heading, _paragraphs(text)) for heading, text in texts if text and text.strip())
    return Entry(paper, day, 0, found.upvotes, sections)


def _day_of(moment: datetime | None, otherwise: date) -> date:
    if moment is None:
        return otherwise
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()


def _placed(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(replace(entry, position=position) for position, entry in enumerate(entries))


def _paragraphs(text: str) -> str:
    """Abstracts are broken into lines as arXiv got them, within sentences."""
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return "\n\n".join(block for block in blocks if block)


def _why(error: Exception, found: Any) -> str:
    """What is wrong with a paper, and which one it is, where that can be told."""
    inside = found.get("paper", found) if isinstance(found, dict) else None
    name = inside.get("id") if isinstance(inside, dict) else None
    named = f"{name[:40]!r}: " if isinstance(name, str) else ""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{named}{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
    return f"{named}{error}"
