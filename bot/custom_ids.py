"""The ids of buttons and menus: all they need is in the id, so they work after a restart and on old messages.

An id has at most 100 characters (Discord). The longest holds a keyword of 80.
"""

from __future__ import annotations

import re

from bot.lookup import Lookup
from storage.models import Follows

PAGE = re.compile(r"pb:page:(?P<page>\d{1,6}):(?P<lookup>.+)", re.DOTALL)
OPEN = re.compile(r"pb:open:(?P<lookup>.+)", re.DOTALL)
SHARE = re.compile(r"pb:share:(?P<page>\d{1,6}):(?P<lookup>.+)", re.DOTALL)
SUMMARY = re.compile(r"pb:summary:(?P<mark>.*)", re.DOTALL)
SUMMARY_PAGE = re.compile(r"pb:more:(?P<page>\d{1,3}):(?P<arxiv_id>.+)")
SHARE_SUMMARY = re.compile(r"pb:tell:(?P<arxiv_id>.+)")
BIBTEX = re.compile(r"pb:bibtex:(?P<arxiv_id>.+)")
FOLLOW = re.compile(r"pb:follow:(?P<kind>[ka]):(?P<text>.+)", re.DOTALL)
UNFOLLOW = re.compile(r"pb:unfollow:(?P<id>\d{1,18})")
ASK = re.compile(r"pb:ask")
REMOVE = re.compile(r"pb:remove:(?P<page>\d{1,6})")
LIST = re.compile(r"pb:list:(?P<page>\d{1,6})")
SOURCES = re.compile(r"pb:sources:(?P<mark>.*)", re.DOTALL)
KEYWORDS = re.compile(r"pb:keywords:(?P<arxiv_id>.+)")
MISSED = re.compile(r"pb:missed:(?P<id>\d{1,18})")

ASKED = "pb:asked"
"""The modal of "Follow a keyword"."""
ASKED_TEXT = "pb:asked:text"
"""Its field."""


def page(number: int, lookup: Lookup) -> str:
    return f"pb:page:{number}:{lookup}"


def open_lookup(lookup: Lookup) -> str:
    return f"pb:open:{lookup}"


def share(number: int, lookup: Lookup) -> str:
    return f"pb:share:{number}:{lookup}"


def summary(mark: str) -> str:
    return f"pb:summary:{mark}"


def summary_page(number: int, arxiv_id: str) -> str:
    return f"pb:more:{number}:{arxiv_id}"


def share_summary(arxiv_id: str) -> str:
    return f"pb:tell:{arxiv_id}"


def bibtex(arxiv_id: str) -> str:
    return f"pb:bibtex:{arxiv_id}"


def follow(kind: Follows, text: str) -> str:
    return f"pb:follow:{kind[0]}:{text}"


def unfollow(subscription_id: int) -> str:
    return f"pb:unfollow:{subscription_id}"


def ask() -> str:
    return "pb:ask"


def remove(number: int) -> str:
    return f"pb:remove:{number}"


def list_page(number: int) -> str:
    return f"pb:list:{number}"


def sources(mark: str) -> str:
    return f"pb:sources:{mark}"


def keywords(arxiv_id: str) -> str:
    return f"pb:keywords:{arxiv_id}"


def missed(delivery_id: int) -> str:
    return f"pb:missed:{delivery_id}"
