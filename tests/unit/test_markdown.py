from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.markdown import blocks, plain
from bot.text import visible, width
from tests.unit import real

PIECES = [
    *"*_`~|[]()<>#-+>!\\@:& \n",
    "\n\n", "**", "```", "~~~", "||", "  - ", "1) ", "0. ", "- ", "> ", "# ", "-# ", "    ",
    "@everyone", "@here", "every", "one", "[x](http://a.example/b)", "[](https://a.example)",
    "[everyone](http://a.example)",
    "[here](http://b.example)", "![here](http://c.example)", "[//x](http://a.example)",
    "javascript:", "[#](http://a.example) ",
    "[a](javascript:alert(1))", "[a](file:///etc)", "<https://a.example>", "<javascript:x>",
    "https://d.example", "://", "file://",
    "&#64;", "&nbsp;", "&#35; ", "&lt;@1&gt;", "<@123>", "<b>", "<!--", "[a]: http://a.example", "===", "---", "***",
    "words", "추론", "\u202e", "\u200b", "\x00", "👩\u200d🔬", "`code`", "`` ` ``", "$x$",
]  # fmt: skip
soup = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join)


def unescaped(text: str) -> str:
    """``text`` with a letter for each pair of a backslash and its character."""
    return re.sub(r"\\[!-/:-@\[-`{-~]", "x", text)


