"""presswatch archive prune: retention, now."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from crawler.captures.upkeep import RingRules, drop_file, files_to_drop, ring_files
from crawler.cli.app import App, print_document, with_app
from crawler.cli.lock import locked
from crawler.storage import StorageError, file_error
from crawler.text import one_line
from pipelines.archive.retention import Expired, Retention, Rule


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be let go; change nothing.")
@with_app
def prune(app: App, *, dry_run: bool) -> None:
    """Let go what retention in presswatch.yaml lets go: the texts of off_theme, deleted, articles, and captures.

    Every run does so when it begins. An article's row with title, address and verdict stays; its text and its file go.
    """
    retention = Retention(app.existing_database, app.data / "archive", app.config)
    now, captures, faults = app.clock.now(), list[str](), list[str]()
    with nullcontext() if dry_run else locked(app):
        expired = retention.expiring(now) if dry_run else retention.apply(now)
        # What was let go already is told whatever becomes of the captures.
        try:
            captures.extend(_captures(app, now, dry_run=dry_run))
        except OSError as error:
            faults.append(str(file_error(error, Path(error.filename or app.data / "captures"))))
        except StorageError as error:
            faults.append(str(error))
    expired = replace(expired, faults=(*expired.faults, *faults))
    if app.json:
        print_document(_document(expired, captures, dry_run=dry_run))
    else:
        _tell(expired, captures, dry_run=dry_run)
    for fault in expired.faults:
        click.echo(one_line(fault), err=True)
    sys.exit(1 if expired.faults else 0)


def _captures(app: App, now: datetime, *, dry_run: bool) -> Iterator[str]:
    """Let go the capture files that have expired, one by one."""
    folder, rules = app.data / "captures", RingRules.of(app.config.settings.retention)
    for name in files_to_drop(ring_files(folder, app.existing_database), rules, now=now):
        if not dry_run:
            drop_file(folder, app.existing_database, name)
        yield name


def _counted(expired: Expired) -> dict[str, int]:
    counted = Counter(item.rule for item in expired.articles)
    return {rule.value: counted[rule] for rule in Rule}


def _document(expired: Expired, captures: Sequence[str], *, dry_run: bool) -> dict[str, Any]:
    return {"dry_run": dry_run, "texts": _counted(expired), **vars(expired), "captures": captures}


def _tell(expired: Expired, captures: Sequence[str], *, dry_run: bool) -> None:
    for item in expired.articles if dry_run else ():
        click.echo(one_line(f"{item.rule.value}: entry {item.entry} {item.title}"))
    for path in expired.kept_aside:
        click.echo(one_line(f"kept aside: {path} was edited by hand"))
    verb = "would be let go" if dry_run else "let go"
    for path in expired.safety_copies:
        click.echo(one_line(f"{path}, the database as it was before a migration, {verb}"))
    counts = ", ".join(f"{count} by {name}" for name, count in _counted(expired).items())
    click.echo(f"{len(expired.articles)} texts {verb}: {counts}")
    click.echo(f"{len(captures)} capture files {verb}")
