"""The commands of the terminal: run, try, import, fetch, papers, check, backup, restore."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.filesize import decimal
from rich.logging import RichHandler
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot import arxiv, config, lookup, query, sources, tex
from bot.errors import ConfigurationError
from bot.text import printable
from storage import backup as copies
from storage import papers as stored_papers
from storage.database import Database
from storage.models import Entry, Reject, Sort

if TYPE_CHECKING:
    from datetime import date

    from bot import ingestion
    from bot.backfilling import Backfilled
    from bot.remote import RemoteSource

app = typer.Typer(
    help="A Discord bot that delivers research papers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console()
err = Console(stderr=True, highlight=False)

_T = TypeVar("_T")

DatabaseOption = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="The database, sqlite+aiosqlite:///PATH.")
]


@app.command()
def run() -> None:
    """Run the bot: the token from DISCORD_TOKEN (or DISCORD_TOKEN_FILE), all else from config.toml."""
    from bot import running

    running.run()


@app.command(name="try")
def try_(
    digests: Annotated[list[Path] | None, typer.Option(help="Your own digests: a file or folder.")] = None,
    live: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The papers of now, as from https://huggingface.co/api.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_000, help="The port of the page; 0 takes a free one.")] = 0,
    keep: Annotated[Path | None, typer.Option(metavar="DB", help="Keep the papers in this database.")] = None,
) -> None:
    """See it at work in the browser, with no token, no account and no configuration."""
    from bot.simulation import simulate

    if digests and live:
        raise typer.BadParameter("--digests shows files and --live a server: leave one of them out")
    source = _source_at(live) if live else None
    settings = config.load()
    logging.basicConfig(level="ERROR", handlers=[RichHandler(console=err, show_path=False)], format="%(message)s")
    tell = partial(print, flush=True)
    _run(simulate(settings, paths=digests or (), live=source, port=port, keep=keep, tell=tell))


@app.command(name="import")
def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Digest files or folders of them.")],
    database: DatabaseOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read digests into the database. Reading them again changes nothing."""
    files = sources.files(paths)
    with Progress(console=err, transient=True, disable=as_json or not err.is_terminal) as progress:
        task = progress.add_task("Reading", total=len(files))
        report = _run(_import(database or config.load().database.url, files, lambda path: progress.advance(task)))
    named = dict.fromkeys(path for path in paths if path.is_file())
    told = {reject.path for reject in report.rejected}
    report.rejected += [
        Reject(str(path), None, "no digest in it") for path in named if path in report.empty and str(path) not in told
    ]
    rejected = [{"path": printable(one.path), "line": one.line, "reason": one.reason} for one in report.rejected]
    counts = {"digests": len(report.dates), "entries": report.entries, "papers": len(report.papers)}
    if as_json:
        print(json.dumps({**counts, "rejected": rejected}, ensure_ascii=False))
    else:
        out.print("Read {digests} digests, {entries} entries, {papers} papers.".format(**counts))
        for one in report.rejected:
            where = one.path if one.line is None else f"{one.path}:{one.line}"
            err.print(Text.assemble(("!", "yellow"), f" {printable(where)}: {one.reason}"), soft_wrap=True)
    raise typer.Exit(1 if rejected else 0)


