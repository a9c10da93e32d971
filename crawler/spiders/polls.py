"""The polls of a visit: each asked conditionally, read by its kind, stored with the endpoint's new state."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import chain, zip_longest
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.asking import question, reader_of, recorded_url
from crawler.config.models import Reader
from crawler.due import waits_for_poll
from crawler.fetch.failures import RULES, Failure
from crawler.fetch.pace import NotNowError
from crawler.lists import inner_endpoint
from crawler.polling import next_poll
from crawler.spiders.lists import ListWalk, failure_of_list, is_of_config
from crawler.storage import StorageError
from crawler.visit import DueEndpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from scrapy import Request
    from scrapy.http import Response

    from crawler.items import Poll
    from crawler.visit import RunContext, Visit

logger = logging.getLogger(__name__)

_INDEXES = (Reader.SITEMAP, Reader.MIRROR_INDEX)
_MOST_LISTS = 20  # in one visit, of all its indexes; years of sitemaps are read in turns


def is_to_poll(run: RunContext, due: DueEndpoint) -> bool:
    """Whether the endpoint is to be polled in this run; in a replay, whether it or a list it names answered then."""
    if run.replay:
        return _answered_then(run, due) or bool(lists_of(run, due))
    return run.poll_now or (
        waits_for_poll(due.source, due.endpoint, due.state, run.clock.now())
        and run.pace.held_until(due.state.host) is None
        and run.silent.paused_until(due.endpoint.url) is None
    )


def lists_of(run: RunContext, due: DueEndpoint) -> list[DueEndpoint]:
    """The lists that an endpoint of the config names and that are to be polled.

    Lists name none themselves: the protocol forbids it, and a site that does so may go on without end.
    """
    if reader_of(due.source, due.endpoint) not in _INDEXES or not is_of_config(due):
        return []
    states = run.endpoints.lists_of(due.state, run.clock.now())
    named = [replace(due, endpoint=inner_endpoint(due.source, due.endpoint, one.url), state=one) for one in states]
    return [one for one in named if is_to_poll(run, one)]


def _answered_then(run: RunContext, due: DueEndpoint) -> bool:
    """Whether it answered in the session that is replayed; of an index that brought nothing new nothing was kept."""
    return run.replay is None or run.replay.has(recorded_url(question(due.source, due.endpoint, installation="")))


class Poller:
    """Polls the endpoints of a visit.

    Args:
        visit: what happened is stored in its ledger and noted in it.
        fetch: request → response, through all of Scrapy's downloader middlewares.
    """

    def __init__(self, visit: Visit, fetch: Callable[[Request], Awaitable[Response]]) -> None:
        self._visit = visit
        self._fetch = fetch
        self._polled: set[int] = set()  # several indexes may name one list, and so may the config
        self._after_pages: list[DueEndpoint] = []
        self._began = visit.run.clock.now()

    async def poll_all(self) -> None:
        """Poll the visit's endpoints, then the lists they name: of each index in turn, as many as one visit polls.

        Raises:
            StorageError: nothing can be stored.
        """
        if not await self._poll_first([due for due in self._visit.due if _answered_then(self._visit.run, due)]):
            return
        named = chain.from_iterable(zip_longest(*(lists_of(self._visit.run, due) for due in self._visit.due)))
        lists = {due.state.id: due for due in named if due is not None and due.state.id not in self._polled}
        await self._poll_first([*lists.values()][:_MOST_LISTS])

    @property
    def has_more(self) -> bool:
        """Whether lists are left that are polled after the visit's pages."""
        return bool(self._after_pages)

    async def poll_more(self) -> None:
        """Poll those.

        Raises:
            StorageError: nothing can be stored.
        """
        await self._poll_each(self._after_pages)

    async def _poll_first(self, waiting: Sequence[DueEndpoint]) -> bool:
        """As `_poll_each`, but for lists of origins whose pages go first.

        Of an origin that did not answer last time, the list that failed least comes first.
        """
        silent = self._visit.run.silent
        self._after_pages += [due for due in waiting if silent.pages_go_first(due.endpoint.url)]
        first = [due for due in waiting if not silent.pages_go_first(due.endpoint.url)]
        self._after_pages.sort(key=lambda due: due.state.failures)
        first.sort(key=lambda due: due.state.failures if silent.silence_of(due.endpoint.url) else 0)
        return await self._poll_each(first)

    async def _poll_each(self, waiting: Sequence[DueEndpoint]) -> bool:
        """Whether all of them were polled: what is not, as the visit must stop, stays due."""
        silent = self._visit.run.silent
        for number, due in enumerate(waiting):
            reason = self._visit.must_stop()
            if reason:
                self._leave(waiting[number:], reason)
                return False
            if silent.paused_until(due.endpoint.url) is None:
                await self._poll(due)
        return True

    def _leave(self, waiting: Sequence[DueEndpoint], reason: str) -> None:
        by_source = defaultdict[str, list[str]](list)
        for due in waiting:
            by_source[due.source.name].append(due.endpoint.url)
        for name, urls in by_source.items():
            what = urls[0] if len(urls) == 1 else f"{urls[0]} and {len(urls) - 1} more"
            self._visit.note_not_polled(name, what, reason)

    async def _poll(self, due: DueEndpoint) -> None:
        """Poll, and store what came of it. One endpoint's fault does not keep the others waiting."""
        self._polled.add(due.state.id)
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
        except Exception as error:  # the edge of a poll
            failure, detail = failure_of_list(error), str(error)
            if failure is None:
                failure, detail = Failure.INTERNAL, f"{type(error).__name__}: {error}"
                logger.exception("%s: poll of %s broke", due.source.name, due.endpoint.url)
                self._visit.blame(due.source.name, f"{due.endpoint.url}: {detail}")
            self._failed(due, failure, detail)

    def _answered(self, due: DueEndpoint, poll: Poll) -> None:
        run = self._visit.run
        result = run.endpoints.record_poll(
            run.number,
            due.state,
            poll,
            next_due=self._next(due, poll.ttl),
            max_age=due.source.articles.max_age,
        )
        run.watch(f"{due.source.name}: {result.found} found, {result.known} known at {due.endpoint.url}")

    def _unchanged(self, due: DueEndpoint) -> None:
        run, now = self._visit.run, self._visit.run.clock.now()
        run.endpoints.record_unchanged(run.number, due.state, now=now, next_due=self._next(due, due.state.ttl))
        run.watch(f"{due.source.name}: unchanged at {due.endpoint.url}")

    def _put_off(self, due: DueEndpoint, reason: NotNowError) -> None:
        run = self._visit.run
        self._visit.note_not_polled(due.source.name, due.endpoint.url, str(reason))
        if reason.until is not None:
            following = max(self._next(due, due.state.ttl), reason.until)
            run.endpoints.put_off(due.state, following)

    def _failed(self, due: DueEndpoint, failure: Failure, detail: str) -> None:
        run, now, rule = self._visit.run, self._visit.run.clock.now(), RULES[failure]
        error = f"{failure}: {detail}"
        following = self._next(due, due.state.ttl, failures=due.state.failures + rule.weight, step=rule.step)
        held = run.pace.held_until(due.state.host)
        run.endpoints.record_failure(
            run.number, due.state, error=error, weight=rule.weight, now=now, next_due=max(following, held or following)
        )
        logger.info("%s: poll of %s failed: %s", due.source.name, due.endpoint.url, error)

    def _next(
        self, due: DueEndpoint, ttl: int | None, failures: float = 0.0, step: timedelta = timedelta(0)
    ) -> datetime:
        # From the visit's begin: a list whose turn comes minutes later must not be found not yet due at the next one.
        # What a publisher asks for counts from its answer.
        polled = self._visit.run.clock.now() if ttl else self._began
        zone = ZoneInfo(due.source.timezone)
        return next_poll(due.endpoint, zone, polled=polled, failures=failures, ttl=ttl, step=step)
