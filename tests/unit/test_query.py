"""How a keyword is read, and which keywords are one."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import query
from bot.errors import NotUnderstoodError
from bot.query import MAX_LENGTH, parse
from bot.terms import Name, Part
from bot.text import bare, width

PIECES = [
    *'abC1 -"“”:추é*()^+',
    *(
        "ab",
        "추론",
        "강화",
        "OR",
        " OR ",
        "or",
        "author:",
        "저자:",
        "author: ",
        "Author：",
        "-author:",
        ' "',
        '" ',
        " -",
    ),
    *(
        "fine-tuning",
        "gpt-4",
        "\u200b",
        "$",
        "$\\tau$",
        "NEAR(",
        "AND",
        "NOT",
        "{",
        "·",
        "・",
        "…",
        "'s",
        "0",
        "\ue000",
    ),
]
typed = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join)


def shown(part: Part) -> str:
    read = "+".join(map(bare, part.runs))
    return f"author:{read}" if isinstance(part, Name) else f'"{read}"' if part.exact else read


def reading(text: str) -> str:
    """How a keyword is read: its alternatives, and what is excluded."""
    understood = parse(text)
    alternatives = " | ".join(" & ".join(map(shown, parts)) for parts in understood.alternatives)
    return " ".join([alternatives, *(f"-{shown(part)}" for part in understood.excluded)])


class TestParse:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("diffusion", "diffusion"),
            ("video diffusion", "video & diffusion"),
            ('"video diffusion"', '"video+diffusion"'),
            ("“video diffusion”", '"video+diffusion"'),
            ("„video diffusion“", '"video+diffusion"'),
            ("«video diffusion»", '"video+diffusion"'),
            ("「video diffusion」", '"video+diffusion"'),
            ("『video diffusion』", '"video+diffusion"'),
            ("diffusion -video", "diffusion -video"),
            ("diffusion −video –audio", "diffusion -video -audio"),
            ('diffusion -"video model"', 'diffusion -"video+model"'),
            ("GPT-4o", "gpt+4+o"),
            ("추론", "추론"),
            ("video-diffusion", "video+diffusion"),
            ("a OR b", "a | b"),
            ("a b OR c", "a & b | c"),
            ("a OR b c -d OR e", "a | b & c | e -d"),
            ('"a b" OR "c d"', '"a+b" | "c+d"'),
            ("a or b", "a & or & b"),
            ("author:he", "author:he"),
            ("author:“Kaiming He” resnet", "author:kaiming+he & resnet"),
            ('author:"Kaiming He" resnet', "author:kaiming+he & resnet"),
            ("AUTHOR:he 저자:김철수", "author:he & author:김철수"),
            ("저자：김철수", "author:김철수"),
            ("author: he", "author:he"),
            ("resnet -author:he", "resnet -author:he"),
            ('resnet -author:"K. He"', "resnet -author:k+he"),
            ("author:Hakkani-Tür", "author:hakkani+tur"),
            ("author:he OR author:lee", "author:he | author:lee"),
            ("a a A", "a"),
            ("a -a", "a -a"),
            ("  a\n b\u200b ", "a & b"),
        ],
    )
    def test_what_is_meant(self, text: str, expected: str) -> None:
        assert reading(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('"unbalanced words', "unbalanced & words"),
            ('unbalanced words"', "unbalanced & words"),
            ('a "b c" "d', 'a & "b+c" & d'),
            ('"" a', "a"),
            ("- a", "a"),
            ("OR", "or"),
            ("OR a", "or & a"),
            ("a OR", "a & or"),
            ("a OR OR b", "a | or & b"),
            ("a OR -b", "a -b"),
            ("-a OR b", "or & b -a"),
            ('a "OR" b', 'a & "or" & b'),
            ("a OR …", "a"),
            ("… OR a", "or & a"),
            ("a AND b NOT c*", "a & and & b & not & c"),
            ("a NEAR(b, 2)", "a & near+(+b & 2"),
            ("(a OR b) c", "a | b & c"),
            ("author:", "author"),
            ("author: ", "author"),
            ('author:""', "author"),
            ("author:-", "author"),
            ("author:… a", "author & a"),
            ("authors:he", "authors+:+he"),
            ('coauthor:"a b"', "coauthor+:+a & b"),
            ("title:a", "title+:+a"),
            ("--a b", "b -a"),
            ("a*b^c:d{e}", "a+b+c+:+d+{+e"),
            ("C++", "c"),
            ("・추론", "추론"),
            ("추론・", "추론"),
            ("〇's", "〇"),
        ],
    )
    def test_odd_parts_are_words(self, text: str, expected: str) -> None:
        assert reading(text) == expected

    @pytest.mark.parametrize("text", ["", " ", "-", '""', "-video", '-"video model" -b', "…!?", "\u200b", "“”", "---"])
    def test_nothing_to_look_for(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError):
            parse(text)

    def test_length(self) -> None:
        assert parse("a" * MAX_LENGTH).alternatives
        assert parse(f"  {'a' * MAX_LENGTH}  ").alternatives
        with pytest.raises(NotUnderstoodError, match=str(MAX_LENGTH)):
            parse("a" * (MAX_LENGTH + 1))

    @given(typed | st.text(max_size=120))
    def test_only_ever_not_understood(self, text: str) -> None:
        with contextlib.suppress(NotUnderstoodError):
            understood = parse(text)
            assert understood.alternatives
            assert all(understood.alternatives)
            assert all(part.runs for part in understood.parts)
            assert width(understood.text) <= MAX_LENGTH
            assert understood.anchors

    @given(typed)
    def test_a_word_is_never_lost(self, text: str) -> None:
        """Where there is a letter and nothing is excluded, there is something to look for."""
        assume(any(map(str.isalnum, text)) and not set(text) & set("-−–$") and width(text) <= MAX_LENGTH)
        # What folding takes away, or a keyword without its name.
        assume(any(map(str.isalnum, query.clean(text).replace('""', ""))))
        assert parse(text).alternatives

    @given(typed)
    def test_its_text_means_the_same(self, text: str) -> None:
        # What travels in a button, or is kept of a subscription, is the text.
        try:
            understood = parse(text)
        except NotUnderstoodError:
            return
        assert parse(understood.text) == understood
        assert parse(understood.text).normal == understood.normal

    @given(typed)
    def test_each_part_can_be_asked_for_alone(self, text: str) -> None:
        with contextlib.suppress(NotUnderstoodError):
            for part in (part for parts in parse(text).alternatives for part in parts):
                alone = query.one(part)
                if width(alone) <= MAX_LENGTH:
                    assert [shown(one) for one in parse(alone).parts] == [shown(part)]


class TestNormalForm:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("video diffusion", "VIDEO  diffusion"),
            ("diffusion", "diffusion Diffusion DIFFUSION"),
            ("GPT-4o", "gpt4o"),
            ("GPT-4o", "gpt-4-o"),
            ("fine-tuning", "finetuning"),
            ("“a b”", '"A B"'),
            ('"fine tuning"', '"fine-tuning"'),
            ("naïve", "naive"),
            ("τ-bench", "tau-bench"),
            ("$τ$-bench", "tau-bench"),
            ("diffusion -video", "-VIDEO diffusion"),
            ("a OR b", "b OR a"),
            ("c OR a b", "a b OR c OR c"),
            ("author:“He Kaiming”", 'author:"kaiming he"'),
            ("저자:he", "author:He"),
            ("ＧＰＴ", "gpt"),
            ("강화학습", "강화-학습"),
        ],
    )
    def test_the_same_meaning(self, one: str, other: str) -> None:
        assert parse(one).normal == parse(other).normal

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("video diffusion", '"video diffusion"'),
            ("video diffusion", "video -diffusion"),
            ("video diffusion", "video OR diffusion"),
            ('"a b"', '"b a"'),
            ('a "b c"', '"a b" c'),
            ("추론", "추 론"),
            ("추론", '"추론"'),
            ("model", '"model"'),
            ("강화학습", '"강화 학습"'),
            ("he", "author:he"),
            ("a b OR c", "a OR b c"),
            ("a -b", "a -author:b"),
            # Numbers that are parted are others, and so are words beside them.
            ("llama-3-1", "llama-31"),
            ("2024-06", "202406"),
            ("fine-tuning2", "finetuning2"),
            ("LLM의-학습", "LLM-의학습"),
            ('"LLM의 학습"', '"LLM 의 학습"'),
            ("a-model", "amodel"),
        ],
    )
    def test_another_meaning(self, one: str, other: str) -> None:
        assert parse(one).normal != parse(other).normal

    @given(st.data())
    def test_order_and_repetition_say_nothing(self, data: st.DataObject) -> None:
        parts = ["1", '"a b"', "-c", '-"d e"', "추론", "f1", "author:he", "-저자:lee", "강화학습"]
        chosen = ["wanted", *data.draw(st.lists(st.sampled_from(parts)))]
        again = data.draw(st.permutations([*chosen, *data.draw(st.lists(st.sampled_from(chosen), max_size=3))]))
        assume(len(" ".join(again)) <= MAX_LENGTH)
        assert parse(" ".join(again)).normal == parse(" ".join(chosen)).normal


class TestByAuthor:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("Kaiming He", {"kaiming", "he"}),
            ("Guédon, Antoine", {"guedon", "antoine"}),
            ("김철수", {"김철수"}),
            ("K. He", {"k", "he"}),
            ('"He" -a OR', {"he", "a", "or"}),
        ],
    )
    def test_words_of_a_name(self, name: str, words: set[str]) -> None:
        ((part,),) = query.by_author(name).alternatives
        assert isinstance(part, Name)
        assert {bare(run) for run in part.runs} == words

    @pytest.mark.parametrize("text", ["", " ", "+", "-,."])
    def test_no_name(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError):
            query.by_author(text)

    def test_is_one_with_the_keyword_of_it(self) -> None:
        assert query.by_author("Kaiming He").normal == parse('author:"he kaiming"').normal

    def test_narrows_every_alternative(self) -> None:
        narrowed = parse("a OR b c -d").narrowed(query.by_author("Kaiming He"))
        assert narrowed.normal == parse('a author:"kaiming he" OR b c author:"kaiming he" -d').normal
