"""Subscriptions to be held against a digest: some that find something in it, and any number that share its words and
find nothing.

Which papers hold a word is told apart roughly and on the safe side, so that it stays true whatever forms of a word the
bot takes for one: a word that shares its first letters with any word of a paper is held by it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from bot.matching import understood
from bot.query import Query
from storage.models import Digest, Entry, Follows, Subscriber
from storage.schema import subscriptions
from storage.subscriptions import hang_all
from tests.bench import words

EACH = 10
"""What one person follows."""
_FIRST_PERSON = 700_000_000_000_000_000
_BATCH = 10_000
_OTHERS = 10_000
"""So many words of other days, at most, in each language."""
_WORD = re.compile(r"[A-Za-z]{5,}|[가-힣]{2,}")


@dataclass(frozen=True)
class Followed:
    """Something that a person follows."""

    person: int
    kind: Follows
    text: str

    @property
    def query(self) -> Query:
        return understood(self.kind, self.text)


def keep(connection: Connection, followed: Iterable[Followed]) -> None:
    """Writes subscriptions down as following one by one would, many at once. The one place here that knows how they
    are kept."""
    iterator = iter(followed)
    while batch := list(islice(iterator, _BATCH)):
        rows = [
            {
                "subscriber": Subscriber.USER,
                "subscriber_id": one.person,
                "kind": one.kind,
                "text": one.text,
                "normal": one.query.normal,
                "language": "ko",
            }
            for one in batch
        ]
        connection.execute(insert(subscriptions).on_conflict_do_nothing(), rows)
        hang_all(connection, ((one.kind, one.query) for one in batch))


def finding(digest: Digest, number: int) -> Iterator[Followed]:
    """So many that each find a paper of ``digest``: words of a title, two words of one text, authors."""
    random = Random("finding")
    seen: set[tuple[int, str]] = set()
    for index in range(number):
        person = _FIRST_PERSON + index // EACH
        while True:
            entry = random.choice(digest.entries)
            kind, text = _in(random, entry)
            if (person, text) not in seen:
                break
        seen.add((person, text))
        yield Followed(person, kind, text)


def passing(digest: Digest, number: int) -> Iterator[Followed]:
    """So many that find nothing in ``digest``: half of them two of its words that no paper of it holds together, the
    others one of its words with one of another day, words of other days, and authors made of the names of two."""
    beside = _Beside(digest)
    count = 0
    for person in range(_FIRST_PERSON + 10**12, _FIRST_PERSON + 10**13):
        mine: set[str] = set()
        while len(mine) < EACH:
            if count == number:
                return
            kind, text = beside.draw()
            if text not in mine:
                mine.add(text)
                count += 1
                yield Followed(person, kind, text)


def _in(random: Random, entry: Entry) -> tuple[Follows, str]:
    chance = random.random()
    if chance < 0.3:
        return Follows.AUTHOR, random.choice(entry.paper.authors)
    in_title = _WORD.findall(entry.paper.title)
    in_text = _WORD.findall(" ".join(section.text for section in entry.sections))
    if chance < 0.6 and in_title:
        return Follows.KEYWORD, random.choice(in_title)
    return Follows.KEYWORD, f"{random.choice(in_title or in_text)} {random.choice(in_text)}"


class _Beside:
    """Draws what shares words with a digest and is not found in it."""

    def __init__(self, digest: Digest) -> None:
        self._random = Random("passing")
        self._holding = _holding(digest)
        self._known = sorted(self._holding)
        authors = [author for entry in digest.entries for author in entry.paper.authors]
        self._names = [author.split() for author in authors if " " in author]
        self._named: dict[str, set[int]] = defaultdict(set)
        for place, author in enumerate(authors):
            for word in _parts(author):
                self._named[word].add(place)
        held = "\n".join(_texts(digest))
        rare = (make(number) for number in range(_OTHERS) for make in (words.rare, words.rare_korean))
        self._others = [word for word in rare if _beginning(word) not in held]

    def draw(self) -> tuple[Follows, str]:
        random = self._random
        chance = random.random()
        if chance < 0.2:
            return Follows.AUTHOR, self._author()
        if chance < 0.35:
            return Follows.KEYWORD, random.choice(self._others)
        if chance < 0.5:
            return Follows.KEYWORD, f"{random.choice(self._known)} {random.choice(self._others)}"
        return Follows.KEYWORD, self._two_words()

    def _author(self) -> str:
        """The given name of one with the family name of another, which no author has together."""
        while True:
            name = f"{self._random.choice(self._names)[0]} {self._random.choice(self._names)[-1]}"
            if not set.intersection(*(self._named[word] for word in _parts(name))):
                return name

    def _two_words(self) -> str:
        for _ in range(100):
            first, second = self._random.choice(self._known), self._random.choice(self._known)
            if self._holding[first].isdisjoint(self._holding[second]):
                return f"{first} {second}"
        # So few papers that every two words are in one of them.
        return self._random.choice(self._others)


def _holding(digest: Digest) -> dict[str, set[int]]:
    """The words that are followed, each with the places of the papers that hold it, or one that begins like it."""
    texts = _texts(digest)
    own = {word for entry in digest.entries for word in _WORD.findall(entry.paper.title)}
    candidates = {word for word in (*words.TERMS, *words.NOUNS, *own) if _WORD.fullmatch(word)}
    found = {word: {place for place, text in enumerate(texts) if _beginning(word) in text} for word in candidates}
    return {word: places for word, places in found.items() if places}


def _texts(digest: Digest) -> list[str]:
    return [
        " ".join((entry.paper.title, *entry.paper.authors, *(section.text for section in entry.sections))).casefold()
        for entry in digest.entries
    ]


def _beginning(word: str) -> str:
    return word.casefold()[: 4 if word.isascii() else 2]


def _parts(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.casefold()))
