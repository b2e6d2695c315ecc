"""The real digests read by a search that shares nothing with the bot's own: the answers are the same papers."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

import pytest

from bot import tex
from storage.database import Database
from tests.storage.searching import answers, texts_of
from tests.storage.support import everything

Texts = dict[str, list[str]]

HANGUL = "가-힣"
# What stands between words, or marks them, and is no stop.
SPACE = r"\s\-‐-―−~*`\"'’‘“”$^\\_"


@pytest.fixture
async def texts(corpus: Database) -> Texts:
    """What is searched of each paper, with one form of each character."""
    held = await everything(corpus)
    return {number: [_plain(part) for part in texts_of(found)] for number, found in held.items()}


def _plain(text: str) -> str:
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFKC", tex.to_unicode(seen))


def which(texts: Texts, holds: Callable[[str], bool]) -> set[str]:
    return {number for number, parts in texts.items() if any(map(holds, parts))}


# Korean


def stands(word: str, text: str) -> bool:
    """Whether a Korean word is in a text, in a longer word or with spaces: at most four, in a word of at most twenty
    characters, each piece having two of them or being a word by itself; one between spaces is whole anyhow."""
    spaced = re.compile(f"([{SPACE}]*)".join(word))
    match = spaced.search(text)
    while match:
        pieces, at = [[match.start(), match.start() + 1]], match.start() + 1
        for gap in match.groups():
            at += len(gap)
            if gap:
                pieces.append([at, at])
            pieces[-1][1] = at = at + 1
        if len(pieces) == 1 or (
            len(pieces) <= 5 and len(word) <= 20 and all(end - start > 1 or alone(text, start) for start, end in pieces)
        ):
            return True
        match = spaced.search(text, match.start() + 1)
    return False


def alone(text: str, at: int) -> bool:
    return not re.match(r"\w", text[at + 1 : at + 2]) and not re.match(r"\w", text[max(at - 1, 0) : at])


def cut(words: list[str], chance: random.Random) -> str:
    """From within the first to within the last of some words, without the spaces."""
    whole = "".join(words)
    start = chance.randrange(len(words[0]))
    return whole[start : len(whole) - chance.randrange(len(words[-1]))]


def korean_terms(texts: Texts, chance: random.Random) -> list[str]:
    whole = "\n".join(part for parts in texts.values() for part in parts)
    words = re.findall(f"[{HANGUL}]+", whole)
    rows = [row.split() for row in re.findall(f"(?:[{HANGUL}]+ )+[{HANGUL}]+", whole)]
    terms = [*"의이를그은", "의학", "화학", "기계", "추론", "학습", "강화학습"]
    for length in range(1, 9):
        long_enough = [word for word in words if len(word) >= length]
        for word in chance.choices(long_enough, k=30):
            start = chance.randint(0, len(word) - length)
            terms.append(word[start : start + length])
    for number, size in ((80, 2), (60, 3), (30, 4), (15, 5)):
        for row in chance.choices([row for row in rows if len(row) >= size], k=number):
            start = chance.randint(0, len(row) - size)
            terms.append(cut(row[start : start + size], chance))
    # A single character at either end, or between, is where the rule bites.
    ends = [(row[at], row[at + 1]) for row in rows for at in range(len(row) - 1)]
    terms += [first[-1] + second[:2] for first, second in chance.choices(ends, k=40)]
    terms += [first[-1] + second[0] for first, second in chance.choices(ends, k=40)]
    terms += [first[-2:] + second[0] for first, second in chance.choices(ends, k=40)]
    # So is one before a stop.
    stopped = re.findall(rf"(?<!\w)([{HANGUL}])[^\w{SPACE}]+[{SPACE}]*([{HANGUL}]+)", whole)
    terms += [one + rest for one, rest in chance.choices(stopped, k=40)]
    return list(dict.fromkeys(terms))


async def test_korean_words_are_found_in_just_the_papers_that_have_them(corpus: Database, texts: Texts) -> None:
    terms = korean_terms(texts, random.Random(1))
    found = dict(zip(terms, await answers(corpus, terms), strict=True))
    for term, answer in found.items():
        assert answer == which(texts, lambda text, term=term: stands(term, text)), term  # type: ignore[misc]
    assert len(terms) > 450
    assert {len(term) for term in terms} >= set(range(1, 12))
    # Some are there in no other way than with a space, and some across words that do not belong together.
    joined = {term: which(texts, lambda text, term=term: term in text) for term in terms}  # type: ignore[misc]
    assert sum(answer > joined[term] for term, answer in found.items()) > 80
    whole = {number: [re.sub(f"[{SPACE}]", "", part) for part in parts] for number, parts in texts.items()}
    across = {term: which(whole, lambda text, term=term: term in text) for term in terms}  # type: ignore[misc]
    assert sum(answer < across[term] for term, answer in found.items()) > 80


async def test_korean_words_typed_with_spaces_and_hyphens(corpus: Database, texts: Texts) -> None:
    chance = random.Random(2)
    long_ones = [term for term in korean_terms(texts, chance) if len(term) > 3]
    typed: dict[str, list[str]] = {}
    for term in chance.sample(long_ones, 150):
        place = chance.randint(2, len(term) - 2)
        # Two words, both of which are wanted; or one, whatever the hyphen.
        typed[f"{term[:place]} {term[place:]}"] = [term[:place], term[place:]]
        typed[f"{term[:place]}-{term[place:]}"] = [term]
    for (keyword, wanted), answer in zip(typed.items(), await answers(corpus, typed), strict=True):
        both = [which(texts, lambda text, one=one: stands(one, text)) for one in wanted]  # type: ignore[misc]
        assert answer == set.intersection(*both), keyword


async def test_korean_in_quotes_is_found_as_it_is_written(corpus: Database, texts: Texts) -> None:
    chance = random.Random(3)
    spaced = {number: [re.sub(f"[{SPACE}]+", " ", part) for part in parts] for number, parts in texts.items()}
    whole = "\n".join(part for parts in spaced.values() for part in parts)
    rows = re.findall(f"(?:[{HANGUL}]+ )*[{HANGUL}]+", whole)
    phrases = ["의 학습", "추론", "론을", "학습 데이터", "강화 학습", "강화학습", "이 모델"]
    for size in range(1, 14):
        for row in chance.sample([row for row in rows if len(row) >= size], 40):
            start = chance.randint(0, len(row) - size)
            phrases.append(row[start : start + size].strip())
    phrases += [phrase.replace(" ", "", 1) for phrase in chance.sample(phrases, 100) if " " in phrase]
    phrases = list(dict.fromkeys(filter(None, phrases)))
    for phrase, answer in zip(phrases, await answers(corpus, [f'"{one}"' for one in phrases]), strict=True):
        assert answer == which(spaced, lambda text, phrase=phrase: phrase in text), phrase  # type: ignore[misc]
    assert len(phrases) > 400


# English


LETTER = rf"[^\W\d_{HANGUL}ㄱ-ㆎ\u1100-\u11ff\u3040-\u30ff\u4e00-\u9fff]"


def folded(text: str) -> str:
    """Without case and accents, by the textbook; and without the ending of an apostrophe."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = unicodedata.normalize("NFC", "".join(one for one in decomposed if not unicodedata.combining(one)))
    return re.sub(rf"({LETTER})['’](?:s|t|re|ve|ll|d|m)(?!\w)", r"\1", bare)


