"""The index gives the answer of a plain reading of every paper."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import query
from bot.document import document
from bot.errors import NotUnderstoodError
from bot.query import Query
from storage import digests
from storage.database import Database
from storage.models import Digest, Entry, Paper, Section, Sort
from storage.papers import Filter, find
from tests.storage.searching import answers, documents, read_plainly, texts_of
from tests.storage.support import MONDAY, SOURCE, TUESDAY, digest, everything, ids, paper, store


def understood(texts: list[str], names: list[str] = []) -> list[Query]:  # noqa: B006
    found = []
    for read, given_ in ((query.parse, texts), (query.by_author, names)):
        for text in dict.fromkeys(given_):
            try:
                found.append(read(text))
            except NotUnderstoodError:
                continue
    return found


def keywords_of(texts: list[str], names: list[str], chance: random.Random) -> list[str]:
    """Some hundred keywords, out of the papers themselves."""
    whole = "\n".join(texts)
    english = sorted(set(re.findall(r"[A-Za-z]{2,}", whole)))
    mixed = sorted(set(re.findall(r"\S*\d\S*", whole)))
    korean = sorted(set(re.findall(r"[가-힣]{2,}", whole)))
    hyphens = sorted(set(re.findall(r"\w+(?:-\w+)+", whole)))
    split = [text.split() for text in texts if len(text.split()) > 4]
    terms = [
        "추론",
        "학습",
        "모델",
        "가",
        "이",
        "what's new",
        "$",
        "GPT-4o",
        "gpt4",
        "∇²DFT",
        "nabla",
        "λ",
        "é",
        "-",
        "의",
    ]
    terms += chance.sample(english, 110) + chance.sample(mixed, 50) + chance.sample(korean, 40)
    for word in chance.sample(hyphens, min(60, len(hyphens))):
        terms += [word, word.replace("-", ""), word.replace("-", " ")]
    for run in chance.choices(korean, k=90):
        start = chance.randrange(len(run))
        terms.append(run[start : start + chance.randint(1, 4)])
    for _ in range(90):
        text = chance.choice(split)
        start = chance.randrange(len(text) - 2)
        some = text[start : start + chance.randint(2, 4)]
        terms += ['"' + " ".join(some).replace('"', "") + '"', "".join(some), " ".join(some)]
    common = [word for word, _ in Counter(re.findall(r"[A-Za-z]{3,}|[가-힣]{2}", whole)).most_common(60)]
    for _ in range(80):
        one, two, three = chance.sample(common, 3)
        name = chance.choice(names)
        initial = f"{name[0]}. {name.split()[-1]}"
        forms = (f"{one} -{two}", f"{one} {two} -{three}", f'-"{one} {two}" {three}', f"{one} {two} OR {three}")
        forms += (f'{one} author:"{name}"', f'{one} -저자:"{name}"', f'author:"{initial}" OR {one} {two} -{three}')
        terms += chance.sample(forms, 2)
    terms += [part for part in chance.sample(texts, 60) if "\n" not in part]
    return [term[: query.MAX_LENGTH] for term in terms]


async def test_the_index_gives_the_answer_of_a_plain_reading(corpus: Database) -> None:
    held = await documents(corpus)
    assert len(held) == 147
    everyone = await everything(corpus)
    texts = [text for found in everyone.values() for text in texts_of(found)]
    names = sorted({name for one, _ in everyone.values() for name in one.authors})
    chance = random.Random(20240621)
    asked = understood(keywords_of(texts, names, chance), chance.sample(names, 60))
    found_some = left_some_out = 0
    for one, found in zip(asked, await answers(corpus, asked), strict=True):
        wanted = read_plainly(held, one)
        assert found == wanted, one.text
        assert all(one.hangs_on(held[number].anchors) for number in wanted), one.text
        found_some += bool(wanted)
        left_some_out += len(wanted) < 147
    assert len(asked) > 800
    assert found_some > 600
    assert left_some_out > 600


async def test_whatever_the_accents_the_case_and_the_composition(database: Database) -> None:
    store(
        database,
        digest(MONDAY, (paper("2401.00001", "Schrödinger’s CAFÉ", "Łukasz Ångström"), 1, "추론을 위한 ＬＬＭ２")),
        digest(TUESDAY, (paper("2401.00002", unicodedata.normalize("NFD", "추론 Café")), 1, "GPT4o λ-calculus ﬁne")),
    )
    both, first, second = {"2401.00001", "2401.00002"}, {"2401.00001"}, {"2401.00002"}
    for typed, wanted in {
        "cafe": both,
        "CAFÉ": both,
        "cafes": both,
        unicodedata.normalize("NFD", "café"): both,
        "추론": both,
        unicodedata.normalize("NFD", "추론"): both,
        "schrodinger": first,
        "angstrom": first,
        "author:angstrom": first,
        "llm": first,
        "llms": first,
        "llm 2": first,
        "론을": first,
        "추 론": both,
        '"추론을 위한"': first,
        "GPT-4o": second,
        "gpt 4 o": second,
        "lambda": second,
        "Λ": second,
        "fine": second,
        "fin": set(),
        "caf": set(),
    }.items():
        assert await ids(database, typed) == wanted, typed


# Papers and keywords of few pieces, so that they are the same by chance


PIECES = [*"aabs1  --", "ing", "'s", ",", "가", "나", "의", "학", "강화", "학습", " 의 ", "가나", "é", "$a$", "τ"]


def made_up(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(PIECES, k=chance.randint(0, most)))


def keyword(chance: random.Random) -> str:
    word = made_up(chance, 6)
    word = chance.choice([word, word, f'"{word}"'])
    return chance.choice(["", "", "", "", "-", "author:", "-저자:"]) + word


@pytest.mark.parametrize("seed", range(3))
async def test_many_papers_and_many_keywords_of_few_pieces(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    found = []
    for number in range(200):
        names = dict.fromkeys(made_up(chance, 7) for _ in range(chance.randrange(3)))
        found.append((paper(f"2401.{number:05}", made_up(chance, 8), *names), None, made_up(chance, 14)))
    store(database, digest(MONDAY, *found[:120]), digest(TUESDAY, *found[80:]))
    held = await documents(database)
    typed = [
        chance.choice([" ", " ", " OR "]).join(keyword(chance) for _ in range(chance.randint(1, 3))) for _ in range(500)
    ]
    asked = understood(typed, [made_up(chance, 5) for _ in range(50)])
    sizes = []
    for one, answer in zip(asked, await answers(database, asked), strict=True):
        wanted = read_plainly(held, one)
        assert answer == wanted, one.text
        sizes.append(len(wanted))
    assert sum(0 < size < 150 for size in sizes) > 100


LETTERS = "aAéb1２-\"'$_^\\{}()*: 가나각다日ㄱｱλ∇ﬁ²İßΣ\u0301\u1112\u0345\u200bⅣ½೧🙂・\ue000\ue001〇"
words = st.text(LETTERS, max_size=14)
entries = st.lists(
    st.tuples(
        words, st.lists(words, max_size=2, unique=True), st.lists(st.tuples(st.none() | words, words), max_size=2)
    ),
    min_size=1,
    max_size=4,
)
keywords = st.lists(
    st.builds("{}{}".format, st.sampled_from(["", "", "-", "author:"]), words | words.map('"{}"'.format)),
    min_size=1,
    max_size=3,
).map(" ".join)


class _UndoError(Exception):
    pass


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=entries, second=entries, typed=st.lists(keywords, min_size=1, max_size=5), data=st.data())
async def test_any_papers_and_any_keyword(
    database: Database, first: list[object], second: list[object], typed: list[str], data: st.DataObject
) -> None:
    """Papers and keywords of the characters that are hard; some keywords are cut out of the papers."""
    made = [
        Digest(
            day,
            tuple(
                Entry(
                    Paper(f"2401.0000{n}", title, "https://arxiv.org/abs/1", authors=tuple(authors)),
                    day,
                    n,
                    None,
                    tuple(Section(heading, text) for heading, text in sections),
                )
                for n, (title, authors, sections) in enumerate(found)  # type: ignore[misc]
            ),
        )
        for day, found in ((MONDAY, first), (TUESDAY, second))
    ]
    texts = [text for one in made for entry in one.entries for text in texts_of((entry.paper, entry.sections)) if text]
    if texts:
        text = data.draw(st.sampled_from(texts))
        start = data.draw(st.integers(0, len(text) - 1))
        typed = [*typed, text[start:], f'"{text}"', f'{text[start:]} -"{text[:start]}"']
    asked = understood(typed, texts[:3])

    async def compare() -> None:
        async with database.write() as connection:
            for one in made:
                await connection.run_sync(digests.store, one, SOURCE)
            held: dict[str, tuple[Paper, tuple[Section, ...]]] = {}
            for entry in await find(connection, Filter()):
                _, sections = held.get(entry.paper.arxiv_id, (None, ()))
                held[entry.paper.arxiv_id] = (entry.paper, (*sections, *entry.sections))
            read = {number: document(*found) for number, found in held.items()}
            for one_asked in asked:
                found = await find(connection, Filter(query=one_asked, once=True), Sort.VOTES)
                wanted = read_plainly(read, one_asked)
                assert {entry.paper.arxiv_id for entry in found} == wanted, one_asked
                assert all(one_asked.hangs_on(read[number].anchors) for number in wanted), one_asked
            raise _UndoError

    with pytest.raises(_UndoError):
        await compare()
