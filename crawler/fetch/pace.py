"""How fast a host is asked: one at a time unless config says otherwise, a pause after each answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.clock import Clock

DEFAULT_DELAY = timedelta(seconds=2)  # for hosts no source names, which a redirect may lead to
LONGEST_CRAWL_DELAY = timedelta(seconds=60)


@dataclass
class _HostPace:
    delay: timedelta
    turns: asyncio.Semaphore
    last: datetime | None = None


class Pace:
    """Hands out turns, per host as `crawler.urls.host_of` names it. One object for a whole run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: dict[str, _HostPace] = {}

    def declare(self, host: str, *, delay: timedelta, concurrency: int, last: datetime | None) -> None:
        """Set a host's politeness, and when it was last asked in an earlier run."""
        known = self._hosts.get(host)
        if known is None:
            self._hosts[host] = _HostPace(delay=delay, turns=asyncio.Semaphore(concurrency), last=last)
        else:
            known.delay = max(known.delay, delay)

    def slow_down(self, host: str, delay: timedelta) -> None:
        """Respect a crawl-delay: it can only lengthen the pause, up to LONGEST_CRAWL_DELAY."""
        pace = self._pace(host)
        pace.delay = max(pace.delay, min(delay, LONGEST_CRAWL_DELAY))

    def last_request(self, host: str) -> datetime | None:
        return self._pace(host).last

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at `host`; the pause counts from the end of the answer before."""
        pace = self._pace(host)
        async with pace.turns:
            if pace.last is not None:
                await self._clock.wait_until(pace.last + pace.delay, f"pace of {host}")
            try:
                yield
            finally:
                pace.last = self._clock.now()

    def _pace(self, host: str) -> _HostPace:
        if host not in self._hosts:
            self.declare(host, delay=DEFAULT_DELAY, concurrency=1, last=None)
        return self._hosts[host]
