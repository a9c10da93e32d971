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
