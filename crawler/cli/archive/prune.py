"""presswatch archive prune: retention, now."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from crawler.captures.upkeep import RingRules, files_to_drop, prune_ring, ring_files
from crawler.cli.app import App, print_document, with_app
from crawler.cli.lock import locked
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
    ring = app.data / "captures", app.existing_database
    rules, now = RingRules.of(app.config.settings.retention), app.clock.now()
    if dry_run:
        expired = retention.expiring(now)
        captures = files_to_drop(ring_files(*ring), rules, now=now)
    else:
        with locked(app):
            expired = retention.apply(now)
            captures = prune_ring(*ring, rules, now=now)
    if app.json:
        print_document(_document(expired, captures, dry_run=dry_run))
    else:
        _tell(expired, captures, dry_run=dry_run)
    for fault in expired.faults:
        click.echo(one_line(fault), err=True)
    sys.exit(1 if expired.faults else 0)


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
