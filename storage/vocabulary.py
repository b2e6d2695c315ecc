"""The words of all papers: which there are, the forms of a stem, and those spelled like another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.document import Vocabulary
from bot.query import Query
from bot.text import Kept, is_cjk, is_word, stem, words_of
from storage.schema import words
from storage.sqlite import as_json, driver_sql, rows

_CLOSE = 70.0
_KEEP = insert(words).on_conflict_do_nothing()
_FORMS = "SELECT stem, word FROM words WHERE stem IN (SELECT value FROM json_each(?))"
# Each word is looked for with its stem, first of which the table is kept by.
_ASKED = "SELECT word FROM json_each(?) AS asked CROSS JOIN words ON stem = asked.value AND word = asked.key"


def keep(connection: Connection, pieces: Iterable[str]) -> None:
    """Notes the words in the pieces of papers' text (:func:`bot.text.pieces`)."""
    # In the order of the table.
    if found := sorted((_STEMS[word], word) for word in words_of(pieces)):
        connection.exec_driver_sql(driver_sql(_KEEP), found)


def of(connection: Connection, query: Query) -> Vocabulary:
    """What of the vocabulary a query asks for."""
    forms: dict[str, list[str]] = {}
    held: set[str] = set()
    if query.stems:
        for of_stem, word in rows(connection, _FORMS, (as_json(list(query.stems)),)):
            forms.setdefault(of_stem, []).append(word)
            held.add(word)
    if query.words:
        asked = as_json({word: _STEMS[word] for word in query.words})
        held.update(word for (word,) in rows(connection, _ASKED, (asked,)))
    return Vocabulary(forms, held)


_STEMS = Kept(lambda word: stem(word) if is_word(word) else word[0])


def nearest(connection: Connection, word: str, limit: int = 3) -> list[str]:
    """The words spelled most like ``word``, which is folded. Of Korean, Chinese and Japanese the beginnings of words,
    for what is typed has no particle."""
    length = len(word)
    if is_cjk(word):
        # A mistake in the first character is not looked for: there are far more words of these than of alphabets.
        held = select(words.c.word).where(words.c.stem == word[0])
        near = {
            found[:end]: unicodedata.normalize("NFD", found[:end])
            for found in connection.execute(held).scalars()
            for end in range(max(length - 1, 1), min(length + 1, len(found)) + 1)
        }
        word = unicodedata.normalize("NFD", word)
    else:
        close = func.length(words.c.word).between(length - 2, length + 2)
        held = select(words.c.word).where(close)
        near = {found: found for found in connection.execute(held).scalars() if is_word(found)}
    return closest(word, near, limit)


def closest(spelled: str, names: dict[str, str], limit: int) -> list[str]:
    """The keys of ``names`` whose values are spelled most like ``spelled``."""
    from rapidfuzz import fuzz, process  # For a search that finds nothing; until then it would only take memory.

    found = process.extract(spelled, names, scorer=fuzz.ratio, limit=limit, score_cutoff=_CLOSE)
    return [key for _, _, key in found]
