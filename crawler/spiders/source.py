"""The spider of every source: polls, then fetches what is pending."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar, cast

from scrapy import Spider, signals
from scrapy.exceptions import UsageError

from crawler.allowance import TooSlowError
from crawler.config.slow import told_of
from crawler.fetch.failures import Failure, failure_of_exception
from crawler.fetch.pace import NotNowError
from crawler.fetch.replay import NotCapturedError
from crawler.items import Article, Ended, Flow, Page, PendingEntry
from crawler.spiders.further import FurtherPageError, FurtherPages
from crawler.spiders.pages import answered, failed, given_up, page_request, put_off, with_parts
from crawler.spiders.polls import Poller
from crawler.spiders.under_way import UnderWay
from crawler.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure as TwistedFailure

    from crawler.config.models import Kind
    from crawler.revisits import Revisit
    from crawler.visit import Visit

logger = logging.getLogger(__name__)


class SourceSpider(Spider):
    """One visit of one host, described by `visit`."""

    name = "source"
    kind: ClassVar[Kind | None] = None  # of the sources it is for; None: of those that are no site of their own

    def __init__(self, visit: Visit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.visit = visit
        # start() is not throttled by Scrapy's scheduler.
        self._under_way = UnderWay(visit.run.pace.concurrency(visit.lease.host))

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> SourceSpider:
        """
        Raises:
            UsageError: there is no visit, as where Scrapy alone makes the spider.
        """
        if "visit" not in kwargs:
            raise UsageError("a visit needs a run's lock and ledger: use `presswatch crawl` or `scrapy crawl`")
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._spider_failed, signal=signals.spider_error)
        crawler.signals.connect(spider._item_stored, signal=signals.item_scraped)
        crawler.signals.connect(spider._item_failed, signal=signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Request | Flow]:
        try:
            poller = Poller(self.visit, self.crawler.engine.download_async)
            await poller.poll_all()
            async for found in self._visited():
                yield found
            if poller.has_more:
                await self._under_way.begin()
                await poller.poll_more()
        except StorageError as error:
            self.visit.not_stored("", error)

    async def _visited(self) -> AsyncIterator[Request | Flow]:
        pages = self._pages()
        if any(self.visit.run.silent.silence_of(url) for url in pages):
            self._under_way = UnderWay(1)  # one request is tried before any other
        for url, waiting in pages.items():
            await self._under_way.begin()
            if self.visit.must_stop():
                return
            for found in given_up(self.visit, waiting) if self._leaves(url) else [self._page(url, waiting)]:
                yield found
        for revisit in self.visit.revisits():
            await self._under_way.begin()
            if self.visit.must_stop():
                return
            if not self._leaves(revisit.pending.entry.url):
                yield self._look_again(revisit)

    def _leaves(self, url: str) -> bool:
        """Whether nothing is asked of the address now; then its place is free again."""
        is_paused = self.visit.run.silent.paused_until(url) is not None
        if is_paused:
            self._under_way.read([])
        return is_paused

    def _look_again(self, revisit: Revisit) -> Request:
        """Conditional: a page that is as it was costs its server nothing."""
        validators = {"If-None-Match": revisit.etag, "If-Modified-Since": revisit.last_modified}
        known = {name: value for name, value in validators.items() if value}
        return self._page(revisit.pending.entry.url, [revisit.pending], known)

    def _page(self, url: str, waiting: list[PendingEntry], validators: Mapping[str, str] | None = None) -> Request:
        return page_request(
            self.visit.config,
            waiting[0].source,
            url,
            validators,
            callback=self.parse_page,
            errback=self.page_failed,
            cb_kwargs={"waiting": waiting},
        )

    def _pages(self) -> dict[str, list[PendingEntry]]:
        """Addresses to fetch, each once, with the entries that wait for it.

        Those that failed least come first: addresses that never answer must not keep the others of their origin
        waiting. A recording does not know what failed, but in which order the others answered.
        """
        pages: defaultdict[str, list[PendingEntry]] = defaultdict(list)
        for pending in sorted(self.visit.pending(), key=lambda one: one.attempts):
            pages[pending.entry.url].append(pending)
        replay = self.visit.run.replay
        return {url: pages[url] for url in sorted(pages, key=replay.order_of)} if replay else pages

    async def parse_page(self, response: Response, waiting: list[PendingEntry]) -> AsyncIterator[Flow]:
        found: list[Flow] = []
        try:
            found = await self._with_further_pages([*answered(self.visit, response, waiting)], waiting)
        finally:
            self._under_way.read(found)
        for item in found:
            yield item

    async def _with_further_pages(self, found: list[Flow], waiting: list[PendingEntry]) -> list[Flow]:
        """The pages with those behind them; what keeps one of those from us keeps the whole article waiting."""
        first = next((item for item in found if isinstance(item, Page)), None)
        if first is None:
            return found
        try:
            parts, beyond = await FurtherPages(self.visit, self.crawler.engine.download_async).of(first)
        except FurtherPageError as error:
            return [*failed(self.visit, waiting, error.failure, str(error), not_before=self.visit.held())]
        except Exception as error:  # the edge of a page, as in page_failed
            logger.debug("a further page of %s", first.url, exc_info=True)
            return [*self._unanswered(waiting, error)]
        return [with_parts(item, parts, beyond) if isinstance(item, Page) else item for item in found]

    def page_failed(self, failure: TwistedFailure) -> Iterator[Flow]:
        waiting: list[PendingEntry] = failure.request.cb_kwargs["waiting"]  # type: ignore[attr-defined]
        found: list[Flow] = []
        try:
            found = [*self._unanswered(waiting, cast("Exception", failure.value))]
        finally:
            self._under_way.read(found)
        yield from found

    def _unanswered(self, waiting: list[PendingEntry], error: Exception) -> Iterator[Flow]:
        """What comes of entries one of whose pages could not be had."""
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
            self.visit.blame(waiting[0].source, f"{waiting[0].entry.url}: {_error_text(error)}")
        detail = self._detail(waiting[0].source, error) if kind else _error_text(error)
        yield from failed(self.visit, waiting, kind or Failure.INTERNAL, detail)

    def _detail(self, name: str, error: Exception) -> str:
        source = self.visit.config.source(name)
        return told_of(source, error) if source and isinstance(error, TooSlowError) else str(error)

    def _spider_failed(self, failure: TwistedFailure) -> None:
        """A fault of ours in start() or a callback: the run must not look well. What was pending stays pending."""
        if isinstance(failure.value, StorageError):
            self.visit.not_stored("", failure.value)
        else:
            self.visit.blame("", _error_text(failure.value))

    def _item_stored(self, item: Flow) -> None:
        self._under_way.stored(item)

    def _item_failed(self, item: Page | Article, failure: TwistedFailure) -> None:
        """A fault of ours in a pipeline: counts as a failed attempt, so that a poisonous page ends in quarantine.

        What disk or database refused is no attempt: the entry stays as it is.
        """
        self._under_way.stored(item)
        if isinstance(failure.value, StorageError):
            self.visit.not_stored(item.pending.source, failure.value)
            return
        self.visit.blame(item.pending.source, f"{item.pending.entry.url}: {_error_text(failure.value)}")
        run = self.visit.run
        for result in failed(self.visit, [item.pending], Failure.INTERNAL, _error_text(failure.value)):
            if item.pending.revisit:
                run.revisits.failed(item.pending, result.at)
            elif isinstance(result, Ended):
                run.ledger.end(run.number, result)
            else:
                run.ledger.postpone(result)


def _error_text(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"
