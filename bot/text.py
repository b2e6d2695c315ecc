"""Words and characters: normalising, tokens, cutting, escaping for Discord.

One analysis of text serves the index, searches and subscriptions: :func:`runs`, and the :func:`tokens` of them.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

import Stemmer

from bot import tex

ELLIPSIS = "…"

Value = TypeVar("Value")

# Scripts written without spaces, or (Korean) with particles attached to the word. Not ・, which parts them.
_CJK = (
    "\u1100-\u11ff\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
BREAK = "\ue001"
"""The token, and the character, of what parts words more than a space does: a comma, the end of a sentence. No phrase
reaches over it."""
WHOLE = "\ue000"
"""Ends the token of a word of one Korean, Chinese or Japanese character."""

# What parts words and nothing more. Every other mark is a stop.
_BETWEEN = rf"\s\-‐-―−~*`\"'’‘“”$^\\{WHOLE}"
# Letters and digits part, so that GPT-4o, GPT 4o and gpt4o are one, and "qwen" finds Qwen2. A character that is a word
# by itself takes what follows along, by which it is known. The order is for speed.
_RUN = re.compile(
    rf"[{_CJK}]{{2,}}|[^\W\d_{_CJK}]+(?:['’](?:s|t|re|ve|ll|d|m)\b)?|\d+"
    rf"|(?<!\w)[{_CJK}](?!\w)(?:[{_BETWEEN}]|[^\w{_BETWEEN}]+)|[{_CJK}]|[^\w{_BETWEEN}]+"
)
_is_stop = re.compile(f"[^{_BETWEEN}]").match
_is_cjk = re.compile(f"[{_CJK}]").match
_ACCENTS = re.compile("[\u0300-\u036f]+")
_ACCENTED = re.compile("[\u00c0-\u058f\u0900-\u10ff\u1e00-\u1fff\u0300-\u036f]")
# With what is spelled out, so that most texts are looked through once.
_UNUSUAL = re.compile(_ACCENTED.pattern[:-1] + "∇∞]")
_SPELLED = str.maketrans(
    {
        letter: f" {unicodedata.name(letter).removeprefix('GREEK SMALL LETTER ').lower()} "
        for letter in "αβγδεζηθικλμνξοπρστυφχψω"
    }
    | {"λ": " lambda ", "∇": " nabla ", "∞": " infinity "}
)
_NAMED = re.compile("[α-ω∇∞]")
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls, bidirectional overrides and invisible characters: they only ever mislead a reader. The zero-width joiner is
# kept where it joins emoji.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
# Those of them that Python calls printable.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\U000e0000-\U000e0fff]")
# One stemmer is not for several threads at once (PyStemmer).
_STEMMER, _STEMMING = Stemmer.Stemmer("english"), threading.Lock()
_PLURAL_OF_LETTERS = re.compile("[b-df-hj-np-tv-xz]+[b-df-hj-np-rtv-xz]s|[b-df-hj-np-tv-xz]pus").fullmatch
_SENTENCE_END = re.compile(r"[.!?。！？](?:[\"'”’)\]」』]*)(?=\s|$)|[。！？]")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:e\.g|i\.e|et al|etc|vs|cf|Fig|Eq|Dr|approx|resp)\.$")
_LONGEST_ABBREVIATION = 10
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
    if not _UNUSUAL.search(text):
        return text
    if _ACCENTED.search(text):
        # Only the accents of alphabets: the same decomposition would tear Hangul and kana apart.
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    return text.translate(_SPELLED) if _NAMED.search(text) else text


class Kept(dict[str, Value]):
    """What is made of a piece of text, kept: a few words make most of every text."""

    _MOST = 100_000
    _LONGEST = 40

    def __init__(self, make: Callable[[str], Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, piece: str) -> Value:
        made = self._make(piece)
        if len(piece) <= self._LONGEST:
            if len(self) >= self._MOST:
                self.clear()
            self[piece] = made
        return made


def tokens_of(run: str) -> list[str]:
    """The tokens of one of the runs of :func:`runs`."""
    if is_cjk(run):
        if run[1:] and not is_cjk(run[1]):
            return [run[0] + WHOLE, BREAK] if _is_stop(run, 1) else [run[0] + WHOLE]
        return [run[place : place + 2] for place in range(len(run))]
    if run.isalnum():
        return [run]
    return [re.split("['’]", run, maxsplit=1)[0] if run[0].isalnum() else BREAK]


def is_cjk(run: str) -> bool:
    """Whether a run, or a token, is Korean, Chinese or Japanese."""
    return run >= "\u1100" and _is_cjk(run) is not None


def is_word(run: str) -> bool:
    """Whether a run, or a token, is made of letters of an alphabet."""
    return run[0].isalpha() and not is_cjk(run)


def bare(run: str) -> str:
    """The word that a run is, without what follows a whole one, and without an 's."""
    if is_cjk(run):
        return run if is_cjk(run[-1]) else run[0]
    return tokens_of(run)[0] if run[0].isalnum() else run


def tokens(parts: Iterable[str]) -> str:
    """The tokens of the parts of a text, with single spaces between them.

    A token is a run of letters, folded; a run of digits; two neighbouring characters of Korean, Chinese or Japanese (a
    term of any length is found inside a longer word, as a phrase of pairs); the last character of such a word, with
    ``WHOLE`` where it is all of the word; or ``BREAK``. TeX is read by its Unicode spelling.
    """
    return spelled(pieces(parts))


