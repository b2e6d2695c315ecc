"""What is shown: visible characters, cutting, escaping for Discord."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import ELLIPSIS, clean, clip, escape, escape_within, sentences, visible, width
from tests.unit.hostile import hostile

ADDRESS = re.compile(r"<https?://[^\s>]+>")


def outside_addresses(text: str) -> str:
    return ADDRESS.sub(" ", text)


def unescaped(text: str) -> str:
    """``text`` with a letter for each pair of a backslash and its character."""
    return re.sub(r"\\[!-/:-@\[-`{-~]", "x", text)


class TestVisible:
    @given(hostile)
    def test_nothing_misleading_is_left(self, text: str) -> None:
        for at, character in enumerate(found := visible(text)):
            if character == "\u200d":
                around = found[at - 1], found[at + 1]
                assert all(unicodedata.category(one) in ("So", "Sk", "Mn", "Sm") for one in around), ascii(around)
            else:
                assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
                assert unicodedata.bidirectional(character) not in (
                    "BN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
                )  # fmt: skip

    @given(hostile)
    def test_twice_is_once(self, text: str) -> None:
        assert visible(visible(text)) == visible(text)
        assert clean(clean(text)) == clean(text)

    def test_what_is_seen_is_kept(self) -> None:
        for text in ("a b", "추론", "👩\u200d🔬 and 🏳️\u200d🌈", "café", "a\tb", "한\n글", "👨\u200d👩\u200d👧"):
            assert visible(text) == text

    def test_clean_is_one_line(self) -> None:
        assert clean(" a\r\nb\x0bc\u2028d\x85e\t f\n\n") == "a b c d e f"


@pytest.mark.parametrize(("text", "wide"), [("", 0), ("abc", 3), ("추론", 2), ("👩\u200d🔬", 5), ("𝒳", 2)])
def test_width_counts_utf16(text: str, wide: int) -> None:
    assert width(text) == wide == len(text.encode("utf-16-le")) // 2


class TestClip:
    def test_at_a_word(self) -> None:
        assert clip("one two three four", 12) == "one two…"
        assert clip("one two", 7) == "one two"

    def test_within_a_long_word(self) -> None:
        assert clip("abcdefghij", 5) == "abcd…"

    @pytest.mark.parametrize(
        "cluster",
        ["👩\u200d🔬", "👍🏽", "🏳️\u200d🌈", "👨\u200d👩\u200d👧\u200d👦", "🇰🇷", "1️⃣",
         "é\u0323", "e\u0301", "क\u093f", "각", "🏴\U000e0067\U000e0062\U000e007f"],
    )  # fmt: skip
    def test_never_tears_what_is_one(self, cluster: str) -> None:
        text = cluster * 20
        for before in ("", "ab", "x "):
            for limit in range(1, width(before + text)):
                found = clip(before + text, limit)
                assert found.endswith("…")
                kept = found.removesuffix("…").removeprefix(before.rstrip()).lstrip()
                assert (
                    kept == "" or kept in (before, before[: len(kept)]) or kept == cluster * (len(kept) // len(cluster))
                )

    @given(hostile, st.integers(-5, 80))
    def test_never_exceeds_its_limit(self, text: str, limit: int) -> None:
        found = clip(text, limit)
        assert width(found) <= max(limit, 0)
        if width(text) <= limit:
            assert found == text
        elif limit > 0:
            assert found.endswith("…")
            assert text.startswith(found[:-1])

    @given(hostile, st.integers(1, 80))
    def test_never_ends_before_a_mark(self, text: str, limit: int) -> None:
        found = clip(text, limit)
        if found != text and found != "…":
            rest = text[len(found) - 1 :]
            # A space that was cut off may have carried the mark.
            assert rest[0].isspace() or unicodedata.category(rest[0])[0] != "M"
            assert found[-2] != "\u200d"


class TestSentences:
    TEXT = "This is one. And this is two! Is it three? And a last one"

    @pytest.mark.parametrize(
        ("limit", "expected"),
        [
            (100, TEXT),
            (45, "This is one. And this is two! Is it three?"),
            (30, "This is one. And this is two!"),
            (15, "This is one."),
            (9, "This is…"),
        ],
    )
    def test_whole_ones(self, limit: int, expected: str) -> None:
        assert sentences(self.TEXT, limit) == expected

    def test_korean_and_chinese(self) -> None:
        assert sentences("첫 문장입니다. 둘째 문장입니다. 셋째", 14) == "첫 문장입니다."
        assert sentences("第一句。第二句。第三", 8) == "第一句。第二句。"

    @pytest.mark.parametrize(
        "text", ["See Fig. 3 of it. Then more words follow", "Smith et al. show it. Then more words"]
    )
    def test_an_abbreviation_is_no_end(self, text: str) -> None:
        assert sentences(text, len(text) - 5) == text[: text.index("it.") + 3]

    def test_a_decimal_point_is_no_end(self) -> None:
        assert sentences("It gains 3.5 points. And more of the like", 25) == "It gains 3.5 points."

    def test_quotes_belong_to_the_sentence(self) -> None:
        assert sentences("He said “yes.” Then he left the room", 20) == "He said “yes.”"

    @given(hostile, st.integers(-5, 80))
    def test_never_exceeds_its_limit(self, text: str, limit: int) -> None:
        found = sentences(text, limit)
        assert width(found) <= max(limit, 0)
        assert "\n" not in found
        assert clean(text).startswith(found.removesuffix("…")) or clean(text).startswith(found)
        rest = clean(text)[len(found) :]
        if found and not found.endswith("…") and rest:
            assert unicodedata.category(rest[0])[0] != "M"


class TestEscape:
    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ("plain words.", "plain words."),
            ("**bold** _it_", r"\*\*bold\*\* \_it\_"),
            ("`code`", r"\`code\`"),
            ("~~x~~ ||y||", r"\~\~x\~\~ \|\|y\|\|"),
            ("[a](https://evil.example)", r"\[a\](<https://evil.example>)"),
            ("<@123> <#4> <:e:5> <t:6>", r"\<@123\> \<#4\> \<:e:5\> \<t:6\>"),
            ("# heading", r"\# heading"),
            ("-# small", r"\-# small"),
            ("- item", r"\- item"),
            ("+ item", r"\+ item"),
            ("* item", r"\* item"),
            ("  - item", r"  \- item"),
            ("1. item", r"1\. item"),
            ("12) item", r"12\) item"),
            ("> quote", r"\> quote"),
            ("a\n# b\n- c", "a\n\\# b\n\\- c"),
            ("C# and a - b", "C# and a - b"),
            ("back\\slash", r"back\\slash"),
            ("see https://example.org/a_b_c.", "see <https://example.org/a_b_c>."),
            ("https://example.org/추론", "<https://example.org/>추론"),
            ("https://good.example@evil.example", r"https\://good.example@evil.example"),
            ("https://аррӏе.example/a", r"https\://аррӏе.example/a"),
            ("https://example.org/@everyone", "https\\://example.org/@\u200beveryone"),
            ("javascript://x", r"javascript\://x"),
            ("_file://x", r"\_file\://x"),
            ("가file://x", r"가file\://x"),
            ("discord://-/channels", r"discord\://-/channels"),
        ],
    )
    def test_marks(self, written: str, sent: str) -> None:
        assert escape(written) == sent

    def test_without_links(self) -> None:
        assert escape("https://a_b.example", links=False) == r"https\://a\_b.example"

    def test_mentions_of_all(self) -> None:
        assert "@everyone" not in escape("@everyone and @\u200dhere, @he\u202ere")
        assert "@here" not in escape("@everyone and @\u200dhere, @he\u202ere")

    @given(hostile, st.booleans())
    def test_every_mark_is_behind_a_backslash(self, text: str, links: bool) -> None:
        sent = outside_addresses(escape(text, links=links)) if links else escape(text, links=False)
        # What is left without pairs of a backslash and its character has no mark.
        assert not re.search(r"[\\`*_~|\[\]<>]", unescaped(sent))

    @given(hostile)
    def test_nothing_is_mentioned(self, text: str) -> None:
        assert not re.search(r"@(?:everyone|here)", outside_addresses(escape(text)))
        assert not re.search(r"@(?:everyone|here)", escape(text, links=False))

    @given(hostile)
    def test_nothing_invisible_survives(self, text: str) -> None:
        sent = escape(text)
        # The one that parts a mention is Paperboy's own.
        assert sent.replace("@\u200b", "@") == visible(sent.replace("@\u200b", "@"))

    @given(hostile, st.booleans())
    def test_no_line_begins_a_list_a_heading_or_a_quote(self, text: str, links: bool) -> None:
        for line in escape(text, links=links).split("\n"):
            assert not re.match(r"\s*(?:#{1,3}\s|-#|[-+*]\s|\d+[.)]\s|>)", line)

    @given(hostile)
    def test_no_scheme_but_http(self, text: str) -> None:
        assert "://" not in unescaped(outside_addresses(escape(text)))
        assert "://" not in unescaped(escape(text, links=False))

    @given(hostile)
    def test_every_word_is_kept(self, text: str) -> None:
        shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escape(text, links=False)).replace("@\u200b", "@")
        assert shown == visible(text)


class TestEscapeWithin:
    @given(hostile, st.integers(0, 80), st.booleans())
    def test_never_exceeds_its_limit(self, text: str, limit: int, links: bool) -> None:
        found = escape_within(text, limit, links=links)
        assert width(found) <= limit
        if width(escape(text, links=links)) <= limit:
            assert found == escape(text, links=links)

    @given(hostile, st.integers(0, 80))
    def test_never_ends_in_half_an_escape(self, text: str, limit: int) -> None:
        found = escape_within(text, limit, links=False).removesuffix("…")
        assert (len(found) - len(found.rstrip("\\"))) % 2 == 0
        assert not re.search(r"[\\`*_~|\[\]<>]", unescaped(found))

    def test_takes_as_much_as_fits(self) -> None:
        assert escape_within("*" * 100, 21) == r"\*" * 10 + "…"
        assert escape_within("plain words here", 12) == "plain words…"

    def test_long_text_is_quick(self) -> None:
        assert width(escape_within("*_word " * 20_000, 4000)) <= 4000


def test_line_starts_of_empty_lines_are_quick() -> None:
    assert escape("\n" * 50_000 + "- x").endswith(r"\- x")


def test_the_ellipsis_is_one_character() -> None:
    assert width(ELLIPSIS) == 1
