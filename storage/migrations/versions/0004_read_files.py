"""Which files digests were read from, so that a start reads only what has changed since."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "read_files",
        sa.Column("path", sa.LargeBinary, primary_key=True),
        sa.Column("mark", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
