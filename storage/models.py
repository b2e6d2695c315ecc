"""The rows that leave the database, and what the parser reads: frozen, typed, free of any library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a summary. ``heading`` is None where the digest gives none; ``text`` is Markdown. ``language`` (ISO
    639-1) is that of its source, None where nobody told."""

    heading: str | None
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """One arXiv paper. ``arxiv_id`` has no version; ``title`` is as written, TeX kept; ``authors`` are in no order.
    ``repository`` and ``project`` are addresses of its code, with so many ``stars``, and of its own page; None where
    nobody told. ``keywords`` are those that a source gives it."""

    arxiv_id: str
    title: str
    url: str
    image_url: str | None = None
    video_url: str | None = None
    authors: tuple[str, ...] = ()
    repository: str | None = None
    stars: int | None = None
    project: str | None = None
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper's appearance in the digest of ``date``. ``votes`` is None where unknown; ``position`` counts from 0.
    ``attributions``: whom the sections are owed to. Of a paper that several sources have, the sections of all."""

    paper: Paper
    date: date
    position: int
    votes: int | None = None
    sections: tuple[Section, ...] = ()
    attributions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """The papers of one day from one source."""

    date: date
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """What a server said of an answer, to be asked whether it has changed since (RFC 9110, 13.1)."""

    etag: str | None = None
    modified: str | None = None


class Sentence(NamedTuple):
    """A message of the catalogue, with ``{names}`` for ``values``: kept as it is, and spoken in each reader's
    language."""

    message: str
    values: dict[str, str]

    def __str__(self) -> str:
        return self.message.format(**self.values)


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where digests come from, and how it is with it: when it last answered, since when it has not, after how many
    ``failures`` in a row, why, and when it is asked again. ``attribution`` is shown with what comes of it; ``language``
    is that of its texts."""

    name: str
    language: str
    attribution: str
    fetched_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    why: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a daily post shows: its papers by arXiv id, each with its votes; and the one of an earlier day that has
    risen since, with the votes that it had when that day was posted."""

    papers: tuple[tuple[str, int | None], ...]
    riser: tuple[str, int | None] | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A daily post that is there: in which message of which Discord channel since when, what it shows since when, and
    how often it was edited."""

    delivery_id: int
    target_id: int
    digest_date: date
    channel_id: int
    message_id: int
    posted_at: datetime
    shown: Shown
    shown_at: datetime
    edits: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What the owner of the bot is told: a source has failed ``since`` then and why, or is ``back``."""

    source: str
    since: datetime
    back: bool
    why: Sentence | None


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
    """A Discord channel with a daily post. ``wall_time`` is by the clock of ``timezone``; ``next_post_at`` is UTC.

    ``last_planned`` is the newest digest in the ledger for it; ``last_post_at`` when a posting time last put one there;
    ``late_until`` the end of a local day whose digest had not come at the posting time.
    """

    channel_id: int
    guild_id: int
    wall_time: time
    timezone: str
    top: int
    min_votes: int
    language: str
    paused: bool
    next_post_at: datetime
    last_planned: date | None = None
    last_post_at: datetime | None = None
    late_until: datetime | None = None


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
    NOTICE = "notice"
    """To the owner of the bot: a source has failed for long, or is back."""
    EDIT = "edit"
    """Of a daily post whose votes have moved; ``part`` counts the edits of the post."""


class DeliveryState(StrEnum):
    """Planned, failed and claimed deliveries are open: something is still to be done about them."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    SET_ASIDE = "set aside"
    EXPIRED = "expired"


class Reason(StrEnum):
    """Why a delivery is not sent, or a target is set aside."""

    CHANNEL_GONE = "channel gone"
    SERVER_LEFT = "server left"
    NO_ACCESS = "no access"
    NO_PERMISSION = "no permission"
    THREAD_CLOSED = "thread closed"
    DMS_CLOSED = "direct messages closed"
    REFUSED = "refused"
    UNREACHED = "unreached"
    NOT_DRAWN = "not drawn"
    UNCONFIRMED = "unconfirmed"
    TOO_OLD = "too old"
    FEW_VOTES = "few votes"
    WITHDRAWN = "withdrawn"
    READ = "read in the list"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed to one target: a row of the ledger.

    ``part`` counts the messages of one day from 0. ``due_at``: when a failed one may be sent, and until when
    a claimed one is its claimer's. ``claimed_at``: since when it is not known whether the message is there. ``why`` is
    what Discord said. ``channel_id`` is the Discord channel of a sent message, and ``message_id`` its id; of an edit,
    from the first, the one of the post.
    """

    id: int
    target: Subscriber
    target_id: int
    kind: DeliveryKind
    digest_date: date
    part: int
    state: DeliveryState
    attempts: int
    nonce: str
    due_at: datetime
    planned_at: datetime
    updated_at: datetime
    reason: Reason | None = None
    why: str | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    channel_id: int | None = None
    message_id: int | None = None

    @property
    def mark(self) -> str:
        """What the ids of its message carry: within a channel, the delivery is known by it."""
        return mark_of(self.kind, self.digest_date, self.part)


def mark_of(kind: DeliveryKind, day: date, part: int = 0) -> str:
    """The mark of a delivery."""
    return f"{kind[0]}{day:%y%m%d}{part or ''}"


@dataclass(frozen=True, slots=True)
class Target:
    """A person or channel that deliveries go to. ``refusals`` counts the days on which Discord refused in a row;
    ``set_aside_at`` is None while it is delivered to. ``dm_channel_id`` is a person's, once known."""

    target: Subscriber
    target_id: int
    guild_id: int | None = None
    dm_channel_id: int | None = None
    refusals: int = 0
    refused_on: date | None = None
    set_aside_at: datetime | None = None
    reason: Reason | None = None
    why: str | None = None
