"""What the parts of a keyword find, read plainly; the index gives the same answers (tests/storage)."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import tex
from bot.document import document
from bot.query import MAX_LENGTH, Query, by_author
from bot.terms import LONGEST_SPACED, Term
from bot.text import runs, words
from storage.models import Section
from tests.unit import real
from tests.unit.finding import found


class TestEnglish:
    @pytest.mark.parametrize(
        ("keyword", "text"),
        [
            ("models", "a model"),
            ("model", "Models"),
            ("modeling", "modelled"),
            ("training", "to train"),
            ("train", "pre training"),
            ("LLMs", "an LLM"),
            ("LLM", "of LLMs"),
            ("GPU", "of GPUs"),
            ("GPUs", "a GPU"),
            ("agent", "multi-agents"),
            ("the models", "the model's"),
            ("model's", "models"),
            ("Fernandez", "Fernández"),
            ("FERNÁNDEZ", "fernandez"),
            ("strasse", "Straße"),
            ("naive bayes", "a naïve Bayes"),
        ],
    )
    def test_case_accents_and_endings_make_no_difference(self, keyword: str, text: str) -> None:
        assert found(keyword, text)

    @pytest.mark.parametrize(
        "spellings",
        [
            ("fine-tuning", "finetuning", "fine tuning", "Fine-Tuned", "finetune", "fine‑tunes"),
            ("pre-training", "pretraining", "pre training", "Pretrained", "pre-train"),
            ("GPT-4o", "gpt4o", "gpt 4o", "GPT 4 o", "gpt-4-o"),
            ("U-Net", "unet", "U Net", "u-nets"),
            ("k-means", "kmeans", "K means"),
            ("multi-agent", "multiagents", "multi agents"),
            ("co-op", "coop", "co op"),
        ],
    )
    def test_hyphens_and_spaces_make_no_difference(self, spellings: tuple[str, ...]) -> None:
        for keyword in spellings:
            for text in spellings:
                assert found(keyword, f"we like {text} much"), (keyword, text)

    @pytest.mark.parametrize(
        ("keyword", "text"),
        [
            ("form", "transformers"),
            ("net", "unet"),
            ("amodel", "a model"),
            ("finetuning", "fine, tuning"),
            ("fine-tuning", "tuning fine"),
            ("state-of-the-art", "state of art"),
            ("gpt4", "gpt 5"),
            ("12", "1 2"),
            ("1-2", "12"),
            ("word", "wörter"),
        ],
    )
    def test_other_words_are_not_found(self, keyword: str, text: str) -> None:
        assert not found(keyword, text)

    def test_words_of_several_pieces(self) -> None:
        assert found("state-of-the-art", "State of the Art")
        assert found("state-of-the-art", "stateoftheart")
        assert found("stateoftheart", "stateofthe-art")
        # A word without its hyphens is looked for in two pieces at most.
        assert not found("stateoftheart", "state of the art")


class TestKorean:
    @pytest.mark.parametrize("particle", ["", "을", "에서", "의", "이라는", "용"])
    @pytest.mark.parametrize("before", ["", "자동", "LLM", "("])
    def test_inside_longer_words(self, before: str, particle: str) -> None:
        assert found("추론", f"이것은 {before}추론{particle} 그것")

    @pytest.mark.parametrize(
        ("keyword", "text"),
        [
            ("강화학습", "강화 학습"),
            ("강화학습", "심층강화 학습을"),
            ("강화학습", "강화-학습"),
            ("강화학습", "강화\n학습"),
            ("강화학습", "강화 — **학습**"),
            ("강화 학습", "강화학습"),
            ("강화-학습", "강화학습"),
            ("강화-학습", "강화 학습"),
            ("의학", "의학"),
            ("의학", "의 학 개론"),
            ("모델의학습", "모델 의 학습"),
            ("모델의학습", "모델의 학습"),
            ("모델의학습", "모델 의학습"),
            ("모델의학습", "모델 의학 습"),
            ("그모델", "그 모델"),
            ("모델그", "모델 그"),
            ("가나다라마바사아자차", "가나 다라 마바 사아 자차"),
            ("을", "추론을"),
            ("론", "추론을"),
            ("추", "추론을"),
            ("를", "LLM를"),
            ("LLM을", "LLM을 쓴다"),
            ("llm", "LLM을 쓴다"),
            ("LLM추론", "LLM 추론을"),
            ("LLM-추론", "LLM추론을"),
            ("深層学習", "深層 学習"),
            ("学習", "深層学習の"),
            ("ディープラーニング", "ディープ ラーニング"),
            ("学", "深層学習"),
            # A stop is looked for as it is typed.
            ("그,모델", "그, 모델"),
            ("추론,모델", "추론, 모델"),
        ],
    )
    def test_whatever_the_spacing(self, keyword: str, text: str) -> None:
        assert found(keyword, text)

    @pytest.mark.parametrize(
        ("keyword", "text"),
        [
            # A single character is passed over a space only where it is a whole word.
            ("의학", "모델의 학습"),
            ("의-학", "모델의 학습"),
            ("의학", "의 학습"),
            ("의학", "모델의 학"),
            ("그모델", "이그 모델"),
            # The pieces between are whole words.
            ("강화학습모델", "강화 심층학습 모델"),
            ("강화학습모델", "강화 학습의 모델"),
            # Spaces alone are passed over.
            ("강화학습", "강화, 학습"),
            ("강화학습", "강화. 학습"),
            ("강화학습", "강화 및 학습"),
            ("그모델", "그, 모델"),
            ("의학", "의. 학"),
            ("그,모델", "그 모델"),
            ("강화학습", "학습 강화"),
            ("강화학습", "강화 2 학습"),
            # More than four of them.
            ("가나다라마바사아자차카타", "가나 다라 마바 사아 자차 카타"),
        ],
    )
    def test_not_across_words_that_do_not_belong_together(self, keyword: str, text: str) -> None:
        assert not found(keyword, text)

    def test_not_from_one_text_to_the_next(self) -> None:
        entry = real.made_up("강화", sections=(Section("학습", "강화"), Section(None, "학습")))
        assert not found("강화학습", entry)
        assert found("강화 학습", entry)

    def test_long_words(self) -> None:
        word = "가나다라마바사아자차카타파하거너더러머버서"
        assert len(word) == LONGEST_SPACED + 1
        assert found(word, word)
        assert not found(word, f"{word[:10]} {word[10:]}")
        assert found(word[1:], f"{word[:10]} {word[10:]}")


class TestQuotes:
    @pytest.mark.parametrize(
        ("keyword", "text"),
        [
            ('"fine tuning"', "a fine-tuning"),
            ('"fine-tuning"', "a fine  tuning"),
            ('"video model"', "Video\nModel"),
            ('"model"', "the model's"),
            ('"강화 학습"', "강화 학습을"),
            ('"강화 학습"', "심층강화 학습"),
            ('"강화-학습"', "강화 학습"),
            ('"모델의 학습"', "모델의 학습"),
            ('"모델 의 학습"', "모델 의 학습"),
            ('"의 학습"', "모델의 학습"),
            ('"의 학습"', "LLM의 학습"),
            ('"LLM의 학습"', "LLM의 학습"),
            ('"모델의 학"', "모델의 학습"),
            ('"schrodinger equation"', "Schrödinger equation"),
            ('"3.5 billion"', "3.5 billion"),
            ('"a, b"', "a, b"),
            ('"그, 모델"', "그, 모델"),
            ('"그, 모델"', "이그; 모델"),
            ('"이 그, 모델"', "이 그, 모델"),
        ],
    )
    def test_as_written(self, keyword: str, text: str) -> None:
        assert found(keyword, text)

    @pytest.mark.parametrize(
        ("keyword", "text"),
        [
            ('"model"', "models"),
            ('"models"', "model"),
            ('"training data"', "train data"),
            ('"fine tuning"', "finetuning"),
            ('"finetuning"', "fine-tuning"),
            ('"fine tuning"', "fine, tuning"),
            ('"a b"', "b a"),
            ('"강화학습"', "강화 학습"),
            ('"강화 학습"', "강화학습"),
            ('"강화 학습"', "강화를 학습"),
            ('"모델 의 학습"', "모델의 학습"),
            ('"모델의 학습"', "모델 의 학습"),
            ('"LLM 의 학습"', "LLM의 학습"),
            ('"가 나 다"', "가 이나 다"),
            ('"그 모델"', "그, 모델"),
            ('"그, 모델"', "그 모델"),
            ('"a, b"', "a b"),
        ],
    )
    def test_and_not_otherwise(self, keyword: str, text: str) -> None:
        assert not found(keyword, text)


class TestKeyword:
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
            "universal dataset",
            "dataset universal",
            "datasets UNIVERSAL",
            '"universal schrodinger dataset"',
            "SCHRÖDINGER",
            "Schro\u0308dinger",
            "nabla dft",
            "∇²DFT",
            "∇2dft",
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
            "what's new",
            '"video model"',
            "video -audio",
            '"list of items"',
            'universal -"dataset universal"',
            "audio OR video",
            "audio speech OR video diffusion",
            'author:"He Kaiming" 추론',
            "author:guedon author:김철수",
            "universal -author:lee",
            "author:lee OR author:he",
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
            '"details here"',
            '"new 새로운"',
            '"dataset kaiming"',
            "universal -dataset",
            "universal -datasets",
            "universal -추론",
            "universal -새로운추론",
            'universal -"kaiming he"',
            "universal -author:he",
            "universal audio",
            "audio OR speech",
            "audio video OR speech diffusion",
            "audio OR video -추론",
            'author:"Kaiming Guedon"',
            "author:universal",
            "author:kai",
            "0x",
            "론추",
            "추 율",
        ],
    )
    def test_not_found(self, text: str) -> None:
        assert not found(text, self.ENTRY)

    @pytest.mark.parametrize("text", ["τ-bench", "tau-bench", "tau bench", "$τ$-bench", r"$\tau$-bench", '"τ bench"'])
    @pytest.mark.parametrize("title", ["$τ$-bench: A Benchmark", r"$\tau$-bench: A Benchmark", "tau-bench"])
    def test_tau_bench(self, text: str, title: str) -> None:
        assert found(text, real.made_up(title))

    @pytest.mark.parametrize("text", ["M²UGen", "M2UGen", "m 2 ugen", "M$^2$UGen", '"m2ugen"'])
    @pytest.mark.parametrize("title", ["M²UGen: Music", "M$^{2}$UGen", "M2UGen"])
    def test_powers(self, text: str, title: str) -> None:
        assert found(text, real.made_up(title))

    @given(st.text(min_size=1, max_size=60), st.text(max_size=60))
    def test_a_word_is_wanted_or_excluded(self, word: str, title: str) -> None:
        kept = tuple(run for run in runs([word]) if run[0].isalnum())
        assume(kept)
        paper = document(real.made_up(f"always {title}").paper, ())
        always, term = Term(("always",)), Term(kept)
        wanted = Query("", ((always, term),)).matches(paper)
        assert Query("", ((always,),), (term,)).matches(paper) is not wanted
        assert Query("", ((Term(("nowhere",)),), (term,))).matches(paper) is wanted
        assert dataclasses.replace(Query("", ((term,),)), excluded=(always,)).matches(paper) is False

    @given(st.data(), st.text(min_size=1, max_size=60))
    def test_a_paper_is_found_by_words_of_its_title(self, data: st.DataObject, title: str) -> None:
        found_words = words(title)
        assume(found_words)
        chosen = " ".join(data.draw(st.lists(st.sampled_from(found_words), min_size=1, max_size=5)))
        assume(len(chosen) <= MAX_LENGTH)
        assert found(chosen, real.made_up(title))

    @real.needed
    @given(st.data())
    def test_a_real_paper_is_found_by_words_of_its_title(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(real.every_entry()))
        title = entry.paper.title.split()
        first = data.draw(st.integers(0, len(title) - 1))
        run = " ".join(title[first : first + data.draw(st.integers(1, 8))])
        assume(len(run) <= MAX_LENGTH - 2 and words(tex.to_unicode(run)) and run[0] != "-")
        assert found(run, entry)
        assert found(run.lower(), entry)
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


class TestNames:
    HE = real.made_up("T", authors=("Kaiming He", "Antoine Guédon", "Dilek Hakkani-Tür", "김철수", "Ana B. López"))

    @pytest.mark.parametrize(
        "name",
        [
            "Kaiming He",
            "He, Kaiming",
            "K. He",
            "he k",
            "H K",
            "guedon",
            "A Guédon",
            "hakkani tur",
            "D. Hakkani-Tür",
            "김철수",
            "철수",
            "김",
            "ana lopez",
            "A. B. Lopez",
        ],
    )
    def test_any_order_and_initials(self, name: str) -> None:
        assert by_author(name).matches(document(self.HE.paper, ()))
        assert found(f'author:"{name}"', self.HE)

    @pytest.mark.parametrize(
        "name", ["Kai", "Kaiming Guedon", "He He Lee", "J. He", "K. Antoine", "김 Antoine", "Z", "수철"]
    )
    def test_whole_words_of_one_name(self, name: str) -> None:
        assert not by_author(name).matches(document(self.HE.paper, ()))

    @given(st.lists(st.lists(st.text("abé김철수-. ·", max_size=12), max_size=4).map(" ".join), max_size=4), st.data())
    def test_everyone_can_be_found_by_the_whole_name(self, names: list[str], data: st.DataObject) -> None:
        named = [name for name in names if words(name)]
        assume(named)
        name = data.draw(st.sampled_from(named))
        entry = real.made_up("Title", authors=tuple(dict.fromkeys(names)))
        assert by_author(name).matches(document(entry.paper, ()))
        assert by_author(name).hangs_on(document(entry.paper, ()).anchors)

    def test_long_names_in_another_order_are_others(self) -> None:
        one, other = by_author("a b c d e f g h i"), by_author("i h g f e d c b a")
        paper = document(real.made_up("T", authors=("a b c d e f g h i",)).paper, ())
        assert (one.matches(paper), other.matches(paper)) == (True, False)
        assert one.normal != other.normal

    @real.needed
    def test_everyone_of_the_real_digests(self) -> None:
        for entry in real.every_entry():
            paper = document(entry.paper, entry.sections)
            for name in entry.paper.authors:
                assert by_author(name).matches(paper)
                assert by_author(" ".join(reversed(name.split()))).matches(paper)
