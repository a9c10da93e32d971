"""presswatch doctor: what is wrong with the installation, before cron finds it."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler import __version__
from crawler.cli.app import App, print_document, with_app
from crawler.clock import RealClock
from crawler.config.report import ConfigError
from crawler.doctor.checks import Installation, all_checks, online_check
from crawler.doctor.model import Finding, Grade, examine

Value = TypeVar("Value")

_COLOURS = {Grade.OK: "green", Grade.NOTE: "cyan", Grade.WARNING: "yellow", Grade.FAULT: "bold red"}


@click.command()
@click.option(
    "--online", is_flag=True, help="Also connect to each source's host once, without a request: name, TLS, certificate."
)
@with_app
def doctor(app: App, *, online: bool) -> None:
    """Find what is wrong with the installation, and say what to do. Nothing is changed; without --online nothing sent.

    Each finding is ok, a note, a warning or a fault. The exit code is 0 without faults, 1 with one, 2 when the
    configuration cannot be read. --verbose shows what a finding counts.

    --json prints {"presswatch": version, "grade": the worst one, "counts": {grade: how many},
    "findings": [{"check", "grade", "found", "todo", "details": [...]}]}.
    """
    installation = find_installation(app)
    checks = all_checks(installation)
    if online and installation.config is not None:
        checks.append(online_check(installation.config, app.route))
    findings = examine(checks)
    if app.json:
        print_document(_document(findings))
    else:
        _tell(findings, verbose=app.verbose)
    sys.exit(exit_code(findings, unread=installation.unread is not None))


def find_installation(app: App) -> Installation:
    """What can be found and read of it; the first thing that cannot is told."""
    unread: list[ConfigError] = []

    def tried(look: Callable[[], Value]) -> Value | None:
        try:
            return look()
        except ConfigError as error:
            unread.append(error)
            return None

    place = tried(lambda: app.config_place)
    config = tried(lambda: app.config) if place else None
    data = tried(lambda: app.data_place) if place else None
    machine_now = RealClock().now()
    return Installation(
        environ=app.environ,
        machine_now=machine_now,
        now=app.clock.now() if config else machine_now,
        config_place=place,
        config=config,
        data=data,
        database=app.database_path if config and data else None,
        unread=unread[0] if unread else None,
    )


def exit_code(findings: Sequence[Finding], *, unread: bool) -> int:
    if unread:
        return 2
    return 1 if any(finding.grade is Grade.FAULT for finding in findings) else 0


def _document(findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "presswatch": __version__,
        "grade": max((finding.grade for finding in findings), key=lambda grade: grade.rank),
        "counts": _counts(findings),
        "findings": findings,
    }


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    counted = Counter(finding.grade for finding in findings)
    return {grade.value: counted[grade] for grade in Grade}


def _tell(findings: Sequence[Finding], *, verbose: bool) -> None:
    """A table on a terminal; else a line for each finding, and below it what to do."""
    counts = _counts(findings)
    closing = ", ".join(_counted(grade, counts[grade]) for grade in reversed(Grade) if counts[grade])
    if sys.stdout.isatty():
        console = Console()
        console.print(_table(findings, verbose=verbose))
        console.print(closing, highlight=False)
        return
    for finding in findings:
        first, *further = _lines(finding, verbose=verbose)
        click.echo(f"{finding.grade:<8} {finding.check:<13} {first}")
        for line in further:
            click.echo(f"{'':<23}{line}")
    click.echo(closing)


def _counted(grade: Grade, count: int) -> str:
    return f"{count} {grade}" if count == 1 or grade is Grade.OK else f"{count} {grade}s"


def _table(findings: Sequence[Finding], *, verbose: bool) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        told = Text("\n".join(_lines(finding, verbose=verbose)))
        table.add_row(Text(finding.grade, style=_COLOURS[finding.grade]), finding.check, told)
    return table


def _lines(finding: Finding, *, verbose: bool) -> list[str]:
    shown = finding.details if verbose or finding.grade is Grade.FAULT else ()
    return [finding.found, *(f"  {detail}" for detail in shown), *([f"→ {finding.todo}"] if finding.todo else [])]
