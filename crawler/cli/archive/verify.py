"""presswatch archive verify: do rows and files agree?"""

import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

import click

from crawler.cli.app import App, print_document, with_app
from crawler.text import one_line
from pipelines.archive.findings import Finding, Kind
from pipelines.archive.verify import Extent, extent
from pipelines.archive.verify import verify as check


@click.command()
@with_app
def verify(app: App) -> None:
    """Check that rows and files agree: every file there, unchanged, and named by a row; every text as it was hashed.

    Changes nothing. Exits with 1 when something is wrong, and says of each what to do.
    """
    told, findings = Counter[Kind](), list[dict[str, Any]]()
    for finding in check(app.existing_database, app.config, app.data / "archive"):
        told[finding.kind] += 1
        if app.json:
            findings.append(_document(finding))
        else:
            click.echo(_line(finding))
    # A damaged database cannot be counted either.
    checked = None if Kind.DATABASE in told else extent(app.existing_database)
    faults = told.total() - told[Kind.KEPT_ASIDE]
    if app.json:
        print_document({"checked": checked, "faults": faults, "counted": told, "findings": findings})
    else:
        click.echo(_sum(checked, told))
    if faults and checked is not None and checked.running is not None:
        click.echo(
            f"run {checked.running} has not ended: what it is writing may be told as missing, stale or unknown; "
            "verify again when it has",
            err=True,
        )
    sys.exit(1 if faults else 0)


def _document(finding: Finding) -> dict[str, Any]:
    facts = {name: one_line(value) if isinstance(value, str) else value for name, value in asdict(finding).items()}
    return {**facts, "kind": finding.kind, "fault": finding.is_fault, "advice": finding.advice}


def _line(finding: Finding) -> str:
    entry = f"entry {finding.entry}" if finding.entry is not None else ""
    about = " ".join(filter(None, (f"archive/{finding.path}" if finding.path else "", entry)))
    where = f"{about}: " if about else ""
    return one_line(f"{finding.kind.value}: {where}{finding.detail}; {finding.advice}")


def _sum(checked: Extent | None, told: Counter[Kind]) -> str:
    if checked is None:
        return "the database is damaged; nothing that stands in it was checked"
    found = ", ".join(f"{count} {kind.value.replace('_', ' ')}" for kind, count in told.items())
    whole = f"{checked.articles} articles, {checked.versions} versions and {checked.files} files"
    fewer = " (an article that is off theme or has expired has none)" if checked.files < checked.articles else ""
    return f"{whole}{fewer}: {found or 'all is well'}"
