"""The ledger with a reason to each state, what alerts tell of, targets that are set aside, and late digests."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# A claim of the first schema carries another mark in its message, so nobody can look whether it is there.
_DELIVERIES = """
INSERT INTO deliveries (id, target, target_id, kind, digest_date, part, state, attempts, nonce, due_at, planned_at,
                        updated_at, reason, why, claimed_at, channel_id, message_id)
SELECT id, target, target_id, kind, digest_date, 0,
       CASE state WHEN 'claimed' THEN 'set aside' WHEN 'failed' THEN 'expired' ELSE state END, attempts, nonce,
       updated_at, updated_at, updated_at,
       CASE state WHEN 'claimed' THEN 'unconfirmed' WHEN 'failed' THEN 'refused' END,
       why, CASE state WHEN 'claimed' THEN updated_at END, CASE target WHEN 'channel' THEN target_id END, message_id
FROM deliveries_0001
"""


def upgrade() -> None:
    op.execute("ALTER TABLE channels RENAME COLUMN last_posted TO last_planned")
    op.add_column("channels", sa.Column("last_post_at", sa.DateTime))
    op.add_column("channels", sa.Column("late_until", sa.DateTime))
    op.create_index("channels_late", "channels", ["late_until"], sqlite_where=sa.text("late_until IS NOT NULL"))
    op.create_table(
        "targets",
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("target_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("dm_channel_id", sa.BigInteger),
        sa.Column("refusals", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("refused_on", sa.Date),
        sa.Column("set_aside_at", sa.DateTime),
        sa.Column("reason", sa.String),
        sa.Column("why", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("targets_by_guild", "targets", ["guild_id"], sqlite_where=sa.text("guild_id IS NOT NULL"))
    op.create_index("targets_set_aside", "targets", ["set_aside_at"], sqlite_where=sa.text("set_aside_at IS NOT NULL"))
    op.execute("INSERT INTO targets (target, target_id, guild_id) SELECT 'channel', channel_id, guild_id FROM channels")
    op.execute(
        "INSERT INTO targets (target, target_id) SELECT DISTINCT subscriber, subscriber_id FROM subscriptions "
        "WHERE true ON CONFLICT DO NOTHING"
    )
    op.rename_table("deliveries", "deliveries_0001")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("target_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("digest_date", sa.Date, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("nonce", sa.String(25), nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("planned_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("why", sa.Text),
        sa.Column("claimed_by", sa.String),
        sa.Column("claimed_at", sa.DateTime),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.UniqueConstraint("target", "target_id", "kind", "digest_date", "part"),
    )
    op.execute(_DELIVERIES)
    op.drop_table("deliveries_0001")
    op.create_index(
        "deliveries_open",
        "deliveries",
        ["due_at"],
        sqlite_where=sa.text("state IN ('planned', 'failed', 'claimed')"),
    )
    op.create_index("deliveries_by_age", "deliveries", ["planned_at"])
    op.create_index("deliveries_by_digest", "deliveries", ["digest_date", "kind"])
    op.create_table(
        "matches",
        sa.Column("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("paper_id", sa.Integer, sa.ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "subscription_id", sa.Integer, sa.ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("matches_by_paper", "matches", ["paper_id"])
    op.create_index("matches_by_subscription", "matches", ["subscription_id"])
