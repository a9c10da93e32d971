"""What a run did, for a person at a terminal: a table of the sources that had anything to do."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler.books import Book
from crawler.outcomes import Outcome
from crawler.run_report import RunReport

_OPTIONAL = ("requests", "known")  # left out, in this order, where a terminal is too narrow
_SHORTEST_NAME = 8


def show_summary(console: Console, report: RunReport) -> None:
    """Print it, fitted to the console's width."""
    busy = [line for line in report.books if _did_anything(line)]
    idle = len(report.books) - len(busy)
    if busy:
        console.print(_fitted(console, busy, title=f"run {report.number}"))
    if idle:
        only = "" if busy else f"run {report.number}: "
        console.print(Text(f"{only}{idle} {'source' if idle == 1 else 'sources'}: nothing new"))
    if report.time_over:
        console.print(Text("the time of --max-minutes was up: what is pending stays for the next run"))


def _did_anything(line: Book) -> bool:
    counts = (line.found, line.carried_in, line.carried_out or 0, line.polls_failed, *line.outcomes.values())
    return any(counts) or bool(line.error)


def _fitted(console: Console, lines: Sequence[Book], *, title: str) -> Table | Text:
    """The table with what there is room for; a line for each source where there is none even for its numbers."""
    for left_out in ((), _OPTIONAL[:1], _OPTIONAL):
        table = _table(lines, title, left_out)
        if _width(console, table) <= console.width:
            return table
    table.columns[0].max_width = _SHORTEST_NAME
    spare = console.width - _width(console, table)
    if spare < 0:
        return Text("\n".join([title, *map(_in_words, lines)]))
    table.columns[0].max_width = _SHORTEST_NAME + spare
    return table


def _width(console: Console, table: Table) -> int:
    return console.measure(table, options=console.options.update(width=10_000)).maximum


def _in_words(line: Book) -> str:
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in _counts(line).items() if count)
    return f"{line.source}: {counts or 'nothing'}"


def _table(lines: Sequence[Book], title: str, left_out: Sequence[str]) -> Table:
    total = _together(lines)
    # Outcomes that came to nothing are left out, so that the table fits.
    outcomes = [outcome.value for outcome in Outcome if total[outcome.value]]
    columns = [name for name in ("in", "found", *outcomes, "left", "known", "requests") if name not in left_out]
    table = Table(
        title=title,
        caption="in + found = outcomes + left",
        box=None,
        padding=(0, 1, 0, 0),
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("source", no_wrap=True, overflow="ellipsis")
    for name in columns:
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    for line in lines:
        counted = _counts(line)
        table.add_row(Text(line.source), *(str(counted[name] or "·") for name in columns))
    if len(lines) > 1:
        table.add_row(Text("together"), *(str(total[name] or "·") for name in columns), style="bold")
    return table


def _together(lines: Sequence[Book]) -> dict[str, int]:
    """The counters of all of them together."""
    counted = [_counts(line) for line in lines]
    return {name: sum(counts[name] for counts in counted) for name in counted[0]}


def _counts(line: Book) -> dict[str, int]:
    return {
        "in": line.carried_in,
        "found": line.found,
        **{outcome.value: line.outcomes.get(outcome, 0) for outcome in Outcome},
        "left": line.carried_out or 0,
        "known": line.known,
        "requests": line.requests,
    }
