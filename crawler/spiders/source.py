"""The spider of every source that config alone describes: polls, then fetches what is pending."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, cast

from scrapy import Request, Spider, signals
from scrapy.exceptions import UsageError

from crawler.fetch.failures import Failure, failure_of_exception
from crawler.fetch.pace import NotNowError
from crawler.fetch.replay import NotCapturedError
from crawler.items import Article, Ended, Flow, Page, PendingEntry
from crawler.spiders.pages import answered, failed, put_off
from crawler.spiders.polls import Poller
from crawler.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure as TwistedFailure

    from crawler.revisits import Revisit
    from crawler.visit import Visit

logger = logging.getLogger(__name__)


class SourceSpider(Spider):
    """One visit of one host, described by `visit`."""

    name = "source"

    def __init__(self, visit: Visit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.visit = visit
        # start() is not throttled by Scrapy's scheduler: one page more than may be under way is asked for ahead.
        self._ahead = asyncio.Semaphore(visit.run.pace.concurrency(visit.lease.host) + 1)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> SourceSpider:
        """
        Raises:
            UsageError: there is no visit, as under a bare `scrapy crawl`.
        """
        if "visit" not in kwargs:
            raise UsageError("a visit needs the run's lock and ledger: use `presswatch crawl [SOURCE]`")
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._spider_failed, signal=signals.spider_error)
        crawler.signals.connect(spider._item_failed, signal=signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        try:
            async for request in self._requests():
                yield request
        except StorageError as error:
            self.visit.not_stored("", error)

    async def _requests(self) -> AsyncIterator[Request]:
        poller = Poller(self.visit, self.crawler.engine.download_async)
        to_poll = deque(self.visit.due)
        while to_poll:
            to_poll.extend(await poller.poll(to_poll.popleft()))
        for url, waiting in self._pages().items():
            await self._ahead.acquire()
            if self.visit.must_stop():
                return
            yield Request(
                url,
                callback=self.parse_page,
                errback=self.page_failed,
                headers=self._headers(waiting[0].source),
                cb_kwargs={"waiting": waiting},
                meta={"source": waiting[0].source},
                dont_filter=True,  # the ledger remembers what was fetched
            )
        for revisit in self.visit.revisits():
            await self._ahead.acquire()
            if self.visit.must_stop():
                return
            yield self._look_again(revisit)

    def _look_again(self, revisit: Revisit) -> Request:
        """Conditional: a page that is as it was costs its server nothing."""
        validators = {"If-None-Match": revisit.etag, "If-Modified-Since": revisit.last_modified}
        pending = revisit.pending
        return Request(
            pending.entry.url,
            callback=self.parse_page,
            errback=self.page_failed,
            headers=self._headers(pending.source) | {name: value for name, value in validators.items() if value},
            cb_kwargs={"waiting": [pending]},
            meta={"source": pending.source},
            dont_filter=True,
        )

    def _headers(self, name: str) -> dict[str, str]:
        """What the config sends with every request of a source."""
        source = self.visit.config.source(name)
        return dict(source.headers) if source else {}

    def _pages(self) -> dict[str, list[PendingEntry]]:
        """Addresses to fetch, each once, with the entries that wait for it."""
        pages: defaultdict[str, list[PendingEntry]] = defaultdict(list)
        for pending in self.visit.pending():
            pages[pending.entry.url].append(pending)
        return pages

    def parse_page(self, response: Response, waiting: list[PendingEntry]) -> Iterator[Flow]:
        self._ahead.release()
        yield from answered(self.visit, response, waiting)

    def page_failed(self, failure: TwistedFailure) -> Iterator[Flow]:
        self._ahead.release()
        error = cast("BaseException", failure.value)
        waiting: list[PendingEntry] = failure.request.cb_kwargs["waiting"]  # type: ignore[attr-defined]
        if isinstance(error, NotNowError):
            self.visit.run.watch(f"{waiting[0].source}: {error}")
            if isinstance(error, NotCapturedError) and error.final:
                self.visit.note(waiting[0].source, str(error))
            if error.until is not None:
                yield from put_off(self.visit, waiting, str(error), error.until)
            return
        if isinstance(error, StorageError):
            self.visit.not_stored(waiting[0].source, error)
            return
        kind = failure_of_exception(error)
        if kind is None:
            logger.error("fetching %s broke", waiting[0].entry.url, exc_info=error)
            self.visit.blame(waiting[0].source, f"{waiting[0].entry.url}: {_error_text(failure)}")
        yield from failed(self.visit, waiting, kind or Failure.INTERNAL, str(error) if kind else _error_text(failure))

    def _spider_failed(self, failure: TwistedFailure) -> None:
        """A fault of ours in start() or a callback: the run must not look well. What was pending stays pending."""
        if isinstance(failure.value, StorageError):
            self.visit.not_stored("", failure.value)
        else:
            self.visit.blame("", _error_text(failure))

    def _item_failed(self, item: Page | Article, failure: TwistedFailure) -> None:
        """A fault of ours in a pipeline: counts as a failed attempt, so that a poisonous page ends in quarantine.

        What disk or database refused is no attempt: the entry stays as it is.
        """
        if isinstance(failure.value, StorageError):
            self.visit.not_stored(item.pending.source, failure.value)
            return
        self.visit.blame(item.pending.source, f"{item.pending.entry.url}: {_error_text(failure)}")
        run = self.visit.run
        for result in failed(self.visit, [item.pending], Failure.INTERNAL, _error_text(failure)):
            if item.pending.revisit:
                run.revisits.failed(item.pending, result.at)
            elif isinstance(result, Ended):
                run.ledger.end(run.number, result)
            else:
                run.ledger.postpone(result)


def _error_text(failure: TwistedFailure) -> str:
    return f"{failure.type.__name__ if failure.type else 'error'}: {failure.value}"
