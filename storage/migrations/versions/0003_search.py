"""Keywords with endings and spaces: words, what subscriptions hang on, and indexes in the order of votes.

What they hold comes of the analysis of text, and is made anew when the database is opened (storage.reindexing).
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INDEX = "content = '', columnsize = 0, tokenize = 'ascii'"

_UNHANG = """
CREATE TRIGGER subscriptions_unhang AFTER DELETE ON subscriptions
WHEN NOT EXISTS (SELECT 1 FROM subscriptions WHERE kind = old.kind AND normal = old.normal)
BEGIN DELETE FROM anchors WHERE kind = old.kind AND normal = old.normal; END
"""


def upgrade() -> None:
    op.add_column("papers", sa.Column("place", sa.BigInteger))
    op.create_index("papers_by_place", "papers", ["place"], unique=True)
    op.add_column("authors", sa.Column("papers", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.drop_column("authors", "folded")
    op.drop_index("paper_authors_by_author", "paper_authors")
    op.create_table(
        "anchors",
        sa.Column("anchor", sa.Text, primary_key=True),
        sa.Column("second", sa.Text, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("normal", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("anchors_by_followed", "anchors", ["kind", "normal"])
    op.create_index("subscriptions_by_followed", "subscriptions", ["kind", "normal"])
    op.execute(_UNHANG)
    op.create_table(
        "words",
        sa.Column("stem", sa.Text, primary_key=True),
        sa.Column("word", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.execute("DROP TABLE paper_vocabulary")
    op.execute("DROP TABLE paper_words")
    op.execute(f"CREATE VIRTUAL TABLE paper_words USING fts5(sections, title, authors, {_INDEX})")
    op.execute(f"CREATE VIRTUAL TABLE paper_titles USING fts5(title, {_INDEX}, prefix = '1 2 3 4 5 6 7')")
    op.execute(f"CREATE VIRTUAL TABLE paper_names USING fts5(authors, {_INDEX})")
    op.execute(f"CREATE VIRTUAL TABLE author_names USING fts5(name, {_INDEX}, prefix = '1 2 3')")
