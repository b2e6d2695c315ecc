"""Papers, digests, channels, subscriptions, deliveries and the search index."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("arxiv_id", sa.String, nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("image_url", sa.Text),
        sa.Column("video_url", sa.Text),
        sa.Column("matched", sa.Boolean(create_constraint=False), nullable=False),
    )
    op.create_index("papers_unmatched", "papers", ["id"], sqlite_where=sa.text("matched = 0"))
    op.create_table(
        "authors",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("folded", sa.Text, nullable=False),
    )
    op.create_table(
        "paper_authors",
        sa.Column("paper_id", sa.Integer, sa.ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("authors.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("paper_authors_by_author", "paper_authors", ["author_id"])
    op.create_table(
        "digests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.UniqueConstraint("date", "source"),
    )
    op.create_table(
        "entries",
        sa.Column("digest_id", sa.Integer, sa.ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("paper_id", sa.Integer, sa.ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("votes", sa.Integer),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sections", sa.JSON, nullable=False),
    )
    op.create_index("entries_by_paper", "entries", ["paper_id"])
    op.create_table(
        "channels",
        sa.Column("channel_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("wall_time", sa.String(5), nullable=False),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("top", sa.Integer, nullable=False),
        sa.Column("min_votes", sa.Integer, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("paused", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("next_post_at", sa.DateTime, nullable=False),
        sa.Column("last_posted", sa.Date),
    )
    op.create_index("channels_by_next_post", "channels", ["next_post_at"])
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subscriber", sa.String, nullable=False),
        sa.Column("subscriber_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("normal", sa.Text, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.UniqueConstraint("subscriber", "subscriber_id", "kind", "normal"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("target_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("digest_date", sa.Date, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("nonce", sa.String(25), nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("target", "target_id", "kind", "digest_date"),
    )
    op.create_table(
        "synced_commands",
        sa.Column("application_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String, nullable=False),
    )
    op.execute("CREATE VIRTUAL TABLE paper_words USING fts5(title, authors, sections, tokenize = 'ascii')")
    op.execute("CREATE VIRTUAL TABLE paper_vocabulary USING fts5vocab(paper_words, row)")
