"""What Paperboy says in its log: one record a line, as text or as JSON, and never a token."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from bot.config import Settings

log = logging.getLogger(__name__)

Style = Literal["text", "json"]

MASK = "[token]"
_OWN = ("time", "level", "logger", "message", "exception", "stack")
# What a terminal or a reader of lines would take for something else than a letter.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# The tokens of interactions and webhooks: in addresses, and in what the gateway sends.
_ADDRESS = re.compile(r"(/(?:interactions|webhooks)/\d+/)[^/\s?#\"'\\<>]+")
_FIELD = re.compile(r"(\\?[\"']token\\?[\"']: ?\\?[\"'])[^\"'\\]+")


class Handler(logging.StreamHandler[TextIO]):
    """Writes records to a stream. All that goes out passes through here, and the tokens are taken out here."""

    def __init__(self, stream: TextIO, style: Style, token: str | None) -> None:
        super().__init__(stream)
        self.setFormatter(_Json() if style == "json" else _Text())
        self._token = re.compile("".join(map(_anyhow, token))) if token else None

    def format(self, record: logging.LogRecord) -> str:
        try:
            text = super().format(record)
        except Exception as error:  # noqa: BLE001 - logging would print the record as it is, tokens and all.
            about = f"a record of {record.pathname}:{record.lineno} cannot be formatted: {type(error).__name__}"
            text = super().format(logging.LogRecord(record.name, record.levelno, "", 0, about, None, None))
        return self._masked(text)

    def _masked(self, text: str) -> str:
        if self._token is not None:
            text = self._token.sub(MASK, text)
        return _FIELD.sub(rf"\g<1>{MASK}", _ADDRESS.sub(rf"\g<1>{MASK}", text))


class _Text(logging.Formatter):
    """``time level logger: message key=value …``, and tracebacks in the lines below."""

    def format(self, record: logging.LogRecord) -> str:
        said = [f"{_time(record)} {record.levelname} {record.name}: {record.getMessage()}"]
        said += [f"{key}={_value(value)}" for key, value in _extra(record).items()]
        lines = [" ".join(said)]
        if record.exc_info:
            lines += self.formatException(record.exc_info).split("\n")
        if record.stack_info:
            lines += self.formatStack(record.stack_info).split("\n")
        return "\n".join(_CONTROL.sub(lambda found: repr(found[0])[1:-1], line) for line in lines)


class _Json(JsonFormatter):
    """One object a line: time, level, logger, message, what was given as ``extra``, exception and stack."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        log_data |= {"time": _time(record), "level": record.levelname, "logger": record.name}
        log_data |= {"message": record.getMessage()} | _extra(record)
        if record.exc_info:
            log_data["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            log_data["stack"] = self.formatStack(record.stack_info)


def configure(settings: Settings, token: str | None) -> None:
    """Sends the log of the whole process to the standard error, and with it what nobody has caught."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, Handler)]:
        root.removeHandler(handler)
    root.addHandler(Handler(sys.stderr, settings.log_format, token))
    root.setLevel(settings.log_level)
    # It would warn of each look at what is due that a long round of posting leaves out.
    logging.getLogger("apscheduler").setLevel("ERROR")
    # TeX that cannot be read is shown as it is.
    logging.getLogger("pylatexenc").setLevel("ERROR")
    logging.captureWarnings(capture=True)
    # asyncio logs by itself what a task has raised and nobody asked for.
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def _anyhow(char: str) -> str:
    """A pattern for a character of the token, as it is or escaped, by ``repr`` or in JSON, once or more than once."""
    if char.isascii() and (char.isalnum() or char in "-_."):
        return re.escape(char)
    forms = {form.lstrip("\\") for form in (char, repr(char)[1:-1], json.dumps(char)[1:-1])}
    return r"\\+" if "" in forms else rf"\\*(?:{'|'.join(map(re.escape, sorted(forms)))})"


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as ``extra=``; a name that each record has by itself gets an underscore."""
    return {
        f"{key}_" if key in _OWN else key: value for key, value in vars(record).items() if key not in RESERVED_ATTRS
    }


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _value(value: object) -> str:
    text = str(value)
    return text if text and not re.search(r"[\s\"=]", text) else json.dumps(text, ensure_ascii=False)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("ended by an error", exc_info=(kind, error, trace))


def _unraisable(found: sys.UnraisableHookArgs, /) -> None:
    error = found.exc_value or found.exc_type()
    log.error("%s: %r", found.err_msg or "ignored", found.object, exc_info=(found.exc_type, error, found.exc_traceback))


def _uncaught_in_thread(found: threading.ExceptHookArgs, /) -> None:
    error = found.exc_value or found.exc_type()
    name = found.thread.name if found.thread else None
    trace = (found.exc_type, error, found.exc_traceback)
    log.error("a thread was ended by an error", extra={"in": name}, exc_info=trace)
