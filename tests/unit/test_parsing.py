from __future__ import annotations

import re
import time
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.parsed import Parsed
from bot.parsing import MAX_BAD_LINES, MAX_BYTES, MAX_LINE, parse
from storage.models import Entry
from tests.unit import real

HEAD = "## Daily Papers (2024-06-21)\n\n"


def paper(number: int = 1, body: str = "", title: str = "A Title") -> str:
    return f"### [{title}](https://arxiv.org/abs/2401.{number:05})\n\n{body}\n\n"


def read(text: str) -> Parsed:
    return parse(text.encode(), "a.md")


def only(text: str) -> Entry:
    found = read(text)
    assert found.rejects == ()
    (digest,) = found.digests
    (entry,) = digest.entries
    return entry


def sections(body: str) -> list[tuple[str | None, str]]:
    return [(section.heading, section.text) for section in only(HEAD + paper(1, body)).sections]


def ids(found: Parsed) -> list[str]:
    return [entry.paper.arxiv_id for digest in found.digests for entry in digest.entries]


@real.needed
class TestRealFiles:
    def test_all_are_read_whole(self) -> None:
        found = [real.parsed(name) for name in real.NAMES]
        assert sum(len(parsed.digests) for parsed in found) == 7
        assert [reject for parsed in found for reject in parsed.rejects] == []
        papers = [entry.paper.arxiv_id for entry in real.every_entry()]
        assert len(papers) == 147
        assert len(set(papers)) == 147

    @pytest.mark.parametrize(("name", "papers"), list(zip(real.NAMES, (11, 8, 11, 24, 16, 9, 68), strict=True)))
    def test_each_is_one_digest_of_its_day(self, name: str, papers: int) -> None:
        (digest,) = real.parsed(name).digests
        assert digest.date == date(*map(int, name.removesuffix(".md").split("/")))
        assert len(digest.entries) == papers
        assert [entry.position for entry in digest.entries] == list(range(papers))
        assert {entry.date for entry in digest.entries} == {digest.date}

    def test_every_entry_has_a_title_an_address_and_a_summary(self) -> None:
        for entry in real.every_entry():
            assert entry.paper.title.strip()
            assert entry.paper.url == f"https://arxiv.org/abs/{entry.paper.arxiv_id}"
            assert entry.sections
            assert all(section.text.strip() for section in entry.sections)

    def test_no_line_of_a_summary_is_lost(self) -> None:
        # Every word of the files stands somewhere in what was read of them.
        for name in real.NAMES:
            kept = set()
            for entry in real.entries(name):
                texts = [entry.paper.title, *entry.paper.authors]
                texts += [text for section in entry.sections for text in (section.heading or "", section.text)]
                kept |= set(re.findall(r"\w+", " ".join(texts)))
            for line in real.content(name).decode().splitlines():
                if not line.startswith(("#", "![", "[Watch", "<div", "Vote", "Authors")):
                    assert set(re.findall(r"\w+", line)) <= kept

    def test_unknown_votes_are_none(self) -> None:
        for name in ("2023/11/20.md", "2023/11/22.md"):
            assert {entry.votes for entry in real.entries(name)} == {None}
        assert [entry.votes for entry in real.entries("2024/05/31.md")] == [9, 8, 6, 5, 4, 4, 3, 2, 1, 1, None]
        assert [entry.votes for entry in real.entries("2024/07/16.md")].count(None) == 1
        # A zero is a zero.
        assert [entry.votes for entry in real.entries("2024/10/18.md")] == [34, 1, 0, 5, 0, 1, 1, 1, 0]

    def test_ties_and_order_are_kept(self) -> None:
        votes = [entry.votes for entry in real.entries("2024/06/21.md")]
        assert votes[:8] == [93, 66, 63, 35, 32, 27, 26, 26]
        largest = [entry.votes or 0 for entry in real.entries("2025/02/19.md")]
        assert largest != sorted(largest, reverse=True)
        assert largest[0] == 71

    def test_a_votes_word_in_a_summary_is_no_vote(self) -> None:
        entry = real.entry("2025/02/19.md", "2502.12215")
        assert entry.votes == 9
        assert "Shortest Majority Vote" in "".join(section.text for section in entry.sections)

    def test_both_notations_of_authors(self) -> None:
        plain = real.entry("2023/11/22.md", "2311.12092").paper.authors
        assert plain == (
            "Rohit Gandikota",
            "Joanna Materzynska",
            "Tingrui Zhou",
            "Antonio Torralba",
            "David Bau",
        )
        listed = real.entry("2024/10/18.md", "2410.09342").paper.authors
        assert listed[0] == "Zihan Zhou"
        assert listed[-1] == "Qi Shi"
        assert len(listed) == 14

    def test_no_author_is_a_mark_or_named_twice(self) -> None:
        for entry in real.every_entry():
            names = entry.paper.authors
            assert len(set(names)) == len(names)
            for name in names:
                assert name == " ".join(name.split())
                assert any(character.isalpha() for character in name)
                assert not set(name) & set('[]+"')
                assert not name.startswith("'")

    def test_authors_written_twice_collapse(self) -> None:
        assert only(HEAD + paper(1, "Authors: A B, C D, A  B, +")).paper.authors == ("A B", "C D")

    def test_the_plus_is_no_author(self) -> None:
        cut = [
            line for line in real.content("2024/07/16.md").decode().splitlines() if re.search(r"^Authors:.*\+", line)
        ]
        assert len(cut) == 2
        for arxiv_id in ("2407.10671", "2407.10956"):
            assert "+" not in real.entry("2024/07/16.md", arxiv_id).paper.authors

    def test_a_relative_image_is_one_of_hugging_face(self) -> None:
        image = real.entry("2024/06/21.md", "2406.10601").paper.image_url
        assert image == "https://huggingface.co/avatars/03707f5ea4e2aa8dc825a9782b00ed85.svg"

    def test_videos(self) -> None:
        entries = real.entries("2023/11/22.md")
        assert [entry.paper.video_url is not None for entry in entries] == [True, False, False, True, True, True, 0, 0]
        assert [entry.paper.image_url is not None for entry in entries] == [
            False,
            True,
            True,
            False,
            False,
            False,
            1,
            1,
        ]
        assert all(entry.paper.video_url.endswith(".mp4") for entry in entries if entry.paper.video_url)

    def test_two_headings_of_one_day_are_one_digest(self) -> None:
        assert real.content("2024/10/18.md").count(b"## Daily Papers") == 2
        assert [entry.paper.title for entry in real.entries("2024/10/18.md")][6:8] == [
            "Latent Action Pretraining from Videos",
            "Retrospective Learning from Interactions",
        ]

    def test_sections_are_named(self) -> None:
        named = ["What's New", "Technical Details", "Performance Highlights"]
        for name in ("2024/06/21.md", "2024/10/18.md", "2025/02/19.md"):
            for entry in real.entries(name):
                assert [section.heading for section in entry.sections] == named

    def test_bullets_alone_are_one_section_without_a_heading(self) -> None:
        for entry in (*real.entries("2023/11/20.md"), *real.entries("2023/11/22.md")):
            assert [section.heading for section in entry.sections] == [None]
            assert all(line.lstrip().startswith("- ") for line in entry.sections[0].text.split("\n"))

    def test_nested_bullets_are_kept(self) -> None:
        text = real.entry("2023/11/20.md", "2311.10125").sections[0].text
        assert re.findall(r"^  - \((\d)\)", text, re.MULTILINE) == ["1", "2", "3", "4"]

    def test_lists_of_python_are_list_items(self) -> None:
        for name, arxiv_id, heading, items in (
            ("2024/06/21.md", "2406.14491", "Performance Highlights", 3),
            ("2024/07/16.md", "2407.10457", "Technical Details", 5),
            ("2024/07/16.md", "2407.10457", "Performance Highlights", 5),
        ):
            (text,) = (part.text for part in real.entry(name, arxiv_id).sections if part.heading == heading)
            lines = text.split("\n")
            assert len(lines) == items
            assert all(re.match(r"- [^'\[\]]", line) for line in lines)
            assert not any(line.endswith(("'", "]", ",")) for line in lines)

    def test_no_section_is_left_as_a_python_literal(self) -> None:
        for entry in real.every_entry():
            assert not any(re.match(r"[\[{]\s*['\"{\[]", section.text) for section in entry.sections)

    def test_numbered_lines_stay_with_their_bullet(self) -> None:
        parts = real.entry("2024/07/16.md", "2407.10973").sections
        assert [part.heading for part in parts] == ["What's New", "Technical Details", "Performance Highlights"]
        assert [line[:2] for line in parts[1].text.split("\n")[1:] if line] == ["1)", "2)", "3)", "4)"]

    def test_titles_are_as_written(self) -> None:
        assert real.entry("2024/06/21.md", "2406.14347").paper.title.startswith(r"$\nabla^2$DFT: A Universal")
        assert real.entry("2024/06/21.md", "2406.12045").paper.title.startswith("$τ$-bench: A Benchmark")
        assert "Earn $1 Million from" in real.entry("2025/02/19.md", "2502.12115").paper.title
        for entry in real.every_entry():
            assert f"### [{entry.paper.title}](".encode() in b"".join(map(real.content, real.NAMES))

    @pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
    def test_line_ends_change_nothing(self, ending: bytes) -> None:
        for name in real.NAMES:
            changed = real.content(name).replace(b"\r\n", b"\n").replace(b"\n", ending)
            assert parse(b"\xef\xbb\xbf" + changed, name) == real.parsed(name)


