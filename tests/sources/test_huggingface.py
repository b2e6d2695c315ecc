"""What Hugging Face answers -> digests, whatever it may be."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import huggingface
from bot.errors import SourceError
from bot.parsed import Parsed
from storage.models import Entry, Paper, Section
from tests.sources.serving import paper

DAY, OTHER = date(2026, 1, 5), date(2026, 1, 6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(
    {*paper("2601.00001")["paper"], "ai_summary", "ai_keywords", "githubRepo", "githubStars", "projectPage"}
)


def parse(*pages: object, day: date = DAY) -> Parsed:
    listed = [one for page in pages for one in huggingface.items(json.dumps(page).encode())]
    return huggingface.parse(listed, day)


def only(**more: Any) -> Entry:
    parsed = parse([paper("2601.00001", **more)])
    assert parsed.rejects == ()
    ((entry,),) = [digest.entries for digest in parsed.digests]
    return entry


def test_a_paper() -> None:
    found = only(
        title="On\n  τ-bench",
        upvotes=12,
        summary="First\nline.\r\n\r\nSecond one.",
        ai_summary=" In short. ",
        ai_keywords=["diffusion", " large  language models ", "diffusion", ""],
        githubRepo="https://github.com/lab/tau",
        githubStars=345,
        projectPage="https://lab.example/tau",
        mediaUrls=["https://cdn-uploads.huggingface.co/a.mp4", "https://cdn-uploads.huggingface.co/a.png"],
        submittedOnDailyAt="2026-01-05T23:30:00.000-05:00",
    )
    assert found == Entry(
        Paper(
            "2601.00001",
            "On τ-bench",
            "https://arxiv.org/abs/2601.00001",
            "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2601.00001.png",
            "https://cdn-uploads.huggingface.co/a.mp4",
            ("Ana López", "김철수"),
            "https://github.com/lab/tau",
            345,
            "https://lab.example/tau",
            ("diffusion", "large language models"),
        ),
        OTHER,
        0,
        12,
        (Section("Summary", "In short."), Section("Abstract", "First line.\n\nSecond one.")),
    )


def test_authors_are_those_who_are_shown_and_named() -> None:
    ada, hidden = {"name": " Ada\n Lovelace ", "hidden": False}, {"name": "Somebody", "hidden": True}
    others = [{"name": "*"}, {"name": None}, {}, {"name": "Ada Lovelace"}, {"name": "홍길동", "hidden": None}]
    assert only(authors=[ada, hidden, *others]).paper.authors == ("Ada Lovelace", "홍길동")


def test_what_is_missing_is_unknown() -> None:
    parsed = parse([{"paper": {"id": "2601.00001", "title": "T"}}])
    assert parsed.rejects == ()
    (digest,) = parsed.digests
    assert digest.date == DAY
    assert digest.entries == (Entry(Paper("2601.00001", "T", "https://arxiv.org/abs/2601.00001"), DAY, 0),)


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in ("id", "title")])
def test_null_is_as_missing(name: str) -> None:
    bare = paper("2601.00001")
    without = {"paper": {key: value for key, value in bare["paper"].items() if key != name}}
    assert parse([bare | {"paper": bare["paper"] | {name: None}}]).digests == parse([bare | without]).digests


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"id": "not-arxiv"}, "'not-arxiv': it has no arXiv number"),
        ({"id": 2601.00001}, "paper.id"),
        ({"title": " \n"}, "'2601.00002': it has no title"),
        ({"title": None}, "paper.title"),
        ({"upvotes": "12"}, "paper.upvotes"),
        ({"upvotes": -1}, "paper.upvotes"),
        ({"upvotes": True}, "paper.upvotes"),
        ({"authors": "Ana"}, "paper.authors"),
        ({"authors": [None]}, "paper.authors.0"),
        ({"summary": ["a"]}, "paper.summary"),
        ({"submittedOnDailyAt": "yesterday"}, "paper.submittedOnDailyAt"),
        ({"submittedOnDailyAt": "9999-12-31T23:00:00-05:00"}, "'2601.00002'"),
        ({"publishedAt": "long ago"}, "paper.publishedAt"),
        ({"ai_keywords": {"a": 1}}, "paper.ai_keywords"),
        ({"githubStars": 1.5}, "paper.githubStars"),
        ({"summary": "a" * 200_000}, "paper.summary"),
        ({"title": "half \ud800 of a pair"}, "paper.title"),
        ({"id": "\ud800"}, "paper.id"),
        ({"upvotes": float("nan")}, "paper.upvotes"),
        ({"upvotes": 10**30}, "paper.upvotes"),
        ({"authors": [[[[[]]]]]}, "paper.authors.0"),
        ({"submittedOnDailyAt": float("inf")}, "paper.submittedOnDailyAt"),
        ({"submittedOnDailyAt": 1767571200}, "paper.submittedOnDailyAt"),
    ],
)
def test_a_wrong_field_costs_its_own_paper_alone(more: dict[str, Any], reason: str) -> None:
    wrong = paper("2601.00002")
    wrong["paper"] |= more
    parsed = parse([paper("2601.00001"), wrong, paper("2601.00003")])
    assert [entry.paper.arxiv_id for entry in parsed.digests[0].entries] == ["2601.00001", "2601.00003"]
    (reject,) = parsed.rejects
    assert (reject.path, reject.line) == ("Hugging Face, 2026-01-05", 2)
    assert reason in reject.reason


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "/relative", "http://", "http://[", ""]
)
def test_an_address_is_http_or_none(address: str) -> None:
    found = only(githubRepo=address, githubStars=3, projectPage=address, mediaUrls=[address]).paper
    assert (found.repository, found.stars, found.project, found.video_url) == (None, None, None, None)


def test_days_and_pages() -> None:
    first = [paper("2601.00001", submittedOnDailyAt="2026-01-06T01:00:00.000Z"), paper("2601.00002")]
    parsed = parse(first, [paper("2601.00002"), paper("2601.00003")])
    assert [
        (digest.date, [(one.paper.arxiv_id, one.position) for one in digest.entries]) for digest in parsed.digests
    ] == [
        (DAY, [("2601.00002", 0), ("2601.00003", 1)]),
        (OTHER, [("2601.00001", 0)]),
    ]


@pytest.mark.parametrize("body", [b"", b"<!doctype html>", b'{"error": "x"}', b'"a"', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_list(body: bytes) -> None:
    with pytest.raises(SourceError, match="something else"):
        huggingface.items(body)
    with pytest.raises(SourceError, match="form that is not known"):
        huggingface.parse_paper(body, DAY)


def test_numbers_of_thousands_of_digits_and_too_many_papers() -> None:
    page = json.dumps([paper("2601.00001"), paper("2601.00002", upvotes=77_777)]).replace("77777", "7" * 5_000)
    parsed = huggingface.parse(huggingface.items(page.encode()), DAY)
    assert [entry.paper.arxiv_id for entry in parsed.digests[0].entries] == ["2601.00001"]
    assert len(parsed.rejects) == 1
    with pytest.raises(SourceError, match="a list of 10,001 papers"):
        huggingface.items(b"[" + b"{}," * 10_000 + b"{}]")


def test_one_paper() -> None:
    one = paper("2601.00001", "T", 3)["paper"]
    entry = huggingface.parse_paper(json.dumps(one).encode(), DAY)
    assert (entry.paper.arxiv_id, entry.votes, entry.date) == ("2601.00001", 3, date(2026, 1, 4))


@pytest.mark.parametrize(
    ("published", "day"),
    [
        ("2017-06-12T17:57:34.000Z", date(2017, 6, 12)),
        ("2017-06-12T23:30:00-05:00", date(2017, 6, 13)),
        ("2017-06-12T17:57:34", date(2017, 6, 12)),
        (None, DAY),
        ("2062-01-01T00:00:00.000Z", DAY),
    ],
)
def test_one_paper_is_of_the_day_on_which_it_was_published(published: str | None, day: date) -> None:
    one = paper("2601.00001", publishedAt=published, submittedOnDailyAt="2026-01-05T01:00:00.000Z")["paper"]
    assert huggingface.parse_paper(json.dumps(one).encode(), DAY).date == day


@given(JSON, st.lists(st.tuples(st.sampled_from(FIELDS), JSON), max_size=3))
def test_anything_is_a_paper_or_a_reject(other: Any, changed: list[tuple[str, Any]]) -> None:
    odd = paper("2601.00002")
    odd["paper"] |= dict(changed)
    parsed = parse([paper("2601.00001"), odd, other])
    found = {entry.paper.arxiv_id for digest in parsed.digests for entry in digest.entries}
    assert "2601.00001" in found
    assert len(found) + len(parsed.rejects) >= 2
    for digest in parsed.digests:
        for entry in digest.entries:
            assert entry.date == digest.date
            assert "\n" not in entry.paper.title
