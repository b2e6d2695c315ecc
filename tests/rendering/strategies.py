"""Hostile and ordinary papers."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from storage.models import Entry, Paper, Section

PIECES = st.sampled_from(
    [
        "@everyone",
        "@here",
        "<@1>",
        "<@&1>",
        "<#1>",
        "<t:1:R>",
        "<:a:1>",
        "</papers:1>",
        "[click](https://evil.example)",
        "[x](javascript:alert(1))",
        "https://example.org/a_b*c",
        "javascript://x",
        "discord://x",
        "```py\nx\n```",
        "``",
        "||spoiler||",
        "**bold**",
        "# heading",
        "\n# heading",
        "\n- item",
        "\n1) item",
        "> quote",
        "\u202eover",
        "\u200b",
        "\x00",
        "\x1b[31m",
        "👩‍👩‍👧‍👦",
        "e\u0301\u0301",
        "\\",
        "추론을 ",
        "모델입니다. ",
        "$\\nabla^2$",
        "$200k",
        "one sentence. ",
        "_" * 30,
        "*" * 30,
        "x" * 300,
        "가" * 300,
        "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    ]
)
TEXT = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=30).map("".join),
    st.builds(lambda piece, count: piece * count, PIECES, st.integers(1, 400)),
)
ADDRESS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "https://cdn.example/a.png",
            "https://cdn.example/a.svg",
            "https://cdn.example/a.mp4",
            "javascript:alert(1)",
            "file:///etc/passwd.png",
            "http://[bad/a.png",
            "https://cdn.example/" + "a" * 3000 + ".png",
        ]
    ),
)
ARXIV_ID = st.one_of(
    st.builds(lambda a, b: f"{a:04}.{b:05}", st.integers(0, 9999), st.integers(0, 99999)),
    st.just("hep-th/9901001"),
)
PAPER = st.builds(
    lambda arxiv_id, title, image, video, authors: Paper(
        arxiv_id, title, f"https://arxiv.org/abs/{arxiv_id}", image, video, tuple(authors)
    ),
    ARXIV_ID,
    TEXT,
    ADDRESS,
    ADDRESS,
    st.lists(TEXT, max_size=60),
)
ENTRY = st.builds(
    lambda paper, position, votes, sections: Entry(paper, date(2024, 6, 21), position, votes, tuple(sections)),
    PAPER,
    st.integers(0, 100),
    st.none() | st.integers(0, 10**9),
    st.lists(st.builds(Section, st.none() | TEXT, TEXT), max_size=8),
)
