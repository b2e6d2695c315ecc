"""Words: folding, runs and tokens of a text, endings."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import tex
from bot.text import (
    BREAK,
    WHOLE,
    bare,
    clean,
    fold,
    is_cjk,
    is_word,
    runs,
    runs_of,
    stem,
    tokens,
    tokens_of,
    visible,
    words,
)
from tests.unit.hostile import hostile


class TestFold:
    @pytest.mark.parametrize(
        ("written", "folded"),
        [
            ("CamelCase", "camelcase"),
            ("Schrödinger", "schrodinger"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("ＧＰＴ４", "gpt4"),
            ("ﬁne", "fine"),
            ("x²", "x2"),
            ("Ёлка", "елка"),
            ("추론", "추론"),
            ("ガン", "ガン"),
            ("İstanbul", "istanbul"),
        ],
    )
    def test_spellings(self, written: str, folded: str) -> None:
        assert fold(written) == folded

    def test_both_forms_of_an_accent_are_one(self) -> None:
        for word in ("café", "Å", "추론", "ガ", "Nguyễn"):
            assert fold(unicodedata.normalize("NFD", word)) == fold(unicodedata.normalize("NFC", word))


class TestTokens:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("", []),
            (" -_- '\"` ", []),
            ("Hello World", ["hello", "world"]),
            ("Hello, World!", ["hello", BREAK, "world", BREAK]),
            ("GPT-4o", ["gpt", "4", "o"]),
            ("gpt4o", ["gpt", "4", "o"]),
            ("Qwen2.5", ["qwen", "2", BREAK, "5"]),
            ("snake_case", ["snake", "case"]),
            ("**bold** `code`", ["bold", "code"]),
            ("one–two—three", ["one", "two", "three"]),
            ("one·two|three", ["one", BREAK, "two", BREAK, "three"]),
            ("don't", ["don"]),
            ("the model’s", ["the", "model"]),
            ("O'Reilly", ["o", "reilly"]),
            ("추론을", ["추론", "론을", "을"]),
            ("LLM의 추론", ["llm", "의", "추론", "론"]),
            ("모델의 학습", ["모델", "델의", "의", "학습", "습"]),
            ("그 모델", ["그" + WHOLE, "모델", "델"]),
            ("모델 그", ["모델", "델", "그" + WHOLE]),
            ("그, 모델", ["그" + WHOLE, BREAK, "모델", "델"]),
            ("그... (그)", ["그" + WHOLE, BREAK, BREAK, "그" + WHOLE, BREAK]),
            ("深層学習", ["深層", "層学", "学習", "習"]),
            ("ディープ", ["ディ", "ィー", "ープ", "プ"]),
            ("ディー・プ", ["ディ", "ィー", "ー", BREAK, "プ" + WHOLE]),
            ("αβ", ["alpha", "beta"]),
            ("Σ", ["sigma"]),
            ("ς", ["sigma"]),
            ("µ", ["mu"]),
            ("∇²DFT", ["nabla", "2", "dft"]),
            (r"$\nabla^2$DFT", ["nabla", "2", "dft"]),
            ("$τ$-bench", ["tau", "bench"]),
            (r"$\tau$-bench", ["tau", "bench"]),
            ("H₂O", ["h", "2", "o"]),
            ("Guédon", ["guedon"]),
            ("Gue\u0301don", ["guedon"]),
            ("２０２４", ["2024"]),
            ("dif\u00adfu\u200bsion", ["diffusion"]),
            ("one\u2028two\rthree\x85four", ["one", "two", "three", "four"]),
        ],
    )
    def test_words(self, written: str, expected: list[str]) -> None:
        assert tokens([written]).split() == expected

    def test_no_phrase_reaches_from_one_part_to_the_next(self) -> None:
        assert tokens(["one", "two"]).split() == ["one", BREAK, "two"]
        # Nor does mathematics.
        assert tokens(["costs $a", "or b$"]).split() == ["costs", "a", BREAK, "or", "b"]

    @given(hostile)
    def test_none_holds_what_parts_tokens(self, text: str) -> None:
        for token in tokens([text]).split(" "):
            # The index parts words at every other character of ASCII, and a phrase would end at a quote.
            assert all(one.isalnum() or not (one.isascii() or one.isspace()) for one in token)
            assert token.isdecimal() or not any(character.isdecimal() for character in token)

    @given(hostile)
    def test_what_stands_before_and_after_a_space_makes_no_difference(self, text: str) -> None:
        whole = runs_of(tex.to_unicode(visible(text)))
        assert tokens([text]).split() == [token for run in whole for token in tokens_of(run)]

    @given(hostile)
    def test_of_words_are_the_same(self, text: str) -> None:
        assert words(" ".join(words(text))) == words(text)

    @given(hostile)
    def test_of_cleaned_text_are_the_same(self, text: str) -> None:
        # Queries are cleaned, papers are not: what can be read in a paper can be found.
        if "$" not in text:
            assert tokens([clean(text)]) == tokens([text])

    @given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd", "Zs"], max_codepoint=0x12F)))
    def test_case_makes_no_difference(self, text: str) -> None:
        assert tokens([text.upper()]) == tokens([text]) == tokens([text.lower()])

    @given(hostile)
    def test_each_run_is_of_one_kind(self, text: str) -> None:
        for run in runs([text]):
            assert not (is_cjk(run) and is_word(run))
            assert bare(bare(run)) == bare(run)
            if is_cjk(run):
                assert all(map(is_cjk, bare(run)))


class TestStem:
    @pytest.mark.parametrize(
        "forms",
        [
            "model models modeling modelling modeled",
            "train training trains trained",
            "llm llms",
            "vlm vlms",
            "gpu gpus",
            "tpu tpus",
            "agent agents",
            "query queries",
            "dataset datasets",
            "benchmark benchmarks benchmarking",
            "optimize optimizing optimization",
        ],
    )
    def test_endings_make_no_difference(self, forms: str) -> None:
        assert len({stem(word) for word in forms.split()}) == 1

    @pytest.mark.parametrize(
        "forms", ["news new", "bias bia", "ls l", "opus opu", "corpus corpu", "transformer form", "추론 추론을"]
    )
    def test_words_apart(self, forms: str) -> None:
        assert len({stem(word) for word in forms.split()}) == len(forms.split())

    @given(st.text(alphabet="abeginsty'", min_size=1, max_size=12))
    def test_is_never_empty(self, word: str) -> None:
        assert stem(word)
