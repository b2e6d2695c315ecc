"""The index finds what a plain reading of every paper finds."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import query
from bot.errors import NotUnderstoodError
from bot.text import tex_to_unicode
from storage import digests, papers, search
from storage.database import Database
from storage.models import Digest, Entry, Paper, Section
from tests.storage.support import MONDAY, SOURCE, TUESDAY, digest, everything, ids, paper, read_plainly, store

Held = dict[str, tuple[Paper, tuple[Section, ...]]]


def parts(found: tuple[Paper, tuple[Section, ...]]) -> Iterator[str]:
    """What is searched of a paper, as it was written."""
    one, sections = found
    yield one.title
    yield from one.authors
    for section in sections:
        yield section.heading or ""
        yield section.text


def raw_terms(held: Held, chance: random.Random) -> list[str]:
    """Some hundred keywords, out of the papers themselves."""
    texts = [part for found in held.values() for part in parts(found)]
    whole = "\n".join(texts)
    english = sorted(set(re.findall(r"[A-Za-z]{2,}", whole)))
    mixed = sorted(set(re.findall(r"\S*\d\S*", whole)))
    korean = sorted(set(re.findall(r"[가-힣]{2,}", whole)))
    words = [text.split() for text in texts if len(text.split()) > 4]
    terms = ["추론", "학습", "모델", "가", "이", "what's new", "$", "GPT-4o", "gpt4", "∇²DFT", "nabla", "λ", "é", "-"]
    terms += chance.sample(english, 110) + chance.sample(mixed, 50) + chance.sample(korean, 40)
    for run in chance.choices(korean, k=90):
        start = chance.randrange(len(run))
        terms.append(run[start : start + chance.randint(1, 4)])
    for _ in range(90):
        text = chance.choice(words)
        start = chance.randrange(len(text) - 2)
        terms.append('"' + " ".join(text[start : start + chance.randint(2, 4)]).replace('"', "") + '"')
    common = [word for word, _ in Counter(re.findall(r"[A-Za-z]{3,}|[가-힣]{2}", whole)).most_common(60)]
    for _ in range(80):
        one, two, three = chance.sample(common, 3)
        terms.append(
            chance.choice([f"{one} -{two}", f"{one} {two} -{three}", f'-"{one} {two}" {three}', f"{one} {two}"])
        )
    terms += [part for part in chance.sample(texts, 60) if "\n" not in part]
    return [term[: query.MAX_LENGTH] for term in terms]


async def test_the_index_gives_the_answer_of_a_plain_reading(corpus: Database) -> None:
    held = await everything(corpus)
    assert len(held) == 147
    documents = {number: query.document(*found) for number, found in held.items()}
    compared = found_some = left_some_out = 0
    for term in dict.fromkeys(raw_terms(held, random.Random(20240621))):
        try:
            plain = read_plainly(documents, term)
        except NotUnderstoodError:
            continue
        assert await ids(corpus, term) == plain, term
        compared += 1
        found_some += bool(plain)
        left_some_out += len(plain) < 147
    assert compared > 350
    assert found_some > 300
    assert left_some_out > 300


# Against a reading that shares nothing with the bot's own


def plain(text: str) -> str:
    """Case and accents folded, by the textbook."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f"))


HANGUL = "가-힣"


async def test_two_syllables_of_korean_are_found_just_where_they_stand(corpus: Database) -> None:
    """Inside longer words and with particles, but not across a space: 의학 is not in "모델의 학습"."""
    held = await everything(corpus)
    texts = {number: [plain(part) for part in parts(found)] for number, found in held.items()}
    pairs = Counter(
        pair for found in texts.values() for part in found for pair in re.findall(rf"(?=([{HANGUL}]{{2}}))", part)
    )
    across = Counter(
        first + second
        for found in texts.values()
        for part in found
        for first, second in re.findall(rf"([{HANGUL}])[^\w]+(?=([{HANGUL}]))", part)
    )
    chosen = ["추론", "학습", "의학", "화학", "기계", *(pair for pair, _ in pairs.most_common(60))]
    chosen += random.Random(7).sample(sorted(pairs), 60) + [pair for pair, _ in across.most_common(40)]
    sizes = set()
    for pair in dict.fromkeys(chosen):
        wanted = {number for number, found in texts.items() if any(pair in part for part in found)}
        assert await ids(corpus, pair) == wanted, pair
        sizes.add(len(wanted))
    assert min(sizes) < 5
    assert max(sizes) > 50


