"""Commands of Scrapy that cannot work in this project."""

import argparse

import click
from scrapy.commands import ScrapyCommand

_INSTEAD = "presswatch extract URL --explain shows what is read of a page"


class NotHere(ScrapyCommand):
    """It wants Twisted's reactor, or asks a host outside of a visit, where no pause and no robots.txt is kept."""

    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return f"(not here: {_INSTEAD})"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        name = type(self).__module__.rpartition(".")[2]
        click.echo(f"scrapy {name} does not work in this project; {_INSTEAD}", err=True)
        self.exitcode = 2
