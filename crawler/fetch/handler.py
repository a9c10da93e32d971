"""The one door through which requests leave: guarded, paced, routed, counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import TCPConnector
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler, _ClientResponse
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Headers

from crawler.fetch.causes import in_plain_words
from crawler.fetch.failures import Failure, failure_of_status
from crawler.fetch.guard import AddressRefusedError, refusals
from crawler.polling import parse_retry_after, retry_time
from crawler.urls import UrlError, check_fetchable, host_of, origin_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.visit import Visit

WALLED_PAUSE = timedelta(hours=6)  # a firewall that is asked on goes on turning away

_TOLD_PLAINLY = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)


class DoorHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler behind the address guard and the host's pace."""

    lazy = True  # made when a request needs it: the system's certificates take 40 ms to load
    experimental = False  # it is the default of reactor-free Scrapy; its warning at every visit tells nobody anything

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._visit: Visit = crawler.spider.visit  # type: ignore[union-attr]
        connector = self._session.connector
        if not isinstance(connector, TCPConnector) or not hasattr(connector, "_socket_factory"):
            raise RuntimeError("this aiohttp has no socket factory, so addresses cannot be guarded")
        connector._socket_factory = self._visit.run.guard.make_socket

    async def download_request(self, request: Request) -> Response:
        try:
            check_fetchable(request.url)
        except UrlError as error:
            raise AddressRefusedError(str(error)) from error
        async with self._visit.run.pace.turn(host_of(request.url)):
            self._visit.count_request(request.meta["source"])
            response = await self._download_guarded(request)
            request.meta["answered_at"] = self._visit.run.clock.now()
            # Within the turn, so that nobody's next request slips out before the host's wish is known.
            self._hold_as_asked(request, response)
        self._visit.count_bytes(request.meta["source"], len(response.body))
        return response.replace(url=request.url)

    def _hold_as_asked(self, request: Request, response: Response) -> None:
        """Leave the host alone for as long as Retry-After asks on a failure; after some also where it does not."""
        failure, visit = failure_of_status(response.status), self._visit
        if failure not in {Failure.RATE_LIMITED, Failure.WALLED, Failure.SERVER_ERROR}:
            return
        now = visit.run.clock.now()
        until = parse_retry_after((response.headers.get("Retry-After") or b"").decode("latin-1"), now)
        if failure is Failure.RATE_LIMITED:
            until = until or retry_time(now, failures=1)
        elif failure is Failure.WALLED:
            until = max(until or now, now + WALLED_PAUSE)
        if until is None:
            return
        if failure is not Failure.SERVER_ERROR:
            at = origin_of(request.url)
            told = f"{at}: {failure}: HTTP {response.status}; it is left alone until {until:%Y-%m-%d %H:%M} UTC"
            visit.note(request.meta["source"], told)
        visit.hold(host_of(request.url), until)

    @staticmethod
    def _extract_headers(response: _ClientResponse) -> Headers:
        # aiohttp keeps bytes that are no UTF-8 as surrogates, which Scrapy cannot encode: they become bytes again.
        return Headers([(name, value.encode("utf-8", "surrogateescape")) for name, value in response.headers.items()])

    def _routed(self, request: Request) -> Request:
        """The request as it goes on the wire: with --route to the local server, the Host header kept."""
        route = self._visit.run.route
        if route is None:
            return request
        parts = urlsplit(request.url)
        routed = request.replace(url=f"{route}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else ""))
        routed.headers["Host"] = parts.netloc
        return routed

    async def _download_guarded(self, request: Request) -> Response:
        noted: list[str] = []
        token = refusals.set(noted)
        try:
            return await super().download_request(self._routed(request))
        except _TOLD_PLAINLY as error:
            if noted and isinstance(error, DownloadConnectionRefusedError | DownloadFailedError):
                raise AddressRefusedError(f"{request.url} leads to {noted[0]}, which may not be reached") from error
            raise in_plain_words(error, request, self._default_maxsize) from error.__cause__
        finally:
            refusals.reset(token)
