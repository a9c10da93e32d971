"""presswatch demo: two simulated days of the newsroom, crawled hour by hour as cron would, and the digest."""

import asyncio
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from crawler.cli.app import FailedError, NotFoundError, print_document
from crawler.cli.logs import set_up_logs
from crawler.cli.options import Given, global_options
from crawler.cli.seeds import tell
from crawler.cli.two_days.account import Account, FaultTold, announced_to
from crawler.cli.two_days.articles import article_faults
from crawler.cli.two_days.days import DAYS, START, Days, EndedEarlyError, LivedDays, hours_in, write_config
from crawler.cli.two_days.fates import fates_of, folded_under_seeds
from crawler.cli.two_days.lists import list_faults, silent_sources, unchanged_lists
from crawler.cli.two_days.shown import (
    program,
    show_counts,
    show_digest,
    show_faults,
    show_next_steps,
    show_places,
)
from crawler.config.load import load_config
from crawler.config.places import shipped_config
from crawler.database import Database, StorageError, sqlite_url
from crawler.newsroom import Newsroom, load_press
from pipelines.digest.issue import IssuedDigest
from pipelines.seeds.folder import read_folder

_QUERY = "人形机器人"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the command ends with."""

    folder: Path
    lived: LivedDays
    digest: IssuedDigest
    faults: tuple[FaultTold, ...]
    announced: int  # pieces in the lists that are watched, by the newsroom's own account; their backlog included
    folded: int  # crawled articles that are copies of a seed

    @property
    def balances(self) -> bool:
        return all(report.balances for report in self.lived.reports)


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
    The exit code is 1 when something that went wrong there did not come out as it should.
    """
    given = Given.take(parameters).under(context.find_object(Given))
    set_up_logs(verbose=given.verbose)
    for name in ("config", "now", "route"):
        if getattr(given, name) is not None:
            raise click.UsageError(f"demo brings its own press, clock and configuration: leave --{name} out")
    if seeds is not None:
        _check_seeds(seeds)
    folder = _fresh_folder(Path(given.data) if given.data else None)
    lived = _lived(folder, seed, seeds)
    tell(lived.lived.seeds, to_person=False)
    if given.as_json:
        print_document(_document(lived))
    else:
        _show(lived)
    wrong = [told.what for told in lived.faults if not told.is_right]
    if wrong or not lived.balances:
        told = f"did not come out as they should: {'; '.join(wrong)}" if wrong else "the books do not balance"
        raise FailedError(f"{told}; what was stored lies in {folder}")


def _check_seeds(folder: Path) -> None:
    """
    Raises:
        NotFoundError: there is nothing in the folder to bring in.
    """
    remedy = "name the folder with the seed articles, or leave --seeds out"
    try:
        files = read_folder(folder, load_config(shipped_config(), environ={}))
    except OSError as error:
        raise NotFoundError(f"{folder} cannot be read: {error.strerror}; {remedy}") from error
    if not files:
        raise NotFoundError(f"{folder} holds no file; {remedy}")
    if not any(file.seed for file in files):
        raise NotFoundError(
            f"none of the {len(files)} files in {folder} is a seed article ({files[0].fault}); {remedy}"
        )


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


def _lived(folder: Path, seed: int, seeds: Path | None) -> Demo:
    """
    Raises:
        FailedError: the days were not lived to their end.
    """
    try:
        config, press = write_config(folder / "config"), load_press()
        newsroom = Newsroom(seed=seed, start=START, days=DAYS, press=press)
        lived = _live(Days(config=config, data=folder / "data", newsroom=newsroom, days=DAYS, seeds=seeds))
        database = Database.open(sqlite_url(folder / "data" / "presswatch.db"))
        try:
            account = Account(newsroom=newsroom, press=press, config=config, lived=lived, fates=fates_of(database))
            folded = folded_under_seeds(database)
        finally:
            database.close()
    except (EndedEarlyError, KeyboardInterrupt) as error:
        reason = str(error) or "stopped by SIGINT"
        remedy = f"to have it gone: rm -r {shlex.quote(str(folder))}"
        raise FailedError(f"the demo ended early, {reason}; its folder is {folder}; {remedy}") from error
    except (StorageError, OSError) as error:
        raise FailedError(f"{error}; what was stored lies in {folder}") from error
    if not lived.digests:
        raise FailedError(f"no digest was issued in {DAYS} days; what was stored lies in {folder}")
    return Demo(
        folder=folder,
        lived=lived,
        digest=lived.digests[-1],
        faults=(*unchanged_lists(account), *article_faults(account), *list_faults(account), *silent_sources(account)),
        announced=len(announced_to(newsroom, config, lived.end)),
        folded=folded,
    )


def _live(days: Days) -> LivedDays:
    """Live them with a bar for a person at a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        days.passed = _on(bar, hours_in(days.days))
        return asyncio.run(days.live())


def _on(bar: Progress, hours: int) -> Callable[[datetime], None]:
    task = bar.add_task("two simulated days", total=hours, note="")

    def passed(now: datetime) -> None:
        bar.update(task, advance=1, note=f"{now.astimezone(START.tzinfo):%Y-%m-%d %H:%M}")

    return passed


def _show(lived: Demo) -> None:
    show_digest(lived.digest)
    show_faults(lived.faults)
    show_counts(lived.lived, lived.announced, lived.folded)
    show_places(_places(lived))
    show_next_steps(next_steps(lived), _clock(lived), lived.folder)


def _places(lived: Demo) -> list[tuple[str, Path]]:
    data = lived.folder / "data"
    path = lived.digest.path
    beside = [one for one in (path.with_suffix(".html"),) if one.is_file()] if path else []
    return [
        *([("digest", path)] if path else []),
        *(("as a page", one) for one in beside),
        ("archive", data / "archive"),
        ("database", data / "presswatch.db"),
        ("config", lived.folder / "config"),
    ]


def next_steps(lived: Demo) -> list[list[str]]:
    """Commands that show more of what was stored, complete; none of them issues a digest or stores anything new."""
    start = [*program(), "--config", str(lived.folder / "config"), "--data", str(lived.folder / "data")]
    titles = [line.title for section in lived.digest.digest.sections for line in section.lines]
    return [
        *([*start, "explain", title] for title in titles[:1]),
        [*start, "search", _QUERY],
        [*start, "--now", _clock(lived), "status"],
        [*start, "digest", "--date", lived.digest.digest.date, "--format", "html"],
        [*program(), "demo", "--seed", "8"],
    ]


def _clock(lived: Demo) -> str:
    """At what time the days ended: by today's clock their last digest is years late."""
    return lived.lived.end.astimezone(START.tzinfo).isoformat()


def _document(lived: Demo) -> dict[str, Any]:
    reports = lived.lived.reports
    return {
        "announced": lived.announced,
        "seeds": lived.lived.seeds,
        "runs": len(reports),
        "counted": lived.lived.counted(),
        "balanced": lived.balances,
        "errors": [error for report in reports for error in report.errors],
        "faults": lived.faults,
        **{name: path for name, path in _places(lived) if name in {"digest", "archive", "database", "config"}},
    }
