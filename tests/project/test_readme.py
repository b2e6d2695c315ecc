"""The README is true: its commands are there, and all commands are in it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from babel.messages.pofile import read_po
from discord import app_commands

from bot.app import COGS, create_bot
from bot.cli import app as terminal
from bot.config import Settings
from bot.language import KOREAN, language

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


async def commands() -> dict[str, str]:
    """Every slash command by its English name, with its Korean one."""
    bot = create_bot(Settings())
    for cog in COGS:
        await bot.load_extension(cog)
    korean = language(KOREAN)
    found = {}
    for command in bot.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            names = command.qualified_name.split()
            found["/" + " ".join(names)] = "/" + " ".join(korean.command("command", name) or name for name in names)
    return found


async def test_the_table_lists_every_slash_command_in_both_languages() -> None:
    table = dict(re.findall(r"^\| `(/[^`]+)` · `(/[^`]+)` \|", README, re.MULTILINE))
    assert table == await commands()


def test_the_commands_of_the_terminal_are_there() -> None:
    there = {info.name or (info.callback.__name__ if info.callback else "") for info in terminal.registered_commands}
    named = set(re.findall(r"`(?:uv run )?paperboy (\w+)", README))
    named |= {shlex.split(line.split("paperboy", 1)[1])[0] for line in README.splitlines() if "uv run paperboy" in line}
    assert named == there


async def test_messages_name_commands_that_exist_in_their_language() -> None:
    known = await commands()
    with (ROOT / "bot/locales/ko/LC_MESSAGES/paperboy.po").open("rb") as file:
        for message in read_po(file, locale="ko"):
            for text, names in ((str(message.id), known.keys()), (str(message.string), known.values())):
                for mention in re.finditer(r"(?<![\w/])/[^\W\d_]", text):
                    assert text[mention.start() :].startswith(tuple(names)), text


def test_length_and_files() -> None:
    assert 100 <= len(README.splitlines()) <= 150
    for path in re.findall(r"\]\(((?!https?:)[^)]+)\)", README):
        assert (ROOT / path).exists(), path
    modules = set(re.findall(r"`(?:bot/)?(\w+)\.py`", README))
    assert all((ROOT / "bot" / f"{module}.py").exists() for module in modules)


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    assert "```sh\nuv run pytest\n```" in README
    assert "\nuv run pytest\n" in (ROOT / ".ci" / "run").read_text("utf-8")
