"""paperboy papers"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.conftest import Done, Run, all_at

KEYS = ["arxiv_id", "title", "url", "date", "votes", "authors", "image_url", "video_url", "sections"]
DAY = ("--date", "2024-06-21")
ASKED: dict[str, tuple[str, ...]] = {
    "all": (),
    "month": ("--date", "2023-11"),
    "top": (*DAY, "--top", "5"),
    "accent": ("--author", "hakkani tur"),
    "excluded": ("--keyword", "diffusion -video"),
    "korean": ("--keyword", "추론"),
    "phrase of a day": (*DAY, "--keyword", '"language models"', "--top", "9", "--limit", "2"),
    "id": ("--id", "https://arxiv.org/abs/2406.14347v2"),
    "everything": (
        *DAY,
        "--author",
        "protasov",
        "--keyword",
        "dft",
        "--id",
        "2406.14347",
        "--top",
        "1",
        "--limit",
        "9",
    ),
    "contradiction": ("--date", "2024-05", "--id", "2406.14347"),
}


@pytest.fixture(scope="module")
def answers(imported: tuple[Path, Done]) -> dict[str, list[dict[str, Any]]]:
    """What each of ``ASKED`` prints with --json."""
    done = all_at(imported[0], [("papers", "--json", *options) for options in ASKED.values()])
    for one in done:
        assert (one.returncode, one.stderr) == (0, ""), one.args
    return {name: json.loads(one.stdout) for name, one in zip(ASKED, done, strict=True)}


def test_the_shape(answers: dict[str, list[dict[str, Any]]]) -> None:
    for name, found in answers.items():
        assert isinstance(found, list)
        for one in found:
            assert list(one) == KEYS, name
            assert isinstance(one["arxiv_id"], str)
            assert isinstance(one["title"], str)
            assert one["url"] == f"https://arxiv.org/abs/{one['arxiv_id']}"
            assert one["votes"] is None or isinstance(one["votes"], int)
            assert all(isinstance(name, str) for name in one["authors"])
            for key in ("image_url", "video_url"):
                assert one[key] is None or one[key].startswith("https://")
            for section in one["sections"]:
                assert list(section) == ["heading", "text"]
                assert section["heading"] is None or isinstance(section["heading"], str)
                assert isinstance(section["text"], str)
    assert len(answers["all"]) == 147
    assert any(one["video_url"] for one in answers["all"])
    assert any(one["votes"] is None for one in answers["all"])


def test_each_option(answers: dict[str, list[dict[str, Any]]]) -> None:
    everyone = answers["all"]
    ids = {name: [one["arxiv_id"] for one in found] for name, found in answers.items()}
    dates = {name: {one["date"] for one in found} for name, found in answers.items()}
    assert [one["date"] for one in everyone] == sorted((one["date"] for one in everyone), reverse=True)
    assert (len(ids["month"]), dates["month"]) == (19, {"2023-11-20", "2023-11-22"})
    assert [one["votes"] for one in answers["top"]] == [93, 66, 63, 35, 32]
    assert ids["top"][0] == "2406.14347"
    most = [one["votes"] for one in answers["phrase of a day"]]
    assert most == sorted(most, reverse=True)
    assert ids["accent"] == [one["arxiv_id"] for one in everyone if "Dilek Hakkani-Tür" in one["authors"]] != []
    for one in everyone:
        text = " ".join([one["title"], *(f"{part['heading']} {part['text']}" for part in one["sections"])]).casefold()
        words = set(re.findall("[a-z]+", text + " ".join(one["authors"]).casefold()))
        assert ("diffusion" in words and "video" not in words) == (one["arxiv_id"] in ids["excluded"]), one["arxiv_id"]
        assert ("추론" in text) <= (one["arxiv_id"] in ids["korean"]), one["arxiv_id"]
        if one["arxiv_id"] in ids["phrase of a day"]:
            assert "language models" in " ".join(re.findall("[a-z]+", text))
    assert 3 < len(ids["excluded"]) < len(ids["korean"]) < 147
    assert (len(ids["phrase of a day"]), dates["phrase of a day"]) == (2, {"2024-06-21"})
    assert ids["id"] == ids["everything"] == ["2406.14347"]
    assert answers["contradiction"] == []
    (paper,) = answers["id"]
    assert (paper["date"], paper["votes"], len(paper["authors"])) == ("2024-06-21", 93, 13)
    assert paper["title"].startswith("$\\nabla^2$DFT: A Universal")
    assert [section["heading"] for section in paper["sections"]] == [
        "What's New",
        "Technical Details",
        "Performance Highlights",
    ]


def test_korean_is_printed_as_it_is(imported: tuple[Path, Done]) -> None:
    done, table, nothing = all_at(
        imported[0],
        [("papers", "--json", *DAY, "--top", "5"), ("papers", *DAY, "--top", "5"), ("papers", "--date", "1999-01")],
    )
    assert "이번 연구에서는" in done.stdout
    lines = table.stdout.splitlines()
    assert table.returncode == 0
    assert lines[0].split() == ["Date", "Votes", "arXiv", "Title"]
    assert [line.split()[:3] for line in lines if line.strip().startswith("2024")] == [
        ["2024-06-21", str(one["votes"]), one["arxiv_id"]] for one in json.loads(done.stdout)
    ]
    assert "∇²DFT: A Universal" in lines[1]
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "No paper held fits this.\n", "")


def test_what_cannot_be_understood(tmp_path: Path) -> None:
    asked = {
        ("--date", "yesterday-ish"): "type a day as 2024-06-21 or a month as 2024-06",
        ("--id", "no-number"): "that is no arXiv number or link",
        ("--keyword", "-zebra"): "Type a word to look for",
        ("--author", "$$$"): "Type a name, such as Kaiming He.",
        ("--top", "0"): "--top",
    }
    for options, done in zip(asked, all_at(tmp_path, [("papers", "--json", *one) for one in asked]), strict=True):
        assert (done.returncode, done.stdout) == (2, ""), options
        assert asked[options] in " ".join(done.stderr.replace("│", " ").split()), options
    assert list(tmp_path.iterdir()) == []


def test_a_title_is_no_format(paperboy: Run, tmp_path: Path) -> None:
    title = "Of [/INST] and [bold]zebras[/bold] :smile: [link=x]"
    (tmp_path / "day.md").write_text(f"## (2024-02-02)\n\n### [{title}](https://arxiv.org/abs/2402.00001)\n", "utf-8")
    assert paperboy("import", "day.md").returncode == 0
    done = paperboy("papers")
    assert done.returncode == 0
    assert title in " ".join(done.stdout.split())
