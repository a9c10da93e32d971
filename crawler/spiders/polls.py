"""One poll of one endpoint: asked conditionally, read by its source's kind, stored with the endpoint's new state."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.captures.records import Captured
from crawler.config.models import Kind
from crawler.docsify import parse_mirror_list
from crawler.feeds import parse_feed
from crawler.fetch.failures import RULES, Failure, failure_of_exception, failure_of_status
from crawler.fetch.pace import NotNowError
from crawler.items import Poll, PollFaultError
from crawler.polling import next_poll
from crawler.spiders.pages import headers_of, redirects_of
from crawler.storage import StorageError
from crawler.urls import docsify_file_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from scrapy.http import Response

    from crawler.config.models import Endpoint, Source
    from crawler.visit import DueEndpoint, Visit

logger = logging.getLogger(__name__)

_READERS_VERSION = 1  # raise it when feeds or lists are read differently: unchanged ones are then read anew
_PARSE_FAULT_WEIGHT = 1.0


class Poller:
    """Polls the endpoints of a visit.

    Args:
        visit: what happened is stored in its ledger and noted in it.
        fetch: request → response, through all of Scrapy's downloader middlewares.
    """

    def __init__(self, visit: Visit, fetch: Callable[[Request], Awaitable[Response]]) -> None:
        self._visit = visit
        self._fetch = fetch

    async def poll(self, due: DueEndpoint) -> None:
        """Poll, and store what came of it. One endpoint's fault does not keep the others waiting.

        Raises:
            StorageError: nothing can be stored.
        """
        try:
            await self._poll(due)
        except NotNowError as reason:
            self._visit.note(due.source.name, f"{due.endpoint.url}: not polled: {reason}")
            if reason.until is not None:
                run = self._visit.run
                following = max(_next(due, run.clock.now(), due.state.ttl), reason.until)
                run.ledger.put_off_poll(due.state, following)
        except StorageError:
            raise
        except Exception as error:  # the edge of a poll
            failure, detail = failure_of_exception(error), str(error)
            if failure is None:
                failure, detail = Failure.INTERNAL, f"{type(error).__name__}: {error}"
                logger.exception("%s: poll of %s broke", due.source.name, due.endpoint.url)
                self._visit.blame(due.source.name, f"{due.endpoint.url}: {detail}")
            self._failed(due, failure, detail)

    async def _poll(self, due: DueEndpoint) -> None:
        known = due.state if due.state.recipe == _recipe(due.source) else None
        headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified} if known else {}
        response = await self._fetch(
            Request(
                poll_url(due.source, due.endpoint),
                callback=NO_CALLBACK,
                headers={name: value for name, value in headers.items() if value},
                meta={"source": due.source.name},
                dont_filter=True,
            )
        )
        failure = failure_of_status(response.status)
        if failure is not None:
            self._failed(due, failure, f"HTTP {response.status}")
        elif response.status == 304 or (known and _body_hash(response.body) == known.body_hash):
            self._unchanged(due)
        else:
            self._answered(due, response)

    def _answered(self, due: DueEndpoint, response: Response) -> None:
        try:
            poll = read_answer(due.source, response)
        except PollFaultError as fault:
            self._note_failure(due, str(fault), _PARSE_FAULT_WEIGHT)
            return
        run, now = self._visit.run, response.meta["answered_at"]
        if run.ledger.brings_news(poll):
            # First: were the process killed in between, the next poll would find nothing new in it to keep it for.
            self._visit.capture(due.source.name, _captured(response, now))
        result = run.ledger.record_poll(
            run.number,
            due.state,
            poll,
            now=now,
            next_due=_next(due, now, poll.ttl),
            max_age=due.source.articles.max_age,
        )
        run.watch(f"{due.source.name}: {result.found} found, {result.known} known at {due.endpoint.url}")

    def _unchanged(self, due: DueEndpoint) -> None:
        run, now = self._visit.run, self._visit.run.clock.now()
        run.ledger.record_unchanged(run.number, due.state, now=now, next_due=_next(due, now, due.state.ttl))
        run.watch(f"{due.source.name}: unchanged at {due.endpoint.url}")

    def _failed(self, due: DueEndpoint, failure: Failure, detail: str) -> None:
        self._note_failure(due, f"{failure}: {detail}", RULES[failure].weight)

    def _note_failure(self, due: DueEndpoint, error: str, weight: float) -> None:
        run, now = self._visit.run, self._visit.run.clock.now()
        following = _next(due, now, due.state.ttl, failures=due.state.failures + weight)
        held = run.pace.held_until(due.state.host)
        run.ledger.record_poll_failure(
            run.number, due.state, error=error, weight=weight, now=now, next_due=max(following, held or following)
        )
        logger.info("%s: poll of %s failed: %s", due.source.name, due.endpoint.url, error)


def read_answer(source: Source, response: Response) -> Poll:
    """An endpoint's answer → what it announces.

    Raises:
        PollFaultError: the answer is not what the source's kind promises.
    """
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    if source.kind is Kind.WECHAT_MIRROR:
        read = parse_mirror_list(response.body, response.url, ZoneInfo(source.timezone))
    else:
        read = parse_feed(response.body, content_type, response.url)
    return Poll(
        entries=tuple(entry for entry in read.entries if source.articles.wants(entry.url)),
        etag=(response.headers.get("ETag") or b"").decode("latin-1"),
        last_modified=(response.headers.get("Last-Modified") or b"").decode("latin-1"),
        body_hash=_body_hash(response.body),
        recipe=_recipe(source),
        ttl=read.ttl,
        unread=read.unread,
    )


def _captured(response: Response, now: datetime) -> Captured:
    return Captured(
        url=response.url,
        status=response.status,
        headers=headers_of(response),
        body=response.body,
        at=now,
        redirects=redirects_of(response),
    )


def _next(due: DueEndpoint, now: datetime, ttl: int | None, failures: float = 0.0) -> datetime:
    return next_poll(due.endpoint, ZoneInfo(due.source.timezone), polled=now, failures=failures, ttl=ttl)


def poll_url(source: Source, endpoint: Endpoint) -> str:
    """What is asked: the address as configured; of a docsify route the Markdown file behind it."""
    return docsify_file_url(endpoint.url) if source.kind is Kind.WECHAT_MIRROR else endpoint.url


def _recipe(source: Source) -> str:
    """Stands for all that decides what is read from a body; a corrected config must not wait for the feed to change."""
    parts = (str(_READERS_VERSION), source.kind, source.articles.url or "", source.timezone)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _body_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
