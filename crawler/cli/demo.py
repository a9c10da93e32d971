"""presswatch demo: two simulated days of the newsroom, crawled hour by hour as cron would, and the digest."""

import asyncio
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, Progress, TextColumn

from crawler.cli.app import FailedError, print_document
from crawler.cli.logs import set_up_logs
from crawler.cli.options import Given, global_options
from crawler.cli.seeds import tell
from crawler.clock import VirtualClock
from crawler.config.load import load_config
from crawler.config.models import Config
from crawler.config.places import shipped_config
from crawler.database import Database, StorageError, sqlite_url
from crawler.lock import run_lock
from crawler.newsroom import Newsroom, serve, shipped_sources
from crawler.outcomes import Outcome
from crawler.run import Run, RunReport
from pipelines.digest.all_due import issue_all_due
from pipelines.digest.issue import IssuedDigest, latest
from pipelines.seeds.folder import ImportedFile, import_folder
from pipelines.seeds.store import SeedResult

START = datetime(2025, 3, 3, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
DAYS = 2
_STEP = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the days came to."""

    data: Path
    config: Path
    seeds: tuple[ImportedFile, ...]
    reports: tuple[RunReport, ...]
    digest: IssuedDigest
    announced: int  # pieces in the lists that are watched, by the newsroom's own account; their backlog included

    def counted(self) -> dict[str, int]:
        """Entries found and ended in all runs together."""
        books = [book for report in self.reports for book in report.books]
        ended = {outcome.value: sum(book.outcomes[outcome] for book in books) for outcome in Outcome}
        return {"found": sum(book.found for book in books)} | {name: count for name, count in ended.items() if count}


@click.command()
@click.option("--seed", default=7, show_default=True, help="Decides when the simulated press publishes what.")
@click.option(
    "--seeds",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Bring in the seed articles of this folder first.",
)
@global_options
@click.pass_context
def demo(context: click.Context, /, seed: int, seeds: Path | None, **parameters: Any) -> None:
    """Live two simulated days of news: a press on this machine, crawled every hour by the shipped configuration.

    No request leaves the machine. --data DIR keeps the result in a folder of your choice, which must be empty.
    """
    given = Given.take(parameters).under(context.find_object(Given))
    set_up_logs(verbose=given.verbose)
    for name in ("config", "now", "route"):
        if getattr(given, name) is not None:
            raise click.UsageError(f"demo brings its own press, clock and configuration: leave --{name} out")
    folder = _fresh_folder(Path(given.data) if given.data else None)
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), console=console
    ) as bar:
        try:
            lived = asyncio.run(_live(folder, seed, seeds, bar))
        except StorageError as error:
            raise FailedError(str(error)) from error
    tell(lived.seeds, to_person=False)
    if given.as_json:
        print_document(_document(lived))
    else:
        _show(lived)


def _fresh_folder(given: Path | None) -> Path:
    if given is None:
        return Path(tempfile.mkdtemp(prefix="presswatch-demo-"))
    if given.exists() and (not given.is_dir() or any(given.iterdir())):
        raise click.UsageError(f"demo needs an empty folder, and {given} is not one")
    try:
        given.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FailedError(f"{given} cannot be made: {error.strerror}; name another folder with --data") from error
    return given


def _demo_config(folder: Path) -> Config:
    """The shipped configuration unchanged, and the newsroom's own sites beside its sources."""
    shutil.copytree(shipped_config(), folder / "config")
    for name, text in shipped_sources().items():
        (folder / "config" / "sources" / name).write_text(text, encoding="utf-8")
    return load_config(folder / "config", environ={})


async def _live(folder: Path, seed: int, seeds: Path | None, bar: Progress) -> Demo:
    config, clock = _demo_config(folder), VirtualClock(START)
    newsroom, data = Newsroom(seed=seed, start=START, days=DAYS), folder / "data"
    reports: list[RunReport] = []
    with run_lock(data):
        database = Database.open(sqlite_url(data / "presswatch.db"))
        try:
            imported = import_folder(seeds, database, config, data / "archive", clock.now).files if seeds else ()
            async with serve(newsroom, clock) as server:
                for hour in _hours(clock, bar):
                    run = Run(
                        config=config, database=database, clock=clock, data=data, scope=config.enabled_sources,
                        route=server.url, watch=lambda line: None,
                    )  # fmt: skip
                    reports.append(await run.crawl_until_signal(f"demo, hour {hour}"))
                    if reports[-1].stopped:
                        raise FailedError(f"the demo ended early: {reports[-1].stopped}")
                    issue_all_due(database, config, clock.now(), data / "digests")
            digest = latest(database, config, config.subscriptions[0], data / "digests")
        finally:
            database.close()
    if digest is None:
        raise FailedError("no digest was issued in two days")
    lists = [endpoint.url for source in config.enabled_sources for endpoint in source.endpoints]
    announced = len(newsroom.announced(lists, clock.now()))
    return Demo(
        data=data, config=folder / "config", seeds=imported, reports=tuple(reports), digest=digest, announced=announced
    )


def _hours(clock: VirtualClock, bar: Progress) -> Iterator[int]:
    """Move the clock to each full hour of the days, the last one included; a crawl may have moved it on already."""
    hours = int(timedelta(days=DAYS) / _STEP)
    task = bar.add_task("two simulated days", total=hours + 1, note="")
    for hour in range(hours + 1):
        clock.move_to(START + hour * _STEP)
        yield hour
        bar.update(task, advance=1, note=f"{clock.now().astimezone(START.tzinfo):%Y-%m-%d %H:%M}")


def _show(lived: Demo) -> None:
    console = Console()
    if console.is_terminal:
        console.print(Markdown(lived.digest.markdown))
    else:
        click.echo(lived.digest.markdown)
    counts = ", ".join(f"{count} {name}" for name, count in lived.counted().items())
    click.echo(
        f"\nThe lists that are watched announced {lived.announced} pieces; presswatch told them apart: {counts}."
    )
    if lived.seeds:
        stored = [item for item in lived.seeds if item.result is SeedResult.STORED]
        click.echo(
            f"seeds    {len(stored)} of {len(lived.seeds)} files stored; presswatch search --origin seed finds them"
        )
    click.echo(f"digest   {lived.digest.path}")
    click.echo(f"archive  {lived.data / 'archive'}")
    told = [line.title for section in lived.digest.digest.sections for line in section.lines]
    ask = [sys.argv[0], "--config", str(lived.config), "--data", str(lived.data), "explain", *told[:1]]
    click.echo(f"ask why  {shlex.join(ask)}")
    click.echo(f"to have it gone: rm -r {shlex.quote(str(lived.data.parent))}")


def _document(lived: Demo) -> dict[str, Any]:
    return {
        "announced": lived.announced,
        "seeds": lived.seeds,
        "runs": len(lived.reports),
        "counted": lived.counted(),
        "balanced": all(report.balances for report in lived.reports),
        "errors": [error for report in lived.reports for error in report.errors],
        "digest": lived.digest.path,
        "archive": lived.data / "archive",
    }
