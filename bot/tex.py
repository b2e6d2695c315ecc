"""TeX -> Unicode: titles and abstracts come as arXiv got them, with ``$…$`` mathematics and a little of TeX's text."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

# A dollar that closes mathematics has no digit after it (Pandoc's rule), so "$5 to $7" stays; but no money begins as
# "$\sim$7" does. Of "$10M and 5$\times$", the words say that the first is money. A backtick is of Markdown.
_MONEY = r"\d[^$\n`\\]{0,300}?(?:\s(?:a|[a-z]{2,})\s|[\uac00-\ud7a3])"
MATHEMATICS = re.compile(
    rf"(?<![\\$])\$(?=[^\s$])(?!{_MONEY})"
    r"((?=[\\<>=~^_])(?:\\\$|[^$\n`]){1,300}?(?<=[^\s\\])|(?:\\\$|[^$\n`]){1,300}?(?<=[^\s\\])(?=\$(?!\d)))\$"
)
"""Mathematics, with what stands between its dollars as the group."""

_QUOTES = re.compile(r"``([^`'\n]{1,300}?)''")
_STYLED = re.compile(r"\\(?:text(?:bf|it|rm|tt|sf|sc|sl|up)|emph|underline|mbox|url)\{([^{}\n]{0,500})\}")
_LINKED = re.compile(r"\\href\{([^{}\n]{0,500})\}\{([^{}\n]{0,500})\}")
_ESCAPED = re.compile(r"\\([%&#_$])")

_STYLE = re.compile(
    r"\\(?:(?:left|right|[bB]igg?[lmr]?|displaystyle|textstyle|limits)(?![A-Za-z])\.?"
    r"|(?:text(?:bf|it|rm|tt|sf|sc|up)?|math(?:rm|bf|it|sf|tt|op)|operatorname\*?|boldsymbol|bm|pmb|mbox|underline"
    r"|emph|bf|it|rm|tt)(?![A-Za-z])\s*)"
)
_PREPARED = (
    (_STYLE, ""),
    (re.compile(r"\\[dt]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\ne(?![A-Za-z])"), r"\\neq"),
    (re.compile(r"\^(?:\\circ(?![A-Za-z])|\{\s*\\circ\s*\})"), "°"),
    (re.compile(r"(?<!\\)%"), r"\\%"),
    (re.compile(r"(?<=[\w)}])(?=\\(?:arg|exp|inf|lim|ln|log|max|min|sup)(?![A-Za-z]))"), " "),
)
"""What the converter does not know, takes for a comment or writes without TeX's space, and what is put instead."""
_SCRIPT = re.compile(r"([_^])(?:\{([^{}]*)\}|([^\s\\{}]))")
_ROOT = re.compile(r"√\((\w+)\)")
_BRACES = {"{": 1, "}": -1}
_DEEPEST = 8
"""Braces in braces that are read: each accent around accents doubles what there is to write."""
_ONE = re.compile(r"[\w.]*|.")


def to_unicode(text: str) -> str:
    """``text`` with what it has of TeX in Unicode: ``$\\nabla^2$DFT`` is ∇²DFT. A dollar of money stays."""
    text = without_commands(text)
    if "$" in text:
        text = MATHEMATICS.sub(lambda found: mathematics(found[1]), text)
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def without_commands(text: str) -> str:
    """``text`` without TeX's styles of words, and with its quotes: ``\\emph{new}`` is new. Mathematics stay."""
    if "\\" in text:
        text = _LINKED.sub(r"\2 (\1)", _STYLED.sub(r"\1", text))
    return _QUOTES.sub(r"“\1”", text) if "``" in text else text


@lru_cache(maxsize=1024)
def mathematics(tex: str) -> str:
    """What stands between two dollars, in Unicode; as it is, where it cannot be read."""
    from pylatexenc.latexwalker import LatexWalkerError

    if max(accumulate(_BRACES.get(character, 0) for character in tex), default=0) > _DEEPEST:
        return tex
    prepared = tex
    for pattern, instead in _PREPARED:
        prepared = pattern.sub(instead, prepared)
    try:
        # Tolerant, it reads what follows each brace that is never closed twice, and that again.
        plain = _converter().latex_to_text(f"${_SCRIPT.sub(_script, prepared)}$", tolerant_parsing=False)
    except (LatexWalkerError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # The converter stumbles in as many ways over commands without what they want.
        return tex
    return " ".join(_ROOT.sub(r"√\1", plain).split())


def _script(found: re.Match[str]) -> str:
    """What is raised or lowered, where all of it has such a form; else in brackets, where it is more than a word."""
    mark, inner = found[1], found[2] if found[3] is None else found[3]
    forms = _scripts("<super>" if mark == "^" else "<sub>")
    if inner and all(character in forms for character in inner):
        # Braces, or a command before them would take them for letters of its name.
        return "{}" + "".join(forms[character] for character in inner)
    return mark + (inner if "\\" in inner or _ONE.fullmatch(inner) else f"({inner})")


@cache
def _scripts(kind: str) -> dict[str, str]:
    """The raised or lowered form of each character that has one, by Unicode's own table."""
    forms: dict[str, str] = {}
    for form in map(chr, range(0x80, 0x2C80)):
        how, *what = unicodedata.decomposition(form).split() or [""]
        if how == kind and len(what) == 1:
            forms.setdefault(chr(int(what[0], 16)), form)
    return forms | {"-": forms["\N{MINUS SIGN}"]}


@cache
def _converter() -> LatexNodes2Text:
    # Thousands of symbols, which most texts ask for none of.
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    def fraction(node: Any, l2tobj: LatexNodes2Text) -> str:
        parts = (l2tobj.node_arg_to_text(node, place) for place in (0, 1))
        return "/".join(part if _ONE.fullmatch(part) else f"({part})" for part in parts)

    def name(node: Any) -> str:
        return str(node.macroname)

    known = get_default_latex_context_db()
    known.add_context_category("fractions", macros=[MacroTextSpec("frac", fraction)], prepend=True)
    known.set_unknown_macro_spec(MacroTextSpec("", name))
    return LatexNodes2Text(known, math_mode="text")
