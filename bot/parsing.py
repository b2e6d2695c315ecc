"""Markdown digests -> :class:`~storage.models.Digest` and rejects, by markdown-it-py's block tokens.

A digest is a level-2 heading with a date; an entry is a heading below it that links to arXiv, followed by an image or
video, ``Vote:``, ``Authors:`` and the sections of its summary. Section texts are the lines as written, taken by the
line numbers of the tokens. Nothing that is read raises: what cannot be read becomes a :class:`Reject`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from urllib.parse import urljoin, urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot import arxiv, literals
from bot.parsed import Parsed
from storage.models import Digest, Entry, Paper, Reject, Section

MAX_BYTES = 10 * 1024 * 1024
"""A day's digest is some hundred kilobytes; a file beyond this is something else."""
MAX_LINE = 100_000
"""Characters in a line; the longest real one has some thousand."""
MAX_BAD_LINES = 20
"""Unreadable lines of a file that are told one by one."""
BASE_ADDRESS = "https://huggingface.co/"
"""What relative addresses are relative to."""

# Digests have no underlined headings and no link definitions; their rules would take lines out of the summaries.
_BLOCKS = MarkdownIt("commonmark").disable(["lheading", "reference"])
_INLINE = MarkdownIt("commonmark")
# Most links are plain: the first bracket ends the text, the first parenthesis the address, and nothing is escaped.
_PLAIN_LINK = re.compile(r"\[([^\[\]\\`<]*)\]\((?!\s)([^ \\&()<>\0-\x1f\x7f]+)(?=[ )])")
_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_PAPER_OR_DAY = re.compile(r"#{1,3}[ \t].*arxiv\.org/|#{1,2}[ \t].*\b\d{4}-\d{1,2}-\d", re.IGNORECASE)
_CLOSING = re.compile(r"-->|[?\]]>|</(?:script|pre|style|textarea)>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{1,2000}>")
_MEANT_AS_DIGEST = re.compile(r"daily papers|\b(?:19|20)\d\d\s?[-./년]\s?\d", re.IGNORECASE)
_VOTES = re.compile(r"(?:up)?votes?\s*:\s*(.*)", re.IGNORECASE)
_AUTHORS = re.compile(r"authors?\s*:\s*(.*)", re.IGNORECASE)
# Bounded and without backtracking: a line of 100,000 brackets would take them minutes.
_TARGET = r"\(\s*+<?([^\s<>)]{1,2000}+)>?[^)]{0,1000}+\)"
_IMAGE = re.compile(rf"!\[[^\[\]]{{0,1000}}\]{_TARGET}")
_LINKED_VIDEO = re.compile(rf"\[[^\[\]]{{0,200}}?video[^\[\]]{{0,200}}\]{_TARGET}", re.IGNORECASE)
_VIDEO_TAG = re.compile(r"<(?:video|source)\b[^<>]{0,1000}?\bsrc\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)
_IMAGE_TAG = re.compile(r"<img\b[^<>]{0,1000}?\bsrc\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)
_SECTION_HEADING = re.compile(
    r"(\*{1,3}|__)(?=\S)([^*\n]{1,200}?)(?<=\S)\1\s*(?::|(?=$)|[-–—]\s)\s*|(\*{2,3})([^*\n]{1,199}?):\s*\3\s*"
)
_BULLET = re.compile(r"\s{0,3}(?:[-*+]|\d{1,9}[.)])(?:\s+|$)")
_VIDEO_FILE = re.compile(r"\.(?:mp4|webm|mov|m4v)$", re.IGNORECASE)


@dataclass(slots=True)
class _Draft:
    """An entry being read."""

    arxiv_id: str
    title: str
    image_url: str | None = None
    video_url: str | None = None
    votes: int | None = None
    authors: tuple[str, ...] = ()
    sections: list[tuple[str | None, list[str]]] = field(default_factory=list)


def parse(content: bytes, path: str = "") -> Parsed:
    """Reads a digest file. ``path`` is only named in the rejects."""
    if len(content) > MAX_BYTES:
        reason = f"the file has {len(content):,} bytes; a digest has at most {MAX_BYTES:,}"
        return Parsed((), (Reject(path, None, reason),))
    lines, bad_lines = _decode(content)
    try:
        tokens = _tokens(lines)
    except RecursionError:
        return Parsed((), (Reject(path, None, "its lists or quotes are nested too deeply"),))
    digests, problems = _digests(tokens, lines)
    # One reject a line: what is wrong with the line itself explains what it left behind.
    reasons = dict(problems) | dict(bad_lines[:MAX_BAD_LINES])
    rejects = [Reject(path, line, reason) for line, reason in sorted(reasons.items())]
    if (more := len(bad_lines) - MAX_BAD_LINES) > 0:
        rejects.append(Reject(path, bad_lines[MAX_BAD_LINES][0], f"{more} more lines like the ones above"))
    return Parsed(digests, tuple(rejects))


def _tokens(lines: list[str]) -> list[Token]:
    """The block tokens. What is never closed, or nested too deeply, ends at the next paper, not with the file."""
    tokens = _block_tokens(lines)
    taken = _taken(tokens, lines)
    if taken is None:
        return tokens
    starts = [line for line in range(taken, len(lines)) if _PAPER_OR_DAY.match(lines[line])]
    tokens = []
    for start, end in zip((0, *starts), (*starts, len(lines)), strict=True):
        for token in _block_tokens(lines[start:end]):
            token.map = [token.map[0] + start, token.map[1] + start] if token.map else None
            tokens.append(token)
    return tokens


_LEFT_OUT = Token("", "", 0)


class _Outline(StateBlock):
    """Leaves out what nobody asks for, most of all tokens: those within list items and quotes, and the closing ones."""

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        if self.level < 2 and nesting >= 0:
            return super().push(ttype, tag, nesting)
        self.level += nesting
        return _LEFT_OUT


def _block_tokens(lines: list[str]) -> list[Token]:
    state = _Outline("\n".join(lines), _BLOCKS, {}, [])
    _BLOCKS.block.tokenize(state, 0, state.lineMax)
    return state.tokens


def _taken(tokens: list[Token], lines: list[str]) -> int | None:
    """The line of the first paper in a block that should have ended above it."""
    inside = False
    for token in tokens:
        if token.level or not token.map:
            continue
        start, end = token.map
        inside = inside or bool(_PAPER_OR_DAY.match(lines[start]))
        # Papers in code above the first digest are an example of one; those in a closed comment are not wanted.
        meant = not inside if token.type == "fence" else token.type == "html_block" and _CLOSING.search(lines[end - 1])
        line = next((line for line in range(start + 1, end) if _PAPER_OR_DAY.match(lines[line])), None)
        if line is not None and not meant:
            return line
    return None


def _decode(content: bytes) -> tuple[list[str], list[tuple[int, str]]]:
    """The lines, the unreadable ones among them empty, and those by number."""
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines: list[str] = []
    bad: list[tuple[int, str]] = []
    for number, raw in enumerate(content.split(b"\n"), 1):
        reason = None
        line = ""
        if len(raw) > MAX_LINE * 4:
            reason = f"the line has {len(raw):,} bytes"
        elif b"\0" in raw:
            reason = "the line holds a NUL character"
        else:
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                reason = f"not UTF-8 at byte {error.start + 1} of the line"
            else:
                if len(line) > MAX_LINE:
                    reason = f"the line has {len(line):,} characters; at most {MAX_LINE:,} are read"
        if reason:
            bad.append((number, reason))
            # A bad heading still ends the entry above it, or what follows would be taken for that entry's.
            marks = re.match(rb"\s{0,3}(#{1,6})(?=\s)", raw)
            line = marks[1].decode() if marks else ""
        lines.append(line)
    return lines, bad


def _digests(tokens: list[Token], lines: list[str]) -> tuple[tuple[Digest, ...], dict[int, str]]:
    problems: dict[int, str] = {}
    days: dict[date, dict[str, _Draft]] = {}
    day: date | None = None
    above = 0
    left_out: dict[int, int] = {}
    for heading, body in _parts(tokens):
        line = heading.start + 1
        found = _link(heading.content)
        arxiv_id = arxiv.id_of_address(found[1]) if found else None
        if arxiv_id is None and heading.level <= 2:
            day, above = _date(heading.content), line
            if day is None and _MEANT_AS_DIGEST.search(heading.content):
                problems[line] = f"no date (YYYY-MM-DD) in the heading {_quoted(heading.content)}"
        elif day is None:
            if arxiv_id:
                left_out[above or line] = left_out.get(above or line, 0) + 1
        elif arxiv_id is None:
            problems[line] = f"no arXiv link in the heading {_quoted(heading.content)}"
        elif not found or not found[0]:
            problems[line] = "no title in the heading's link"
        else:
            draft = _Draft(arxiv_id, found[0])
            for block in body:
                _read(draft, block, lines)
            earlier = days.setdefault(day, {}).setdefault(arxiv_id, draft)
            if earlier is not draft and earlier.votes is None:
                earlier.votes = draft.votes
    for line, count in left_out.items():
        papers = f"{count} paper{'s' if count > 1 else ''} left out"
        problems[line] = f"no date (YYYY-MM-DD) in this heading or above it; {papers}"
    return tuple(Digest(day, tuple(_entries(day, drafts))) for day, drafts in days.items()), problems


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    start: int
    content: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A top-level block: its token's type, its lines [start, end), of a list the first lines of its items, its text."""

    type: str
    start: int
    end: int
    items: list[int]
    content: str


def _parts(tokens: list[Token]) -> Iterator[tuple[_Heading, list[_Block]]]:
    """Each heading of levels 1 to 3 with the blocks below it."""
    heading: _Heading | None = None
    body: list[_Block] = []
    items: list[int] = []
    for index, token in enumerate(tokens):
        start, end = token.map or (0, 0)
        if token.level == 1 and token.type == "list_item_open":
            items.append(start)
        if token.level or token.nesting < 0 or token.type == "inline":
            continue
        content = tokens[index + 1].content if token.type in ("heading_open", "paragraph_open") else token.content
        level = int(token.tag[1]) if token.type == "heading_open" else 0
        if 1 <= level <= 3:
            if heading:
                yield heading, body
            heading, body = _Heading(level, start, content), []
        elif heading:
            items = []
            body.append(_Block(token.type, start, end, items, content))
    if heading:
        yield heading, body


def _read(draft: _Draft, block: _Block, lines: list[str]) -> None:
    if block.type == "html_block":
        if not _read_media(draft, block.content) and _TAG.sub("", block.content).strip():
            _continue(draft, lines[block.start : block.end])
    elif block.type == "paragraph_open":
        kept = [line for line in block.content.split("\n") if not _read_field(draft, line.strip())]
        if kept:
            _continue(draft, kept)
    elif block.type == "heading_open":
        draft.sections.append((block.content.strip() or None, []))
    elif block.items:
        ends = (*block.items[1:], block.end)
        for start, end in zip(block.items, ends, strict=True):
            _read_item(draft, lines[start:end])
    elif block.type != "hr":
        _continue(draft, lines[block.start : block.end])


def _read_field(draft: _Draft, line: str) -> bool:
    """Whether ``line`` was one of the fields before the summary."""
    if draft.sections:
        return False
    if match := _VOTES.fullmatch(line):
        draft.votes = _votes(match[1])
    elif match := _AUTHORS.fullmatch(line):
        draft.authors = _authors(match[1])
    else:
        return _read_media(draft, line)
    return True


def _read_media(draft: _Draft, text: str) -> bool:
    found = False
    for pattern in (_IMAGE, _IMAGE_TAG, _LINKED_VIDEO, _VIDEO_TAG):
        if match := pattern.search(text):
            found = True
            if (address := _address(match[1])) is None:
                continue
            if pattern in (_IMAGE, _IMAGE_TAG) and not _VIDEO_FILE.search(urlsplit(address).path):
                draft.image_url = draft.image_url or address
            else:
                draft.video_url = draft.video_url or address
    return found


def _read_item(draft: _Draft, lines: list[str]) -> None:
    bullet = _BULLET.match(lines[0])
    first = lines[0][bullet.end() :] if bullet else lines[0]
    match = _SECTION_HEADING.match(first)
    if match:
        heading = (match[2] or match[4]).strip().rstrip(":").strip()
        rest = textwrap.dedent("\n".join(lines[1:])).split("\n")
        draft.sections.append((heading or None, [first[match.end() :], *rest]))
    else:
        _continue(draft, lines)


def _continue(draft: _Draft, lines: list[str]) -> None:
    """Adds lines to the section that they follow; the first ones begin a section without a heading."""
    if not draft.sections:
        draft.sections.append((None, []))
    draft.sections[-1][1].extend(lines)


def _entries(day: date, drafts: dict[str, _Draft]) -> Iterator[Entry]:
    for position, draft in enumerate(drafts.values()):
        texts = ((heading, "\n".join(lines).strip("\n ")) for heading, lines in draft.sections)
        sections = tuple(Section(heading, literals.readable(text)) for heading, text in texts if heading or text)
        address = arxiv.abstract_address(draft.arxiv_id)
        paper = Paper(draft.arxiv_id, draft.title, address, draft.image_url, draft.video_url, draft.authors)
        yield Entry(paper, day, position, draft.votes, sections)


def _link(content: str) -> tuple[str, str] | None:
    """The text as written and the address of the first link in a heading. markdown-it's own rules find its ends, since
    the rendered text would have lost the backslashes of TeX."""
    start = content.find("[")
    if start >= 0 and (plain := _PLAIN_LINK.match(content, start)):
        return " ".join(plain[1].split()), plain[2]
    while start >= 0:
        state = StateInline(content, _INLINE, {}, [])
        end = _INLINE.helpers.parseLinkLabel(state, start)
        if end > start and content[end + 1 : end + 2] == "(":
            opening = end + 2 + len(content[end + 2 :]) - len(content[end + 2 :].lstrip())
            destination = _INLINE.helpers.parseLinkDestination(content, opening, len(content))
            if destination.ok:
                return " ".join(content[start + 1 : end].split()), destination.str
        start = content.find("[", start + 1) if start < 1000 else -1
    return None


def _date(content: str) -> date | None:
    match = _DATE.search(content)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _votes(text: str) -> int | None:
    digits = text.strip().replace(",", "")
    return int(digits) if re.fullmatch(r"[0-9]{1,9}", digits) else None


def _authors(text: str) -> tuple[str, ...]:
    literal = literals.value(text)
    if isinstance(literal, list | tuple):
        names = [literals.line(name) for name in literal]
    else:
        names = literals.line(text.strip("[]")).split(",")
    kept = (name.strip("'\" ") for name in names)
    # Hugging Face cuts long lists with a "+": a name has a letter in it.
    return tuple(dict.fromkeys(name for name in kept if any(map(str.isalpha, name))))


def _address(text: str) -> str | None:
    try:
        address = urljoin(BASE_ADDRESS, text)
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.hostname and len(address) <= 2000 else None


def _quoted(content: str) -> str:
    content = " ".join(content.split())
    return f"“{content[:60]}{'…' if len(content) > 60 else ''}”"