@app.command()
def fetch(
    source: Annotated[str | None, typer.Option(metavar="NAME", help="One source of config.toml; else all.")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Else a week before.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Else today.")] = None,
    database: DatabaseOption = None,
) -> None:
    """Fetch days of the past from the sources at an address. Days that are whole are not fetched again."""
    settings = config.load()
    chosen = [one for one in settings.sources if one.kind != "folder" and source in (None, one.name)]
    if not chosen:
        named = ", ".join(repr(one.name) for one in settings.sources if one.kind != "folder") or "none"
        raise ConfigurationError(f"There is no source to fetch from of that name; those at an address are: {named}.")
    today = datetime.now(UTC).date()
    until = min(last.date(), today) if last else today
    since = first.date() if first else until - timedelta(days=7)
    if since > until:
        raise typer.BadParameter(f"{since} is after {until}", param_hint="--from")
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        reports, requests = _run(_fetch(database or settings.database.url, settings, chosen, since, until, progress))
    changed = sum(one.changed for one in reports.values())
    failed = [(name, *failure) for name, report in reports.items() for failure in report.failures.items()]
    days = f"{sum(one.days for one in reports.values())} days from " if failed else ""
    out.print(f"Fetched {days}{since} to {until}: {changed} entries changed, {requests} requests.")
    for name, day, why in failed:
        err.print(Text.assemble(("✗", "red"), f" {printable(name)}, {day}: {printable(why)}"), soft_wrap=True)
    if failed:
        err.print("What was fetched is kept; the same command fetches the rest.")
        raise typer.Exit(2)


@app.command()
def papers(
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD|YYYY-MM", help="A day or a month.")] = None,
    author: Annotated[str | None, typer.Option(metavar="NAME", help="Accents may be left out.")] = None,
    keyword: Annotated[str | None, typer.Option(metavar="TEXT", help='Words; "as written"; -excluded; a OR b.')] = None,
    id_: Annotated[str | None, typer.Option("--id", metavar="ARXIV", help="An arXiv number or link.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only so many, the most voted first.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Look papers up. Conditions combine; a paper that was in two digests is listed twice."""
    which = _filter(date, author, keyword, id_)
    sort = Sort.VOTES if top else Sort.RELEVANCE if keyword is not None else Sort.NEWEST
    number = min((number for number in (top, limit) if number), default=None)
    found = _run(_find(database or config.load().database.url, which, sort, number))
    if as_json:
        print(json.dumps([_as_json(entry) for entry in found], ensure_ascii=False))
        return
    table = Table("Date", "Votes", "arXiv", "Title", box=None)
    for entry in found:
        votes = "" if entry.votes is None else str(entry.votes)
        table.add_row(str(entry.date), votes, entry.paper.arxiv_id, Text(tex.to_unicode(entry.paper.title)))
    out.print(table if found else "No paper held fits this.")


@app.command()
def check() -> None:
    """Look whether all is well: configuration, token, digests, database, and what is not delivered. Exits 1 if not."""
    from bot.check import check as look

    token = config.token()
    findings = _run(look(config.load(), token.get_secret_value() if token else None, datetime.now(UTC)))
    for finding in findings:
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}[finding.well]
        out.print(Text.assemble((mark, style), f" {printable(finding.said)}"), soft_wrap=True)
    raise typer.Exit(1 if any(finding.well is False for finding in findings) else 0)


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="A new file, or a folder for one that is named by the time.")],
    database: DatabaseOption = None,
) -> None:
    """Copy the database, whole, also while the bot runs. A file that is there is never overwritten."""
    made = copies.backup(database or config.load().database.url, path)
    print(f"{printable(str(made))}: {decimal(made.stat().st_size)}")


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A file that was made by: paperboy backup.")],
    database: DatabaseOption = None,
) -> None:
    """Put a backup in the place of the database, which is kept beside it. Nothing is posted twice for that."""
    url = database or config.load().database.url
    aside = copies.restore(url, path)
    print(f"The database is as it was in {printable(str(path))}.")
    if aside:
        print(f"The one before is kept as {printable(str(aside))}.")


def _filter(date: str | None, author: str | None, keyword: str | None, id_: str | None) -> stored_papers.Filter:
    first, last = None, None
    if date is not None:
        try:
            first, last = lookup.days_of(date.strip())
        except ValueError:
            raise typer.BadParameter("type a day as 2024-06-21 or a month as 2024-06", param_hint="--date") from None
    arxiv_id = arxiv.id_of_text(id_) if id_ is not None else None
    if id_ is not None and not arxiv_id:
        raise typer.BadParameter("that is no arXiv number or link", param_hint="--id")
    by_keyword = query.parse(keyword) if keyword is not None else None
    by_author = query.by_author(author) if author is not None else None
    asked = by_keyword.narrowed(by_author) if by_keyword and by_author else by_keyword or by_author
    return stored_papers.Filter(first, last, asked, (arxiv_id,) if arxiv_id else ())


def _source_at(address: str) -> config.HuggingFaceSource:
    try:
        return config.HuggingFaceSource(
            kind="huggingface",
            name="Hugging Face",
            attribution="Hugging Face Daily Papers",
            api_url=address,
            allow_private=True,
        )
    except ValidationError:
        raise typer.BadParameter("type an address such as https://huggingface.co/api", param_hint="--live") from None


def _as_json(entry: Entry) -> dict[str, Any]:
    paper = entry.paper
    return {
        "arxiv_id": paper.arxiv_id,
        "title": paper.title,
        "url": paper.url,
        "date": entry.date.isoformat(),
        "votes": entry.votes,
        "authors": list(paper.authors),
        "image_url": paper.image_url,
        "video_url": paper.video_url,
        "sections": [{"heading": section.heading, "text": section.text} for section in entry.sections],
    }


async def _import(url: str, files: list[Path], read_one: Callable[[Path], None]) -> ingestion.Imported:
    from bot import ingestion

    database = await Database.open(url)
    try:
        return await ingestion.ingest(database, files, read_one)
    finally:
        await database.close()


async def _fetch(
    url: str,
    settings: config.Settings,
    chosen: Sequence[RemoteSource],
    first: date,
    last: date,
    progress: Progress,
) -> tuple[dict[str, Backfilled], int]:
    """What came of each source, and in how many requests."""
    from bot import polling
    from bot.backfilling import backfill, waiting
    from bot.fetching import Fetcher

    def tell(line: str) -> None:
        progress.console.print(Text(printable(line)), soft_wrap=True)

    reports: dict[str, Backfilled] = {}
    database = await Database.open(url)
    try:
        await polling.keep_sources(database, settings)
        async with Fetcher() as fetcher:
            for source in chosen:
                days = await waiting(database, source, first, last)
                done = partial(progress.advance, progress.add_task(source.name, total=len(days)))
                reports[source.name] = await backfill(database, fetcher, source, days, tell, done)
            return reports, fetcher.requests
    finally:
        await database.close()


async def _find(url: str, which: stored_papers.Filter, sort: Sort, number: int | None) -> list[Entry]:
    database = await Database.open(url)
    try:
        async with database.read() as connection:
            return await stored_papers.find(connection, which, sort, limit=number)
    finally:
        await database.close()


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(work)
