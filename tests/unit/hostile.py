"""Text that is likely to be taken for something."""

from __future__ import annotations

from hypothesis import strategies as st

# Marks, mentions, schemes, invisible characters, emoji, accents, TeX.
PIECES = [
    *"\\`*_~|[]<>()#-+.>1@:!$^{}/ \n\t",
    "  ", "@everyone", "@here", "every", "one", "https://example.org/a_b?c=d", "http://x.y", "http", "https:",
    "://", "//",
    "javascript://", "JaVaScRiPt:", "file://", "[a](b)", "<@1>", "||", "```", "-# ", "# ", "> ", "- ", "1. ", "12) ",
    "\u202e", "\u200b", "\u200c", "\u200d", "\u2066", "\ufeff", "\x00", "\x1b", "\r", "\u2028", "\x85",
    "\ud800", "\u00ad",
    "가", "추론", "漢", "カ", "é", "e\u0301", "\u0301", "क\u093f", "👩\u200d🔬", "👍🏽", "🏳️\u200d🌈", "🇰🇷", "1️⃣",
    "🧑", "𝒳",
    "word", "longerword", "$\\nabla$", "$5", "τ", "∇²",
    r"$\text{@everyone}$", "$x_1$", r"\emph{", r"\href{javascript:x}{", "``", "''",
]  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join)