async def test_an_english_word_is_found_exactly_where_it_stands_as_a_run_of_letters(corpus: Database) -> None:
    held = await everything(corpus)
    folded = {n: [plain(tex_to_unicode(part)) for part in parts(found)] for n, found in held.items()}
    letter = rf"[^\W\d_{HANGUL}ㄱ-ㆎ\u1100-\u11ff\u3040-\u30ff\u4e00-\u9fff]"
    words = Counter(word for found in folded.values() for part in found for word in re.findall(rf"{letter}+", part))
    spelled = {"lambda", "nabla", "infinity"} | {
        unicodedata.name(c).split()[-1].lower() for c in "αβγδεζηθικλμνξοπρστυφχψω"
    }
    latin = sorted(word for word in words if re.fullmatch("[a-z]+", word) and word not in spelled)
    chosen = ["diffusion", "gpt", "transformer", "a", "ll", *random.Random(3).sample(latin, 100)]
    for word in dict.fromkeys(chosen):
        stands = re.compile(rf"(?<!{letter}){word}(?!{letter})")
        wanted = {number for number, found in folded.items() if any(stands.search(part) for part in found)}
        assert await ids(corpus, word) == wanted, word
        assert await ids(corpus, word.upper()) == wanted, word


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
        unicodedata.normalize("NFD", "café"): both,
        "추론": both,
        unicodedata.normalize("NFD", "추론"): both,
        "schrodinger": first,
        "angstrom": first,
        "llm": first,
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


LETTERS = "aAéb1２-\"'$_^\\{}()*: 가나각다日ㄱｱλ∇ﬁ²İßΣ\u0301\u1112\u0345\u200bⅣ½೧🙂"
words = st.text(LETTERS, max_size=14)
entries = st.lists(
    st.tuples(
        words, st.lists(words, max_size=2, unique=True), st.lists(st.tuples(st.none() | words, words), max_size=2)
    ),
    min_size=1,
    max_size=4,
)
keywords = st.lists(
    st.builds("{}{}".format, st.sampled_from(["", "", "-"]), words | words.map('"{}"'.format)), min_size=1, max_size=3
).map(" ".join)


class _UndoError(Exception):
    pass


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
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
    texts = [part for one in made for entry in one.entries for part in parts((entry.paper, entry.sections)) if part]
    if texts:
        text = data.draw(st.sampled_from(texts))
        start = data.draw(st.integers(0, len(text) - 1))
        typed = [*typed, text[start:], f'"{text}"', f'{text[start:]} -"{text[:start]}"']

    async def compare() -> None:
        async with database.write() as connection:
            for one in made:
                await connection.run_sync(digests.store, one, SOURCE)
            held: Held = {}
            for entry in await papers.find(connection, papers.Filter()):
                _, sections = held.get(entry.paper.arxiv_id, (None, ()))
                held[entry.paper.arxiv_id] = (entry.paper, (*sections, *entry.sections))
            documents = {number: query.document(*found) for number, found in held.items()}
            for keyword in typed:
                try:
                    understood = query.parse(keyword)
                except NotUnderstoodError:
                    continue
                found = await papers.find(connection, papers.Filter(query=understood, once=True))
                assert {entry.paper.arxiv_id for entry in found} == read_plainly(documents, keyword), keyword
            raise _UndoError

    with pytest.raises(_UndoError):
        await compare()


# Words that are near


async def test_the_words_spelled_most_like_one_that_no_paper_holds(corpus: Database) -> None:
    held = {number: query.document(*found) for number, found in (await everything(corpus)).items()}
    async with corpus.read() as connection:
        near = dict(await search.nearest_words(connection, ["difusion"]))
        assert next(iter(near)) == "diffusion"
        assert near["diffusion"] == len(read_plainly(held, "diffusion"))
        assert len(await search.nearest_words(connection, ["difusion"], limit=1)) == 1
        # A word that papers hold needs no other; nor has a short one any that is near.
        assert await search.nearest_words(connection, ["diffusion"]) == []
        assert await search.nearest_words(connection, ["qz", "추"]) == []
        assert await search.nearest_words(connection, ["qqqqqqqqqqqq"]) == []
        assert await search.nearest_words(connection, []) == []
        several = dict(await search.nearest_words(connection, ["transfomer", "difusion"]))
        assert {"transformer", "diffusion"} <= set(several)
        for word, number in several.items():
            assert len(read_plainly(held, word)) == number