def pieces(parts: Iterable[str]) -> list[str]:
    """What stands between the spaces of the parts of a text. Each has the same tokens wherever it stands."""
    # Lines of their own, for mathematics does not reach over a line.
    return tex.to_unicode(f"\n{BREAK}\n".join(map(visible, parts))).split()


def spelled(found: Iterable[str]) -> str:
    """The tokens of pieces, with single spaces between them."""
    return "".join([_READ[piece][0] for piece in found])[1:]


def words_of(found: Iterable[str]) -> set[str]:
    """The words in pieces: those of alphabets, and of Korean, Chinese or Japanese."""
    return {word for piece in found for word in _READ[piece][1]}


def _read(piece: str) -> tuple[str, tuple[str, ...]]:
    """The tokens of a piece, with a space before each, for it may have none; and its words."""
    found = runs_of(piece)
    spelled = "".join([f" {token}" for run in found for token in tokens_of(run)])
    return spelled, tuple([bare(run) for run in found if is_word(run) or is_cjk(run)])


_READ = Kept(_read)


def runs(parts: Iterable[str]) -> list[str]:
    """The runs of characters that the parts of a text are made of, folded: each gives one or more tokens."""
    return [run for piece in pieces(parts) for run in runs_of(piece)]


def runs_of(piece: str) -> list[str]:
    """The runs of a piece of text."""
    return _RUN.findall(fold(piece) + " ")


def name_runs(name: str) -> tuple[str, ...]:
    """The runs of a name that are words or numbers. There are no stops in a name."""
    found = (run for run in runs([name]) if run[0].isalnum())
    return tuple(run[0] + WHOLE if is_cjk(run) and not is_cjk(run[-1]) else run for run in found)


def words(text: str) -> list[str]:
    """The words and numbers of ``text``, folded, as in a name; Korean, Chinese and Japanese ones whole."""
    return [bare(run) for run in name_runs(text)]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A word without its English ending (Porter2): models and model, training and train are one. Also the plural of
    letters without a vowel, as LLMs, and of the processors (GPUs), which Porter2 leaves."""
    with _STEMMING:
        found: str = _STEMMER.stemWord(word)
    return found[:-1] if _PLURAL_OF_LETTERS(found) else found


def visible(text: str) -> str:
    """``text`` without control, bidirectional and invisible characters; all its line breaks are ``\\n``."""
    # Nothing of ASCII is printable and not seen.
    if text.replace("\n", " ").isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return _INVISIBLE.sub("", _LINE_BREAK.sub("\n", text))


def clean(text: str) -> str:
    """``text`` without control, bidirectional and invisible characters, in one line with single spaces."""
    return " ".join(visible(text).split())


def printable(text: str) -> str:
    """``text`` as a terminal can show it: a file's name may hold bytes that are no UTF-8."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


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
        if not torn and not _ABBREVIATION.search(text, max(match.end() - _LONGEST_ABBREVIATION, 0), match.end()):
            end = match.end()
    return text[:end] if end else clip(text, limit)


def sentence_at(text: str, start: int, end: int, limit: int) -> str:
    """``text`` from the sentence that has the place [start, end); where it is too far into a sentence to be within
    ``limit`` characters, from some words before."""
    begin = max((match.end() for match in _SENTENCE_END.finditer(text, 0, start)), default=0)
    if width(text[begin:end]) <= limit:
        return text[begin:].lstrip()
    space = text.rfind(" ", 0, max(start - limit // 4, 0))
    near = start - limit // 4 if start - space > limit // 2 else space + 1
    return ELLIPSIS + text[max(near, 0) :]


def escape(text: str, *, links: bool = True) -> str:
    """``text`` as Discord shows it letter by letter: no format, mention, masked link or list. With ``links``, a bare
    http(s) address that shows where it leads stays one; in angle brackets, or Discord would take what follows into it.
    """
    text = visible(text)
    parts: list[str] = []
    end = 0
    for match in _ADDRESS.finditer(text) if links and "://" in text else ():
        if match[0].endswith(ELLIPSIS) or not _HONEST.fullmatch(match[0]):
            continue  # What a cut has left of an address leads elsewhere.
        parts += (_escape_words(text[end : match.start()]), f"<{match[0]}>")
        end = match.end()
    parts.append(_escape_words(text[end:]))
    escaped = "".join(parts)
    # Most texts have nothing to escape: to look for it takes less than to replace it.
    if "\n" in escaped or _LINE_START.match(escaped):
        escaped = _LINE_START.sub(r"\1\\", escaped)
    return escaped


def _escape_words(text: str) -> str:
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(r"\\\1", text)
    if "//" in text:
        text = _SCHEME.sub(r"\\:", text)
    return _EVERYONE.sub("@\u200b", text) if "@" in text else text


def escape_within(text: str, limit: int, *, links: bool = True) -> str:
    """The longest start of ``text``, cut at a word, whose escaped form has at most ``limit`` characters."""
    return fit(text, limit, lambda start: escape(start, links=links))


def fit(text: str, limit: int, shown: Callable[[str], str]) -> str:
    """What is ``shown`` of the longest start of ``text``, cut at a word, of which that fits in ``limit`` characters."""
    whole = shown(text)
    if width(whole) <= limit:
        return whole
    fits, too_long = 0, min(width(text), limit) + 1
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if width(shown(clip(text, middle))) <= limit:
            fits = middle
        else:
            too_long = middle
    return shown(clip(text, fits))
