"""Look-ups over the wire, against a bare bot that answers with a constant of the same shape."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence

from tests.bench.databases import Made
from tests.bench.ground import Ground
from tests.bench.process import Bot
from tests.bench.results import Bar, Row, ratio
from tests.bench.rounds import in_turn, milliseconds
from tests.bench.sides import Asked, both, look_up

_ENGLISH = (
    "diffusion",
    "language model",
    "reasoning -video",
    '"fine-tuning"',
    "retrieval augmented",
    "agent",
    "benchmark",
    "multimodal vision",
    "quantization",
    "robot control",
    "GPT-4",
    "long-context attention",
)
_KOREAN = (
    "강화학습",
    "언어 모델",
    "추론 -비디오",
    "이미지 생성",
    "데이터셋",
    "양자화",
    "로봇",
    "벤치마크 평가",
    "사용자",
    "학습을",
    "확률 분포",
    "대화 시스템",
)
TYPED = tuple(
    Asked(text, locale)
    for pair in zip(_ENGLISH, _KOREAN, strict=True)
    for text, locale in zip(pair, ("en-US", "ko"), strict=True)
)
COMMON = tuple(
    Asked(text, locale, "relevance")
    for text, locale in (
        ("모델", "ko"),
        ("model", "en-US"),
        ("학습", "ko"),
        ("language", "en-US"),
        ("데이터", "ko"),
        ("transformer", "en-US"),
    )
)
"""Words that a fifth to four fifths of the papers hold."""


def measure(ground: Ground) -> Row:
    """Of the small database."""
    ours, theirs, shape = asyncio.run(_asked(ground, ground.made(ground.scale.papers), TYPED))
    bars = (
        ratio("median", milliseconds(ours), milliseconds(theirs), "ms", 1.5),
        ratio("99th percentile", milliseconds(ours, 0.99), milliseconds(theirs, 0.99), "ms", 2),
    )
    note = (
        f"/papers keyword, interaction sent to callback received, {ground.scale.papers:,} papers, warm, {len(TYPED)} "
        "keywords in Korean and English; against a bare bot that answers all with one of Paperboy's answers"
    )
    return Row("lookup", bars, note, {"look-ups a side": len(ours)} | shape)


def measure_common(ground: Ground) -> Row:
    """Common words in the large database, the best match first."""
    ours, theirs, shape = asyncio.run(_asked(ground, ground.made(ground.scale.many), COMMON))
    slowest = milliseconds(ours, 0.99)
    fast = milliseconds(theirs, 0.99)
    bars = (
        ratio("median", milliseconds(ours), milliseconds(theirs), "ms", 4),
        Bar("99th percentile, more than bare", slowest, fast, "ms", slowest - fast, 100, "ms", strict=True),
    )
    note = (
        f"the same at {ground.scale.many:,} papers, best match first, with {len(COMMON)} words that a fifth to four "
        "fifths of the papers hold"
    )
    medians = {
        f"“{one.text}” ms": round(milliseconds(ours[index :: len(COMMON)]), 1) for index, one in enumerate(COMMON)
    }
    return Row("common", bars, note, {"look-ups a side": len(ours)} | shape | medians)


async def _asked(
    ground: Ground, made: Made, typed: Sequence[Asked]
) -> tuple[list[float], list[float], dict[str, float | str]]:
    async with both(ground, made, typed) as (paperboy, bare):

        async def ours() -> list[float]:
            return [await look_up(paperboy, one) for one in typed]

        async def theirs() -> list[float]:
            return [await look_up(bare, one) for one in typed]

        rounds = -(-ground.scale.asks // len(typed))
        found = await in_turn(ours, theirs, rounds, ground.scale.seconds)
        return *found, {"bytes of an answer": _size(paperboy), "of the constant one": _size(bare)}


def _size(bot: Bot) -> int:
    """The middling length of the answers that a bot gave, in characters."""
    return round(statistics.median(len(str(one.body)) for one in bot.server.requests if one.path.endswith("/callback")))
