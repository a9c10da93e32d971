"""The locks: two runs never work over each other, and no digest is written of what is forgotten meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from crawler.storage import StorageError

_DIGESTS_SECONDS = 60.0  # that one waits while another process makes digests; each takes a fraction of a second


class RunLockedError(Exception):
    """Another run works on the same data folder."""


@contextmanager
def run_lock(data: Path, database: str = "") -> Iterator[None]:
    """Hold the run lock; the kernel frees it when the process dies.

    It lies in the data folder, or beside the SQLite file that config names elsewhere: what must not be shared is the
    ledger.

    Raises:
        RunLockedError: another process holds it.
        StorageError: the folder cannot be written.
    """
    elsewhere = make_url(database).database if database else None
    path = Path(f"{elsewhere}.lock") if elsewhere else data / "run.lock"
    lock = FileLock(path, timeout=0)
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise RunLockedError(f"another run holds {path}; wait for it to end") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}; name another folder with --data") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def digests_lock(folder: Path) -> Iterator[None]:
    """Hold the lock on the digests in `folder`, from before they are built until they are written.

    It lies beside the folder. Taken before the database is written to, so that nobody waits for the other way round.

    Raises:
        StorageError: it cannot be written, or another process does not let go of it.
    """
    path = folder.with_name(f"{folder.name}.lock")
    lock = FileLock(path, timeout=_DIGESTS_SECONDS)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise StorageError(f"another process has held {path} for {_DIGESTS_SECONDS:.0f} s; try again later") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
