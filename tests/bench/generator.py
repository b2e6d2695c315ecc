"""Made papers, as like real ones as a measurement needs: the same for the same settings, and a million in minutes.

The shapes are those of real Korean digests: an English title of 6 to 14 words, some authors, votes, three sections or a
few more in Korean with English terms (one paper in ten is in English throughout), about 1,600 bytes of text a paper.
Words are as unevenly frequent as in real text, and the vocabulary grows with the papers: each brings names and rare
words of its own, most of them never seen again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from random import Random

from storage.models import Digest, Entry, Paper
from tests.bench.names import Names
from tests.bench.prose import prose
from tests.bench.writing import Writer

LAST_DAY = date(2025, 6, 30)
"""The date of the newest made digest: a fixed one, so that what is made is always the same."""
A_DAY = 24
"""Papers a day, on average, as long as that does not make more than ``_DAYS`` days of them."""
_DAYS = 3_650


@dataclass(frozen=True)
class Settings:
    """What papers are to be made: how many, by how many different authors at most, and the seed."""

    papers: int
    authors: int
    seed: int = 1

    @classmethod
    def of(cls, papers: int, seed: int = 1) -> Settings:
        """With as many authors as so many papers have: half a million where there are a million papers, some 18,000
        where there are 6,000 (new papers bring ever fewer new people)."""
        return cls(papers, max(40, round(500_000 * (papers / 1_000_000) ** 0.65)), seed)


class Generator:
    """The papers of some settings, by day. Each day is made by itself, so any can be had without those before it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._writer = Writer(prose(settings.seed))
        self._names = Names(settings.authors)
        self._sizes = _sizes(settings)
        self.first_day = LAST_DAY - timedelta(days=len(self._sizes) - 1)

    @property
    def days(self) -> int:
        return len(self._sizes)

    def digests(self) -> Iterator[Digest]:
        """All of them, the oldest first."""
        number = 0
        for index, size in enumerate(self._sizes):
            day = self.first_day + timedelta(days=index)
            number = 1 if day.day == 1 else number + 1
            yield self.digest(day, size, number)
            number += size - 1

    def digest(self, day: date, size: int, first: int = 1) -> Digest:
        """A day of ``size`` papers, the most voted first, whose arXiv numbers begin at ``first`` of its month."""
        if first + size > 100_000:
            raise ValueError("arXiv has 99,999 numbers a month")
        random = Random(f"{asdict(self.settings)} {day} {first}")
        votes = sorted((_votes(random) for _ in range(size)), reverse=True)
        return Digest(
            day,
            tuple(
                self._entry(random, day, position, f"{day:%y%m}.{first + position:05}", votes[position])
                for position in range(size)
            ),
        )

    def author(self, number: int) -> str:
        """The name of an author; those with low numbers have the most papers."""
        return self._names[number]

    def _entry(self, random: Random, day: date, position: int, arxiv_id: str, votes: int) -> Entry:
        # By this exponent the first of half a million writes on a thousand of a million papers, the last on nine.
        drawn = (int(self._names.count * random.random() ** 1.5) for _ in range(_authors(random)))
        authors = tuple(self._names[number] for number in dict.fromkeys(drawn))
        image = None
        if random.random() < 0.9:
            image = f"https://cdn-thumbnails.example.org/social-thumbnails/papers/{arxiv_id}.png"
        title, sections = self._writer.write(random)
        paper = Paper(arxiv_id, title, f"https://arxiv.org/abs/{arxiv_id}", image, None, authors)
        return Entry(paper, day, position, votes if random.random() < 0.96 else None, sections)


def markdown(digest: Digest) -> str:
    """A digest as the Markdown that its source writes; read again, it is the same digest."""
    parts = [f"## Daily Papers ({digest.date})\n"]
    for entry in digest.entries:
        paper = entry.paper
        parts.append(f"### [{paper.title}]({paper.url})\n")
        if paper.image_url:
            parts.append(f"![]({paper.image_url})\n")
        parts.append(f"Vote: {'-' if entry.votes is None else entry.votes}\n")
        parts.append(f"Authors: {', '.join(paper.authors)}\n")
        parts.append("\n".join(f"- **{section.heading}**: {section.text}" for section in entry.sections) + "\n")
    return "\n".join(parts)


def text_bytes(entries: Iterable[Entry]) -> int:
    """The UTF-8 of their titles, authors, section headings and texts."""
    return sum(
        len("".join((entry.paper.title, *entry.paper.authors)).encode())
        + sum(len(f"{section.heading or ''}{section.text}".encode()) for section in entry.sections)
        for entry in entries
    )


def _sizes(settings: Settings) -> list[int]:
    """The papers of each day: as many as on average, half as many more or fewer."""
    random = Random(f"days {settings}")
    average = max(A_DAY, settings.papers // _DAYS)
    sizes = []
    left = settings.papers
    while left:
        sizes.append(min(left, random.randint(average // 2, average * 3 // 2)))
        left -= sizes[-1]
    return sizes


def _votes(random: Random) -> int:
    return int(random.lognormvariate(1.5, 1.2))


def _authors(random: Random) -> int:
    return min(15, max(1, round(random.triangular(0, 15, 4.5))))
