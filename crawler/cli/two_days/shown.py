"""The end of the demo on the terminal: the digest, what went wrong, where things are, and what to try next."""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.cells import cell_len
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Column, Table
from rich.text import Text

from crawler.cli.two_days.account import FaultTold
from crawler.cli.two_days.days import LivedDays
from pipelines.digest.issue import IssuedDigest
from pipelines.seeds.store import SeedResult

_WIDEST_URL = 40  # on a terminal; --json has them whole
_ROOM_FOR_URLS = 100  # columns; on a narrower terminal they would leave no room for the words


def show_digest(digest: IssuedDigest) -> None:
    console = Console()
    if console.is_terminal:
        console.print(Markdown(digest.markdown))
    else:
        click.echo(digest.markdown)


def show_faults(faults: Sequence[FaultTold]) -> None:
    """A line a fault: what happened, how often, how it ended, and where when there is room for it."""
    click.echo("\nWhat went wrong in these two days, by the press's own account, and what presswatch made of it:\n")
    rows = [(_marked(told), f"{told.times}x", told.ended, told.url) for told in faults]
    console = Console()
    if not console.is_terminal:
        click.echo("\n".join(_aligned(rows)))
        return
    has_room = console.width >= _ROOM_FOR_URLS
    where = [Column(no_wrap=True)] if has_room else []
    table = Table("", Column(no_wrap=True), "", *where, box=None, show_header=False)
    for *told, url in rows:
        short = url if len(url) <= _WIDEST_URL else f"{url[: _WIDEST_URL - 1]}…"
        table.add_row(*map(Text, (*told, short) if has_room else told))
    console.print(table)


def show_counts(lived: LivedDays, announced: int, folded: int) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in lived.counted().items())
    click.echo(f"\nThe lists that are watched announced {announced} pieces; presswatch told them apart: {counts}.")
    click.echo("Copies in other words (洗稿) each have a line of their own in the digest until copies are judged.")
    if lived.seeds:
        stored = [item for item in lived.seeds if item.result is SeedResult.STORED]
        click.echo(
            f"Of {len(lived.seeds)} seed files {len(stored)} were stored first; {folded} crawled articles were folded "
            "under their seed. `search --origin seed` finds them."
        )


def show_places(places: Iterable[tuple[str, Path]]) -> None:
    click.echo("")
    for line in _aligned((name, str(path)) for name, path in places):
        click.echo(line)


def show_next_steps(commands: Iterable[Sequence[str]], now: str, folder: Path) -> None:
    """Commands to paste, at what time the folder's clock stands, and how to have it all gone."""
    click.echo("\nWhat to try next:\n")
    for command in commands:
        click.echo(f"  {shlex.join(command)}")
    click.echo(f"\nThe time in this folder is {now}. Give it with --now to a command of your own: `digest` or `crawl`")
    click.echo("without it take all the days since then for missed, and write that down.")
    click.echo(f"\nTo have it all gone: rm -r {shlex.quote(str(folder))}")


def program() -> list[str]:
    """How this program was called, so that it can be called again."""
    called = sys.argv[0]
    return [sys.executable, "-m", "crawler.cli"] if Path(called).name == "__main__.py" else [called]


def _marked(told: FaultTold) -> str:
    return told.what if told.is_right else f"NOT AS IT SHOULD BE: {told.what}"


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns two spaces apart, a Han character being two columns wide."""
    table = list(rows)
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    padded = [[cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)] for row in table]
    return [f"  {'  '.join(row)}".rstrip() for row in padded]
