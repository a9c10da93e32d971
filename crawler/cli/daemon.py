"""The daemon behind presswatch schedule, put together."""

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

import click
from filelock import FileLock, Timeout

from crawler.cli.app import App, with_app
from crawler.cli.lock import LockedError
from crawler.cli.telling import earlier_of, note_told, tell
from crawler.config.models import Config
from crawler.config.report import ConfigError, Fault
from crawler.database import Database
from crawler.installation import installation_id
from crawler.run_report import RunReport
from crawler.schedule.daemon import Daemon, StuckError
from crawler.schedule.digest_times import DigestTimes
from crawler.schedule.heartbeat import read_beat
from crawler.schedule.notify import Notifier
from crawler.schedule.shifts import Shifts
from crawler.schedule.watchdog import Watchdog, end_process
from crawler.shared.both_locks import both_locks
from crawler.storage import StorageError

_STACKS = "schedule.stacks.txt"  # where each thread stood when a daemon stood still
_FIXED = ("database", "redis_url")  # what a daemon cannot change while it lives


@click.command()
@with_app
def daemon(app: App) -> None:
    """Live until SIGTERM."""
    # A service that says nothing looks dead.
    logging.getLogger("presswatch.schedule").setLevel(logging.INFO)
    app.check_may_ask()
    with _only_one(app):
        ledger = installation_id(app.database)
        app.database.close()  # it was brought up to date
        asyncio.run(_live(app, ledger))


async def _live(app: App, ledger: str) -> None:
    of_shifts, of_digests = Database(app.database_url), Database(app.database_url)  # a digest is issued in a thread
    shifts = Shifts(
        ledger=lambda: _existing(of_shifts),
        open_database=lambda: _existing(Database(app.database_url)),
        clock=app.clock,
        data=app.data,
        route=app.route,
        lock=lambda config: both_locks(app.data, config.settings, lambda: ledger),
        tell=lambda report, config: _tell(app, report, config),
    )
    with _stacks(app.data) as stacks, closing(Watchdog(stacks)) as watchdog:
        await _live_with(app, shifts, of_digests, watchdog)


async def _live_with(app: App, shifts: Shifts, of_digests: Database, watchdog: Watchdog) -> None:
    daemon = Daemon(
        config=app.config,
        load=lambda: _anew(app),
        clock=app.clock,
        data=app.data,
        shifts=shifts,
        digests=DigestTimes(ledger=lambda: _existing(of_digests), clock=app.clock, folder=app.data / "digests"),
        notifier=Notifier(app.environ),
        alive=watchdog.alive,
    )
    try:
        await daemon.live()
    except StuckError as error:
        # Here and not further up: the end of the loop waits for its tasks and threads, the stuck one among them.
        end_process(str(error))


def _stacks(data: Path) -> AbstractContextManager[TextIO]:
    """Where the watchdog writes to; stderr where there is no room for a file."""
    try:
        return (data / _STACKS).open("w", encoding="utf-8")
    except OSError:
        return nullcontext(sys.stderr)


def _existing(database: Database) -> Database:
    """`database`, which opens its file when it is used: SQLite would make a new one in the place of one that is gone.

    Raises:
        StorageError: it is gone.
    """
    path = database.path
    if path is None or (path.exists() and path.stat().st_size):
        return database
    begin_anew = "or restart presswatch schedule to begin a new one"
    raise StorageError(f"the database {path} is gone; put it back, as with presswatch restore, {begin_anew}")


def _tell(app: App, report: RunReport, config: Config) -> None:
    zone = config.settings.zone
    with closing(Database(app.database_url)) as database:
        if tell(report, to_person=False, zone=zone, earlier=earlier_of(database, report, zone)):
            note_told(database, report)


def _anew(app: App) -> Config:
    """The configuration as it is now.

    Raises:
        ConfigError: it is broken, lost its contact, or names another place to store things.
    """
    config = app.load_config()
    app.check_may_ask(config)
    for key in _FIXED:
        if getattr(config.settings, key) != getattr(app.config.settings, key):
            rule = f"{key} has changed, which a daemon that is running cannot follow"
            raise ConfigError([Fault(file="presswatch.yaml", rule=rule, hint="restart presswatch schedule")])
    return config


@contextmanager
def _only_one(app: App) -> Iterator[None]:
    """Hold the daemon's lock on the data folder; the kernel frees it when the process dies.

    Raises:
        LockedError: another daemon works on it.
        StorageError: the folder cannot be written.
    """
    path = app.data / "schedule.lock"
    lock = FileLock(path, timeout=0)
    try:
        app.data.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        first = read_beat(app.data)
        who = f": process {first.pid} on {first.host}" if first else ""
        raise LockedError(f"another daemon works on {app.data}{who}; stop that one, or name another folder") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}; name another folder with --data") from error
    try:
        yield
    finally:
        lock.release()
