from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot import config
from bot.config import FolderSource, HuggingFaceSource, MarkdownSource, Settings, load, token
from bot.errors import ConfigurationError

FILE = Path(__file__).parents[2] / "config.toml"

# A value other than the default for every key: as the environment gives it, and as it is read.
OTHER: dict[str, tuple[str, object]] = {
    "discord.api_url": ("http://localhost:8080/api/v10", "http://localhost:8080/api/v10"),
    "database.url": ("sqlite+aiosqlite:////tmp/other.db", "sqlite+aiosqlite:////tmp/other.db"),
    "sources": (
        '[{"kind": "folder", "name": "mine", "path": "/srv/papers"}]',
        (FolderSource(kind="folder", name="mine", path=Path("/srv/papers")),),
    ),
    "votes.days": ("5", 5),
    "posting.tick_seconds": ("0.5", 0.5),
    "posting.catch_up_days": ("7", 7),
    "posting.requests_per_second": ("20", 20.0),
    "posting.dms_per_second": ("0.5", 0.5),
    "subscriptions.limit": ("7", 7),
    "subscriptions.alert_days": ("30", 30),
    "log_level": ("DEBUG", "DEBUG"),
    "log_format": ("json", "json"),
}
WRONG = {
    "discord.api_url": "ftp://discord.com",
    "database.url": "postgresql://localhost/x",
    "sources": '[{"kind": "folder", "name": "mine", "path": "/srv/papers", "poll_seconds": 0}]',
    "votes.days": "-1",
    "posting.tick_seconds": "often",
    "posting.catch_up_days": "0",
    "posting.requests_per_second": "50",
    "posting.dms_per_second": "0",
    "subscriptions.limit": "0",
    "subscriptions.alert_days": "1.5",
    "log_level": "LOUD",
    "log_format": "yaml",
}


def name_in_environment(key: str) -> str:
    return f"PAPERBOY_{key.replace('.', '__')}".upper()


def values(settings: Settings) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in type(settings).model_fields:
        one = getattr(settings, name)
        found |= (
            {f"{name}.{key}": getattr(one, key) for key in type(one).model_fields} if is_table(one) else {name: one}
        )
    return found


