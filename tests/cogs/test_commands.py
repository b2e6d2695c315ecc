"""The commands as Discord is given them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import language as languages
from tests.cogs import seeing
from tests.cogs.conftest import Town

NAME = re.compile(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}")


def given(town: Town) -> list[dict[str, Any]]:
    puts = [request for request in town.env.http_requests if request.method == "PUT" and "/commands" in request.path]
    assert len(puts) == 1
    return list(puts[0].json)


def walk(options: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for option in options:
        yield option
        yield from walk(option.get("options") or [])
        yield from option.get("choices") or []


async def test_every_name_and_description_is_there_in_korean(town: Town) -> None:
    for part in walk(given(town)):
        if part["name"] == "한국어":
            continue
        korean = part["name_localizations"]["ko"]
        assert re.search("[가-힣]", korean), part["name"]
        if "description" in part:
            assert NAME.fullmatch(korean), korean
            assert korean == korean.lower()
            assert re.search("[가-힣]", part["description_localizations"]["ko"]), part["description"]
            assert len(part["description_localizations"]["ko"]) <= 100


async def test_no_two_names_collide_in_either_language(town: Town) -> None:
    def check(parts: list[dict[str, Any]]) -> None:
        for names in ([p["name"] for p in parts], [p["name_localizations"]["ko"] for p in parts]):
            assert len(set(names)) == len(names), names
        for part in parts:
            check(part.get("options") or [])

    check(given(town))


async def test_a_command_has_at_most_8000_characters(town: Town) -> None:
    """The longest localisation of each text counts (Discord, Application Commands)."""
    for command in given(town):
        total = 0
        for part in walk([command]):
            for key in ("name", "description"):
                texts = [part.get(key, ""), *(part.get(f"{key}_localizations") or {}).values()]
                total += max(map(len, texts))
            total += len(str(part.get("value", "")))
        assert total <= 8000


async def test_commands_are_given_again_only_when_they_changed(town: Town) -> None:
    def syncs() -> int:
        return sum(request.method == "PUT" and "/commands" in request.path for request in town.env.http_requests)

    assert syncs() == 1
    await town.restart()
    assert syncs() == 1


async def test_commands_are_given_again_when_a_catalogue_changed(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(languages._LOCALES, tmp_path / "locales")
    catalogue = tmp_path / "locales" / "ko" / "LC_MESSAGES" / "paperboy.po"
    catalogue.write_text(
        re.sub('(msgctxt "command"\nmsgid "papers"\nmsgstr) ".*"', r'\1 "신문"', catalogue.read_text())
    )
    monkeypatch.setattr(languages, "_LOCALES", tmp_path / "locales")
    languages.language.cache_clear()
    try:
        await town.restart()
    finally:
        languages.language.cache_clear()
    last = [request for request in town.env.http_requests if request.method == "PUT" and "/commands" in request.path][1]
    assert "신문" in [command.get("name_localizations", {}).get("ko") for command in last.json]


async def test_look_ups_are_for_everywhere_and_the_digest_for_servers(town: Town) -> None:
    by_name = {command["name"]: command for command in given(town)}
    everywhere = {"papers", "Look up paper", "subscribe", "subscriptions", "unsubscribe", "forget-me"}
    assert set(by_name) == {*everywhere, "digest"}
    for name in everywhere:
        assert sorted(by_name[name]["contexts"]) == [0, 1, 2]
        assert sorted(by_name[name]["integration_types"]) == [0, 1]
    assert by_name["digest"]["contexts"] == [0]
    assert by_name["digest"]["integration_types"] == [0]
    assert (
        by_name["digest"]["default_member_permissions"] == 32 or by_name["digest"]["default_member_permissions"] == "32"
    )


async def test_nothing_that_is_sent_may_ping(town: Town) -> None:
    await town.set_up()
    await town.boss.slash(town.channel, "digest post")
    result = await town.alex.slash(town.channel, "papers date", day="2025-12-29")
    await town.alex.click(result.response, label="Share in this channel")
    bodies = [
        request.json.get("data", request.json)
        for request in town.env.http_requests
        if request.method == "POST" and isinstance(request.json, dict)
    ]
    messages = [body for body in bodies if isinstance(body, dict) and "components" in body]
    assert len(messages) >= 3
    assert all(
        body["allowed_mentions"] == {"parse": []} or body["allowed_mentions"]["parse"] == [] for body in messages
    )
    assert seeing.text(result.response)
