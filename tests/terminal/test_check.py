"""paperboy check: whether all is well, said in sentences and by the exit code; nothing is changed, no token shown."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

from bot import cli
from bot.errors import PaperboyError
from tests.terminal.conftest import TOKEN, Run

APPLICATION = "123456789012345678"
# The parts of a token in a bot's shape, of nobody's.
PARTS = (base64.b64encode(APPLICATION.encode()).decode(), "NoBody", "never-shown_never-shown_never-shown")
GOOD = ".".join(PARTS)
NO_TOKEN = "✗ There is no token: set DISCORD_TOKEN, or DISCORD_TOKEN_FILE."
MISSHAPEN = "✗ The token does not look like a bot's. Copy it anew from the Developer Portal, under Bot, Reset Token."
NO_DIGEST = "· No digest is held yet."


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def days_ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


def lay(folder: Path, *days: str) -> None:
    (folder / "digests").mkdir(exist_ok=True)
    for day in days:
        paper = f"### [Of zebras](https://arxiv.org/abs/{day[2:4]}{day[5:7]}.00001)"
        (folder / "digests" / f"{day}.md").write_text(f"## Daily Papers ({day})\n\n{paper}\n", "utf-8")


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "paperboy.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def insert(folder: Path, table: str, **values: object) -> None:
    if table == "channels":
        values |= {"language": "ko", "paused": 0, "next_post_at": "2026-01-01 00:10:00.000000"}
    names = ", ".join(values)
    with closing(sqlite3.connect(folder / "paperboy.db")) as connection, connection:
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])  # noqa: S608


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


Check = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Check]:
    """Runs it here, in an empty folder and with a good token, if no other is given; how it ends, and what it says. It
    is noon, so that the day does not end meanwhile."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("PAPERBOY_", "DISCORD_")):
            monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> tuple[int, list[str]]:
        given = {"DISCORD_TOKEN": GOOD} | environment
        done = CliRunner().invoke(cli.app, arguments or ("check",), env=given)
        for secret in (GOOD, *PARTS, given["DISCORD_TOKEN"]):
            assert not secret or secret not in done.output
        if isinstance(done.exception, PaperboyError):
            # The command itself says it: see test_a_process.
            assert done.output == ""
            return 2, [str(done.exception)]
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout.splitlines()

    with time_machine.travel(datetime.combine(datetime.now(UTC), time(12), UTC)):
        yield run


@pytest.fixture
def well(check: Check, tmp_path: Path) -> Path:
    """A folder where all is well."""
    lay(tmp_path, today())
    assert check("import", "digests")[0] == 0
    return tmp_path


