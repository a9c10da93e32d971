"""The locks: two runs never work over each other, and no digest is written of what is forgotten meanwhile."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from crawler.storage import StorageError

_LOCKS = Path("/proc/locks")

logger = logging.getLogger(__name__)

_DIGESTS_SECONDS = 60.0  # that one waits while another process makes digests; each takes a fraction of a second


class RunLockedError(Exception):
    """Another run works on the same data folder, or on the same ledger elsewhere."""


class HeldLock:
    """The run lock in the hands of its holder. One that lies on another machine can be lost."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._lost = ""
        self._listener: Callable[[str], None] | None = None

    @contextmanager
    def telling(self, stop: Callable[[str], None]) -> Iterator[None]:
        """Have `stop` told why in the loop that runs now when the lock is lost, or has been."""
        loop = asyncio.get_running_loop()

        def tell(reason: str) -> None:
            loop.call_soon_threadsafe(stop, reason)

        with self._mutex:
            self._listener = tell
            lost = self._lost
        if lost:
            stop(lost)
        try:
            yield
        finally:
            with self._mutex:
                self._listener = None

    def lose(self, reason: str) -> None:
        """Tell it to whoever listens, else to the log. Any thread may call it."""
        with self._mutex:
            self._lost = reason
            if self._listener is not None:
                self._listener(reason)
            else:
                logger.warning("%s", reason)


@contextmanager
def run_lock(data: Path, database: str = "") -> Iterator[HeldLock]:
    """Hold the run lock; the kernel frees it when the process dies, and nobody else can take it away.

    Raises:
        RunLockedError: another process holds it.
        StorageError: the folder cannot be written.
    """
    path = lock_file(data, database)
    lock = FileLock(path, timeout=0)
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise RunLockedError(f"another run holds {path}; wait for it to end") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}; name another folder with --data") from error
    try:
        yield HeldLock()
    finally:
        lock.release()


def lock_file(data: Path, database: str = "") -> Path:
    """Where the run lock lies: in the data folder, or beside the SQLite file that config names elsewhere.

    What must not be shared is the ledger.
    """
    elsewhere = make_url(database).database if database else None
    return Path(f"{elsewhere}.lock") if elsewhere else data / "run.lock"


def holders_of(lock: Path, locks: str | None = None) -> tuple[int, ...]:
    """The processes of this machine that hold a lock file; none where nobody tells.

    Args:
        lock: the file.
        locks: what the kernel's list holds; None: it is read.
    """
    try:
        facts = lock.stat()
        locks = _LOCKS.read_text(encoding="utf-8", errors="replace") if locks is None else locks
    except OSError:
        return ()
    # "1: FLOCK  ADVISORY  WRITE 4711 08:02:131 0 EOF": the device's major and minor number in hex, then the inode.
    place = f"{os.major(facts.st_dev):02x}:{os.minor(facts.st_dev):02x}:{facts.st_ino}"
    rows = [line.split() for line in locks.splitlines()]
    # One that waits has "->" for its second word, and so another word in each place behind it.
    found = {int(row[4]) for row in rows if len(row) > 5 and row[5] == place}
    # One in another container has no number here.
    return tuple(sorted(pid for pid in found if pid > 0))


@contextmanager
def digests_lock(folder: Path, wait: float | None = None) -> Iterator[None]:
    """Hold the lock on the digests in `folder`, from before they are built until they are written.

    It lies beside the folder. Taken before the database is written to, so that nobody waits for the other way round.

    Args:
        folder: of the digests.
        wait: seconds until it is given up; None: long enough for all digests that another process may make.

    Raises:
        StorageError: it cannot be written, or another process does not let go of it.
    """
    path = folder.with_name(f"{folder.name}.lock")
    seconds = _DIGESTS_SECONDS if wait is None else wait
    lock = FileLock(path, timeout=seconds)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise StorageError(f"another process has held {path} for {seconds:.0f} s; try again later") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
