"""The log: its two forms, and the tokens that are in neither."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.app import create_bot
from bot.config import Settings, token
from bot.errors import ConfigurationError

STYLES: tuple[logs.Style, ...] = ("text", "json")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TOKEN = "MTE5ODYyMjQ4MzQ3MTkyNTI0OA.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"


def part(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=least, max_size=most)


TOKENS = st.builds("{}.{}.{}".format, part(24, 28), part(6, 7), part(27, 38))
# What stands around a token where it should not: anything at all.
AROUND = st.text(max_size=12)


class Asked:
    """A logger whose records are written to memory."""

    def __init__(self, style: logs.Style, secret: str | None = TOKEN) -> None:
        self.stream = io.StringIO()
        self.style = style
        self.log = logging.Logger("paper.boy")
        self.log.addHandler(logs.Handler(self.stream, style, secret))

    @property
    def said(self) -> str:
        return self.stream.getvalue()

    @property
    def one(self) -> dict[str, Any]:
        (line,) = self.said.splitlines()
        found = json.loads(line)
        assert isinstance(found, dict)
        return found


class _UnseenError(Exception):
    """An error that tells what it holds in no other way than by its arguments."""


def raised(secret: str, deep: int) -> BaseException:
    """An error that has come from others, by cause and by context in turn, each of which holds the secret."""
    try:
        try:
            if deep:
                raise raised(secret, deep - 1)
            raise ValueError(f"Bot {secret}", {"Authorization": secret})
        except Exception as error:
            if deep % 2:
                raise _UnseenError(secret.encode()) from error
            raise KeyError(secret) from None if deep == 4 else error
    except Exception as error:  # noqa: BLE001
        error.add_note(f"with {secret}")
        return error


@pytest.mark.parametrize("style", STYLES)
@given(secret=TOKENS, before=AROUND, after=AROUND, deep=st.integers(0, 4))
def test_the_token_is_never_said(style: logs.Style, secret: str, before: str, after: str, deep: int) -> None:
    asked, held = Asked(style, secret), before + secret + after
    asked.log.error(held)
    asked.log.error("to %s with %r", held, {"headers": [held, held.encode(errors="replace")]})
    asked.log.error("an extra", extra={"held": held, "more": {held: [held, (held,)]}, secret: 1})
    asked.log.error("an error", exc_info=raised(held, deep))
    asked.log.error("a group", exc_info=ExceptionGroup(held, [raised(secret, deep), ValueError(held)]))  # type: ignore[arg-type]
    asked.log.error("a stack %s", held, stack_info=True)
    # These do not fit their message; logging itself would print them as they are.
    asked.log.error("%d", held)
    asked.log.error("%s and %s", held)
    asked.log.error({"a dict": held})
    assert secret not in asked.said
    assert asked.said.count(logs.MASK) >= 8
    if style == "json":
        assert [
            set(json.loads(line)) >= {"time", "level", "logger", "message"} for line in asked.said.splitlines()
        ] == [True] * 9


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("secret", ['with "quotes" and \\back\\', "it's", "한국어.토큰"])
def test_a_token_of_another_shape_is_not_said_either(style: logs.Style, secret: str) -> None:
    asked = Asked(style, secret)
    asked.log.error("%s, %r, %s", secret, secret, [secret], extra={"held": secret, "json": json.dumps(secret)})
    assert secret not in asked.said
    assert json.dumps(secret)[1:-1] not in asked.said
    assert asked.said.count(logs.MASK) == 5


@pytest.mark.parametrize("tail", ["/callback", "/messages/@original", "?wait=true", ""])
@given(secret=st.text(LETTERS + ".%", min_size=1))
def test_tokens_of_interactions_and_webhooks_are_not_said(tail: str, secret: str) -> None:
    said = {
        f"POST https://discord.com/api/v10/interactions/14/{secret}{tail}": f"interactions/14/{logs.MASK}{tail}",
        f"POST https://discord.com/api/v10/webhooks/77/{secret}{tail} is 204": f"/webhooks/77/{logs.MASK}{tail} is 204",
        str({"id": "1", "token": secret, "t": 1}): f"{{'id': '1', 'token': '{logs.MASK}', 't': 1}}",
        json.dumps({"token": secret, "t": 1}): f'{{"token": "{logs.MASK}", "t": 1}}',
    }
    for held, masked in said.items():
        text, one = Asked("text"), Asked("json")
        for asked in (text, one):
            asked.log.error("%s", held)
        assert text.said.endswith(f"{masked}\n")
        assert one.one["message"].endswith(masked)
    fields = Asked("json")
    fields.log.error("extra", extra={"token": secret, "address": f"/webhooks/1/{secret}"})
    assert (fields.one["token"], fields.one["address"]) == (logs.MASK, f"/webhooks/1/{logs.MASK}")


@pytest.mark.parametrize("style", STYLES)
def test_what_looks_like_an_address_and_holds_no_token_stays(style: logs.Style) -> None:
    asked = Asked(style, None)
    asked.log.error("GET /channels/5/webhooks and /webhooks/77 and the token is missing")
    assert logs.MASK not in asked.said


class TestText:
    def test_a_line(self) -> None:
        asked = Asked("text")
        asked.log.info(
            "delivery sent", extra={"delivery": 3, "channel": 5, "why": "it is due", "empty": "", "a": 'b"='}
        )
        time, rest = asked.said.split(" ", 1)
        assert rest == 'INFO paper.boy: delivery sent delivery=3 channel=5 why="it is due" empty="" a="b\\"="\n'
        assert datetime.fromisoformat(time).utcoffset() == timedelta(0)

    @given(text=st.text())
    def test_is_one_line(self, text: str) -> None:
        asked = Asked("text")
        asked.log.info("%s", text, extra={"held": text})
        assert len(asked.said.splitlines()) == 1
        assert asked.said.endswith("\n")
        assert "\x1b" not in asked.said

    def test_a_traceback_stands_below(self) -> None:
        asked = Asked("text")
        asked.log.info("failed", extra={"delivery": 3}, exc_info=raised("x", 0))
        first, second, *_, last = asked.said.splitlines()
        assert first.endswith("INFO paper.boy: failed delivery=3")
        assert second == "Traceback (most recent call last):"
        assert last == "with x"

    def test_a_traceback_moves_no_cursor(self) -> None:
        asked = Asked("text")
        asked.log.info("failed", exc_info=ValueError("\x1b[2J\rwiped"))
        assert asked.said.endswith("ValueError: \\x1b[2J\\rwiped\n")


class TestJson:
    def test_an_object(self) -> None:
        asked = Asked("json")
        asked.log.warning("delivery %s", "sent", extra={"delivery": 3, "channels": [5, 6], "day": date(2026, 1, 2)})
        one = asked.one
        assert datetime.fromisoformat(one.pop("time")).utcoffset() == timedelta(0)
        assert one == {
            "level": "WARNING",
            "logger": "paper.boy",
            "message": "delivery sent",
            "delivery": 3,
            "channels": [5, 6],
            "day": "2026-01-02",
        }

    def test_an_exception(self) -> None:
        asked = Asked("json")
        asked.log.info("failed", exc_info=raised("here", 1))
        assert asked.one["exception"].startswith("Traceback (most recent call last):\n")
        assert "_UnseenError: b'here'" in asked.one["exception"]

    def test_an_extra_does_not_take_the_place_of_what_each_record_has(self) -> None:
        asked = Asked("json")
        asked.log.info("sent", extra={"level": 3, "time": 4, "logger": 5})
        one = asked.one
        assert (one["level"], one["logger"], one["level_"], one["time_"], one["logger_"]) == (
            "INFO",
            "paper.boy",
            3,
            4,
            5,
        )

    @given(text=st.text(), value=st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one)))
    def test_is_one_line_and_comes_back(self, text: str, value: object) -> None:
        asked = Asked("json")
        asked.log.info("%s", text, extra={"held": value})
        assert (asked.one["message"], asked.one["held"]) == (text, value)


@pytest.mark.parametrize("style", STYLES)
def test_a_record_that_cannot_be_written_down_is_told(style: logs.Style) -> None:
    class Silent:
        def __str__(self) -> str:
            raise RuntimeError(TOKEN)

        __repr__ = __str__

    asked = Asked(style)
    asked.log.error("%s", Silent())
    assert "test_logs.py" in asked.said
    assert "cannot be formatted: RuntimeError" in asked.said
    assert len(asked.said.splitlines()) == 1


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., io.StringIO]]:
    """Configures the log of this process for a test, on a standard error in memory."""
    root, levels = logging.getLogger(), [logging.getLogger(name).level for name in ("", "apscheduler")]
    handlers = list(root.handlers)
    for name in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)

    def configure(**settings: Any) -> io.StringIO:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        logs.configure(Settings(**settings), TOKEN)
        return stream

    yield configure
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    for name, level in zip(("", "apscheduler"), levels, strict=True):
        logging.getLogger(name).setLevel(level)


Configured = Callable[..., io.StringIO]


def test_the_settings_are_used(configured: Configured) -> None:
    first = configured(log_level="WARNING", log_format="json")
    logging.getLogger("a").info("not this")
    logging.getLogger("a").warning("this")
    logging.getLogger("apscheduler.x").warning("nor this")
    assert json.loads(first.getvalue())["message"] == "this"
    second = configured(log_level="DEBUG", log_format="text")
    logging.getLogger("a").debug("that")
    assert second.getvalue().endswith(" DEBUG a: that\n")
    assert second.getvalue().count("\n") == 1
    assert "that" not in first.getvalue()


def test_what_nobody_catches_is_logged(configured: Configured) -> None:
    stream = configured(log_format="json")
    error = raised(TOKEN, 2)
    sys.excepthook(type(error), error, error.__traceback__)

    def fail() -> None:
        raise error

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    class Ending:
        def __del__(self) -> None:
            raise error

    Ending()

    async def forget() -> None:
        async def failing() -> None:
            raise error

        task = asyncio.create_task(failing())
        await asyncio.wait((task,))
        del task

    asyncio.run(forget())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(TOKEN, UserWarning, stacklevel=1)
    assert TOKEN not in stream.getvalue()
    records = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(one["level"], one["logger"]) for one in records] == [
        ("CRITICAL", "bot.logs"),
        ("ERROR", "bot.logs"),
        ("ERROR", "bot.logs"),
        ("ERROR", "asyncio"),
        ("WARNING", "py.warnings"),
    ]
    assert all("KeyError: " in one["exception"] for one in records[:-1])
    assert records[3]["message"].startswith("Task exception was never retrieved")


def test_what_holds_settings_does_not_hold_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    settings = Settings()
    bot = create_bot(settings)
    for one in (settings, bot, bot.settings, bot.http, bot.tree, token()):
        for shown in (repr(one), str(one), f"{one}", repr([one])):
            assert TOKEN not in shown


def test_an_error_of_the_tokens_file_does_not_hold_it() -> None:
    with pytest.raises(ConfigurationError) as raised:
        token({"DISCORD_TOKEN_FILE": TOKEN})
    error: BaseException | None = raised.value
    assert error is not None
    assert TOKEN not in f"{error!r} {error}"
    assert error.__suppress_context__