def test_a_process(paperboy: Run, well: Path) -> None:
    done = paperboy("check", DISCORD_TOKEN=GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[3] == "✓ The database 'paperboy.db' is whole."
    assert not any(secret in done.stdout for secret in PARTS)
    (well / "config.toml").write_text("[posting]\ntick_seconds = 'soon'\n", "utf-8")
    done = paperboy("check", DISCORD_TOKEN=GOOD)
    assert (done.returncode, done.stdout) == (2, "")
    assert "posting.tick_seconds" in done.stderr


def test_all_is_well(check: Check, well: Path) -> None:
    before = content(well)
    assert check() == (
        0,
        [
            "✓ The configuration can be used.",
            f"✓ The token looks like a bot's, of the application {APPLICATION}.",
            "✓ 1 digest file in 'digests'.",
            "✓ The database 'paperboy.db' is whole.",
            "· Hugging Face was not asked for papers yet; paperboy run does.",
            f"✓ The newest digest is of {today()}, today.",
            "· No channel has a daily post yet.",
        ],
    )
    assert content(well) == before


def test_before_the_first_start(check: Check, tmp_path: Path) -> None:
    lay(tmp_path, today(), days_ago(1))
    ended, lines = check()
    assert (ended, lines[-2:]) == (
        0,
        ["✓ 2 digest files in 'digests'.", "· There is no database at 'paperboy.db' yet; the first start makes it."],
    )
    assert [path.name for path in tmp_path.iterdir()] == ["digests"]


def test_an_empty_folder(check: Check) -> None:
    ended, lines = check(DISCORD_TOKEN="")
    assert ended == 1
    assert lines[1] == NO_TOKEN
    assert lines[2].startswith("· No digests are read: ")
    assert "digests" in lines[2]


@pytest.mark.parametrize(
    "token",
    [
        TOKEN,
        "hello",
        GOOD.replace(".", " "),
        GOOD[:-10],
        f"{base64.b64encode(b'no-application-id!').decode()}.{PARTS[1]}.{PARTS[2]}",
        f"Bot {GOOD}",
        "é" * 70,
    ],
)
def test_a_token_that_is_none(check: Check, well: Path, token: str) -> None:
    ended, lines = check(DISCORD_TOKEN=token)
    assert (ended, lines[1]) == (1, MISSHAPEN)


def test_the_token_of_a_file(check: Check, well: Path) -> None:
    (well / "token").write_text(f"{GOOD}\n", "utf-8")
    ended, lines = check(DISCORD_TOKEN="", DISCORD_TOKEN_FILE="token")
    assert (ended, lines[1][0]) == (0, "✓")
    ended, (said,) = check(DISCORD_TOKEN="", DISCORD_TOKEN_FILE=GOOD)
    assert ended == 2
    assert said.startswith("DISCORD_TOKEN_FILE names a file that cannot be read: ")
    assert GOOD not in said


def test_a_file_that_is_no_database(check: Check, well: Path) -> None:
    (well / "paperboy.db").write_bytes(b"This is a letter to my aunt. " * 100)
    before = content(well)
    ended, lines = check()
    assert (ended, lines[-1]) == (1, "✗ 'paperboy.db' is no database. Move it away, or name another file.")
    assert content(well) == before


def test_a_damaged_database(check: Check, well: Path) -> None:
    """A page in the middle is overwritten, as by a broken disk."""
    path = well / "paperboy.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 8192 * 8192)
        file.write(b"\xff" * 8192)
    ended, lines = check()
    assert ended == 1
    assert lines[-1].startswith("✗ The database 'paperboy.db' is damaged")
    assert lines[-1].endswith("End Paperboy, and put a backup in its place: paperboy restore PATH.")


def test_a_row_that_names_none(check: Check, well: Path) -> None:
    """SQLite's own check does not look at it."""
    execute(well, "INSERT INTO paper_authors VALUES (999, 999, 0)")
    ended, lines = check()
    assert ended == 1
    assert "✗ The database 'paperboy.db' is damaged: " in lines[-1]
    assert "paper_authors" in lines[-1]


def test_an_older_database_is_left_for_the_start(check: Check, well: Path) -> None:
    execute(well, "UPDATE alembic_version SET version_num = '0001'")
    before = content(well)["paperboy.db"]
    assert check()[1][-1] == "· It is of an older version; the next start copies it and brings it up to date."
    assert check()[0] == 0
    assert content(well)["paperboy.db"] == before


def test_a_database_of_another_analysis_is_left_for_the_start(check: Check, well: Path) -> None:
    """Opened as the bot opens it, it would be indexed anew."""
    execute(well, "PRAGMA user_version = 7")
    before = content(well)["paperboy.db"]
    ended, lines = check()
    assert (ended, lines[-2:]) == (
        0,
        [
            "✓ The database 'paperboy.db' is whole.",
            "· It was indexed by another version; the next start indexes it anew.",
        ],
    )
    assert content(well)["paperboy.db"] == before


def test_a_newer_database(check: Check, well: Path) -> None:
    execute(well, "UPDATE alembic_version SET version_num = '9999'")
    ended, lines = check()
    assert ended == 1
    assert lines[-1] == "✗ It is of a newer version than this Paperboy. Run that version."


def test_an_empty_database(check: Check, tmp_path: Path) -> None:
    lay(tmp_path, today())
    (tmp_path / "paperboy.db").touch()
    ended, lines = check()
    assert (ended, lines[-1]) == (0, "· It holds nothing of Paperboy's yet.")


@pytest.mark.parametrize(
    ("days", "mark", "said"), [(0, "✓", "today"), (1, "✓", "1 day ago"), (4, "✓", "4 days ago"), (5, "✗", "5 days ago")]
)
def test_the_age_of_the_newest_digest(check: Check, tmp_path: Path, days: int, mark: str, said: str) -> None:
    lay(tmp_path, days_ago(days), days_ago(days + 3))
    check("import", "digests")
    ended, lines = check()
    assert any(line.startswith(f"{mark} The newest digest is of {days_ago(days)}, {said}.") for line in lines)
    assert ended == (0 if mark == "✓" else 1)


def test_a_database_with_no_digest(check: Check, well: Path) -> None:
    execute(well, "DELETE FROM entries", "DELETE FROM digests")
    ended, lines = check()
    assert ended == 0
    assert NO_DIGEST in lines


def test_what_is_not_delivered(check: Check, well: Path) -> None:
    at = "2026-01-01 00:10:00.000000"
    aside = {"set_aside_at": at, "refusals": 1}
    refused = {"reason": "refused", "why": "40001: [red]Unauthorized[/red]"}
    insert(well, "channels", channel_id=31, guild_id=5, wall_time="09:00", timezone="Asia/Seoul", top=5, min_votes=0)
    insert(well, "targets", target="channel", target_id=31, guild_id=5)
    insert(well, "targets", target="channel", target_id=32, guild_id=5, reason="no permission", **aside)
    insert(well, "targets", target="channel", target_id=33, guild_id=5, **refused, **aside)
    insert(well, "targets", target="user", target_id=7, reason="direct messages closed", **aside)
    for target in ("channel", "user"):
        delivery = {"digest_date": "2026-01-01", "part": 0, "state": "set aside", "reason": "unconfirmed"}
        moments = {"due_at": at, "planned_at": at, "updated_at": at, "attempts": 1, "nonce": "n"}
        kind = "daily" if target == "channel" else "alert"
        insert(well, "deliveries", target=target, target_id=31, kind=kind, **delivery, **moments)
    ended, lines = check()
    assert ended == 1
    assert "✓ 1 channel has a daily post." in lines
    assert sorted(line for line in lines if line[0] == "✗") == [
        "✗ Nobody knows whether the post of 2026-01-01 to channel 31 is there. /digest post looks again.",
        "✗ Nothing is sent to channel 32 of server 5 since 2026-01-01. "
        "I may not send messages there. Let me, and I go on.",
        "✗ Nothing is sent to channel 33 of server 5 since 2026-01-01. "
        "Discord refused it (40001: [red]Unauthorized[/red]). /digest post tries again at once.",
    ]
    # What people close is no fault.
    assert "· Nobody knows whether the alert of 2026-01-01 to person 31 is there." in lines
    assert "· Nothing is sent to person 7 since 2026-01-01. Direct messages are closed to me." in lines
    execute(well, "DELETE FROM targets WHERE target = 'channel'", "DELETE FROM deliveries WHERE target = 'channel'")
    assert check()[0] == 0


def test_the_database_of_another_address(check: Check, well: Path) -> None:
    shutil.move(well / "paperboy.db", well / "with a space.db")
    ended, lines = check(PAPERBOY_DATABASE__URL="sqlite+aiosqlite:///with a space.db")
    assert (ended, lines[3]) == (0, "✓ The database 'with a space.db' is whole.")
    ended, (said,) = check(PAPERBOY_DATABASE__URL="sqlite+aiosqlite:///")
    assert ended == 2
    assert "names no file" in said


def test_while_another_program_writes(check: Check, well: Path) -> None:
    with closing(sqlite3.connect(well / "paperboy.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM digests")
        ended, lines = check()
        writer.execute("ROLLBACK")
    assert ended == 0
    assert f"✓ The newest digest is of {today()}, today." in lines


FRIDAY = datetime(2026, 1, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (FRIDAY, "✓ The newest digest is of 2026-01-09, today."),
        (FRIDAY + timedelta(days=1), "✓ The newest digest is of 2026-01-09, 1 day ago. {weekend}"),
        (FRIDAY + timedelta(days=2), "✓ The newest digest is of 2026-01-09, 2 days ago. {weekend}"),
        (FRIDAY + timedelta(days=3), "✓ The newest digest is of 2026-01-09, 3 days ago. {weekend}"),
        (FRIDAY + timedelta(days=4), "✓ The newest digest is of 2026-01-09, 4 days ago."),
        (FRIDAY + timedelta(days=5), "✗ The newest digest is of 2026-01-09, 5 days ago."),
    ],
)
def test_a_weekend_is_no_failure(check: Check, well: Path, now: datetime, said: str) -> None:
    execute(well, "DELETE FROM entries", "DELETE FROM digests")
    lay(well, "2026-01-09")
    check("import", "digests/2026-01-09.md")
    answered = now - timedelta(minutes=5)
    state(well, "Hugging Face", fetched_at=answered)
    with time_machine.travel(now, tick=False):
        ended, lines = check()
    assert "✓ Hugging Face answered 5 minutes ago." in lines
    assert said.format(weekend="On weekends there are seldom papers.") in lines
    assert ended == (1 if said[0] == "✗" else 0)


@pytest.mark.parametrize(("channels", "mark", "code"), [(0, "·", 0), (1, "✗", 1)])
def test_a_bot_that_does_not_run(check: Check, well: Path, channels: int, mark: str, code: int) -> None:
    """It would have asked, and have noted what came of it."""
    state(well, "Hugging Face", fetched_at=datetime.now(UTC) - timedelta(hours=5, minutes=7))
    for number in range(channels):
        where = {"channel_id": number, "guild_id": 5, "wall_time": "09:00", "timezone": "Asia/Seoul"}
        insert(well, "channels", **where, top=5, min_votes=0)
    ended, lines = check()
    said = "answered 5 hours ago; paperboy run asks it twice an hour, and does not seem to run."
    assert f"{mark} Hugging Face {said}" in lines
    assert ended == code


def test_a_source_that_fails(check: Check, well: Path) -> None:
    """Also a folder that was there; nothing is asked of the network."""
    failing = {"failing_since": FRIDAY, "failures": 3, "retry_at": FRIDAY}
    answer = {"host": "huggingface.co", "answer": "503 Service Unavailable"}
    state(well, "Hugging Face", why=json.dumps(["{host} answers {answer}.", answer]), **failing)
    state(well, "files", why=json.dumps(["There is no file or folder {path}.", {"path": "'digests'"}]), **failing)
    shutil.rmtree(well / "digests")
    ended, lines = check()
    assert ended == 1
    assert [line for line in lines if "2026-01-09" in line] == [
        "✗ Hugging Face has failed since 2026-01-09 12:00 UTC: huggingface.co answers 503 Service Unavailable. "
        "paperboy run asks it again by itself.",
        "✗ files has failed since 2026-01-09 12:00 UTC: There is no file or folder 'digests'. "
        "paperboy run asks it again by itself.",
    ]
    assert "· No digests are read: There is no file or folder 'digests'." in lines


def state(folder: Path, name: str, **values: object) -> None:
    kept = {key: f"{one:%Y-%m-%d %H:%M:%S.%f}" if isinstance(one, datetime) else one for key, one in values.items()}
    insert(folder, "sources", **{"name": name, "language": "en", "attribution": ""} | kept)
