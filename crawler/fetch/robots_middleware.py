"""Scrapy's thin shell of robots.txt: asked before each request, and read no further than is needed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scrapy import Request, Spider, signals
from scrapy.exceptions import ResponseDataLossError, StopDownload
from scrapy.http.request import NO_CALLBACK

from crawler.fetch.codings import EncodingError
from crawler.fetch.failures import BadRedirectError, Failure, failure_of_exception
from crawler.fetch.limits import codings_of
from crawler.fetch.pace import LONGEST_CRAWL_DELAY, NotNowError
from crawler.fetch.robots_body import MAX_BYTES, decoded, text_of
from crawler.fetch.secrets import telling_no_secret
from crawler.urls import host_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.visit import Visit

logger = logging.getLogger(__name__)

_NOWHERE = 302  # the status of redirects that come to no robots.txt


@dataclass(kw_only=True)
class _Asked:
    """A robots.txt on its way here, over redirects too. Stands under `is_robots` in the meta of its requests."""

    received: int = 0  # bytes, of the answer that comes in
    is_redirected: bool = False
    is_cut: bool = False


class RobotsMiddleware:
    """Refuses what robots.txt forbids, before it reaches the downloader; redirects pass here again."""

    def __init__(self, crawler: Crawler, visit: Visit) -> None:
        self._crawler = crawler
        self._visit = visit
        self._slowed: set[str] = set()  # hosts whose wish for a long pause was told

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        made = cls(crawler, crawler.spider.visit)  # type: ignore[union-attr]
        crawler.signals.connect(made.received, signal=signals.bytes_received)
        return made

    async def process_request(self, request: Request) -> None:
        asked: _Asked | None = request.meta.get("is_robots")
        if asked is not None:
            asked.received = 0
            return

        async def fetch(url: str) -> tuple[int, str]:
            return await self._fetch(url, request.meta["source"])

        secrets = self._visit.config.secrets
        with telling_no_secret(secrets):
            seconds = await self._visit.run.robots.check(secrets.url(request.meta["source"], request.url), fetch)
        if seconds is not None:
            self._slow_down(host_of(request.url), seconds)

    def received(self, data: bytes, request: Request, spider: Spider) -> None:
        """Take no more of a robots.txt than is read.

        Raises:
            StopDownload: it is more.
        """
        asked: _Asked | None = request.meta.get("is_robots")
        if asked is None:
            return
        asked.received += len(data)
        if asked.received > MAX_BYTES:
            asked.is_cut = True
            raise StopDownload(fail=False)

    def process_response(self, request: Request, response: Response, spider: Spider | None = None) -> Response:
        """Decode a robots.txt ourselves: that of others gives nothing for one that was cut, or is larger than a page.

        Raises:
            ResponseDataLossError: it is not what its Content-Encoding says.
        """
        asked: _Asked | None = request.meta.get("is_robots")
        if asked is None:
            return response
        if 300 <= response.status < 400:
            asked.is_redirected, asked.is_cut = True, False
        try:
            body = decoded(response.body, codings_of(response), most=MAX_BYTES + 1, is_cut=asked.is_cut)
        except EncodingError as error:
            raise ResponseDataLossError(str(error)) from error
        response.headers.pop("Content-Encoding", None)
        asked.is_cut = asked.is_cut or len(body) > MAX_BYTES
        return response.replace(body=body[:MAX_BYTES])

    async def _fetch(self, url: str, source: str) -> tuple[int, str]:
        asked = _Asked()
        request = Request(
            url,
            headers={"Accept": "text/plain,*/*;q=0.5", "Accept-Encoding": "identity"},
            callback=NO_CALLBACK,
            dont_filter=True,
            priority=1000,
            meta={"is_robots": asked, "source": source, "download_maxsize": 0},
        )
        try:
            response = await self._crawler.engine.download_async(request)
        except NotNowError as error:
            if not asked.is_redirected or self._is_ours_to_wait(error, url, source):
                raise
            return 0, str(error)
        except BadRedirectError:
            return _NOWHERE, ""
        except Exception as error:
            if _is_not_its_word(error, asked):
                raise
            # Whatever else kept the rules from us, we wait.
            return 0, f"{failure_of_exception(error)}: {error}"
        return response.status, text_of(response.body, is_cut=asked.is_cut)

    def _is_ours_to_wait(self, error: NotNowError, url: str, source: str) -> bool:
        """Whether nothing may be asked of the origin itself; else of a place it sent us to, and that is its answer.

        Raises:
            NotNowError: the source was asked often enough today.
        """
        self._visit.check_budget(source, is_page=False)
        return error.until is None or self._visit.run.pace.held_until(host_of(url)) is not None

    def _slow_down(self, host: str, seconds: float) -> None:
        self._visit.run.pace.slow_down(host, seconds)
        most = LONGEST_CRAWL_DELAY.total_seconds()
        if seconds > most and host not in self._slowed:
            self._slowed.add(host)
            logger.info("robots.txt of %s asks for %g s between two requests; %g s are kept", host, seconds, most)


def _is_not_its_word(error: Exception, asked: _Asked) -> bool:
    """Whether the origin is at an address we may not reach, or the fault is ours or the proxy's.

    An origin that sends us to such an address has its rules where nobody may read them: it is waited for.
    """
    failure = failure_of_exception(error)
    return failure in {None, Failure.PROXY} or (failure is Failure.ADDRESS and not asked.is_redirected)
