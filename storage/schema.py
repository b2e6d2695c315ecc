"""The tables, as declared. Migrations lead here; a test proves that they do."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment: with its zone in Python, in UTC in the database. One without a zone would be taken for the machine's
    own time, and is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the moment {value} has no zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


papers = Table(
    "papers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("arxiv_id", String, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("image_url", Text),
    Column("video_url", Text),
    # Whether it has been held against the subscriptions.
    Column("matched", Boolean(create_constraint=False), nullable=False),
    # Its row in the index: storage.search.place().
    Column("place", BigInteger),
    Column("repository", Text),
    Column("stars", Integer),
    Column("project", Text),
    Column("keywords", JSON(none_as_null=True)),
    Index("papers_by_place", "place", unique=True),
    Index("papers_unmatched", "id", sqlite_where=text("matched = 0")),
)

authors = Table(
    "authors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    # How many papers are theirs.
    Column("papers", Integer, nullable=False, server_default=text("0")),
)

paper_authors = Table(
    "paper_authors",
    metadata,
    Column("paper_id", Integer, ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
    Column("author_id", Integer, ForeignKey("authors.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False),
    sqlite_with_rowid=False,
)

digests = Table(
    "digests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("date", Date, nullable=False),
    Column("source", String, nullable=False),
    # Until when papers were still coming in; None where they had all come when the first did.
    Column("ready_at", Instant),
    UniqueConstraint("date", "source"),
)

# Where digests come from, as it is set up, and how it is with each that is fetched.
sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True),
    Column("language", String, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("fetched_at", Instant),
    Column("failing_since", Instant),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("retry_at", Instant),
    Column("why", JSON(none_as_null=True)),
    # Since when it had failed, as the owner was told, who is told when it is back.
    Column("told_since", Instant),
    sqlite_with_rowid=False,
)

# What was fetched of a day, and which version of it.
fetches = Table(
    "fetches",
    metadata,
    Column("source", String, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("etag", Text),
    Column("modified", Text),
    Index("fetches_by_day", "source", "day"),
    sqlite_with_rowid=False,
)

# The votes of papers of sources that are fetched, as they were found: a row a change.
votes = Table(
    "votes",
    metadata,
    Column("paper_id", Integer, ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("votes", Integer, nullable=False),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    metadata,
    Column("digest_id", Integer, ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
    Column("paper_id", Integer, ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
    Column("votes", Integer),
    Column("position", Integer, nullable=False),
    Column("sections", JSON, nullable=False),
    Index("entries_by_paper", "paper_id"),
)

channels = Table(
    "channels",
    metadata,
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("wall_time", String(5), nullable=False),
    Column("timezone", String, nullable=False),
    Column("top", Integer, nullable=False),
    Column("min_votes", Integer, nullable=False),
    Column("language", String, nullable=False),
    Column("paused", Boolean(create_constraint=False), nullable=False),
    Column("next_post_at", Instant, nullable=False),
    Column("last_planned", Date),
    Column("last_post_at", Instant),
    Column("late_until", Instant),
    Index("channels_by_next_post", "next_post_at"),
    Index("channels_late", "late_until", sqlite_where=text("late_until IS NOT NULL")),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", String, nullable=False),
    Column("subscriber_id", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("normal", Text, nullable=False),
    Column("language", String, nullable=False),
    UniqueConstraint("subscriber", "subscriber_id", "kind", "normal"),
    Index("subscriptions_by_followed", "kind", "normal"),
)

targets = Table(
    "targets",
    metadata,
    Column("target", String, primary_key=True),
    Column("target_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger),
    Column("dm_channel_id", BigInteger),
    Column("refusals", Integer, nullable=False, server_default=text("0")),
    Column("refused_on", Date),
    Column("set_aside_at", Instant),
    Column("reason", String),
    Column("why", Text),
    Index("targets_by_guild", "guild_id", sqlite_where=text("guild_id IS NOT NULL")),
    Index("targets_set_aside", "set_aside_at", sqlite_where=text("set_aside_at IS NOT NULL")),
    sqlite_with_rowid=False,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String, nullable=False),
    Column("target_id", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("digest_date", Date, nullable=False),
    Column("part", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("nonce", String(25), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("reason", String),
    Column("why", Text),
    Column("claimed_by", String),
    Column("claimed_at", Instant),
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    UniqueConstraint("target", "target_id", "kind", "digest_date", "part"),
    Index("deliveries_open", "due_at", sqlite_where=text("state IN ('planned', 'failed', 'claimed')")),
    Index("deliveries_by_age", "planned_at"),
    Index("deliveries_by_digest", "digest_date", "kind"),
)

# What the keywords and authors that are followed hang on, each once however many follow it: bot.query.Query.anchors.
anchors = Table(
    "anchors",
    metadata,
    Column("anchor", Text, primary_key=True),
    Column("second", Text, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("normal", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Index("anchors_by_followed", "kind", "normal"),
    sqlite_with_rowid=False,
)
UNHANG = """
CREATE TRIGGER subscriptions_unhang AFTER DELETE ON subscriptions
WHEN NOT EXISTS (SELECT 1 FROM subscriptions WHERE kind = old.kind AND normal = old.normal)
BEGIN DELETE FROM anchors WHERE kind = old.kind AND normal = old.normal; END
"""

# The words of all papers, with their stems; those of Korean, Chinese or Japanese with their first characters.
words = Table(
    "words",
    metadata,
    Column("stem", Text, primary_key=True),
    Column("word", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# What an alert tells of: the papers, and the subscriptions that each was found by.
matches = Table(
    "matches",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("paper_id", Integer, ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
    Column("subscription_id", Integer, ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Index("matches_by_subscription", "subscription_id"),
    Index("matches_by_paper", "paper_id"),
    sqlite_with_rowid=False,
)

# The daily posts that are there: the papers in them with the votes shown, [[arXiv id, votes], …], the paper of an
# earlier day that has risen since, [arXiv id, votes], and how often they were edited.
posts = Table(
    "posts",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("shown", JSON, nullable=False),
    Column("riser", JSON(none_as_null=True)),
    Column("edits", Integer, nullable=False),
    Column("shown_at", Instant, nullable=False),
)

# What the owner of the bot is told.
notices = Table(
    "notices",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("source", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("back", Boolean(create_constraint=False), nullable=False),
    Column("why", JSON(none_as_null=True)),
)

# What Discord was last told, so that it is not told again: the fingerprint of the commands by application.
synced_commands = Table(
    "synced_commands",
    metadata,
    Column("application_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", String, nullable=False),
)

# The files that digests were read from, each with the mark that it then had: bot.sources.mark().
read_files = Table(
    "read_files",
    metadata,
    Column("path", LargeBinary, primary_key=True),
    Column("mark", String, nullable=False),
    sqlite_with_rowid=False,
)

# The indexes of storage.search and storage.authors: tokens with spaces between them, so "ascii" (which takes everything
# beyond ASCII for a letter) splits them as they are, whatever the version of Unicode. They keep no copy of the text,
# and not the lengths that only SQLite's own ranking asks for. The first column of an index is told of by nothing, any
# other by two bytes for each word of each paper: so the one with the most words comes first. A beginning of a
# length that is not given is looked for among all words that begin so, each with all its papers.
_OPTIONS = "content = '', columnsize = 0, tokenize = 'ascii'"
SEARCH_INDEX = (
    f"CREATE VIRTUAL TABLE paper_words USING fts5(sections, title, authors, {_OPTIONS})",
    f"CREATE VIRTUAL TABLE paper_titles USING fts5(title, {_OPTIONS}, prefix = '1 2 3 4 5 6 7')",
    f"CREATE VIRTUAL TABLE paper_names USING fts5(authors, {_OPTIONS})",
    f"CREATE VIRTUAL TABLE author_names USING fts5(name, {_OPTIONS}, prefix = '1 2 3')",
)
for statement in (*SEARCH_INDEX, UNHANG):
    event.listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
