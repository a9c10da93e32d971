"""The one door through which requests leave: guarded, paced, routed, counted."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import ClientRequest, TCPConnector
from scrapy import signals
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
from crawler.fetch.guard import AddressRefusedError, Attempt, attempting
from crawler.fetch.proxy import Proxy, in_proxys_words, proxy_of, wants_password
from crawler.fetch.secrets import concealed, revealed, telling_no_secret
from crawler.polling import parse_retry_after, retry_time
from crawler.urls import UrlError, as_sent, destination_of, host_of, origin_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.visit import Visit

WALLED_PAUSE = timedelta(hours=6)  # a firewall that is asked on goes on turning away
_OF_SERVER = (Failure.SERVER_ERROR, Failure.UNAVAILABLE)

_TOLD_PLAINLY = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)


def is_for_page(request: Request) -> bool:
    """Whether it is for an article, not for a list or a robots.txt."""
    return not (request.meta.get("is_robots") or request.meta.get("is_poll"))


class _BodilessRequest(ClientRequest):
    """Without the `Content-Length: 0` of a GET, which no browser sends and some firewalls refuse."""

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        super().update_body_from_data(body or None, _stacklevel + 1)


class DoorHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler behind the address guard and the host's pace."""

    lazy = True  # made when a request needs it: the system's certificates take 40 ms to load
    experimental = False  # it is the default of reactor-free Scrapy; its warning at every visit tells nobody anything

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._visit: Visit = crawler.spider.visit  # type: ignore[union-attr]
        self._secrets = self._visit.config.secrets
        crawler.signals.connect(self._received, signal=signals.bytes_received)
        self._session._request_class = _BodilessRequest
        connector = self._session.connector
        if not isinstance(connector, TCPConnector) or not hasattr(connector, "_socket_factory"):
            raise RuntimeError("this aiohttp has no socket factory, so addresses cannot be guarded")
        connector._socket_factory = self._visit.run.guard.make_socket

    async def download_request(self, request: Request) -> Response:
        proxy, attempt = self._attempt(request)
        source, host, is_page = request.meta["source"], host_of(request.url), is_for_page(request)
        self._visit.check_budget(source, is_page=is_page)
        async with self._visit.run.pace.turn(host):
            self._visit.check_budget(source, is_page=is_page)  # others may have used it up while this one waited
            self._visit.count_request(source, host)
            with telling_no_secret(self._secrets):
                response = concealed(await self._download_guarded(request, proxy, attempt), self._secrets)
            request.meta["answered_at"] = self._visit.run.clock.now()
            # Within the turn, so that nobody's next request slips out before the host's wish is known.
            self._hold_as_asked(request, response)
        return response.replace(url=request.url)

    def _received(self, data: bytes, request: Request, spider: Spider) -> None:
        """Count also what comes to nothing: it is too large, or breaks off."""
        host = host_of(request.meta.get("asked", request.url))
        self._visit.count_bytes(request.meta["source"], host, len(data))

    def _hold_as_asked(self, request: Request, response: Response) -> None:
        """Leave the host alone for as long as Retry-After asks on a failure; after some also where it does not."""
        failure, visit = failure_of_status(response.status), self._visit
        if failure not in {Failure.RATE_LIMITED, Failure.WALLED, *_OF_SERVER}:
            return
        now = visit.run.clock.now()
        asked, sent = ((response.headers.get(name) or b"").decode("latin-1") for name in ("Retry-After", "Date"))
        until = parse_retry_after(asked, now, sent)
        if failure is Failure.RATE_LIMITED and (until is None or until <= now):
            until = retry_time(now, failures=1)  # who asks too often is not meant to go on at once
        elif failure is Failure.WALLED:
            until = max(until or now, now + WALLED_PAUSE)
        if until is None:
            return
        if failure not in _OF_SERVER:
            at = origin_of(request.url)
            told = f"{at}: {failure}: HTTP {response.status}; it is left alone until {until:%Y-%m-%d %H:%M} UTC"
            visit.note(request.meta["source"], told)
        visit.hold(host_of(request.url), until)

    @staticmethod
    def _extract_headers(response: _ClientResponse) -> Headers:
        # aiohttp keeps bytes that are no UTF-8 as surrogates, which Scrapy cannot encode: they become bytes again.
        return Headers([(name, value.encode("utf-8", "surrogateescape")) for name, value in response.headers.items()])

    def _attempt(self, request: Request) -> tuple[Proxy | None, Attempt]:
        """The way a request will take, once its address was found to be one that may be asked.

        Raises:
            AddressRefusedError: it is none.
        """
        run = self._visit.run
        proxy = None if run.route else proxy_of(run.config, request.meta["source"])
        try:
            target = destination_of(request.url)
        except UrlError as error:
            raise AddressRefusedError(str(error)) from error
        run.guard.check(target, is_proxied=proxy is not None)
        return proxy, Attempt(host=target.host, proxy=proxy.place if proxy else None)

    def _as_sent(self, request: Request, proxy: Proxy | None) -> Request:
        """The request as it goes on the wire: with --route to the local server, the Host header kept.

        Its copy alone knows the proxy, whose password what is made of the request must not hand on.
        """
        route = self._visit.run.route
        if route is None:
            way = {"proxy": proxy.url} if proxy else {}
            return request.replace(url=as_sent(request.url), meta={**request.meta, **way})
        parts = urlsplit(request.url)
        place = urlsplit(as_sent(request.url))
        routed = request.replace(url=f"{route}{place.path or '/'}" + (f"?{place.query}" if place.query else ""))
        routed.headers["Host"] = parts.netloc
        routed.meta["asked"] = request.url
        return routed

    @asynccontextmanager
    async def _make_request(self, request: Request, timeout: float) -> AsyncIterator[_ClientResponse]:  # noqa: ASYNC109  # Scrapy's
        """Here alone a request has its secrets: Scrapy's own words about it are of the one without."""
        async with super()._make_request(revealed(request, self._secrets), timeout) as response:
            yield response

    async def _download_guarded(self, request: Request, proxy: Proxy | None, attempt: Attempt) -> Response:
        try:
            with attempting(attempt):
                response = await super().download_request(self._as_sent(request, proxy))
        except _TOLD_PLAINLY as error:
            if attempt.refused and not attempt.is_open:
                raise AddressRefusedError(f"{request.url} may not be reached: {attempt.refused[0]}") from error
            blamed = in_proxys_words(error, attempt.host, proxy) if proxy else None
            if blamed is not None:
                raise blamed from None  # the cause knows the password
            raise in_plain_words(error, request, self._default_maxsize) from error.__cause__
        if proxy is not None and response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise wants_password(proxy)
        return response
