"""The first start: an empty folder, a token, and the settings as they come."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Settings
from tests.sources.serving import HuggingFace, paper
from tests.wire.discord_server import DiscordServer
from tests.wire.paper_round import PaperRound

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
FILE = Path(__file__).parents[2] / "config.toml"
ADDRESS = 'api_url = "https://huggingface.co/api"\nallow_private = false'


def default_sources(server: HuggingFace) -> str:
    """Those of no config.toml, with the address of ``server``."""
    hugging_face, *others = (one.model_dump(mode="json") for one in Settings.model_fields["sources"].default)
    assert hugging_face["api_url"] in ADDRESS
    return json.dumps([hugging_face | {"api_url": server.api_url, "allow_private": True}, *others])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("with_file", [False, True])
async def test_a_token_and_a_command_are_all_it_needs(tmp_path: Path, with_file: bool) -> None:
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        channel = server.add_guild(channels=1).channels[0]
        paper_round = PaperRound(server, tmp_path)
        (tmp_path / "digests").rmdir()
        settings = {"PAPERBOY_SOURCES": default_sources(hugging_face)}
        if with_file:
            text = FILE.read_text("utf-8")
            assert ADDRESS in text
            told = ADDRESS.replace("https://huggingface.co/api", hugging_face.api_url).replace("false", "true")
            (tmp_path / "config.toml").write_text(text.replace(ADDRESS, told), "utf-8")
            settings = {"PAPERBOY_SOURCES": ""}
        hugging_face.days = {YESTERDAY: [paper("2601.00001", "A model of zebras", 7), paper("2601.00002", "Lions", 30)]}
        async with paper_round.bot(**settings) as process:
            options = {"channel": channel, "time": "09:00", "timezone": "Asia/Seoul"}
            answered = await server.slash("digest setup", options)
            assert "09:00" in json.dumps(answered.payload)
            await paper_round.until_said("entries changed")
            # The posting time comes.
            paper_round.due()
            await server.until(lambda: len(channel.messages) == 1)
            said = await paper_round.end(process)
        post = json.dumps(channel.messages[0].payload, ensure_ascii=False)
        assert post.index("Lions") < post.index("A model of zebras")
        assert said.count("There is no file or folder 'digests'. It is looked for now and then.") == 1
        assert "papers come from: Hugging Face, files" in said
        assert not [word for word in ("WARNING", "ERROR", "Traceback") if word in said], said
        assert names(tmp_path) <= {"config.toml", "paperboy.db", "paperboy.db.lock"}
        assert hugging_face.most_at_once == 1
