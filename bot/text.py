"""Words and characters: normalising, tokens, TeX to Unicode, cutting, escaping for Discord.

One analysis of text serves the index, searches and subscriptions: :func:`tokens`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import unicodeit

ELLIPSIS = "…"

# Scripts written without spaces, or (Korean) with particles attached to the word: each character is a token, so that
# a term is found inside a longer word, whatever its length.
_CJK = (
    "\u1100-\u11ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Letters and digits part, so that GPT-4o, GPT 4o and gpt4o are one, and "qwen" finds Qwen2.
_RUN = re.compile(rf"[{_CJK}]+|\d+|[^\W\d_{_CJK}]+|\ue001")
_is_cjk = re.compile(f"[{_CJK}]").match
_ACCENTS = re.compile("[\u0300-\u036f]+")
_ACCENTED = re.compile("[\u00c0-\u058f\u0900-\u10ff\u1e00-\u1fff\u0300-\u036f]")
_SPELLED = str.maketrans(
    {
        letter: f" {unicodedata.name(letter).removeprefix('GREEK SMALL LETTER ').lower()} "
        for letter in "αβγδεζηθικλμνξοπρστυφχψω"
    }
    | {"λ": " lambda ", "∇": " nabla ", "∞": " infinity "}
)
_NAMED = re.compile("[α-ω∇∞]")
# Pandoc's rule for a dollar that opens or closes mathematics: no space inside, no digit after. "$200k" stays.
_TEX = re.compile(r"(?<![\\$])\$(?=[^\s$])([^$\n]{0,300}?)(?<=[^\s\\])\$(?!\d)")
_TEX_STYLE = re.compile(
    r"\\(?:text(?:bf|it|rm|tt|sf|sc|up)?|math(?:rm|bf|it|sf|tt)|operatorname|mbox|emph|bf|it|rm|tt)\b\s*"
)
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls, bidirectional overrides and invisible characters: they only ever mislead a reader. The zero-width joiner is
# kept where it joins emoji.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
# Those of them that Python calls printable.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\U000e0000-\U000e0fff]")
_SENTENCE_END = re.compile(r"[.!?。！？](?:[\"'”’)\]」』]*)(?=\s|$)|[。！？]")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:e\.g|i\.e|et al|etc|vs|cf|Fig|Eq|Dr|approx|resp)\.$")
_ADDRESS = re.compile(
    r"https?://[^\s<>\[\]()|*`\"'\\\u3000-\u303f\uac00-\ud7ff]+[^\s<>\[\]()|*`\"'\\.,:;!?_~\u3000-\u303f\uac00-\ud7ff]"
)
# An address that shows where it leads: no name before the host, no look-alike letters in it, no mention after it; and
# short enough to be never cut.
_HONEST = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#](?:(?!@everyone|@here).){0,500})?")
_SPECIAL = re.compile(r"([\\`*_~|\[\]<>])")
_LINE_START = re.compile(r"^([^\S\n]*\d*)(?=#{1,3}\s|-#|[-+]\s|(?<=\d)[.)]\s)", re.MULTILINE)
_EVERYONE = re.compile(r"@(?=everyone|here)")
_SCHEME = re.compile(r":(?=//)")


def fold(text: str) -> str:
    """``text`` without case, accents and compatibility forms; Greek letters and ∇ by their names."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    if _ACCENTED.search(text):
        # Only the accents of alphabets: the same decomposition would tear Hangul and kana apart.
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    return text.translate(_SPELLED) if _NAMED.search(text) else text


SPACE = "\ue000"
"""The token between two runs of Korean, Chinese or Japanese, so that 의학 is not found in "모델의 학습"."""
BREAK = "\ue001"
"""The token, and the character, between two parts of a field: no phrase reaches from one author into the next."""


def tokens(text: str) -> list[str]:
    """The words of ``text`` in order, folded: a run of letters, a run of digits, or one character of Korean, Chinese
    or Japanese, with ``SPACE`` between two runs of those. TeX is read by its Unicode spelling."""
    return _tokens(visible(text))


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    after_run = False
    for match in _RUN.findall(fold(tex_to_unicode(text))):
        run = match >= "\u1100" and _is_cjk(match) is not None
        if run:
            if after_run:
                found.append(SPACE)
            found.extend(match)
        else:
            found.append(match)
        after_run = run
    return found


def tokens_of(parts: Iterable[str]) -> list[str]:
    """The tokens of the parts of a field, with ``BREAK`` between two: in one go, for each by itself costs more."""
    # Lines of their own, for mathematics does not reach over a line.
    return _tokens(f"\n{BREAK}\n".join(visible(part) for part in parts))


def words(text: str) -> list[str]:
    """The tokens of ``text`` that can be looked for in any order, as in a name."""
    return [token for token in tokens(text) if token not in (SPACE, BREAK)]


