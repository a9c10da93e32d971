"""The end of a daemon that cannot end in order: only a new process helps, and whoever watches this one starts it."""

import faulthandler
import logging
import os
import threading
from datetime import timedelta
from typing import TextIO

logger = logging.getLogger("presswatch.schedule")

STANDSTILL = timedelta(minutes=10)  # of the loop; the longest page takes it for seconds
_TELLING = timedelta(seconds=5)  # that a last line may take: stderr may be what everything waits for


class Watchdog:
    """Ends the process when `alive` has not been called for `limit`: it is told, with where each thread stands.

    The interpreter's own timer ends it, which needs no turn of Python's: a regular expression that does not come to
    an end leaves none to any thread.
    """

    def __init__(self, stacks: TextIO, limit: timedelta = STANDSTILL) -> None:
        """`stacks`: where it is written where each thread stands; a file of the disk, for a pipe may be full."""
        self._stacks = stacks
        self._limit = limit
        self._teller: threading.Timer | None = None

    def alive(self) -> None:
        """Begin to wait anew."""
        if self._teller is not None:
            self._teller.cancel()
        self._teller = threading.Timer(self._limit.total_seconds(), self._tell)
        self._teller.daemon = True
        self._teller.start()
        end = self._limit + _TELLING
        faulthandler.dump_traceback_later(end.total_seconds(), exit=True, file=self._stacks)

    def close(self) -> None:
        """Wait no more: the process ends by itself."""
        if self._teller is not None:
            self._teller.cancel()
        faulthandler.cancel_dump_traceback_later()

    def _tell(self) -> None:
        logger.critical(
            "the daemon has stood still for %s: its process is ended; %s tells where it stood",
            self._limit,
            self._stacks.name,
        )


def end_process(reason: str) -> None:
    """End it with 1 whatever its threads do, after one line that tells why."""
    told = threading.Thread(target=logger.critical, args=("%s: its process is ended", reason), daemon=True)
    told.start()
    told.join(_TELLING.total_seconds())
    os._exit(1)
