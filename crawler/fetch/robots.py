"""robots.txt, obeyed: one request an origin and day however many ask at once, and never "allowed" by accident."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from scrapy.exceptions import IgnoreRequest

from crawler.fetch.robots_rules import RobotsRules
from crawler.text import clean
from crawler.urls import origin_of, server_spellings

PRODUCT_NAME = "presswatch"
FRESH_FOR = timedelta(hours=24)  # RFC 9309, section 2.4
ASK_AGAIN_AFTER = timedelta(minutes=30)  # when it could not be read
STALE_FOR = timedelta(days=30)  # RFC 9309, section 2.3.1.4 names it for a reasonably long period

_WAIT_STATUSES = {0, 304, 401, 403, 429}  # 304: nobody asked whether it has changed
_TOLD_OF_A_LINE = 200  # characters


class RobotsRefusedError(IgnoreRequest):
    """robots.txt forbids the address."""


class RobotsUnreachableError(IgnoreRequest):
    """robots.txt could not be read; nothing of its origin may be fetched until it can.

    `asked`: it was asked for in this run; else a run before did so, too short a time ago.
    """

    def __init__(self, reason: str, *, asked: bool = True) -> None:
        super().__init__(reason)
        self.asked = asked


@dataclass(frozen=True, kw_only=True)
class RobotsAnswer:
    """What an origin last said. `status` 0: no answer at all; then `body` says why.

    `asked_at`: when it was last asked again and could not be read, so that what it said before still holds.
    """

    status: int
    body: str
    fetched_at: datetime
    asked_at: datetime | None = None

    @property
    def means_wait(self) -> bool:
        return self.status in _WAIT_STATUSES or self.status >= 500

    @property
    def has_rules(self) -> bool:
        return 200 <= self.status < 300

    def is_fresh(self, now: datetime) -> bool:
        failed = self.means_wait or self.asked_at is not None
        # One asked for in the future is one by a clock that was wrong.
        return timedelta(0) <= now - self.last_asked < (ASK_AGAIN_AFTER if failed else FRESH_FOR)

    @property
    def last_asked(self) -> datetime:
        return self.asked_at or self.fetched_at

    def outlives_a_failure(self, now: datetime) -> bool:
        """Whether it holds on while its origin cannot be asked: rules do for a while, that there were none does not."""
        return self.has_rules and now - self.fetched_at < STALE_FOR


class RobotsCache(Protocol):
    """Where answers outlive a run."""

    async def load(self, origin: str) -> RobotsAnswer | None: ...
    async def save(self, origin: str, answer: RobotsAnswer) -> None: ...


Fetch = Callable[[str], Awaitable[tuple[int, str]]]
"""URL of a robots.txt → (status, text); status 0 when there was no answer, with the cause for a text."""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What holds for an origin, and whether this run asked it."""

    answer: RobotsAnswer
    rules: RobotsRules
    asked: bool


class Robots:
    """Answers whether a URL may be fetched.

    2xx is parsed, 401, 403, 429, 5xx and no answer mean wait, every other status means no rules. An answer that
    means wait does not replace rules that were read: they hold on for STALE_FOR, and then it means wait.

    Args:
        cache: what earlier runs were told.
        now: the time.
        tries_anew: somebody wants this run now, and may have put right what was wrong: an origin that could not be
            read by an earlier run is asked.
    """

    def __init__(self, cache: RobotsCache, now: Callable[[], datetime], *, tries_anew: bool = False) -> None:
        self._cache = cache
        self._now = now
        self._tries_anew = tries_anew
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._known: dict[str, _Known] = {}

    async def check(self, url: str, fetch: Fetch) -> float | None:
        """Return the pause between two requests that the origin asks of us, in seconds, if any.

        Raises:
            RobotsRefusedError: the rules forbid `url`.
            RobotsUnreachableError: the rules are not known yet.
        """
        origin = origin_of(url)
        # All who ask at once wait for the one who fetches, and read what it found.
        async with self._locks[origin]:
            known = self._known.get(origin)
            if known is None or not known.answer.is_fresh(self._now()):
                known = self._known[origin] = await self._learn(origin, fetch)
        if known.answer.means_wait:
            said = f"HTTP {known.answer.status}" if known.answer.status else known.answer.body or "no answer"
            raise RobotsUnreachableError(f"{origin}/robots.txt: {said}", asked=known.asked)
        for spelling in server_spellings(url):
            if not known.rules.allows(spelling):
                raise RobotsRefusedError(_refusal(origin, spelling, known))
        return known.rules.seconds()

    async def _learn(self, origin: str, fetch: Fetch) -> _Known:
        stored = await self._cache.load(origin)
        if stored is not None and stored.is_fresh(self._now()) and not (self._tries_anew and stored.means_wait):
            return _parsed(stored, asked=False)
        status, text = await fetch(f"{origin}/robots.txt")
        answer = RobotsAnswer(status=status, body=text, fetched_at=self._now())
        if answer.means_wait and stored is not None and stored.outlives_a_failure(self._now()):
            answer = replace(stored, asked_at=answer.fetched_at)
        await self._cache.save(origin, answer)
        return _parsed(answer, asked=True)


def _parsed(answer: RobotsAnswer, *, asked: bool) -> _Known:
    rules = RobotsRules(answer.body if answer.has_rules else "", PRODUCT_NAME)
    return _Known(answer=answer, rules=rules, asked=asked)


def _refusal(origin: str, url: str, known: _Known) -> str:
    rule, read = known.rules.forbidding(url), known.answer.fetched_at
    line = clean(str(rule))[:_TOLD_OF_A_LINE]
    return f"{origin}/robots.txt, read {read:%Y-%m-%d %H:%M} UTC, forbids {url} in line {rule.number}: {line}"