class TestBlocks:
    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ("", []),
            ("words", ["words"]),
            ("one\ntwo", ["one two"]),
            ("one\n\ntwo", ["one", "two"]),
            ("**bold** and *italic*", ["**bold** and *italic*"]),
            ("__bold__", ["**bold**"]),
            ("`x_y`", ["`` x_y ``"]),
            ("`` a`b ``", ["`` aˋb ``"]),
            ("- one\n- two", ["- one", "- two"]),
            ("* one\n  * two", ["- one", "  - two"]),
            ("1) one\n2) two", ["1. one", "2. two"]),
            ("3. three\n4. four", ["3. three", "4. four"]),
            ("0. zero\n1. one", ["0. zero", "1. one"]),
            ("- one\n\n  more", ["- one", "  more"]),
            ("text:\n1) one\n2) two", ["text:", "1. one", "2. two"]),
            ("```py\na = 1\n```", ["```\na = 1\n```"]),
            ("see [the code](https://example.org/a)", ["see the code (<https://example.org/a>)"]),
            ("[https://example.org](https://example.org)", ["<https://example.org>"]),
            ("<https://example.org>", ["<https://example.org>"]),
            ("https://example.org/a_b", ["<https://example.org/a_b>"]),
            ("5 * 3 and snake_case", [r"5 \* 3 and snake\_case"]),
            ("a $x_1$ b", ["a x₁ b"]),
            (r"$\mathcal{L}_{a}$ and **$\mathcal{L}_{b}$**", [r"ℒₐ and **ℒ\_b**"]),
            (r"$\text{[x](http://a.example)}$", [r"\[x\](<http://a.example>)"]),
            (r"$\text{@everyone}$ \emph{@everyone}", ["@\u200beveryone @\u200beveryone"]),
            ("`$a$` and \\$5$", [r"`` $a$ `` and $5$"]),
            ("&lt;b&gt;", [r"\<b\>"]),
        ],
    )
    def test_what_is_let_through(self, written: str, sent: list[str]) -> None:
        assert blocks(written) == sent

    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ("[x](javascript:alert(1))", [r"\[x\](javascript:alert(1))"]),
            ("[x](discord://a)", ["x"]),
            ("[x](mailto:a@example.org)", ["x"]),
            ("<script>alert(1)</script>", [r"\<script\>alert(1)\</script\>"]),
            ("# heading", ["heading"]),
            ("#### heading", ["heading"]),
            ("a\n===", ["a ==="]),
            ("a\n---", ["a"]),
            ("> quote", ["quote"]),
            ("||spoiler||", [r"\|\|spoiler\|\|"]),
            ("~~struck~~", [r"\~\~struck\~\~"]),
            ("<@1> <@&2> <#3>", [r"\<@1\> \<@&2\> \<#3\>"]),
            ("-# small", [r"\-# small"]),
            ("[#](http://a.example) x", [r"\# (<http://a.example>) x"]),
            ("[-](http://a.example) x", [r"\- (<http://a.example>) x"]),
            ("&#35; x", [r"\# x"]),
            ("1[.](http://a.example) x", [r"1\. (<http://a.example>) x"]),
            ("*&nbsp;x*", [r"\* x*"]),
            ("java[script://x](http://a.example)", [r"javascript\://x (<http://a.example>)"]),
            ("javascript:[//x](http://a.example)", [r"javascript\://x (<http://a.example>)"]),
            ("[1]: http://a.example", [r"\[1\]: <http://a.example>"]),
            ("![alt](http://a.example/a.png)", ["alt"]),
        ],
    )
    def test_what_is_not(self, written: str, sent: list[str]) -> None:
        assert blocks(written) == sent

    @pytest.mark.parametrize(
        "written",
        [
            "@everyone",
            "@[everyone](http://a.example)",
            "@![everyone](http://a.example)",
            "@&#101;veryone",
            "http://a.example @[](http://a.example)everyone",
            "@` `here",
            "@\u200bhere",
            "&#64;here",
        ],
    )
    def test_mentions_of_all(self, written: str) -> None:
        for piece in blocks(written):
            assert "@everyone" not in piece
            assert "@here" not in piece

    def test_a_fence_cannot_be_closed_early(self) -> None:
        (piece,) = blocks("~~~\n``` **x**\n@everyone\n~~~")
        assert piece.startswith("```\n")
        assert piece.endswith("\n```")
        assert "`" not in piece[3:-3]

    def test_a_long_fence_is_several(self) -> None:
        code = "\n".join(f"line {number}" for number in range(1000))
        pieces = blocks(f"```\n{code}\n```")
        assert all(piece.startswith("```\n") and piece.endswith("\n```") for piece in pieces)
        assert "\n".join(piece[4:-4] for piece in pieces) == code
        assert max(map(width, pieces)) < 2100
        assert all(width(piece) < 2100 for piece in blocks("```\n" + "👩" * 5000 + "\n```"))

    @pytest.mark.parametrize(
        "deep", ["> " * 5000, "- " * 5000, "1. " * 3000, "[" * 20_000, "*" * 20_000, "`" * 20_001, "![" * 10_000]
    )
    def test_deep_nesting(self, deep: str) -> None:
        assert isinstance(blocks(deep + "x"), list)
        assert isinstance(plain(deep + "x"), str)

    @given(soup)
    @settings(max_examples=300)
    def test_any_text_is_inert(self, text: str) -> None:
        for piece in blocks(text):
            if piece.startswith("```"):
                assert piece.endswith("```")
                assert "`" not in piece[3:-3]
                assert visible(piece) == piece
                continue
            assert "\n" not in piece
            bare = re.sub(r"`` [^`]* ``", "code", piece)
            bare = re.sub(r"<https?://[^\s>]+>", "address", bare)
            assert not re.search(r"@(?:everyone|here)", bare)
            assert "://" not in unescaped(bare)
            content = re.sub(r"^ *(?:- |\d+\. )?", "", bare)
            assert not re.match(r"#{1,3}\s|-#|[-+*]\s|\d+[.)]\s|>", content), piece
            assert not re.search(r"[`_~|\[\]<>]", unescaped(bare)), piece
            shown = bare.replace("@\u200b", "@")
            assert visible(shown) == shown

    @given(st.text(max_size=500))
    def test_any_text_does_not_raise(self, text: str) -> None:
        assert isinstance(blocks(text), list)
        assert isinstance(plain(text), str)

    @real.needed
    def test_every_real_word_is_kept(self) -> None:
        for entry in real.every_entry():
            for section in entry.sections:
                sent = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(blocks(section.text)))
                sent = re.sub(r"<(https?://[^\s>]+)>", r"\1", sent)
                missing = set(re.findall(r"\w+", section.text)) - set(re.findall(r"\w+", sent))
                assert not {word for word in missing if "_" not in word}


class TestPlain:
    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("", ""),
            ("**a** *b* `c`", "a b c"),
            ("- one\n- two", "one two"),
            ("1) one\n2) two", "one two"),
            ("one\ntwo\n\nthree", "one two three"),
            ("[text](https://example.org)", "text"),
            ("# heading", "heading"),
            ("a\u202eb\u200bc", "abc"),
        ],
    )
    def test_marks_are_gone(self, written: str, shown: str) -> None:
        assert plain(written) == shown

    @given(soup)
    def test_is_one_line(self, text: str) -> None:
        shown = plain(text)
        assert shown == " ".join(shown.split())
        assert len(shown.splitlines()) <= 1
        assert visible(shown) == shown
