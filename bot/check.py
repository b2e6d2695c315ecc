"""``paperboy check``: whether all is well, and what to do where it is not. It changes nothing."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import date, datetime

from bot import language, refusals
from bot.config import Settings
from bot.errors import DatabaseError, SourceError
from bot.sources import files, only_weekend
from storage import accounts, channels, digests, integrity, sources, targets
from storage.database import HEAD, Database
from storage.models import DeliveryKind, SourceState, Subscriber
from storage.reindexing import FINGERPRINT
from storage.sqlite import file_of

OLD_DAYS = 4
"""A newest digest older than this, a weekend and a holiday, is worth a look."""

_LONG_MINUTES = 120
"""Without an answer or a failure: what runs has asked several times meanwhile."""

# The id of the application in base64, a time, and a signature (Discord, Reference: Authentication).
_TOKEN = re.compile(r"([\w-]{18,})\.[\w-]{5,8}\.[\w-]{27,}")

_UNKNOWN = SourceState("", "", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``well`` is None where it is neither well nor wrong."""

    well: bool | None
    said: str


async def check(settings: Settings, token: str | None, now: datetime) -> list[Finding]:
    """Looks at the token, the digests, and the database with its channels."""
    findings = [Finding(True, "The configuration can be used."), _token(token), *_folders(settings)]
    path = file_of(settings.database.url)
    if not path.exists():
        return [*findings, Finding(None, f"There is no database at '{path}' yet; the first start makes it.")]
    try:
        faults, revision = integrity.faults(path), integrity.revision(path)
    except DatabaseError as error:
        return [*findings, Finding(False, str(error))]
    if faults:
        mend = "End Paperboy, and put a backup in its place: paperboy restore PATH."
        return [*findings, Finding(False, f"The database '{path}' is damaged: {'; '.join(faults)}. {mend}")]
    findings.append(Finding(True, f"The database '{path}' is whole."))
    if revision and revision > HEAD:
        return [*findings, Finding(False, "It is of a newer version than this Paperboy. Run that version.")]
    if revision != HEAD:
        said = "It is of an older version; the next start copies it and brings it up to date."
        return [*findings, Finding(None, said if revision else "It holds nothing of Paperboy's yet.")]
    try:
        if integrity.analysis(path) != FINGERPRINT:
            # Opened, it would be written.
            return [*findings, Finding(None, "It was indexed by another version; the next start indexes it anew.")]
        return findings + await _held(settings, now)
    except DatabaseError as error:
        return [*findings, Finding(False, str(error))]


def _token(token: str | None) -> Finding:
    if token is None:
        return Finding(False, "There is no token: set DISCORD_TOKEN, or DISCORD_TOKEN_FILE.")
    match = _TOKEN.fullmatch(token)
    try:
        application = base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode() if match else ""
    except (binascii.Error, UnicodeDecodeError):
        application = ""
    if not application.isdecimal():
        return Finding(
            False,
            "The token does not look like a bot's. Copy it anew from the Developer Portal, under Bot, Reset Token.",
        )
    return Finding(True, f"The token looks like a bot's, of the application {application}.")


def _folders(settings: Settings) -> list[Finding]:
    findings = []
    for source in settings.sources:
        if source.kind == "folder":
            try:
                number = len(files([source.path]))
            except SourceError as error:
                # Where papers also come from elsewhere, nobody needs to have files.
                findings.append(Finding(None if len(settings.sources) > 1 else False, f"No digests are read: {error}"))
            else:
                findings.append(Finding(True, f"{_number(number, 'digest file')} in '{source.path}'."))
    return findings


async def _held(settings: Settings, now: datetime) -> list[Finding]:
    database = await Database.open(settings.database.url)
    try:
        async with database.read() as connection:
            newest = await digests.newest(connection)
            states = {state.name: state for state in await sources.all_of_them(connection)}
            posted_to = await channels.count(connection)
            aside = await targets.set_aside(connection)
            unknown = await accounts.unconfirmed(connection)
    finally:
        await database.close()
    findings = [
        _source(one.name, state, now, posted_to)
        for one in settings.sources
        if (state := states.get(one.name, _UNKNOWN)).failing_since or one.kind != "folder"
    ]
    findings += [_newest(newest, now.date()), _posted_to(posted_to)]
    english = language.language(language.ENGLISH)
    for target in aside:
        reason = english.text(refusals.SENTENCES[target.reason], why=target.why or "?") if target.reason else ""
        since = f"since {target.set_aside_at:%Y-%m-%d}"
        where = _where(target.target)
        server = f" of server {target.guild_id}" if target.guild_id else ""
        said = f"Nothing is sent to {where} {target.target_id}{server} {since}. {reason}"
        findings.append(Finding(_is_wrong(target.target), said))
    for delivery in unknown:
        post = delivery.kind is DeliveryKind.DAILY
        what, where = "post" if post else "alert", _where(delivery.target)
        said = f"Nobody knows whether the {what} of {delivery.digest_date} to {where} {delivery.target_id} is there."
        findings.append(Finding(_is_wrong(delivery.target), f"{said} /digest post looks again." if post else said))
    return findings


def _is_wrong(target: Subscriber) -> bool | None:
    """Whoever has closed their direct messages may; it is for nobody else to mend."""
    return False if target is Subscriber.CHANNEL else None


def _where(target: Subscriber) -> str:
    return "channel" if target is Subscriber.CHANNEL else "person"


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _posted_to(number: int) -> Finding:
    if not number:
        return Finding(None, "No channel has a daily post yet.")
    return Finding(True, f"{_number(number, 'channel')} {'has' if number == 1 else 'have'} a daily post.")


def _source(name: str, state: SourceState, now: datetime, posted_to: int) -> Finding:
    if state.failing_since:
        since = f"{state.failing_since:%Y-%m-%d %H:%M} UTC"
        return Finding(False, f"{name} has failed since {since}: {state.why} paperboy run asks it again by itself.")
    if state.fetched_at is None:
        return Finding(None, f"{name} was not asked for papers yet; paperboy run does.")
    minutes = max(0, int((now - state.fetched_at).total_seconds() // 60))
    if minutes < _LONG_MINUTES:
        return Finding(True, f"{name} answered {_number(minutes, 'minute')} ago.")
    # Who only fetches the past has nothing that runs.
    said = f"{name} answered {minutes // 60} hours ago; paperboy run asks it twice an hour, and does not seem to run."
    return Finding(False if posted_to else None, said)


def _newest(newest: date | None, today: date) -> Finding:
    if newest is None:
        return Finding(None, "No digest is held yet.")
    days = (today - newest).days
    ago = f"{_number(days, 'day')} ago" if days > 0 else "today" if not days else "ahead of the clock here"
    weekend = " On weekends there are seldom papers." if only_weekend(newest, today) else ""
    return Finding(days <= OLD_DAYS, f"The newest digest is of {newest}, {ago}.{weekend}")
