"""Every sentence in the code is in the Korean catalogue, and the catalogue has no other."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
ERRORS = dict.fromkeys(
    ("SourceError", "FetchError", "NotUnderstoodError", "NotFoundError", "NotAllowedError", "LimitError")
)
KEYWORDS = {"text": None, "message": None, "plural": (1, 2), **ERRORS}


def in_code() -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = set()
    for package in ("bot", "cogs"):
        for _, _, message, _, _ in extract_from_dir(ROOT / package, keywords=KEYWORDS):
            if message:
                found.add(message)
    # In storage, text() is SQL.
    for _, _, message, _, _ in extract_from_dir(ROOT / "storage", keywords=ERRORS):
        found.add(message)
    return found


def catalogue() -> dict[str | tuple[str, ...], object]:
    with (ROOT / "bot/locales/ko/LC_MESSAGES/paperboy.po").open("rb") as file:
        return {
            message.id: message.string for message in read_po(file, locale="ko") if message.id and not message.context
        }


def test_nothing_is_missing_and_nothing_is_left_over() -> None:
    assert in_code() == set(catalogue())


def test_every_sentence_is_korean_and_names_the_same_values() -> None:
    for message, translated in catalogue().items():
        english = message if isinstance(message, str) else message[-1]
        korean = translated if isinstance(translated, str) else translated[0]  # type: ignore[index]
        assert re.search("[가-힣]", korean), english
        assert set(re.findall(r"{\w+}", korean)) == set(re.findall(r"{\w+}", english)), english


def test_no_sentence_is_hidden_in_an_f_string() -> None:
    """Babel does not look into them, and a translator would never see it."""
    for package in ("bot", "cogs"):
        for path in (ROOT / package).rglob("*.py"):
            code = path.read_text("utf-8")
            assert not re.search(r"\{\w+\.(text|plural)\(['\"]", code), path
            assert not re.search(rf"\b({'|'.join(ERRORS)})\(\s*f['\"]", code), path