class TestFields:
    def test_all_of_them(self) -> None:
        entry = only(
            HEAD + paper(7, "![a picture](https://example.org/a.png)\n\nVote: 1,234\n\nAuthors: Ann Lee, Bo Kim\n\n- x")
        )
        assert entry.votes == 1234
        assert entry.paper.authors == ("Ann Lee", "Bo Kim")
        assert entry.paper.image_url == "https://example.org/a.png"
        assert entry.paper.arxiv_id == "2401.00007"
        assert [(part.heading, part.text) for part in entry.sections] == [(None, "- x")]

    @pytest.mark.parametrize("written", ["-", "", "many", "-3", "1.5", "９", "99999999999", "1e9"])
    def test_a_vote_that_is_none_is_unknown(self, written: str) -> None:
        assert only(HEAD + paper(1, f"Vote: {written}\n\n- x")).votes is None

    def test_a_paper_twice_in_a_day_is_one_entry(self) -> None:
        entry = only(HEAD + paper(1, "- first") + HEAD + paper(1, "Vote: 5\n\n- second"))
        assert entry.votes == 5
        assert entry.sections[0].text == "- first"

    @pytest.mark.parametrize(
        "image", ["javascript:alert(1)", "data:image/png;base64,AAAA", "file:///etc/passwd", "http://[::1", "https://"]
    )
    def test_an_address_of_another_kind_is_no_image(self, image: str) -> None:
        found = only(HEAD + paper(1, f"![]({image})\n\n- x")).paper
        assert found.image_url is None or found.image_url.startswith("https://huggingface.co/")
        assert found.video_url is None

    def test_a_video_in_the_place_of_an_image(self) -> None:
        found = only(HEAD + paper(1, "![](https://example.org/a.mp4)\n\n- x")).paper
        assert (found.image_url, found.video_url) == (None, "https://example.org/a.mp4")

    def test_an_html_image(self) -> None:
        assert only(HEAD + paper(1, '<img alt="x" src="/a.png">\n\n- x')).paper.image_url == (
            "https://huggingface.co/a.png"
        )

    def test_words_in_html_are_kept(self) -> None:
        assert sections("- **A**: one\n\n<p>two</p>\n\n- **B**: three") == [("A", "one\n\n<p>two</p>"), ("B", "three")]

    def test_versions_are_dropped(self) -> None:
        found = read(HEAD + "### [T](https://arxiv.org/abs/2401.00001v3)\n\n- x\n")
        assert ids(found) == ["2401.00001"]

    def test_authors_as_a_list_collapse_too(self) -> None:
        assert only(HEAD + paper(1, "Authors: ['A B', 'O\\'Neil', 'A B', '+']")).paper.authors == ("A B", "O'Neil")

    def test_brackets_in_a_title(self) -> None:
        assert only(HEAD + paper(1, "- x", r"A [B] $\{c\}$ \_d")).paper.title == r"A [B] $\{c\}$ \_d"


