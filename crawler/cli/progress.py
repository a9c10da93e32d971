"""How far a run is, for a person at a terminal; gone when the run is."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from crawler.run_report import RunProgress
from crawler.text import clean

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Where a run tells how far it is."""

    watch: Callable[[str], None]
    progress: Callable[[RunProgress], None]


class _LastLine(ProgressColumn):
    """What just happened, cut to what is left of the line. Not markup: titles may hold brackets."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["line"], no_wrap=True, overflow="ellipsis")


@contextmanager
def shown_progress(console: Console, *, shown: bool) -> Iterator[Shown]:
    """A bar over the hosts of a run, the pages that were fetched, and what just happened.

    Args:
        console: of the terminal.
        shown: whether there is one; nothing at all is written else.
    """
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=20),
        TextColumn("{task.completed:.0f} of {task.fields[known]} hosts, {task.fields[pages]} pages"),
        _LastLine(table_column=Column(ratio=1, no_wrap=True)),
    )
    with Progress(*columns, console=console, transient=True, expand=True, disable=not shown) as bar:
        task = bar.add_task("", total=None, known=0, pages=0, line="opening the run ...")

        def tell(now: RunProgress) -> None:
            bar.update(task, completed=now.visited, total=now.known, known=now.known, pages=now.pages)

        def watch(line: str) -> None:
            logger.info("%s", line)
            bar.update(task, line=clean(line))

        yield Shown(watch=watch, progress=tell)
