"""The Markdown of a summary -> what Discord shows, and plain text.

Only what Paperboy means is let through: bold, italics, code, lists, and the addresses of links written out behind
their text. All other text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from bot import tex
from bot.text import clean, escape, start, visible, width

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MARKS = {"strong_open": "**", "strong_close": "**", "em_open": "*", "em_close": "*"}
_FENCE = 1000
_LONG = 1500


def blocks(text: str) -> list[str]:
    """The paragraphs and list items of ``text``, each a piece of Discord Markdown that stands alone."""
    found: list[str] = []
    prefix = ""
    depth = 0
    number: list[int | None] = []
    for token in _tokens(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            start = token.attrGet("start")
            number.append(None if token.type == "bullet_list_open" else 1 if start is None else int(start))
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            number.pop()
            depth -= 1
        elif token.type == "list_item_open":
            indent = "  " * min(depth - 1, 4)
            count = number[-1]
            prefix = f"{indent}- " if count is None else f"{indent}{count}. "
            if count is not None:
                number[-1] = count + 1
        elif token.type == "inline":
            if piece := _inline(token.children or []):
                found.append(prefix + piece)
            prefix = "  " * min(depth, 4) if depth else ""
        elif token.type == "fence":
            found += [f"```\n{part}\n```" for part in _parts(visible(token.content).replace("`", "ˋ").strip("\n"))]
    return found


@lru_cache(maxsize=4_000)
def plain(text: str) -> str:
    """``text`` in one line without its marks, for teasers."""
    return clean(" ".join("".join(_words(token.children or [])) for token in _tokens(text) if token.type == "inline"))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # When there is text to show: a start has none, and would take longer.

    reader = MarkdownIt("commonmark").disable(["html_block", "html_inline", "lheading", "reference", "code"])
    reader.inline.ruler.before("escape", "mathematics", _mathematics)
    return reader


def _tokens(text: str) -> list[Token]:
    try:
        return _markdown().parse(tex.without_commands(text))
    except RecursionError:
        from markdown_it.token import Token

        inline = Token("inline", "", 0, content=text, children=[Token("text", "", 0, content=clean(text))])
        return [inline]


def _mathematics(state: StateInline, silent: bool) -> bool:
    """A rule of markdown-it's: what stands between dollars is no Markdown."""
    found = tex.MATHEMATICS.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("text", "", 0).content = tex.mathematics(found[1])
    state.pos = found.end()
    return True


def _parts(code: str) -> Iterator[str]:
    """Code in parts of at most ``_FENCE`` characters: a fence that is cut for a page would be left open."""
    while width(code) > _FENCE:
        whole = start(code, _FENCE)
        line = whole.rfind("\n", len(whole) // 2)
        cut = line if line > 0 else len(whole) or _FENCE
        yield code[:cut]
        code = code[cut:].removeprefix("\n")
    yield code


def _words(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type in ("text", "code_inline", "image"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "


def _inline(tokens: list[Token]) -> str:
    parts: list[str] = []
    links: list[str] = []
    # Escaped as one: what links and images leave side by side must not become a mention, a heading or a scheme.
    words = ""

    def put(part: str = "") -> None:
        nonlocal words
        parts.extend((escape(words), part))
        words = ""

    for token in tokens:
        if token.type in ("text", "image"):
            words += token.content
        elif token.type in ("softbreak", "hardbreak"):
            words += " "
        elif token.type in _MARKS:
            put(_MARKS[token.type])
        elif token.type == "code_inline":
            # A backslash says nothing inside code; a fence that cannot be closed early needs no escape.
            if code := clean(token.content):
                put(f"`` {code.replace('`', 'ˋ')} ``")
        elif token.type == "link_open":
            links.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close" and links:
            address = links.pop()
            if address.startswith(("http://", "https://")) and address not in "".join(parts) + words:
                words += f" ({address})"
    put()
    found = " ".join("".join(parts).split())
    if len(found) > _LONG:
        # It may be cut for a page, and half a code span would be no code any more.
        return escape(clean("".join(_words(tokens))))
    # What is left of emphasis that began with a space would be a bullet.
    return f"\\{found}" if found.startswith("* ") else found
