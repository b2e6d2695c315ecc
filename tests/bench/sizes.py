"""The bytes that a database takes, against those of the texts in it."""

from __future__ import annotations

from tests.bench.ground import Ground
from tests.bench.results import Bar, Row


def measure(ground: Ground) -> Row:
    bars = []
    figures: dict[str, float | str] = {}
    for papers in dict.fromkeys((ground.scale.papers, ground.scale.many)):
        made = ground.made(papers)
        bars.append(
            Bar(
                f"{papers:,} papers",
                made.file_bytes / papers,
                made.text_bytes / papers,
                "B a paper",
                made.file_bytes / made.text_bytes,
                3,
            )
        )
        figures[f"{papers:,} papers made and stored a second"] = round(papers / max(made.seconds, 0.1))
        figures[f"{papers:,} papers megabytes"] = round(made.file_bytes / 1e6)
    note = (
        "the file after a checkpoint, index and all; against the UTF-8 of titles, authors, section headings and texts"
    )
    return Row("size", tuple(bars), note, figures)
