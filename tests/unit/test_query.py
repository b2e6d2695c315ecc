from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import query
from bot.errors import NotUnderstoodError
from bot.query import MAX_LENGTH, Query, parse
from bot.text import tokens
from bot.text import words as words_of
from storage.models import Entry, Section
from tests.unit import real


def terms(text: str) -> list[tuple[tuple[str, ...], bool]]:
    return [(term.tokens, term.excluded) for term in parse(text).terms]


def found(text: str, entry: Entry) -> bool:
    return parse(text).matches(query.document(entry.paper, entry.sections))


class TestParse:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("diffusion", [(("diffusion",), False)]),
            ("video diffusion", [(("video",), False), (("diffusion",), False)]),
            ('"video diffusion"', [(("video", "diffusion"), False)]),
            ("“video diffusion”", [(("video", "diffusion"), False)]),
            ("„video diffusion“", [(("video", "diffusion"), False)]),
            ("«video diffusion»", [(("video", "diffusion"), False)]),
            ("「video diffusion」", [(("video", "diffusion"), False)]),
            ("diffusion -video", [(("diffusion",), False), (("video",), True)]),
            ('diffusion -"video model"', [(("diffusion",), False), (("video", "model"), True)]),
            ("GPT-4o", [(("gpt", "4", "o"), False)]),
            ("추론", [(("추", "론"), False)]),
            ("video-diffusion", [(("video", "diffusion"), False)]),
            ('"unbalanced words', [(("unbalanced",), False), (("words",), False)]),
            ('unbalanced words"', [(("unbalanced",), False), (("words",), False)]),
            ('a "b c" "d', [(("a",), False), (("b", "c"), False), (("d",), False)]),
            ('"" a', [(("a",), False)]),
            ("- a", [(("a",), False)]),
            ("a AND b OR NOT c*", [((word,), False) for word in ("a", "and", "b", "or", "not", "c")]),
            ("a a A", [(("a",), False)]),
            ("a -a", [(("a",), False), (("a",), True)]),
            ("  a\n b\u200b ", [(("a",), False), (("b",), False)]),
        ],
    )
    def test_terms(self, text: str, expected: list[tuple[tuple[str, ...], bool]]) -> None:
        assert terms(text) == expected

    @pytest.mark.parametrize("text", ["", " ", "-", '""', "-video", '-"video model" -b', "…!?", "\u200b", "“”", "---"])
    def test_nothing_to_look_for(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError):
            parse(text)

    def test_length(self) -> None:
        assert parse("a" * MAX_LENGTH).terms
        assert parse(f"  {'a' * MAX_LENGTH}  ").terms
        with pytest.raises(NotUnderstoodError, match=str(MAX_LENGTH)):
            parse("a" * (MAX_LENGTH + 1))

    @given(st.text(max_size=120) | st.text(alphabet="ab -\"“”*():^+'추 \u200b", max_size=120))
    def test_only_ever_not_understood(self, text: str) -> None:
        with contextlib.suppress(NotUnderstoodError):
            understood = parse(text)
            assert isinstance(understood, Query)
            assert understood.wanted
            assert len(understood.text) <= MAX_LENGTH
            assert set(understood.wanted) | set(understood.excluded) == set(understood.terms)

    @given(st.text(alphabet='abC1 -"“”추é', min_size=1, max_size=60))
    def test_its_text_means_the_same(self, text: str) -> None:
        # What travels in a button, or is kept of a subscription, is the text.
        try:
            understood = parse(text)
        except NotUnderstoodError:
            return
        assert parse(understood.text) == understood
        assert parse(understood.text).normal == understood.normal


class TestNormalForm:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("video diffusion", "Diffusion  VIDEO"),
            ("diffusion", "diffusion Diffusion DIFFUSION"),
            ("GPT-4o", '"gpt 4o"'),
            ("GPT-4o", "gpt4o"),
            ("“a b”", '"A B"'),
            ("naïve", "naive"),
            ("τ-bench", "tau-bench"),
            ("$τ$-bench", "tau-bench"),
            ("diffusion -video", "-VIDEO diffusion"),
            ("ＧＰＴ", "gpt"),
            ("추론", '"추론"'),
        ],
    )
    def test_the_same_meaning(self, one: str, other: str) -> None:
        assert parse(one).normal == parse(other).normal

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("video diffusion", '"video diffusion"'),
            ("video diffusion", "video -diffusion"),
            ('"a b"', '"b a"'),
            ('a "b c"', '"a b" c'),
            ("추론", "추 론"),
        ],
    )
    def test_another_meaning(self, one: str, other: str) -> None:
        assert parse(one).normal != parse(other).normal

    @given(st.data())
    def test_order_and_repetition_say_nothing(self, data: st.DataObject) -> None:
        parts = ["a", "B", '"a b"', "-c", '-"d e"', "추론", "f1"]
        chosen = ["wanted", *data.draw(st.lists(st.sampled_from(parts)))]
        again = data.draw(st.permutations([*chosen, *data.draw(st.lists(st.sampled_from(chosen), max_size=3))]))
        assume(len(" ".join(again)) <= MAX_LENGTH)
        assert parse(" ".join(again)).normal == parse(" ".join(chosen)).normal


