"""arXiv identifiers, and the addresses that hold one.

The forms are those of https://info.arxiv.org/help/arxiv_identifier.html: ``2406.14347`` since April 2007 (four or five
digits after the point), ``hep-th/9901001`` or ``math.GT/0309136`` before. Versions (``v2``) are dropped.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ID = r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z][a-z-]{1,15}(?:\.[A-Z]{2})?/[0-9]{7})"
_WHOLE = re.compile(rf"(?:arxiv:)?\s*({_ID})(?:v[0-9]+)?", re.IGNORECASE | re.ASCII)
_PATH = re.compile(rf"/(?:abs|pdf|html)/({_ID})(?:v[0-9]+)?(?:\.pdf)?/?", re.IGNORECASE | re.ASCII)
_ARXIV = ("arxiv.org", "www.arxiv.org", "export.arxiv.org")
_MIRRORS = ("ar5iv.org", "ar5iv.labs.arxiv.org", "huggingface.co", "hf.co", "www.alphaxiv.org", "alphaxiv.org")
_HOST = f"(?:{'|'.join(map(re.escape, _ARXIV + _MIRRORS))})"
# alphaXiv has pages in other languages: /ko/overview/.
_PAGE = "(?:[a-z]{2}/)?(?:abs|pdf|html|papers|overview|audio)"
# An address, also one without https://; or a number that is said to be arXiv's, as others look like dates or versions,
# or stands in brackets as in the titles of arXiv's pages, with a month in it: [2024.1015] is a year and a day.
_NAMED = re.compile(
    rf"(?:(?:https?://|(?<![\w.@/:-])){_HOST}/{_PAGE}/|(?<!\w)arxiv(?::\s?|\s|\.)|\[(?![0-9]{{2}}(?!0[1-9]|1[0-2]))(?={_ID}(?:v[0-9]+)?\]))"
    rf"({_ID})(?![0-9])",
    re.IGNORECASE | re.ASCII,
)


def id_of_address(address: str) -> str | None:
    """The versionless id of an address on arxiv.org; None for any other address."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or host not in _ARXIV:
        return None
    match = _PATH.fullmatch(parts.path)
    return _canonical(match[1]) if match else None


def id_of_text(text: str) -> str | None:
    """The versionless id that a person typed: an id alone, or a text that names one (:func:`ids_in`)."""
    if match := _WHOLE.fullmatch(text.strip()):
        return _canonical(match[1])
    named = ids_in(text)
    return named[0] if len(named) == 1 else None


def ids_in(text: str) -> list[str]:
    """The versionless ids that a text names, each once, in its order: by an address on arXiv, Hugging Face or alphaXiv,
    or as ``arXiv:2406.14347`` or ``[2406.14347]``."""
    return list(dict.fromkeys(_canonical(match[1]) for match in _NAMED.finditer(text)))


def abstract_address(arxiv_id: str) -> str:
    """The address of the paper's page."""
    return f"https://arxiv.org/abs/{arxiv_id}"


def pdf_address(arxiv_id: str) -> str:
    """The address of the paper itself."""
    return f"https://arxiv.org/pdf/{arxiv_id}"


def hugging_face_address(arxiv_id: str) -> str:
    """The address of the paper's page on Hugging Face."""
    return f"https://huggingface.co/papers/{arxiv_id}"


def _canonical(arxiv_id: str) -> str:
    # Old identifiers are lowercase up to the subject class, which arXiv ignores in look-ups.
    archive, slash, number = arxiv_id.partition("/")
    return archive.split(".")[0].lower() + slash + number if slash else arxiv_id
