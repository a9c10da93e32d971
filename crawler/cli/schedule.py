"""presswatch schedule: the daemon, and whether it is alive.

This file imports little: a container's health check calls it every minute.
"""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from crawler.cli.checks import check_folder
from crawler.cli.document import print_document
from crawler.cli.lazy import LazyCommand, load
from crawler.cli.options import Given, global_options
from crawler.config.places import find_config, find_data
from crawler.config.report import ConfigError
from crawler.schedule.heartbeat import read_beat, why_unwell

_DAEMON = LazyCommand(target="crawler.cli.daemon:daemon", help="")


@click.command()
@click.option("--check", is_flag=True, help="Exit with 0 when the daemon of this data folder is alive, else with 1.")
@global_options
@click.pass_context
def schedule(context: click.Context, /, *, check: bool, **parameters: Any) -> None:
    """Crawl what is due and issue digests at their times, until SIGTERM; SIGHUP reads the configuration anew.

    Every minute it looks who is due. A second SIGTERM ends it at once; what is pending is taken up at the next start.
    """
    given = Given.take(parameters).under(context.find_object(Given))
    if given.now is not None:
        raise click.UsageError("a daemon lives by the machine's clock: leave --now out")
    if check:
        _check(given)
    else:
        context.invoke(load(_DAEMON), **given._asdict())


def _check(given: Given) -> None:
    try:
        config = find_config(check_folder("--config", given.config), os.environ, Path.cwd())
        data = find_data(check_folder("--data", given.data), os.environ, Path.cwd(), config)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    beat = read_beat(data)
    unwell = why_unwell(beat, data, host=socket.gethostname(), now=datetime.now(UTC))
    if unwell or beat is None:
        raise click.ClickException(unwell)
    if given.as_json:
        print_document(beat)
    else:
        click.echo(f"the daemon with process id {beat.pid} is alive: {beat.doing}")
