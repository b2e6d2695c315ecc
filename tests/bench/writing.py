"""A paper's title and summary, written of phrases around the few words that are its own."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from storage.models import Section
from tests.bench import words
from tests.bench.prose import Prose, filled

ENGLISH = 0.1
"""The share of papers whose summary is in English."""
_SENTENCES = (9, 10, 10, 11, 11, 12, 13)
_SECTIONS = (3,) * 8 + (4, 4, 5, 6)
_TEX = 0.03
_GROWTH, _COMMON = 0.62, 150
"""The different words among the first n of the papers' own grow as n to the power of ``_GROWTH`` (Heaps), after so many
common ones."""


@dataclass(frozen=True)
class _Language:
    """How sentences are put together; ``own`` are phrases around a word of the paper's own."""

    openers: tuple[str, ...]
    endings: tuple[str, ...]
    own: tuple[str, ...]
    lengths: tuple[int, ...]


_KOREAN = _Language(
    words.KOREAN_OPENERS,
    words.KOREAN_ENDINGS,
    ("{a:는}", "{a:를} 도입하여", "{a}의", "{a} 기반", "{a:와} {b:를}", "제안된 {a:가}"),
    (2, 2, 2, 3),
)
_ENGLISH = _Language(
    words.ENGLISH_OPENERS,
    words.ENGLISH_ENDINGS,
    ("{a},", "{a} with {b}", "the {a} module", "{a} and", "our {a}"),
    (2, 2, 3),
)


class Writer:
    def __init__(self, prose: Prose) -> None:
        self._prose = prose

    def write(self, random: Random) -> tuple[str, tuple[Section, ...]]:
        """A paper's title and sections."""
        prose = self._prose
        english = random.random() < ENGLISH
        korean_topic, english_topic = random.choice(prose.topics)
        own = [_name(random), *(_own(random, english) for _ in range(random.choice((3, 4, 5, 6))))]
        title = self._title(random, own)
        general, topic = (prose.english, english_topic) if english else (prose.korean, korean_topic)
        language = _ENGLISH if english else _KOREAN
        # Drawn in one go: a draw by itself costs more than the phrase.
        phrases = random.choices(general, k=30) + random.choices(topic, k=14)
        random.shuffle(phrases)
        sentences = [_sentence(random, language, phrases, own) for _ in range(random.choice(_SENTENCES))]
        number = random.choice(_SECTIONS)
        sections = []
        for index in range(number):
            part = sentences[index * len(sentences) // number : (index + 1) * len(sentences) // number]
            sections.append(Section(words.HEADINGS[index], " ".join(part)))
        return title, tuple(sections)

    def _title(self, random: Random, own: list[str]) -> str:
        parts = random.choices(self._prose.titles, k=6)
        title = f"{own[0]}: {parts.pop()}" if random.random() < 0.6 else parts.pop()
        length = random.choice((6, 7, 8, 8, 9, 9, 10, 10, 11, 12))
        while title.count(" ") + 1 < length and parts:
            title += f" {random.choice(words.CONNECTIVES)} {parts.pop()}"
        if random.random() < 0.3:
            title += f" {own[-1]}" if own[-1].isascii() else ""
        if random.random() < _TEX:
            title = f"{random.choice(words.TEX)}-{title}"
        return " ".join(title.split()[:14])


def _sentence(random: Random, language: _Language, phrases: list[str], own: list[str]) -> str:
    parts = [random.choice(language.openers)]
    parts += [phrases.pop() for _ in range(min(len(phrases), random.choice(language.lengths)))]
    if random.random() < 0.75:
        first, second = random.choice(own), random.choice(own)
        parts.insert(1, filled(random.choice(language.own), first, second))
    parts.append(random.choice(language.endings))
    return " ".join(parts)


def _name(random: Random) -> str:
    """What a paper calls its method."""
    word = words.rare(_number(random))
    return word.capitalize() + random.choice(words.NAME_ENDINGS)


def _own(random: Random, english: bool) -> str:
    number = _number(random)
    return words.rare(number) if english or random.random() < 0.5 else words.rare_korean(number)


def _number(random: Random) -> int:
    return min(int((random.paretovariate(_GROWTH) - 1) * _COMMON), 10**9)
