"""A hidden folder for what is not whole yet, beside the place it is made for.

A process that is killed leaves it, with a copy of everything in it. The next one that makes something for the same
place removes it. A lock tells the dead from those at work.
"""

import fcntl
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(__name__)

_LOCK, _CONTENT = "presswatch.lock", "content"


@contextmanager
def scratch_folder(folder: Path, purpose: str) -> Iterator[Path]:
    """An empty folder on the same disk as `folder`, for as long as the context lasts.

    Args:
        folder: that it is made in.
        purpose: a beginning for its name, which says what it is for; what the dead left under it is removed.

    Raises:
        OSError: it cannot be made.
    """
    for left in list(folder.glob("*")):
        if re.fullmatch(rf"{re.escape(purpose)}[a-z0-9_]{{8}}", left.name):
            _remove_if_dead(left)
    scratch = Path(tempfile.mkdtemp(prefix=purpose, dir=folder))
    try:
        lock = (scratch / "new.lock").open("xb")
    except OSError:
        scratch.rmdir()
        raise
    with lock:
        try:
            _mark_as_at_work(lock, scratch / _LOCK)
            (scratch / _CONTENT).mkdir()
            yield scratch / _CONTENT
        finally:
            _remove(scratch)


def _mark_as_at_work(lock: BinaryIO, mark: Path) -> None:
    # On a file system without locks there is no mark: what is left there looks like what is at work, and stays.
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Path(lock.name).rename(mark)  # only now: whoever sees it finds it locked


def _remove_if_dead(scratch: Path) -> None:
    try:
        with (scratch / _LOCK).open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(scratch)
    except BlockingIOError:
        return  # it is at work
    except FileNotFoundError:
        return  # it is just being made, or removed by its own process
    except OSError as error:
        logger.warning("%s, which a killed process left, cannot be removed: %s; remove it", scratch, error)
    else:
        logger.info("removed %s, which a killed process left", scratch)


def _remove(scratch: Path) -> None:
    """The lock last: what is killed in between is still known for what it is."""
    if (scratch / _CONTENT).exists():
        shutil.rmtree(scratch / _CONTENT)
    if scratch.exists():
        shutil.rmtree(scratch)