class TestMatches:
    ENTRY = real.made_up(
        r"$\nabla^2$DFT: A Universal Schrödinger Dataset",
        authors=("Kaiming He", "Antoine Guédon", "김철수"),
        sections=(
            Section("What's New", "새로운 추론을 위한 video model. It ends"),
            Section("Details", "here with diffusion and the $\\tau$ function"),
            Section(None, "- list\n- of items"),
        ),
    )

    @pytest.mark.parametrize(
        "text",
        [
            "추론",
            "추론을",
            "론을",
            "universal dataset",
            "dataset universal",
            '"universal schrodinger dataset"',
            "SCHRÖDINGER",
            "schrodinger",
            "Schro\u0308dinger",
            "nabla dft",
            "∇²DFT",
            '"∇²dft"',
            r"$\nabla^2$DFT",
            "tau",
            "τ",
            "kaiming he",
            "he kaiming",
            '"kaiming he"',
            "guedon",
            "김철수",
            "universal kaiming diffusion",
            "details",
            '"video model"',
            "video -audio",
            '"list of items"',
            'universal -"dataset universal"',
        ],
    )
    def test_found(self, text: str) -> None:
        assert found(text, self.ENTRY)

    @pytest.mark.parametrize(
        "text",
        [
            "audio",
            "univers",
            '"dataset universal"',
            '"he antoine"',
            '"kaiming he antoine guedon"',
            '"ends here"',
            '"ends details"',
            '"new 새로운"',
            '"dataset kaiming"',
            "universal -dataset",
            "universal -추론",
            'universal -"kaiming he"',
            "universal audio",
            "0x",
            "론추",
            "추 율",
        ],
    )
    def test_not_found(self, text: str) -> None:
        assert not found(text, self.ENTRY)

    def test_a_heading_is_parted_from_its_text(self) -> None:
        assert not found('"details here"', self.ENTRY)

    def test_a_word_is_found_whole(self) -> None:
        assert not found("form", real.made_up("Transformers"))
        assert found("transformers", real.made_up("(Transformers)"))

    @pytest.mark.parametrize("text", ["τ-bench", "tau-bench", "tau bench", "$τ$-bench", r"$\tau$-bench", '"τ bench"'])
    def test_tau_bench(self, text: str) -> None:
        assert found(text, real.made_up("$τ$-bench: A Benchmark"))
        assert found(text, real.made_up(r"$\tau$-bench: A Benchmark"))

    @given(st.text(min_size=1, max_size=60), st.text(max_size=60))
    def test_a_word_is_wanted_or_excluded(self, word: str, title: str) -> None:
        assume(tokens(word))
        document = query.document(real.made_up(title).paper, ())
        term = query.Term(tuple(tokens(word)))
        wanted = Query("", (term,)).matches(document)
        assert Query("", (dataclasses.replace(term, excluded=True),)).matches(document) is not wanted

    @given(st.data(), st.text(min_size=1, max_size=60))
    def test_a_paper_is_found_by_words_of_its_title(self, data: st.DataObject, title: str) -> None:
        words = words_of(title)
        assume(words)
        chosen = " ".join(data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=5)))
        assume(len(chosen) <= MAX_LENGTH)
        assert found(chosen, real.made_up(title))

    @real.needed
    @given(st.data())
    def test_a_real_paper_is_found_by_words_of_its_title(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(real.every_entry()))
        words = [word for word in entry.paper.title.split() if tokens(word) and word[0] not in '-"“']
        first = data.draw(st.integers(0, len(words) - 1))
        run = " ".join(words[first : first + data.draw(st.integers(1, 8))])
        assume(len(run) <= MAX_LENGTH - 2)
        assert found(run, entry)
        assert found(run.upper(), entry)
        # "$1 Million" and the like would begin mathematics where a quote ends it.
        if "$" not in run and '"' not in run:
            assert found(f'"{run}"', entry)

    @real.needed
    def test_real_titles_by_plain_spelling(self) -> None:
        dft, bench = real.entry("2024/06/21.md", "2406.14347"), real.entry("2024/06/21.md", "2406.12045")
        for text in ("nabla dft", "∇²DFT", "∇2DFT", r"$\nabla^2$DFT", '"nabla 2 dft"'):
            assert [entry for entry in real.every_entry() if found(text, entry)] == [dft]
        for text in ("τ-bench", "tau-bench", "$τ$-bench"):
            assert bench in [entry for entry in real.every_entry() if found(text, entry)]

    @real.needed
    def test_real_words_with_particles(self) -> None:
        for entry in real.every_entry():
            text = " ".join(section.text for section in entry.sections)
            assert found("추론", entry) == ("추론" in text)


class TestAuthor:
    def test_words_of_a_name(self) -> None:
        assert query.author("Kaiming He") == ("kaiming", "he")
        assert query.author("Guédon, Antoine") == ("guedon", "antoine")
        assert query.author("김철수") == ("김", "철", "수")

    @pytest.mark.parametrize("text", ["", " ", "+", "-,."])
    def test_no_name(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError):
            query.author(text)