class TestSections:
    @pytest.mark.parametrize(
        "mark", ["**What's New**: a", "***What's New***: a", "**What's New:** a", "__What's New__: a"]
    )
    def test_ways_to_name_one(self, mark: str) -> None:
        assert sections(f"- {mark}\n- **Next**: b") == [("What's New", "a"), ("Next", "b")]

    def test_a_list_literal(self) -> None:
        assert sections("- **A**: ['one', 'two, three']") == [("A", "- one\n- two, three")]

    def test_a_dict_literal(self) -> None:
        assert sections("- **A**: {'one': 'x', 'two': ['y', 'z']}") == [("A", "- **one**: x\n- **two**\n  - y\n  - z")]

    def test_nested_literals(self) -> None:
        assert sections("- **A**: [{'k': 'v'}, ['deep', {'m': 1}]]") == [("A", "- **k**: v\n  - deep\n  - **m**: 1")]

    @pytest.mark.parametrize("text", ["['one', 'two'", "[1] is a reference", "{not python}", "[x for x in y]", "[]"])
    def test_what_is_no_literal_stays(self, text: str) -> None:
        assert sections(f"- **A**: {text}") == [("A", text)]

    def test_tex_in_a_literal(self) -> None:
        assert sections(r"- **A**: ['$\sigma$', 'b']") == [("A", "- $\\sigma$\n- b")]

    @pytest.mark.parametrize(
        "literal",
        [
            "[0x" + "f" * 5000 + "]",
            "[" + "9" * 5000 + "]",
            r"['\ud800', '\x00a']",
            r"{'\udfff': b'\xff'}",
            "[1e999, ...]",
        ],
    )
    def test_values_that_cannot_be_written(self, literal: str) -> None:
        for body in (f"- **A**: {literal}", f"Authors: {literal}\n\n- x"):
            found = only(HEAD + paper(1, body))
            whole = repr(found) + "".join(found.paper.authors) + "".join(part.text for part in found.sections)
            assert whole.encode()
            assert "\0" not in whole

    def test_reference_lines_are_kept(self) -> None:
        text = "- **A**: see [1] and [2]\n\n[1]: http://example.org/one\n[2]: http://example.org/two"
        ((heading, kept),) = sections(text)
        assert heading == "A"
        assert "[1]: http://example.org/one" in kept
        assert "[2]: http://example.org/two" in kept

    def test_underlines_are_no_headings(self) -> None:
        found = read(HEAD + paper(1, "Words of the summary\n---\nmore words\n===\n\n- **A**: a") + paper(2, "- x"))
        assert found.rejects == ()
        first, second = found.digests[0].entries
        assert [part.heading for part in first.sections] == [None, "A"]
        assert "Words of the summary" in first.sections[0].text
        assert "more words" in first.sections[0].text
        assert second.sections[0].text == "- x"

    def test_a_rule_below_a_paragraph_in_a_section(self) -> None:
        assert [heading for heading, _ in sections("- **A**: a\n  b\n  ---\n  c\n- **B**: d")] == ["A", "B"]
        assert all(word in sections("- **A**: a\n  b\n  ---\n  c\n- **B**: d")[0][1] for word in "abc")

    def test_smaller_headings_name_sections(self) -> None:
        assert sections("#### Method\n\nwords\n\n#### Results\n\n- x") == [("Method", "words"), ("Results", "- x")]


