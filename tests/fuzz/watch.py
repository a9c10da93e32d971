"""A guard against hangs and against memory: a case that takes too much of either is a failure like any other."""

import resource
import signal
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CASE_SECONDS = 10.0  # of this process' own time, so that a busy machine fails nobody
CASE_MEMORY = 300 * 1024 * 1024  # bytes


class HangError(BaseException):
    """A case took longer than it may."""


class MemoryHogError(BaseException):
    """A case held more memory than it may."""


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
def limited_memory(most: int = CASE_MEMORY) -> Iterator[None]:
    """Of what Python allocates; what C libraries hold is bounded by `cap_memory`, in a process of its own."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if peak > most:
        raise MemoryHogError(f"{peak / 1e6:.0f} MB")


def cap_memory(most: int) -> None:
    """No more address space than this for the rest of the process: a MemoryError is raised, C's own included."""
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
