from __future__ import annotations

import calendar
import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import custom_ids, lookup
from bot.errors import NotUnderstoodError
from bot.lookup import Answer, Kind, Lookup, Period, by_author, by_date, by_keyword, days_of, top
from bot.query import MAX_LENGTH
from storage.models import Follows, Sort

TODAY = date(2024, 6, 21)


class TestByDate:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2024-06-21", "2024-06-21"),
            (" 2024-06-21 ", "2024-06-21"),
            ("2024-6-1", "2024-06-01"),
            ("2024/6/21", "2024-06-21"),
            ("2024.06.21", "2024-06-21"),
            ("2024. 6. 21", "2024-06-21"),
            ("20240621", "2024-06-21"),
            ("2024년 6월 21일", "2024-06-21"),
            ("2024년6월21일", "2024-06-21"),
            ("2024-06", "2024-06"),
            ("2024-6", "2024-06"),
            ("2024/6", "2024-06"),
            ("202406", "2024-06"),
            ("2024년 6월", "2024-06"),
            ("2024-02-29", "2024-02-29"),
            ("today", "2024-06-21"),
            ("Today", "2024-06-21"),
            ("오늘", "2024-06-21"),
            ("yesterday", "2024-06-20"),
            ("어제", "2024-06-20"),
        ],
    )
    def test_days_and_months(self, text: str, expected: str) -> None:
        assert by_date(text, TODAY) == Lookup(Kind.DATE, expected, Sort.VOTES)

    @pytest.mark.parametrize(
        "text",
        ["", " ", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "2024-06-00", "2024-06-31", "tomorrowish",
         "21.06.2024", "2024", "06-21", "2024-06-21-01", "2024-06-21x", "0000-01", "{text}", "9" * 300, "2024-06-"],
    )  # fmt: skip
    def test_no_date(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError) as raised:
            by_date(text, TODAY)
        assert len(str(raised.value)) < 300

    @given(st.dates(), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y년 %m월 %d일", "%Y.%m.%d"]))
    def test_any_day(self, day: date, form: str) -> None:
        text = form.replace("%Y", f"{day.year:04}").replace("%m", f"{day.month:02}").replace("%d", f"{day.day:02}")
        found = by_date(text, TODAY)
        assert days_of(found.text) == (day, day)

    @given(st.dates())
    def test_any_month(self, day: date) -> None:
        first, last = days_of(by_date(f"{day.year:04}-{day.month:02}", TODAY).text)
        assert first == day.replace(day=1)
        assert last == day.replace(day=calendar.monthrange(day.year, day.month)[1])
        assert first <= day <= last

    def test_the_last_month_there_is(self) -> None:
        assert days_of(by_date("9999-12", TODAY).text) == (date(9999, 12, 1), date.max)

    @given(st.text(max_size=30) | st.text(alphabet="0123456789-/. 년월일", max_size=14))
    def test_only_ever_not_understood(self, text: str) -> None:
        try:
            found = by_date(text, TODAY)
        except NotUnderstoodError:
            return
        first, last = days_of(found.text)
        assert timedelta(0) <= last - first < timedelta(days=31)


class TestLookup:
    @given(st.sampled_from(Kind), st.text(max_size=80), st.sampled_from(Sort))
    def test_is_read_as_it_was_written(self, kind: Kind, text: str, sort: Sort) -> None:
        asked = Lookup(kind, text, sort)
        assert Lookup.read(str(asked)) == asked
        assert len(str(asked)) == len(text) + 3

    @pytest.mark.parametrize("text", ["", "k", "x", "xr:a", "kx:a", "zz:z"])
    def test_of_another_version(self, text: str) -> None:
        with pytest.raises(NotUnderstoodError):
            Lookup.read(text)

    @given(st.text(max_size=20))
    def test_any_text(self, text: str) -> None:
        with contextlib.suppress(NotUnderstoodError):
            assert isinstance(Lookup.read(text), Lookup)

    def test_by_author(self) -> None:
        assert by_author(" Kaiming \n He ") == Lookup(Kind.AUTHOR, "Kaiming He", Sort.NEWEST)
        assert len(by_author("a" * 200).text) == MAX_LENGTH
        for nobody in ("", "+", " "):
            with pytest.raises(NotUnderstoodError):
                by_author(nobody)

    def test_by_keyword(self) -> None:
        assert by_keyword(' "a  b" -c ') == Lookup(Kind.KEYWORD, '"a b" -c', Sort.RELEVANCE)
        assert by_keyword("a", Sort.VOTES).sort is Sort.VOTES
        for wrong in ("", "-a", "a" * 81):
            with pytest.raises(NotUnderstoodError):
                by_keyword(wrong)

    def test_top(self) -> None:
        assert [top(period).text for period in Period] == ["day", "week", "month", "all"]
        assert [period.days for period in Period] == [1, 7, 30, None]

    @pytest.mark.parametrize(("total", "pages"), [(0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 3)])
    def test_pages(self, total: int, pages: int) -> None:
        assert lookup.PAGE == 5
        assert Answer(top(Period.ALL), total, 0, ()).pages == pages


class TestCustomIds:
    KEYWORDS = ("k" * 80, "추" * 80, " ".join(["k"] * 40), '"' + "k" * 78 + '"', "-a " + "b" * 77)

    @pytest.mark.parametrize("keyword", KEYWORDS)
    @pytest.mark.parametrize("sort", Sort)
    def test_none_is_longer_than_discord_takes(self, keyword: str, sort: Sort) -> None:
        asked = by_keyword(keyword, sort)
        made = [
            custom_ids.page(999_999, asked),
            custom_ids.share(999_999, asked),
            custom_ids.open_lookup(asked),
            custom_ids.open_lookup(by_author("a" * 200)),
            custom_ids.follow(Follows.KEYWORD, asked.text),
            custom_ids.follow(Follows.AUTHOR, by_author("a" * 200).text),
            custom_ids.summary("2024-06-21"),
            custom_ids.summary_page(999, "cond-mat.mes-hall/9901001"),
            custom_ids.share_summary("cond-mat.mes-hall/9901001"),
            custom_ids.bibtex("cond-mat.mes-hall/9901001"),
            custom_ids.unfollow(10**18 - 1),
            custom_ids.ask(),
            custom_ids.remove(999_999),
            custom_ids.list_page(999_999),
            custom_ids.ASKED,
            custom_ids.ASKED_TEXT,
        ]
        assert all(1 <= len(made_id) <= 100 for made_id in made)

    @given(st.text(min_size=1, max_size=80), st.integers(0, 999_999))
    def test_are_read_as_they_were_made(self, text: str, number: int) -> None:
        asked = Lookup(Kind.KEYWORD, text, Sort.RELEVANCE)
        for pattern, made in (
            (custom_ids.PAGE, custom_ids.page(number, asked)),
            (custom_ids.OPEN, custom_ids.open_lookup(asked)),
            (custom_ids.SHARE, custom_ids.share(number, asked)),
        ):
            match = pattern.fullmatch(made)
            assert match
            assert Lookup.read(match["lookup"]) == asked
            if "page" in pattern.groupindex:
                assert int(match["page"]) == number
        followed = custom_ids.FOLLOW.fullmatch(custom_ids.follow(Follows.KEYWORD, text))
        assert followed
        assert (followed["kind"], followed["text"]) == ("k", text)

    def test_no_id_is_taken_for_another(self) -> None:
        asked = by_keyword("a")
        made = {
            "PAGE": custom_ids.page(1, asked),
            "OPEN": custom_ids.open_lookup(asked),
            "SHARE": custom_ids.share(1, asked),
            "SUMMARY": custom_ids.summary("m"),
            "SUMMARY_PAGE": custom_ids.summary_page(1, "2401.00001"),
            "SHARE_SUMMARY": custom_ids.share_summary("2401.00001"),
            "BIBTEX": custom_ids.bibtex("2401.00001"),
            "FOLLOW": custom_ids.follow(Follows.AUTHOR, "a"),
            "UNFOLLOW": custom_ids.unfollow(1),
            "ASK": custom_ids.ask(),
            "REMOVE": custom_ids.remove(1),
            "LIST": custom_ids.list_page(1),
        }
        for name in made:
            assert [other for other, text in made.items() if getattr(custom_ids, name).fullmatch(text)] == [name]
