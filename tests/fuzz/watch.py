"""A guard against hangs and against memory: a case that takes too much of either is a failure like any other."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CASE_SECONDS = 10.0  # of this process' own time, so that a busy machine fails nobody
MEMORY_MB = 300  # that the cases of one target may add to what the process held before
_PROCESS = Path("/proc/self")


class HangError(BaseException):
    """A case took longer than it may."""


class MemoryHogError(BaseException):
    """The cases of a target held more memory than they may."""


@contextmanager
def limited_time(seconds: float = CASE_SECONDS) -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise HangError(f"more than {seconds:g} s of processor time")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def limited_memory(most: int = MEMORY_MB) -> Iterator[None]:
    """Of Python and C libraries alike: the peak of the process while it lasts. Only Linux tells it."""
    if not (_PROCESS / "clear_refs").exists():
        yield
        return
    (_PROCESS / "clear_refs").write_text("5")  # the peak is that from here on, see proc(5)
    before = _told("VmRSS")
    yield
    grown = _told("VmHWM") - before
    if grown > most:
        raise MemoryHogError(f"{grown:.0f} MB more than before")


def _told(what: str) -> float:
    """A line of the process' status, in MB."""
    return int(re.findall(rf"{what}:\s+(\d+) kB", (_PROCESS / "status").read_text(encoding="ascii"))[0]) / 1024
