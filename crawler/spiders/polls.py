"""One poll of one endpoint: asked conditionally, read by its kind, stored with the endpoint's new state."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.asking import question, reader_of, recorded_url
from crawler.config.models import Reader
from crawler.fetch.failures import RULES, Failure, failure_of_exception
from crawler.fetch.pace import NotNowError
from crawler.items import PollFaultError
from crawler.lists import inner_endpoint
from crawler.polling import is_due, next_poll
from crawler.spiders.lists import ListWalk, RefusedAnswerError
from crawler.storage import StorageError
from crawler.visit import DueEndpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from scrapy import Request
    from scrapy.http import Response

    from crawler.fetch.replay import Replay
    from crawler.items import Poll
    from crawler.visit import RunContext, Visit

logger = logging.getLogger(__name__)

_PARSE_FAULT_WEIGHT = 1.0
_INDEXES = (Reader.SITEMAP, Reader.MIRROR_INDEX)
_MOST_LISTS = 20  # of one index in one visit; an index of years of sitemaps is read in turns


def is_to_poll(run: RunContext, due: DueEndpoint) -> bool:
    """Whether the endpoint is to be polled in this run; in a replay, whether it or a list it names answered then."""
    if run.replay:
        return _answered_then(run.replay, due) or any(_answered_then(run.replay, one) for one in _named(run, due))
    return run.poll_now or (
        is_due(due.endpoint, ZoneInfo(due.source.timezone), due.state.next_due, run.clock.now())
        and run.pace.held_until(due.state.host) is None
    )


class Poller:
    """Polls the endpoints of a visit.

    Args:
        visit: what happened is stored in its ledger and noted in it.
        fetch: request → response, through all of Scrapy's downloader middlewares.
    """

    def __init__(self, visit: Visit, fetch: Callable[[Request], Awaitable[Response]]) -> None:
        self._visit = visit
        self._fetch = fetch
        self._polled: set[int] = set()  # endpoints of this visit: two indexes may name each other

    async def poll(self, due: DueEndpoint) -> list[DueEndpoint]:
        """Poll, and store what came of it. One endpoint's fault does not keep the others waiting.

        Returns:
            The lists it names that are to be polled after it.

        Raises:
            StorageError: nothing can be stored.
        """
        self._polled.add(due.state.id)
        replay = self._visit.run.replay
        # Of an index that brought no news then, only lists were captured.
        if replay is None or _answered_then(replay, due):
            await self._poll(due)
        return self._lists_of(due)

    async def _poll(self, due: DueEndpoint) -> None:
        try:
            poll = await ListWalk(self._visit, due, self._fetch).walk()
            if poll is None:
                self._unchanged(due)
            else:
                self._answered(due, poll)
        except NotNowError as reason:
            self._put_off(due, reason)
        except StorageError:
            raise
        except PollFaultError as fault:
            self._failed(due, str(fault), _PARSE_FAULT_WEIGHT)
        except RefusedAnswerError as refused:
            self._failed(due, f"{refused.failure}: {refused}", RULES[refused.failure].weight)
        except Exception as error:  # the edge of a poll
            failure, detail = failure_of_exception(error), str(error)
            if failure is None:
                failure, detail = Failure.INTERNAL, f"{type(error).__name__}: {error}"
                logger.exception("%s: poll of %s broke", due.source.name, due.endpoint.url)
                self._visit.blame(due.source.name, f"{due.endpoint.url}: {detail}")
            self._failed(due, f"{failure}: {detail}", RULES[failure].weight)

    def _answered(self, due: DueEndpoint, poll: Poll) -> None:
        run = self._visit.run
        result = run.endpoints.record_poll(
            run.number,
            due.state,
            poll,
            next_due=_next(due, poll.at, poll.ttl),
            max_age=due.source.articles.max_age,
        )
        run.watch(f"{due.source.name}: {result.found} found, {result.known} known at {due.endpoint.url}")

    def _unchanged(self, due: DueEndpoint) -> None:
        run, now = self._visit.run, self._visit.run.clock.now()
        run.endpoints.record_unchanged(run.number, due.state, now=now, next_due=_next(due, now, due.state.ttl))
        run.watch(f"{due.source.name}: unchanged at {due.endpoint.url}")

    def _put_off(self, due: DueEndpoint, reason: NotNowError) -> None:
        run = self._visit.run
        self._visit.note(due.source.name, f"{due.endpoint.url}: not polled: {reason}")
        if reason.until is not None:
            following = max(_next(due, run.clock.now(), due.state.ttl), reason.until)
            run.endpoints.put_off(due.state, following)

    def _failed(self, due: DueEndpoint, error: str, weight: float) -> None:
        run, now = self._visit.run, self._visit.run.clock.now()
        following = _next(due, now, due.state.ttl, failures=due.state.failures + weight)
        held = run.pace.held_until(due.state.host)
        run.endpoints.record_failure(
            run.number, due.state, error=error, weight=weight, now=now, next_due=max(following, held or following)
        )
        logger.info("%s: poll of %s failed: %s", due.source.name, due.endpoint.url, error)

    def _lists_of(self, due: DueEndpoint) -> list[DueEndpoint]:
        """The lists it names that are due, as many as one visit polls."""
        run = self._visit.run
        found = [one for one in _named(run, due) if one.state.id not in self._polled and is_to_poll(run, one)]
        return found[:_MOST_LISTS]


def _answered_then(replay: Replay, due: DueEndpoint) -> bool:
    """Whether the endpoint's answer brought news in the session that is replayed."""
    return replay.has(recorded_url(question(due.source, due.endpoint, installation="")))


def _named(run: RunContext, due: DueEndpoint) -> list[DueEndpoint]:
    """The lists that an index names and that may hold news."""
    if reader_of(due.source, due.endpoint) not in _INDEXES:
        return []
    return [
        DueEndpoint(source=due.source, endpoint=inner_endpoint(due.source, due.endpoint, state.url), state=state)
        for state in run.endpoints.lists_of(due.state, run.clock.now())
    ]


def _next(due: DueEndpoint, now: datetime, ttl: int | None, failures: float = 0.0) -> datetime:
    return next_poll(due.endpoint, ZoneInfo(due.source.timezone), polled=now, failures=failures, ttl=ttl)
