"""The spider of every source that config alone describes: polls, then fetches what is pending."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from scrapy import Request, Spider, signals
from scrapy.exceptions import UsageError
from scrapy.http.request import NO_CALLBACK

from crawler.config.models import Kind
from crawler.docsify import parse_mirror_list
from crawler.feeds import PollFaultError, parse_feed
from crawler.fetch.failures import RULES, Failure, failure_of_exception, failure_of_status
from crawler.items import Article, Ended, Flow, Page, PendingEntry, Poll, Postponed
from crawler.outcomes import Outcome
from crawler.polling import next_poll, parse_retry_after, retry_time
from crawler.urls import docsify_file_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure as TwistedFailure

    from crawler.visit import DueEndpoint, Visit

logger = logging.getLogger(__name__)

_PARSE_FAULT_WEIGHT = 1.0


class SourceSpider(Spider):
    """One visit of one host, described by `visit`."""

    name = "source"

    def __init__(self, visit: Visit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.visit = visit
        # start() is not throttled by Scrapy's scheduler; so many pages are asked for ahead, and a stop is seen soon.
        self._ahead = asyncio.Semaphore(2)

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
        for due in self.visit.due:
            if self.visit.must_stop():
                return
            try:
                await self._poll(due)
            except Exception as error:  # noqa: BLE001  # one endpoint's fault must not keep the host's others waiting
                self._poll_broke(due, error)
        for url, waiting in self._pages().items():
            await self._ahead.acquire()
            if self.visit.must_stop():
                return
            yield Request(
                url,
                callback=self.parse_page,
                errback=self.page_failed,
                cb_kwargs={"waiting": waiting},
                meta={"source": waiting[0].source},
                dont_filter=True,  # the ledger remembers what was fetched
            )

    def _pages(self) -> dict[str, list[PendingEntry]]:
        """Addresses to fetch, each once, with the entries that wait for it."""
        pages: defaultdict[str, list[PendingEntry]] = defaultdict(list)
        for pending in self.visit.pending():
            pages[pending.entry.url].append(pending)
        return pages

    # -- polls -----------------------------------------------------------------------------------------------------

    async def _poll(self, due: DueEndpoint) -> None:
        request = Request(
            _poll_url(due),
            callback=NO_CALLBACK,
            headers=_conditional_headers(due),
            meta={"source": due.source.name},
            dont_filter=True,
        )
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            failure = failure_of_exception(error)
            if failure is None:
                raise
            self._poll_failed(due, f"{failure}: {error}", RULES[failure].weight)
            return
        failure = failure_of_status(response.status)
        if failure is not None:
            self._respect_retry_after(response, failure)
            self._poll_failed(due, f"{failure}: HTTP {response.status}", RULES[failure].weight)
        elif response.status == 304 or _body_hash(response.body) == due.state.body_hash:
            self._poll_unchanged(due)
        else:
            self._poll_answered(due, response)

    def _poll_answered(self, due: DueEndpoint, response: Response) -> None:
        try:
            poll = parse_poll(due, response)
        except PollFaultError as fault:
            self._poll_failed(due, str(fault), _PARSE_FAULT_WEIGHT)
            return
        now = self.visit.run.clock.now()
        result = self.visit.run.ledger.record_poll(
            self.visit.run.number,
            due.state,
            poll,
            now=now,
            next_due=next_poll(due.endpoint, ZoneInfo(due.source.timezone), polled=now, failures=0, ttl=poll.ttl),
            max_age=due.source.articles.max_age,
        )
        self.visit.polls_succeeded += 1
        self.visit.run.watch(f"{due.source.name}: {result.found} found, {result.known} known at {due.endpoint.url}")

    def _poll_unchanged(self, due: DueEndpoint) -> None:
        now = self.visit.run.clock.now()
        following = next_poll(due.endpoint, ZoneInfo(due.source.timezone), polled=now, failures=0)
        self.visit.run.ledger.record_unchanged(self.visit.run.number, due.state, now=now, next_due=following)
        self.visit.polls_succeeded += 1
        self.visit.run.watch(f"{due.source.name}: unchanged at {due.endpoint.url}")

    def _poll_failed(self, due: DueEndpoint, error: str, weight: float) -> None:
        now = self.visit.run.clock.now()
        failures = due.state.failures + weight
        following = next_poll(due.endpoint, ZoneInfo(due.source.timezone), polled=now, failures=failures)
        self.visit.run.ledger.record_poll_failure(
            self.visit.run.number, due.state, error=error, weight=weight, now=now, next_due=following
        )
        logger.warning("%s: poll of %s failed: %s", due.source.name, due.endpoint.url, error)

    def _poll_broke(self, due: DueEndpoint, error: Exception) -> None:
        """A fault of ours: told as such, and the endpoint is backed off like any that fails."""
        logger.error("%s: poll of %s broke", due.source.name, due.endpoint.url, exc_info=error)
        text = f"{type(error).__name__}: {error}"
        self.visit.errors.append(f"{due.endpoint.url}: {text}")
        self._poll_failed(due, f"{Failure.INTERNAL}: {text}", RULES[Failure.INTERNAL].weight)

    # -- pages -----------------------------------------------------------------------------------------------------

    def parse_page(self, response: Response, waiting: list[PendingEntry]) -> Iterator[Flow]:
        self._ahead.release()
        failure = failure_of_status(response.status)
        if failure is not None:
            self._respect_retry_after(response, failure)
            yield from self._page_failed(waiting, failure, f"HTTP {response.status}")
            return
        now = self.visit.run.clock.now()
        for pending in waiting:
            end = _end_without_reading(response, pending)
            if end is not None:
                yield Ended(pending=pending, outcome=end[0], reason=end[1], at=now)
                continue
            yield Page(
                pending=pending,
                url=response.url,
                status=response.status,
                content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
                body=response.body,
                fetched_at=now,
            )

    def page_failed(self, failed: TwistedFailure) -> Iterator[Flow]:
        self._ahead.release()
        error = cast("BaseException", failed.value)
        failure = failure_of_exception(error)
        if failure is None:
            raise error
        yield from self._page_failed(failed.request.cb_kwargs["waiting"], failure, str(error))  # type: ignore[attr-defined]

    def _page_failed(self, waiting: list[PendingEntry], failure: Failure, detail: str) -> Iterator[Ended | Postponed]:
        now, rule = self.visit.run.clock.now(), RULES[failure]
        reason = f"{failure}: {detail}"
        for pending in waiting:
            attempts = pending.attempts + rule.weight
            if rule.ends is not None:
                yield Ended(pending=pending, outcome=rule.ends, reason=reason, at=now)
            elif attempts >= self.visit.config.settings.max_attempts:
                yield Ended(pending=pending, outcome=rule.last, reason=f"attempts used up; the last: {reason}", at=now)
            else:
                following = max(retry_time(now, failures=attempts), self.visit.not_before or now)
                yield Postponed(pending=pending, weight=rule.weight, reason=reason, next_try=following)

    def _respect_retry_after(self, response: Response, failure: Failure) -> None:
        now = self.visit.run.clock.now()
        asked = parse_retry_after((response.headers.get("Retry-After") or b"").decode("latin-1"), now)
        if asked is not None:
            self.visit.hold(asked)
        elif failure is Failure.RATE_LIMITED:
            self.visit.hold(retry_time(now, failures=1))

    def _spider_failed(self, failure: TwistedFailure) -> None:
        """A fault of ours in start() or a callback: the run must not look well. What was pending stays pending."""
        self.visit.errors.append(_error_text(failure))

    def _item_failed(self, item: Page | Article, failure: TwistedFailure) -> None:
        """A fault of ours in a pipeline: counts as a failed attempt, so that a poisonous page ends in quarantine."""
        self.visit.errors.append(f"{item.pending.entry.url}: {_error_text(failure)}")
        for result in self._page_failed([item.pending], Failure.INTERNAL, _error_text(failure)):
            if isinstance(result, Ended):
                self.visit.run.ledger.end(self.visit.run.number, result)
            else:
                self.visit.run.ledger.postpone(result)


def parse_poll(due: DueEndpoint, response: Response) -> Poll:
    """An endpoint's answer → what it announces.

    Raises:
        PollFaultError: the answer is not what the source's kind promises.
    """
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    ttl = None
    if due.source.kind is Kind.WECHAT_MIRROR:
        entries = parse_mirror_list(response.body, response.url, ZoneInfo(due.source.timezone))
    else:
        entries, ttl = parse_feed(response.body, content_type, response.url)
    wanted = due.source.articles.wants
    return Poll(
        entries=tuple(entry for entry in entries if wanted(entry.url)),
        etag=(response.headers.get("ETag") or b"").decode("latin-1"),
        last_modified=(response.headers.get("Last-Modified") or b"").decode("latin-1"),
        body_hash=_body_hash(response.body),
        ttl=ttl,
    )


def _end_without_reading(response: Response, pending: PendingEntry) -> tuple[Outcome, str] | None:
    """An outcome that the answer's head alone decides, with the reason."""
    if b"noarchive" in b",".join(response.headers.getlist("X-Robots-Tag")).lower():
        return Outcome.REFUSED, "the X-Robots-Tag header says noarchive"
    if urlsplit(response.url).path in {"", "/"} and urlsplit(pending.entry.url).path not in {"", "/"}:
        return Outcome.GONE, f"redirected to the front page {response.url}, as sites do with what they deleted"
    return None


def _poll_url(due: DueEndpoint) -> str:
    """What is asked: the address as configured; of a docsify route the Markdown file behind it."""
    return docsify_file_url(due.endpoint.url) if due.source.kind is Kind.WECHAT_MIRROR else due.endpoint.url


def _conditional_headers(due: DueEndpoint) -> dict[str, str]:
    headers = {"If-None-Match": due.state.etag, "If-Modified-Since": due.state.last_modified}
    return {name: value for name, value in headers.items() if value}


def _body_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _error_text(failure: TwistedFailure) -> str:
    return f"{failure.type.__name__ if failure.type else 'error'}: {failure.value}"
