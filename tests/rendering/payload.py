"""What a message must be, whatever is in it: read from the payload that Discord gets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from discord import ui

from bot import custom_ids, vote_chart
from bot.text import width
from tests.rendering.reader import Reading, read

_PATTERNS = [value for value in vars(custom_ids).values() if isinstance(value, re.Pattern)]
_LIKE_AN_ADDRESS = re.compile(r":/|//|\bwww\.|[\w-]\.[a-z]{2,}/\S", re.IGNORECASE)
_OWN = re.compile(r"https://arxiv\.org/abs/[\w.\-/]+|https://discord\.com/channels/\d{18}/\d{18}/\d{18}")
_BEFORE = ("Risen since its day · ", "그날 이후 추천이 늘어난 논문 · ")
_TOLD = ("Code", "Project page", "코드", "프로젝트 페이지")
"""Buttons that lead where a paper's authors say."""
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SEEN = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
"""Signs that stand before numbers in Arabic, Syriac and Kaithi: Unicode takes them for formats, and shows them."""
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-]+(?::\d+)?(?:[/?#]\S*)?")
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\U000e0100-\U000e01ef]")


def walk(components: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for part in components:
        yield part
        yield from walk(part.get("components") or [])
        yield from walk([part["accessory"]] if part.get("accessory") else [])


def texts(view: ui.LayoutView) -> list[str]:
    return [part["content"] for part in walk(view.to_components()) if part["type"] == 10]


def strings(view: ui.LayoutView) -> Iterator[str]:
    """Everything in a message that a person reads."""
    for part in walk(view.to_components()):
        for name in ("content", "label", "placeholder", "description"):
            if part.get(name):
                yield part[name]
        for option in part.get("options") or ():
            yield option["label"]
        for item in part.get("items") or ():
            yield item.get("description") or ""


def check(view: ui.LayoutView) -> list[Reading]:
    """Holds a message against Discord's limits, and for what no text may do; returns its texts as they are read."""
    _within_limits(list(walk(view.to_components())))
    for string in strings(view):
        _visible(string)
    readings = [read(text) for text in texts(view)]
    for reading in readings:
        _harmless(reading)
    return readings


def _within_limits(parts: list[dict[str, Any]]) -> None:
    """Discord's limits (Components Reference), in UTF-16 units."""
    assert len(parts) <= 40
    contents = [part["content"] for part in parts if part["type"] == 10]
    assert all(contents)
    assert sum(map(width, contents)) <= 4000
    ids = [part["custom_id"] for part in parts if part.get("custom_id")]
    assert len(ids) == len(set(ids))
    assert all(1 <= width(custom_id) <= 100 for custom_id in ids)
    for part in parts:
        kind = part["type"]
        if kind == 1:
            assert 1 <= len(part["components"]) <= 5
        elif kind == 2:
            assert 1 <= width(part["label"]) <= 80
            assert ("url" in part) != ("custom_id" in part)
            assert len(part.get("url") or "") <= 512
            leads = part.get("url")
            if leads and part["label"].startswith(_TOLD):
                _well_formed(leads)
            elif leads:
                assert leads.startswith(("https://arxiv.org/", "https://huggingface.co/papers/"))
        elif kind == 3:
            assert 1 <= len(part["options"]) <= 25
            assert width(part.get("placeholder") or "") <= 150
            assert 1 <= part["max_values"] <= len(part["options"])
            values = [option["value"] for option in part["options"]]
            assert len(values) == len(set(values))
            for option in part["options"]:
                assert 1 <= width(option["label"]) <= 100
                assert 1 <= width(option["value"]) <= 100
        elif kind == 9:
            assert 1 <= len(part["components"]) <= 3
        elif kind == 11:
            _well_formed(part["media"]["url"])
            assert width(part.get("description") or "") <= 1024
        elif kind == 12:
            assert 1 <= len(part["items"]) <= 10
            assert all(width(item.get("description") or "") <= 1024 for item in part["items"])
            for item in part["items"]:
                if item["media"]["url"] != f"attachment://{vote_chart.FILE}":
                    _well_formed(item["media"]["url"])
    # What comes back by a press must be understood.
    for custom_id in ids:
        assert sum(bool(pattern.fullmatch(custom_id)) for pattern in _PATTERNS) == 1, custom_id
        custom_id.encode()


def _well_formed(address: str) -> None:
    """Discord takes it, and it shows where it leads."""
    assert _PLAIN_ADDRESS.fullmatch(address), address
    assert len(address) <= 2048
    host, port = urlsplit(address).hostname or "", urlsplit(address).port
    assert "." in host
    assert port is None or port < 2**16


def _visible(string: str) -> None:
    """Nothing in it turns, hides or is half of something."""
    string.encode()  # No lone surrogate.
    # The mark that parts a mention of all is Paperboy's own.
    for at, character in enumerate(string := re.sub(r"@\u200b(?=(?:\*\*)?(?:everyone|here))", "@", string)):
        if character == "\u200d":
            around = string[at - 1 : at], string[at + 1 : at + 2]
            assert all(one and unicodedata.category(one) in ("So", "Sk", "Mn", "Sm") for one in around), ascii(string)
        elif character != "\n" and not _SEEN.match(character):
            assert unicodedata.category(character) not in _HIDDEN, ascii(string)
    assert not _UNSEEN.search(string), ascii(string)


def _harmless(reading: Reading) -> None:
    """It mentions nobody, links where it says it does, and hides nothing."""
    # Channels and moments, which Paperboy names itself, have numbers of real ones' length.
    own = re.compile(r"<#\d{18}>|<t:\d{10}:[FR]>")
    foreign = [seen.shown for seen in reading.of("mention") if not own.fullmatch(seen.shown)]
    assert not foreign
    assert not re.search(r"<@[!&]?\d+>|@everyone|@here", reading.outside_code)
    assert not re.search(r"@(?:everyone|here)", reading.words)
    assert not reading.kinds & {"quote", "spoiler", "underline", "strikethrough"}, reading.seen
    for link in reading.of("link"):
        assert _OWN.fullmatch(link.target), link
        assert not _LIKE_AN_ADDRESS.search(link.shown), link
    for link in reading.of("address"):
        assert link.shown == link.target
        assert _PLAIN_ADDRESS.fullmatch(link.target), link


def titled(within: str) -> None:
    """The title is the link as a whole, or stands before one of the paper's number."""
    reading = read(within)
    (link,) = reading.of("link")
    before = reading.words[: reading.words.index(link.shown)]
    assert re.fullmatch(r"(?:\d+\u2002)?|" + "|".join(_BEFORE), before) or link.target.endswith(f"/{link.shown}"), (
        within
    )


def shaped(readings: list[Reading], *, headings: int = 0, items: int = 0, cards: int = 0) -> None:
    """The message has the structure that Paperboy gave it, and none from what it shows."""
    seen = [one for reading in readings for one in reading.seen]
    count = {kind: sum(one.kind == kind for one in seen) for kind in {one.kind for one in seen}}
    assert count.get("heading", 0) == headings, seen
    assert count.get("list", 0) == items, seen
    assert count.get("bold", 0) == cards, seen
    assert not count.keys() & {"italics", "code", "fence"}, seen
    for one in seen:
        if one.kind in ("heading", "subtext", "bold"):
            # Of these lines, Paperboy says that nothing in them links but the title.
            assert not read(one.within).of("address"), one
        if one.kind == "bold" or "](https://arxiv.org/" in one.within:
            titled(one.within)
    for reading in readings:
        assert len(reading.of("subtext")) <= 2
