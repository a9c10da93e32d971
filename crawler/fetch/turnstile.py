"""Lets visits that run side by side have their recorded answers in the order in which they were recorded."""

import asyncio
import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count

Order = tuple[datetime, int]


class Turnstile:
    """Nobody passes while a visit under way might still come to ask for something earlier.

    Which of two articles is the original, and what counts as known, depends on who came first: a replay must not
    leave that to chance. When every visit waits here, the one with the earliest answer goes on.
    """

    def __init__(self) -> None:
        self._inside: set[str] = set()  # hosts whose visit is under way
        self._waiting: list[tuple[Order, int, str, asyncio.Future[None]]] = []
        self._arrivals = count()

    @contextmanager
    def visiting(self, host: str) -> Iterator[None]:
        """The visit of `host` is under way."""
        self._inside.add(host)
        try:
            yield
        finally:
            self._inside.discard(host)
            self._open()

    async def turn(self, host: str, order: Order) -> None:
        """Return when it is the turn of what the visit of `host` asks for."""
        passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._arrivals), host, passed))
        self._open()
        await passed

    def _open(self) -> None:
        if not self._waiting or not self._inside <= {host for _, _, host, _ in self._waiting}:
            return
        _, _, _, passed = heapq.heappop(self._waiting)
        if not passed.done():
            passed.set_result(None)
        # Its visit may have asked for more already, and then nobody else's arrival would open again.
        asyncio.get_running_loop().call_soon(self._open)
