"""Scrapy's thin shells: robots.txt before a request, and what a publisher can get wrong after it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http.request import NO_CALLBACK

from crawler.asking import headers_for
from crawler.fetch.causes import too_large, too_many_redirects
from crawler.fetch.failures import BadRedirectError, Failure, GoneRedirectError, failure_of_exception
from crawler.fetch.guard import AddressRefusedError
from crawler.fetch.pace import NotNowError
from crawler.fetch.robots import MAX_BYTES
from crawler.fetch.secrets import telling_no_secret
from crawler.fetch.whole import check_whole
from crawler.urls import host_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.visit import Visit


_LOCATED = frozenset({301, 302, 303, 307, 308})  # what Scrapy follows, to http: and https: alone
_SHOWN = 200  # characters of an address that may be endless


class RobotsMiddleware:
    """Refuses what robots.txt forbids, before it reaches the downloader; redirects pass here again."""

    def __init__(self, crawler: Crawler, visit: Visit) -> None:
        self._crawler = crawler
        self._visit = visit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, crawler.spider.visit)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots"):
            return

        async def fetch(url: str) -> tuple[int, str]:
            return await self._fetch(url, request.meta["source"])

        secrets = self._visit.config.secrets
        with telling_no_secret(secrets):
            seconds = await self._visit.run.robots.check(secrets.url(request.meta["source"], request.url), fetch)
        if seconds is not None:
            self._visit.run.pace.slow_down(host_of(request.url), seconds)

    async def _fetch(self, url: str, source: str) -> tuple[int, str]:
        request = Request(
            url, callback=NO_CALLBACK, dont_filter=True, priority=1000, meta={"is_robots": True, "source": source}
        )
        try:
            response = await self._crawler.engine.download_async(request)
        except NotNowError:
            raise
        except Exception as error:
            # Whatever kept the rules from us, we wait. A refused address is refused for good, and a fault of our own
            # is not hidden that way.
            failure = failure_of_exception(error)
            if failure in {None, Failure.ADDRESS}:
                raise
            return 0, f"{failure}: {error}"
        return response.status, response.body[:MAX_BYTES].decode("utf-8", errors="replace")


class DecompressionMiddleware(HttpCompressionMiddleware):
    """A body that is not what its Content-Encoding says is a broken answer, not a fault of ours."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise IgnoreRequest(too_large(urlsplit(response.url).netloc, self._max_size)) from error.__cause__
        except Exception as error:  # each decoder has exceptions of its own
            encoding = (response.headers.get("Content-Encoding") or b"").decode("latin-1")
            raise ResponseDataLossError(f"the body is not {encoding}: {error}") from error

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        decoded = HttpCompressionMiddleware._decode(body, encoding, max_size)
        check_whole(body, encoding)
        return decoded


class RedirectionMiddleware(RedirectMiddleware):
    """A Location that is no address is a broken redirect, not a fault of ours.

    One that `gone_at` in the request's meta is found in is not followed: whoever is sent there asked for what was
    deleted. What stands there is nobody's article, and its robots.txt not our business. No POST is sent on to another
    host, and no header of a source to a host that is none of its own, nor from TLS into the open. To go from HTTPS to
    HTTP is allowed otherwise: what is asked for is public, and many a publisher still sends readers that way.
    """

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        try:
            answer = super().process_response(request, response)
        except ValueError as error:
            raise BadRedirectError(f"redirected to an address that is none: {error}") from error
        except IgnoreRequest as error:
            asked = [*request.meta.get("redirect_urls", []), request.url, _location(response)]
            raise BadRedirectError(too_many_redirects(asked, self.max_redirect_times)) from error
        if answer is response and response.status in _LOCATED and "Location" in response.headers:
            told = f"redirected to {_location(response)[:_SHOWN]!r}, which is no address of the web"
            raise AddressRefusedError(told)
        gone_at = request.meta.get("gone_at")
        if gone_at and isinstance(answer, Request) and re.search(gone_at, answer.url):
            raise GoneRedirectError(answer.url)
        if isinstance(answer, Request):
            self._keep_ours(request, answer)
        return answer

    def _keep_ours(self, request: Request, redirected: Request) -> None:
        if request.method == "POST" and host_of(redirected.url) != host_of(request.url):
            raise BadRedirectError(f"a POST, redirected to another host: {redirected.url}")
        visit: Visit = self.crawler.spider.visit  # type: ignore[union-attr]
        source = visit.config.source(request.meta["source"])
        into_the_open = request.url.startswith("https:") and redirected.url.startswith("http:")
        if source is not None and (into_the_open or not headers_for(source, redirected.url)):
            for name in source.headers:
                redirected.headers.pop(name, None)


def _location(response: Response) -> str:
    return urljoin(response.url, (response.headers.get("Location") or b"").decode("latin-1"))
