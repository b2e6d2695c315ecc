from __future__ import annotations

import re
from datetime import date
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from bot import language as languages
from bot.errors import NotUnderstoodError
from bot.language import language

DAY = date(2024, 6, 21)
ENGLISH, KOREAN = language("en"), language("ko")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(
    ("code", "expected"),
    [("en", "en"), ("ko", "ko"), ("en-GB", "en"), ("en-US", "en"), ("ko-KR", "ko"), ("fr", "en"), ("zh-CN", "en"),
     ("", "en"), ("xx", "en"), ("../ko", "en")],
)  # fmt: skip
def test_codes_and_what_stands_in(code: str, expected: str) -> None:
    assert language(code).code == expected


def test_days() -> None:
    assert ENGLISH.day(DAY) == "Friday, 21 June 2024"
    assert KOREAN.day(DAY) == "2024년 6월 21일 금요일"
    assert language("fr").day(DAY) == ENGLISH.day(DAY)


def test_months() -> None:
    assert ENGLISH.month(DAY.replace(day=1)) == "June 2024"
    assert KOREAN.month(DAY.replace(day=1)) == "2024년 6월"


def test_numbers() -> None:
    assert ENGLISH.number(1234567) == "1,234,567"
    assert KOREAN.number(1234567) == "1,234,567"


def test_plurals() -> None:
    assert [ENGLISH.plural("{n} paper", "{n} papers", number) for number in (0, 1, 2, 1000)] == [
        "0 papers",
        "1 paper",
        "2 papers",
        "1,000 papers",
    ]
    korean = {KOREAN.plural("{n} paper", "{n} papers", number).replace(str(number), "") for number in (0, 1, 2)}
    assert len(korean) == 1
    assert re.search("[가-힣]", korean.pop())


def test_values_are_filled_in_and_not_read() -> None:
    assert ENGLISH.text("{a} and {b}", a="{b}", b="x") == "{b} and x"
    assert KOREAN.plural("{names} and {n} more", "{names} and {n} more", 3, names="{n}").count("{n}") == 1


def test_a_message_that_is_not_translated_is_english() -> None:
    assert KOREAN.text("Nobody translated this {word}.", word="yet") == "Nobody translated this yet."


def test_errors_are_spoken() -> None:
    error = NotUnderstoodError("A keyword may have at most {limit} characters.", limit=80)
    said = ENGLISH.text(error.message, **error.values)
    assert said == str(error) == "A keyword may have at most 80 characters."
    spoken = KOREAN.text(error.message, **error.values)
    assert "80" in spoken
    assert re.search("[가-힣]", spoken)


def test_commands() -> None:
    for part in ("command", "description", "option", "choice"):
        assert ENGLISH.command(part, "papers") is None
        assert KOREAN.command(part, "no such command of ours") is None
    spoken = KOREAN.command("command", "papers")
    assert spoken is None or re.search("[가-힣]", spoken)


def test_cities() -> None:
    assert ENGLISH.city("Asia/Seoul") == "Seoul"
    assert KOREAN.city("Asia/Seoul") == "서울"


def test_the_empty_message_is_not_the_header_of_the_catalogue() -> None:
    path = languages._LOCALES / "ko" / "LC_MESSAGES" / "paperboy.po"
    assert path.is_file()
    assert "Project-Id" not in KOREAN.text("Daily Papers")


@pytest.mark.parametrize("code", [code for code in languages.CODES if code != languages.ENGLISH])
def test_translations_name_the_same_values(code: str) -> None:
    with (languages._LOCALES / code / "LC_MESSAGES" / "paperboy.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    checked = 0
    for message in catalogue:
        if not message.id or not message.string:
            continue
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        spoken = message.string if isinstance(message.string, tuple | list) else (message.string,)
        for text in spoken:
            assert fields(text) <= set().union(*map(fields, ids)), message.id
        assert fields(spoken[-1]) == fields(ids[-1]), message.id
        checked += 1
    assert checked > 20
