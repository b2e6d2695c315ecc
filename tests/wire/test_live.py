"""A day in the life: the bot as its own process, its papers from a Hugging Face on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import custom_ids
from tests.sources.serving import HuggingFace, paper, says
from tests.wire.discord_server import DiscordServer
from tests.wire.faults import Fault
from tests.wire.paper_round import PaperRound
from tests.wire.places import Message

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)
DAY_BEFORE = TODAY - timedelta(days=2)
EDITS = "SELECT state, reason, why FROM deliveries WHERE kind = 'edit'"
LONG = "\n\n".join("All that is to be said of it. " * 30 for _ in range(6))


def sources(server: HuggingFace) -> str:
    one = {"kind": "huggingface", "name": "Hugging Face", "api_url": server.api_url, "allow_private": True}
    return json.dumps([one])


async def test_papers_come_by_themselves(tmp_path: Path) -> None:
    """At first the source fails; then the papers come, late, and are posted and told of."""
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(2, 1)
        paper_round.due()
        hugging_face.happenings = [says("<!doctype html>", 503)]
        hugging_face.days = {
            YESTERDAY: [paper("2601.00001", "A model of zebras", 7), paper("2601.00002", "Lions", 30)],
        }
        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)) as process:
            await paper_round.until_said("Hugging Face has failed")
            assert paper_round.made() == 0
            paper_round.execute("UPDATE sources SET retry_at = ?", "2026-01-01 00:00:00.000000")
            paper_round.days.append(YESTERDAY)
            await paper_round.until_settled()
            said = await paper_round.end(process)
        assert "Traceback" not in said
        assert paper_round.at_the_doors() == paper_round.owed()
        post = json.dumps(paper_round.channels[0].messages[0].payload, ensure_ascii=False)
        assert post.index("Lions") < post.index("zebras")
        assert "▲ 30" in post
        alert = json.dumps(server.dm(paper_round.people[0]).messages[0].payload, ensure_ascii=False)
        assert "A model of zebras" in alert


async def test_the_owner_is_told_once(tmp_path: Path) -> None:
    """That a source has failed for a day, and that it is back."""
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(1)
        ordinary, hugging_face.answer = hugging_face.answer, says("<!doctype html>", 503)

        def told() -> list[str]:
            return [json.dumps(one.payload, ensure_ascii=False) for one in server.dm(server.owner).messages]

        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)):
            await paper_round.until_said("Hugging Face has failed")
            await server.until(lambda: server.identified == 1)
            assert told() == []
            # And it is not asked again before the test has it asked, which may take a while.
            paper_round.execute(
                "UPDATE sources SET failing_since = '2026-01-01 00:00:00.000000', retry_at = ? WHERE failures",
                f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%d %H:%M:%S.%f}",
            )
            await server.until(lambda: len(told()) == 1)
        # Also after a restart.
        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)) as process:
            await server.until(lambda: server.identified == 2)
            hugging_face.answer = ordinary
            paper_round.execute("UPDATE sources SET retry_at = '2000-01-01 00:00:00.000000'")
            await server.until(lambda: len(told()) == 2)
            assert "Traceback" not in await paper_round.end(process)
        failed, back = told()
        assert "⚠ Hugging Face has failed since" in failed
        assert "answers 503" in failed
        assert "논문을 받지 못하고 있어요" in failed
        assert "✓ Hugging Face answers again" in back


async def test_a_post_is_kept_true(tmp_path: Path) -> None:
    """Its votes rise after it was posted: the same papers in the same order, with the counts of now; and not again."""
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(2)
        paper_round.due()
        hugging_face.days = {
            YESTERDAY: [paper(f"2601.0000{number}", f"Paper {number}", 10 - number) for number in range(1, 6)]
        }
        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)) as process:
            paper_round.days.append(YESTERDAY)
            await paper_round.until_settled()
            posts = [channel.messages[0] for channel in paper_round.channels]
            hugging_face.days[YESTERDAY] = [
                paper(f"2601.0000{number}", f"Paper {number}", 60 + number) for number in range(1, 6)
            ]
            paper_round.execute("UPDATE posts SET shown_at = '2026-01-01 00:00:00.000000'")
            paper_round.execute("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'")
            await server.until(lambda: all("▲ 61" in shown(post) for post in posts))
            for post in posts:
                text = shown(post)
                assert text.index("▲ 61") < text.index("▲ 62") < text.index("▲ 63")
                assert "▲ 9" not in text
                assert "Paper 4" not in text
            # At once there is no other edit.
            hugging_face.days[YESTERDAY] = [
                paper(f"2601.0000{number}", upvotes=300, summary=LONG) for number in range(1, 6)
            ]
            paper_round.execute("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'")
            await until(lambda: paper_round.execute("SELECT max(votes) FROM entries") == [(300,)])
            await look_at_votes(server)
            said = await paper_round.end(process)
        assert "Traceback" not in said
        assert [edits for (edits,) in paper_round.execute("SELECT edits FROM posts")] == [1, 1]
        assert paper_round.at_the_doors() == paper_round.owed()


async def test_a_day_in_the_life(tmp_path: Path) -> None:
    """The papers of a day come late and are posted; votes rise, also those of a paper that was not in the post; it is
    edited; and the next day's post tells of that paper, once."""
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(2)
        english, korean = paper_round.channels
        paper_round.execute("UPDATE channels SET language = 'ko' WHERE channel_id = ?", korean.id)
        paper_round.due()

        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)) as process:
            await until(lambda: len(paper_round.execute("SELECT 1 FROM channels WHERE late_until IS NOT NULL")) == 2)
            assert paper_round.made() == 0
            votes = Votes(paper_round, hugging_face)
            await votes.come(DAY_BEFORE, 30, 20, 10, 4, 3)
            paper_round.days.append(DAY_BEFORE)
            await paper_round.until_settled()
            # A poll that is under way began before the post was written down.
            paper_round.execute("UPDATE votes SET at = '2026-01-01 00:00:00.000000'")
            await paper_round.pass_time(timedelta(minutes=1))
            await votes.come(DAY_BEFORE, 44, 31, 11, 4, 26)
            pass_hours(paper_round)
            await votes.come(DAY_BEFORE, 44, 31, 11, 4, 27)
            await server.until(lambda: all("▲ 44" in shown(channel.messages[0]) for channel in paper_round.channels))
            await votes.come(YESTERDAY, 9, 8, 7)
            paper_round.days.append(YESTERDAY)
            paper_round.due()
            await paper_round.until_settled()
            # Their counts move, and what they end with stays.
            await votes.come(DAY_BEFORE, 44, 31, 11, 4, 52)
            pass_hours(paper_round)
            await votes.come(YESTERDAY, 50, 8, 7)
            await server.until(lambda: all("▲ 50" in shown(channel.messages[1]) for channel in paper_round.channels))
            assert "Traceback" not in await paper_round.end(process)
        assert paper_round.at_the_doors() == paper_round.owed()
        for channel, heading in ((english, "Risen since its day"), (korean, "그날 이후 추천이 늘어난 논문")):
            first, second = map(shown, channel.messages)
            assert f"{DAY_BEFORE:%A} 5" not in first
            assert heading not in first
            assert f"-# {heading} · [{DAY_BEFORE:%A} 5](" in second
            assert "▲ 3 → 52" in second
            # Its summary can be read, too.
            assert f'"value": "26{DAY_BEFORE:%m.%d}005"' in second


