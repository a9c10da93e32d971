"""How fast a host is asked, and when it is not asked at all. One object for a whole run, hosts told apart by
`crawler.urls.host_of`: a redirect's target has its own pace, whoever led there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from scrapy.exceptions import IgnoreRequest

from crawler.clock import Clock
from crawler.fetch.turns import NoOthers, Turns
from crawler.items import HostMemory
from crawler.polling import LONGEST_RETRY_AFTER, is_held

DEFAULT_DELAY = timedelta(seconds=2)  # for hosts no source names, which a redirect may lead to
LONGEST_CRAWL_DELAY = timedelta(seconds=60)


class NotNowError(IgnoreRequest):
    """The request was not sent: the host asked for a pause (`until` says how long), or the run ends (None)."""

    def __init__(self, reason: str, until: datetime | None = None) -> None:
        super().__init__(reason)
        self.until = until


class HostMemories(Protocol):
    def host_memory(self, host: str) -> HostMemory: ...


@dataclass(kw_only=True)
class _HostPace:
    delay: timedelta
    concurrency: int
    turns: asyncio.Semaphore
    starts: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: datetime | None  # end of the last answer, or with concurrency the start of the last request
    not_before: datetime | None
    asked: bool = False  # in this run
    changed: bool = False  # since it was last remembered


class Pace:
    """Hands out turns.

    Args:
        clock: what the pauses are waited on.
        memories: what earlier runs knew of a host; asked when it is first met.
        stop: why nothing more may be sent, or "".
        stopping: set when `stop` has come to say something; wakes those who wait.
        deadline: when `stop` comes to say something by itself; nobody waits longer. None: never.
        turns: what other processes do at the hosts, where they share their pace; None: there are none.
    """

    def __init__(
        self,
        clock: Clock,
        memories: HostMemories,
        stop: Callable[[], str],
        stopping: asyncio.Event,
        deadline: datetime | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._clock = clock
        self._memories = memories
        self._stop = stop
        self._stopping = stopping
        self._deadline = deadline
        self._turns = turns or NoOthers()
        self._hosts: dict[str, _HostPace] = {}

    def declare(self, host: str, *, delay: timedelta, concurrency: int) -> None:
        """Set a host's politeness; once it was asked in this run, a declaration can only lengthen its pause."""
        known = self._hosts.get(host)
        if known is None:
            self._meet(host, delay, concurrency)
        elif known.asked:
            known.delay = max(known.delay, delay)
        else:
            known.delay, known.concurrency, known.turns = delay, concurrency, asyncio.Semaphore(concurrency)

    def concurrency(self, host: str) -> int:
        return self._pace(host).concurrency

    def slow_down(self, host: str, seconds: float) -> None:
        """Respect a crawl-delay: it can only lengthen the pause, up to LONGEST_CRAWL_DELAY."""
        pace = self._pace(host)
        pace.delay = max(pace.delay, timedelta(seconds=min(max(seconds, 0.0), LONGEST_CRAWL_DELAY.total_seconds())))

    def hold(self, host: str, until: datetime) -> None:
        """Leave the host alone until then, and have others do so."""
        self._turns.hold(host, now=self._clock.now(), until=until)
        self._learn_hold(self._pace(host), until)

    def held_until(self, host: str) -> datetime | None:
        """The time until which the host wants to be left alone, when that is still to come."""
        until = self._pace(host).not_before
        return until if until is not None and until > self._clock.now() else None

    def last_asked(self, host: str) -> datetime | None:
        """When the host was asked last, in this run or before."""
        return self._pace(host).last

    def take_changes(self) -> dict[str, HostMemory]:
        """What is to be remembered of the hosts that were asked or held since the last call."""
        changed = {host: pace for host, pace in self._hosts.items() if pace.changed}
        for pace in changed.values():
            pace.changed = False
        return {host: HostMemory(last_request=pace.last, not_before=pace.not_before) for host, pace in changed.items()}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at `host`. One at a time, the pause counts from the end of the answer before; with
        concurrency, between the starts. Those of other processes count as ours.

        Raises:
            NotNowError: no request may be sent.
        """
        pace = self._pace(host)
        async with pace.turns:
            pace.asked = True
            async with pace.starts:
                await self._take_turn(pace, host)
                pace.last, pace.changed = self._clock.now(), True
            try:
                self._check(host)  # others may have been asked for seconds, and the run been stopped meanwhile
                yield
            finally:
                if pace.concurrency == 1:
                    pace.last, pace.changed = self._clock.now(), True
                    await self._turns.end(host, now=pace.last)

    async def _take_turn(self, pace: _HostPace, host: str) -> None:
        # The own pause comes first: it holds also where others cannot be asked.
        self._check(host)
        await self._pause(pace, host)
        while True:
            self._check(host)
            now = self._clock.now()
            reply = await self._turns.take(host, now=now, delay=pace.delay, alone=pace.concurrency == 1)
            if reply.is_granted:
                return
            if reply.not_before is not None:
                self._learn_hold(pace, min(reply.not_before, now + LONGEST_RETRY_AFTER))
            await self._wait(now + reply.wait, host)

    @staticmethod
    def _learn_hold(pace: _HostPace, until: datetime) -> None:
        pace.not_before = max(pace.not_before or until, until)
        pace.changed = True

    def _check(self, host: str) -> None:
        held, reason = self.held_until(host), self._stop()
        if held is not None:
            reason = f"{host} asked to be left alone until {held.isoformat(timespec='seconds')}"
        if reason:
            raise NotNowError(reason, held)

    async def _pause(self, pace: _HostPace, host: str) -> None:
        if pace.last is None:
            return
        # A last request in the future is one by a clock that was wrong; it must not stop us until then.
        await self._wait(min(pace.last, self._clock.now()) + pace.delay, host)

    async def _wait(self, moment: datetime, host: str) -> None:
        while self._deadline is not None and self._deadline < moment:
            if self._stop():
                return
            await self._sleep(self._deadline, host)
        await self._sleep(moment, host)

    async def _sleep(self, moment: datetime, host: str) -> None:
        waits = [
            asyncio.ensure_future(self._clock.wait_until(moment, f"pace of {host}")),
            asyncio.ensure_future(self._stopping.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _pace(self, host: str) -> _HostPace:
        return self._hosts.get(host) or self._meet(host, DEFAULT_DELAY, 1)

    def _meet(self, host: str, delay: timedelta, concurrency: int) -> _HostPace:
        memory = self._memories.host_memory(host)
        self._hosts[host] = _HostPace(
            delay=delay,
            concurrency=concurrency,
            turns=asyncio.Semaphore(concurrency),
            last=memory.last_request,
            not_before=memory.not_before if is_held(memory.not_before, self._clock.now()) else None,
        )
        return self._hosts[host]
