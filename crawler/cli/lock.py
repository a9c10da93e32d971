"""The run lock, for commands that write."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from crawler.cli.app import App, FailedError, NotFoundError
from crawler.database import Database
from crawler.installation import installation_id, known_installation_id
from crawler.lock import HeldLock, RunLockedError, holders_of, lock_file
from crawler.schedule.heartbeat import Beat, daemon_at_work
from crawler.shared.both_locks import both_locks

LONGEST_WAIT = timedelta(minutes=6)  # a slice of the daemon's, and the page under way at its end
_LOOK_EVERY = timedelta(milliseconds=250)  # well within the daemon's pause between two slices


class LockedError(FailedError):
    """Another run works on the same data folder, or on the same ledger elsewhere: exit code 4."""

    exit_code = 4


@contextmanager
def locked(app: App, as_it_is: Database | None = None, *, patient: bool = True) -> Iterator[None]:
    """Hold the run lock of the data folder, and with `redis_url` also the ledger's among all machines, as `app.lock`.

    Args:
        app: whose data folder and ledger it is.
        as_it_is: the ledger, when it is not to be brought up to date.
        patient: wait for the lock where a daemon works, which lets go of it after each of its runs.

    Raises:
        LockedError: another run holds it.
        StorageError: the folder cannot be written, or the Redis server not be used.
    """

    def ledger() -> str | None:
        return _id_of_ledger(app) if as_it_is is None else known_installation_id(as_it_is)

    with ExitStack() as stack:
        take = partial(_take, stack, app, ledger)
        app.lock = _wait_for(take, app.data, lock_file(app.data, app.config.settings.database)) if patient else take()
        yield


def _take(stack: ExitStack, app: App, ledger: Callable[[], str | None]) -> HeldLock:
    try:
        return stack.enter_context(both_locks(app.data, app.config.settings, ledger))
    except RunLockedError as error:
        raise LockedError(str(error)) from error


def _wait_for(take: Callable[[], HeldLock], data: Path, lock: Path) -> HeldLock:
    try:
        return take()
    except LockedError:
        daemon = daemon_at_work(data, host=socket.gethostname(), now=datetime.now(UTC))
        if daemon is None or _others_hold(lock, daemon):
            raise
    who = f"the daemon works here (process {daemon.pid} on {daemon.host})"
    click.echo(
        f"{who}: waiting for its run to end, at most {LONGEST_WAIT.total_seconds() / 60:g} minutes ...", err=True
    )
    until = time.monotonic() + LONGEST_WAIT.total_seconds()
    while time.monotonic() < until:
        time.sleep(_LOOK_EVERY.total_seconds())
        with suppress(LockedError):
            return take()
    return take()


def _others_hold(lock: Path, daemon: Beat) -> bool:
    """Whether the processes that are known to hold the lock are none of this machine's daemon."""
    holders = holders_of(lock)
    return bool(holders) and daemon.host == socket.gethostname() and daemon.pid not in holders


def _id_of_ledger(app: App) -> str:
    """Read before the ledger is brought up to date, which is done under its lock; only a new one is made for it."""
    with suppress(NotFoundError), closing(app.database_as_it_is) as database:
        known = known_installation_id(database)
        if known:
            return known
    return installation_id(app.database)