SPELLED = {"lambda", "nabla", "infinity"} | {
    unicodedata.name(letter).split()[-1].lower() for letter in "αβγδεζηθικλμνξοπρστυφχψω"
}


async def test_english_words_in_quotes_are_found_as_whole_words(corpus: Database, texts: Texts) -> None:
    held = {number: [re.findall(f"{LETTER}+", folded(part)) for part in parts] for number, parts in texts.items()}
    every = {word for parts in held.values() for words in parts for word in words}
    latin = sorted(word for word in every if re.fullmatch("[a-z]+", word) and word not in SPELLED)
    chance = random.Random(4)
    chosen = ["diffusion", "gpt", "transformer", "a", "models", "model", *chance.sample(latin, 330)]
    # Beginnings and endings of words, some of which are words.
    chosen += [word[: chance.randint(1, len(word))] for word in chance.sample(latin, 60)]
    chosen = list(dict.fromkeys(chosen))
    typed = [chance.choice([word, word.upper(), word.title()]) for word in chosen]
    answer = await answers(corpus, [f'"{word}"' for word in typed])
    for word, found in zip(chosen, answer, strict=True):
        assert found == {number for number, parts in held.items() if any(word in words for words in parts)}, word
    assert len(chosen) > 350


async def test_english_phrases_in_quotes(corpus: Database, texts: Texts) -> None:
    spaced = {
        number: [f" {re.sub(f'[{SPACE}]+', ' ', folded(part))} " for part in parts] for number, parts in texts.items()
    }
    rows = [
        row
        for parts in spaced.values()
        for part in parts
        for row in re.findall("(?<= )[a-z]+(?: [a-z]+)+(?= )", part)
        if not SPELLED & set(row.split())
    ]
    chance = random.Random(5)
    phrases = []
    for row in chance.choices(rows, k=300):
        words = row.split()
        start = chance.randrange(len(words) - 1)
        phrases.append(" ".join(words[start : start + chance.randint(2, 4)])[:78])
    phrases = list(dict.fromkeys(phrases))
    answer = await answers(corpus, [f'"{phrase.replace(" ", chance.choice(" -"))}"' for phrase in phrases])
    for phrase, found in zip(phrases, answer, strict=True):
        stands_here = re.compile(rf"(?<!{LETTER}){phrase}(?!{LETTER})")
        assert found == which(spaced, lambda text, here=stands_here: bool(here.search(text))), phrase  # type: ignore[misc]
    assert len(phrases) > 200
