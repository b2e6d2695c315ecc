"""The rows that leave the database, and what the parser reads: frozen, typed, free of any library."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a summary. ``heading`` is None where the digest gives none; ``text`` is Markdown."""

    heading: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One arXiv paper. ``arxiv_id`` has no version; ``title`` is as written, TeX kept; ``authors`` are in no order."""

    arxiv_id: str
    title: str
    url: str
    image_url: str | None = None
    video_url: str | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper's appearance in the digest of ``date``. ``votes`` is None where unknown; ``position`` counts from 0."""

    paper: Paper
    date: date
    position: int
    votes: int | None = None
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """The papers of one day from one source."""

    date: date
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that could not be read: where (``line`` counts from 1, None for the whole file) and why."""

    path: str
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    papers: int


class Sort(StrEnum):
    """The order of a look-up's answer."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    VOTES = "votes"


@dataclass(frozen=True, slots=True)
class Channel:
    """A Discord channel with a daily post. ``wall_time`` is by the clock of ``timezone``; ``next_post_at`` is UTC."""

    channel_id: int
    guild_id: int
    wall_time: time
    timezone: str
    top: int
    min_votes: int
    language: str
    paused: bool
    next_post_at: datetime
    last_posted: date | None = None


class Subscriber(StrEnum):
    """Who follows: a person (by direct message) or a channel."""

    USER = "user"
    CHANNEL = "channel"


class Follows(StrEnum):
    """What is followed."""

    KEYWORD = "keyword"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A keyword or author that somebody follows: ``text`` as typed, ``normal`` in its normal form."""

    id: int
    subscriber: Subscriber
    subscriber_id: int
    kind: Follows
    text: str
    normal: str
    language: str


class DeliveryKind(StrEnum):
    DAILY = "daily"
    ALERT = "alert"


class DeliveryState(StrEnum):
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed to one target: a row of the ledger. ``why`` says why it is not sent."""

    id: int
    target: Subscriber
    target_id: int
    kind: DeliveryKind
    digest_date: date
    state: DeliveryState
    attempts: int
    nonce: str
    why: str | None = None
    message_id: int | None = None
    updated_at: datetime | None = field(default=None, compare=False)
