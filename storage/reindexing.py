"""What comes of the analysis of text, made anew where it was made by another: places, indexes, words, and the normal
forms of what is followed."""

from __future__ import annotations

import logging
import unicodedata
import zlib

import Stemmer
from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from bot.errors import NotUnderstoodError
from bot.matching import understood
from storage import authors, digests
from storage.models import Follows
from storage.schema import anchors, matches, paper_authors, papers, subscriptions, words
from storage.schema import authors as author_rows
from storage.subscriptions import hang

log = logging.getLogger(__name__)

_ANALYSIS = 3
"""Counts the changes of bot.text, tex, document, terms and query that read a text or a keyword otherwise."""
_BATCH = 400

FINGERPRINT = zlib.crc32(f"{_ANALYSIS} {unicodedata.unidata_version} {Stemmer.version()}".encode()) & 0x7FFF_FFFF
"""Of the analysis, and of the tables of Unicode and of English endings that it uses."""


_TAKE_OVER = (
    update(matches)
    .prefix_with("OR IGNORE")
    .where(matches.c.subscription_id == bindparam("second"))
    .values(subscription_id=bindparam("first"))
)
_SET_NORMAL = update(subscriptions).where(subscriptions.c.id == bindparam("one")).values(normal=bindparam("now"))


def is_due(connection: Connection) -> bool:
    """Whether what this database holds was made by another analysis."""
    return bool(connection.execute(text("PRAGMA user_version")).scalar_one() != FINGERPRINT)


def reindex(connection: Connection) -> None:
    """Makes it all anew, within the connection's transaction."""
    for index in ("paper_words", "paper_titles", "paper_names", "author_names"):
        connection.execute(text(f"INSERT INTO {index} ({index}) VALUES ('delete-all')"))  # noqa: S608
    connection.execute(delete(words))
    connection.execute(update(papers).values(place=None))
    known = list(connection.execute(select(papers.c.arxiv_id).order_by(papers.c.id)).scalars())
    if known:
        log.info("the index is made anew", extra={"papers": len(known)})
    for start in range(0, len(known), _BATCH):
        digests.index(connection, known[start : start + _BATCH])
    connection.execute(update(author_rows).values(papers=0))
    links = select(paper_authors.c.author_id, func.count()).group_by(paper_authors.c.author_id)
    authors.rank(connection, {author_id: number for author_id, number in connection.execute(links)})
    _hang_all(connection)
    connection.execute(text(f"PRAGMA user_version = {FINGERPRINT}"))


def _hang_all(connection: Connection) -> None:
    connection.execute(delete(anchors))
    rows = connection.execute(select(subscriptions).order_by(subscriptions.c.id)).all()
    # In the meantime, and where it is not understood any more, each has one of its own: another may have had the one
    # that it is to have.
    connection.execute(update(subscriptions).values(normal=func.printf("?%d", subscriptions.c.id)))
    kept: dict[tuple[str, int, str, str], int] = {}
    hung: set[tuple[str, str]] = set()
    for row in rows:
        try:
            query = understood(Follows(row.kind), row.text)
        except NotUnderstoodError:
            continue
        first = kept.setdefault((row.subscriber, row.subscriber_id, row.kind, query.normal), row.id)
        if first != row.id:
            # Two that meant different things mean the same now. What waits to be told by this one is told by the first.
            connection.execute(_TAKE_OVER, {"first": first, "second": row.id})
            connection.execute(delete(subscriptions).where(subscriptions.c.id == row.id))
        elif (row.kind, query.normal) not in hung:
            hung.add((row.kind, query.normal))
            hang(connection, Follows(row.kind), query)
    if kept:
        connection.execute(_SET_NORMAL, [{"one": one, "now": normal} for (*_, normal), one in kept.items()])
