"""The run lock, for commands that write."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from crawler.cli.app import App, FailedError, NotFoundError
from crawler.config.models import Settings
from crawler.database import Database
from crawler.installation import installation_id, known_installation_id
from crawler.lock import HeldLock, RunLockedError, run_lock


class LockedError(FailedError):
    """Another run works on the same data folder, or on the same ledger elsewhere: exit code 4."""

    exit_code = 4


@contextmanager
def locked(app: App, as_it_is: Database | None = None) -> Iterator[None]:
    """Hold the run lock of the data folder, and with `redis_url` also the ledger's among all machines, as `app.lock`.

    Args:
        app: whose data folder and ledger it is.
        as_it_is: the ledger, when it is not to be brought up to date.

    Raises:
        LockedError: another run holds it.
        StorageError: the folder cannot be written, or the Redis server not be used.
    """

    def ledger() -> str | None:
        # A ledger without an id is one that nobody can have locked by it.
        return _id_of_ledger(app) if as_it_is is None else known_installation_id(as_it_is)

    try:
        with run_locks(app.data, app.config.settings, ledger) as app.lock:
            yield
    except RunLockedError as error:
        raise LockedError(str(error)) from error


@contextmanager
def run_locks(data: Path, settings: Settings, ledger: Callable[[], str | None]) -> Iterator[HeldLock]:
    """Hold the run lock of the data folder, then, with `redis_url`, that of the ledger, by the id `ledger` gives.

    Raises:
        RunLockedError: another run holds one of them.
        StorageError: the folder cannot be written, or the Redis server not be used.
    """
    with run_lock(data, settings.database) as own:
        identity = ledger() if settings.redis_url else None
        if identity is None:
            yield own
            return
        # Here and not above: redis-py takes 0.4 s to import, which an installation without it does not pay.
        from crawler.shared.lock import redis_run_lock  # noqa: PLC0415

        with redis_run_lock(settings.redis_url, identity, data=data) as shared:
            yield shared


def _id_of_ledger(app: App) -> str:
    """Read before the ledger is brought up to date, which is done under its lock; only a new one is made for it."""
    with suppress(NotFoundError), closing(app.database_as_it_is) as database:
        known = known_installation_id(database)
        if known:
            return known
    return installation_id(app.database)
