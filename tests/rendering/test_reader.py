"""The reader of the other tests sees what Discord would show: else they would prove nothing."""

from __future__ import annotations

import pytest

from tests.rendering.reader import read


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((mention, "mention") for mention in ("@everyone", "a@here", "<@1>", "<@!1>", "<@&1>", "<#1>", "</a b:1>")),
        *((mention, "mention") for mention in ("<id:customize>", "<t:1>", "<t:1:R>", "<:a:1>", "<a:b:1>")),
        *((quote, "quote") for quote in ("> a", ">>> a", "a\n> b", " > a")),
        *((heading, "heading") for heading in ("# a", "a\n### b", "  ## a")),
        *((item, "list") for item in ("- a", "* a", "1. a", "a\n12. b", "  - a")),
        ("-# a", "subtext"),
        ("||a||", "spoiler"),
        ("**a**", "bold"),
        ("__a__", "underline"),
        ("*a*", "italics"),
        ("_a_", "italics"),
        ("~~a~~", "strikethrough"),
        ("`a`", "code"),
        ("``a`b``", "code"),
        ("```\na\n```", "fence"),
        ("```a```", "fence"),
        ("[a](https://e.example)", "link"),
        ("[a](<https://e.example> 'b')", "link"),
        ("[a [b] c](https://e.example/(d))", "link"),
        ("[a](javascript:alert(1))", "link"),
        ("https://e.example", "address"),
        ("<javascript:/x>", "address"),
        ("steam://run/1", "address"),
        ("<a@e.example>", "address"),
        ("**[a](https://e.example)**", "link"),
        ("||<@1>||", "mention"),
    ],
)
def test_sees(text: str, kind: str) -> None:
    assert kind in read(text).kinds


@pytest.mark.parametrize(
    "text",
    [r"\*a\*", r"\<@1\>", r"\[a\](b)", r"\`a\`", r"\# a", r"1\. a", r"https\://e.example", "a # b", "a > b", "1.5"],
)
def test_sees_nothing_behind_a_backslash(text: str) -> None:
    assert not read(text).seen


def test_reads_the_words() -> None:
    assert read(r"**a \*b\*** `c` [d](https://e.example)").words == "a *b*  d"
    assert read("`@everyone` a").outside_code == "  a"
    assert read("(see https://e.example/a).").of("address")[0].target == "https://e.example/a"
    assert read("<https://e.example>가").of("address")[0].target == "https://e.example"
    assert read("https://e.example가").of("address")[0].target == "https://e.example가"
