"""Python literals that stand where text was meant: some digests hold the repr of a list or dict."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator


def readable(text: str) -> str:
    """``text``, or Markdown list items where it is a Python list or dict literal."""
    literal = value(text)
    return "\n".join(_list_items(literal, 0)) if isinstance(literal, list | tuple | dict) and literal else text


def value(text: str) -> object:
    """The list, tuple or dict that ``text`` is the literal of; None where it is none."""
    text = text.strip()
    if text[:1] + text[-1:] not in ("[]", "{}", "()"):
        return None
    try:
        with warnings.catch_warnings():
            # A backslash of TeX in the literal is no valid escape; Python reads it as written and warns.
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _list_items(held: object, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(held, dict):
        for key, item in held.items():
            name = line(key)
            if isinstance(item, dict | list | tuple):
                yield f"{indent}- **{name}**"
                yield from _list_items(item, depth + 1)
            else:
                yield f"{indent}- **{name}**: {line(item)}"
    elif isinstance(held, list | tuple):
        for item in held:
            if isinstance(item, dict | list | tuple):
                yield from _list_items(item, depth + (not isinstance(item, dict)))
            else:
                yield f"{indent}- {line(item)}"


def line(part: object) -> str:
    """A value of a literal in one line. Escapes may have made half characters and NULs; a huge number has no text."""
    try:
        return " ".join(str(part).replace("\0", "").encode("utf-8", "ignore").decode().split())
    except ValueError:
        return ""