class Votes:
    """The votes of papers, as Hugging Face has them."""

    def __init__(self, paper_round: PaperRound, hugging_face: HuggingFace) -> None:
        self._paper_round = paper_round
        self._hugging_face = hugging_face

    async def come(self, day: date, *votes: int) -> None:
        """Has the papers of a day have so many, and waits until the bot holds them. It is made to ask until it does:
        what was under way may have been answered with those before."""
        papers = [
            paper(f"26{day:%m.%d}00{place}", f"{day:%A} {place}", number) for place, number in enumerate(votes, 1)
        ]
        await self.come_to(day, *papers)

    async def come_to(self, day: date, *papers: dict[str, Any]) -> None:
        """The same of papers as they are given."""
        self._hugging_face.days[day] = list(papers)
        held = "SELECT votes FROM entries JOIN digests ON digests.id = digest_id WHERE date = ? ORDER BY votes"

        votes = sorted((one["paper"]["upvotes"],) for one in papers)

        def come() -> bool:
            self._paper_round.execute("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'")
            return self._paper_round.execute(held, f"{day}") == votes

        await until(come)


def pass_hours(paper_round: PaperRound) -> None:
    """As if the posts were some hours old: they may be edited when votes come again."""
    paper_round.execute("UPDATE posts SET shown_at = '2026-01-01 00:00:00.000000'")


async def look_at_votes(server: DiscordServer) -> None:
    """Asks for a paper, reads on, and goes back: its votes are drawn on the first page."""
    message = (await server.slash("papers show", {"paper": "2601.00001"})).message
    assert message is not None
    assert message.files["votes.png"][1].startswith(b"\x89PNG")
    assert str(message.files["votes.png"][0]) in json.dumps(message.payload["components"])
    read_on, back = (custom_ids.summary_page(page, "2601.00001") for page in (1, 0))
    await server.press(read_on, message=message)
    assert message.files == {}
    await server.press(back, message=message)
    assert list(message.files) == ["votes.png"]
    assert server.faults_of_bodies() == []


