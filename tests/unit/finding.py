"""Whether a keyword finds a paper, read plainly."""

from __future__ import annotations

from bot.document import document
from bot.query import parse
from storage.models import Entry, Section
from tests.unit import real


def found(keyword: str, paper: str | Entry) -> bool:
    """Whether a keyword finds a paper, or one whose summary is a text."""
    entry = real.made_up("", sections=(Section(None, paper),)) if isinstance(paper, str) else paper
    return parse(keyword).matches(document(entry.paper, entry.sections))
