"""The run lock, for commands that write."""

from collections.abc import Iterator
from contextlib import contextmanager

from crawler.cli.app import App, FailedError
from crawler.lock import RunLockedError, run_lock


class LockedError(FailedError):
    """Another run works on the same data folder: exit code 4."""

    exit_code = 4


@contextmanager
def locked(app: App) -> Iterator[None]:
    """Hold the run lock of the data folder.

    Raises:
        LockedError: another run holds it.
    """
    try:
        with run_lock(app.data, app.config.settings.database):
            yield
    except RunLockedError as error:
        raise LockedError(str(error)) from error