def is_table(one: object) -> bool:
    return isinstance(one, BaseModel)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but those of the test."""
    for name in os.environ:
        if name.upper().startswith(("PAPERBOY_", "DISCORD_TOKEN")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


class TestDefaults:
    def test_are_those_of_the_file(self) -> None:
        defaults = values(load())
        in_file: dict[str, object] = {}
        for name, one in tomllib.loads(FILE.read_text("utf-8")).items():
            in_file |= {f"{name}.{key}": value for key, value in one.items()} if isinstance(one, dict) else {name: one}
        assert set(in_file) == set(defaults)
        for key, value in in_file.items():
            found = defaults[key]
            assert ([each.model_dump(mode="json") for each in found] if key == "sources" else found) == value, key

    def test_the_file_itself_can_be_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        defaults = values(load())
        monkeypatch.setenv("PAPERBOY_CONFIG", str(FILE))
        assert values(load()) == defaults

    def test_every_key_has_a_case_here(self) -> None:
        assert set(OTHER) == set(values(load()))

    def test_are_frozen(self) -> None:
        settings = load()
        with pytest.raises(ValueError, match="frozen"):
            settings.posting.tick_seconds = 1
        with pytest.raises(ValueError, match="frozen"):
            settings.posting = config.PostingSettings()
        with pytest.raises(ValueError, match="frozen"):
            settings.log_level = "DEBUG"


class TestSources:
    @pytest.mark.parametrize("key", OTHER)
    def test_the_environment(self, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
        defaults = values(load())
        monkeypatch.setenv(name_in_environment(key), OTHER[key][0])
        assert values(load()) == defaults | {key: OTHER[key][1]}

    @pytest.mark.parametrize("key", OTHER)
    def test_the_environment_stands_over_the_file(
        self, monkeypatch: pytest.MonkeyPatch, written: Path, key: str
    ) -> None:
        written.write_text(FILE.read_text("utf-8"), "utf-8")
        defaults = values(load())
        monkeypatch.setenv(name_in_environment(key), OTHER[key][0])
        assert values(load()) == defaults | {key: OTHER[key][1]}

    def test_the_file_stands_over_the_defaults(self, written: Path) -> None:
        defaults = values(load())
        written.write_text('log_level = "DEBUG"\n[subscriptions]\nlimit = 3\n', "utf-8")
        assert values(load()) == defaults | {"log_level": "DEBUG", "subscriptions.limit": 3}

    def test_sources(self, written: Path) -> None:
        written.write_text(
            '[[sources]]\nkind = "markdown"\nname = " Lab "\naddress = "https://e.org/{date:%Y/%m/%d}.md"\n'
            '[[sources]]\nkind = "huggingface"\nname = "HF"\n'
            'api_url = "http://localhost:1/api/"\nallow_private = true\n',
            "utf-8",
        )
        assert load().sources == (
            MarkdownSource(kind="markdown", name="Lab", address="https://e.org/{date:%Y/%m/%d}.md"),
            HuggingFaceSource(kind="huggingface", name="HF", api_url="http://localhost:1/api", allow_private=True),
        )

    def test_another_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: Path) -> None:
        written.write_text("[subscriptions]\nlimit = 3\n", "utf-8")
        other = tmp_path / "other.toml"
        other.write_text("[subscriptions]\nlimit = 4\n", "utf-8")
        monkeypatch.setenv("PAPERBOY_CONFIG", str(other))
        assert load().subscriptions.limit == 4

    def test_an_empty_name_is_none(self, monkeypatch: pytest.MonkeyPatch, written: Path) -> None:
        written.write_text("[subscriptions]\nlimit = 3\n", "utf-8")
        monkeypatch.setenv("PAPERBOY_CONFIG", "")
        assert load().subscriptions.limit == 3

    def test_a_named_file_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for path in (tmp_path / "missing.toml", tmp_path):
            monkeypatch.setenv("PAPERBOY_CONFIG", str(path))
            with pytest.raises(ConfigurationError, match="PAPERBOY_CONFIG"):
                load()


class TestWrong:
    @pytest.mark.parametrize("key", WRONG)
    def test_a_value_in_the_environment(self, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
        monkeypatch.setenv(name_in_environment(key), WRONG[key])
        with pytest.raises(ConfigurationError, match=key):
            load()

    @pytest.mark.parametrize("key", WRONG)
    def test_a_value_in_the_file(self, written: Path, key: str) -> None:
        table, _, name = key.partition(".")
        written.write_text(f"[{table}]\n{name} = '{WRONG[key]}'\n" if name else f"{key} = '{WRONG[key]}'\n", "utf-8")
        with pytest.raises(ConfigurationError, match=key):
            load()

    @pytest.mark.parametrize(
        ("content", "key"),
        [
            ("[discord]\ntoken = 'secret-token'\n", "discord.token"),
            ("[posting]\nticks = 1\n", "posting.ticks"),
            ("[nothing]\na = 1\n", "nothing"),
            ("stray = 1\n", "stray"),
            ("posting = 'often'\n", "posting"),
            ("log_levels = 'INFO'\n", "log_levels"),
            ("[log]\nlevel = 'INFO'\n", "log"),
        ],
    )
    def test_an_unknown_key_in_the_file(self, written: Path, content: str, key: str) -> None:
        written.write_text(content, "utf-8")
        with pytest.raises(ConfigurationError, match=key) as raised:
            load()
        assert "secret-token" not in str(raised.value)

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            (
                'kind = "folder"\nname = "a"\npath = "."\n[[sources]]\nkind = "folder"\nname = "a"\npath = "b"',
                "two sources",
            ),
            ('kind = "paper"\nname = "a"', "sources.0"),
            ('kind = "markdown"\nname = "a"\naddress = "https://e.org/today.md"', "the day is needed"),
            ('kind = "markdown"\nname = "a"\naddress = "https://e.org/{date:%Y}.md"', "the day is needed"),
            ('kind = "markdown"\nname = "a"\naddress = "https://e.org/{date.__class__}.md"', "the day is needed"),
            ('kind = "markdown"\nname = "a"\naddress = "https://e.org/{date:%Y-%m-%d.md"', "cannot be used"),
            ('kind = "markdown"\nname = "a"\naddress = "file:///{date:%Y-%m-%d}.md"', "http"),
            ('kind = "markdown"\nname = "a"\naddress = "https://me:it@e.org/{date:%Y-%m-%d}.md"', "without a user"),
            ('kind = "huggingface"\nname = "a"\napi_url = "hf.co"', "http"),
            ('kind = "huggingface"\nname = " "', "name"),
            ('kind = "huggingface"\nname = "a"\nlanguage = "Korean"', "language"),
        ],
    )
    def test_a_source(self, written: Path, source: str, said: str) -> None:
        written.write_text(f"[[sources]]\n{source}\n", "utf-8")
        with pytest.raises(ConfigurationError, match=said):
            load()

    def test_an_unknown_key_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PAPERBOY_DATABASE__URI", "x")
        with pytest.raises(ConfigurationError, match=r"database\.uri"):
            load()

    @pytest.mark.parametrize("table", ["discord", "database", "sources", "votes", "posting", "subscriptions"])
    def test_a_table_in_the_environment_that_is_none(self, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
        monkeypatch.setenv(f"PAPERBOY_{table.upper()}", "not a table")
        with pytest.raises(ConfigurationError, match=table):
            load()

    @pytest.mark.parametrize(
        "content", [b"[log\n", b"\xff\xfe", b"a = \n", b"[posting]\ntick_seconds = 1\n[posting]\n"]
    )
    def test_a_file_that_is_no_toml(self, written: Path, content: bytes) -> None:
        written.write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"config\.toml"):
            load()

    def test_all_that_is_wrong_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for key in ("log_level", "subscriptions.limit"):
            monkeypatch.setenv(name_in_environment(key), WRONG[key])
        with pytest.raises(ConfigurationError, match=r"log_level.*|subscriptions\.limit.*") as raised:
            load()
        assert "log_level" in str(raised.value)
        assert "subscriptions.limit" in str(raised.value)


class TestToken:
    def test_from_the_environment(self) -> None:
        found = token({"DISCORD_TOKEN": " abc.def \n"})
        assert found
        assert found.get_secret_value() == "abc.def"

    @pytest.mark.parametrize("content", ["abc.def", "abc.def\n", "  abc.def\r\n", "\ufeffabc.def\n"])
    def test_from_a_file(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "token"
        path.write_text(content, "utf-8")
        found = token({"DISCORD_TOKEN_FILE": str(path)})
        assert found
        assert found.get_secret_value() == "abc.def"

    def test_the_environment_stands_over_the_file(self, tmp_path: Path) -> None:
        found = token({"DISCORD_TOKEN": "abc", "DISCORD_TOKEN_FILE": str(tmp_path / "missing")})
        assert found
        assert found.get_secret_value() == "abc"

    def test_none(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.write_text("\n", "utf-8")
        for environment in ({}, {"DISCORD_TOKEN": " "}, {"DISCORD_TOKEN_FILE": ""}, {"DISCORD_TOKEN_FILE": str(empty)}):
            assert token(environment) is None

    def test_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        binary = tmp_path / "binary"
        binary.write_bytes(b"\xff\xfe")
        for path in (tmp_path / "missing", tmp_path, binary):
            with pytest.raises(ConfigurationError, match="DISCORD_TOKEN_FILE"):
                token({"DISCORD_TOKEN_FILE": str(path)})

    def test_is_never_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DISCORD_TOKEN", "abc.def")
        found = token()
        assert found
        for shown in (repr(found), str(found), f"{found}", repr(load()), str(load().model_dump())):
            assert "abc" not in shown


@pytest.mark.parametrize(
    "name", ["PAPERBOY_POSTNG__TICK_SECONDS", "PAPERBOY_TOKEN", "PAPERBOY_LOG__LEVEL", "paperboy_databse__url"]
)
def test_a_mistyped_name_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "5")
    with pytest.raises(ConfigurationError, match=f"(?i){name}"):
        load()


@pytest.mark.parametrize(
    "address",
    [
        "discord.com",
        "ftp://discord.com",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/api",
        "http://user:password@127.0.0.1/api",
        "http://127.0.0.1/api?v=10",
    ],
)
def test_an_address_that_is_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERBOY_DISCORD__API_URL", address)
    with pytest.raises(ConfigurationError, match=r"discord\.api_url"):
        load()


def test_an_address_with_a_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERBOY_DISCORD__API_URL", "http://127.0.0.1:8080/api/v10/")
    assert load().discord.api_url == "http://127.0.0.1:8080/api/v10"
