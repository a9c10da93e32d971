"""scrapy crawl SPIDER: `presswatch crawl` for the sources that spider is for."""

import argparse
import os

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.cli import PRIVATE, cli

# What -a may name, and the option of presswatch that it is.
_OPTIONS = {"config": "--config", "data": "--data", "now": "--now", "route": "--route"}


class Command(ScrapyCommand):
    """A visit needs the run's lock, ledger and books, which Scrapy knows nothing of."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[-a NAME=VALUE ...] <spider>"

    def short_desc(self) -> str:
        return "Crawl the sources a spider is for now, as presswatch crawl does"

    def long_desc(self) -> str:
        return (
            f"{self.short_desc()}: all that are enabled, or those named with -a source=NAME. Its exit codes are those "
            "of presswatch crawl. Settings are those of presswatch.yaml; -s and Scrapy's log options change nothing."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        known = ", ".join(("source", *_OPTIONS))
        parser.add_argument(
            "-a",
            dest="spider_arguments",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help=f"one of {known}; source may be given several times",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Ends the process with the exit code of presswatch crawl.

        Raises:
            UsageError: there is not one spider, an argument is none of those known, or a setting is set.
        """
        if len(args) != 1 or args[0].startswith("-"):
            raise UsageError(f"name one spider, and nothing but -a with it; got {' '.join(args) or 'none'}")
        if opts.set:
            raise UsageError("settings are those of presswatch.yaml; -s changes nothing")
        options, names = _sorted_out(opts.spider_arguments)
        os.umask(PRIVATE)
        everything = [] if names else ["--all"]
        cli.main([*options, "crawl", "--spider", args[0], *everything, "--", *names], prog_name="presswatch")


def _sorted_out(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The options of presswatch, and the sources, that -a names.

    Raises:
        UsageError: an argument is none of those known.
    """
    options: list[str] = []
    names: list[str] = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name == "source" and value:
            names.append(value)
        elif name in _OPTIONS and equals:
            options += [_OPTIONS[name], value]
        else:
            known = ", ".join(f"-a {known}=…" for known in ("source", *_OPTIONS))
            raise UsageError(f"-a {argument} is not known; there are {known}")
    return options, names
