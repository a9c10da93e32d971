"""What a command works with. The environment is read here and nowhere else."""

import functools
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

import click

from crawler.cli.logs import set_up_logs
from crawler.cli.options import Given, global_options
from crawler.clock import Clock, RealClock, ShiftedClock, VirtualClock
from crawler.config.load import load_config
from crawler.config.models import Config
from crawler.config.places import find_config, find_data
from crawler.config.report import ConfigError
from crawler.database import Database, StorageError, sqlite_url

Parameters = ParamSpec("Parameters")

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class FailedError(click.ClickException):
    """A command cannot go on for a reason told in plain words: shown as it is, exit code 1."""


class BadConfigError(FailedError):
    """The configuration cannot be used."""

    exit_code = 2


class NotFoundError(FailedError):
    """What was asked for does not exist; the message names what does."""

    exit_code = 2


class App:
    """The options, checked, and what follows from them, each made when it is first asked for.

    Raises:
        click.UsageError: --now is no time, or --route no local server.
    """

    def __init__(self, given: Given, *, environ: Mapping[str, str], cwd: Path) -> None:
        self.json = given.as_json
        self.verbose = given.verbose
        self.route = check_route(given.route)
        self._now = check_time(given.now)
        self._given = given
        self._environ = environ
        self._cwd = cwd

    @cached_property
    def config_folder(self) -> Path:
        return find_config(_folder(self._given.config), self._environ, self._cwd)

    @cached_property
    def config(self) -> Config:
        return load_config(self.config_folder, environ=self._environ)

    @cached_property
    def data(self) -> Path:
        return find_data(_folder(self._given.data), self._environ, self._cwd, self.config_folder)

    @cached_property
    def clock(self) -> Clock:
        if self._now is None:
            return RealClock()
        start = self._now if self._now.tzinfo else self._now.replace(tzinfo=self.config.settings.zone)
        # Live hosts keep their pace whatever the clock shows; a local server needs none.
        return VirtualClock(start) if self.route else ShiftedClock(start)

    @cached_property
    def database(self) -> Database:
        if self.config.settings.database:
            return Database.open(self.config.settings.database)
        try:
            self.data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"the data folder {self.data} cannot be made: {error.strerror}") from error
        return Database.open(sqlite_url(self.data / "presswatch.db"))

    def close(self) -> None:
        if "database" in self.__dict__:
            self.database.close()


def _folder(given: str | None) -> Path | None:
    return Path(given) if given else None


def with_app(function: Callable[Concatenate[App, Parameters], None]) -> Callable[..., None]:
    """Give a command the global options, and the App made of them as its first argument.

    A bad configuration ends the command with 2 and an unusable database with 1, both with their message alone.
    """

    @global_options
    @click.pass_context
    @functools.wraps(function)
    def command(context: click.Context, /, **parameters: Any) -> None:
        given = Given.take(parameters).under(context.find_object(Given))
        set_up_logs(verbose=given.verbose)
        app = App(given, environ=os.environ, cwd=Path.cwd())
        context.call_on_close(app.close)
        try:
            function(app, **parameters)  # type: ignore[call-arg]  # click passes every parameter by name
        except ConfigError as error:
            raise BadConfigError(str(error)) from error
        except StorageError as error:
            raise FailedError(str(error)) from error

    return command


def check_route(url: str | None) -> str | None:
    """The local server's URL without a trailing slash.

    Raises:
        click.UsageError: it is not plain http on loopback with a port.
    """
    if url is None:
        return None
    expected = click.UsageError(f"--route expects a local server such as http://127.0.0.1:8800, got {url}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise expected from error
    bare = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or not port or "@" in bare:
        raise expected
    if url.removesuffix("/") != bare:
        raise expected
    return bare


def check_time(text: str | None) -> datetime | None:
    """
    Raises:
        click.UsageError: it is no ISO 8601 time.
    """
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"--now expects an ISO time such as 2025-03-03T08:00:00+08:00, got {text}") from error


def print_document(value: Any) -> None:
    """Print a frozen record, or plain data, as one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
