"""What Discord's clients make of a text: a reader of its Markdown, apart from all that Paperboy knows about escaping.

Where clients differ, or have changed, the reader takes the mark for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
_FENCE = re.compile(r"```(?:[a-z0-9_+\-.#]+?\n)?\n*([^\n].*?)\n*```", re.DOTALL | re.IGNORECASE)
_CODE = re.compile(r"(`+)(.*?[^`])\1(?!`)", re.DOTALL)
_LINE = re.compile(r"[ \t]*(#{1,3}(?=\s)|-#|>>>|>|[-*+](?=\s)|\d+[.)](?=\s))")
_KINDS = {"#": "heading", ">": "quote"}
_BRACKETED = re.compile(r"<([^: >]+:/[^ >]+|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+|(?:tel|sms):[^>]+|\+\d[^>]+)>")
_MENTION = re.compile(
    r"<@[!&]?\d+>|<@time:[^>]*>|@everyone|@here|<#\d+>|</[^:>\n]+:\d+>|<id:[^>]+>|<a?:\w+:\d+>|<t:-?\d+(?::\w)?>"
    r"|<sound:[^>]+>"
)
_LINK = re.compile(
    r"\[((?:\\.|[^\\\[\]]|\[[^\[\]]*\])*)\]\(\s*<?((?:\\.|[^\s()\\]|\([^()]*\))*?)>?(?:\s+[\"'(].*?[\"')])?\s*\)",
    re.DOTALL,
)
_URL = re.compile(r"(?:https?|steam|discord)://[^\s<]+[^<.,:;\"'\]\s]", re.IGNORECASE)
_FORMATS = (
    ("spoiler", re.compile(r"\|\|(.+?)\|\|", re.DOTALL)),
    ("bold", re.compile(r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL)),
    ("underline", re.compile(r"__((?:\\.|[^\\])+?)__(?!_)", re.DOTALL)),
    ("strikethrough", re.compile(r"~~(.+?)~~", re.DOTALL)),
    ("italics", re.compile(r"\*(?=\S)((?:\*\*|\\.|[^\\*])+?)(?<=\S)\*(?!\*)", re.DOTALL)),
    ("italics", re.compile(r"_((?:__|\\.|[^\\_])+?)_(?![A-Za-z0-9_])", re.DOTALL)),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Something other than words: its kind, the words it shows, where a link leads, and the text within it as sent."""

    kind: str
    shown: str
    target: str = ""
    within: str = ""


@dataclass(slots=True)
class Reading:
    """A text as it is shown. ``words`` is all that can be read outside code, ``seen`` in the order it begins."""

    words: str = ""
    seen: list[Seen] = field(default_factory=list)
    outside_code: str = ""
    """The text as sent, without code: what the server looks for mentions in."""

    def of(self, *kinds: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.kind in kinds]

    @property
    def kinds(self) -> set[str]:
        return {seen.kind for seen in self.seen}


def read(text: str) -> Reading:
    reading = Reading()
    code: list[tuple[int, int]] = []
    reading.words = _read(text, 0, len(text), reading.seen, code)
    at = 0
    for start, end in code:
        reading.outside_code += text[at:start] + " "
        at = end
    reading.outside_code += text[at:]
    return reading


def _read(text: str, at: int, end: int, seen: list[Seen], code: list[tuple[int, int]]) -> str:
    words = ""
    fresh = at == 0
    while at < end:
        character = text[at]
        if (fresh or text[at - 1] == "\n") and (match := _LINE.match(text, at, end)):
            kind = "subtext" if match[1] == "-#" else _KINDS.get(match[1][0], "list")
            line = text.find("\n", match.end(), end)
            within = text[match.end() : line if line >= 0 else end].strip()
            seen.append(Seen(kind, "", within=within))
            at, fresh = match.end(), False
            continue
        fresh = False
        if character == "\\" and (match := _ESCAPE.match(text, at, end)):
            words += match[1]
            at = match.end()
        elif character == "`" and (match := _FENCE.match(text, at, end) or _CODE.match(text, at, end)):
            seen.append(Seen("fence" if match.re is _FENCE else "code", match[match.re.groups]))
            code.append(match.span())
            at = match.end()
        elif character in "<@" and (match := _MENTION.match(text, at, end)):
            seen.append(Seen("mention", match[0]))
            words += match[0]
            at = match.end()
        elif character == "<" and (match := _BRACKETED.match(text, at, end)):
            seen.append(Seen("address", match[1], match[1]))
            words += match[1]
            at = match.end()
        elif character == "[" and (match := _LINK.match(text, at, end)):
            place = len(seen)
            shown = _read(text, match.start(1), match.end(1), seen, code)
            seen.insert(place, Seen("link", shown, match[2], match[1]))
            words += shown
            at = match.end()
        elif character in "hHsSdD" and (match := _URL.match(text, at, end)):
            address = _without_closing(match[0])
            seen.append(Seen("address", address, address))
            words += address
            at += len(address)
        elif character in "|*_~" and (found := _format(text, at, end)):
            kind, match = found
            place = len(seen)
            shown = _read(text, match.start(1), match.end(1), seen, code)
            seen.insert(place, Seen(kind, shown, within=match[1]))
            words += shown
            at = match.end()
        else:
            words += character
            at += 1
    return words


def _format(text: str, at: int, end: int) -> tuple[str, re.Match[str]] | None:
    for kind, pattern in _FORMATS:
        if match := pattern.match(text, at, end):
            return kind, match
    return None


def _without_closing(address: str) -> str:
    """A bracket that closes what was opened before the address is none of it."""
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1]
    return address
