"""presswatch archive: the commands that look after what is stored."""

import click

from crawler.cli.lazy import LazyCommand, LazyGroup
from crawler.cli.options import leading_options

COMMANDS = {
    "verify": LazyCommand(
        target="crawler.cli.archive.verify:verify", help="Check that rows and files agree; change nothing."
    ),
    "rebuild": LazyCommand(
        target="crawler.cli.archive.rebuild:rebuild", help="Write files again from their rows, byte for byte."
    ),
    "prune": LazyCommand(
        target="crawler.cli.archive.prune:prune", help="Let go what has been kept for as long as retention allows."
    ),
    "date-back": LazyCommand(
        target="crawler.cli.archive.date_back:date_back", help="Date back what a clock that ran ahead has stored."
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
@leading_options
def archive() -> None:
    """Look after the archive: its rows are the truth, its Markdown files are made from them."""
