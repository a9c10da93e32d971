"""What a command works with. The environment is read here, and by the health check, which must not import as much."""

import functools
import os
import shlex
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click
from sqlalchemy.engine import URL

from crawler.cli.checks import check_folder, check_route, check_time
from crawler.cli.document import print_document
from crawler.cli.hidden import Hidden
from crawler.cli.language import check_language
from crawler.cli.logs import set_up_logs
from crawler.cli.options import Given, global_options
from crawler.clock import Clock, RealClock, ShiftedClock, VirtualClock
from crawler.config.contact import require_contact
from crawler.config.load import load_config
from crawler.config.models import Config
from crawler.config.places import Place, locate_config, locate_data
from crawler.config.report import ConfigError
from crawler.database import Database, StorageError, sqlite_path, sqlite_url
from crawler.lock import HeldLock

Parameters = ParamSpec("Parameters")

__all__ = ["App", "BadConfigError", "FailedError", "NotFoundError", "print_document", "with_app"]


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
        click.UsageError: --now is no time, --route no local server, a folder's name empty, or a language not spoken.
    """

    def __init__(self, given: Given, *, environ: Mapping[str, str], cwd: Path, hidden: Hidden | None = None) -> None:
        self.hidden = hidden or Hidden()
        self.json = given.as_json
        self.verbose = given.verbose
        self.route = check_route(given.route)
        self.lock = HeldLock()  # that crawler.cli.lock.locked took last; a Run is given it
        self._now = check_time(given.now)
        self._config_given = check_folder("--config", given.config)
        self._data_given = check_folder("--data", given.data)
        self.language = check_language(environ)  # of the person at the terminal
        self.environ = environ
        self._cwd = cwd

    @cached_property
    def config_place(self) -> Place:
        return locate_config(self._config_given, self.environ, self._cwd)

    @property
    def config_folder(self) -> Path:
        return self.config_place.path

    @cached_property
    def config(self) -> Config:
        return self.load_config()

    def load_config(self) -> Config:
        """The configuration as it is now."""
        return load_config(self.config_folder, environ=self.environ, watch=self.hidden.learn)

    def check_may_ask(self, config: Config | None = None) -> None:
        """To be called before anything of the live network is asked.

        Args:
            config: by which it is; None for the one read first.

        Raises:
            ConfigError: publishers would not be told whom to write to.
        """
        if self.route is None:
            require_contact(self.config_folder, (config or self.config).settings.contact)

    @cached_property
    def data_place(self) -> Place:
        return locate_data(self._data_given, self.environ, self._cwd, self.config_folder)

    @property
    def data(self) -> Path:
        return self.data_place.path

    def command_line(self, command: str) -> str:
        """How `command` is called for the same folders, so that it can be pasted into a shell."""
        given = (("--config", self._config_given), ("--data", self._data_given))
        options = [word for option, folder in given if folder is not None for word in (option, str(folder))]
        return shlex.join(["presswatch", *options, command])

    @cached_property
    def given_now(self) -> datetime | None:
        """--now with its zone: the installation's, where it names none."""
        if self._now is None or self._now.tzinfo:
            return self._now
        return self._now.replace(tzinfo=self.config.settings.zone)

    @cached_property
    def clock(self) -> Clock:
        start = self.given_now
        if start is None:
            return RealClock()
        # Live hosts keep their pace whatever the clock shows; a local server needs none.
        return VirtualClock(start) if self.route else ShiftedClock(start)

    @property
    def database_url(self) -> str | URL:
        return self.config.settings.database or sqlite_url(self.data / "presswatch.db")

    @property
    def database_path(self) -> Path | None:
        """The database's file; None when it has none."""
        return sqlite_path(self.database_url)

    @cached_property
    def database(self) -> Database:
        if not self.config.settings.database:
            try:
                self.data.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(f"the data folder {self.data} cannot be made: {error.strerror}") from error
        return Database.open(self.database_url)

    @property
    def existing_database(self) -> Database:
        """The database, for a command that only reads: it makes none.

        Raises:
            NotFoundError: the data folder holds no database.
        """
        if not self.config.settings.database:
            self._check_database_exists(self.data / "presswatch.db")
        return self.database

    @property
    def database_as_it_is(self) -> Database:
        """The database, which must exist, at whatever schema it is. The caller closes it.

        Raises:
            NotFoundError: there is none.
        """
        if self.database_path is not None:
            self._check_database_exists(self.database_path)
        return Database(self.database_url)

    def _check_database_exists(self, file: Path) -> None:
        # One of no bytes is what a lost or broken-off copy leaves; taken for new, it would look like an empty archive.
        if not file.exists() or file.stat().st_size == 0:
            raise NotFoundError(
                f"the data folder {file.parent} holds no {file.name}: "
                "run presswatch crawl first, or name the folder that has one with --data"
            )

    def close(self) -> None:
        if "database" in self.__dict__:
            self.database.close()


def with_app(function: Callable[Concatenate[App, Parameters], None]) -> Callable[..., None]:
    """Give a command the global options, and the App made of them as its first argument.

    A bad configuration ends the command with 2 and an unusable database with 1, both with their message alone.
    """

    @global_options
    @click.pass_context
    @functools.wraps(function)
    def command(context: click.Context, /, **parameters: Any) -> None:
        given = Given.take(parameters).under(context.find_object(Given))
        hidden = Hidden()
        set_up_logs(verbose=given.verbose, hide=hidden.text)
        app = App(given, environ=os.environ, cwd=Path.cwd(), hidden=hidden)
        context.call_on_close(app.close)
        try:
            function(app, **parameters)  # type: ignore[call-arg]  # click passes every parameter by name
        except ConfigError as error:
            raise BadConfigError(hidden.text(str(error))) from error
        except StorageError as error:
            raise FailedError(hidden.text(str(error))) from error
        except click.ClickException as error:
            vars(error)["message"] = hidden.text(error.message)  # kept in place: its kind and exit code are told too
            raise

    return command