def tex_to_unicode(text: str) -> str:
    """``text`` with its ``$…$`` mathematics in Unicode: ``$\\nabla^2$DFT`` is ∇²DFT. A dollar of money stays."""
    return _TEX.sub(_plain_mathematics, text) if "$" in text else text


def _plain_mathematics(match: re.Match[str]) -> str:
    return _unicode_of(match[1])


@lru_cache(maxsize=1024)
def _unicode_of(mathematics: str) -> str:
    plain: str = unicodeit.replace(_TEX_STYLE.sub("", mathematics))
    return plain.replace("{", "").replace("}", "").replace("\\ ", " ").replace("\\", "")


def visible(text: str) -> str:
    """``text`` without control, bidirectional and invisible characters; all its line breaks are ``\\n``."""
    if text.isprintable() and not _UNSEEN.search(text):
        return text
    return _INVISIBLE.sub("", _LINE_BREAK.sub("\n", text))


def clean(text: str) -> str:
    """``text`` without control, bidirectional and invisible characters, in one line with single spaces."""
    return " ".join(visible(text).split())


def width(text: str) -> int:
    """The length that Discord may count: UTF-16 units, never less than characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters of ``text``, cut at a word with an ellipsis; a cluster of emoji is not torn."""
    if width(text) <= limit:
        return text
    if limit <= 0:
        return ""
    cut = _narrow(text, limit - 1)
    space = cut.rfind(" ")
    cut = cut[:space] if space > len(cut) // 2 else _whole_clusters(cut, text)
    return cut.rstrip() + ELLIPSIS


def start(text: str, limit: int) -> str:
    """The longest start of ``text`` with at most ``limit`` characters that tears no cluster; empty where one is longer
    than that."""
    return text if width(text) <= limit else _whole_clusters(_narrow(text, limit), text)


def _narrow(text: str, limit: int) -> str:
    cut = text[:limit]
    while (over := width(cut) - limit) > 0:
        cut = cut[: -over // 2]
    return cut


def _whole_clusters(cut: str, text: str) -> str:
    while cut and (_joins(text[len(cut)]) or cut[-1] == "\u200d" or _parts_flag(cut, text[len(cut)])):
        cut = cut[:-1]
    return cut


def _joins(character: str) -> bool:
    """Whether a character is one with what stands before it: a mark, a tone of skin, a later letter of a syllable."""
    return (
        character == "\u200d"
        or unicodedata.category(character)[0] == "M"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or "\u1160" <= character <= "\u11ff"
    )


def _parts_flag(before: str, after: str) -> bool:
    # A flag is a pair of regional indicators.
    flags = len(before) - len(before.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
    return flags % 2 == 1 and "\U0001f1e6" <= after <= "\U0001f1ff"


def sentences(text: str, limit: int) -> str:
    """The first sentences of ``text`` that fit in ``limit`` characters; one that is too long is cut at a word."""
    text = clean(text)
    if width(text) <= limit:
        return text
    end = 0
    for match in _SENTENCE_END.finditer(text):
        if width(text[: match.end()]) > limit:
            break
        torn = _joins(text[match.end() : match.end() + 1] or " ")
        if not torn and not _ABBREVIATION.search(text[: match.end()]):
            end = match.end()
    return text[:end] if end else clip(text, limit)


def escape(text: str, *, links: bool = True) -> str:
    """``text`` as Discord shows it letter by letter: no format, mention, masked link or list. With ``links``, a bare
    http(s) address that shows where it leads stays one; in angle brackets, or Discord would take what follows into it.
    """
    text = visible(text)
    parts: list[str] = []
    end = 0
    for match in _ADDRESS.finditer(text) if links else ():
        if match[0].endswith(ELLIPSIS) or not _HONEST.fullmatch(match[0]):
            continue  # What a cut has left of an address leads elsewhere.
        parts += (_escape_words(text[end : match.start()]), f"<{match[0]}>")
        end = match.end()
    parts.append(_escape_words(text[end:]))
    return _LINE_START.sub(r"\1\\", "".join(parts))


def _escape_words(text: str) -> str:
    text = _SPECIAL.sub(r"\\\1", text)
    text = _SCHEME.sub(r"\\:", text)
    return _EVERYONE.sub("@\u200b", text)


def escape_within(text: str, limit: int, *, links: bool = True) -> str:
    """The longest start of ``text``, cut at a word, whose escaped form has at most ``limit`` characters."""
    escaped = escape(text, links=links)
    if width(escaped) <= limit:
        return escaped
    fits, too_long = 0, min(width(text), limit) + 1
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if width(escape(clip(text, middle), links=links)) <= limit:
            fits = middle
        else:
            too_long = middle
    return escape(clip(text, fits), links=links)
