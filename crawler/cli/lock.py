"""The run lock, for commands that write."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from crawler.cli.app import App, FailedError, NotFoundError
from crawler.database import Database
from crawler.installation import installation_id, known_installation_id
from crawler.lock import RunLockedError
from crawler.shared.both_locks import both_locks


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
        return _id_of_ledger(app) if as_it_is is None else known_installation_id(as_it_is)

    try:
        with both_locks(app.data, app.config.settings, ledger) as app.lock:
            yield
    except RunLockedError as error:
        raise LockedError(str(error)) from error


def _id_of_ledger(app: App) -> str:
    """Read before the ledger is brought up to date, which is done under its lock; only a new one is made for it."""
    with suppress(NotFoundError), closing(app.database_as_it_is) as database:
        known = known_installation_id(database)
        if known:
            return known
    return installation_id(app.database)
