"""SIGTERM and SIGINT as a wish to end in order."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_CAUGHT = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def caught_signals(stop: Callable[[str], None]) -> Iterator[None]:
    """Have `stop` told when one of them comes, in the loop that runs now, instead of the process ended at once."""
    loop = asyncio.get_running_loop()
    for number in _CAUGHT:
        loop.add_signal_handler(number, stop, f"stopped by {number.name}")
    try:
        yield
    finally:
        for number in _CAUGHT:
            loop.remove_signal_handler(number)


@contextmanager
def first_signal(stop: Callable[[str], None]) -> Iterator[None]:
    """As `caught_signals`, but once: a second one of any of them ends the process at once."""
    loop = asyncio.get_running_loop()

    def stop_once(number: signal.Signals) -> None:
        for caught in _CAUGHT:
            loop.remove_signal_handler(caught)
            signal.signal(caught, signal.SIG_DFL)
        stop(f"stopped by {number.name}")

    for number in _CAUGHT:
        loop.add_signal_handler(number, stop_once, number)
    try:
        yield
    finally:
        for number in _CAUGHT:
            loop.remove_signal_handler(number)
