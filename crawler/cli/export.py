"""presswatch export: the archive for others, as JSON lines or as a section of a Hugo site."""

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from crawler.cli.app import App, FailedError, NotFoundError, print_document, with_app
from crawler.cli.checks import check_folder
from crawler.config.report import nearest
from crawler.items import Origin
from pipelines.export.choose import Wanted, known_sources, known_themes
from pipelines.export.export import LeftOut, Summary, export_hugo, export_jsonl
from pipelines.export.record import ExportedArticle
from pipelines.export.tree import ForeignFilesError, TreeLockedError

_LONGEST_LINE = 20_000_000  # bytes; an article is far below
_LOCKED = 4  # design section 13
_DAY = click.DateTime(formats=["%Y-%m-%d"])
_ORIGIN = click.Choice([origin.value for origin in Origin])
_REASONS = {
    LeftOut.WITHHELD: "deleted at the source",
    LeftOut.EXPIRED: "text expired",
}


@click.command()
@click.option("--format", "form", type=click.Choice(["jsonl", "hugo"]), required=True, help="What to make.")
@click.option("--out", metavar="PATH", help="The file (jsonl; stdout if not given), or the section's folder (hugo).")
@click.option("--plain", is_flag=True, help="hugo: front matter without our own key presswatch.")
@click.option("--whole", is_flag=True, help="All texts whole, whatever the sources' rights: for this machine alone.")
@click.option("--source", "sources", metavar="NAME", multiple=True, help="Of this source; may be given again.")
@click.option("--theme", "themes", metavar="NAME", multiple=True, help="On this theme; may be given again.")
@click.option("--origin", "origins", type=_ORIGIN, multiple=True, help="That came this way; may be given again.")
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="First day: of publication, else of when it was kept.")
@click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="Last day.")
@click.option("--no-copies", is_flag=True, help="Originals only.")
@with_app
def export(app: App, /, *, form: str, out: str | None, plain: bool, whole: bool, **filters: Any) -> None:
    """Write kept articles and copies: whole, as an excerpt or as a headline, as each source's `rights` allow.

    jsonl is one JSON object a line; config/schema/export.schema.json says what is in it. hugo makes --out DIR a section
    of a Hugo site, such as SITE/content/news: new, empty, or a former export, which is brought up to date; files that
    you add to it stay. Dates are in the sources' zones: give the site their `timeZone`, or it takes the latest for
    future ones and leaves them out.
    """
    place = check_folder("--out", out)
    check_usage(app, form, place, plain=plain)
    wanted = wanted_of(app, **filters)
    with told_in_words():
        if form == "hugo" and place is not None:
            summary = export_hugo(app.existing_database, app.config, wanted, place, plain=plain, whole=whole)
        else:
            with lines_to(place) as write:
                summary = export_jsonl(app.existing_database, app.config, wanted, write, whole=whole)
    if app.json:
        print_document(summary)
    tell(summary, whole=whole)


@contextmanager
def told_in_words() -> Iterator[None]:
    """End the command with the message and the exit code of what went wrong."""
    try:
        yield
    except ForeignFilesError as error:
        raise click.UsageError(str(error)) from error
    except TreeLockedError as error:
        click.echo(str(error), err=True)
        sys.exit(_LOCKED)
    except BrokenPipeError:
        raise  # who read the lines has seen enough
    except OSError as error:
        raise FailedError(f"the export cannot be written: {error}; mend that and export again") from error


def check_usage(app: App, form: str, place: Path | None, *, plain: bool) -> None:
    """
    Raises:
        click.UsageError: options that do not go together.
    """
    if form == "hugo" and place is None:
        raise click.UsageError("--format hugo needs a folder: --out DIR")
    if form == "jsonl" and plain:
        raise click.UsageError("--plain is about front matter, which jsonl has not; leave it out or give --format hugo")
    if form == "jsonl" and app.json and place is None:
        raise click.UsageError("--json prints a summary where the lines would go; name a file for them with --out")
    if form == "jsonl" and place is not None and place.is_dir():
        raise click.UsageError(f"--out {place} is a folder, and jsonl is one file")
    for ours in (app.data, app.config_folder):
        if place is not None and place.resolve().is_relative_to(ours.resolve()):
            raise click.UsageError(f"--out {place} lies in presswatch's own folder {ours}; name another place")
    if form == "jsonl" and place is not None and place.is_file() and not is_export(place):
        raise click.UsageError(f"--out {place} exists and is no former export; name another file, or remove it")


def is_export(file: Path) -> bool:
    """Whether a file is empty, or begins with a line as `--format jsonl` writes it."""
    with file.open("rb") as lines:
        first = lines.readline(_LONGEST_LINE)
    if not first:
        return True
    try:
        record = json.loads(first)
    except ValueError:
        return False
    return isinstance(record, dict) and {field.name for field in fields(ExportedArticle)} <= record.keys()


def wanted_of(
    app: App, *, since: datetime | None, until: datetime | None, no_copies: bool, **names: tuple[str, ...]
) -> Wanted:
    """
    Raises:
        NotFoundError: a source or a theme that neither the config nor the archive knows.
        click.UsageError: the last day lies before the first.
    """
    if since and until and until < since:
        raise click.UsageError(f"--until {until:%Y-%m-%d} lies before --since {since:%Y-%m-%d}")
    with app.existing_database.read() as connection:
        check_known(names["sources"], known_sources(connection, app.config), "source")
        check_known(names["themes"], known_themes(connection, app.config), "theme")
    return Wanted(
        sources=frozenset(names["sources"]),
        themes=frozenset(names["themes"]),
        origins=frozenset(Origin(name) for name in names["origins"]),
        since=since.date() if since else None,
        until=until.date() if until else None,
        copies=not no_copies,
    )


def check_known(names: tuple[str, ...], known: list[str], what: str) -> None:
    """
    Raises:
        NotFoundError: one of the `names` is not among the `known`.
    """
    for name in names:
        if name not in known:
            raise NotFoundError(f"no {what} is named {name}; {nearest(name, known, what)}".removesuffix("; "))


@contextmanager
def lines_to(place: Path | None) -> Iterator[Callable[[bytes], Any]]:
    """What writes to `place`, under whose name there is never half a file; to stdout when that is None."""
    if place is None:
        yield sys.stdout.buffer.write  # UTF-8, whatever the terminal's own encoding
        sys.stdout.flush()
    elif place.exists() and not place.is_file():
        with place.open("wb") as device:  # a pipe, say: nothing to replace
            yield device.write
    else:
        with replacing(place.resolve()) as write:
            yield write


@contextmanager
def replacing(place: Path) -> Iterator[Callable[[bytes], Any]]:
    """What writes a new file that takes its name when it is whole; on any exception what stood there still stands."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def tell(summary: Summary, *, whole: bool) -> None:
    """What the export came to, on stderr: stdout may carry the lines."""
    files = (
        f" ({summary.changed} files written, {summary.removed} removed)" if summary.changed or summary.removed else ""
    )
    if summary.articles:
        click.echo(f"exported {_articles(summary.articles)}{files}", err=True)
    else:
        click.echo(f"nothing that may be exported is as asked for{files}", err=True)
    for reason, count in summary.left_out.items():
        if count:
            click.echo(f"left out {_articles(count)}: {_REASONS[reason]}", err=True)
    if whole:
        click.echo("all texts are whole, whatever their sources allow: keep them on this machine", err=True)


def _articles(count: int) -> str:
    return "1 article" if count == 1 else f"{count} articles"
