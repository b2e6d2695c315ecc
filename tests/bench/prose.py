"""Phrases and titles, made once and drawn from: a paper's text is put together of whole phrases, for speed.

Within the phrases, words are as frequent as in real text: the n-th word about 1/n times as frequent as the first
(Zipf), and a tail of rarer ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import accumulate
from random import Random

from tests.bench import words

_KOREAN_POOL, _ENGLISH_POOL, _TITLE_POOL = 30_000, 12_000, 20_000
_TOPICS, _TOPIC_POOL = 60, 300
_TAIL = 4_000
"""Rarer terms, and rarer Korean nouns, that are in the phrases beside those of the lists."""
_TAIL_SHARE = 0.15

_TERMS_IN_KOREAN = 0.25
"""The share of English terms among the words of Korean phrases."""

_SLOT = re.compile(r"\{([ab])(?::(.))?\}")
_PARTICLES = {"를": ("를", "을"), "가": ("가", "이"), "는": ("는", "은"), "와": ("와", "과"), "로": ("로", "으로")}


class Prose:
    """The phrases of a seed. ``topics`` are lists of phrases that go together, in Korean and in English."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"prose {seed}")
        self._terms = _Zipf(words.TERMS, words.rare, 40)
        self._nouns = _Zipf(words.NOUNS, words.rare_korean, 3)
        self.korean = [self._korean(self._any, self._any) for _ in range(_KOREAN_POOL)]
        self.english = [self._english(self._any_english, self._any_english) for _ in range(_ENGLISH_POOL)]
        self.korean += [f"{number / 10:.1f}% 향상된" for number in range(1, 800)]
        self.korean += [f"{name} 복잡도의" for name in words.TEX for _ in range(20)]
        self.english += [f"a gain of {number / 10:.1f}%" for number in range(1, 300)]
        self.titles = [self._title_part() for _ in range(_TITLE_POOL)]
        self.topics = [self._topic() for _ in range(_TOPICS)]

    def _any(self) -> str:
        return (
            self._terms.draw(self._random)
            if self._random.random() < _TERMS_IN_KOREAN
            else self._nouns.draw(self._random)
        )

    def _any_english(self) -> str:
        return self._terms.draw(self._random)

    def _korean(self, first: Callable[[], str], second: Callable[[], str]) -> str:
        return filled(self._random.choice(words.KOREAN_PHRASES), first(), second())

    def _english(self, first: Callable[[], str], second: Callable[[], str]) -> str:
        return filled(self._random.choice(words.ENGLISH_PHRASES), first(), second())

    def _title_part(self) -> str:
        random = self._random
        parts = [_capital(self._terms.draw(random)) for _ in range(random.choice((1, 2, 2, 3)))]
        if random.random() < 0.4:
            parts.insert(0, random.choice(words.ADJECTIVES))
        return " ".join(dict.fromkeys(parts))

    def _topic(self) -> tuple[list[str], list[str]]:
        terms = [self._terms.draw(self._random) for _ in range(8)]
        nouns = [self._nouns.draw(self._random) for _ in range(8)]

        def term() -> str:
            return self._random.choice(terms)

        def noun() -> str:
            return self._random.choice(nouns)

        korean = [self._korean(term, noun) for _ in range(_TOPIC_POOL)]
        return korean, [self._english(term, term) for _ in range(_TOPIC_POOL)]


@cache
def prose(seed: int) -> Prose:
    """The phrases of a seed, made once."""
    return Prose(seed)


class _Zipf:
    """Words of a list by their rank, and rarer ones of its tail."""

    def __init__(self, listed: list[str], rarer: Callable[[int], str], evenness: float) -> None:
        # A word that stands in the list twice is as frequent as where it stands first.
        self._words = list(dict.fromkeys(listed))
        self._weights = list(accumulate(1 / (rank + evenness) for rank in range(len(self._words))))
        self._rarer = rarer

    def draw(self, random: Random) -> str:
        if random.random() < _TAIL_SHARE:
            return self._rarer(int(_TAIL * random.random() ** 2))
        return random.choices(self._words, cum_weights=self._weights)[0]


def filled(phrase: str, first: str, second: str) -> str:
    """A phrase with its two words, and the particles that fit how they end."""

    def put(slot: re.Match[str]) -> str:
        word = first if slot[1] == "a" else second
        return word + particle(word, slot[2]) if slot[2] else word

    return _SLOT.sub(put, phrase)


def particle(word: str, kind: str) -> str:
    """The form of a particle (를, 가, 는, 와, 로) after ``word``; after a Latin letter, the one after a vowel."""
    last = ord(word[-1])
    final = (last - 0xAC00) % 28 if 0xAC00 <= last <= 0xD7A3 else 0
    # 로 also follows ㄹ.
    closed = final not in (0, 8) if kind == "로" else final != 0
    return _PARTICLES[kind][closed]


def _capital(word: str) -> str:
    return word[0].upper() + word[1:]
