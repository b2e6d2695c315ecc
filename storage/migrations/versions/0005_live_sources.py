"""Sources that are fetched, what they tell of papers besides the text, and digests that are still growing."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("papers", sa.Column("repository", sa.Text))
    op.add_column("papers", sa.Column("stars", sa.Integer))
    op.add_column("papers", sa.Column("project", sa.Text))
    op.add_column("papers", sa.Column("keywords", sa.JSON))
    op.add_column("digests", sa.Column("ready_at", sa.DateTime))
    op.create_table(
        "sources",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("attribution", sa.Text, nullable=False),
        sa.Column("fetched_at", sa.DateTime),
        sa.Column("failing_since", sa.DateTime),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("retry_at", sa.DateTime),
        sa.Column("why", sa.JSON),
        sa.Column("told_since", sa.DateTime),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "votes",
        sa.Column("paper_id", sa.Integer, sa.ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("at", sa.DateTime, primary_key=True),
        sa.Column("votes", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "posts",
        sa.Column("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("shown", sa.JSON, nullable=False),
        sa.Column("riser", sa.JSON),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("shown_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("back", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("why", sa.JSON),
    )
    op.create_table(
        "fetches",
        sa.Column("source", sa.String, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("fetched_at", sa.DateTime, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("modified", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("fetches_by_day", "fetches", ["source", "day"])
