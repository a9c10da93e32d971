"""presswatch extract: what is read of a page, in a file or at its address. Nothing is stored."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

import click

from crawler.cli.app import App, FailedError, NotFoundError, with_app
from crawler.cli.choose import unknown_source
from crawler.cli.extracted import Extracted, json_bytes, not_had
from crawler.cli.extracted_text import text_for_person
from crawler.cli.manifest import Line, ManifestError, lines_of
from crawler.cli.page_reader import PageReader
from crawler.config.models import Source
from crawler.database import newest_revision
from crawler.ledger import Ledger
from crawler.moments import in_zone
from crawler.outcomes import Outcome
from crawler.urls import UrlError, check_fetchable
from pipelines.archive.explain_text import Voice


class ExitCode(IntEnum):
    """How it ended, by the numbers of design section 13; bad usage has 2."""

    READ = 0  # whatever it came to: a captcha or an empty page is an outcome
    NOT_READ = 1  # a file could not be read, or what is at the address may not be
    NOT_FETCHED = 3  # the address gave no answer that says what became of the page


@click.command()
@click.argument("target", required=False, metavar="[FILE|URL]")
@click.option(
    "--manifest",
    metavar="FILE.jsonl",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Read the file each line names: {"page": path, "url": its address}; print a JSON object a line.',
)
@click.option("--url", metavar="URL", help="The address of FILE, where that is not the one it gives itself.")
@click.option("--source", "name", metavar="NAME", help="Read by this source's rules, whatever the address.")
@click.option("--explain", "explains", is_flag=True, help="Say by which rules, which encoding, which dates there are.")
@with_app
def extract(
    app: App, /, *, target: str | None, manifest: Path | None, url: str | None, name: str | None, explains: bool
) -> None:
    """Show what is read of a page: title, date with its evidence, authors, text. Nothing of it is stored.

    FILE is a page as it was sent (HTML, a docsify mirror's .md, gzipped or not); URL is fetched as crawl would fetch
    it, robots.txt and pauses kept; when its host was asked, and until when it wants to be left alone, is noted for
    crawls. Either is read by the rules of the source that watches its site, else without any.

    With --json, "outcome" is kept where an article was read (themes and copies are not judged here), else what crawl
    would note (no_text, blocked, gone, refused ...), or failed for a page that could not be had; then "reason" says
    why. A manifest's paths begin at its own folder; a line that cannot be read is told and counts as failed.

    Exit codes: 0 read, whatever it came to; 1 a file could not be read, or robots.txt refuses the URL; 3 the URL could
    not be fetched.
    """
    _check_usage(target, manifest, url)
    reader = PageReader(app.config, fixed=_named(app, name), now=app.clock.now(), explains=explains)
    if manifest is not None:
        sys.exit(_read_manifest(reader, manifest))
    named, is_address = target or "", _is_address(target)
    found = _fetched(app, reader, named) if is_address else _read_file(reader, named, url)
    _tell(app, found)
    sys.exit(_exit_code(found, fetched=is_address))


def _check_usage(target: str | None, manifest: Path | None, url: str | None) -> None:
    """
    Raises:
        click.UsageError: what is to be read is named twice or not at all, or --url is no address.
    """
    if (target is None) == (manifest is None):
        raise click.UsageError("name what to read: a FILE, a URL, or a --manifest")
    if url is not None and (target is None or _is_address(target)):
        raise click.UsageError("--url is the address of a FILE; a line of a manifest has its own")
    if url is not None:
        try:
            check_fetchable(url)
        except UrlError as error:
            raise click.UsageError(f"--url {error}") from error


def _is_address(target: str | None) -> bool:
    return target is not None and target.lower().startswith(("http://", "https://"))


def _named(app: App, name: str | None) -> Source | None:
    """
    Raises:
        NotFoundError: no source bears the name.
    """
    source = app.config.source(name) if name is not None else None
    if name is not None and source is None:
        raise unknown_source(name, (known.name for known in app.config.sources), app.config)
    return source


def _read_file(reader: PageReader, target: str, url: str | None) -> Extracted:
    if not Path(target).is_file():
        raise NotFoundError(f"{target} is no file, and no URL that begins with http:// or https://")
    return reader.read_file(Path(target), target, url)


def _fetched(app: App, reader: PageReader, url: str) -> Extracted:
    """
    Raises:
        NotFoundError: the address is none that presswatch would fetch.
    """
    app.check_may_ask()
    try:
        with _ledger(app) as known:
            return asyncio.run(reader.fetch(url, clock=app.clock, route=app.route, known=known))
    except UrlError as error:
        raise NotFoundError(str(error)) from error


@contextmanager
def _ledger(app: App) -> Iterator[Ledger | None]:
    """What crawls remember of hosts, so that pauses and wishes to be left alone are kept, by the next one too.

    Nothing, where a crawl has yet to bring the database to this presswatch's schema.
    """
    try:
        database = app.database_as_it_is
    except NotFoundError:  # nothing was crawled yet
        yield None
        return
    try:
        yield Ledger(database) if database.revision() == newest_revision() else None
    finally:
        database.close()


def _read_manifest(reader: PageReader, manifest: Path) -> ExitCode:
    """
    Raises:
        FailedError: the manifest cannot be read to its end.
    """
    ended = ExitCode.READ
    try:
        for line in lines_of(manifest):
            found = _read_line(reader, manifest.parent, line)
            _print(found)
            if found.outcome is Outcome.FAILED:
                ended = ExitCode.NOT_READ
                click.echo(f"{manifest}, line {line.number}: {line.page or 'no page'}: {found.reason}", err=True)
    except ManifestError as error:
        raise FailedError(f"the manifest {manifest} cannot be read: {error}") from error
    return ended


def _read_line(reader: PageReader, folder: Path, line: Line) -> Extracted:
    if line.page is None or line.fault:
        return not_had(line.page, line.url, f"the line {line.fault}")
    return reader.read_file(folder / line.page, line.page, line.url)


def _tell(app: App, found: Extracted) -> None:
    if app.json:
        _print(found, indent=2)
    else:
        voice = Voice(language=app.language, zone=app.config.settings.zone)
        click.echo(text_for_person(found, voice))
    if found.outcome is Outcome.FAILED:
        click.echo(f"{found.page}: {in_zone(found.reason or '', app.config.settings.zone)}", err=True)


def _print(found: Extracted, *, indent: int | None = None) -> None:
    """At once: who reads the lines of a manifest may be at work while the next page is read."""
    sys.stdout.buffer.write(json_bytes(found, indent=indent))
    sys.stdout.buffer.flush()


def _exit_code(found: Extracted, *, fetched: bool) -> ExitCode:
    if found.outcome is Outcome.FAILED:
        return ExitCode.NOT_FETCHED if fetched else ExitCode.NOT_READ
    return ExitCode.NOT_READ if fetched and found.outcome is Outcome.REFUSED else ExitCode.READ