async def test_a_post_whose_edit_is_refused_is_left(tmp_path: Path) -> None:
    """Whatever Discord has against it, it would have again."""
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(1)
        paper_round.due()
        hugging_face.days = {YESTERDAY: [paper("2601.00001", "Paper", 3)]}
        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)) as process:
            paper_round.days.append(YESTERDAY)
            await paper_round.until_settled()
            server.refuse(paper_round.channels[0].id, 400, 50035)
            hugging_face.days[YESTERDAY] = [paper("2601.00001", "Paper", 300)]
            paper_round.execute("UPDATE posts SET shown_at = '2026-01-01 00:00:00.000000'")
            paper_round.execute("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'")
            await paper_round.until_rows(EDITS, rows=[("expired", "refused", "50035: Refused")])
            # Not after hours either.
            pass_hours(paper_round)
            hugging_face.days[YESTERDAY] = [paper("2601.00001", "Paper", 3_000)]
            paper_round.execute("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'")
            await paper_round.until_rows("SELECT max(votes) FROM entries", rows=[(3_000,)])
            assert "Traceback" not in await paper_round.end(process)
        assert len(paper_round.execute(EDITS)) == 1
        assert server.count("PATCH", "/channels/.*") == 1


async def test_edits_through_faults_a_kill_and_a_refusal(tmp_path: Path) -> None:
    """Each is made in the end, also where its answer was lost, or the bot died before it came; a channel that the bot
    may not see any more is set aside, as for its posts."""
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(4)
        lost, killed, closed, well = paper_round.channels
        paper_round.due()
        hugging_face.days = {YESTERDAY: [paper("2601.00001", "Paper", 3)]}
        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)):
            paper_round.days.append(YESTERDAY)
            await paper_round.until_settled()
            server.misbehave(Fault.LOST_ANSWER, method="PATCH", path=f"/channels/{lost.id}/.*", times=9)
            server.misbehave(Fault.SLOW, method="PATCH", path=f"/channels/{killed.id}/.*", seconds=60)
            server.refuse(closed.id, 403, 50001)
            pass_hours(paper_round)
            await Votes(paper_round, hugging_face).come_to(YESTERDAY, paper("2601.00001", "Paper", 300))
            await server.until(lambda: server.count("PATCH", f"/channels/{killed.id}/.*") == 1)
            await paper_round.until_rows(
                "SELECT reason FROM targets WHERE set_aside_at IS NOT NULL", rows=[("no access",)]
            )
        await paper_round.pass_time(timedelta(minutes=10))
        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)), paper_round.no_pauses():
            await paper_round.until_rows(
                "SELECT state, count(*) FROM deliveries WHERE kind = 'edit' GROUP BY 1 ORDER BY 1",
                rows=[("sent", 3), ("set aside", 1)],
            )
        assert all("▲ 300" in shown(channel.messages[0]) for channel in (lost, killed, well))
        # Nothing is looked for: an edit that is made twice shows the same.
        assert server.count("GET", "/channels/.*/messages.*") == 0
        assert paper_round.at_the_doors() == paper_round.owed()


async def test_a_post_that_was_deleted_is_left(tmp_path: Path) -> None:
    async with DiscordServer() as server, HuggingFace() as hugging_face:
        paper_round = PaperRound(server, tmp_path)
        await paper_round.begin(1)
        paper_round.due()
        hugging_face.days = {YESTERDAY: [paper("2601.00001", "Paper", 3)]}
        async with paper_round.bot(PAPERBOY_SOURCES=sources(hugging_face)) as process:
            paper_round.days.append(YESTERDAY)
            await paper_round.until_settled()
            channel = paper_round.channels[0]
            server.messages.pop(channel.messages.pop().id)
            hugging_face.days[YESTERDAY] = [paper("2601.00001", "Paper", 300)]
            paper_round.execute("UPDATE posts SET shown_at = '2026-01-01 00:00:00.000000'")
            paper_round.execute("UPDATE fetches SET fetched_at = '2026-01-01 00:00:00.000000'")
            await paper_round.until_rows(EDITS, rows=[("expired", "refused", "10008: Unknown Message")])
            assert "Traceback" not in await paper_round.end(process)
        assert channel.messages == []
        assert server.count("PATCH", "/channels/.*") == 1


def shown(message: Message) -> str:
    return json.dumps(message.components, ensure_ascii=False)


async def until(happens: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not happens():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)