class TestRejects:
    @pytest.mark.parametrize(
        "heading", ["## Daily Papers (2024-13-45)", "## Daily Papers (2024-02-30)", "## Daily Papers"]
    )
    def test_a_date_that_is_none(self, heading: str) -> None:
        found = read(
            HEAD
            + paper(1, "- a")
            + f"{heading}\n\n"
            + paper(2)
            + paper(3)
            + "## Daily Papers (2024-06-22)\n"
            + paper(4)
        )
        assert ids(found) == ["2401.00001", "2401.00004"]
        (reject,) = found.rejects
        assert (reject.path, reject.line) == ("a.md", 7)
        assert "2 papers left out" in reject.reason

    def test_no_date_at_all(self) -> None:
        (reject,) = read(paper(1, "- a")).rejects
        assert reject.line == 1
        assert "1 paper left out" in reject.reason

    @pytest.mark.parametrize(
        "heading", ["### No link", "### [T](https://example.org/abs/2401.00009)", "### [T](https://arxiv.org/list/cs)"]
    )
    def test_no_arxiv_link(self, heading: str) -> None:
        found = read(HEAD + paper(1, "- a") + f"{heading}\n\n- its words\n\n" + paper(2, "- b"))
        assert ids(found) == ["2401.00001", "2401.00002"]
        assert [entry.sections[0].text for entry in found.digests[0].entries] == ["- a", "- b"]
        (reject,) = found.rejects
        assert reject.line == 7
        assert "arXiv" in reject.reason

    def test_no_title(self) -> None:
        found = read(HEAD + paper(1, "- a", title=" ") + paper(2, "- b"))
        assert ids(found) == ["2401.00002"]
        assert [reject.line for reject in found.rejects] == [3]

    @pytest.mark.parametrize("bad", [b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\0"])
    def test_bytes_that_are_no_text(self, bad: bytes) -> None:
        content = (HEAD + paper(1, "- one\n- HERE\n- three") + paper(2, "- b")).encode().replace(b"HERE", bad)
        found = parse(content, "a.md")
        assert [entry.sections[0].text for entry in found.digests[0].entries] == ["- one\n\n- three", "- b"]
        assert [(reject.path, reject.line) for reject in found.rejects] == [("a.md", 6)]

    @pytest.mark.parametrize("bad", [b"\xff", b"\0", b"x" * (MAX_LINE + 1), b"x" * (MAX_LINE * 5)])
    def test_a_bad_heading_does_not_lend_its_body(self, bad: bytes) -> None:
        content = (HEAD + paper(1, "- one") + paper(2, "- of another", "HERE") + paper(3, "- three")).encode()
        found = parse(content.replace(b"HERE", bad), "a.md")
        assert ids(found) == ["2401.00001", "2401.00003"]
        assert [entry.sections[0].text for entry in found.digests[0].entries] == ["- one", "- three"]
        assert [reject.line for reject in found.rejects] == [7]

    def test_a_bad_day_does_not_lend_its_papers(self) -> None:
        content = (HEAD + paper(1, "- one")).encode() + b"## Daily Papers (2024-06-22) \xff\n\n" + paper(2).encode()
        found = parse(content)
        assert ids(found) == ["2401.00001"]
        assert [reject.line for reject in found.rejects] == [7]

    def test_many_bad_lines_are_counted(self) -> None:
        found = parse(HEAD.encode() + b"\xff\n" * 50)
        assert len(found.rejects) == MAX_BAD_LINES + 1
        assert f"{50 - MAX_BAD_LINES} more" in found.rejects[-1].reason

    def test_an_endless_line(self) -> None:
        (reject,) = parse((HEAD + paper(1, "- a")).encode() + b"x" * 5_000_000).rejects
        assert reject.line == 7

    def test_a_file_that_is_too_large(self) -> None:
        content = (HEAD + paper(1, "- a")).encode()
        rest = (b"x" * 99_999 + b"\n") * (MAX_BYTES // 100_000 + 1)
        assert ids(parse(content + rest[: MAX_BYTES - len(content)])) == ["2401.00001"]
        found = parse(content + rest[: MAX_BYTES - len(content) + 1], "a.md")
        assert found.digests == ()
        (reject,) = found.rejects
        assert (reject.path, reject.line) == ("a.md", None)

    def test_an_empty_file(self) -> None:
        for nothing in (b"", b"\n\n", b"\xef\xbb\xbf", b" "):
            assert parse(nothing) == Parsed((), ())

    def test_a_readme_is_no_digest(self) -> None:
        readme = "\n".join(
            (
                "# A Project\n\nWords with a [link](https://example.org).\n\n## Install\n",
                "```sh\n# comment\npip install x\n```\n\n## Usage\n\n### From the terminal\n\n- one\n- two\n",
                "### As a library\n\n| a | b |\n|---|---|\n\n## Format\n",
                "```markdown\n## Daily Papers (2024-06-21)\n\n### [T](https://arxiv.org/abs/2401.00001)\n```\n",
                "It follows [this paper](https://arxiv.org/abs/2401.00001).\n\nLicense\n-------\nMIT\n",
            )
        )
        assert read(readme) == Parsed((), ())

    def test_a_day_without_papers_is_no_digest(self) -> None:
        assert read(HEAD + "No papers today.\n") == Parsed((), ())


class TestHostile:
    @pytest.mark.parametrize(
        "opening", ["```", "~~~", "```python", "<!-- a comment", "<script>", "<pre>", "<div>", "<?php"]
    )
    def test_what_is_never_closed_ends_at_the_next_paper(self, opening: str) -> None:
        after = paper(2, "- two") + "## Daily Papers (2024-06-22)\n\n" + paper(3, "- three\n\n```\n# code\n```")
        found = read(HEAD + paper(1, f"- one\n\n{opening}\nwords").rstrip() + "\n" + after)
        assert found.rejects == ()
        assert [(digest.date.day, len(digest.entries)) for digest in found.digests] == [(21, 2), (22, 1)]
        one, two = found.digests[0].entries
        assert "- one" in one.sections[0].text
        assert "words" in one.sections[0].text
        assert two.sections[0].text == "- two"
        assert (
            found.digests[1].entries
            == read("## Daily Papers (2024-06-22)\n" + paper(3, "- three\n\n```\n# code\n```")).digests[0].entries
        )

    def test_line_numbers_after_what_is_never_closed(self) -> None:
        text = HEAD + paper(1, "- one\n\n```") + paper(2, "- two") + "### no link\n"
        assert [reject.line for reject in read(text).rejects] == [text.split("\n").index("### no link") + 1]

    @pytest.mark.parametrize("hidden", ["<!--\n{}\n-->", "<pre>\n{}\n</pre>", "    {}"])
    def test_a_paper_that_is_commented_out_is_none(self, hidden: str) -> None:
        text = HEAD + paper(1, "- one") + hidden.format(paper(2, "- two")) + "\n\n" + paper(3, "- three")
        assert ids(read(text)) == ["2401.00001", "2401.00003"]

    @pytest.mark.parametrize(
        "junk",
        [
            "> " * 5000,
            "- " * 5000,
            "1. " * 5000,
            "[" * 100_000,
            "![" * 45_000,
            "![](" * 25_000,
            "[video" * 16_000,
            "video" * 19_000,
            "[" + "video" * 19_000,
            "[video](" * 12_000,
            "<video " * 14_000,
            "<img src " * 10_000,
            "**a:" * 20_000,
            "(" * 90_000,
            "[" + "-" * 90_000 + "1]",
            "[" + "1+" * 40_000 + "1]",
            "[" * 90 + "1" + "]" * 90,
            "{" * 90_000 + "}",
            "`" * 99_999,
            "\\" * 99_999,
            "&#" * 40_000,
            "Vote:" + " " * 90_000 + "x",
        ],
        ids=lambda junk: junk[:12],
    )
    def test_deep_nesting_neither_raises_nor_stalls(self, junk: str) -> None:
        started = time.process_time()
        for text in (
            junk,
            HEAD + junk,
            HEAD + "### " + junk,
            HEAD + paper(1, junk),
            HEAD + paper(1, f"- **A**: {junk}"),
        ):
            found = parse((text + "\n\n" + paper(2, "- two")).encode())
            assert isinstance(found, Parsed)
        assert ids(read(HEAD + paper(1, junk) + paper(2, "- two")))[-1] == "2401.00002"
        # Minutes before the patterns were bounded; the limit is far above what is needed.
        assert time.process_time() - started < 20

    def test_deep_nesting_over_many_lines(self) -> None:
        for mark in (">", "-", "1.", "  -"):
            nested = "\n".join("  " * depth + mark + " x" for depth in range(500))
            assert ids(read(HEAD + paper(1, nested) + paper(2, "- two"))) == ["2401.00001", "2401.00002"]

    @pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
    def test_other_line_separators_do_not_shift_lines(self, character: str) -> None:
        found = read(HEAD + paper(1, f"- a{character}b{character}c") + paper(2, "- two") + "### no link\n")
        assert ids(found) == ["2401.00001", "2401.00002"]
        assert found.digests[0].entries[1].sections[0].text == "- two"
        assert [reject.line for reject in found.rejects] == [11]


_FRAGMENTS = [
    "## Daily Papers (2024-06-21)",
    "## Daily Papers (2024-99-21)",
    "### [A $\\nabla$ Title](https://arxiv.org/abs/2401.00001)",
    "### [Another](https://arxiv.org/abs/2401.00002v2)",
    "### [Broken](https://arxiv.org/abs/",
    "### words",
    "#",
    "### ",
    "![](https://example.org/a.png)",
    "![](//[)",
    "[Watch Video](/a.mp4)",
    '<div><video src="https://example.org/a.mp4"></video></div>',
    "Vote: 3",
    "Vote: -",
    "Authors: A B, C D, +",
    "Authors: ['A B', 'C D'",
    "- **What's New**: 새로운 것",
    "- ***Details***: ['a', 'b']",
    "- **More**: {'a': {'b': [1, 2]}}",
    "  - nested",
    "    code",
    "1) one",
    "> quote",
    "```",
    "<!--",
    "-->",
    "---",
    "===",
    "[1]: http://example.org",
    "\ufeff",
    "",
    "",
]
soup = st.lists(st.one_of(st.sampled_from(_FRAGMENTS), st.text(max_size=20)), max_size=40).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r", "\n\n", "", " "]).map(lambda ending: ending.join(lines))
)


def sound(content: bytes) -> Parsed:
    """What must hold of any input."""
    found = parse(content, "a.md")
    lines = len(content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    for reject in found.rejects:
        assert reject.path == "a.md"
        assert reject.line is None or 1 <= reject.line <= lines
        assert reject.reason
    days = [digest.date for digest in found.digests]
    assert len(set(days)) == len(days)
    for digest in found.digests:
        papers = [entry.paper.arxiv_id for entry in digest.entries]
        assert papers
        assert len(set(papers)) == len(papers)
        assert [entry.position for entry in digest.entries] == list(range(len(papers)))
        for entry in digest.entries:
            assert entry.paper.title
            assert entry.votes is None or entry.votes >= 0
            texts = [entry.paper.title, *entry.paper.authors, *(part.text for part in entry.sections)]
            assert "\0" not in "".join(texts)
            assert "".join(texts).encode()
            for address in (entry.paper.image_url, entry.paper.video_url):
                assert address is None or address.startswith(("http://", "https://"))
    return found


class TestAnyInput:
    @given(st.binary(max_size=2000))
    def test_bytes(self, content: bytes) -> None:
        sound(content)

    @given(st.text(max_size=2000))
    def test_text(self, text: str) -> None:
        sound(text.encode("utf-8", "surrogatepass"))
        sound((HEAD + paper(1, text)).encode("utf-8", "surrogatepass"))

    @given(soup)
    @settings(max_examples=300)
    def test_fragments(self, text: str) -> None:
        sound(text.encode("utf-8", "surrogatepass"))

    @given(
        st.recursive(
            st.none() | st.integers() | st.floats() | st.text() | st.binary(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_literals(self, value: object) -> None:
        sound((HEAD + paper(1, f"- **A**: {value!r}")).encode("utf-8", "surrogatepass"))
        sound((HEAD + paper(1, f"Authors: {value!r}")).encode("utf-8", "surrogatepass"))


@st.composite
def mutations(draw: st.DrawFn, content: bytes) -> bytes:
    """Lines or bytes of ``content`` deleted, doubled, swapped, cut short or damaged."""
    for _ in range(draw(st.integers(1, 4))):
        lines = content.split(b"\n")
        how = draw(st.sampled_from(["delete", "double", "swap", "cut", "end", "insert", "bytes", "line"]))
        at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        byte = draw(st.integers(0, len(content)))
        if how == "delete":
            del lines[at]
        elif how == "double":
            lines.insert(at, lines[at])
        elif how == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif how == "cut":
            lines[at] = lines[at][: draw(st.integers(0, 60))]
        elif how == "line":
            lines.insert(at, draw(st.sampled_from(_FRAGMENTS)).encode())
        content = b"\n".join(lines)
        if how == "end":
            content = content[:byte]
        elif how == "insert":
            content = (
                content[:byte] + draw(st.sampled_from([b"\0", b"\xff", b"\r", b"\n", b"```", b"["])) + content[byte:]
            )
        elif how == "bytes":
            content = content[:byte] + content[byte + draw(st.integers(1, 30)) :]
    return content


@real.needed
class TestMutations:
    @given(st.data())
    @settings(max_examples=150)
    def test_a_damaged_file_does_not_raise(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(real.NAMES[:-1]))
        sound(data.draw(mutations(real.content(name))))

    @given(st.data())
    @settings(max_examples=200)
    def test_damage_inside_one_entry_leaves_the_others(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(real.NAMES[:-1]))
        content = real.content(name)
        starts = [match.start() for match in re.finditer(rb"^##", content, re.MULTILINE)]
        papers = [at for at in starts if content[at : at + 3] == b"###"]
        start = data.draw(st.sampled_from(papers))
        body = content.index(b"\n", start) + 1
        end = min((at for at in starts if at > start), default=len(content))
        damaged = data.draw(mutations(content[body:end]))
        # Papers and days that the damage itself makes up are another matter.
        assume(not re.search(rb"(?m)^ {0,3}#{1,3}(\s|$)", damaged.replace(b"\r", b"\n")))
        victim = papers.index(start)
        found = sound(content[:body] + damaged + b"\n" + content[end:])
        (digest,) = found.digests
        expected = list(real.entries(name))
        assert len(digest.entries) == len(expected)
        for position, (entry, original) in enumerate(zip(digest.entries, expected, strict=True)):
            if position != victim:
                assert entry == original
            else:
                assert (entry.paper.arxiv_id, entry.paper.title) == (original.paper.arxiv_id, original.paper.title)
