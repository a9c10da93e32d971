"""robots.txt, obeyed: one request an origin and day however many ask at once, and never "allowed" by accident."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from protego import Protego
from scrapy.exceptions import IgnoreRequest

from crawler.urls import origin_of

PRODUCT_NAME = "presswatch"
FRESH_FOR = timedelta(hours=24)  # RFC 9309, section 2.4
ASK_AGAIN_AFTER = timedelta(minutes=30)  # when it could not be read
MAX_BYTES = 512 * 1024  # RFC 9309, section 2.5 asks for 500 KiB at least

_WAIT_STATUSES = {0, 401, 403, 429}


class RobotsRefusedError(IgnoreRequest):
    """robots.txt forbids the address."""


class RobotsUnreachableError(IgnoreRequest):
    """robots.txt could not be read; nothing of its origin may be fetched until it can."""


@dataclass(frozen=True, kw_only=True)
class RobotsAnswer:
    """What an origin last said. `status` 0: no answer at all; then `body` says why."""

    status: int
    body: str
    fetched_at: datetime

    @property
    def means_wait(self) -> bool:
        return self.status in _WAIT_STATUSES or self.status >= 500

    def is_fresh(self, now: datetime) -> bool:
        # One fetched in the future is one by a clock that was wrong.
        return timedelta(0) <= now - self.fetched_at < (ASK_AGAIN_AFTER if self.means_wait else FRESH_FOR)


class RobotsCache(Protocol):
    """Where answers outlive a run."""

    async def load(self, origin: str) -> RobotsAnswer | None: ...
    async def save(self, origin: str, answer: RobotsAnswer) -> None: ...


Fetch = Callable[[str], Awaitable[tuple[int, str]]]
"""URL of a robots.txt → (status, body); status 0 when there was no answer, with the cause for a body."""


class Robots:
    """Answers whether a URL may be fetched.

    2xx is parsed, 401, 403, 429, 5xx and no answer mean wait, every other status means no rules. An answer that
    means wait does not replace an older one that was read: the old rules hold.
    """

    def __init__(self, cache: RobotsCache, now: Callable[[], datetime]) -> None:
        self._cache = cache
        self._now = now
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._rules: dict[str, tuple[RobotsAnswer, Protego]] = {}

    async def check(self, url: str, fetch: Fetch) -> float | None:
        """Return the crawl-delay the origin asks of us in seconds, if any.

        Raises:
            RobotsRefusedError: the rules forbid `url`.
            RobotsUnreachableError: the rules are not known yet.
        """
        rules = await self._rules_of(origin_of(url), fetch)
        if not rules.can_fetch(url, PRODUCT_NAME):
            raise RobotsRefusedError(f"robots.txt of {origin_of(url)} forbids {url}")
        delay = rules.crawl_delay(PRODUCT_NAME)
        return None if delay is None else float(delay)

    async def _rules_of(self, origin: str, fetch: Fetch) -> Protego:
        # All who ask at once wait for the one who fetches, and read what it found.
        async with self._locks[origin]:
            answer = await self._answer(origin, fetch)
            if answer.means_wait:
                said = f"HTTP {answer.status}" if answer.status else answer.body or "no answer"
                raise RobotsUnreachableError(f"{origin}/robots.txt: {said}")
            known = self._rules.get(origin)
            if known is None or known[0] != answer:
                body = answer.body if 200 <= answer.status < 300 else ""
                self._rules[origin] = (answer, Protego.parse(body))
            return self._rules[origin][1]

    async def _answer(self, origin: str, fetch: Fetch) -> RobotsAnswer:
        known = await self._cache.load(origin)
        if known is not None and known.is_fresh(self._now()):
            return known
        status, body = await fetch(f"{origin}/robots.txt")
        answer = RobotsAnswer(status=status, body=body, fetched_at=self._now())
        if answer.means_wait and known is not None and not known.means_wait:
            # Keep the rules we know, and ask again soon rather than in a day.
            answer = RobotsAnswer(
                status=known.status, body=known.body, fetched_at=self._now() - FRESH_FOR + ASK_AGAIN_AFTER
            )
        await self._cache.save(origin, answer)
        return answer
