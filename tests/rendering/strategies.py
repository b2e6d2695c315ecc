"""Hostile and ordinary papers."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from storage.models import Entry, Paper, Section

MENTIONS = [
    "@everyone", "@here", "@\u200beveryone", "@\u202ehere", "<@1>", "<@!1>", "<@&1>", "<#1>", "</papers:1>",
    "<id:customize>", "<t:1>", "<t:1:R>", "<:a:1>", "<a:b:2>", "<@time:1>", "<sound:1:2>", "\\<@1>", "<\u200b@1>",
]  # fmt: skip
LINKS = [
    "[click](https://evil.example)", "[click](https://evil.example 'title')", "[click](<https://evil.example>)",
    "[https://good.example](https://evil.example)", "[[a] b](https://evil.example)", "[a](https://e.example/(b))",
    "[a\n](https://evil.example)", "[a", "](https://evil.example)", "[a][1]", "\n[1]: https://evil.example\n",
    "![a](https://evil.example/a.png)", "[x](javascript:alert(1))", "<https://evil.example>", "<javascript:/x>",
    "<steam://run/1>", "<mail@evil.example>", "<tel:+123456>",
]  # fmt: skip
ADDRESSES = [
    "https://example.org/a_b*c", "https://example.org/a(b)c", "https://example.org/@everyone", "https://d.example/가",
    "https://example.org에서", "https://good.example@evil.example/", "https://good.example:1@evil.example",
    "https://good.example\"@evil.example", "https://good.example(@evil.example", "https://good.example%2f@evil.example",
    "https://аррӏе.example", "https://xn--80ak6aa92e.example", "https://example.org/%2e%2e/%40here",
    "https://example.org\\@evil.example", "https://example.org/" + "a" * 1500, "HTTPS://EVIL.EXAMPLE/A",
    "www.evil.example/a", "evil.example/login", "javascript://x", "javascript:alert(1)", "data:text/html,x",
    "file:///etc/passwd", "discord://x", "discord:x", "steam://run/1", "https:", "//evil.example", "://",
]  # fmt: skip
BLOCKS = [
    "# heading", "\n# heading", "\n## heading", "\n-# small", "-# small", "> quote", "\n> quote", "\n>>> quote", ">>> ",
    "\n- item", "\n* item", "\n+ item", "\n1. item", "\n1) item", "\n  - item", "```py\nx\n```", "```", "\n```\n",
    "~~~\n", "    code", "\n\n", "\r", "\u2028", "---", "===",
]  # fmt: skip
MARKS = [
    "`", "``", "`code`", "`` ` ``", "`" * 7, "||spoiler||", "||", "**bold**", "**", "*it*", "*", "_it_", "__under__",
    "__", "~~gone~~", "~~", "***", "\\", "\\\\", "\\*", "\\[", "\\`", "\\@", "_" * 30, "*" * 30, "$\\nabla^2$", "$200k",
    "¯\\_(ツ)_/¯", "&lt;@1&gt;", "&#64;here", "&#91;a](https://evil.example)",
]  # fmt: skip
UNSEEN = [
    "\u202eover", "\u202d", "\u2066", "\u2069", "\u200e", "\u061c", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff",
    "\u00ad", "\u3164", "\u115f", "\u2800", "\u034f", "\u180e", "\U000e0041", "\ufff9", "\x00", "\x1b[31m", "\x85",
    "\x7f", "\ud800", "\udc00", "\ud83d",
]  # fmt: skip
WHOLE = [
    "👩\u200d👩\u200d👧\u200d👦", "👩\u200d🔬", "🏳\ufe0f\u200d🌈", "👍🏽", "🧑🏿\u200d🚀", "🇰🇷", "🇺🇸", "1\ufe0f\u20e3",
    "❤\ufe0f\u200d🔥", "🐻\u200d❄\ufe0f", "e\u0301\u0323", "क\u093f", "\u1112\u1161\u11ab",
]  # fmt: skip
"""What is one to a reader, of several characters."""
HALVES = [
    "🇰",
    "\u20e3",
    "🏽",
    "\ufe0f",
    "👩\u200d",
    "🏴\U000e0067\U000e0062\U000e007f",
    "\u0301" * 300,
    "Z" + "\u0336" * 80,
]
WORDS = ["추론을 ", "모델입니다. ", "one sentence. ", "x" * 300, "가" * 300, "𝒳" * 90, "long words " * 100]
PIECES = st.sampled_from(
    [*MENTIONS, *LINKS, *ADDRESSES, *BLOCKS, *MARKS, *UNSEEN, *WHOLE, *HALVES, *WORDS, " ", " ", "\n"]
)
TEXT = st.one_of(
    st.text(max_size=200),
    st.lists(PIECES, max_size=30).map("".join),
    st.lists(PIECES, max_size=6).map("".join),
    st.builds(lambda piece, count: (piece * count)[:10_000], PIECES, st.integers(1, 400)),
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
            "https://good.example@evil.example/a.png",
            "https://my_cdn.example/a.png",
            "https://localhost/a.png",
            "https://cdn.example:99999/a.png",
            "https://аррӏе.example/a.png",
            "https://cdn.example/a b\n.png",
            "https://cdn.example/" + "a" * 3000 + ".png",
        ]
    ),
)
ARXIV_ID = st.one_of(
    st.builds(lambda a, b: f"{a:04}.{b:05}", st.integers(0, 9999), st.integers(0, 99999)),
    st.just("hep-th/9901001"),
)
PAPER = st.builds(
    lambda arxiv_id, title, image, video, authors, code, stars, project, keywords: Paper(
        arxiv_id,
        title,
        f"https://arxiv.org/abs/{arxiv_id}",
        image,
        video,
        tuple(authors),
        code,
        stars,
        project,
        tuple(keywords),
    ),
    ARXIV_ID,
    TEXT,
    ADDRESS,
    ADDRESS,
    st.lists(TEXT, max_size=4) | st.lists(st.text(max_size=20), max_size=60),
    ADDRESS,
    st.none() | st.integers(0, 10**9),
    ADDRESS,
    st.lists(TEXT, max_size=4),
)
ENTRY = st.builds(
    lambda paper, position, votes, sections, owed: Entry(
        paper, date(2024, 6, 21), position, votes, tuple(sections), tuple(owed)
    ),
    PAPER,
    st.integers(0, 100),
    st.none() | st.integers(0, 10**9),
    st.lists(st.builds(Section, st.none() | TEXT, TEXT, st.sampled_from([None, "en", "ko"])), max_size=8),
    st.lists(TEXT, max_size=2),
)
