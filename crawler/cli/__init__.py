"""The command line. This file imports click alone: a command's module is imported when the command is called."""

import errno
import os
import sys

import click

from crawler.cli.lazy import LazyCommand, LazyGroup
from crawler.cli.options import leading_options

COMMANDS = {
    "demo": LazyCommand(target="crawler.cli.demo:demo", help="Live two simulated days of news, and show the digest."),
    "init": LazyCommand(target="crawler.cli.init:init", help="Copy the shipped configuration into DIR, to edit it."),
    "crawl": LazyCommand(target="crawler.cli.crawl:crawl", help="Visit what is due; a named SOURCE is polled now."),
    "schedule": LazyCommand(target="crawler.cli.schedule:schedule", help="Crawl and issue digests at their times."),
    "digest": LazyCommand(target="crawler.cli.digest:digest", help="Issue the digest that is due; print the latest."),
    "status": LazyCommand(target="crawler.cli.status:status", help="Say what is sick, what waits, what comes next."),
    "search": LazyCommand(target="crawler.cli.search:search", help="Find stored articles by their words."),
    "explain": LazyCommand(target="crawler.cli.explain:explain", help="Say why an article is kept, folded or lost."),
    "extract": LazyCommand(
        target="crawler.cli.extract:extract", help="Show what is read of a page: a file, an address, or many files."
    ),
    "seeds": LazyCommand(target="crawler.cli.seeds:seeds", help="Bring in the articles that show what is meant."),
    "import": LazyCommand(
        target="crawler.cli.import_warc:import_warc", help="Take in the pages of WARC files: captures, or others'."
    ),
    "export": LazyCommand(
        target="crawler.cli.export:export", help="Write the archive as JSON lines or a Hugo section."
    ),
    "archive": LazyCommand(target="crawler.cli.archive:archive", help="Verify, rebuild or prune the archive."),
    "backup": LazyCommand(target="crawler.cli.backup:backup", help="Write the whole installation into one FILE."),
    "restore": LazyCommand(target="crawler.cli.restore:restore", help="Make the data folder again from a backup."),
    "migrate": LazyCommand(
        target="crawler.cli.migrate:migrate", help="Bring the database up to this version's schema."
    ),
    "doctor": LazyCommand(
        target="crawler.cli.doctor:doctor", help="Find what is wrong with the installation, and say what to do."
    ),
    "forget": LazyCommand(target="crawler.cli.forget:forget", help="Remove all there is of an article, for good."),
}


_REFUSED = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EPIPE}

# What a program of presswatch makes, its user alone may read, whatever the machine's own umask is.
PRIVATE = 0o077


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="presswatch", message="%(prog)s %(version)s")
@leading_options
def cli() -> None:
    """Watch news sources by theme: fetch each new article once, fold copies, publish a daily digest.

    Exit codes: 0 done, 1 internal failure or books that do not balance, 2 bad usage or configuration,
    3 nothing that was due could be polled, 4 another run holds the lock.
    """


def main() -> None:
    os.umask(PRIVATE)
    if sys.stdout is None:  # it was closed: nobody wants what is printed, and what a command does it does all the same
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    try:
        cli(prog_name="presswatch")
    except SystemExit as ended:
        if ended.code or not _can_flush():
            sys.exit(ended.code or 1)
    except OSError as error:
        # Nothing may be left in a buffer to tell by whether it was stdout: an empty line more is no harm.
        if error.errno not in _REFUSED or _can_flush("\n"):
            raise
        sys.exit(1)


def _can_flush(more: str = "") -> bool:
    """Whether stdout takes what was printed. A full disk is told here; the interpreter's end would only warn of it."""
    try:
        sys.stdout.write(more)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would be refused once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:
            sys.stderr.write(f"Error: the output cannot be written: {error.strerror}\n")
        return False
    return True
